"""The API as programmes meet it: its description, conditional requests, other sites' scripts, hostile requests."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import urlsplit

import jsonschema_rs
import pytest
from fastapi.testclient import TestClient

from search_api.app import create_app
from search_api.limits import RateLimiter

HOUR = timedelta(hours=1)
READING = (
    "articles?q=lu&facets=topic",
    "articles/1",
    "stories",
    "stories/1",
    "stats/timeline",
    "stats/breakdown",
    "stats/compare",
    "sources",
)


@pytest.fixture
def library(newsroom, site, printing, clock):
    newsroom.story(printing("Lũ sông Cầu lên nhanh", at=clock[0] - 3 * HOUR), printing("Lũ lên", "trungdu"))
    newsroom.story(printing("Chưa đăng"), published=False)
    return site


@pytest.fixture
def described(library):
    return library.get("/api/v1/openapi.json").json()


def operations(described):
    for path, item in described["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def validator(described, schema):
    return jsonschema_rs.validator_for({**schema, "components": described["components"]})


def test_every_operation_has_an_example_of_its_answer_that_keeps_to_its_schema(described):
    for name, operation in operations(described):
        for status in {"200", "202"} & operation["responses"].keys():
            content = operation["responses"][status]["content"]
            for media_type, answer in content.items():
                assert "example" in answer or "examples" in answer, (name, media_type)
                if media_type == "application/json" and "schema" in answer:
                    validator(described, answer["schema"]).validate(answer["example"])
        if "requestBody" in operation:
            body = operation["requestBody"]["content"]["application/json"]
            validator(described, body["schema"]).validate(body["example"])
        for parameter in operation.get("parameters", ()):
            if "example" in parameter:
                validator(described, parameter["schema"]).validate(parameter["example"])


def test_every_error_has_an_example_in_the_one_shape(described):
    for name, operation in operations(described):
        assert {"400", "401", "403", "414", "429", "503"} <= operation["responses"].keys(), name
        assert "422" not in operation["responses"], name
        for status, answer in operation["responses"].items():
            if int(status) < 400:
                continue
            assert list(answer["content"]) == ["application/problem+json"], (name, status)
            content = answer["content"]["application/problem+json"]
            for example in content["examples"].values():
                validator(described, content["schema"]).validate(example["value"])
                assert example["value"]["status"] == int(status)
        is_streamed = name == "GET /api/v1/articles/export"
        assert ("304" in operation["responses"]) == (name.startswith("GET") and not is_streamed)


@pytest.mark.parametrize("status", ["400", "401", "403", "404"])
def test_examples_of_errors_are_what_is_answered(library, described, status):
    for example in described["paths"]["/api/v1/articles/{number}/trail"]["get"]["responses"][status]["content"][
        "application/problem+json"
    ]["examples"].values():
        answer = library.get(example["summary"].removeprefix("GET "))
        got = answer.json()
        assert answer.status_code == int(status)
        assert {**got, "request_id": ""} == {**example["value"], "request_id": ""}


def test_who_has_an_answer_is_not_sent_it_again(library, newsroom, printing):
    for path in READING:
        first = library.get(f"/api/v1/{path}")
        tag = first.headers["etag"]
        assert first.headers["cache-control"] == "public, max-age=60", path
        assert {"Accept-Encoding", "Authorization", "Cookie"} <= set(first.headers["vary"].split(", "))
        for known in (tag, tag.removeprefix("W/"), f'"x", {tag}', "*"):
            again = library.get(f"/api/v1/{path}", headers={"If-None-Match": known})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag), path
            assert again.headers["vary"] and again.headers["cache-control"]
            assert "content-type" not in again.headers
        assert library.get(f"/api/v1/{path}", headers={"If-None-Match": '"x"'}).status_code == 200
    tag = library.get("/api/v1/stories").headers["etag"]
    newsroom.story(printing("Tin mới", at=None))
    assert library.get("/api/v1/stories", headers={"If-None-Match": tag}).status_code == 200


def test_what_a_key_reads_is_kept_by_nobody_in_between(library, key, signed_in):
    headers = {"Authorization": f"Bearer {key('read')}"}
    first = library.get("/api/v1/articles", headers=headers)
    assert first.headers["cache-control"] == "private, no-cache" and "Authorization" in first.headers["vary"]
    again = library.get("/api/v1/articles", headers=headers | {"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304 and "ratelimit" in again.headers
    public = library.get("/api/v1/articles", headers={"If-None-Match": first.headers["etag"]})
    assert public.status_code == 200
    assert signed_in("editor").get("/api/v1/articles").headers["cache-control"] == "private, no-store"
    refused = library.get("/api/v1/articles", headers={"Authorization": "Bearer dbtn_x"})
    assert refused.headers["cache-control"] == "no-store"


def test_head_is_get_without_its_body(library):
    for path in READING:
        get, head = library.get(f"/api/v1/{path}"), library.head(f"/api/v1/{path}")
        assert (head.status_code, head.content) == (get.status_code, b"")
        assert head.headers["etag"] == get.headers["etag"]


def test_other_methods_are_refused_and_told_which_there_are(library):
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"):
        for path, allowed in (("articles", {"GET", "POST"}), ("articles/1", {"GET"}), ("stats/timeline", {"GET"})):
            answer = library.request(method, f"/api/v1/{path}")
            assert answer.status_code == 405, (method, path)
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["code"] == "method_not_allowed"
            assert {one.strip() for one in answer.headers["allow"].split(",")} == allowed, (method, path)


def test_a_body_that_is_no_json_is_refused_as_such(library, key):
    headers = {"Authorization": f"Bearer {key('push')}"}
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml", ""):
        answer = library.post("/api/v1/articles", content=b'{"title": "x"}', headers=headers | {"Content-Type": kind})
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type"), kind
        assert answer.headers["content-type"] == "application/problem+json"
    good = headers | {"Content-Type": "application/json; charset=utf-8"}
    assert library.post("/api/v1/articles", content=b'{"title": "x"}', headers=good).status_code == 202


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"x"',
        b"\xff\xfe",
        b'{"title": "\\ud800"}',
        b'{"title": "a\\u0000b"}',
        b'{"title": 1}',
        b'{"title": "x", "date": "2026-11-22"}',
        b'{"title": "x", "date": "9999-12-31T23:59:59-23:59"}',
        b'{"title": "x", "date": "0001-01-01T00:00:00+14:00"}',
        b'{"title": "x", "date": 1e400}',
        b'{"title": "x", "date": NaN}',
        b'{"title": "x", "url": "javascript:alert(1)"}',
        b"[" * 100_000,
    ],
)
def test_hostile_bodies_are_refused_or_taken_as_text(library, key, body):
    headers = {"Authorization": f"Bearer {key('push')}", "Content-Type": "application/json"}
    answer = library.post("/api/v1/articles", content=body, headers=headers)
    assert answer.status_code in (202, 400), answer.text
    if answer.status_code == 400:
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "question",
    [
        "q=%00",
        "q=a%00b&highlight=1",
        "q=%ED%A0%80",
        "q=%FF%FE",
        "source=%00",
        "topic=%ED%A0%80",
        "place=%00&place=0550%D9%A3",
        "story=9223372036854775807",
        "from=%00",
        "from=0001-01-01&to=9999-12-31",
        "size=1e2",
        "size=-1",
        "size=" + "9" * 5000,
        "after=" + "A" * 400,
        "after=%00",
        "after=WzEsImEiLDEsMSwxXQ",
        "facets=topic,topic,topic",
        "q=" + "(" * 900,
        "q=" + "a*+" * 60,
        "sort=relevance&sort=newest",
        "size=5&size=6",
    ],
)
def test_hostile_questions_are_answered_or_refused_in_the_one_shape(library, question):
    for route in ("articles", "stories"):
        answer = library.get(f"/api/v1/{route}?{question}")
        assert answer.status_code in (200, 400), answer.text
        if answer.status_code == 400:
            assert answer.headers["content-type"] == "application/problem+json"
            json.dumps(answer.json()).encode()


def test_a_key_in_the_address_is_no_key_and_in_no_log(library, key, caplog):
    given = key("read")
    with caplog.at_level("DEBUG"):
        answer = library.get(f"/api/v1/articles?access_token={given}")
        library.get("/api/v1/articles", headers={"Authorization": f"Bearer {given}"})
    assert answer.status_code == 400 and answer.json()["code"] == "invalid_parameter"
    assert given not in answer.text
    ours = [record for record in caplog.records if not record.name.startswith("httpx")]
    assert ours and not [record for record in ours if given in json.dumps(record.__dict__, default=str)]


class TestOtherSites:
    """Scripts of any site may read what anybody may read, and no more."""

    @pytest.fixture
    def portal(self, newsroom, site_settings):
        def make(*origins):
            settings = site_settings.model_copy(update={"api_origins": origins})
            limiter = RateLimiter(per_second=1, burst=2, clock=lambda: 0.0)
            app = create_app(settings, newsroom.store, newsroom.index, limiter=limiter)
            return TestClient(app, client=("203.0.113.7", 1), base_url="https://baochi.example")

        return make

    def preflight(self, client, method="GET", headers="if-none-match", path="/api/v1/articles"):
        return client.options(
            path,
            headers={
                "Origin": "https://du-lieu.example",
                "Access-Control-Request-Method": method,
                "Access-Control-Request-Headers": headers,
            },
        )

    def test_reading_is_open_by_default(self, portal):
        client = portal("*")
        answer = client.get("/api/v1/articles", headers={"Origin": "https://du-lieu.example"})
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
        assert "RateLimit" in answer.headers["access-control-expose-headers"]
        assert self.preflight(client).status_code == 200

    def test_errors_can_be_read_too(self, portal):
        client = portal("*")
        for _ in range(2):
            client.get("/api/v1/articles")
        refused = client.get("/api/v1/articles", headers={"Origin": "https://du-lieu.example"})
        assert refused.status_code == 429 and refused.headers["access-control-allow-origin"] == "*"

    def test_neither_keys_nor_writing_nor_other_faces(self, portal):
        client = portal("*")
        assert self.preflight(client, headers="authorization").status_code == 400
        assert self.preflight(client, method="POST").status_code == 400
        page = client.get("/tim-kiem", headers={"Origin": "https://du-lieu.example"})
        assert "access-control-allow-origin" not in page.headers

    def test_only_sites_that_are_named_where_some_are(self, portal):
        client = portal("https://du-lieu.example")
        mine = client.get("/api/v1/articles", headers={"Origin": "https://du-lieu.example"})
        assert mine.headers["access-control-allow-origin"] == "https://du-lieu.example"
        assert "Origin" in mine.headers["vary"] and "Authorization" in mine.headers["vary"]
        other = client.get("/api/v1/articles", headers={"Origin": "https://khac.example"})
        assert "access-control-allow-origin" not in other.headers

    def test_none_where_none_is_wanted(self, portal):
        answer = portal().get("/api/v1/articles", headers={"Origin": "https://du-lieu.example"})
        assert "access-control-allow-origin" not in answer.headers


def test_the_description_names_the_site_and_can_be_kept(library, described):
    assert urlsplit(described["servers"][0]["url"]).netloc == "baochi.example"
    answer = library.get("/api/v1/openapi.json")
    assert answer.headers["cache-control"] == "public, max-age=3600"
    tag = {"If-None-Match": answer.headers["etag"]}
    assert library.get("/api/v1/openapi.json", headers=tag).status_code == 304
