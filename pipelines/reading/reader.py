"""From a fetched page to an article.

The order: the page's own data (`structured`), then either a learned profile of its site (`profile`) or, on a page
nothing is known about, a survey taught by trafilatura (`survey`); then everything is weighed together (`assemble`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from selectolax.lexbor import LexborHTMLParser

from diembao.records import Article, Page
from pipelines.reading.assemble import assemble
from pipelines.reading.decoding import utf8
from pipelines.reading.outline import take_out_unseen
from pipelines.reading.profile import Profile, read_with_profile
from pipelines.reading.selection import pick
from pipelines.reading.structured import read_structured
from pipelines.reading.survey import read_survey, survey


def read_page(
    page: Page, selectors: Mapping[str, str] | None = None, profile: Profile | Sequence[Profile] | None = None
) -> Article:
    """Read the article a page shows.

    selectors: CSS by part (`selection.PARTS`), only where the general way falls short.
    profile: what was learned about the site; several, newest first, where it was redesigned. Where none yields the
    usual the page is read as an unknown one, and `Article.read_by` says so (`trafilatura/1 after profile/3`).
    Raises Unreadable where the page holds no article, BadSource for a malformed selector.
    """
    tree = parse(page)
    structured = read_structured(tree, page.url)
    take_out_unseen(tree)
    picked = pick(tree, selectors or {})
    profiles = (profile,) if isinstance(profile, Profile) else tuple(profile or ())
    if not picked.body:
        for known in profiles:
            reading = read_with_profile(page, tree, structured, picked, known)
            if reading is not None:
                return assemble(page, structured, reading)
    found = survey(page, tree, structured, picked)
    reading = read_survey(page, tree, structured, picked, found)
    after = f" after {profiles[0].name}" if profiles and not picked.body else ""
    return assemble(page, structured, reading, after)


def parse(page: Page) -> LexborHTMLParser:
    """The page as a tree. Raises Unreadable for empty, binary or oversized bodies."""
    return LexborHTMLParser(utf8(page.body, page.content_type))
