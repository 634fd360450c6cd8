"""How much there was, against the two other periods, and day by day; the whole report in a few sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from diembao.index.protocol import Keyword, Period
from diembao.newsroom.analysis.figures import Change, Number
from diembao.newsroom.briefing import cells, drawing, wording
from diembao.newsroom.briefing.content import Cell, Column, Drawing, Line, Part, Table
from diembao.newsroom.briefing.drawing import Series
from diembao.newsroom.briefing.frame import FIELD_NAMES, Frame
from diembao.newsroom.briefing.lists import NEEDS_RESPONSE, STANCES, STORY
from diembao.newsroom.briefing.tables import PAGE, Compared
from diembao.newsroom.matters import Stage

_NAMED_TOPICS, _NAMED_OUTLETS, _NAMED_PLACES = 3, 3, 5


def overview(frame: Frame) -> Part:
    has_any = bool(frame.figures.total.now.articles)
    return Part(
        "tong-quan",
        "TỔNG QUAN",
        lines=(_how_much(frame), *_warning(frame), *(_told(frame) if has_any else ())),
        drawings=(_over_time(frame),) if has_any else (),
        tables=(_totals(frame), _days(frame)),
    )


def _how_much(frame: Frame) -> Line:
    now = frame.figures.total.now
    name = wording.capital(wording.period_name(frame.asked))
    if not now.articles:
        return (f"{name}, không có bài báo nào về tỉnh Thái Nguyên trong phạm vi đếm.",)
    line: list[str | Cell] = [
        f"{name}, báo chí đăng ",
        cells.count(now.articles, frame.lists.articles(frame.asked)),
        " bài về tỉnh Thái Nguyên, phản ánh ",
        cells.count(now.stories, frame.lists.stories(frame.asked)),
        " sự việc (tin)",
    ]
    for one in frame.tables.compared:
        line += _against(frame, one)
    return (*line, ".")


def _against(frame: Frame, one: Compared) -> list[str | Cell]:
    name, then, tables = wording.period_name(one.period), one.number(frame.figures.total), frame.tables
    if not tables.can_compare(one):
        return [f"; với {name} {wording.INCOMPARABLE} vì {tables.why_not(one)}"]
    if not then.articles:
        return [f"; {name} không có bài nào"]
    moved = wording.moved((frame.figures.total.now.articles - then.articles) / then.articles)
    counted = cells.count(then.articles, frame.lists.articles(one.period))
    return [f"; số bài {moved} so với {name} (", counted, " bài)"]


def _warning(frame: Frame) -> tuple[Line, ...]:
    known = frame.tables.asked
    if known.is_enough:
        return ()
    if known.is_empty:
        return (("Lưu ý: trong kỳ này hệ thống chưa thu thập được bài nào.",),)
    last = f", đến {wording.day(known.last)}" if known.last else ""
    return ((f"Lưu ý: kỳ này mới có dữ liệu ở {known.collected}/{known.period_days} ngày{last}.",),)


def _told(frame: Frame) -> tuple[Line, ...]:
    """Stance, topics, outlets, places, matters, the story printed most."""
    topics = _most(frame, Keyword.TOPIC, _NAMED_TOPICS)
    outlets = _most(frame, Keyword.SOURCE, _NAMED_OUTLETS)
    places = _most(frame, Keyword.PLACE_CODE, _NAMED_PLACES)
    lines: list[Line] = [_stances(frame)]
    lines += [("Chủ đề được viết nhiều nhất: ", *topics, ".")] if topics else []
    lines += [("Báo có nhiều bài nhất: ", *outlets, ".")] if outlets else []
    lines += [("Xã, phường được nhắc nhiều nhất: ", *places, ".")] if places else []
    lines += [_raised(frame)]
    if frame.figures.top:
        told = frame.figures.top[0]
        counted = cells.count(told.articles, frame.lists.articles(frame.asked, (("story", str(told.story.id)),)))
        headline = cells.text(told.headline, f"{STORY}/{told.story.id}")
        lines.append(("Tin được đăng nhiều nhất: “", headline, "” (", counted, " bài)."))
    return tuple(lines)


def _most(frame: Frame, field: Keyword, number: int) -> list[str | Cell]:
    found: list[str | Cell] = []
    for value, change in frame.most(field, number):
        name = frame.name(FIELD_NAMES[field], value)
        counted = cells.count(change.now.articles, frame.of(field, value)(frame.asked))
        found += [f"{', ' if found else ''}{name} (", counted, " bài)"]
    return found


def _stances(frame: Frame) -> Line:
    """Favourable and unfavourable, each with how its share changed."""
    total, known = frame.figures.total, dict(frame.rows(Keyword.STANCE))
    line: list[str | Cell] = []
    for stance in STANCES[:2]:
        change = known.get(stance, Change(Number(), Number(), Number()))
        name = frame.name("stance", stance).lower()
        counted = cells.count(change.now.articles, frame.of(Keyword.STANCE, stance)(frame.asked))
        part = cells.share(change.now.articles, total.now.articles).text
        line += ["; bài " if line else "Bài ", f"{name} chiếm {part} (", counted, " bài"]
        for one in frame.tables.compared:
            then, whole = one.number(change).articles, one.number(total).articles
            if frame.tables.can_compare(one) and whole:
                moved = 100 * (change.now.articles / total.now.articles - then / whole)
                line.append(f", {wording.moved_points(moved)} so với {wording.period_name(one.period)}")
        line.append(")")
    return (*line, ".")


def _raised(frame: Frame) -> Line:
    raised, stages = frame.figures.raised.now, Counter(one.stage for one in frame.figures.matters)
    if not raised.stories:
        return ("Không có vấn đề nào báo chí nêu cần phản hồi.",)
    line: list[str | Cell] = [
        "Báo chí nêu ",
        cells.count(raised.stories, frame.lists.stories(frame.asked, (("flag", NEEDS_RESPONSE),))),
        " vấn đề cần phản hồi",
    ]
    for stage in (Stage.IN_TIME, Stage.LATE, Stage.OPEN, Stage.OVERDUE, Stage.UNASSIGNED):
        if stages[stage]:
            counted = cells.count(stages[stage], frame.lists.matters(frame.asked, stage))
            line += [", ", counted, f" {wording.small(wording.STAGES[stage])}"]
    return (*line, ".")


def _totals(frame: Frame) -> Table:
    tables, f = frame.tables, frame.figures
    columns = [Column(wording.period_head(frame.asked), 22)]
    for one in tables.compared:
        columns += [Column(wording.period_head(one.period), 24), Column("Tăng, giảm", 24)]
    outlets, units = _having(frame, Keyword.SOURCE), _having(frame, Keyword.PLACE_CODE)
    rows = (
        _beside(frame, "Số bài", f.total, lambda number: number.articles, frame.lists.articles),
        _beside(
            frame,
            "Số tin (các bài cùng một sự việc tính một)",
            f.total,
            lambda number: number.stories,
            frame.lists.stories,
        ),
        _beside(frame, "Số báo có bài", outlets, lambda number: number.articles, lambda _: "#bao"),
        _beside(frame, "Số xã, phường được nhắc", units, lambda number: number.articles, lambda _: "#xa-phuong"),
        _beside(frame, "Bài cần phản hồi", f.raised, lambda number: number.articles, frame.lists.raised),
    )
    return tables.table("tong-quan", "Tổng quan", "Số liệu chung", ["Chỉ tiêu"], columns, rows, 0)


def _having(frame: Frame, field: Keyword) -> Change:
    """How many values of a field had anything, in each period."""
    changes = [change for _, change in frame.rows(field)]
    numbers: tuple[Callable[[Change], Number], ...] = (
        lambda change: change.now,
        lambda change: change.before,
        lambda change: change.year_before,
    )
    counted = [sum(bool(number(change).articles) for change in changes) for number in numbers]
    return Change(*(Number(one, one) for one in counted))


def _beside(
    frame: Frame, label: str, change: Change, value: Callable[[Number], int], href: Callable[[Period], str]
) -> tuple[Cell, ...]:
    """A number with those of the other periods; where nothing was collected then, that is said and not zero."""
    made = [cells.text(label), cells.count(value(change.now), href(frame.asked))]
    for one in frame.tables.compared:
        then, path = value(one.number(change)), href(one.period)
        # The tables below are of this period; the other periods have no list of their own there.
        counted = cells.count(then, "" if path.startswith("#") else path)
        made.append(cells.no_data() if one.coverage.is_empty else counted)
        made.append(cells.change(value(change.now), then, frame.tables.asked, one.coverage))
    return tuple(made)


def _over_time(frame: Frame) -> Drawing:
    f, found = frame.figures, _lines(frame)
    lines = [
        Series(
            stance,
            frame.name("stance", stance),
            numbers,
            tuple(frame.of(Keyword.STANCE, stance)(frame.clipped(one)) for one in f.timeline.periods),
        )
        for stance, numbers in found.items()
    ]
    title = f"Số bài theo {wording.unit_head(f.unit).lower()}, chia theo thái độ"
    return drawing.over_time(title, f.timeline.periods, f.unit, lines)


def _lines(frame: Frame) -> Mapping[str, tuple[Number, ...]]:
    """By stance, in the order they are told."""
    found = {line.value: line.numbers for line in frame.figures.timeline.lines}
    return {stance: found[stance] for stance in STANCES if stance in found}


def _days(frame: Frame) -> Table:
    f, found = frame.figures, _lines(frame)
    head = wording.unit_head(f.unit)
    columns = [Column("Số bài", 20), Column("Số tin", 20)]
    columns += [Column(frame.name("stance", stance), 22) for stance in found]
    rows = []
    for at, whole in enumerate(f.timeline.periods):
        one, total = frame.clipped(whole), f.timeline.total[at]
        rows.append(
            (
                cells.day(one.first) if one.first == one.last else cells.text(wording.stretch(one, f.unit)),
                cells.count(total.articles, frame.lists.articles(one)),
                cells.count(total.stories, frame.lists.stories(one)),
                *(cells.count(found[name][at].articles, frame.of(Keyword.STANCE, name)(one)) for name in found),
            )
        )
    first = Column(head, PAGE - sum(column.width for column in columns), is_number=False)
    title = f"Số bài, số tin từng {head.lower()}"
    return Table("theo-thoi-gian", "Theo thời gian", title, (first, *columns), tuple(rows), is_annex=True)
