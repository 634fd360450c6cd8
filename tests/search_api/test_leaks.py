"""What anonymous visitors must never get, looked for at every address there is."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from diembao.newsroom.permissions import Actor, Role
from search_api.faces import is_signed_in_face
from search_api.viewer import Viewer, current_viewer

SECRETS = (
    "đoạn toàn văn chỉ dành cho ban biên tập",  # in every text
    "câu chứng cứ bất lợi",
    "Sở Ví Dụ",  # who is accused
    "Nguyễn Thị Ví Dụ",  # persons named in the text
    "lời dẫn chưa được phép",  # lead of an outlet without agreement
    "Tin chưa duyệt",
    "Bài vừa lên",  # within the delay after its source
    "unfavourable",
    "bất lợi",
    "stance_evidence",
    "needs_response",
    "versions",
)
FILLED = {
    "{table}": ("total", "topic", "commune", "outlet"),
    "{file_format}": ("csv", "json"),
    "{number}": ("1", "2", "3"),
    "{address}": ("1-tin-da-dang", "2-tin-chua-duyet", "05503-tan-cuong"),
    "{slug}": ("thien-tai-thoi-tiet",),
    "{folder}": ("desk",),
    "{name}": ("songcau", "trungdu", "section.css"),
    "{day}": ("2026-11-22",),
    "{month}": ("2026-11",),
    "{act}": ("trinh",),
    "{view_id}": ("1",),
    "{format_name}": ("pdf",),
    "{token}": ("1.x",),
}
SEARCHES = (
    "",
    "q=tin&highlight=1&facets=topic,source,place",
    "q=tin&highlight=1",
    "q=%22to%C3%A0n+v%C4%83n%22",
    "q=ch%C6%B0a+duy%E1%BB%87t",
    "q=v%E1%BB%ABa+l%C3%AAn",
    "q=ph%C3%A9p&highlight=1",
    "state=published",
    "so=20",
)
STAFF_ONLY = (
    "stance=unfavourable",
    "flag=source_removed",
    "facets=flag",
    "state=new",
    "state=published&state=new",
    "facets=stance",
    "facets=state",
    "facets=person",
    "facets=entity",
    "facets=topic,stance",
)


@pytest.fixture
def filled(newsroom, site, printing, clock):
    newsroom.story(
        printing("Tin đã đăng", lead="Đây là lời dẫn chưa được phép dùng.", at=clock[0] - timedelta(hours=5)),
        printing("Bài vừa lên", "trungdu", at=clock[0] - timedelta(minutes=10)),
    )
    newsroom.story(printing("Tin chưa duyệt"), published=False)
    return site


def paths_of(routes):
    for route in routes:
        if hasattr(route, "effective_candidates"):
            yield from paths_of(route.effective_candidates())
        else:
            yield route.path


def addresses(site):
    for path in paths_of(site.app.routes):
        if is_signed_in_face(path):
            path = re.sub(r"\{\w+\}", "1", path)  # nobody passes without signing in, whatever stands there
        known = [path]
        for name, values in FILLED.items():
            known = [filled.replace(name, value) for filled in known for value in values]
        yield from known


def test_no_address_tells_what_is_not_public(filled):
    seen = 0
    for path in sorted(set(addresses(filled))):
        assert "{" not in path, f"{path}: a new kind of address, to be filled here"
        if path in ("/api/v1/openapi.json", "/metrics"):
            continue  # they name fields and states, and hold no articles
        for search in SEARCHES:
            # The query is the asker's own; what must not come back is anything beyond it.
            answer = filled.get(f"{path}?{search}")
            assert answer.status_code < 500 and answer.status_code != 429, f"{path}?{search}"
            found = [secret for secret in SECRETS if secret in answer.text]
            assert not found, f"{path}?{search}"
            seen += answer.status_code == 200
    assert seen > 100


def test_what_is_public_is_there(filled):
    for path in (
        "/",
        "/tin/1-tin-da-dang",
        "/api/v1/articles",
        "/api/v1/articles/1",
        "/rss.xml",
        "/feed.json",
        "/nhung",
    ):
        assert "Tin đã đăng" in filled.get(path).text, path


@pytest.mark.parametrize("question", STAFF_ONLY)
def test_asking_by_what_editors_think_is_refused(filled, question):
    for route in ("articles", "stories"):
        if route == "stories" and question.startswith("facets"):
            continue
        answer = filled.get(f"/api/v1/{route}?{question}")
        assert answer.status_code == 403 and answer.json()["code"] == "staff_field"


def test_breakdown_by_stance_and_by_person_is_refused(filled):
    for field in ("stance", "state", "flag", "person"):
        assert filled.get(f"/api/v1/stats/breakdown?by={field}").status_code == 403
    assert filled.get("/api/v1/stats/timeline?stance=neutral").status_code == 403


def test_the_trail_is_for_staff_and_refusal_does_not_tell_what_exists(filled):
    assert filled.get("/api/v1/articles/1/trail").status_code == 401
    assert filled.get("/api/v1/articles/999999/trail").status_code == 401
    lan = Actor("lan", frozenset({Role.EDITOR}))
    filled.app.dependency_overrides[current_viewer] = lambda: Viewer("lan", actor=lan)
    assert filled.get("/api/v1/articles/1/trail").status_code == 403
    assert filled.get("/api/v1/articles/999999/trail").status_code == 403
    filled.app.dependency_overrides[current_viewer] = lambda: Viewer("lan", is_staff=True, actor=lan)
    steps = [step["step"] for step in filled.get("/api/v1/articles/1/trail").json()["steps"]]
    assert "publish" in steps
    assert filled.get("/api/v1/articles/999999/trail").status_code == 404


def test_recalled_stories_disappear_although_the_index_still_has_them(filled, newsroom):
    """The store has the last word: an index that lags must not show what was taken back."""
    newsroom.recall(1)
    for path in ("/", "/tim-kiem?q=tin", "/rss.xml?q=tin", "/nhung?topic=thien-tai-thoi-tiet", "/bao/songcau"):
        assert "Tin đã đăng" not in filled.get(path).text, path
    assert filled.get("/api/v1/articles?q=tin").json()["items"] == []
