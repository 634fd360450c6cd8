"""Takes pending work through the steps and keeps the outcome: one transaction an article, one counted
outcome each, a failing article quarantined with its error and never in the way of the rest."""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from diembao.errors import StoreUnavailable
from diembao.logs import about
from diembao.records import Annotations, Article, Relevance
from diembao.store import articles, changes, labels, near_misses, pages, stories, trail
from diembao.store.database import Store
from diembao.store.locks import in_turn
from diembao.store.models import ArticleRow
from diembao.store.pages import PendingPage
from diembao.store.profiles import pages_to_learn_from as learnable
from pipelines import changes as changed_articles
from pipelines import profiles
from pipelines.annotating import to_gate_result
from pipelines.grouping import VERSION, credit_source, file_copies, keys_of, part, place, signature_of
from pipelines.profiles import Shelf
from pipelines.reading import MOST_PAGES, Glance, Profile
from pipelines.steps import FROM_ROW, STEPS, STORE_STEPS, Tools, Work
from pipelines.understanding import Hands, Lesson, Lot, OwnHands, Understood

logger = logging.getLogger(__name__)

# Enough to spread the cost of asking, few enough that a stop is prompt.
BATCH = 64
# Readings noted together, with the row of each source among them.
_NOTED_TOGETHER = 128
# Soon enough not to be seen, seldom enough to cost nothing.
_LOOK_SECONDS = 0.05
# Pages given out together: as many as a core reads in some tens of milliseconds.
_LOT = 8
# While enough is out, what comes in is taken together: a transaction costs as much as taking fifty pages in it.
_TAKE_SECONDS = 0.05
# Far longer than a batch takes; should a worker die, its pages wait so long for another.
LEASE_SECONDS = 120.0


@dataclass
class Tally:
    """How many articles ended in each outcome: relevant, marginal, irrelevant, duplicate, unreadable, quarantined."""

    outcomes: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        total = self.outcomes.total()
        parts = ", ".join(f"{number} {outcome}" for outcome, number in sorted(self.outcomes.items()))
        return f"{total} processed" + (f": {parts}" if parts else "")


def process_pending(
    store: Store,
    tools: Tools,
    *,
    hands: Hands | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    stop: Callable[[], bool] = lambda: False,
    enough: Callable[[], bool] = lambda: False,
    lease_seconds: float = LEASE_SECONDS,
    linger: float = 0.0,
    progress: Callable[[int], None] = lambda _done: None,
) -> Tally:
    """Work until nothing is pending, or `stop` says to leave everything, or `enough` to end what was begun.

    hands: who takes pages through the steps; this process itself when not given. lease_seconds: how long nobody else
    is given the pages taken here, should this process die. linger: seconds for which more is waited for, where there
    was something and no more is pending. Several processes may do this on one PostgreSQL: each takes pages that nobody
    else has.

    Raises:
        StoreUnavailable: the database went away; what was not committed is still pending.
    """
    return _Run(store, tools, hands or OwnHands(tools), now, progress, lease_seconds, linger).until(stop, enough)


def take_over(store: Store) -> None:
    """Call it when this process alone may process: on SQLite, what others had taken waits again at once, for they are
    gone. On PostgreSQL nobody is alone, and the leases of the dead run out by themselves."""
    if store.dialect == "sqlite":
        with store.write() as session:
            pages.give_back(session)


class _Run:
    """One run over what is pending: pages taken, lots given out, outcomes kept in the order the pages were found."""

    def __init__(
        self,
        store: Store,
        tools: Tools,
        hands: Hands,
        now: Callable[[], datetime],
        progress: Callable[[int], None],
        lease_seconds: float,
        linger: float,
    ) -> None:
        self._lease_seconds = lease_seconds
        self._linger = linger
        self._store = store
        self._tools = tools
        self._hands = hands
        self._now = now
        self._progress = progress
        self._shelf = Shelf()
        self._take_from = 0.0
        self._taken: deque[Work] = deque()
        self._given: deque[tuple[Lot, Future[list[Understood]]]] = deque()
        self._read: list[Work] = []  # and not yet noted with their sources
        self._lessons: list[tuple[str, Future[Profile | None]]] = []
        self._tally = Tally()

    def until(self, stop: Callable[[], bool], enough: Callable[[], bool]) -> Tally:
        try:
            while not stop():
                if not enough() and not self._give_out():
                    self._wait_for_more(stop, enough)
                if not self._given:
                    break
                self._keep_all(self._next(), stop)
                self._note(at_least=_NOTED_TOGETHER)
                self._keep_lessons(wait=False)
            if not stop():
                self._note(at_least=1)
                self._keep_lessons(wait=True)
        finally:
            self._let_go()
        return self._tally

    def _give_out(self) -> bool:
        """Give out what is pending, as far as there are hands; whether anything is out."""
        while len(self._given) < self._hands.at_once:
            if not self._taken and not self._may_wait():
                self._take()
            if not self._taken:
                break
            works = tuple(self._taken.popleft() for _ in range(min(_LOT, len(self._taken))))
            lot = Lot(works, self._shelf.of([work.page.source for work in works]))
            self._given.append((lot, self._hands.understand(lot)))
        return bool(self._given)

    def _wait_for_more(self, stop: Callable[[], bool], enough: Callable[[], bool]) -> None:
        until = time.monotonic() + self._linger
        while self._tally.outcomes and time.monotonic() < until and not stop() and not enough():
            time.sleep(_LOOK_SECONDS)
            if self._give_out():
                return

    def _may_wait(self) -> bool:
        """Whether the hands have enough for the moment, and were given something a moment ago."""
        out = sum(len(lot.works) for lot, _ in self._given)
        return out >= self._hands.at_once > 1 and time.monotonic() < self._take_from

    def _take(self) -> None:
        self._take_from = time.monotonic() + _TAKE_SECONDS
        with self._store.read() as session:  # which holds up nobody who writes
            if not pages.any_pending(session):
                return
        with self._store.write() as session:
            self._shelf.refresh(session)
            batch = pages.take_pending(session, BATCH, self._lease_seconds)
            ruled = labels.rulings(session, [page.id for page in batch])
            self._taken.extend(
                replace(_begin(session, page, self._tools), ruled=ruled.get(page.id, "")) for page in batch
            )

    def _next(self) -> list[Understood]:
        """The outcome of the oldest lot, and of those after it that have come in too."""
        _, first = self._given[0]
        ready = first.result()
        self._given.popleft()
        while self._given and self._given[0][1].done():
            ready = ready + self._given.popleft()[1].result()
        return ready

    def _keep_all(self, ready: Sequence[Understood], stop: Callable[[], bool]) -> None:
        plain = [each for each in ready if _is_plain(each)]
        self._count(self._keep_plain(plain))
        rest = deque(each for each in ready if not _is_plain(each))
        while rest and not stop():
            self._count([_keep(self._store, rest.popleft(), self._now())])
        if rest:
            self._return([each.page.id for each in rest])
        self._read += [
            each.work
            for each in ready
            if each.work is not None
            and each.work.article is not None
            and not each.page.redo
            and each.work.article.read_by != FROM_ROW
        ]

    def _count(self, outcomes: Sequence[str]) -> None:
        for outcome in outcomes:
            self._tally.outcomes[outcome] += 1
            self._progress(self._tally.outcomes.total())

    def _keep_plain(self, ready: Sequence[Understood]) -> list[str]:
        """Outcomes that touch nothing but their own page, in one transaction; one by one where that fails."""
        if not ready:
            return []
        try:
            with self._store.write() as session:
                return _keep_together(session, ready, self._now())
        except StoreUnavailable:
            raise
        except Exception as error:  # the broad place of `_keep`, for many
            logger.warning("pages are kept one by one", exc_info=error)
        return [_keep(self._store, each, self._now()) for each in ready]

    def _note(self, *, at_least: int) -> None:
        """Keep how the pages of each source were read, when there are so many, and learn the sources for which it is
        time. Each page for itself would cost as much as all else that is kept of it; a stop forgets some."""
        if len(self._read) < at_least:
            return
        read, self._read = self._read, []
        with self._store.write() as session:
            self._shelf.refresh(session)
            due = profiles.note(session, self._shelf, _glances(read, self._shelf), self._now())
            lessons = [
                Lesson(source, tuple(learnable(session, source, MOST_PAGES)), self._now().date()) for source in due
            ]
        self._lessons += [(lesson.source, self._hands.learn(lesson)) for lesson in lessons]

    def _keep_lessons(self, *, wait: bool) -> None:
        left = []
        for source, lesson in self._lessons:
            if not wait and not lesson.done():
                left.append((source, lesson))
                continue
            with self._store.write() as session:
                profiles.keep_learned(session, source, lesson.result(), self._now())
                self._shelf.refresh(session)
        self._lessons = left

    def _let_go(self) -> None:
        """What was taken and not finished waits again, for anybody."""
        self._return(
            [work.page.id for lot, _ in self._given for work in lot.works] + [work.page.id for work in self._taken]
        )

    def _return(self, page_ids: Sequence[int]) -> None:
        if not page_ids:
            return
        try:
            with self._store.write() as session:
                pages.give_back(session, page_ids)
        except StoreUnavailable:
            logger.warning("%d pages wait until their lease has run out", len(page_ids))


def _glances(read: Sequence[Work], shelf: Shelf) -> dict[str, list[Glance]]:
    """How pages were read, by source. A page that was given out before its site was learned says nothing about what
    was learned: it would look as if the newest profile had failed on it."""
    seen: dict[str, list[Glance]] = {}
    for work in read:
        newest = shelf.newest(work.page.source)
        if work.article is not None and work.offered == (newest.name if newest is not None else ""):
            seen.setdefault(work.page.source, []).append(Glance.of(work.article, work.agreement))
    return seen


def _begin(session: Session, page: PendingPage, tools: Tools) -> Work:
    """The work as far as it need not be done again."""
    if page.redo in ("", *pages.FROM_ARCHIVE):
        return Work(page)
    row = articles.by_page(session, page.id)
    if row is None:
        return Work(page)
    kept = articles.annotations_from_json(row.annotations)
    article = articles.to_record(row)
    # A signature kept by an earlier version is made anew; the text it is made of is here.
    signature = row.signature if keys_of(row.signature) else signature_of(article, tools.printings)
    return Work(page, article, to_gate_result(kept), kept, signature)


def _is_plain(understood: Understood) -> bool:
    """Whether the outcome touches nothing but its page: most articles are not ours, and were never stored."""
    work, first = understood.work, not understood.page.redo
    if work is None:
        return first and understood.unreadable
    return first and work.annotations is not None and work.annotations.relevance is Relevance.IRRELEVANT


def _keep_together(session: Session, ready: Sequence[Understood], now: datetime) -> list[str]:
    here = pages.still_pending(session, [each.page.id for each in ready])
    steps: list[tuple[int, str, str, str, dict[str, Any]]] = []
    ends: list[tuple[int, str, str]] = []
    missed: list[dict[str, Any]] = []
    outcomes = []
    for each in ready:
        page_id, work = each.page.id, each.work
        if page_id not in here:
            outcomes.append("already done")
        elif work is None or work.article is None or work.annotations is None:
            steps.append((page_id, "extract", "unreadable", "", {"reason": each.error}))
            ends.append((page_id, "unreadable", each.error))
            outcomes.append("unreadable")
        else:
            steps += [_read_step(page_id, work.article), _gate_step(page_id, work.annotations)]
            missed += _near_miss(work)
            ends.append((page_id, "irrelevant", _why_not(work.annotations)))
            outcomes.append("irrelevant")
    trail.add_many(session, now, steps)
    pages.finish_many(session, ends, now)
    near_misses.keep(session, missed)
    return outcomes


def _keep(store: Store, understood: Understood, now: datetime) -> str:
    """Write one outcome in one transaction; a fault of this article's data quarantines it."""
    page, work = understood.page, understood.work
    try:
        with about(page=page.id), store.write() as session:
            if not pages.is_pending(session, page.id):
                return "already done"
            if understood.unreadable:
                return _keep_unreadable(session, page, understood.error, now)
            if work is None:
                pages.quarantine(session, page.id, understood.step, understood.error, now)
                return "quarantined"
            return _keep_article(session, work, now)
    except StoreUnavailable:
        raise
    except Exception as error:  # same place, other half: what cannot be stored is quarantined
        told = {"page": page.id, "url": page.url, "step": "store"}
        logger.warning("article quarantined", extra=told, exc_info=error)
        with store.write() as session:
            pages.quarantine(session, page.id, "store", f"{type(error).__name__}: {error}", now)
        return "quarantined"


def _keep_unreadable(session: Session, page: PendingPage, reason: str, now: datetime) -> str:
    pages.finish(session, page.id, "unreadable", reason, now)
    trail.add(session, page.id, now, "extract", "unreadable", detail={"reason": reason})
    return "unreadable"


def _keep_article(session: Session, work: Work, now: datetime) -> str:
    article, annotations, page = work.article, work.annotations, work.page
    if article is None or annotations is None:
        raise ValueError("understanding ended without a judgement")
    trail.add_many(session, now, [_read_step(page.id, article)])
    # Copies and stories are found among what is stored, so articles are stored one after the other.
    in_turn(session, "grouping")
    row = articles.by_page(session, page.id)
    _note_judgement(session, page.id, annotations, now)
    annotations = _outranked(session, work, annotations, now)
    before = changes.unread_form(session, row, page.place) if row is not None else None
    if row is not None and before is not None:
        article = changed_articles.with_first_time(article, row)
        if annotations.relevance is Relevance.IRRELEVANT:
            changed_articles.keep_no_longer_ours(session, row, page, article, annotations, now)
            pages.finish(session, page.id, row.relevance, "changed at the source, no longer about the province", now)
            return row.relevance
    if annotations.relevance is Relevance.IRRELEVANT:
        near_misses.keep(session, _near_miss(work))
        return _keep_irrelevant(session, page, row, annotations, now)
    near_misses.forget(session, [page.id])
    other = articles.by_canonical_url(session, article.source, article.canonical_url)
    if other is not None and other.page_id != page.id:
        trail.add(session, page.id, now, "group", "duplicate", detail={"article": other.id, "url": other.url})
        pages.finish(session, page.id, "duplicate", f"same page as {other.url}", now)
        return "duplicate"
    _store_article(session, work, article, annotations, row, now)
    if row is not None and before is not None:
        changed_articles.note(session, row, page, before, annotations.relevance.value, now)
    pages.finish(session, page.id, annotations.relevance.value, "", now)
    return annotations.relevance.value


def _keep_irrelevant(
    session: Session, page: PendingPage, row: ArticleRow | None, annotations: Annotations, now: datetime
) -> str:
    if row is not None:
        story_id = row.story_id
        articles.remove(session, row, now)
        part(session, story_id, now)
        stories.refresh(session, story_id, now)
    pages.finish(session, page.id, "irrelevant", _why_not(annotations), now)
    return "irrelevant"


def _outranked(session: Session, work: Work, annotations: Annotations, now: datetime) -> Annotations:
    """The judgement with what people said of the page put above it; the machine's new word is kept beside theirs."""
    page, said = work.page, labels.in_force(session, [work.page.id]).get(work.page.id, {})
    if not said:
        return annotations
    if page.redo in ("", *pages.FROM_ARCHIVE) and work.judged is not None:
        machine = replace(annotations, relevance=Relevance(work.judged.relevance))
        labels.note_machine(said, machine, ("relevance",))
    if page.redo not in STORE_STEPS and annotations.relevance is not Relevance.IRRELEVANT:
        labels.note_machine(said, annotations, ("topics", "stance", "needs_response", "places"))
    trail.add(session, page.id, now, "labels", "applied", detail={"fields": sorted(said)})
    return labels.outrank(said, annotations)


def _near_miss(work: Work) -> list[dict[str, Any]]:
    """The page's row among the near misses: names like ours were seen in it, and taken for something else.

    The gate gives all such pages one score, so their order is that of how often, and a title counts thrice.
    """
    article, annotations = work.article, work.annotations
    if article is None or annotations is None or not annotations.evidence or work.ruled:
        return []
    seen = sum(3 if item.where == "title" else 1 for item in annotations.evidence)
    return [
        {
            "page_id": work.page.id,
            "source": work.page.source,
            "title": article.title[:500],
            "lead": article.lead[:1000],
            "score": round(seen / (seen + 3), 4),
            "evidence": [{"rule": item.rule, "text": item.text[:80]} for item in annotations.evidence],
            "effective_at": article.published_at or work.page.fetched_at,
        }
    ]


def _why_not(annotations: Annotations) -> str:
    return annotations.evidence[0].rule if annotations.evidence else "no name of the province"


def _read_step(page_id: int, article: Article) -> tuple[int, str, str, str, dict[str, Any]]:
    detail = {"title": article.title[:200], "time": article.published_from.value}
    return page_id, "extract", "read", article.read_by, detail


def _gate_step(page_id: int, annotations: Annotations) -> tuple[int, str, str, str, dict[str, Any]]:
    reasons = [
        {"rule": item.rule, "text": item.text[:80]}
        for item in sorted(annotations.evidence, key=lambda item: -abs(item.weight))[:3]
    ]
    detail = {"score": round(annotations.relevance_score, 3), "evidence": reasons}
    version = annotations.versions.get("gate", annotations.versions.get("relevance", ""))
    return page_id, "gate", annotations.relevance.value, version, detail


def _note_judgement(session: Session, page_id: int, annotations: Annotations, now: datetime) -> None:
    trail.add_many(session, now, [_gate_step(page_id, annotations)])
    if annotations.relevance is not Relevance.IRRELEVANT:
        tagged = {
            "topics": [topic.slug for topic in annotations.topics],
            "stance": annotations.stance.value if annotations.stance else None,
            "places": [place.name for place in annotations.places][:20],
        }
        main = annotations.topics[0].slug if annotations.topics else "no topic"
        trail.add(session, page_id, now, "tag", main, detail=tagged)


def _store_article(
    session: Session, work: Work, article: Article, annotations: Annotations, row: ArticleRow | None, now: datetime
) -> None:
    page = work.page
    at = article.published_at or page.fetched_at
    placed = place(session, article, work.signature, row, at=at, relevance=annotations.relevance.value, now=now)
    kept = {
        "signature": work.signature,
        "bands": keys_of(work.signature),
        "credit_source": credit_source(article),
        "fetched_at": page.fetched_at,
        "now": now,
    }
    if row is None:
        row = articles.add(
            session,
            page.id,
            article,
            annotations,
            story_id=placed.story_id,
            reprint_of=None,
            **kept,  # type: ignore[arg-type]
        )
        file_copies(session, row, placed.copies, now)
    else:
        row.story_id = placed.story_id
        articles.replace(session, row, article, annotations, **kept)  # type: ignore[arg-type]
        file_copies(session, row, placed.copies, now)
        part(session, placed.story_id, now)
    stories.refresh(session, placed.story_id, now)
    trail.add(
        session,
        page.id,
        now,
        "group",
        placed.outcome,
        version=VERSION,
        detail={"story": row.story_id, "copies": list(placed.copies[:20])},
    )


def redo(store: Store, step: str, *, since: datetime | None, source: str | None) -> int:
    """Queue understood articles again, beginning with `step`; returns how many."""
    if step not in STEPS and step not in STORE_STEPS:
        raise ValueError(f"unknown step {step}")
    with store.write() as session:
        return pages.redo(session, step, since=since, source=source)
