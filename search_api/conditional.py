"""Conditional requests: an asker who has an answer already is told so instead of being sent it again."""

from __future__ import annotations

import hashlib


def tag_of(body: bytes) -> str:
    """The entity tag of an answer: weak, because the same answer may travel compressed."""
    return f'W/"{hashlib.sha256(body).hexdigest()[:20]}"'


def is_known(if_none_match: str, tag: str) -> bool:
    """Whether the asker names this tag (RFC 9110 §13.1.2: compared weakly, proxies drop or add the mark)."""
    bare = tag.removeprefix("W/")
    given = (one.strip().removeprefix("W/") for one in if_none_match.split(","))
    return if_none_match.strip() == "*" or bare in given
