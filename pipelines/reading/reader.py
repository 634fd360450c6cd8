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
from pipelines.reading.selection import Picked, pick
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
    return OpenPage(page, selectors).read((profile,) if isinstance(profile, Profile) else tuple(profile or ()))


class OpenPage:
    """A page that is parsed once, however often it is read: by profiles first, as an unknown one after that."""

    def __init__(self, page: Page, selectors: Mapping[str, str] | None = None) -> None:
        """Raises Unreadable for a page that is no text, BadSource for a malformed selector."""
        self._page = page
        self._tree = parse(page)
        self._structured = read_structured(self._tree, page.url)
        self._picked = Picked()
        if selectors:
            take_out_unseen(self._tree)
            self._picked = pick(self._tree, selectors)

    def read(self, profiles: Sequence[Profile] = ()) -> Article:
        """The article, by the first of the profiles that yields the usual. Raises Unreadable."""
        after = ""
        if not self._picked.body and profiles:
            for known in profiles:
                yielded = read_with_profile(self._page, self._tree, self._structured, self._picked, known)
                if yielded is not None:
                    return assemble(self._page, self._structured, yielded)
            after = f" after {profiles[0].name}"
        take_out_unseen(self._tree)
        found = survey(self._page, self._tree, self._structured, self._picked)
        reading = read_survey(self._page, self._tree, self._structured, self._picked, found)
        return assemble(self._page, self._structured, reading, after)


def parse(page: Page) -> LexborHTMLParser:
    """The page as a tree. Raises Unreadable for empty, binary or oversized bodies."""
    return LexborHTMLParser(utf8(page.body, page.content_type))
