"""What a long-lived process does to keep its size."""

from __future__ import annotations

import ctypes
import gc

# From malloc.h of glibc.
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
_LARGE = 512 * 1024
_ARENAS = 2


def look_for_cycles_often() -> None:
    """Objects that hold each other are let go soon: call it once, when what stays for good is loaded.

    Python looks through everything only when what is new has grown to a quarter of what is old: with the 200,000
    objects of the libraries, minutes' worth of failed requests, each with its frames and the body they held.
    """
    gc.collect()
    gc.freeze()
    gc.collect()  # and reckons from here with what is left


def give_back_large_pieces() -> None:
    """Memory of large pages is given back to the system as soon as it is free.

    Left to itself, glibc learns from the first large piece that is freed to keep such pieces, and keeps some in an
    arena of every thread: a crawler that reads a feed of two megabytes in each of its threads now and then grew from
    109 to 313 MB in twelve minutes. Where there is no glibc, nothing is done.
    """
    try:
        tell = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return
    tell(_M_ARENA_MAX, _ARENAS)
    tell(_M_MMAP_THRESHOLD, _LARGE)
