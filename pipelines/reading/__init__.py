"""Reading: bytes of a page in, an article out. No network, no store."""

from pipelines.reading.as_json import reading_as_json
from pipelines.reading.reader import read_page
from pipelines.reading.selection import check_selectors

__all__ = ["check_selectors", "read_page", "reading_as_json"]
