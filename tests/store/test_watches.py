"""Who looks again at which page: each look is claimed by one, in fair shares, and due again when its worker died."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from diembao.records import Annotations, ArchivePlace, Article, FeedHints, Relevance
from diembao.store import articles, pages, sources, stories, watches
from diembao.store.database import Store
from diembao.store.models import StoryRow

NOW = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
HALF = timedelta(minutes=30)


def filled(store: Store, each: int = 3) -> None:
    """Two papers with `each` articles, fetched at NOW; one more was imported."""
    records = [sources.SourceRecord(name, name, "newspaper", "local", "none", {}, ()) for name in ("a", "b")]
    with store.write() as session:
        sources.sync_sources(session, records, 600, NOW)
        for name in ("a", "b"):
            for number in range(each + 1):
                url = f"https://{name}.vn/{number}.html"
                pages.register_found(session, name, None, [pages.FoundLink(url, FeedHints())], NOW)
                page = pages.by_url(session, url)
                assert page is not None
                kind = "text/html" if number < each else "application/json"
                place = ArchivePlace("w.gz", number, 9)
                pages.mark_fetched(session, page.id, status=200, content_type=kind, place=place, now=NOW)
                article = Article(url, url, name, f"Tin {number}", "", "Chữ.", published_at=NOW)
                story = stories.create(session, at=NOW, relevance="relevant", now=NOW)
                articles.add(
                    session,
                    page.id,
                    article,
                    Annotations(Relevance.RELEVANT, 0.9),
                    story_id=story.id,
                    reprint_of=None,
                    signature=b"",
                    bands=[],
                    fetched_at=NOW,
                    now=NOW,
                )
                pages.finish(session, page.id, "relevant", "", NOW)


def test_looks_are_claimed_once_in_fair_shares_and_due_again_after_a_death(store: Store) -> None:
    filled(store)
    with store.write() as session:
        assert watches.enrol(session, NOW - timedelta(days=1), HALF) == 6, "imported rows have no page to compare"
        assert watches.enrol(session, NOW - timedelta(days=1), HALF) == 0
    later = NOW + HALF

    def claim(moment: datetime, names: tuple[str, ...] = ("a", "b")) -> list[str]:
        with store.write() as session:
            taken = watches.claim(session, moment, moment + timedelta(minutes=2), 2, sources=names)
        return sorted(look.source for look in taken)

    assert claim(later - timedelta(seconds=1)) == []
    assert claim(later) == ["a", "a", "b", "b"]
    assert claim(later, ("a",)) == ["a"]
    assert claim(later) == ["b"]
    assert claim(later) == []
    assert claim(later + timedelta(minutes=3)) == ["a", "a", "b", "b"]


def test_what_is_on_the_section_is_looked_at_sooner_and_in_quiet_hours_too(store: Store) -> None:
    filled(store, each=1)
    with store.write() as session:
        watches.enrol(session, NOW - timedelta(days=1), timedelta(hours=8))
        session.execute(update(StoryRow).where(StoryRow.id == 1).values(state="published"))
        watches.hasten_published(session, NOW + HALF, NOW - timedelta(days=30))
    with store.write() as session:
        (look,) = watches.claim(session, NOW + HALF, NOW + HALF, 2, sources=("a", "b"), resting=("a", "b"))
    assert (look.source, look.published, look.fetched_at) == ("a", True, NOW)
    with store.write() as session:
        moment = NOW + timedelta(hours=9)
        assert len(watches.claim(session, moment, moment, 2, sources=("a", "b"), resting=("b",))) == 1
        assert len(watches.claim(session, moment, moment, 2, sources=("a", "b"))) == 2


def test_an_old_article_is_watched_only_when_it_is_on_the_section(store: Store) -> None:
    filled(store, each=1)
    with store.write() as session:
        assert watches.enrol(session, NOW + timedelta(days=1), HALF) == 0
        session.execute(update(StoryRow).where(StoryRow.id == 1).values(state="published"))
        assert watches.enrol(session, NOW + timedelta(days=1), HALF) == 1
