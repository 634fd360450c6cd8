from __future__ import annotations

from datetime import timedelta

import pytest

from search_api.api.schemas import ArticlesOut

HOUR = timedelta(hours=1)


@pytest.fixture
def library(newsroom, site, printing, clock):
    now = clock[0]
    newsroom.story(
        printing("Lũ sông Cầu lên nhanh", at=now - 3 * HOUR, authors=("Lan Anh",)),
        printing("Lũ trên sông Cầu", "trungdu", at=now - 2 * HOUR, reprint_of=0, credit="Theo Báo Sông Cầu"),
        summary="Tóm tắt.",
    )
    newsroom.story(
        printing("Chè được mùa", "xuche", at=now - 30 * HOUR, topics=("nong-nghiep-nong-thon",), places=(), lead="")
    )
    return site


def get(site, path):
    answer = site.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_articles_with_everything_the_public_may_know(library):
    found = get(library, "articles?q=lu&highlight=1&facets=topic,source,place_code&sort=oldest")
    assert found["total"] == 2 and found["next"] is None
    first, second = found["items"]
    assert first["title"] == "Lũ sông Cầu lên nhanh" and first["published_at"] == "2026-11-22T06:05:00+07:00"
    assert first["source"] == {"name": "songcau", "title": "Báo Sông Cầu"} and first["authors"] == ["Lan Anh"]
    assert first["lead"] == "" and second["lead"].startswith("Mực nước")  # by agreement
    assert second["reprint_of"] == first["id"] and second["credit"] == "Theo Báo Sông Cầu"
    assert first["story"] == {"id": 1, "url": "https://baochi.example/tin/1-lu-song-cau-len-nhanh"} == second["story"]
    marked = [piece["text"] for piece in first["highlights"]["title"][0]["pieces"] if piece["match"]]
    assert marked == ["Lũ"]
    assert found["facets"]["topic"] == [
        {"value": "thien-tai-thoi-tiet", "label": "Thiên tai – Thời tiết – Cứu nạn", "count": 2}
    ]
    assert found["facets"]["place_code"] == [{"value": "05503", "label": "xã Tân Cương", "count": 2}]


@pytest.mark.parametrize(
    ("filters", "titles"),
    [
        ("source=trungdu", {"Lũ trên sông Cầu"}),
        ("source=trungdu&source=xuche", {"Lũ trên sông Cầu", "Chè được mùa"}),
        ("topic=nong-nghiep-nong-thon", {"Chè được mùa"}),
        ("place=05503&source=songcau", {"Lũ sông Cầu lên nhanh"}),
        ("place=T%C3%A2n+C%C6%B0%C6%A1ng&source=songcau", {"Lũ sông Cầu lên nhanh"}),
        ("story=2", {"Chè được mùa"}),
        ("entity=Nguy%E1%BB%85n+Th%E1%BB%8B+V%C3%AD+D%E1%BB%A5&source=xuche", {"Chè được mùa"}),
        ("from=2026-11-22", {"Lũ sông Cầu lên nhanh", "Lũ trên sông Cầu"}),
        ("to=2026-11-21", {"Chè được mùa"}),
        ("from=2026-11-22T06:30:00%2B07:00", {"Lũ trên sông Cầu"}),
        ("to=2026-11-21T23:05:00Z&from=2026-11-22", set()),
        ("relevance=marginal", set()),
        ("relevance=relevant&state=published&source=xuche", {"Chè được mùa"}),
        ("q=title:lu+-tr%C3%AAn", {"Lũ sông Cầu lên nhanh"}),
    ],
)
def test_filters(library, filters, titles):
    assert {item["title"] for item in get(library, f"articles?{filters}")["items"]} == titles


def test_cursor_walks_through_everything_once(library):
    seen, after = [], ""
    while True:
        page = get(library, f"articles?size=1&sort=newest{after}")
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == [2, 1, 3]


def test_stories_once_each_and_one_with_its_lineage(library):
    found = get(library, "stories?q=lu")
    assert (found["total"], found["articles"]) == (1, 2)
    story = get(library, "stories/1")
    assert story["summary"] == "Tóm tắt." and story["summary_by"] == ""
    assert (story["outlets"], story["articles"]) == (2, 2)
    assert story["first"] == {"name": "songcau", "title": "Báo Sông Cầu"}
    assert [printing["reprint_of"] for printing in story["printings"]] == [None, 1]
    assert library.get("/api/v1/stories/99").status_code == 404


def test_timeline_in_stories_and_articles(library):
    days = get(library, "stats/timeline?from=2026-11-20&to=2026-11-22")
    assert [(b["start"], b["articles"], b["stories"]) for b in days["buckets"]] == [
        ("2026-11-20", 0, 0),
        ("2026-11-21", 1, 1),
        ("2026-11-22", 2, 1),
    ]
    weeks = get(library, "stats/timeline?unit=week&from=2026-11-11&to=2026-11-22")
    assert [(b["start"], b["end"], b["articles"]) for b in weeks["buckets"]] == [
        ("2026-11-11", "2026-11-15", 0),
        ("2026-11-16", "2026-11-22", 3),
    ]
    months = get(library, "stats/timeline?unit=month&from=2026-10-05&to=2026-11-22&q=lu")
    assert [(b["start"], b["articles"], b["stories"]) for b in months["buckets"]] == [
        ("2026-10-05", 0, 0),
        ("2026-11-01", 2, 1),
    ]
    assert (months["articles"], months["stories"]) == (2, 1)
    assert len(get(library, "stats/timeline")["buckets"]) == 30


def test_a_timeline_too_fine_for_its_period_is_refused(library):
    answer = library.get("/api/v1/stats/timeline?from=2020-01-01")
    assert answer.status_code == 400 and answer.json()["code"] == "too_many_buckets"


def test_breakdown_and_comparison(library):
    parts = get(library, "stats/breakdown?by=source")
    assert [(value["value"], value["articles"], value["stories"]) for value in parts["values"]] == [
        ("songcau", 1, 1),
        ("trungdu", 1, 1),
        ("xuche", 1, 1),
    ]
    assert (parts["articles"], parts["stories"]) == (3, 2)
    both = get(library, "stats/compare?from=2026-11-22&to=2026-11-22")
    assert (both["current"]["articles"], both["current"]["stories"]) == (2, 1)
    assert both["before"] == {"first": "2026-11-21", "last": "2026-11-21", "articles": 1, "stories": 1}


def test_sources_with_their_pulse(library, newsroom):
    items = {item["name"]: item for item in get(library, "sources")["items"]}
    assert items["songcau"]["articles"] == 1 and items["songcau"]["domains"] == ["songcau.vn"]
    before = items["songcau"]["pulse"]
    assert (before["status"], before["reason"], before["last_ok_at"], before["usual"]) == ("new", "", None, None)
    newsroom.poll("songcau", "ok", new_items=2)
    newsroom.poll("trungdu", "failing")
    items = {item["name"]: item for item in get(library, "sources")["items"]}
    assert items["songcau"]["pulse"]["status"] == "ok"
    assert items["songcau"]["pulse"]["last_new_at"] == "2026-11-22T09:05:00+07:00"
    assert items["trungdu"]["pulse"]["status"] == "failing"


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("articles?sort=best", "invalid_parameter"),
        ("articles?size=101", "invalid_parameter"),
        ("articles?topc=x", "invalid_parameter"),
        ("articles?from=soon", "bad_day"),
        ("articles?from=2026-11-22T06:30:00", "bad_day"),
        ("articles?from=9999-12-31", "bad_day"),
        ("articles?from=2026-11-23&to=2026-11-22", "empty_range"),
        ("articles?facets=colour", "invalid_value"),
        ("articles?after=xyz", "bad_cursor"),
        ("articles?story=0", "invalid_parameter"),
        ("articles/0", "invalid_parameter"),
        ("articles/99999999999999999999", "invalid_parameter"),
        ("articles?q=lu+AND", "missing_operand"),
        ("stats/breakdown?by=weight", "invalid_value"),
    ],
)
def test_what_cannot_be_asked_is_one_problem(library, question, code):
    answer = library.get(f"/api/v1/{question}")
    problem = answer.json()
    assert answer.status_code == 400 and answer.headers["content-type"] == "application/problem+json"
    assert problem["code"] == code and problem["status"] == 400 and problem["type"] == f"urn:diembao:problem:{code}"
    assert problem["request_id"] == answer.headers["x-request-id"] and problem["detail"]


def test_a_bad_query_points_at_the_character(library):
    problem = library.get("/api/v1/articles", params={"q": 'lũ "sông Cầu'}).json()
    assert problem["position"] == 3 and problem["caret"] == 'lũ "sông Cầu\n   ^'
    assert problem["detail"] == "Dấu ngoặc kép này chưa được đóng."


def test_openapi_describes_the_routes(library):
    described = library.get("/api/v1/openapi.json").json()
    assert set(described["paths"]) == {
        "/api/v1/articles",
        "/api/v1/articles/export",
        "/api/v1/articles/{number}",
        "/api/v1/articles/{number}/trail",
        "/api/v1/open-data/{table}.{file_format}",
        "/api/v1/pushed/{number}",
        "/api/v1/stories",
        "/api/v1/stories/{number}",
        "/api/v1/stats/timeline",
        "/api/v1/stats/breakdown",
        "/api/v1/stats/compare",
        "/api/v1/sources",
    }
    assert "https://baochi.example" in described["servers"][0]["url"]
    names = {parameter["name"] for parameter in described["paths"]["/api/v1/articles"]["get"]["parameters"]}
    wanted = "q source topic stance relevance place entity from to state flag story sort size after facets highlight"
    assert names == set(wanted.split())


def test_a_list_of_articles_is_what_its_description_says(library):
    for query in ("", "q=lũ&highlight=true&facets=topic,source,place", "size=0", "q=khôngcótừnày"):
        answer = get(library, f"articles?{query}")
        assert ArticlesOut.model_validate(answer).model_dump(mode="json") == answer
