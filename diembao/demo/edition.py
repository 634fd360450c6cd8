"""What stands in the papers at a given moment: published, edited and removed as time passes."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from diembao.demo.families import FAMILIES, slug
from diembao.demo.manuscripts import RELATIVE_DAY, Edit, Label, Manuscript, Paper, Press, Removal, date_text
from diembao.errors import WrongUse

_State = tuple[Manuscript, tuple[Edit, ...], str]  # what was written, the edits made, how it was removed


@dataclass(frozen=True, slots=True)
class PrintedArticle:
    """An article as it stands now: what a perfect reader would get out of its page."""

    id: str
    paper: str
    path: str
    url: str
    title: str
    lead: str
    paragraphs: tuple[str, ...]  # without the lead; a sub-heading starts with "## "
    authors: tuple[str, ...]
    section: str  # slug
    tags: tuple[str, ...]
    photo: str
    credit: str
    published_at: datetime
    modified_at: datetime
    removed: str  # "" or one of REMOVALS
    label: Label
    story: str
    kind: str
    reprint_of: str

    @property
    def text(self) -> str:
        """The whole text, lead first, one paragraph a line; captions, credit and teasers are not part of it."""
        body = [paragraph.removeprefix("## ") for paragraph in self.paragraphs]
        return "\n".join([self.lead, *body] if self.lead else body)


class Edition:
    """The state of all papers. Times in UTC; safe to use from several threads."""

    def __init__(self, press: Press, opened_at: datetime) -> None:
        self.press = press
        self.opened_at = opened_at
        self._manuscripts = dict(press.manuscripts)
        self._addresses: dict[str, str] = {}
        self._lock = threading.RLock()
        self._printed: dict[str, tuple[_State, PrintedArticle]] = {}
        self._by_paper: dict[str, list[str]] = {name: [] for name in press.papers}
        for manuscript in press.manuscripts.values():
            self._by_paper[manuscript.paper].append(manuscript.id)

    def locate(self, addresses: dict[str, str]) -> None:
        """Tell where each paper is served (`http://host:port`), for the addresses of its articles."""
        with self._lock:
            self._addresses = dict(addresses)
            self._printed.clear()

    def newest_first(self, paper: str, now: datetime, *, with_removed: bool = False) -> list[PrintedArticle]:
        """All articles of one paper that are out by `now`."""
        with self._lock:
            written = [self._manuscripts[name] for name in self._by_paper[paper]]
            printed = [self._print(each, now) for each in written if self.opened_at + each.at <= now]
        out = [each for each in printed if with_removed or not each.removed]
        return sorted(out, key=lambda each: (each.published_at, each.id), reverse=True)

    def article(self, article_id: str, now: datetime) -> PrintedArticle:
        """One article, whether it is out already or not.

        Raises:
            WrongUse: there is no such article.
        """
        with self._lock:
            return self._print(self._manuscript(article_id), now)

    def add(self, manuscript: Manuscript) -> None:
        """Publish a manuscript that is in no file.

        Raises:
            WrongUse: the id is taken, or the paper or its section unknown.
        """
        with self._lock:
            paper = self.press.papers.get(manuscript.paper)
            if paper is None or manuscript.section not in paper.sections:
                raise WrongUse(f"no section {manuscript.section!r} in a paper {manuscript.paper!r}")
            if manuscript.id in self._manuscripts:
                raise WrongUse(f"article id used twice: {manuscript.id}")
            self._manuscripts[manuscript.id] = manuscript
            self._by_paper[manuscript.paper].append(manuscript.id)

    def edit(self, article_id: str, edit: Edit) -> None:
        """Change an article from the moment the edit names."""
        with self._lock:
            manuscript = self._manuscript(article_id)
            self._manuscripts[article_id] = replace(manuscript, edits=(*manuscript.edits, edit))

    def remove(self, article_id: str, removal: Removal | None) -> None:
        """Take an article off its paper, or (None) put it back."""
        with self._lock:
            self._manuscripts[article_id] = replace(self._manuscript(article_id), removal=removal)

    def since_opening(self, when: datetime) -> timedelta:
        return when - self.opened_at

    def _manuscript(self, article_id: str) -> Manuscript:
        if article_id not in self._manuscripts:
            raise WrongUse(f"no article {article_id!r} in the demo press")
        return self._manuscripts[article_id]

    def _print(self, written: Manuscript, now: datetime) -> PrintedArticle:
        """The article as it stands at `now`; made once per state, since every page shows many articles."""
        made = tuple(edit for edit in written.edits if self.opened_at + edit.at <= now)
        removal = written.removal
        gone = removal.how if removal is not None and self.opened_at + removal.at <= now else ""
        state = (written, made, gone)
        known = self._printed.get(written.id)
        if known is None or known[0] != state:
            known = self._printed[written.id] = (state, self._typeset(written, made, gone))
        return known[1]

    def _typeset(self, written: Manuscript, made: Sequence[Edit], gone: str) -> PrintedArticle:
        published_at = self.opened_at + written.at
        title, lead, paragraphs = self._words(written)
        for edit in made:
            title, lead, paragraphs = _edited(edit, title, lead, paragraphs, published_at)
        path = self._path(written, published_at)
        return PrintedArticle(
            id=written.id,
            paper=written.paper,
            path=path,
            url=self._addresses.get(written.paper, "") + path,
            title=title,
            lead=lead,
            paragraphs=paragraphs,
            authors=written.authors,
            section=written.section,
            tags=written.tags,
            photo=date_text(written.photo, published_at),
            credit=written.credit,
            published_at=published_at,
            modified_at=max([published_at, *(self.opened_at + edit.at for edit in made)]),
            removed=gone,
            label=written.label,
            story=written.story,
            kind=written.kind,
            reprint_of=written.reprint_of,
        )

    def _words(self, written: Manuscript) -> tuple[str, str, tuple[str, ...]]:
        """Title, lead and paragraphs before later edits; a reprint takes its original as first published."""
        published_at = self.opened_at + written.at
        title = date_text(written.title, published_at)
        lead = date_text(written.lead, published_at)
        if not written.reprint_of:
            return title, lead, _dated(written.paragraphs, published_at)
        _, first_lead, first = self._words(self._manuscripts[written.reprint_of])
        kept = first[: len(first) - written.cut]
        return title, lead or first_lead, (*kept, *_dated(written.add, published_at))

    def _path(self, written: Manuscript, published_at: datetime) -> str:
        family = FAMILIES[self.press.papers[written.paper].family]
        # Days are left out: an address must not change when the press is opened on another day.
        title = slug(RELATIVE_DAY.sub("", written.title))
        return family.article_path(written.section, title, written.id, published_at)


def sections_of(paper: Paper, articles: Iterable[PrintedArticle]) -> dict[str, list[PrintedArticle]]:
    """The articles of each section, in their given order; empty sections included."""
    found: dict[str, list[PrintedArticle]] = {section: [] for section in paper.sections}
    for article in articles:
        found[article.section].append(article)
    return found


def _dated(paragraphs: Sequence[str], published_at: datetime) -> tuple[str, ...]:
    return tuple(date_text(paragraph, published_at) for paragraph in paragraphs)


def _edited(
    edit: Edit, title: str, lead: str, paragraphs: tuple[str, ...], published_at: datetime
) -> tuple[str, str, tuple[str, ...]]:
    changed = list(paragraphs)
    for old, new in edit.replace.items():
        changed = [paragraph.replace(old, new) for paragraph in changed]
    return edit.title or title, edit.lead or lead, (*changed, *_dated(edit.add, published_at))
