"""Alerts as people make them: from a search, tried before they are kept, changed, muted, left by mail."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any
from urllib.parse import urlsplit

import pytest
from selectolax.lexbor import LexborHTMLParser

from diembao.newsroom.analysis.alerts import letter, telling
from diembao.newsroom.analysis.alerts.keeping import MOST
from diembao.newsroom.letters import Carrier
from diembao.newsroom.seal import Seal
from diembao.newsroom.smtp import Answer
from diembao.records import Stance
from diembao.store.models import AlertDeliveryRow, AlertMatchRow, AlertRow, ArticleRow, AuditRow, LetterRow
from pipelines.alerting import watch_over
from pipelines.indexing import drain

ALERTS = "/phan-tich/canh-bao"
HOOK = "https://co-quan.example/nhan"


@pytest.fixture
def press(newsroom: Any, printing: Any, clock: Any, people: Any) -> Any:
    people.add("admin", name="quan.tri")
    newsroom.story(printing("Lũ sông Cầu dâng cao", at=clock[0] - timedelta(hours=5)), published=False)
    newsroom.story(printing("Chè Tân Cương được giá", "xuche", stance=Stance.FAVOURABLE), published=False)
    return newsroom


@pytest.fixture
def lan(press: Any, signed_in: Callable[..., Any]) -> Any:
    return signed_in("analyst", name="lan", email="lan@baochi.example")


@pytest.fixture
def minh(press: Any, signed_in: Callable[..., Any]) -> Any:
    return signed_in("editor", name="minh", email="minh@baochi.example")


def form(**more: str) -> dict[str, str]:
    known = {
        "name": "Lũ",
        "q": "lũ",
        "filters": "",
        "condition": "every",
        "days": "30",
        "hour": "7",
        "level": "2",
        "by_mail": "1",
    }
    return {**known, "act": "save", **more}


def make(client: Any, **more: str) -> int:
    answer = client.post(ALERTS, data=form(**more))
    if answer.status_code == 303:
        return int(answer.headers["location"].rpartition("/")[2])
    page = LexborHTMLParser(answer.text)
    assert answer.status_code == 200, page.css_first("main").text()
    action = page.css_first("form[action$='/xoa']").attributes["action"] or ""
    return int(action.split("/")[-2])


def names(client: Any) -> list[str]:
    return [link.text() for link in LexborHTMLParser(client.get(ALERTS).text).css(".saved-search h2 a")]


@pytest.fixture
def worker(press: Any, site_settings: Any, clock: Any) -> Callable[[], None]:
    """What the worker does once: look at what came in, queue what is due."""
    watch = watch_over(press.store, press.index, site_settings)

    def work() -> None:
        drain(press.store, press.index)
        watch.round(clock[0])
        telling.queue_due(press.store, clock[0])

    return work


def comes_in(press: Any, printing: Any, clock: Any, title: str, source: str = "songcau", **more: Any) -> int:
    """An article that comes in now."""
    story = press.story(printing(title, source, at=clock[0], **more), published=False, index=False)
    with press.store.write() as session:
        row = session.query(ArticleRow).filter(ArticleRow.story_id == story).one()
        row.created_at = clock[0]
    return story


def test_an_alert_is_made_from_the_search_that_is_seen(lan: Any) -> None:
    page = lan.get("/phan-tich/tim-kiem?q=l%C5%A9&stance=unfavourable&span=30days").text
    link = LexborHTMLParser(page).css_first("a.set-alert").attributes["href"]
    made = LexborHTMLParser(lan.get(link).text)
    assert made.css_first("#q").attributes["value"] == "lũ"
    assert made.css_first("[name=filters]").attributes["value"] == "stance=unfavourable"
    assert made.css_first("p.label").text() == "Bộ lọc đi kèm: Thái độ: Bất lợi"
    number = make(lan, filters="stance=unfavourable")
    shown = lan.get(f"{ALERTS}/{number}").text
    assert "“lũ”" in shown and "Thái độ: Bất lợi" in shown and "Mọi tin mới" in shown
    assert "/phan-tich/tim-kiem?stance=unfavourable&amp;q=l%C5%A9" in shown
    assert names(lan) == ["Lũ"]


def test_an_alert_is_made_from_a_saved_search(lan: Any, minh: Any) -> None:
    lan.post("/phan-tich/da-luu", data={"name": "Lũ lụt", "query": "q=l%C5%A9", "page": "search"})
    saved = LexborHTMLParser(lan.get("/phan-tich/da-luu").text)
    link = saved.css_first(".saved-acts a[href*='canh-bao']").attributes["href"]
    page = LexborHTMLParser(lan.get(link).text)
    assert page.css_first("#name").attributes["value"] == "Lũ lụt" and page.css_first("#q").attributes["value"] == "lũ"
    assert minh.get(link).status_code == 404, "somebody else's private search"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": ""}, "Hãy đặt tên"),
        ({"name": "Đã có"}, "Bạn đã có một cảnh báo tên"),
        ({"q": "((("}, "ngoặc"),
        ({"condition": "whenever"}, "Hãy chọn khi nào thì báo"),
        ({"days": "0"}, "Số ngày yên ắng"),
        ({"days": "một"}, "Số ngày yên ắng"),
        ({"level": "9"}, "một trong ba mức"),
        ({"quiet_from": "22:00"}, "Giờ yên lặng cần"),
        ({"quiet_from": "22:00", "quiet_to": "22:00"}, "Giờ yên lặng cần"),
        ({"webhook_url": "co-quan.example"}, "Địa chỉ webhook chưa đúng"),
        ({"webhook_url": "http://co-quan.example/"}, "phải dùng https"),
        ({"webhook_url": "https://10.0.0.7/"}, "mạng nội bộ"),
        ({"webhook_url": "https://[::1]/"}, "mạng nội bộ"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_nothing_is_lost(lan: Any, given: dict[str, str], words: str) -> None:
    make(lan, name="Đã có")
    answer = lan.post(ALERTS, data=form(**{"name": "Mới", **given}))
    assert answer.status_code == 422
    page = LexborHTMLParser(answer.text)
    assert words in page.css_first(".fault").text()
    assert page.css_first("#q").attributes["value"] == given.get("q", "lũ")
    assert page.css_first("#quiet_from").attributes["value"] == given.get("quiet_from", "")
    assert names(lan) == ["Đã có"]


def test_nobody_has_more_than_so_many(lan: Any, press: Any) -> None:
    for number in range(MOST):
        make(lan, name=str(number))
    assert "tối đa 50" in lan.post(ALERTS, data=form(name="Thừa")).text
    assert len(names(lan)) == MOST


def test_an_alert_does_not_exist_for_others(lan: Any, minh: Any, press: Any) -> None:
    number = make(lan, webhook_url=HOOK)
    assert names(minh) == []
    for path in (f"{ALERTS}/{number}", f"{ALERTS}/{number}/sua"):
        assert minh.get(path).status_code == 404
    assert minh.post(f"{ALERTS}/{number}/sua", data=form(version="1")).status_code == 404
    for act in ("tam-dung", "xoa", "tat-tin", "bat-tin", "goi-thu", "khoa"):
        minh.post(f"{ALERTS}/{number}/{act}", data={"story": "1", "on": "0"})
        assert "Không có cảnh báo này" in minh.get(ALERTS).text, act
    with press.store.read() as session:
        row = session.query(AlertRow).one()
        assert row.active and row.version == 1 and session.query(AlertDeliveryRow).count() == 0


def test_changed_in_two_places_nothing_is_overwritten_unknowingly(lan: Any) -> None:
    number = make(lan)
    assert lan.post(f"{ALERTS}/{number}/sua", data=form(name="Một", version="1")).status_code == 303
    answer = lan.post(f"{ALERTS}/{number}/sua", data=form(name="Hai", version="1"))
    assert answer.status_code == 409 and "vừa được sửa ở nơi khác" in answer.text
    page = LexborHTMLParser(answer.text)
    assert page.css_first("#name").attributes["value"] == "Hai" and names(lan) == ["Một"]
    version = page.css_first("[name=version]").attributes["value"]
    assert lan.post(f"{ALERTS}/{number}/sua", data=form(name="Hai", version=version)).status_code == 303
    assert names(lan) == ["Hai"]


def test_a_rehearsal_shows_what_would_have_gone_out_and_keeps_nothing(
    lan: Any, press: Any, printing: Any, clock: Any
) -> None:
    now = clock[0]
    for day in (3, 2):
        clock[0] = now - timedelta(days=day)
        comes_in(press, printing, clock, f"Lũ ngày thứ {day}")
    clock[0] = now
    drain(press.store, press.index)
    page = LexborHTMLParser(lan.post(ALERTS, data=form(act="rehearse", name="")).text)
    shown = page.css_first(".rehearsal")
    assert "3 lần báo" in shown.css_first(".big").text()
    assert [one.text() for one in shown.css("li a")] == ["Lũ sông Cầu dâng cao", "Lũ ngày thứ 2", "Lũ ngày thứ 3"]
    assert shown.css_first("svg") is not None
    rows = {row.css_first("th").text(): row.css_first("td").text() for row in shown.css("tbody tr")}
    assert rows["19/11/26"] == rows["20/11/26"] == "1" and rows["21/11/26"] == "0" and len(rows) == 31
    assert shown.css_first("tbody a").attributes["href"].startswith("/phan-tich/tim-kiem?q=l%C5%A9&from=2026-10-23")
    assert names(lan) == [] and page.css_first("#q").attributes["value"] == "lũ"
    nothing = lan.post(ALERTS, data=form(act="rehearse", q="không có gì cả")).text
    assert "Không gửi gì cả" in nothing
    wrong = lan.post(ALERTS, data=form(act="rehearse", q="((("))
    assert wrong.status_code == 422


def test_found_muted_paused_and_thrown_away(lan: Any, press: Any, printing: Any, clock: Any, worker: Any) -> None:
    number = make(lan)
    clock[0] += timedelta(minutes=1)
    story = comes_in(press, printing, clock, "Lũ về <b>đêm</b>")
    worker()
    page = LexborHTMLParser(lan.get(f"{ALERTS}/{number}").text)
    link = page.css_first(".alert-found a")
    assert link.text() == "Lũ về <b>đêm</b>" and link.attributes["href"] == f"/ban-bien-tap/tin/{story}"
    lists = page.css_first(".alert-found .facts a").attributes["href"]
    assert f"/ban-bien-tap/tin/{story}" in lan.get(lists).text
    lan.post(f"{ALERTS}/{number}/tat-tin", data={"story": str(story), "everywhere": "1"})
    assert "tắt ở mọi cảnh báo" in lan.get(f"{ALERTS}/{number}").text
    lan.post(f"{ALERTS}/{number}/bat-tin", data={"story": str(story)})
    assert "Tin đã tắt" not in lan.get(f"{ALERTS}/{number}").text
    lan.post(f"{ALERTS}/{number}/tam-dung", data={"on": "0"})
    assert "Đang tạm dừng" in lan.get(ALERTS).text
    comes_in(press, printing, clock, "Lũ khi nghỉ")
    worker()
    clock[0] += timedelta(minutes=1)
    lan.post(f"{ALERTS}/{number}/tam-dung", data={"on": "1"})
    clock[0] += timedelta(minutes=1)
    comes_in(press, printing, clock, "Lũ sau khi nghỉ")
    worker()
    with press.store.read() as session:
        titles = [session.get_one(ArticleRow, row.article_id).title for row in session.query(AlertMatchRow)]
    assert titles == ["Lũ về <b>đêm</b>", "Lũ sau khi nghỉ"]
    lan.post(f"{ALERTS}/{number}/xoa")
    assert names(lan) == [] and lan.get(f"{ALERTS}/{number}").status_code == 404


def test_the_secret_of_a_webhook_is_shown_once_and_kept_sealed(lan: Any, press: Any) -> None:
    answer = lan.post(ALERTS, data=form(webhook_url=HOOK))
    secret = LexborHTMLParser(answer.text).css_first("#khoa-ky").attributes["value"]
    assert secret.startswith("whsec_") and answer.headers["cache-control"] == "no-store"
    with press.store.read() as session:
        row = session.query(AlertRow).one()
        assert secret not in str(vars(row)) and secret not in str([one.detail for one in session.query(AuditRow)])
        number = row.id
    assert secret not in lan.get(f"{ALERTS}/{number}").text
    lan.post(f"{ALERTS}/{number}/sua", data=form(webhook_url=HOOK + "/khac", version="1"))
    renewed = LexborHTMLParser(lan.post(f"{ALERTS}/{number}/khoa").text).css_first("#khoa-ky").attributes["value"]
    assert renewed.startswith("whsec_") and renewed != secret


def test_calls_and_their_faults_are_shown(lan: Any, press: Any, clock: Any) -> None:
    number = make(lan, webhook_url=HOOK)
    lan.post(f"{ALERTS}/{number}/goi-thu")
    assert "Chờ gọi" in lan.get(f"{ALERTS}/{number}").text
    lan.post(f"{ALERTS}/{number}/goi-thu")
    assert "Lần gọi thử trước chưa xong" in lan.get(f"{ALERTS}/{number}").text
    for state, answer, words in (
        ("failed", "http 500 <script>alert(1)</script>", "trả lời 500 <script>"),
        ("failed", "timeout 10", "không trả lời trong 10 giây"),
        ("failed", "private_address", "mạng nội bộ"),
        ("queued", "redirect 302", "hệ thống không đi theo"),
        ("sent", "http 204", "Đã nhận"),
    ):
        with press.store.write() as session:
            call = session.query(AlertDeliveryRow).one()
            call.state, call.answer, call.attempts = state, answer, 1
        page = lan.get(f"{ALERTS}/{number}").text
        assert words in LexborHTMLParser(page).css_first("#webhook").parent.text() and "<script>alert" not in page
        assert ("Gọi webhook không được" in lan.get(ALERTS).text) == (state == "failed")


def test_forms_without_the_token_change_nothing(lan: Any) -> None:
    number = make(lan)
    for path in (ALERTS, f"{ALERTS}/{number}/xoa", f"{ALERTS}/{number}/sua", f"{ALERTS}/{number}/khoa"):
        assert lan.post(path, data=form(), headers={"X-CSRF-Token": "no"}).status_code == 403
    assert names(lan) == ["Lũ"]


def test_the_log_says_who_did_what_but_not_what_is_watched(lan: Any, press: Any) -> None:
    number = make(lan, name="Chuyện riêng", webhook_url=HOOK)
    lan.post(f"{ALERTS}/{number}/tam-dung", data={"on": "0"})
    lan.post(f"{ALERTS}/{number}/tat-tin", data={"story": "1"})
    lan.post(f"{ALERTS}/{number}/xoa")
    with press.store.read() as session:
        rows = session.query(AuditRow).filter(AuditRow.object_kind == "alert").order_by(AuditRow.id).all()
    assert [row.action for row in rows] == ["alert_make", "alert_pause", "alert_mute", "alert_drop"]
    assert {row.actor for row in rows} == {"lan"}
    assert not re.search("riêng|lũ|co-quan", str([row.detail for row in rows]))


# By mail


class Line:
    """A mail server that takes everything."""

    def __init__(self) -> None:
        self.got: list[tuple[str, Any]] = []

    def say(self, sender: str, recipient: str, data: bytes, last_word: Callable[[], bool]) -> Answer:
        if not last_word():
            return Answer("taken_away", 0, "")
        self.got.append((recipient, message_from_bytes(data, policy=default)))
        return Answer("sent", 250, "250 OK")

    def close(self) -> None:
        pass


@pytest.fixture
def mail(
    press: Any, site_settings: Any, clock: Any, monkeypatch: pytest.MonkeyPatch, worker: Callable[[], None]
) -> Callable[[], list[tuple[str, Any]]]:
    settings = site_settings.model_copy(update={"mail_from": "diembao@baochi.example", "mail_per_minute": 6000})
    writers = {telling.LETTER: letter.writer(settings, Seal(site_settings.signing_key))}
    carrier = Carrier(press.store, settings, writers, now=lambda: clock[0])

    def round_of_post() -> list[tuple[str, Any]]:
        line = Line()
        monkeypatch.setattr("diembao.newsroom.letters.Line", lambda _settings: line)
        worker()
        carrier.deliver()
        return line.got

    return round_of_post


def test_a_letter_tells_of_the_story_and_can_be_left_with_one_click(
    lan: Any, site: Any, press: Any, printing: Any, clock: Any, mail: Any
) -> None:
    number = make(lan)
    clock[0] += timedelta(minutes=1)
    comes_in(press, printing, clock, "Lũ về đêm")
    [(recipient, got)] = mail()
    assert recipient == "lan@baochi.example" and got["Subject"] == "Lũ: Lũ về đêm"
    plain, page = (got.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert "1. Lũ về đêm" in plain and "bất lợi" in plain and "Báo Sông Cầu" in page
    assert f"https://baochi.example{ALERTS}/{number}" in plain
    link = got["List-Unsubscribe"].strip("<>")
    assert got["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click" and link in plain and link in page
    path = urlsplit(link).path
    assert "Thôi nhận" in site.get(path).text, "looking at it ends nothing"
    assert site.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    comes_in(press, printing, clock, "Lũ nữa")
    assert mail() == []
    assert site.get(path[:-3] + "abc").status_code == 404
    assert "Chỉ xem ở trang này" in lan.get(ALERTS).text


def test_of_a_letter_that_may_have_arrived_its_reader_decides(
    lan: Any, minh: Any, press: Any, printing: Any, clock: Any, mail: Any
) -> None:
    number = make(lan)
    clock[0] += timedelta(minutes=1)
    comes_in(press, printing, clock, "Lũ về đêm")
    assert len(mail()) == 1
    with press.store.write() as session:
        row = session.query(LetterRow).one()
        row.state, letter = "uncertain", row.id
    assert mail() == [], "nobody is told twice unasked"
    page = LexborHTMLParser(lan.get(f"{ALERTS}/{number}").text)
    assert "không biết thư đã tới chưa" in page.css_first(".notice").text()
    path = f"{ALERTS}/{number}/thu"
    assert page.css_first("form[action$='/thu'] [name=letter]").attributes["value"] == str(letter)
    minh.post(path, data={"letter": str(letter), "again": "1"})
    other = make(lan, name="Khác")
    lan.post(f"{ALERTS}/{other}/thu", data={"letter": str(letter), "again": "1"})
    assert mail() == [], "nobody else decides, nor another alert"
    lan.post(path, data={"letter": str(letter), "again": "1"})
    assert [got["Subject"] for _, got in mail()] == ["Lũ: Lũ về đêm"]
    lan.post(path, data={"letter": str(letter), "again": "1"})
    assert mail() == [], "what was sent is decided"
    with press.store.write() as session:
        session.get_one(LetterRow, letter).state = "uncertain"
    lan.post(path, data={"letter": str(letter), "again": "0"})
    assert mail() == [] and "không biết thư đã tới chưa" not in lan.get(f"{ALERTS}/{number}").text


def test_a_letter_says_how_much_is_usual(lan: Any, press: Any, printing: Any, clock: Any, mail: Any) -> None:
    now = clock[0]
    for day in range(40, 0, -1):
        clock[0] = now - timedelta(days=day)
        comes_in(press, printing, clock, f"Lũ thường {day}")
    clock[0] = now
    drain(press.store, press.index)
    make(lan, condition="spike", level="1")
    clock[0] += timedelta(minutes=1)
    for number in range(12):
        comes_in(press, printing, clock, f"Lũ lớn {number}")
    [(_, got)] = mail()
    plain = got.get_body(("plain",)).get_content()
    assert got["Subject"].startswith("Lũ: 13 bài trong ngày 22/11/2026") and "tăng đột biến" in plain
    assert re.search(r"Ngày 22/11/2026 đã có 13 bài khớp với “Lũ”, ngày như vậy thường có khoảng \d(,\d)? bài", plain)
    assert len(re.findall(r"^\d\. Lũ", plain, re.MULTILINE)) == 5


def test_where_hardly_anything_is_usual_a_letter_says_so_in_words(
    lan: Any, press: Any, printing: Any, clock: Any, mail: Any
) -> None:
    now = clock[0]
    clock[0] = now - timedelta(days=60)
    comes_in(press, printing, clock, "Chè, không phải nước")
    clock[0] = now
    drain(press.store, press.index)
    make(lan, name="Sạt lở", q="sạt lở", condition="spike", level="1")
    clock[0] += timedelta(minutes=1)
    for number in range(9):
        comes_in(press, printing, clock, f"Sạt lở {number}")
    [(_, got)] = mail()
    plain = got.get_body(("plain",)).get_content()
    assert "đã có 9 bài khớp với “Sạt lở”, ngày như vậy thường hầu như không có bài nào: tăng đột biến." in plain


def test_what_was_taken_down_before_the_letter_went_is_not_in_it(
    lan: Any, press: Any, printing: Any, clock: Any, mail: Any, worker: Any
) -> None:
    make(lan)
    clock[0] += timedelta(minutes=1)
    comes_in(press, printing, clock, "Lũ giữ")
    comes_in(press, printing, clock, "Lũ gỡ")
    worker()
    with press.store.write() as session:
        row = session.query(ArticleRow).filter(ArticleRow.title == "Lũ gỡ").one()
        row.withdrawn_at = clock[0]
    [(_, got)] = mail()
    assert "Lũ gỡ" not in got.as_string() and got["Subject"] == "Lũ: Lũ giữ"
    with press.store.read() as session:
        assert session.query(LetterRow).count() == 1


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_alerts_fit_are_accessible_and_work_by_keyboard(
    lan: Any, press: Any, printing: Any, clock: Any, worker: Any, desk_page: Callable[..., Any], width: int, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    number = make(
        lan, name="Một tên cảnh báo rất dài để xem có vỡ trang trên điện thoại nhỏ hay không", webhook_url=HOOK
    )
    make(lan, name="Vắng", condition="silence")
    clock[0] += timedelta(minutes=1)
    comes_in(
        press, printing, clock, "Lũ dâng cao ở nhiều xã, phường ven sông Cầu, người dân phải di dời trong đêm " * 2
    )
    worker()
    lan.post(f"{ALERTS}/{number}/goi-thu")
    page = desk_page("analyst", name="lan", width=width, scheme=scheme)

    def look() -> None:
        found = Axe().run(page).response["violations"]
        assert not [(one["id"], one["nodes"][0]["html"]) for one in found]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url

    for path in (ALERTS, f"{ALERTS}/{number}", f"{ALERTS}/{number}/sua", f"{ALERTS}/tao?q=l%C5%A9&stance=unfavourable"):
        page.goto(path)
        look()
    page.focus("button[value=rehearse]")
    page.keyboard.press("Enter")
    page.wait_for_selector(".rehearsal svg")
    look()
    page.fill("#name", "Bằng bàn phím")
    page.focus("button[value=save]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#da-thay")
    assert "Bằng bàn phím" in page.inner_text("h1")
