"""What a long-lived process does to keep its size."""

from __future__ import annotations

import ctypes
import gc

# From malloc.h of glibc.
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
_LARGE = 512 * 1024
_ARENAS = 2
# Those of a few pages.
_MANY_OBJECTS = 20_000


def look_for_cycles_often() -> None:
    """Objects that hold each other are let go soon: call it once, when what stays for good is loaded.

    Python looks through everything only when what is new has grown to a quarter of what is old: with the 200,000
    objects of the libraries, minutes' worth of failed requests, each with its frames and the body they held.
    """
    gc.collect()
    gc.freeze()
    gc.collect()  # and reckons from here with what is left


def look_for_cycles_seldom() -> None:
    """For a process that makes many small objects for a moment: call it once, when what stays for good is loaded.

    Reading a page makes thousands of objects and lets them all go with it, nearly none of them in cycles; looked for
    after every 700 of them, which is Python's rule, cycles cost a twentieth of reading.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_MANY_OBJECTS, 10, 10)


def give_back_what_is_free() -> None:
    """Memory that the allocator keeps between pieces still in use goes back to the system; some milliseconds.

    A worker's objects had stayed the same for ten minutes while it grew from 280 to 295 MB; after this it held 269.
    Where there is no glibc, nothing is done.
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError):
        return
    trim(0)


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
