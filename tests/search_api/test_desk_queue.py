"""The queue and the reading pane as pages and forms, without a script."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from diembao.newsroom.permissions import Role
from diembao.records import PlaceMention, Stance
from diembao.store.models import LabelRow, SavedViewRow, StoryRow

QUEUE = "/ban-bien-tap"


@pytest.fixture
def three(newsroom, printing, clock):
    """A complaint that three papers print, good news, and something of no stance; newest last."""
    now = clock[0]
    complaint = newsroom.story(
        printing("Dân phản ánh mùi hôi ở xã Tân Cương", at=now - timedelta(hours=9)),
        printing("Mùi hôi Tân Cương", "trungdu", at=now - timedelta(hours=8), reprint_of=0),
        printing("Tân Cương kêu cứu", "xuche", at=now - timedelta(hours=7)),
        published=False,
    )
    good = newsroom.story(
        printing(
            "Khánh thành cầu mới", at=now - timedelta(hours=3), stance=Stance.FAVOURABLE, topics=("kinh-te-dau-tu",)
        ),
        published=False,
    )
    plain = newsroom.story(
        printing("Lịch cắt điện", "xuche", at=now - timedelta(hours=2), stance=Stance.NEUTRAL, places=()),
        published=False,
    )
    with newsroom.store.write() as session:
        for number in (good, plain):
            session.get_one(StoryRow, number).needs_response = False
    return complaint, good, plain


def _order(html):
    return [int(number) for number in re.findall(r'data-story="(\d+)"', html)]


def _story(newsroom, number):
    with newsroom.store.read() as session:
        return session.get_one(StoryRow, number)


def _form(newsroom, number, **fields):
    return {"revision": _story(newsroom, number).revision, "back": QUEUE, **fields}


def test_what_matters_stands_before_what_is_newer(three, signed_in):
    complaint, good, plain = three
    page = signed_in("editor").get(QUEUE)
    assert _order(page.text) == [complaint, plain, good]
    assert "+2 báo" in page.text
    assert "cần phản hồi" in page.text and "Đứng đây vì" in page.text


def test_filters_are_kept_in_the_address_and_counted(three, signed_in):
    complaint, good, plain = three
    client = signed_in("editor")
    page = client.get(f"{QUEUE}?stance=favourable")
    assert _order(page.text) == [good]
    assert re.search(
        r'href="/ban-bien-tap\?stance=unfavourable"[^>]*><span>Bất lợi</span> <span class="figure">1<', page.text
    )
    assert _order(client.get(f"{QUEUE}?place=05503&topic=kinh-te-dau-tu").text) == [good]
    assert _order(client.get(f"{QUEUE}?source=trungdu").text) == [complaint]
    assert _order(client.get(f"{QUEUE}?needs_response=1").text) == [complaint]
    assert _order(client.get(f"{QUEUE}?sort=newest").text) == [plain, good, complaint]
    assert "Không tin nào khớp bộ lọc" in client.get(f"{QUEUE}?topic=the-thao").text


def test_the_queue_reaches_back_to_the_last_digest_and_says_what_is_older(three, newsroom, printing, signed_in, clock):
    old = newsroom.story(printing("Chuyện tháng trước", at=clock[0] - timedelta(days=30)), published=False)
    client = signed_in("editor")
    page = client.get(QUEUE)
    assert old not in _order(page.text) and "Còn 1 tin cũ hơn" in page.text
    assert old in _order(client.get(f"{QUEUE}?span=all").text)
    assert _order(client.get(f"{QUEUE}?from=01/10/2026&to=31/10/2026").text) == [old]
    assert "không phải là ngày" in client.get(f"{QUEUE}?from=hôm+qua").text


def test_searching_needs_no_accents(three, signed_in):
    page = signed_in("editor").get(f"{QUEUE}?q=khanh+thanh")
    assert _order(page.text) == [three[1]]
    assert "Không tìm thấy tin nào có" in signed_in("editor").get(f"{QUEUE}?q=khongcochuyennay").text


def test_a_story_goes_from_the_queue_to_the_section(three, newsroom, signed_in):
    _, good, _ = three
    editor, chief = signed_in("editor", name="lan"), signed_in("chief", name="minh")
    form = _form(newsroom, good, headline="Cầu mới thông xe", summary="Cầu đã thông xe. Không thu phí.")
    assert editor.post(f"{QUEUE}/tin/{good}/save_text", data=form).status_code == 303
    assert editor.post(f"{QUEUE}/tin/{good}/submit", data=_form(newsroom, good)).status_code == 303
    assert good in _order(chief.get(f"{QUEUE}?tab=waiting").text)
    assert good not in _order(editor.get(QUEUE).text)
    chief.post(f"{QUEUE}/tin/{good}/approve", data=_form(newsroom, good))
    assert _story(newsroom, good).state == "approved"


def test_words_that_come_with_a_step_are_saved_first(three, newsroom, signed_in):
    _, good, _ = three
    signed_in("editor").post(f"{QUEUE}/tin/{good}/submit", data=_form(newsroom, good, headline="", summary="Của ta."))
    assert (_story(newsroom, good).state, _story(newsroom, good).summary) == ("waiting", "Của ta.")


def test_the_second_of_two_editors_is_told_and_overwrites_nothing(three, newsroom, signed_in):
    _, good, _ = three
    lan, minh = signed_in("editor", name="lan"), signed_in("editor", name="minh")
    stale = _form(newsroom, good, headline="Của Minh", summary="")
    lan.post(f"{QUEUE}/tin/{good}/save_text", data=_form(newsroom, good, headline="Của Lan", summary=""))
    answer = minh.post(f"{QUEUE}/tin/{good}/save_text", data=stale, headers={"X-Requested-With": "fetch"})
    assert answer.status_code == 409
    assert (
        "vừa sửa tiêu đề, tóm tắt tin này" in answer.json()["detail"] and "Của Lan" in answer.json()["cards"][0]["html"]
    )
    assert _story(newsroom, good).headline == "Của Lan"
    assert (
        "không có gì bị ghi đè"
        in minh.get(minh.post(f"{QUEUE}/tin/{good}/save_text", data=stale).headers["location"]).text
    )


def test_many_are_rejected_at_once_and_brought_back_by_one_undo(three, newsroom, signed_in):
    editor = signed_in("editor")
    chosen = [f"{number}:{_story(newsroom, number).revision}" for number in three]
    answer = editor.post(f"{QUEUE}/hang-loat", data={"chon": chosen, "act": "reject", "words": "Tin cũ", "back": QUEUE})
    assert answer.status_code == 303 and _order(editor.get(QUEUE).text) == []
    assert sorted(_order(editor.get(f"{QUEUE}?tab=rejected").text)) == sorted(three)
    editor.post(f"{QUEUE}/hoan-tac", data={"back": QUEUE})
    assert sorted(_order(editor.get(QUEUE).text)) == sorted(three)


def test_rejecting_asks_for_a_reason(three, newsroom, signed_in):
    editor = signed_in("editor")
    answer = editor.post(f"{QUEUE}/tin/{three[0]}/reject", data=_form(newsroom, three[0]))
    assert "Hãy cho biết lý do loại" in editor.get(answer.headers["location"]).text
    assert _story(newsroom, three[0]).state == "new"


def test_a_corrected_judgement_shows_both_values_and_can_be_taken_back(three, newsroom, signed_in):
    complaint = three[0]
    editor = signed_in("editor", name="lan")
    article = newsroom.article_ids[0]
    form = {"article": article, "field": "stance", "value": "neutral", "copies": "1", "back": QUEUE}
    editor.post(f"{QUEUE}/tin/{complaint}/sua", data=form)
    page = editor.get(f"{QUEUE}?tin={complaint}").text
    assert "máy: bất lợi → Nguyễn Thị Lan: trung tính" in page
    with newsroom.store.read() as session:
        labels = session.query(LabelRow).filter(LabelRow.withdrawn_at.is_(None)).all()
    assert [label.value for label in labels] == ["neutral", "neutral"]  # the article and its one copy
    editor.post(f"{QUEUE}/tin/{complaint}/theo-may", data={"article": article, "field": "stance", "back": QUEUE})
    assert "máy: bất lợi" not in editor.get(f"{QUEUE}?tin={complaint}").text


def test_topics_places_and_the_need_of_a_response_are_corrected(three, newsroom, signed_in):
    complaint = three[0]
    editor = signed_in("editor")
    base = {"article": newsroom.article_ids[0], "back": QUEUE}

    def say(field, value):
        return editor.post(f"{QUEUE}/tin/{complaint}/sua", data={**base, "field": field, "value": value})

    say("topic", "moi-truong-tai-nguyen")
    say("place_add", "phuong bac kan")
    say("place_drop", "05503")
    say("needs_response", "")
    page = editor.get(f"{QUEUE}?tin={complaint}&bai={base['article']}").text
    assert "Môi trường" in page and "Bắc Kạn" in page
    assert "cần phản hồi: không" in page.lower()
    assert "Không có xã, phường nào tên" in editor.get(say("place_add", "Xứ Lạ").headers["location"]).text


def test_stories_are_merged_and_split(three, newsroom, signed_in):
    complaint, good, _ = three
    editor = signed_in("editor")
    chosen = newsroom.article_ids[2]
    editor.post(f"{QUEUE}/tin/{complaint}/tach", data=_form(newsroom, complaint, article=[chosen]))
    assert len(_order(editor.get(QUEUE).text)) == 4
    answer = editor.post(f"{QUEUE}/tin/{good}/gop", data=_form(newsroom, good, into=complaint))
    told = editor.get(answer.headers["location"]).text
    assert len(_order(told)) == 3
    # Both can be taken back, the last first, by the button that the message has.
    assert "Đã gộp hai tin làm một." in told and f'action="{QUEUE}/hoan-tac"' in told
    for wanted in (4, 3):
        editor.post(f"{QUEUE}/hoan-tac", data={"back": QUEUE})
        assert len(_order(editor.get(QUEUE).text)) == wanted


def test_drafts_notes_and_presence(three, newsroom, signed_in):
    complaint = three[0]
    lan, minh = signed_in("editor", name="lan"), signed_in("editor", name="minh")
    fetch = {"X-Requested-With": "fetch"}
    kept = lan.post(f"{QUEUE}/tin/{complaint}/nhap", data={"headline": "", "summary": "Đang viết"}, headers=fetch)
    assert kept.json()["told"] == "Đã tự lưu lúc 09:05"
    assert "Đang viết" in lan.get(f"{QUEUE}/tin/{complaint}").text
    assert "Đang viết" not in minh.get(f"{QUEUE}/tin/{complaint}").text
    lan.post(f"{QUEUE}/tin/{complaint}/ghi-chu", data={"text": "Gọi xã <b>trước</b>", "back": QUEUE})
    assert "Gọi xã &lt;b&gt;trước&lt;/b&gt;" in minh.get(f"{QUEUE}/tin/{complaint}").text
    lan.post(f"{QUEUE}/tin/{complaint}/mo", headers=fetch)
    assert "Nguyễn Thị Lan đang mở" in minh.get(QUEUE).text


def test_the_pane_says_when_a_story_may_be_published(newsroom, printing, signed_in, clock):
    number = newsroom.story(printing("Vừa đăng", at=clock[0] - timedelta(minutes=20)), published=False)
    assert "Được đăng lúc 09:45" in signed_in("chief").get(f"{QUEUE}/tin/{number}").text


def test_hostile_text_is_text(newsroom, printing, signed_in):
    bad = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    mention = PlaceMention("<b>Nơi</b>", "", "landmark", "<img src=x onerror=alert(2)>")
    number = newsroom.story(
        printing(f"Bài {bad}", lead=bad, text=bad, places=(mention,), url="javascript:alert(1)"), published=False
    )
    page = signed_in("editor").get(f"{QUEUE}?tin={number}").text
    assert "<script>alert" not in page and "<img src=x" not in page and "javascript:alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_views_are_saved_for_oneself_or_for_all(three, newsroom, signed_in):
    lan, minh = signed_in("editor", name="lan"), signed_in("editor", name="minh")
    back = f"{QUEUE}?stance=unfavourable&page=2&tin=1"
    lan.post(f"{QUEUE}/che-do-xem", data={"name": "Tin xấu", "back": back})
    lan.post(f"{QUEUE}/che-do-xem", data={"name": "Cả ban", "shared": "1", "back": back})
    assert "Tin xấu" in lan.get(QUEUE).text
    shown = minh.get(QUEUE).text
    assert "Tin xấu" not in shown and 'href="/ban-bien-tap?stance=unfavourable"><span>Cả ban</span>' in shown
    with newsroom.store.read() as session:
        number = session.query(SavedViewRow).filter_by(name="Cả ban").one().id
    assert minh.post(f"{QUEUE}/che-do-xem/{number}/bo", data={"back": QUEUE}).status_code == 404


def test_new_stories_are_announced_by_number(three, newsroom, printing, signed_in, clock):
    client = signed_in("editor")
    newest = re.search(r'data-newest="(\d+)"', client.get(QUEUE).text)[1]
    assert client.get(f"{QUEUE}/tin-moi?after={newest}").json()["count"] == 0
    newsroom.story(printing("Tin vừa tới", at=clock[0] - timedelta(hours=1)), published=False)
    assert client.get(f"{QUEUE}/tin-moi?after={newest}").json()["words"] == "1 tin mới – bấm để hiện"
    assert client.get(f"{QUEUE}/tin-moi?after={newest}&stance=favourable").json()["count"] == 0


@pytest.mark.parametrize("tab", ["new", "mine", "waiting", "published", "rejected", "near"])
def test_an_empty_tab_says_something_kind(signed_in, tab):
    page = signed_in("chief").get(f"{QUEUE}?tab={tab}")
    assert page.status_code == 200 and "empty-title" in page.text


def test_an_analyst_reads_and_has_no_buttons(three, signed_in):
    page = signed_in(Role.ANALYST.value).get(f"{QUEUE}?tin={three[0]}").text
    assert "data-act=" not in page.replace('data-act="split"', "")
    assert "Toàn văn" in page
