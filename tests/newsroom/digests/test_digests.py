"""A digest's way from approved stories to a numbered paper that never changes, on both databases."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from diembao.errors import Forbidden, Refused
from diembao.newsroom.digests import approving, editing
from diembao.newsroom.digests.composing import content_of
from diembao.newsroom.digests.content import Content
from diembao.newsroom.digests.editing import opened
from diembao.newsroom.digests.formats import FORMATS
from diembao.newsroom.digests.wording import notice_line
from diembao.newsroom.permissions import Actor, Role
from diembao.store import audit, digests
from diembao.store.models import DigestRow, StoryRow

Desk = Any  # the newsroom of conftest.py
NOW = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
TODAY = date(2026, 11, 22)
EDITOR = Actor("lan", frozenset({Role.EDITOR}))
CHIEF = Actor("minh", frozenset({Role.CHIEF}))


def said(desk: Desk, digest_id: int) -> Content:
    with desk.store.read() as session:
        row = digests.get(session, digest_id)
        assert row is not None
        return content_of(session, row, desk.settings, NOW)


def headlines(desk: Desk, digest_id: int) -> list[str]:
    return [item.headline for item in said(desk, digest_id).items]


def approved(desk: Desk, row: DigestRow) -> DigestRow:
    with desk.store.write() as session:
        current = session.get_one(DigestRow, row.id)
        return approving.approve(session, row.id, current.revision, CHIEF, desk.settings, NOW)


def published(desk: Desk, row: DigestRow) -> DigestRow:
    with desk.store.write() as session:
        return approving.publish(session, row.id, session.get_one(DigestRow, row.id).revision, CHIEF, NOW)


def test_one_key_takes_what_was_approved_by_topic_weightiest_first(desk: Desk) -> None:
    desk.story("Đội bóng thắng trận", topic="the-thao", outlets=("songcau",))
    desk.story("Lũ lên nhanh", outlets=("songcau",))
    desk.story("Lũ quét ở bốn xã", outlets=("songcau", "trungdu", "vungcao", "xuche"))
    desk.story("Chưa ai duyệt", state="waiting")
    desk.story("Duyệt từ tuần trước", decided_hours_ago=200)
    content = said(desk, desk.draft().id)
    assert [(section.title, [item.headline for item in section.items]) for section in content.sections] == [
        ("Thiên tai – Thời tiết", ["Lũ quét ở bốn xã", "Lũ lên nhanh"]),
        ("Thể thao", ["Đội bóng thắng trận"]),
    ]
    assert content.sections[0].items[0].carried_by == "Báo Songcau, Báo Trungdu và 2 báo khác"


def test_public_digest_holds_only_what_is_published_and_no_judgement(desk: Desk) -> None:
    desk.story("Đã duyệt, chưa đăng", state="approved")
    desk.story("Đã đăng", summary="")
    assert sorted(headlines(desk, desk.draft().id)) == ["Đã duyệt, chưa đăng", "Đã đăng"]
    content = said(desk, desk.draft(audience="public").id)
    assert [item.headline for item in content.items] == ["Đã đăng"]
    kept = content.to_json()
    assert "unfavourable" not in kept and '"needs_response":true' not in kept
    assert content.items[0].summary == "", "a newspaper's lead is not ours to print"
    assert not content.letterhead.addressees and not content.letterhead.copies


def test_internal_digest_says_the_stance_and_falls_back_on_the_lead(desk: Desk) -> None:
    desk.story(summary="")
    (item,) = said(desk, desk.draft().id).items
    assert (item.stance, item.needs_response) == ("unfavourable", True)
    assert item.summary == "Mực nước tại trạm Gia Bảy vượt báo động hai."


def test_what_was_told_is_not_told_again(desk: Desk) -> None:
    desk.story("Tin của hôm qua", decided_hours_ago=3)
    approved(desk, desk.draft())
    desk.story("Tin mới", decided_hours_ago=-1)
    later = NOW + timedelta(hours=2)
    assert headlines(desk, desk.draft(now=later).id) == ["Tin mới"]
    again = desk.draft(now=later, only_new=False, never_told=True)
    assert headlines(desk, again.id) == ["Tin mới"]
    everything = desk.draft(now=later, only_new=False, never_told=False)
    assert set(headlines(desk, everything.id)) == {"Tin mới", "Tin của hôm qua"}
    weekly = desk.draft(now=later, kind="weekly")
    assert len(headlines(desk, weekly.id)) == 2, "the week sums up what the days told"


def test_two_editors_at_one_draft_lose_nothing(desk: Desk) -> None:
    desk.story()
    row = desk.draft()
    item = said(desk, row.id)
    with desk.store.write() as session:
        first = opened(session, row.id, row.revision, EDITOR, NOW)
        editing.describe(first, {"intro": "Mở đầu của Lan"})
    with pytest.raises(Refused) as lost, desk.store.write() as session:
        second = opened(session, row.id, row.revision, CHIEF, NOW)
        editing.describe(second, {"intro": "Mở đầu của Minh"})
    assert lost.value.key == "digest_changed"
    assert said(desk, row.id).intro == "Mở đầu của Lan" and item.intro == ""


def test_arranging_by_steps_sections_and_words_of_its_own(desk: Desk) -> None:
    for name in ("A", "B"):
        desk.story(name)
    desk.story("C", topic="the-thao")
    row = desk.draft(form="table")
    with desk.store.write() as session:
        ids = {story.headline: item.id for item, story in _with_stories(session, row.id)}
        draft = opened(session, row.id, row.revision, EDITOR, NOW)
        before = [item.id for item in digests.items(session, row.id)]
        editing.step(draft, before[1], -1)
        editing.step(draft, ids["C"], -1)  # over the edge into the section above
        editing.rewrite(draft, ids["A"], "A, viết lại", "Chỉ cho bản này.")
        key = editing.add_section(draft, "Tin  cần  lưu ý")
        editing.move_to(draft, ids["B"], key)
    content = said(desk, row.id)
    assert [section.title for section in content.sections] == ["Thiên tai – Thời tiết", "Tin cần lưu ý"]
    assert {item.headline for item in content.sections[0].items} == {"A, viết lại", "C"}
    assert content.sections[1].items[0].headline == "B"
    with desk.store.read() as session:
        assert [story.headline for _, story in _with_stories(session, row.id) if story.headline == "A"] == ["A"]


def test_an_incomplete_order_is_refused(desk: Desk) -> None:
    desk.story("A")
    desk.story("B")
    row = desk.draft()
    with pytest.raises(Refused, match="order_incomplete"), desk.store.write() as session:
        draft = opened(session, row.id, row.revision, EDITOR, NOW)
        keys = [section["key"] for section in row.sections]
        editing.arrange(draft, [(key, []) for key in keys])
    assert sorted(headlines(desk, row.id)) == ["A", "B"]


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_frozen_with_the_approval(desk: Desk, name: str) -> None:
    story = desk.story("Như đã duyệt")
    row = approved(desk, desk.draft())
    before = FORMATS[name].export(said(desk, row.id))
    with desk.store.write() as session:
        told = digests.standing(session, [story])[story]
        told.headline, told.summary, told.stance = "Sửa sau", "Sửa sau", "favourable"
    desk.settings = desk.settings.model_copy(update={"digest_signer": "Người khác"})
    assert FORMATS[name].export(said(desk, row.id)) == before
    with pytest.raises(Refused, match="digest_frozen"), desk.store.write() as session:
        opened(session, row.id, row.revision, EDITOR, NOW)


def test_only_the_chief_approves_and_an_empty_digest_is_no_digest(desk: Desk) -> None:
    row = desk.draft()
    with pytest.raises(Forbidden), desk.store.write() as session:
        approving.approve(session, row.id, row.revision, EDITOR, desk.settings, NOW)
    with pytest.raises(Refused, match="digest_empty"):
        approved(desk, row)
    desk.story()
    assert approved(desk, desk.draft()).number == 1, "a refused approval uses up no number"


def test_sent_back_with_a_note_and_discarded(desk: Desk) -> None:
    desk.story()
    row = desk.draft()
    with desk.store.write() as session:
        approving.submit(session, row.id, 1, EDITOR, NOW)
        assert approving.send_back(session, row.id, 2, "Thiếu tin lũ.", CHIEF, NOW).note == "Thiếu tin lũ."
        approving.discard(session, row.id, 3, EDITOR, NOW)
    with desk.store.read() as session:
        assert digests.get(session, row.id) is None
        acts = [one.action for one in audit.of_object(session, "digest", row.id)]
    assert acts == ["digest_build", "digest_submit", "digest_send_back", "digest_discard"]


def test_numbers_have_no_gap_and_no_double_however_many_approve_at_once(desk: Desk) -> None:
    for number in range(6):
        desk.story(f"Tin {number}")
    rows = [desk.draft(only_new=False, never_told=False) for _ in range(6)]
    special = desk.draft(kind="special", only_new=False, never_told=False)
    numbers: list[int | None] = []

    def work(row: DigestRow) -> None:
        numbers.append(approved(desk, row).number)

    threads = [threading.Thread(target=work, args=(row,)) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers, key=str) == [1, 2, 3, 4, 5, 6]
    assert approved(desk, special).number == 1
    with desk.store.read() as session:
        assert {row.year for row in digests.listed(session, limit=10)} == {TODAY.year}


def test_removal_empties_a_waiting_digest_and_marks_one_that_went_out(desk: Desk) -> None:
    gone, stays = desk.story("Sẽ bị gỡ"), desk.story("Ở lại")
    waiting = approved(desk, desk.draft(audience="public"))
    issued = published(desk, approved(desk, desk.draft(audience="public", only_new=False, never_told=False)))
    desk.withdraw(gone)
    assert headlines(desk, waiting.id) == ["Ở lại"]
    after = said(desk, issued.id)
    assert [item.gone for item in after.items].count(True) == 1
    for name, kind in FORMATS.items():
        assert b"S\xe1\xba\xbd b\xe1\xbb\x8b g\xe1\xbb\xa1" not in kind.export(after), name
    assert stays


def test_a_later_digest_says_once_what_was_taken_down(desk: Desk) -> None:
    gone = desk.story("Tin sai của báo")
    published(desk, approved(desk, desk.draft(audience="public")))
    desk.withdraw(gone)
    desk.story("Tin hôm sau", decided_hours_ago=-1)
    later = NOW + timedelta(hours=3)
    second = desk.draft(audience="public", now=later, only_new=False)
    (notice,) = said(desk, second.id).notices
    assert (notice.headline, notice.outlet, notice.earlier) == (
        "Tin sai của báo", "Báo Songcau", "điểm báo số 1, ngày 22/11/2026",
    )  # fmt: skip
    published(desk, approved(desk, second))
    desk.story("Tin hôm sau nữa", decided_hours_ago=-2)
    assert said(desk, desk.draft(audience="public", now=later, only_new=False).id).notices == ()


def test_a_later_digest_says_what_was_put_right(desk: Desk) -> None:
    story = desk.story("Số liệu đã đính chính")
    published(desk, approved(desk, desk.draft(audience="public")))
    with desk.store.write() as session:
        row = session.get_one(StoryRow, story)
        row.state, row.corrected_at = "corrected", NOW + timedelta(hours=1)
    desk.story("Tin hôm sau", decided_hours_ago=-1)
    (notice,) = said(desk, desk.draft(audience="public", now=NOW + timedelta(hours=3)).id).notices
    assert notice_line(notice).startswith("Đã đính chính tin “Số liệu đã đính chính” (Báo Songcau, 22/11/2026)")


def test_one_printing_removed_at_its_source_takes_its_name_and_words_along(desk: Desk) -> None:
    story = desk.story("", summary="", outlets=("songcau", "trungdu"))
    row = approved(desk, desk.draft())
    (before,) = said(desk, row.id).items
    assert before.headline.endswith("(songcau)")
    desk.removed_at_source(story, "songcau")
    (after,) = said(desk, row.id).items
    assert after.carried_by == "Báo Trungdu" and after.headline.endswith("(trungdu)") and after.summary == ""


def _with_stories(session, digest_id):  # type: ignore[no-untyped-def]
    rows = digests.items(session, digest_id)
    found = digests.standing(session, [item.story_id for item in rows])
    return [(item, found[item.story_id]) for item in rows]
