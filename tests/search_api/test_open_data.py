"""Open data: counts of what is published, for everybody, equal to the figures of `stats`, and nothing else."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from typing import Any

import jsonschema_rs
import pytest
from fastapi.testclient import TestClient
from selectolax.lexbor import LexborHTMLParser

from diembao.records import PlaceMention
from search_api import open_data
from search_api.app import create_app
from search_api.limits import RateLimiter
from search_api.open_data import FORMS, Table

FILES = "/api/v1/open-data"
QUYET_THANG = PlaceMention("Quyết Thắng", "05455", "unit", "phường Quyết Thắng")
TAN_CUONG = PlaceMention("Tân Cương", "05503", "unit", "xã Tân Cương")
BY = {"topic": "topic", "commune": "place_code", "outlet": "source"}


@pytest.fixture
def newsroom(newsroom: Any, index: Any) -> Any:
    """The newsroom of the other tests on the engine of this one."""
    newsroom.index = index
    return newsroom


@pytest.fixture
def library(newsroom: Any, site: Any, printing: Any, clock: Any) -> Any:
    """Three published stories over eleven days, the first of them on two days; one without a time, fetched today;
    one that is not published."""
    now = clock[0]
    newsroom.story(
        printing("Lũ sông Cầu", at=now - timedelta(hours=5), places=(QUYET_THANG, TAN_CUONG)),
        printing("Lũ lên", "trungdu", at=now - timedelta(hours=4)),
        printing("Trước lũ", "xuche", at=now - timedelta(days=1), topics=("thien-tai-thoi-tiet", "giao-thong")),
    )
    # 00:30 in Viet Nam is still the day before in UTC.
    newsroom.story(printing("Nửa đêm", at=now.replace(hour=17, minute=30) - timedelta(days=11), topics=("van-hoa",)))
    newsroom.story(printing("Không ngày", at=None))
    newsroom.story(printing("=Chưa đăng", "xuche", at=now - timedelta(days=40)), published=False)
    return site


def table(client: Any, name: str, question: str = "") -> list[dict[str, str]]:
    answer = client.get(f"{FILES}/{name}.csv?{question}")
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_days_are_those_of_viet_nam_and_the_total_has_every_one(library: Any) -> None:
    rows = table(library, "total")
    assert [row["day"] for row in rows] == [str(date(2026, 11, 12) + timedelta(days=n)) for n in range(11)]
    assert (rows[0]["stories"], rows[0]["articles"]) == ("1", "1")
    assert (rows[1]["stories"], rows[1]["articles"]) == ("0", "0")
    assert (rows[-2]["stories"], rows[-2]["articles"]) == ("1", "1")
    assert (rows[-1]["stories"], rows[-1]["articles"]) == ("2", "3")


def test_rows_are_by_day_and_code_with_names_people_know(library: Any) -> None:
    assert [tuple(row.values()) for row in table(library, "commune")] == [
        ("2026-11-12", "05503", "xã Tân Cương", "1", "1"),
        ("2026-11-21", "05503", "xã Tân Cương", "1", "1"),
        ("2026-11-22", "05455", "phường Quyết Thắng", "1", "1"),
        ("2026-11-22", "05503", "xã Tân Cương", "2", "3"),
    ]
    assert ("2026-11-21", "xuche", "Tạp chí Xứ Chè", "1", "1") in [tuple(r.values()) for r in table(library, "outlet")]
    topics = [(row["topic"], row["topic_name"]) for row in table(library, "topic", "from=2026-11-22")]
    assert topics == [("thien-tai-thoi-tiet", "Thiên tai – Thời tiết – Cứu nạn")]


@pytest.mark.parametrize("name", list(BY))
def test_numbers_are_those_of_stats(library: Any, name: str) -> None:
    """Each row, and each day."""
    column = FORMS[Table(name)].columns[1]
    by_day: dict[str, dict[str, tuple[int, int]]] = {}
    for row in table(library, name):
        by_day.setdefault(row["day"], {})[row[column]] = (int(row["stories"]), int(row["articles"]))
    timeline = library.get("/api/v1/stats/timeline?from=2026-11-10&to=2026-11-22").json()
    totals = {row["day"]: (int(row["stories"]), int(row["articles"])) for row in table(library, "total")}
    for bucket in timeline["buckets"]:
        day = bucket["start"]
        assert totals.get(day, (0, 0)) == (bucket["stories"], bucket["articles"])
        counted = library.get(f"/api/v1/stats/breakdown?by={BY[name]}&from={day}&to={day}&size=50").json()
        assert by_day.get(day, {}) == {
            value["value"]: (value["stories"], value["articles"]) for value in counted["values"]
        }


@pytest.mark.parametrize("name", [one.value for one in Table])
def test_csv_and_json_say_the_same_by_columns_that_do_not_change(library: Any, name: str) -> None:
    plain, marked = library.get(f"{FILES}/{name}.csv"), library.get(f"{FILES}/{name}.csv?bom=1")
    assert plain.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert plain.headers["content-disposition"] == f'inline; filename="thai-nguyen-{name}.csv"'
    assert marked.content == b"\xef\xbb\xbf" + plain.content
    columns = plain.text.splitlines()[0].split(",")
    assert (
        columns
        == {
            "total": ["day", "stories", "articles"],
            "topic": ["day", "topic", "topic_name", "stories", "articles"],
            "commune": ["day", "commune_code", "commune_name", "stories", "articles"],
            "outlet": ["day", "outlet", "outlet_name", "stories", "articles"],
        }[name]
    )
    answer = library.get(f"{FILES}/{name}.json")
    content = answer.json()
    assert [[str(value) for value in row.values()] for row in content["rows"]] == [
        list(row.values()) for row in table(library, name)
    ]
    assert (content["first"], content["last"]) == ("2026-11-12", "2026-11-22")
    assert content["licence"] == "CC BY 4.0" and content["publisher"] == "Trung tâm Thông tin tỉnh"
    described = library.get("/api/v1/openapi.json").json()
    schema = {"$ref": "#/components/schemas/OpenDataOut", "components": described["components"]}
    jsonschema_rs.validator_for(schema).validate(content)


def test_only_what_is_published_and_none_of_its_words(library: Any, signed_in: Any) -> None:
    for client in (library, signed_in("chief")):
        for name in Table:
            for suffix in ("csv", "json"):
                text = client.get(f"{FILES}/{name}.{suffix}").text
                assert "2026-10-1" not in text and "Lũ" not in text and "unfavourable" not in text, (name, suffix)


@pytest.mark.parametrize(
    ("question", "days"),
    [
        ("from=2026-11-21", ["2026-11-21", "2026-11-22"]),
        ("to=12/11/2026", ["2026-11-12"]),
        ("from=2026-11-22&to=2030-01-01", ["2026-11-22"]),
        ("from=2027-01-01", []),
        ("to=1999-01-01", []),
    ],
)
def test_some_of_the_days(library: Any, question: str, days: list[str]) -> None:
    assert [row["day"] for row in table(library, "total", question)] == days
    assert [row["day"] for row in library.get(f"{FILES}/total.json?{question}").json()["rows"]] == days


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("total.csv?from=soon", 400, "bad_day"),
        ("total.csv?from=0000-01-01", 400, "bad_day"),
        ("total.json?from=2026-11-22&to=2026-11-01", 400, "empty_range"),
        ("total.csv?since=2026-11-01", 400, "invalid_parameter"),
        ("stance.csv", 400, "invalid_parameter"),
        ("total.xlsx", 400, "invalid_parameter"),
        ("total", 404, ""),
    ],
)
def test_what_there_is_not_is_refused_in_the_one_shape(library: Any, path: str, status: int, code: str) -> None:
    answer = library.get(f"{FILES}/{path}")
    assert answer.status_code == status and answer.headers["content-type"] == "application/problem+json"
    assert not code or answer.json()["code"] == code


def test_without_anything_published_the_tables_are_empty(site: Any) -> None:
    for name in Table:
        assert table(site, name) == []
        content = site.get(f"{FILES}/{name}.json").json()
        assert (content["rows"], content["first"], content["last"]) == ([], None, None)
    assert "Chưa có tin nào được đăng" in site.get("/du-lieu-mo").text


def test_a_table_is_kept_for_the_hour_and_made_anew_in_the_next(
    library: Any, newsroom: Any, printing: Any, clock: Any
) -> None:
    first = library.get(f"{FILES}/total.csv")
    assert first.headers["cache-control"] == "public, max-age=3300"  # until the hour is full
    again = library.get(f"{FILES}/total.csv", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    newsroom.story(printing("Tin mới", at=clock[0] - timedelta(hours=3)))
    assert library.get(f"{FILES}/total.csv").text == first.text
    clock[0] += timedelta(hours=1)
    changed = library.get(f"{FILES}/total.csv", headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200 and changed.text.splitlines()[-1] == "2026-11-22,3,4"


def test_many_days_of_many_values_are_counted_in_parts(
    library: Any, newsroom: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index counts only so many cells at once."""
    whole = {name: table(library, name) for name in BY}
    asked: list[int] = []
    monkeypatch.setattr(open_data, "MAX_CELLS", 5)
    counts = newsroom.index.counts

    def counting(query: Any, by: Any = (), over: Any = None) -> Any:
        asked.append((query.published_to - query.published_from).days)
        return counts(query, by, over)

    monkeypatch.setattr(newsroom.index, "counts", counting)
    for name, rows in whole.items():
        assert table(library, name, "from=2000-01-01") == rows
    assert min(asked) < 5 and len(asked) > 9


def test_a_machine_that_asks_without_rest_is_held_back(newsroom: Any, site_settings: Any, clock: Any) -> None:
    limiter = RateLimiter(per_second=1, burst=30, clock=lambda: 0.0)
    app = create_app(site_settings, newsroom.store, newsroom.index, now=lambda: clock[0], limiter=limiter)
    with TestClient(app, client=("203.0.113.7", 1), base_url="https://baochi.example") as client:
        answers = [client.get(f"{FILES}/total.csv").status_code for _ in range(5)]
        assert answers == [200, 200, 200, 429, 429]
        # A header that is no key does not open a way round.
        for path in (f"{FILES}/total.csv", "/api/v1/sources", "/api/v1/openapi.json"):
            assert client.get(path, headers={"Authorization": "Bearer nein"}).status_code in (401, 429), path


def test_a_key_pays_for_what_everybody_may_read(library: Any, key: Any) -> None:
    headers = {"Authorization": f"Bearer {key('read')}"}
    left = []
    for path in (f"{FILES}/total.csv", f"{FILES}/topic.json", "/api/v1/sources", "/api/v1/openapi.json"):
        answer = library.get(path, headers=headers)
        assert answer.status_code == 200
        left.append(int(answer.headers["ratelimit"].split("r=")[1].split(";")[0]))
    assert left == [999_999, 999_998, 999_997, 999_996]


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_the_page_tells_people_and_search_engines_the_same(library: Any, prefix: str) -> None:
    answer = library.get(f"{prefix}/du-lieu-mo")
    page = LexborHTMLParser(answer.text)
    dataset = json.loads(page.css_first('script[type="application/ld+json"]').text())
    assert dataset["@type"] == "Dataset" and dataset["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert dataset["temporalCoverage"] == "2026-11-12/2026-11-22"
    assert dataset["url"] == f"https://baochi.example{prefix}/du-lieu-mo"
    assert 50 <= len(dataset["description"]) <= 5000
    shown = [link.attributes["href"] for link in page.css(".tables a")]
    assert len(shown) == 12
    for one in (*shown, *(part["contentUrl"] for part in dataset["distribution"])):
        answer = library.get(one)
        assert answer.status_code == 200
    for part in dataset["distribution"]:
        assert library.get(part["contentUrl"]).headers["content-type"].partition(";")[0] == part["encodingFormat"]
    for name, form in FORMS.items():
        assert f"{FILES}/{name.value}.csv" in shown
        assert set(form.columns) <= {code.text() for code in page.css(".column-names code")}
    assert page.css_first("a[rel=license]").attributes["href"] == dataset["license"]
    example = page.css("code")[-1].text()
    assert example.startswith("https://baochi.example/api/") and library.get(example).status_code == 200


def test_it_is_found_from_every_page_and_by_search_engines(library: Any) -> None:
    assert 'href="/du-lieu-mo"' in library.get("/").text and 'href="/en/du-lieu-mo"' in library.get("/en/").text
    assert "<loc>https://baochi.example/du-lieu-mo</loc>" in library.get("/sitemap.xml").text
    assert "Allow: /api/v1/open-data/" in library.get("/robots.txt").text
