"""Saved searches as people use them: kept, shared, opened, followed by RSS and by mail."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any
from urllib.parse import urlsplit

import pytest
from lxml import etree
from selectolax.lexbor import LexborHTMLParser

from diembao.newsroom import people as accounts
from diembao.newsroom.analysis.saved_searches import LETTER
from diembao.newsroom.analysis.summaries import queue_summaries, writer
from diembao.newsroom.letters import Carrier
from diembao.newsroom.permissions import Actor, Role
from diembao.newsroom.seal import Seal
from diembao.newsroom.smtp import Answer
from diembao.records import Stance
from diembao.store.models import ArticleRow, AuditRow, LetterRow, SavedSearchFollowRow, StoryRow

SAVED = "/phan-tich/da-luu"
DISABLER = Actor("quan.tri", frozenset({Role.ADMIN}))


@pytest.fixture
def press(newsroom: Any, printing: Any, clock: Any, people: Any) -> Any:
    now = clock[0]
    people.add("admin", name="quan.tri")  # there is always somebody to look after the accounts
    newsroom.story(printing("Lũ sông Cầu dâng cao", at=now - timedelta(hours=5)), published=False)
    newsroom.story(
        printing("Chè Tân Cương được giá", "xuche", at=now - timedelta(days=2), stance=Stance.FAVOURABLE),
        published=False,
    )
    return newsroom


@pytest.fixture
def lan(press: Any, signed_in: Callable[..., Any]) -> Any:
    return signed_in("analyst", name="lan", email="lan@baochi.example")


@pytest.fixture
def minh(press: Any, signed_in: Callable[..., Any]) -> Any:
    return signed_in("editor", name="minh", email="minh@baochi.example")


def keep(client: Any, name: str = "Lũ", query: str = "q=l%C5%A9", page: str = "search", shared: bool = False) -> int:
    answer = client.post(SAVED, data={"name": name, "query": query, "page": page, "shared": "1" if shared else ""})
    assert answer.status_code == 303 and answer.headers["location"] == SAVED, answer.headers
    links = LexborHTMLParser(client.get(SAVED).text).css(".saved-search h3 a")
    return int(next(link.attributes["href"].rsplit("/")[-1] for link in links if link.text() == name))


def names(client: Any) -> list[str]:
    return [link.text() for link in LexborHTMLParser(client.get(SAVED).text).css(".saved-search h3 a")]


def new_counts(client: Any) -> dict[str, str]:
    page = LexborHTMLParser(client.get(SAVED).text)
    return {
        item.css_first("h3 a").text(): (item.css_first("h3 .badge") or item.css_first(".facts:nth-of-type(2)")).text()
        for item in page.css(".saved-search")
    }


def test_a_view_is_kept_with_all_that_was_asked_and_opened_again(lan: Any) -> None:
    number = keep(lan, "Lũ bất lợi", "q=l%C5%A9&stance=unfavourable&span=30days&after=xyz&la=1")
    opened = lan.get(f"{SAVED}/{number}")
    assert opened.status_code == 303
    assert opened.headers["location"] == "/phan-tich/tim-kiem?stance=unfavourable&q=l%C5%A9&span=30days"
    page = lan.get(SAVED).text
    assert "“lũ”" in page and "Thái độ: Bất lợi" in page and "30 ngày qua" in page


def test_trends_and_comparisons_are_kept_too(lan: Any) -> None:
    trends = keep(lan, "Nhịp", "by=topic&span=month", "trends")
    assert lan.get(f"{SAVED}/{trends}").headers["location"] == "/phan-tich?span=month&by=topic"
    compared = keep(lan, "So", "q=l%C5%A9&q=ch%C3%A8&span=month", "compare")
    assert lan.get(f"{SAVED}/{compared}").headers["location"] == "/phan-tich/so-sanh?q=l%C5%A9&q=ch%C3%A8&span=month"
    assert "nhiều câu tìm" in lan.get(f"{SAVED}/{compared}/theo-doi").text
    lan.post(f"{SAVED}/{compared}/rss")
    assert "nhiều câu tìm" in lan.get(SAVED).text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": "", "query": "q=a"}, "Hãy đặt tên"),
        ({"name": "x" * 81, "query": "q=a"}, "Hãy đặt tên"),
        ({"name": "Hỏng", "query": "q=%28%28%28"}, "không lưu được"),
        ({"name": "Hỏng", "query": "from=99"}, "không lưu được"),
        ({"name": "Hỏng", "query": "q=a", "page": "nowhere"}, "không lưu được"),
        ({"name": "Lũ", "query": "q=a"}, "Bạn đã có một tìm kiếm tên"),
    ],
)
def test_what_cannot_be_kept_is_said_and_nothing_is(lan: Any, given: dict[str, str], words: str) -> None:
    keep(lan)
    answer = lan.post(SAVED, data=given)
    assert words in lan.get(SAVED).text or words in lan.get(answer.headers["location"]).text
    assert names(lan) == ["Lũ"]


def test_a_private_search_does_not_exist_for_others(lan: Any, minh: Any) -> None:
    number = keep(lan)
    assert names(minh) == []
    for path in (f"{SAVED}/{number}", f"{SAVED}/{number}/theo-doi"):
        assert minh.get(path).status_code == 404
    for act in ("sua", "xoa", "chuyen", "rss", "rss/bo", "thu"):
        minh.post(f"{SAVED}/{number}/{act}", data={"name": "Của tôi", "every": "day", "shared": "1"})
        assert "Không có tìm kiếm này" in minh.get(SAVED).text, act
    assert names(lan) == ["Lũ"]
    assert lan.get(f"{SAVED}/{number}").status_code == 303


def test_a_shared_search_is_everybodys_to_open_and_its_owners_to_change(lan: Any, minh: Any) -> None:
    number = keep(lan, shared=True)
    page = minh.get(SAVED).text
    assert "của Nguyễn Thị Lan" in page and f"{SAVED}/{number}/xoa" not in page
    assert minh.get(f"{SAVED}/{number}").status_code == 303
    minh.post(f"{SAVED}/{number}/sua", data={"name": "Khác"})
    minh.post(f"{SAVED}/{number}/xoa")
    assert names(lan) == ["Lũ"]
    address = feed_address(minh, number)
    lan.post(f"{SAVED}/{number}/sua", data={"name": "Lũ", "shared": ""})
    assert names(minh) == [] and minh.get(address).status_code == 404


def test_renamed_moved_and_dropped(lan: Any) -> None:
    first, second, third = (keep(lan, name) for name in ("Một", "Hai", "Ba"))
    assert names(lan) == ["Một", "Hai", "Ba"]
    lan.post(f"{SAVED}/{third}/chuyen", data={"steps": "-1"})
    lan.post(f"{SAVED}/{first}/chuyen", data={"steps": "-1"})
    assert names(lan) == ["Một", "Ba", "Hai"]
    lan.post(f"{SAVED}/{second}/sua", data={"name": "  Hai   mới "})
    lan.post(f"{SAVED}/{first}/xoa")
    assert names(lan) == ["Ba", "Hai mới"]


def test_new_is_what_came_in_since_one_looked_oneself(
    lan: Any, minh: Any, press: Any, printing: Any, clock: Any
) -> None:
    number = keep(lan, shared=True)
    assert new_counts(minh) == {"Lũ": "của Nguyễn Thị Lan · Chưa xem"}
    minh.get(f"{SAVED}/{number}")
    # Printed long before, found only now: new all the same.
    press.story(printing("Lũ quét mười ngày trước", at=clock[0] - timedelta(days=10)), published=False)
    press.story(printing("Chè khô"), published=False)
    clock[0] += timedelta(hours=1)
    assert new_counts(lan)["Lũ"] == new_counts(minh)["Lũ"] == "1 bài mới"
    minh.get(f"{SAVED}/{number}")
    assert new_counts(lan)["Lũ"] == "1 bài mới"
    assert "Không có bài mới" in new_counts(minh)["Lũ"]


def test_forms_without_the_token_change_nothing(lan: Any) -> None:
    number = keep(lan)
    for path in (SAVED, f"{SAVED}/{number}/xoa", f"{SAVED}/{number}/rss", f"{SAVED}/{number}/thu"):
        assert lan.post(path, data={"name": "A", "query": "q=a"}, headers={"X-CSRF-Token": "no"}).status_code == 403
    assert names(lan) == ["Lũ"]


def test_the_log_says_who_did_what_but_not_what_a_private_search_is_called(lan: Any, press: Any) -> None:
    keep(lan, "Chuyện riêng")
    number = keep(lan, "Chung", shared=True)
    lan.post(f"{SAVED}/{number}/rss")
    lan.post(f"{SAVED}/{number}/xoa")
    with press.store.read() as session:
        rows = session.query(AuditRow).filter(AuditRow.object_kind == "saved_search").order_by(AuditRow.id).all()
    assert [(row.actor, row.action) for row in rows] == [
        ("lan", "search_save"),
        ("lan", "search_save"),
        ("lan", "search_feed"),
        ("lan", "search_drop"),
    ]
    assert "Chuyện riêng" not in str([row.detail for row in rows])


def feed_address(client: Any, number: int) -> str:
    page = LexborHTMLParser(client.post(f"{SAVED}/{number}/rss").text)
    address = urlsplit(page.css_first("#dia-chi-rss").attributes["value"] or "")
    return f"{address.path}?{address.query}"


def feed_titles(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.status_code
    return [node.text for node in etree.fromstring(answer.content).findall("channel/item/title")]


def test_a_feed_needs_no_sign_in_and_is_nobody_elses(lan: Any, site: Any, press: Any, printing: Any) -> None:
    number = keep(lan)
    address = feed_address(lan, number)
    answer = site.get(address)
    assert feed_titles(answer) == ["Lũ sông Cầu dâng cao"]
    assert "Báo Sông Cầu" in answer.text and "Bất lợi" in answer.text
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["referrer-policy"] == "no-referrer"
    again = site.get(address, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304 and not again.content
    press.story(printing("Lũ rút"), published=False)
    changed = site.get(address, headers={"If-None-Match": answer.headers["etag"]})
    assert set(feed_titles(changed)) == {"Lũ sông Cầu dâng cao", "Lũ rút"}
    assert site.get(address[:-2]).status_code == 404 and site.get("/theo-doi.xml").status_code == 404


def test_the_key_of_a_feed_is_shown_once_and_kept_nowhere(lan: Any, site: Any, press: Any) -> None:
    number = keep(lan)
    address = feed_address(lan, number)
    key = address.partition("=")[2]
    assert key not in lan.get(f"{SAVED}/{number}/theo-doi").text
    with press.store.read() as session:
        kept = session.query(SavedSearchFollowRow).one()
        assert kept.feed_digest and key not in str(vars(kept))
        assert key not in str([row.detail for row in session.query(AuditRow).all()])
    renewed = feed_address(lan, number)
    assert site.get(address).status_code == 404 and site.get(renewed).status_code == 200
    lan.post(f"{SAVED}/{number}/rss/bo")
    assert site.get(renewed).status_code == 404


def test_a_feed_ends_with_the_rights_of_its_person(lan: Any, site: Any, press: Any, clock: Any) -> None:
    number = keep(lan)
    address = feed_address(lan, number)
    with press.store.write() as session:
        person = session.query(SavedSearchFollowRow).one().user_id
        accounts.set_roles(session, DISABLER, person, [Role.OPERATOR, Role.ADMIN], clock[0])
    assert site.get(address).status_code == 404
    with press.store.write() as session:
        accounts.set_roles(session, DISABLER, person, [Role.ANALYST], clock[0])
    assert site.get(address).status_code == 200
    with press.store.write() as session:
        accounts.disable(session, DISABLER, person, clock[0])
    assert site.get(address).status_code == 404
    with press.store.write() as session:
        accounts.enable(session, DISABLER, person, clock[0])
    assert site.get(address).status_code == 404  # let in again is not handed back a key that may be lost


def test_what_was_taken_down_is_in_no_feed_even_before_the_index_knows(lan: Any, site: Any, press: Any) -> None:
    address = feed_address(lan, keep(lan, "Tất cả", ""))
    assert len(feed_titles(site.get(address))) == 2
    with press.store.write() as session:
        row = session.query(ArticleRow).filter(ArticleRow.title.contains("Lũ")).one()
        row.withdrawn_at = row.created_at
    assert feed_titles(site.get(address)) == ["Chè Tân Cương được giá"]


def test_a_reader_that_polls_without_rest_is_held_back(
    press: Any, site_settings: Any, people: Any, clock: Any, signed_in: Any
) -> None:
    from fastapi.testclient import TestClient

    from search_api.app import create_app

    lan = signed_in("analyst", name="lan")
    address = feed_address(lan, keep(lan))
    limited = create_app(site_settings, press.store, press.index, now=lambda: clock[0])
    reader = TestClient(limited, client=("203.0.113.9", 4000), base_url="https://baochi.example")
    answers = [reader.get(address) for _ in range(12)]
    assert answers[0].status_code == 200 and answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1


# By mail


class Line:
    """A mail server that takes everything, or does what a test says."""

    def __init__(self, answers: list[str]) -> None:
        self.got: list[tuple[str, Any]] = []
        self.answers = answers

    def say(self, sender: str, recipient: str, data: bytes, last_word: Callable[[], bool]) -> Answer:
        kind = self.answers.pop(0) if self.answers else "sent"
        if kind == "retry":
            return Answer("retry", 0, "away")
        if not last_word():
            return Answer("taken_away", 0, "")
        if kind == "killed":
            raise KeyboardInterrupt
        self.got.append((recipient, message_from_bytes(data, policy=default)))
        return Answer("sent", 250, "250 OK")

    def close(self) -> None:
        pass


@pytest.fixture
def post_office(
    press: Any, site_settings: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Line]]:
    settings = site_settings.model_copy(
        update={"mail_from": "diembao@baochi.example", "mail_per_minute": 6000, "smtp_url": None}
    )
    carrier = Carrier(
        press.store,
        settings,
        {LETTER: writer(settings, Seal(site_settings.signing_key))},
        now=lambda: clock[0],
    )

    def round_of_post(answers: tuple[str, ...] = ()) -> Line:
        """What the worker does once: queue what is due, send what is queued."""
        line = Line(list(answers))
        monkeypatch.setattr("diembao.newsroom.letters.Line", lambda _settings: line)
        queue_summaries(press.store, press.index, clock[0])
        carrier.deliver()
        return line

    yield round_of_post


def want_mail(client: Any, number: int, **more: str) -> None:
    client.post(f"{SAVED}/{number}/thu", data={"every": "day", "hour": "7", "weekday": "0"} | more)


def titles_in(mail: Any) -> list[str]:
    lines = mail.get_body(("plain",)).get_content().splitlines()
    return [found[1] for line in lines if (found := re.fullmatch(r"\d+\. (.+)", line))]


def next_morning(clock: Any) -> None:
    """Ten past seven in Viet Nam, of the next day."""
    clock[0] = (clock[0] + timedelta(days=1)).replace(hour=0, minute=10)


def test_a_summary_tells_each_new_story_once(lan: Any, press: Any, printing: Any, clock: Any, post_office: Any) -> None:
    number = keep(lan)
    want_mail(lan, number)
    assert not post_office().got, "nothing is new yet"
    story = press.story(printing("Lũ về", at=clock[0]), printing("Lũ về rồi", "trungdu", at=clock[0]), published=False)
    press.story(printing("Chè khô"), published=False)
    assert not post_office().got, "not before its hour"
    next_morning(clock)
    [(recipient, mail)] = post_office().got
    assert recipient == "lan@baochi.example" and mail["Subject"] == "Lũ: 1 tin mới"
    assert len(titles_in(mail)) == 1 and "2 báo đăng" in mail.get_body(("plain",)).get_content()
    assert not post_office().got, "told already"
    # One more outlet prints the same story: it is not new.
    with press.store.write() as session:
        row = session.get_one(StoryRow, story)
        assert row.articles == 2
    next_morning(clock)
    assert not post_office().got, "nothing new is nothing to say"
    press.story(printing("Lũ lần hai", at=clock[0]), published=False)
    next_morning(clock)
    assert titles_in(post_office().got[0][1]) == ["Lũ lần hai"]


def test_a_further_printing_of_a_story_that_was_told_is_no_news(
    lan: Any, press: Any, printing: Any, clock: Any, post_office: Any
) -> None:
    number = keep(lan)
    want_mail(lan, number)
    told = press.story(printing("Lũ về", at=clock[0]), published=False)
    next_morning(clock)
    assert len(post_office().got) == 1
    other = press.story(printing("Lũ về, thêm ảnh", "trungdu", at=clock[0]), published=False)
    with press.store.write() as session:
        session.query(ArticleRow).filter(ArticleRow.story_id == other).update({"story_id": told})
    next_morning(clock)
    assert not post_office().got


def test_a_letter_can_be_left_with_one_click_and_says_how(
    lan: Any, site: Any, press: Any, printing: Any, clock: Any, post_office: Any
) -> None:
    number = keep(lan)
    want_mail(lan, number)
    press.story(printing("Lũ về", at=clock[0]), published=False)
    next_morning(clock)
    [(_, mail)] = post_office().got
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Auto-Submitted"] == "auto-generated" and mail["List-ID"] and mail["Message-ID"]
    link = mail["List-Unsubscribe"].strip("<>")
    assert link in mail.get_body(("plain",)).get_content() and link in mail.get_body(("html",)).get_content()
    path = urlsplit(link).path
    assert "Thôi nhận" in site.get(path).text, "looking at it ends nothing"
    press.story(printing("Lũ nữa", at=clock[0]), published=False)
    assert site.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    next_morning(clock)
    assert not post_office().got
    assert site.get(path[:-3] + "abc").status_code == 404


def test_nothing_new_is_said_where_that_was_asked_for(lan: Any, clock: Any, post_office: Any) -> None:
    want_mail(lan, keep(lan), when_empty="1")
    next_morning(clock)
    [(_, mail)] = post_office().got
    assert mail["Subject"] == "Lũ: không có tin mới"


def test_weekly_letters_come_on_their_day(lan: Any, press: Any, printing: Any, clock: Any, post_office: Any) -> None:
    want_mail(lan, keep(lan), every="week", weekday="2")  # Wednesday; it is Sunday
    press.story(printing("Lũ về", at=clock[0]), published=False)
    got: list[int] = []
    for _ in range(10):
        next_morning(clock)
        if post_office().got:
            got.append((clock[0] + timedelta(hours=7)).weekday())
    assert got == [2]


def test_a_kill_loses_no_story_and_a_doubt_sends_none_twice(
    lan: Any, press: Any, printing: Any, clock: Any, post_office: Any
) -> None:
    want_mail(lan, keep(lan))
    press.story(printing("Lũ về", at=clock[0]), published=False)
    next_morning(clock)
    assert not post_office(("retry",)).got
    clock[0] += timedelta(minutes=5)
    with pytest.raises(KeyboardInterrupt):
        post_office(("killed",))
    assert not post_office().got, "nobody knows whether it arrived, so it is not sent again by itself"
    with press.store.read() as session:
        assert [row.state for row in session.query(LetterRow).all()] == ["uncertain"]
    press.story(printing("Lũ nữa", at=clock[0]), published=False)
    next_morning(clock)
    assert titles_in(post_office().got[0][1]) == ["Lũ nữa"]


def test_an_article_the_index_does_not_have_yet_is_told_next_time(
    lan: Any, press: Any, printing: Any, clock: Any, post_office: Any
) -> None:
    from pipelines.indexing import drain

    want_mail(lan, keep(lan))
    press.story(printing("Lũ thấy ngay", at=clock[0]), published=False)
    press.story(printing("Lũ thấy sau", at=clock[0]), published=False, index=False)
    next_morning(clock)
    told = Counter(title for _, mail in post_office().got for title in titles_in(mail))
    drain(press.store, press.index)
    next_morning(clock)
    told.update(title for _, mail in post_office().got for title in titles_in(mail))
    assert told == {"Lũ thấy ngay": 1, "Lũ thấy sau": 1}


def test_what_was_taken_down_before_the_letter_went_is_not_in_it(
    lan: Any, press: Any, printing: Any, clock: Any, post_office: Any
) -> None:
    want_mail(lan, keep(lan))
    press.story(printing("Lũ giữ", at=clock[0]), published=False)
    press.story(printing("Lũ gỡ", at=clock[0]), published=False)
    next_morning(clock)
    assert not post_office(("retry",)).got
    with press.store.write() as session:
        row = session.query(ArticleRow).filter(ArticleRow.title == "Lũ gỡ").one()
        row.withdrawn_at = clock[0]
    clock[0] += timedelta(minutes=5)
    [(_, mail)] = post_office().got
    assert titles_in(mail) == ["Lũ giữ"] and mail["Subject"] == "Lũ: 1 tin mới"


def test_no_letter_goes_to_who_was_disabled(lan: Any, press: Any, printing: Any, clock: Any, post_office: Any) -> None:
    want_mail(lan, keep(lan))
    press.story(printing("Lũ về", at=clock[0]), published=False)
    next_morning(clock)
    assert not post_office(("retry",)).got
    with press.store.write() as session:
        person = session.query(SavedSearchFollowRow).one().user_id
        accounts.disable(session, DISABLER, person, clock[0])
    clock[0] += timedelta(minutes=5)
    assert not post_office().got


def test_nobody_without_a_mailbox_is_promised_mail(press: Any, signed_in: Any) -> None:
    nobody = signed_in("analyst", name="khong.thu")
    number = keep(nobody)
    assert "chưa có địa chỉ thư điện tử" in nobody.get(f"{SAVED}/{number}/theo-doi").text
    want_mail(nobody, number)
    assert "chưa có địa chỉ thư điện tử" in nobody.get(SAVED).text


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_saved_searches_fit_and_are_accessible(
    lan: Any, minh: Any, desk_page: Callable[..., Any], width: int, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    number = keep(lan, "Một tên tìm kiếm rất dài để xem có vỡ trang trên điện thoại nhỏ hay không nhé", shared=True)
    keep(lan, "Hai", "stance=unfavourable&topic=thien-tai-thoi-tiet&span=30days")
    keep(minh, "Của Minh", shared=True)
    page = desk_page("analyst", name="lan", width=width, scheme=scheme)
    for path in (SAVED, f"{SAVED}/{number}/theo-doi"):
        page.goto(path)
        found = Axe().run(page).response["violations"]
        assert not [(one["id"], one["nodes"][0]["html"]) for one in found]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
