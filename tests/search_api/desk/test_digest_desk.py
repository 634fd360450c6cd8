"""Điểm báo at the desk and in public: made, arranged, approved, published; what each face shows and hides."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from diembao.newsroom.digests import lists
from diembao.newsroom.permissions import Actor, Role
from diembao.newsroom.seal import Seal
from diembao.records import Stance
from diembao.store import mailing
from diembao.store.models import DigestRow, RecipientRow, StoryRow

CHIEF = Actor("minh", frozenset({Role.CHIEF}))


@pytest.fixture
def two_stories(newsroom: Any, printing: Any, clock: Any) -> tuple[int, int]:
    now = clock[0]
    first = newsroom.story(
        printing("Lũ lên nhanh trên sông Cầu", at=now - timedelta(hours=5), stance=Stance.UNFAVOURABLE),
        headline="Lũ lên nhanh trên sông Cầu",
        summary="Hai phường đã sơ tán.",
    )
    second = newsroom.story(
        printing("Đội bóng thắng trận", at=now - timedelta(hours=4), topics=("the-thao",)), summary="Thắng 2–0."
    )
    clock[0] = now + timedelta(minutes=1)
    return first, second


def revision(page: str) -> str:
    found = re.search(r'name="revision" value="(\d+)"', page)
    assert found
    return found[1]


def made(client: Any, **fields: str) -> str:
    """A draft's address."""
    answer = client.post("/ban-bien-tap/diem-bao", data={"kind": "daily", "audience": "public", **fields})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def act(client: Any, address: str, name: str, **fields: str) -> Any:
    current = revision(client.get(address).text)
    return client.post(f"{address}/{name}", data={"revision": current, **fields})


def test_from_one_key_to_the_public_page(site: Any, signed_in: Any, two_stories: Any) -> None:
    editor, chief = signed_in("editor"), signed_in("chief", name="minh")
    assert "Chưa có bản điểm báo nào" in site.get("/diem-bao").text
    address = made(editor)
    page = editor.get(address).text
    assert "Lũ lên nhanh trên sông Cầu" in page and "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in page
    assert act(editor, address, "trinh").status_code == 303
    assert act(editor, address, "duyet").status_code == 403, "an editor does not approve"
    assert act(chief, address, "duyet").status_code == 303
    assert "Bản này đã được duyệt" in chief.get(address).text
    assert act(chief, address, "dang").status_code == 303
    public = site.get("/diem-bao/2026-11-22")
    assert public.status_code == 200
    assert "Lũ lên nhanh trên sông Cầu" in public.text and "Hai phường đã sơ tán." in public.text
    assert "Bất lợi" not in public.text and "Đánh giá" not in public.text
    assert "Điểm báo số 1" in site.get("/diem-bao").text and "Điểm báo ngày, 22/11/2026" in site.get("/").text
    assert site.get("/en/diem-bao/2026-11-22").status_code == 200
    assert "/diem-bao/2026-11-22" in site.get("/sitemap.xml").text
    for feed in ("/rss.xml", "/atom.xml", "/feed.json"):
        assert "Điểm báo số 1: Thông tin báo chí" in site.get(feed).text
        assert "Điểm báo số 1" not in site.get(f"{feed}?q=lũ").text, "a filtered feed holds what was asked for"
    picture = re.search(r'og:image" content="https://baochi.example([^"]+)"', public.text)
    assert picture and site.get(picture[1]).content.startswith(b"\x89PNG")


def test_what_is_withdrawn_leaves_a_tombstone_on_the_public_page(
    site: Any, signed_in: Any, newsroom: Any, two_stories: Any
) -> None:
    chief = signed_in("chief")
    address = made(chief)
    act(chief, address, "duyet")
    act(chief, address, "dang")
    assert "Lũ lên nhanh" in site.get("/diem-bao/2026-11-22").text
    with newsroom.store.write() as session:
        session.get_one(StoryRow, two_stories[0]).state = "withdrawn"
        from diembao.store import audit

        audit.record(session, actor="minh", action="withdraw", object_kind="story", object_id=two_stories[0],
                     at=chief_now(session, address))  # fmt: skip
    after = site.get("/diem-bao/2026-11-22").text
    assert "Lũ lên nhanh" not in after and "Hai phường" not in after and "Tin này đã được gỡ." in after


def chief_now(session: Any, address: str) -> Any:
    return session.get_one(DigestRow, int(address.rpartition("/")[2])).updated_at


def test_drafts_and_internal_digests_are_nobodys_business(site: Any, signed_in: Any, two_stories: Any) -> None:
    chief = signed_in("chief")
    address = made(chief, audience="internal")
    assert site.get("/diem-bao/2026-11-22").status_code == 404
    act(chief, address, "duyet")
    assert act(chief, address, "dang").status_code == 303
    assert "Bản nội bộ không đăng công khai được" in chief.get(address).text
    assert site.get("/diem-bao/2026-11-22").status_code == 404
    assert site.get(f"{address}/tai/pdf", follow_redirects=False).status_code == 303


@pytest.mark.parametrize("name, begins", [("docx", b"PK"), ("pdf", b"%PDF"), ("html", b"<!doctype"), ("xlsx", b"PK")])
def test_downloads(signed_in: Any, two_stories: Any, name: str, begins: bytes) -> None:
    editor = signed_in("editor")
    answer = editor.get(f"{made(editor)}/tai/{name}")
    assert answer.content.startswith(begins) and "attachment" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"


def test_a_lost_race_is_told_and_nothing_is_overwritten(signed_in: Any, two_stories: Any) -> None:
    first, second = signed_in("editor"), signed_in("editor", name="hoa")
    address = made(first)
    seen = revision(second.get(address).text)
    act(first, address, "mo-ta", intro="Mở đầu của Lan", form="text", hide_empty="1")
    lost = second.post(f"{address}/mo-ta", data={"revision": seen, "intro": "Của Hoa", "form": "text"})
    assert lost.status_code == 303
    page = second.get(address).text
    assert "vừa được người khác sửa" in page and "Mở đầu của Lan" in page and "Của Hoa" not in page


def test_hostile_words_stay_words(signed_in: Any, two_stories: Any) -> None:
    editor = signed_in("editor")
    address = made(editor)
    item = re.search(r'data-item="(\d+)"', editor.get(address).text)
    assert item
    act(editor, address, "sua", item=item[1], headline="<script>alert(1)</script>", summary="a\n<img src=x>")
    page = editor.get(address).text
    assert "<script>alert" not in page and "<img src=x>" not in page and "&lt;script&gt;" in page
    file = editor.get(f"{address}/tai/html").text
    assert "<script>alert" not in file and "<img src=x>" not in file
    act(editor, address, "mo-ta", form="table")
    assert "<img src=x>" not in editor.get(f"{address}/tai/html").text


@pytest.mark.parametrize("name", ["khong-co", "xep", "gui", "thu", "bo", "them"])
def test_nonsense_is_refused_in_words(signed_in: Any, two_stories: Any, name: str) -> None:
    chief = signed_in("chief")
    address = made(chief)
    answer = act(chief, address, name, item="x", story="9" * 30, order="a:1;;b", delivery="-1")
    assert answer.status_code in (303, 404)
    assert chief.get(address).status_code == 200


def test_lists_are_kept_by_who_may(signed_in: Any) -> None:
    assert signed_in("editor").get("/ban-bien-tap/danh-sach-gui").status_code == 403
    chief = signed_in("chief")
    answer = chief.post(
        "/ban-bien-tap/danh-sach-gui",
        data={"name": "Lãnh đạo tỉnh", "at": "07:30", "kind": ["daily"], "weekday": ["0", "4"]},
    )
    address = answer.headers["location"]
    chief.post(f"{address}/them", data={"email": "lanh.dao@tinh.example", "name": "Ông Ví Dụ"})
    assert "lanh.dao@tinh.example" in chief.get(address).text
    chief.post(f"{address}/them", data={"email": "khong phai dia chi"})
    assert "Địa chỉ thư điện tử chưa đúng" in chief.get(address).text
    assert "Tự gửi lúc 07:30: Thứ Hai, Thứ Sáu" in chief.get("/ban-bien-tap/danh-sach-gui").text


def test_sending_queues_and_leaving_takes_two_steps_or_one_click(
    site: Any, signed_in: Any, newsroom: Any, site_settings: Any, clock: Any, two_stories: Any
) -> None:
    chief = signed_in("chief")
    with newsroom.store.write() as session:
        made_list = lists.make_list(session, "Độc giả", "public", ["daily"], None, [], CHIEF, clock[0])
        reader = lists.add_recipient(session, made_list.id, "doc.gia@x.vn", "", CHIEF, clock[0])
    address = made(chief)
    act(chief, address, "duyet")
    act(chief, address, "gui", list=str(made_list.id))
    assert "Đã xếp 1 thư chờ gửi" in chief.get(address).text
    with newsroom.store.read() as session:
        assert len(mailing.deliveries(session, int(address.rpartition("/")[2]))) == 1
    link = lists.unsubscribe_address(site_settings, Seal(site_settings.signing_key), reader.id, reader.email)
    path = link.removeprefix("https://baochi.example")
    assert "sẽ dừng" in site.get(path).text
    with newsroom.store.read() as session:
        assert session.get_one(RecipientRow, reader.id).state == "active", "opening the link does nothing"
    assert site.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    with newsroom.store.read() as session:
        assert session.get_one(RecipientRow, reader.id).state == "unsubscribed"
    assert site.get(path[:-4]).status_code == 404


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_the_builder_by_keyboard_and_by_mouse(desk_page: Any, newsroom: Any, printing: Any, clock: Any) -> None:
    now = clock[0]
    for name in ("Tin một", "Tin hai", "Tin ba"):
        newsroom.story(printing(name, at=now - timedelta(hours=4)), headline=name, summary="Tóm tắt.")
    clock[0] = now + timedelta(minutes=1)
    page = desk_page("editor")
    page.goto("/ban-bien-tap/diem-bao")
    page.get_by_role("button", name="Lập từ tin đã duyệt").click()
    order = "() => [...document.querySelectorAll('[data-handle]')].map(one => one.textContent)"
    number = "replace(/^\\d+\\. /, '')"
    paper = f"() => [...document.querySelectorAll('.paper .sheet-item')].map(one => one.textContent.{number})"
    before = page.evaluate(order)
    page.get_by_role("link", name=before[2], exact=True).first.focus()
    page.keyboard.press("Alt+ArrowUp")
    _wait(page, lambda: page.evaluate(order)[1] == before[2])
    assert page.evaluate("document.activeElement.textContent") == before[2], "the focus stays on the item that moved"
    page.keyboard.press("Alt+ArrowUp")
    _wait(page, lambda: page.evaluate(order)[0] == before[2])
    assert page.evaluate(paper) == page.evaluate(order), "the page beside the list shows the same order"
    lines = page.locator("[data-item]")
    lines.nth(0).drag_to(lines.nth(2), target_position={"x": 40, "y": 40})
    _wait(page, lambda: page.evaluate(order)[0] != before[2])
    page.wait_for_load_state("networkidle")
    page.reload()
    assert page.evaluate(order)[0] == before[0]


def _wait(page: Any, reached: Any) -> None:
    """The pages allow no evaluated strings, so the browser cannot be asked to wait by itself."""
    for _ in range(100):
        if reached():
            return
        page.wait_for_timeout(50)
    raise AssertionError("what was waited for did not come")


@pytest.mark.browser
@pytest.mark.timeout(300)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_pages_fit_and_are_accessible(
    desk_page: Any, newsroom: Any, printing: Any, clock: Any, width: int, scheme: str, tmp_path: Any, request: Any
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    now = clock[0]
    long = ("Ủy ban nhân dân tỉnh ban hành kế hoạch cải tạo, nâng cấp hệ thống thoát nước đô thị " * 3)[:180]
    for place, name in enumerate([long, "Lũ lên nhanh", "Đội bóng thắng trận"]):
        newsroom.story(
            printing(name, at=now - timedelta(hours=4), topics=("the-thao" if place == 2 else "thien-tai-thoi-tiet",)),
            headline=name,
            summary="" if place == 1 else "Hai phường ven sông đã sơ tán xong trong đêm. Không có thiệt hại về người.",
        )
    clock[0] = now + timedelta(minutes=1)
    page = desk_page("chief", width=width, scheme=scheme)
    page.goto("/ban-bien-tap/diem-bao")
    page.get_by_label("Mẫu trình bày").select_option("table" if scheme == "dark" else "text")
    page.get_by_role("button", name="Lập từ tin đã duyệt").click()
    page.wait_for_selector(".paper")
    builder = page.url
    _look(page, Axe(), builder, request)
    for path in ("/ban-bien-tap/diem-bao", "/ban-bien-tap/danh-sach-gui"):
        page.goto(path)
        _look(page, Axe(), path, request)


def _look(page: Any, axe: Any, path: str, request: Any) -> None:
    import os

    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/{request.node.name}-{path.rpartition('/')[2]}.png", full_page=True)
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0, f"{path} is {wider} px too wide"
    found = axe.run(page).response["violations"]
    assert not found, (path, [(fault["id"], fault["nodes"][0]["html"]) for fault in found])
