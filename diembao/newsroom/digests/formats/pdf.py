"""PDF: tagged (PDF/UA-1), with bookmarks, in the layout of the Word document."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, time

from diembao.newsroom.digests import wording
from diembao.newsroom.digests.content import Content
from diembao.newsroom.digests.sheet import sheet_of
from diembao.newsroom.digests.typesetting import set_pages

SUFFIX = "pdf"
MEDIA_TYPE = "application/pdf"


def export(content: Content) -> bytes:
    sheet = sheet_of(content)
    words = {
        "addressed_to": wording.ADDRESSED_TO,
        "copies_to": wording.COPIES_TO,
        "notices": wording.NOTICES,
        "empty": wording.EMPTY,
        "empty_section": wording.EMPTY_SECTION,
        **wording.COLUMNS,
    }
    told = {**asdict(sheet), "is_empty": sheet.is_empty, "words": words}
    at = datetime.combine(content.day, time(), UTC)
    return set_pages("digest.typ", {"sheet": json.dumps(told, ensure_ascii=False)}, "pdf", at)
