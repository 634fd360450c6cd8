"""What programmes of the staff read: what is not published counts for them, everywhere alike, on both engines."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from diembao.store import articles
from diembao.store.models import ArticleRow, StoryRow
from pipelines.indexing import drain

HOUR = timedelta(hours=1)


@pytest.fixture
def newsroom(newsroom, index):
    """The newsroom of the other tests on the engine of this one."""
    newsroom.index = index
    return newsroom


@pytest.fixture
def library(newsroom, site, printing, clock):
    now = clock[0]
    newsroom.story(printing("Lũ sông Cầu", at=now - 3 * HOUR), printing("Lũ lên", "trungdu", at=now - 2 * HOUR))
    newsroom.story(
        printing("Lũ, bài chưa đăng", "xuche", at=now - 4 * HOUR),
        printing("Lũ, đăng lại", reprint_of=0),
        published=False,
    )
    newsroom.story(printing("Chè, chưa đăng", topics=("nong-nghiep-nong-thon",), at=now - 30 * HOUR), published=False)
    return site


@pytest.fixture
def read(library, key):
    headers = {"Authorization": f"Bearer {key('read')}"}

    def get(path):
        answer = library.get(f"/api/v1/{path}", headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return get


def test_stories_that_are_not_published_are_found_and_told_apart(read, library):
    found = read("stories?q=lu&sort=oldest")
    assert (found["total"], found["articles"]) == (2, 4)
    assert [(one["id"], one["state"], one["articles"], one["outlets"]) for one in found["items"]] == [
        (2, "new", 2, 2),
        (1, "published", 2, 2),
    ]
    assert found["items"][0]["stance"] == "unfavourable" and found["items"][0]["needs_response"] is True
    assert read("stories?state=new")["total"] == 2
    public = library.get("/api/v1/stories?q=lu").json()
    assert (public["total"], [one["id"] for one in public["items"]]) == (1, [1]) and "state" not in public["items"][0]


def test_one_story_with_all_its_printings(read, library):
    story = read("stories/2")
    assert story["state"] == "new" and story["published_here_at"] is None
    assert [one["title"] for one in story["printings"]] == ["Lũ, bài chưa đăng", "Lũ, đăng lại"]
    assert all(one["text"] and one["stance"] == "unfavourable" for one in story["printings"])
    assert library.get("/api/v1/stories/2").status_code == 404


def test_a_printing_that_was_taken_down_is_shown_and_not_counted(read, newsroom, clock):
    with newsroom.store.write() as session:
        session.get_one(ArticleRow, 4).withdrawn_at = clock[0]
    story = read("stories/2")
    assert story["articles"] == 1 and [bool(one["removed_at"]) for one in story["printings"]] == [False, True]


def test_what_was_taken_down_can_be_asked_for_and_is_counted_by_who_did_it(read, newsroom, clock):
    with newsroom.store.write() as session:
        session.get_one(ArticleRow, 3).source_removed_at = clock[0]
        session.get_one(ArticleRow, 4).withdrawn_at = clock[0]
        articles.touch(session, [3, 4], clock[0])
    drain(newsroom.store, newsroom.index)
    found = read("articles?flag=source_removed&facets=flag")
    assert [one["id"] for one in found["items"]] == [3] and found["total"] == 1
    assert read("articles?flag=source_removed&flag=withdrawn")["total"] == 2
    counted = {one["value"]: one["count"] for one in read("articles?facets=flag&size=0")["facets"]["flag"]}
    assert counted == {"needs_response": 5, "source_removed": 1, "withdrawn": 1}
    parts = {one["value"]: one["articles"] for one in read("stats/breakdown?by=flag")["values"]}
    assert parts == counted
    assert read("stats/timeline?flag=withdrawn&from=2026-11-22&to=2026-11-22")["buckets"][0]["articles"] == 1


def test_a_merged_story_leads_on_only_for_who_may_see_the_other(read, library, newsroom, key):
    with newsroom.store.write() as session:
        session.get_one(StoryRow, 3).merged_into = 2
    staff = library.get("/api/v1/stories/3", headers={"Authorization": f"Bearer {key('read')}"}, follow_redirects=False)
    assert (staff.status_code, staff.headers["location"]) == (301, "/api/v1/stories/2")
    assert library.get("/api/v1/stories/3", follow_redirects=False).status_code == 404


def test_figures_count_what_is_not_published_and_equal_the_store(read, library, newsroom):
    with newsroom.store.read() as session:
        rows = session.execute(select(ArticleRow.source, ArticleRow.story_id)).all()
    parts = read("stats/breakdown?by=source")
    assert {part["value"]: part["articles"] for part in parts["values"]} == Counter(source for source, _ in rows)
    assert (parts["articles"], parts["stories"]) == (5, 3)
    days = read("stats/timeline?from=2026-11-21&to=2026-11-22")
    assert [(day["articles"], day["stories"]) for day in days["buckets"]] == [(1, 1), (4, 2)]
    both = read("stats/compare?from=2026-11-22&to=2026-11-22&stance=unfavourable")
    assert (both["current"]["articles"], both["before"]["articles"]) == (4, 1)
    assert {part["value"] for part in read("stats/breakdown?by=state")["values"]} == {"published", "new"}
    # The public sees what it saw before.
    assert library.get("/api/v1/stats/breakdown?by=source").json()["articles"] == 2
    assert library.get("/api/v1/stats/timeline").json()["articles"] == 2
    assert library.get("/api/v1/stats/compare").json()["current"]["articles"] == 2


def test_a_key_that_only_sends_articles_in_reads_what_the_public_reads(library, key):
    headers = {"Authorization": f"Bearer {key('push')}"}
    assert library.get("/api/v1/stats/breakdown", headers=headers).json()["articles"] == 2
    assert library.get("/api/v1/stories", headers=headers).json()["total"] == 1
    assert library.get("/api/v1/stories?state=new", headers=headers).status_code == 403


def test_who_lost_the_right_reads_no_more_with_the_same_key(library, key, newsroom):
    headers = {"Authorization": f"Bearer {key('read')}"}
    assert library.get("/api/v1/stories/2", headers=headers).status_code == 200
    with newsroom.store.write() as session:
        from diembao.store import people

        user = people.by_name(session, "chu.khoa")
        user.roles = ["admin"]
    assert library.get("/api/v1/stories/2", headers=headers).status_code == 404
