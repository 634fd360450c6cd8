"""Every article in one answer: whole, in order, for keys that may read, paid like pages, resumed where it broke off."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from diembao.newsroom import people as accounts
from diembao.newsroom.permissions import Actor, Role
from diembao.records import Stance
from diembao.store import people as rows_of_people
from diembao.store.models import ApiKeyDayRow, ApiKeyRow, ArticleRow
from search_api.app import create_app
from search_api.limits import RateLimiter

EXPORT = "/api/v1/articles/export"
HOSTILE = '=HYPERLINK("http://evil.example","x")'


@pytest.fixture
def newsroom(newsroom: Any, index: Any) -> Any:
    """The newsroom of the other tests on the engine of this one."""
    newsroom.index = index
    return newsroom


@pytest.fixture
def library(newsroom: Any, site: Any, printing: Any, clock: Any) -> Any:
    """Seven articles: the newest first, so that the order of numbers is not that of time."""
    for number in range(5):
        newsroom.story(
            printing(f"Lũ thứ {number}", at=clock[0] - timedelta(days=number)), published=number == 0, index=False
        )
    newsroom.story(printing("Tin không ngày", at=None, stance=Stance.FAVOURABLE), published=False, index=False)
    newsroom.story(printing(HOSTILE, "xuche", stance=Stance.NEUTRAL), published=False)
    return site


@pytest.fixture
def ask(library: Any, key: Callable[..., str]) -> Callable[..., Any]:
    headers = {"Authorization": f"Bearer {key('read')}"}
    return lambda question="", **more: library.get(f"{EXPORT}?{question}", headers=headers | more)


def lines(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text[:300]
    return [json.loads(line) for line in answer.text.splitlines()]


def used(newsroom: Any) -> int:
    with newsroom.store.read() as session:
        return sum(row.requests for row in session.query(ApiKeyDayRow))


def test_every_article_once_in_the_order_of_numbers_and_as_it_is_answered_alone(ask: Any, library: Any) -> None:
    answer = ask()
    found = lines(answer)
    assert answer.headers["content-type"] == "application/x-ndjson; charset=utf-8"
    assert [one["id"] for one in found] == [1, 2, 3, 4, 5, 6, 7]
    assert (answer.headers["x-articles"], answer.headers["x-articles-left"]) == ("7", "0")
    authorization = answer.request.headers["authorization"]
    for one in found:
        alone = library.get(f"/api/v1/articles/{one['id']}", headers={"Authorization": authorization}).json()
        assert one == alone and one["text"] and one["stance"]


def test_filters_are_those_of_the_list(ask: Any, library: Any) -> None:
    for question in ("q=lu", "stance=favourable", "from=2026-11-20&to=2026-11-21", "source=xuche", "q=khongcogi"):
        answer = ask(question)
        listed = library.get(
            f"/api/v1/articles?{question}", headers={"Authorization": answer.request.headers["authorization"]}
        ).json()
        assert sorted(one["id"] for one in lines(answer)) == sorted(one["id"] for one in listed["items"]), question
    for wrong, code in (("stanse=x", "invalid_parameter"), ("q=(((", ""), ("after=-1", ""), ("format=xlsx", "")):
        refused = ask(wrong)
        assert refused.status_code == 400 and refused.headers["content-type"] == "application/problem+json"
        assert not code or refused.json()["code"] == code


def test_broken_off_it_goes_on_after_the_last_one_that_arrived(
    ask: Any, newsroom: Any, printing: Any, clock: Any
) -> None:
    got: list[int] = []
    while True:
        answer = ask(f"size=3&after={got[-1] if got else 0}")
        got += [one["id"] for one in lines(answer)]
        if answer.headers["x-articles-left"] == "0":
            break
        if len(got) == 3:  # what comes in meanwhile, printed long ago, is got, too
            newsroom.story(printing("Đến sau", at=clock[0] - timedelta(days=300)), published=False)
    assert got == [1, 2, 3, 4, 5, 6, 7, 8]
    assert lines(ask("after=8")) == [] and ask("after=9223372036854775807").text == ""


def test_as_a_table_it_has_fixed_names_and_nothing_that_runs(ask: Any) -> None:
    answer = ask("format=csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["content-disposition"] == 'attachment; filename="articles-20261122-0905.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["id"] for row in rows] == ["1", "2", "3", "4", "5", "6", "7"]
    first = rows[0]
    assert (first["outlet"], first["outlet_source"]) == ("Báo Sông Cầu", "songcau")
    assert (first["stance"], first["topics"], first["state"]) == ("unfavourable", "thien-tai-thoi-tiet", "published")
    assert first["time"] == "2026-11-22T09:05:00+07:00" and rows[5]["time"] == ""
    assert rows[6]["title"] == f"'{HOSTILE}"


def test_only_who_may_read_what_is_not_published_gets_it(
    library: Any, key: Callable[..., str], signed_in: Callable[..., Any], newsroom: Any, clock: Any
) -> None:
    assert library.get(EXPORT).status_code == 401
    assert library.get(EXPORT, headers={"Authorization": "Bearer dbtn_x"}).status_code == 401
    pushing = {"Authorization": f"Bearer {key('push', name='may.gui')}"}
    assert library.get(EXPORT, headers=pushing).status_code == 403
    assert signed_in("operator").get(EXPORT).status_code == 403
    assert len(lines(signed_in("analyst").get(EXPORT))) == 7
    given = {"Authorization": f"Bearer {key('read', name='thoi.quyen')}"}
    assert library.get(EXPORT, headers=given).status_code == 200
    with newsroom.store.write() as session:
        person = rows_of_people.by_name(session, "thoi.quyen")
        accounts.set_roles(session, Actor("quan.tri", frozenset({Role.ADMIN})), person.id, [Role.ADMIN], clock[0])
    assert library.get(EXPORT, headers=given).status_code == 403


def test_a_hundred_articles_cost_as_much_as_a_request(
    ask: Any, newsroom: Any, printing: Any, library: Any, key: Callable[..., str], clock: Any
) -> None:
    lines(ask())
    assert used(newsroom) == 1
    newsroom.story(*(printing(f"Tin {number}") for number in range(194)), published=False)
    before = used(newsroom)
    answer = ask()
    assert len(lines(answer)) == 201 and used(newsroom) - before == 3
    assert f'"day";r={1_000_000 - used(newsroom)};' in answer.headers["ratelimit"]
    assert ask("after=-1").status_code == 400 and ask("size=100").status_code == 200

    with newsroom.store.write() as session:
        session.query(ApiKeyRow).one().per_day = used(newsroom) + 2
    before = used(newsroom)
    refused = ask()
    assert (refused.status_code, refused.json()["code"]) == (429, "quota_used_up")
    assert int(refused.headers["retry-after"]) > 0
    assert used(newsroom) - before == 1, "the asking alone was counted"
    assert len(lines(ask("size=100"))) == 100, "what is still paid for is given"


def test_an_address_without_a_key_pays_for_it_with_half_of_its_bucket(
    newsroom: Any, site_settings: Any, clock: Any
) -> None:
    limiter = RateLimiter(per_second=1, burst=120, clock=lambda: 0.0)
    app = create_app(site_settings, newsroom.store, newsroom.index, now=lambda: clock[0], limiter=limiter)
    with TestClient(app, client=("203.0.113.7", 1), base_url="https://baochi.example") as client:
        assert [client.get(EXPORT).status_code for _ in range(3)] == [401, 401, 429]


def test_it_is_sent_in_pieces_packed_and_kept_by_nobody(ask: Any, newsroom: Any, printing: Any) -> None:
    newsroom.story(*(printing(f"Tin {number}") for number in range(60)), published=False)
    answer = ask(**{"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip" and "content-length" not in answer.headers
    assert len(lines(answer)) == 67
    assert answer.headers["cache-control"] == "private, no-cache" and "etag" not in answer.headers


def test_what_was_taken_down_says_so(ask: Any, newsroom: Any, clock: Any) -> None:
    with newsroom.store.write() as session:
        session.get_one(ArticleRow, 2).withdrawn_at = clock[0]
        session.get_one(ArticleRow, 5).source_removed_at = clock[0] - timedelta(hours=1)
    assert [one["id"] for one in lines(ask()) if one["removed_at"]] == [2, 5]
    table = list(csv.DictReader(io.StringIO(ask("format=csv").text)))
    assert {row["id"]: row["removed_at"] for row in table if row["removed_at"]} == {
        "2": "2026-11-22T09:05:00+07:00",
        "5": "2026-11-22T08:05:00+07:00",
    }
