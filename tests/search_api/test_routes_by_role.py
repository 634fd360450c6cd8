"""Each route of the faces behind a sign-in, and who may pass: the one table. A route without a row fails.

Written by hand and not out of the permission table, so that a route guarded by the wrong action shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from search_api.app import create_app

ROLES = ("editor", "chief", "analyst", "operator", "admin")
EVERYBODY = frozenset(ROLES)
EDITORS = frozenset({"editor", "chief"})
CHIEF = frozenset({"chief"})
READERS = EDITORS | {"analyst"}
ADMIN = frozenset({"admin"})
AUDITORS = frozenset({"chief", "admin", "operator"})
KEEPERS = frozenset({"operator", "admin"})
# Story 1 exists; person, key and session 999999 do not.
NOBODY = "999999"

DESK = "/ban-bien-tap"
ACCOUNT = f"{DESK}/tai-khoan"
PEOPLE = f"{DESK}/nguoi-dung"
ANALYSIS = "/phan-tich"

# Method, route, what stands for its parameters, who may pass.
Row = tuple[str, str, str, frozenset[str]]
TABLE: tuple[Row, ...] = (
    ("GET", ACCOUNT, "", EVERYBODY),
    ("POST", f"{ACCOUNT}/mat-khau", "", EVERYBODY),
    ("POST", f"{ACCOUNT}/hien-thi", "", EVERYBODY),
    ("POST", f"{ACCOUNT}/phien/{{number}}/ket-thuc", NOBODY, EVERYBODY),
    ("POST", f"{ACCOUNT}/phien/ket-thuc-het", "", EVERYBODY),
    ("POST", f"{ACCOUNT}/hai-buoc", "", EVERYBODY),
    ("GET", f"{ACCOUNT}/hai-buoc", "", EVERYBODY),
    ("GET", f"{ACCOUNT}/hai-buoc/ma-qr.svg", "", EVERYBODY),
    ("POST", f"{ACCOUNT}/hai-buoc/bat", "", EVERYBODY),
    ("POST", f"{ACCOUNT}/hai-buoc/tat", "", EVERYBODY),
    ("GET", PEOPLE, "", ADMIN),
    ("GET", f"{PEOPLE}/them", "", ADMIN),
    ("POST", f"{PEOPLE}/them", "", ADMIN),
    ("GET", f"{PEOPLE}/{{number}}", NOBODY, ADMIN),
    ("POST", f"{PEOPLE}/{{number}}", NOBODY, ADMIN),
    ("POST", f"{PEOPLE}/{{number}}/khoa", NOBODY, ADMIN),
    ("POST", f"{PEOPLE}/{{number}}/mo-khoa", NOBODY, ADMIN),
    ("POST", f"{PEOPLE}/{{number}}/mat-khau-moi", NOBODY, ADMIN),
    ("GET", f"{DESK}/khoa-api", "", EVERYBODY),
    ("POST", f"{DESK}/khoa-api", "", EVERYBODY),
    ("POST", f"{DESK}/khoa-api/{{number}}/thu-hoi", NOBODY, EVERYBODY),
    ("GET", f"{DESK}/nhat-ky", "", AUDITORS),
    ("GET", f"{DESK}/thu-vien", "", KEEPERS),
    ("GET", f"{DESK}/nguon", "", EDITORS | KEEPERS),
    ("GET", DESK, "", READERS),
    ("GET", f"{DESK}/tin/{{story_id}}", "1", READERS),
    ("GET", f"{DESK}/tin-moi", "", READERS),
    ("POST", f"{DESK}/suyt-bo-sot/{{page_id}}/nhan", NOBODY, EDITORS),
    ("POST", f"{DESK}/suyt-bo-sot/{{page_id}}/bo-qua", NOBODY, EDITORS),
    ("GET", f"{DESK}/them", "", EDITORS),
    ("POST", f"{DESK}/them", "", EDITORS),
    ("GET", f"{DESK}/them/{{number}}", NOBODY, EDITORS),
    ("POST", f"{DESK}/them/bang-tay", "", EDITORS),
    ("GET", f"{DESK}/go-bai", "", READERS),
    ("POST", f"{DESK}/go-bai/{{number}}/xong", NOBODY, EDITORS),
    ("POST", f"{DESK}/tin/{{story_id}}/sua", "1", EDITORS),
    ("POST", f"{DESK}/tin/{{story_id}}/theo-may", "1", EDITORS),
    ("POST", f"{DESK}/tin/{{story_id}}/gop", "1", EDITORS),
    ("POST", f"{DESK}/tin/{{story_id}}/tach", "1", EDITORS),
    ("POST", f"{DESK}/tin/{{story_id}}/nhap", "1", EDITORS),
    ("POST", f"{DESK}/tin/{{story_id}}/ghi-chu", "1", EDITORS),
    ("POST", f"{DESK}/tin/{{story_id}}/diem-bao", "1", EDITORS),
    ("POST", f"{DESK}/tin/{{story_id}}/mo", "1", READERS),
    ("POST", f"{DESK}/tin/{{story_id}}/sua", "1", EDITORS),
    ("POST", f"{DESK}/tin/{{story_id}}/theo-may", "1", EDITORS),
    ("POST", f"{DESK}/tin/{{story_id}}/gop", "1", EDITORS),
    ("POST", f"{DESK}/tin/{{story_id}}/tach", "1", EDITORS),
    ("POST", f"{DESK}/tin/{{story_id}}/{{act}}", "1 nhan", EDITORS),
    ("POST", f"{DESK}/hang-loat", "", EDITORS),
    ("POST", f"{DESK}/hoan-tac", "", EDITORS),
    ("POST", f"{DESK}/che-do-xem", "", READERS),
    ("POST", f"{DESK}/che-do-xem/{{view_id}}/bo", NOBODY, READERS),
    ("GET", f"{DESK}/diem-bao", "", READERS),
    ("POST", f"{DESK}/diem-bao", "", EDITORS),
    ("GET", f"{DESK}/diem-bao/{{number}}", NOBODY, READERS),
    ("GET", f"{DESK}/diem-bao/{{number}}/tai/{{format_name}}", f"{NOBODY} docx", READERS),
    ("POST", f"{DESK}/diem-bao/{{number}}/{{act}}", f"{NOBODY} sua", EDITORS),
    ("GET", f"{DESK}/danh-sach-gui", "", CHIEF | ADMIN),
    ("POST", f"{DESK}/danh-sach-gui", "", CHIEF | ADMIN),
    ("GET", f"{DESK}/danh-sach-gui/{{number}}", NOBODY, CHIEF | ADMIN),
    ("POST", f"{DESK}/danh-sach-gui/{{number}}/lich", NOBODY, CHIEF | ADMIN),
    ("POST", f"{DESK}/danh-sach-gui/{{number}}/them", NOBODY, CHIEF | ADMIN),
    ("POST", f"{DESK}/danh-sach-gui/{{number}}/bo", NOBODY, CHIEF | ADMIN),
    ("GET", ANALYSIS, "", READERS),
    ("GET", f"{ANALYSIS}/bieu-do/{{name}}", "nhip.svg", READERS),
    ("GET", f"{ANALYSIS}/tim-kiem", "", READERS),
    ("GET", f"{ANALYSIS}/so-sanh", "", READERS),
    ("GET", f"{ANALYSIS}/goi-y", "", READERS),
    ("GET", f"{ANALYSIS}/xuat/{{kind}}", "csv", READERS),
    ("GET", f"{ANALYSIS}/giao-ban", "", READERS),
    ("GET", f"{ANALYSIS}/giao-ban/tai/{{name}}", "xlsx", READERS),
    ("GET", f"{ANALYSIS}/giao-ban/dang-truoc", "", READERS),
    ("GET", f"{ANALYSIS}/giao-ban/van-de", "", READERS),
    ("GET", f"{ANALYSIS}/giao-ban/van-de/{{story_id}}", "1", READERS),
    ("POST", f"{ANALYSIS}/giao-ban/van-de/{{story_id}}", "1", READERS),
    ("GET", f"{ANALYSIS}/da-luu", "", READERS),
    ("POST", f"{ANALYSIS}/da-luu", "", READERS),
    ("GET", f"{ANALYSIS}/da-luu/{{number}}", NOBODY, READERS),
    ("POST", f"{ANALYSIS}/da-luu/{{number}}/sua", NOBODY, READERS),
    ("POST", f"{ANALYSIS}/da-luu/{{number}}/xoa", NOBODY, READERS),
    ("POST", f"{ANALYSIS}/da-luu/{{number}}/chuyen", NOBODY, READERS),
    ("GET", f"{ANALYSIS}/da-luu/{{number}}/theo-doi", NOBODY, READERS),
    ("POST", f"{ANALYSIS}/da-luu/{{number}}/rss", NOBODY, READERS),
    ("POST", f"{ANALYSIS}/da-luu/{{number}}/rss/bo", NOBODY, READERS),
    ("POST", f"{ANALYSIS}/da-luu/{{number}}/thu", NOBODY, READERS),
    ("GET", f"{ANALYSIS}/canh-bao", "", READERS),
    ("POST", f"{ANALYSIS}/canh-bao", "", READERS),
    ("GET", f"{ANALYSIS}/canh-bao/tao", "", READERS),
    ("GET", f"{ANALYSIS}/canh-bao/{{number}}", NOBODY, READERS),
    ("GET", f"{ANALYSIS}/canh-bao/{{number}}/sua", NOBODY, READERS),
    ("POST", f"{ANALYSIS}/canh-bao/{{number}}/sua", NOBODY, READERS),
    ("POST", f"{ANALYSIS}/canh-bao/{{number}}/tam-dung", NOBODY, READERS),
    ("POST", f"{ANALYSIS}/canh-bao/{{number}}/xoa", NOBODY, READERS),
    ("POST", f"{ANALYSIS}/canh-bao/{{number}}/tat-tin", NOBODY, READERS),
    ("POST", f"{ANALYSIS}/canh-bao/{{number}}/bat-tin", NOBODY, READERS),
    ("POST", f"{ANALYSIS}/canh-bao/{{number}}/khoa", NOBODY, READERS),
    ("POST", f"{ANALYSIS}/canh-bao/{{number}}/goi-thu", NOBODY, READERS),
    ("POST", f"{ANALYSIS}/canh-bao/{{number}}/thu", NOBODY, READERS),
)
# Before there is somebody to have a role: signing in (and out, which an ended session may do too).
FOR_GUESTS = {
    ("GET", f"{DESK}/dang-nhap"),
    ("POST", f"{DESK}/dang-nhap"),
    ("GET", f"{DESK}/dang-nhap/ma-xac-nhan"),
    ("POST", f"{DESK}/dang-nhap/ma-xac-nhan"),
    ("POST", f"{DESK}/dang-xuat"),
    ("GET", f"{DESK}/dang-nhap/chung"),
    ("GET", f"{DESK}/dang-nhap/chung/ve"),
    # Who reads a letter leaves it without signing in: the link is the proof.
    ("GET", f"{ANALYSIS}/thoi-nhan-thu/{{token}}"),
    ("POST", f"{ANALYSIS}/thoi-nhan-thu/{{token}}"),
    ("GET", f"{ANALYSIS}/canh-bao/thoi-nhan-thu/{{token}}"),
    ("POST", f"{ANALYSIS}/canh-bao/thoi-nhan-thu/{{token}}"),
}


def signed_in_routes(app: Any) -> Iterator[tuple[str, str]]:
    def all_of(routes: Any) -> Iterator[Any]:
        for route in routes:
            if hasattr(route, "effective_candidates"):
                yield from all_of(route.effective_candidates())
            else:
                yield route

    for route in all_of(app.routes):
        if route.path.startswith((DESK, ANALYSIS)):
            yield from ((method, route.path) for method in route.methods - {"HEAD"})


def address(route: str, filled: str) -> str:
    for value in filled.split():
        before, _, rest = route.partition("{")
        route = before + value + rest.partition("}")[2]
    return route


def ids(row: Row) -> str:
    return f"{row[0]} {row[1]}{' as ' + row[2] if row[2] else ''}"


def test_every_route_has_a_row_and_every_row_a_route(settings):
    known = {(method, route) for method, route, _, _ in TABLE} | FOR_GUESTS
    assert set(signed_in_routes(create_app(settings))) == known


@pytest.fixture
def site_with_a_story(site, newsroom, printing):
    newsroom.story(printing("Tin một"), published=False)
    return site


@pytest.mark.parametrize(("method", "route", "filled", "roles"), TABLE, ids=[ids(row) for row in TABLE])
def test_who_may_pass(site_with_a_story, signed_in, method, route, filled, roles):
    path = address(route, filled)
    for role in ROLES:
        answer = signed_in(role).get(path) if method == "GET" else signed_in(role).post(path)
        refused = answer.status_code == 403
        assert answer.status_code not in (401, 405), (role, answer.status_code)
        assert "/dang-nhap" not in answer.headers.get("location", ""), role
        assert refused == (role not in roles), (role, answer.status_code, answer.text[-600:])


@pytest.mark.parametrize(("method", "route", "filled", "roles"), TABLE, ids=[ids(row) for row in TABLE])
def test_who_has_not_signed_in_is_sent_to_do_so(site_with_a_story, method, route, filled, roles):
    path = address(route, filled)
    site: TestClient = site_with_a_story
    if method == "GET":
        answer = site.get(path, follow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/ban-bien-tap/dang-nhap?next=%2F")
        assert site.get(path, headers={"X-Requested-With": "fetch"}).status_code == 401
    else:
        assert site.post(path, follow_redirects=False).status_code == 401


@pytest.mark.parametrize(
    ("method", "route", "filled", "roles"),
    [row for row in TABLE if row[0] != "GET"],
    ids=[ids(row) for row in TABLE if row[0] != "GET"],
)
def test_what_changes_something_needs_the_token_of_its_session(
    site_with_a_story, signed_in, method, route, filled, roles
):
    """Another site can make a browser send a form, cookie included, but does not know the token."""
    path, role = address(route, filled), sorted(roles)[0]
    mine, other = signed_in(role), signed_in(role, name="nguoi.khac")
    assert mine.post(path, headers={"X-CSRF-Token": ""}).status_code == 403
    assert mine.post(path, headers={"X-CSRF-Token": other.csrf}).status_code == 403
    bare = TestClient.post(mine, path, data={"csrf": "x"})
    assert bare.status_code == 403
    assert TestClient.post(mine, path, data={"csrf": mine.csrf}).status_code not in (401, 403)
