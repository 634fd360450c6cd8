"""The picture that other sites show beside a link to a published digest (Open Graph).

It names no item, because other sites keep it: what is taken down later could not be taken out of it.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, time

from diembao.newsroom.digests import wording
from diembao.newsroom.digests.content import Content
from diembao.newsroom.digests.typesetting import set_pages

WIDTH, HEIGHT = 1200, 630
_SECTIONS = 4


def picture_of(content: Content) -> bytes:
    """A PNG of 1200 × 630: whose digest it is, its day, how much it tells of what."""
    sections = [section.title for section in content.sections if section.items]
    more = len(sections) - _SECTIONS
    told = {
        "issuer": content.letterhead.issuer,
        "title": wording.title(content),
        "subject": wording.subject(content),
        "count": wording.extent(content),
        "sections": sections if more <= 1 else [*sections[:_SECTIONS], wording.more_sections(more)],
    }
    at = datetime.combine(content.day, time(), UTC)
    return set_pages("picture.typ", {"told": json.dumps(told, ensure_ascii=False)}, "png", at, ppi=72.0)
