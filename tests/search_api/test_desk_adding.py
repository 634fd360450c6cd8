"""Adding articles, near misses, the takedown log: as pages and forms."""

from __future__ import annotations

from datetime import timedelta

import pytest

from diembao.records import FeedHints
from diembao.store import near_misses, pages
from diembao.store.models import ArticleRequestRow, LabelRow, NearMissRow, PageRow, TakedownRow
from diembao.store.pages import FoundLink

DESK = "/ban-bien-tap"


@pytest.fixture
def near(newsroom, clock):
    """A page that was judged not ours, but only just."""
    with newsroom.store.write() as session:
        pages.register_found(
            session, "songcau", None, [FoundLink("https://songcau.vn/gan.html", FeedHints())], clock[0]
        )
        page = pages.by_url(session, "https://songcau.vn/gan.html")
        row = {"page_id": page.id, "source": "songcau", "title": "Chè <b>ngon</b>", "lead": "Một vùng chè."}
        near_misses.keep(session, [{**row, "score": 0.43, "evidence": [], "effective_at": clock[0]}])
        page.state, page.outcome, page.archive_file = "done", "irrelevant", "a.warc.gz"
        return page.id


def test_an_address_is_asked_for_and_its_way_is_shown(newsroom, signed_in):
    editor = signed_in("editor")
    answer = editor.post(f"{DESK}/them", data={"url": "https://songcau.vn/moi.html"})
    assert answer.headers["location"] == f"{DESK}/them/1"
    assert "Đang chờ tới lượt" in editor.get(f"{DESK}/them/1").text
    with newsroom.store.write() as session:
        row = session.get_one(ArticleRequestRow, 1)
        row.state, row.reason = "failed", "khong-co-loi-nay"
    assert "Chưa đọc được bài này" in editor.get(f"{DESK}/them/1").text
    assert "songcau.vn/moi.html" in editor.get(f"{DESK}/them").text


@pytest.mark.parametrize("url", ["javascript:alert(1)", "songcau.vn", "https://a b.vn/", "https://lan:mat@songcau.vn/"])
def test_what_is_no_address_is_said_to_be_none(signed_in, url):
    answer = signed_in("editor").post(f"{DESK}/them", data={"url": url})
    assert answer.status_code == 422 and "https://" in answer.text.split('role="alert"')[1][:300]


def test_print_is_added_by_hand_with_its_time(newsroom, signed_in):
    editor = signed_in("editor")
    form = {"kind": "print", "outlet": "Báo Giấy", "title": "Tin in", "body": "Thái Nguyên có tin.", "address": ""}
    late = editor.post(f"{DESK}/them/bang-tay", data={**form, "day": "23/11/2026", "time": "07:00"})
    assert late.status_code == 422 and "tương lai" in late.text and "Thái Nguyên có tin." in late.text
    assert editor.post(f"{DESK}/them/bang-tay", data={**form, "day": "22/11/2026", "time": "7h30"}).status_code == 303
    with newsroom.store.read() as session:
        assert session.query(PageRow).one().state == "fetched"


def test_a_near_miss_is_taken_in_or_passed_over(newsroom, near, signed_in):
    editor = signed_in("editor")
    page = editor.get(f"{DESK}?tab=near").text
    assert "Chè &lt;b&gt;ngon&lt;/b&gt;" in page and "độ chắc 0,43" in page
    editor.post(f"{DESK}/suyt-bo-sot/{near}/nhan", data={"back": f"{DESK}?tab=near"})
    with newsroom.store.read() as session:
        assert session.query(LabelRow).one().value == "relevant"
        assert session.get_one(PageRow, near).state == "fetched"
        assert session.query(NearMissRow).count() == 0


def test_a_near_miss_that_is_rightly_out_is_shown_no_more(near, signed_in):
    editor = signed_in("editor")
    editor.post(f"{DESK}/suyt-bo-sot/{near}/bo-qua", data={"back": f"{DESK}?tab=near"})
    assert "ngon" not in editor.get(f"{DESK}?tab=near").text


def test_the_takedown_log_tells_what_waits_and_how_long_it_took(newsroom, printing, signed_in, clock):
    number = newsroom.story(printing("Bài bị gỡ"), published=False)
    with newsroom.store.write() as session:
        common = {"story_id": number, "scope": "printing", "outlet": "Báo Sông Cầu", "url": "", "was_published": True}
        seen = clock[0] - timedelta(hours=2)
        session.add(
            TakedownRow(
                cause="source_removed",
                title="Bài bị gỡ",
                detected_at=seen,
                removed_at=seen + timedelta(minutes=4),
                **common,
            )
        )
        session.add(TakedownRow(cause="source_changed", title="Bài bị sửa", detected_at=seen, **common))
    editor = signed_in("editor")
    page = editor.get(f"{DESK}/go-bai").text
    assert "4 phút" in page and "báo gốc sửa" in page
    editor.post(f"{DESK}/go-bai/2/xong", data={"words": "Đã đọc lại", "back": f"{DESK}/go-bai"})
    with newsroom.store.read() as session:
        assert session.get_one(TakedownRow, 2).reason == "Đã đọc lại"


@pytest.mark.browser
@pytest.mark.timeout(300)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_pages_fit_and_are_accessible(newsroom, near, printing, desk_page, clock, scheme, width):
    from axe_playwright_python.sync_playwright import Axe

    number = newsroom.story(printing("Bài bị gỡ"), published=False)
    with newsroom.store.write() as session:
        for removed in (None, clock[0]):
            session.add(
                TakedownRow(
                    cause="source_removed",
                    title="Bài bị gỡ",
                    story_id=number,
                    scope="printing",
                    outlet="Báo Sông Cầu",
                    url="",
                    was_published=True,
                    detected_at=clock[0],
                    removed_at=removed,
                )
            )
    page = desk_page("chief", width=width, scheme=scheme)
    for path in (f"{DESK}/them", f"{DESK}/go-bai", f"{DESK}?tab=near"):
        page.goto(path)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, f"{path} is {wider} px too wide"
        found = Axe().run(page).response["violations"]
        assert not found, (path, [(fault["id"], fault["nodes"][0]["html"][:300]) for fault in found])
