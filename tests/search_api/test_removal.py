"""What a newspaper takes back is off every public surface with the mark, and stays off after the worker's round."""

from __future__ import annotations

from datetime import timedelta

import pytest

from diembao.newsroom.takedowns import follow_source
from diembao.settings import Settings
from diembao.store import changes
from diembao.store.models import ArticleRow
from pipelines.indexing import drain

SURFACES = [
    "/",
    "/rss.xml",
    "/atom.xml",
    "/feed.json",
    "/sitemap.xml",
    "/nhung",
    "/tim-kiem?q=lũ",
    "/chu-de/thien-tai-thoi-tiet",
    "/bao/songcau",
    "/api/v1/articles?q=lũ",
    "/api/v1/stories",
]


def told_of(site, word):
    return [path for path in SURFACES if word in site.get(path).text]


def take_back(newsroom, article_id, now):
    with newsroom.store.write() as session:
        changes.record_removal(session, session.get_one(ArticleRow, article_id), "http_410", now, now)


@pytest.fixture
def now(clock):
    return clock[0]


def test_a_removed_article_disappears_from_every_surface(newsroom, site, printing, now, tmp_path):
    story = newsroom.story(printing("Lũ dâng cao ở bến Mắm", at=now - timedelta(hours=3)))
    shown = told_of(site, "bến Mắm")
    assert {"/", "/rss.xml", "/feed.json", "/tim-kiem?q=lũ", "/api/v1/articles?q=lũ"} <= set(shown)
    address = site.get(f"/tin/{story}", follow_redirects=False).headers["location"]
    take_back(newsroom, newsroom.article_ids[-1], now)
    assert told_of(site, "bến Mắm") == []
    assert site.get(address).status_code == 410
    follow_source(newsroom.store, Settings(data_dir=tmp_path), now)
    drain(newsroom.store, newsroom.index)
    assert told_of(site, "bến Mắm") == []
    answer = site.get(address)
    assert answer.status_code == 410 and "bến Mắm" not in answer.text


def test_only_the_printing_that_was_taken_back_goes(newsroom, site, printing, now, tmp_path):
    newsroom.story(
        printing("Lũ dâng cao ở bến Mắm", at=now - timedelta(hours=4)),
        printing("Lũ lên nhanh trong đêm", "trungdu", at=now - timedelta(hours=3)),
    )
    take_back(newsroom, newsroom.article_ids[-2], now)
    follow_source(newsroom.store, Settings(data_dir=tmp_path), now)
    drain(newsroom.store, newsroom.index)
    assert told_of(site, "bến Mắm") == []
    assert {"/", "/rss.xml", "/tim-kiem?q=lũ"} <= set(told_of(site, "lên nhanh trong đêm"))


def test_printings_of_a_newspaper_are_counted_as_they_stand(newsroom, site, printing, clock):
    def counted():
        items = site.get("/api/v1/sources").json()["items"]
        return {item["name"]: item["articles"] for item in items if item["articles"]}

    now = clock[0]
    newsroom.story(printing("Lũ dâng cao ở bến Mắm", at=now - timedelta(hours=3)))
    newsroom.story(printing("Chè Tân Cương được mùa", at=now - timedelta(hours=2)))
    assert counted() == counted() == {"songcau": 2}
    take_back(newsroom, newsroom.article_ids[0], now)
    assert counted() == {"songcau": 1}
    clock[0] = now - timedelta(hours=1, minutes=30)  # the second is not to be seen yet: nothing else has changed
    assert counted() == {}
