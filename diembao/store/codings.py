"""Content codings of HTTP: bodies as servers pack them, and as they are archived."""

from __future__ import annotations

from typing import Final

import brotli
from isal import isal_zlib

_GZIP: Final = 16 + isal_zlib.MAX_WBITS
_RAW_DEFLATE: Final = -isal_zlib.MAX_WBITS
# A stream of more members than this is no page but an attempt to keep us busy.
_MOST_MEMBERS: Final = 64
# What is asked for, and nothing else is unpacked. A header that names anything else, as some servers' do, is ignored.
GZIP, DEFLATE, BROTLI = "gzip", "deflate", "br"
CODINGS: Final = (GZIP, DEFLATE, BROTLI)


class Damaged(ValueError):
    """The body is not what its coding says."""


class Truncated(Damaged):
    """The body ends before its coding does."""


def coding_of(header: str) -> str:
    """The coding a Content-Encoding header names, '' for none that is known."""
    named = header.strip().lower().removeprefix("x-")
    return named if named in CODINGS else ""


def unpack(packed: bytes, coding: str, most: int, *, beginning: bool = False) -> bytes:
    """At most the first `most` + 1 bytes of the body, so that a bomb never unfolds whole.

    coding: one of `CODINGS`, or '' for a body that was not packed; beginning: `packed` is known to lack its end.

    Raises:
        Damaged, Truncated
    """
    if not coding:
        return packed[: most + 1]
    unfold = _unbrotli if coding == BROTLI else _inflate
    return unfold(packed, coding, most, beginning)


def _inflate(packed: bytes, coding: str, most: int, beginning: bool) -> bytes:
    # RFC 9110 means zlib's format by “deflate”; some servers send the bare stream (its first byte tells).
    window = _GZIP if coding == GZIP else isal_zlib.MAX_WBITS if packed[:1] and packed[0] & 15 == 8 else _RAW_DEFLATE
    parts: list[bytes] = []
    length = 0
    for _ in range(_MOST_MEMBERS):
        member = isal_zlib.decompressobj(window)
        try:
            parts.append(member.decompress(packed, most + 1 - length))
        except isal_zlib.error as error:  # type: ignore[misc]  # its stub gives an instance for the class
            raise Damaged(f"not {coding}: {error}") from error
        length += len(parts[-1])
        if length > most or (beginning and not member.eof):
            break
        if not member.eof:
            raise Truncated(f"the {coding} stream ends early")
        packed = member.unused_data
        # What follows the last member and is none itself is padding of careless servers.
        if window != _GZIP or not packed.startswith(b"\x1f\x8b"):
            break
    return b"".join(parts)


def _unbrotli(packed: bytes, coding: str, most: int, beginning: bool) -> bytes:
    stream = brotli.Decompressor()
    parts: list[bytes] = []
    length = 0
    try:
        while length <= most and not stream.is_finished():
            parts.append(stream.process(b"" if parts else packed, output_buffer_limit=most + 1 - length))
            length += len(parts[-1])
            if stream.can_accept_more_data() and not stream.is_finished() and not parts[-1]:
                if beginning:
                    break
                raise Truncated(f"the {coding} stream ends early")
    except brotli.error as error:
        raise Damaged(f"not {coding}: {error}") from error
    return b"".join(parts)[: most + 1]
