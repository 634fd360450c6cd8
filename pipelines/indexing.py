"""Hands changes over to the search index, as committed to the store: at least once, in order per article."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from diembao.index.protocol import Deletion, IndexDocument, Rebuild, Rejection, SearchIndex
from diembao.newsroom.analysis.alerts.watching import note_news
from diembao.newsroom.analysis.tiles import districts_of
from diembao.records import Annotations, Flag
from diembao.store import articles, outbox, stories
from diembao.store.database import Store
from diembao.store.locks import exclusive
from diembao.store.models import ArticleRow, SourceRow, StoryRow
from diembao.store.outbox import Change
from diembao.store.stories import PUBLIC_STATES

logger = logging.getLogger(__name__)

_BATCH = 500
# Several chunks of what an engine takes at once, so that it and we work at the same time.
_FILLING_BATCH = 2000


# Held by who writes changes to the index, and by a rebuild while the new index takes over.
LOCK = "indexing"


def drain(store: Store, index: SearchIndex, *, stop: Callable[[], bool] = lambda: False) -> int:
    """Bring the index up to the store; returns how many changes it took over.

    What the engine refuses for good is kept with its reason and waits no longer. Of several processes one may
    be in here, and none while an index is made anew: hold `LOCK`.

    Raises:
        IndexUnavailable: the engine is away; the changes stay in the outbox.
    """
    taken = 0
    refused: dict[int, int] | None = None
    while not stop():
        with store.read() as session:
            changes = outbox.waiting(session, _BATCH)
            documents, unmade = documents_of(session, sorted({c.article_id for c in changes if not c.deleted}))
            if refused is None and changes:
                refused = outbox.refused_ids(session)
        if not changes:
            break
        # A later change of the same article carries the newest state; a deletion stands for itself.
        gone = [Deletion(str(c.article_id), c.version) for c in changes if c.deleted]
        rejections = unmade + index.add(documents).rejected
        if gone:
            rejections += index.delete(gone).rejected
        index.commit()
        with store.write() as session:
            taken += _settle(session, changes, rejections, refused or {})
            # In one with the end of our work: what a search finds was either looked at by the alerts or waits for them.
            note_news(session, documents, {change.article_id: change.at for change in changes if not change.deleted})
    return taken


def _settle(
    session: Session, changes: Sequence[Change], rejections: Sequence[Rejection], refused: dict[int, int]
) -> int:
    """Forget what was taken over, keep what was refused; `refused` has the row of each article refused so far."""
    reasons = {int(rejection.id): rejection.reason for rejection in rejections}
    newest = {change.article_id: change.id for change in changes}
    kept = {article_id: row_id for article_id, row_id in newest.items() if article_id in reasons}
    superseded = [refused.pop(article_id) for article_id in newest if article_id in refused]
    outbox.done(session, [change.id for change in changes if change.id not in kept.values()] + superseded)
    for article_id, row_id in kept.items():
        _say_refused(article_id, reasons[article_id])
        outbox.refuse(session, row_id, reasons[article_id])
    refused.update(kept)
    return len(changes) - len(kept)


def _say_refused(article_id: int, reason: str) -> None:
    logger.error("the index refused an article", extra={"article": article_id, "reason": reason})


def rebuild(
    store: Store, index: SearchIndex, data_dir: Path, progress: Callable[[int], None] = lambda _done: None
) -> int:
    """Make the index anew from the store, beside the one that answers; returns how many articles it holds.

    Changes go on reaching the old index meanwhile. Only at the end they are held up, until the new one has
    caught up with them and has taken over.

    Raises:
        IndexBusy: another rebuild is under way.
        IndexUnavailable
    """
    with ExitStack() as held_up:
        with index.rebuild() as fresh:
            filling = _Filling(store, fresh, progress)
            filling.everything()
            held_up.enter_context(exclusive(store, data_dir, LOCK, wait=True))
            filling.what_changed()
        # From here on the new index answers; only it knows of articles that went while it was filled.
        index.delete([Deletion(str(number), version + 1) for number, version in filling.gone.items()])
        index.commit()
        with store.write() as session:
            filling.keep_refused(session)
        drain(store, index)
    return len(filling.sent) - len(filling.refused)


def make_anew_if_empty(
    store: Store, index: SearchIndex, data_dir: Path, *, stop: Callable[[], bool] = lambda: False
) -> int | None:
    """Make the index anew where it has not one article and the store has some that do not just wait for it: its form
    has changed, as after an upgrade, or it was lost. Until then searches find nothing. Returns how many it holds; None
    when there was no need, or `stop` said so first: then it stays as it is.

    Raises:
        IndexBusy: it is being made anew already.
        IndexUnavailable
    """
    with store.read() as session:
        kept = articles.count(session)
        if not kept or kept <= outbox.depth(session):
            return None
    if index.status().documents:
        return None
    logger.warning("the search index is empty and is made anew from the store", extra={"articles": kept})

    def further(_done: int) -> None:
        if stop():
            raise _StoppedFirst

    try:
        return rebuild(store, index, data_dir, further)
    except _StoppedFirst:
        return None


class _StoppedFirst(Exception):
    pass


class _Filling:
    """A new index and what it was given so far.

    sent: the version of each article; gone: those that the store does not have any more; refused: why.
    """

    def __init__(self, store: Store, fresh: Rebuild, progress: Callable[[int], None]) -> None:
        self.sent: dict[int, int] = {}
        self.gone: dict[int, int] = {}
        self.refused: dict[int, str] = {}
        self._store = store
        self._fresh = fresh
        self._progress = progress

    def everything(self) -> None:
        for page in self._pages():
            self._send(page)

    def what_changed(self) -> None:
        """Send what was added or changed since it was sent, and note what is gone."""
        missing = set(self.sent)
        for page in self._pages():
            self._send([(number, version) for number, version in page if self.sent.get(number) != version])
            missing.difference_update(number for number, _version in page)
        self.gone = {number: self.sent.pop(number) for number in missing}
        for number in missing:
            self.refused.pop(number, None)

    def keep_refused(self, session: Session) -> None:
        """What this index refused replaces what the old one had refused."""
        outbox.done(session, list(outbox.refused_ids(session).values()))
        for number, reason in self.refused.items():
            _say_refused(number, reason)
            outbox.add_refused(session, number, self.sent[number], reason, datetime.now(UTC))

    def _pages(self) -> Iterator[list[tuple[int, int]]]:
        last = 0
        while True:
            with self._store.read() as session:
                page = outbox.versions_after(session, last, _FILLING_BATCH)
            if not page:
                return
            yield page
            last = page[-1][0]

    def _send(self, page: Sequence[tuple[int, int]]) -> None:
        if not page:
            return
        with self._store.read() as session:
            documents, unmade = documents_of(session, [number for number, _version in page])
        rejections = unmade + self._fresh.add(documents).rejected
        rejected = {int(rejection.id): rejection.reason for rejection in rejections}
        versions = {number: version for number, version in page if number in rejected}
        versions |= {int(document.id): document.version for document in documents}
        for number, version in versions.items():
            self.sent[number] = version
            self.refused.pop(number, None)
        self.refused.update(rejected)
        self._progress(len(self.sent))


def documents_of(session: Session, ids: Sequence[int]) -> tuple[list[IndexDocument], tuple[Rejection, ...]]:
    """The articles as the index knows them, and those of which no document can be made, with the reason. Ids that
    are gone are in neither."""
    rows = articles.by_ids(session, ids)
    known_stories = stories.by_ids(session, sorted({row.story_id for row in rows.values()}))
    names = sorted({row.source for row in rows.values()})
    sources = {row.name: row for row in session.scalars(select(SourceRow).where(SourceRow.name.in_(names)))}
    documents: list[IndexDocument] = []
    unmade: list[Rejection] = []
    for number in ids:
        row = rows.get(number)
        if row is None:
            continue
        try:
            documents.append(_document(row, known_stories[row.story_id], sources[row.source]))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            # What an older version, or a hand in the database, has left of its annotations.
            unmade.append(Rejection(str(number), f"no document can be made of it: {type(error).__name__}: {error}"))
    return documents, tuple(unmade)


def _document(row: ArticleRow, story: StoryRow, source: SourceRow) -> IndexDocument:
    annotations: Annotations = articles.annotations_from_json(row.annotations)
    place_codes = tuple(dict.fromkeys(place.code for place in annotations.places if place.code))
    return IndexDocument(
        id=str(row.id),
        version=row.version,
        title=row.title,
        url=row.url,
        source=row.source,
        story=str(row.story_id),
        lead=row.lead,
        body=row.text,
        source_title=source.title,
        outlet_type=source.outlet_type,
        scope=source.scope,
        section=row.section,
        topics=tuple(topic.slug for topic in annotations.topics),
        stance=row.stance,
        relevance=row.relevance,
        places=tuple(dict.fromkeys(place.name for place in annotations.places)),
        place_codes=place_codes,
        districts=districts_of(place_codes),
        people=tuple(entity.text for entity in annotations.entities if entity.type == "person"),
        organisations=tuple(entity.text for entity in annotations.entities if entity.type == "organisation"),
        authors=tuple(row.authors),
        state=story.state,
        published=story.state in PUBLIC_STATES and row.withdrawn_at is None and row.source_removed_at is None,
        published_at=row.effective_at,
        language=row.language,
        flags=_flags(row),
    )


def _flags(row: ArticleRow) -> tuple[Flag, ...]:
    held = {
        Flag.NEEDS_RESPONSE: row.needs_response,
        Flag.SOURCE_REMOVED: row.source_removed_at is not None,
        Flag.WITHDRAWN: row.withdrawn_at is not None,
    }
    return tuple(flag for flag, is_held in held.items() if is_held)
