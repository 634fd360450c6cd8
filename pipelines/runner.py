"""Takes pending work through the steps and keeps the outcome: one transaction an article, one counted
outcome each, a failing article quarantined with its error and never in the way of the rest."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from diembao.errors import StoreUnavailable, Unreadable
from diembao.records import Annotations, Article, Relevance
from diembao.store import articles, pages, stories, trail
from diembao.store.database import Store
from diembao.store.models import ArticleRow
from diembao.store.pages import PendingPage
from pipelines.annotating import to_gate_result
from pipelines.grouping import VERSION, credit_source, file_copies, keys_of, place, signature_of
from pipelines.steps import STEPS, STORE_STEPS, Tools, Work, understand

logger = logging.getLogger(__name__)

# Enough to spread the cost of asking, few enough that a stop is prompt.
BATCH = 64


@dataclass
class Tally:
    """How many articles ended in each outcome: relevant, marginal, irrelevant, duplicate, unreadable, quarantined."""

    outcomes: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        total = self.outcomes.total()
        parts = ", ".join(f"{number} {outcome}" for outcome, number in sorted(self.outcomes.items()))
        return f"{total} processed" + (f": {parts}" if parts else "")


@dataclass(frozen=True, slots=True)
class _Understood:
    page: PendingPage
    work: Work | None
    step: str = ""
    error: str = ""
    unreadable: bool = False


def process_pending(
    store: Store,
    tools: Tools,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int], None] = lambda _done: None,
) -> Tally:
    """Work until nothing is pending (or `stop` says so).

    Raises:
        StoreUnavailable: the database went away; what was not committed is still pending.
    """
    tally = Tally()
    while not stop():
        with store.read() as session:
            batch = pages.pending(session, BATCH)
            begun = {page.id: _begin(session, page, tools) for page in batch}
        if not batch:
            break
        for page in batch:
            understood = _understand(page, begun[page.id], tools)
            tally.outcomes[_keep(store, understood, now())] += 1
            progress(tally.outcomes.total())
            if stop():
                break
    return tally


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


def _understand(page: PendingPage, work: Work, tools: Tools) -> _Understood:
    begin = "tag" if work.article is not None else "extract"
    if work.article is not None and page.redo in STORE_STEPS:
        return _Understood(page, work)
    try:
        return _Understood(page, understand(work, tools, begin))
    except Unreadable as error:
        return _Understood(page, None, "extract", str(error), unreadable=True)
    except Exception as error:  # one of the three places that catch broadly: one article never stops the rest
        step = next((note[6:] for note in getattr(error, "__notes__", ()) if note.startswith("step: ")), "?")
        logger.warning("article quarantined", extra={"url": page.url, "step": step}, exc_info=error)
        return _Understood(page, None, step, f"{type(error).__name__}: {error}")


def _keep(store: Store, understood: _Understood, now: datetime) -> str:
    """Write one outcome in one transaction; a fault of this article's data quarantines it."""
    page, work = understood.page, understood.work
    try:
        with store.write() as session:
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
        logger.warning("article quarantined", extra={"url": page.url, "step": "store"}, exc_info=error)
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
    trail.add(session, page.id, now, "extract", "read", version=article.read_by, detail={"title": article.title[:200]})
    row = articles.by_page(session, page.id)
    if annotations.relevance is Relevance.IRRELEVANT:
        return _keep_irrelevant(session, page, row, annotations, now)
    other = articles.by_canonical_url(session, article.source, article.canonical_url)
    if other is not None and other.page_id != page.id:
        trail.add(session, page.id, now, "group", "duplicate", detail={"article": other.id, "url": other.url})
        pages.finish(session, page.id, "duplicate", f"same page as {other.url}", now)
        return "duplicate"
    _note_judgement(session, page.id, annotations, now)
    _store_article(session, work, article, annotations, row, now)
    pages.finish(session, page.id, annotations.relevance.value, "", now)
    return annotations.relevance.value


def _keep_irrelevant(
    session: Session, page: PendingPage, row: ArticleRow | None, annotations: Annotations, now: datetime
) -> str:
    _note_judgement(session, page.id, annotations, now)
    if row is not None:
        story_id = row.story_id
        articles.remove(session, row, now)
        stories.refresh(session, story_id, now)
    reason = annotations.evidence[0].rule if annotations.evidence else "no name of the province"
    pages.finish(session, page.id, "irrelevant", reason, now)
    return "irrelevant"


def _note_judgement(session: Session, page_id: int, annotations: Annotations, now: datetime) -> None:
    reasons = [
        {"rule": item.rule, "text": item.text[:80]}
        for item in sorted(annotations.evidence, key=lambda item: -abs(item.weight))[:3]
    ]
    detail = {"score": round(annotations.relevance_score, 3), "evidence": reasons}
    version = annotations.versions.get("gate", annotations.versions.get("relevance", ""))
    trail.add(session, page_id, now, "gate", annotations.relevance.value, version=version, detail=detail)
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
        left = None
    else:
        left = row.story_id if row.story_id != placed.story_id else None
        row.story_id = placed.story_id
        articles.replace(session, row, article, annotations, **kept)  # type: ignore[arg-type]
    file_copies(session, row, placed.copies, now)
    stories.refresh(session, placed.story_id, now)
    if left is not None:
        stories.refresh(session, left, now)
    trail.add(
        session,
        page.id,
        now,
        "group",
        placed.outcome,
        version=VERSION,
        detail={"story": placed.story_id, "copies": list(placed.copies[:20])},
    )


def redo(store: Store, step: str, *, since: datetime | None, source: str | None) -> int:
    """Queue understood articles again, beginning with `step`; returns how many."""
    if step not in STEPS and step not in STORE_STEPS:
        raise ValueError(f"unknown step {step}")
    with store.write() as session:
        return pages.redo(session, step, since=since, source=source)
