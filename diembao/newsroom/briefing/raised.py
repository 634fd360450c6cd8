"""Matters that the press raised and how they stand; the stories that were printed most."""

from __future__ import annotations

from collections import Counter

from diembao.newsroom.briefing import cells, wording
from diembao.newsroom.briefing.content import Cell, Column, Line, Part, Table
from diembao.newsroom.briefing.followed import Matter, Told
from diembao.newsroom.briefing.frame import Frame
from diembao.newsroom.briefing.lists import MATTERS, NEEDS_RESPONSE, STORY
from diembao.newsroom.days import day_of
from diembao.newsroom.matters import Stage

_SHOWN = 20
_MATTERS_TITLE, _STORIES_TITLE = "VẤN ĐỀ BÁO CHÍ NÊU", "TIN ĐƯỢC ĐĂNG NHIỀU NHẤT"


def matters(frame: Frame) -> Part:
    raised, stages = frame.figures.raised.now, Counter(one.stage for one in frame.figures.matters)
    if not raised.stories:
        return Part("van-de", _MATTERS_TITLE, lines=((wording.NONE,),))
    first: Line = (
        "Báo chí nêu ",
        cells.count(raised.stories, frame.lists.stories(frame.asked, (("flag", NEEDS_RESPONSE),))),
        " vấn đề cần phản hồi, trong ",
        cells.count(raised.articles, frame.lists.raised(frame.asked)),
        f" bài. Tình trạng tính đến {wording.day(frame.today)}.",
    )
    rows = tuple(
        (cells.text(wording.STAGES[stage]), cells.count(stages[stage], frame.lists.matters(frame.asked, stage)))
        for stage in Stage
    )
    columns = (Column("Tình trạng", 110, is_number=False), Column("Số vấn đề", 50))
    title = "Tình trạng xử lý vấn đề báo chí nêu"
    state = Table("tinh-trang", "Tình trạng vấn đề", title, columns, rows, unit="vấn đề")
    return Part("van-de", _MATTERS_TITLE, lines=(first,), tables=(state, _matters_table(frame)))


def _matters_table(frame: Frame) -> Table:
    columns = (
        Column("STT", 10), Column("Vấn đề", 47, is_number=False), Column("Báo nêu đầu tiên", 24, is_number=False),
        Column("Số bài", 12), Column("Cơ quan trả lời", 26, is_number=False), Column("Hạn", 19, is_number=False),
        Column("Tình trạng, kết quả", 22, is_number=False),
    )  # fmt: skip
    rows = tuple(_matter_row(frame, number, one) for number, one in enumerate(frame.figures.matters, start=1))
    title = "Các vấn đề báo chí nêu, cơ quan trả lời và kết quả"
    return Table("van-de", "Vấn đề", title, columns, rows, shown=_SHOWN, unit="bài")


def _matter_row(frame: Frame, number: int, one: Matter) -> tuple[Cell, ...]:
    row, told = one.row, one.told
    only = ("story", str(told.story.id)), ("flag", NEEDS_RESPONSE)
    return (
        cells.number(number),
        cells.text(told.headline, f"{MATTERS}/{told.story.id}"),
        cells.text(told.portrait.first.outlet),
        cells.count(told.articles, frame.lists.articles(frame.asked, only)),
        cells.text("; ".join(part for part in (row.body, row.letter) if part) if row else ""),
        cells.day(row.due_on if row else None),
        _result(one),
    )


def _result(one: Matter) -> Cell:
    """How it stands, leading to the answer where there is one to be read."""
    state, row = wording.STAGES[one.stage], one.row
    if row is None or row.answered_on is None:
        return cells.text(state)
    return cells.text(f"{state} ({wording.day(row.answered_on)})", row.answer_url)


def stories(frame: Frame) -> Part:
    columns = (
        Column("STT", 10), Column("Tin", 60, is_number=False), Column("Báo đăng đầu tiên", 31, is_number=False),
        Column("Đăng ngày", 20, is_number=False), Column("Số bài", 12), Column("Số báo", 12),
        Column("Thái độ", 15, is_number=False),
    )  # fmt: skip
    rows = tuple(_story_row(frame, number, told) for number, told in enumerate(frame.figures.top, start=1))
    if not rows:
        return Part("tin-noi-bat", _STORIES_TITLE, lines=((wording.NONE,),))
    table = Table("tin-noi-bat", "Tin nổi bật", "Tin được đăng nhiều nhất", columns, rows, unit="bài, báo")
    return Part("tin-noi-bat", _STORIES_TITLE, tables=(table,))


def _story_row(frame: Frame, number: int, told: Told) -> tuple[Cell, ...]:
    first, story = told.portrait.first, told.story
    behind = frame.lists.articles(frame.asked, (("story", str(story.id)),))
    return (
        cells.number(number),
        cells.text(told.headline, f"{STORY}/{story.id}"),
        cells.text(first.outlet),
        cells.day(day_of(first.at)),
        cells.count(told.articles, behind),
        cells.count(told.outlets, behind),
        cells.text(frame.name("stance", story.stance) if story.stance else wording.NOTHING),
    )
