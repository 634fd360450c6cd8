"""Bytes of a page to text, whatever the headers claim.

UTF-8 is believed before any declaration: text that is valid UTF-8 by accident does not occur. A page that is
UTF-8 but for a few broken bytes (cut in the middle of a letter, a foreign advertisement pasted in) stays UTF-8.
Old Vietnamese font encodings (TCVN3, VNI) pass through as Latin letters; the normaliser finds them later.
"""

from __future__ import annotations

import codecs
import re
import unicodedata

from diembao.errors import Unreadable

LARGEST_PAGE = 12 * 1024 * 1024

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NOT_TEXT = (
    b"%PDF-",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"\x00\x00\x00",
    b"RIFF",
    b"ID3",
)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:\-]+)", re.IGNORECASE)
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:\-]+)", re.IGNORECASE)
_META_WITHIN = 4096
# Python's names of what browsers mean by a label; the web reads Latin-1 as Windows-1252.
_MEANT = {"iso8859-1": "cp1252", "ascii": "cp1252", "latin-1": "cp1252"}
# One broken byte in fifty non-ASCII ones: a page in another encoding breaks at nearly every one.
_BROKEN_SHARE = 0.02


def decode(body: bytes, content_type: str = "") -> str:
    """The text of a fetched page.

    body: after content-encoding; content_type: the HTTP header, may be empty or wrong.
    Raises Unreadable for an empty, oversized or binary body.
    """
    return _decoded(body, content_type)[0]


def utf8(body: bytes, content_type: str = "") -> bytes:
    """The same text as UTF-8: the body itself, where it is that already, as most are. Raises Unreadable as `decode`."""
    text, as_it_came = _decoded(body, content_type)
    return body if as_it_came else text.encode("utf-8", "replace")


def _decoded(body: bytes, content_type: str) -> tuple[str, bool]:
    """The text, and whether it is what the bytes of the whole body mean in UTF-8."""
    if not body or body.isspace():
        raise Unreadable("empty page")
    if len(body) > LARGEST_PAGE:
        raise Unreadable(f"page of {len(body)} bytes, more than {LARGEST_PAGE} are not read")
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace"), False
    if body.startswith(_NOT_TEXT) or body[:2048].count(0) > 8:
        raise Unreadable("not a text document")
    try:
        return body.decode("utf-8"), True
    except UnicodeDecodeError:
        return _not_quite_utf8(body, content_type), False


def _not_quite_utf8(body: bytes, content_type: str) -> str:
    text = body.decode("utf-8", "replace")
    foreign = sum(1 for letter in text if letter > "\x7f")
    if text.count("\ufffd") <= max(1, _BROKEN_SHARE * foreign):
        return text
    for encoding in _declared(body, content_type):
        if encoding != "utf-8":
            return body.decode(encoding, "replace")
    return _western_or_vietnamese(body)


def _declared(body: bytes, content_type: str) -> list[str]:
    """Known encodings named by the page itself, then by the header: pages move, headers are the server's default."""
    in_meta = _META_CHARSET.search(body[:_META_WITHIN])
    in_header = _HEADER_CHARSET.search(content_type)
    labels = [in_meta[1].decode("ascii", "replace")] if in_meta else []
    labels += [in_header[1]] if in_header else []
    known = []
    for label in labels:
        try:
            info = codecs.lookup(label)
        except (LookupError, ValueError):
            continue
        if info._is_text_encoding:
            known.append(_MEANT.get(info.name, info.name))
    return known


def _western_or_vietnamese(body: bytes) -> str:
    """Windows-1258 where its combining marks fall on vowels, else Windows-1252."""
    vietnamese = unicodedata.normalize("NFC", body.decode("cp1258", "replace"))
    marks = sum(1 for letter in vietnamese if unicodedata.combining(letter))
    composed = sum(1 for letter in vietnamese if letter in "ấầẩẫậắằẳẵặếềểễệốồổỗộớờởỡợứừửữựạảẹẻẽịỉĩọỏụủũỵỷỹ")
    return vietnamese if composed > 4 * marks else body.decode("cp1252", "replace")
