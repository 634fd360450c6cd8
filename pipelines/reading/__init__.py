"""Reading: bytes of a page in, an article out. No network, no store."""

from pipelines.reading.as_json import reading_as_json
from pipelines.reading.learning import FEWEST_PAGES, MOST_PAGES, learn
from pipelines.reading.likeness import shingle_f1
from pipelines.reading.profile import Glance, Profile, drift
from pipelines.reading.reader import OpenPage, read_page
from pipelines.reading.selection import check_selectors

__all__ = [
    "FEWEST_PAGES",
    "MOST_PAGES",
    "Glance",
    "OpenPage",
    "Profile",
    "check_selectors",
    "drift",
    "learn",
    "read_page",
    "reading_as_json",
    "shingle_f1",
]
