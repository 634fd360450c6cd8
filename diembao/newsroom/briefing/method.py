"""What was counted, what was collected, who judged it, and what nobody knows."""

from __future__ import annotations

from diembao.index.protocol import Keyword
from diembao.newsroom.briefing import cells, wording
from diembao.newsroom.briefing.content import Cell, Column, Part, Table
from diembao.newsroom.briefing.frame import FIELD_NAMES, Frame


def method(frame: Frame) -> Part:
    told = frame.figures.method
    judged = "; ".join(f"{wording.STEPS.get(step, step)}: {', '.join(known)}" for step, known in told.versions.items())
    corrected = ", ".join(
        f"{wording.CORRECTED.get(field, field)} {wording.whole(count)} bài" for field, count in told.corrected.items()
    )
    watched = [outlet for outlet in frame.figures.outlets.values() if outlet.active]
    silent = sum(outlet.name not in told.days for outlet in watched)
    lines = (
        wording.HOW_COUNTED,
        f"Phạm vi. {frame.query}.",
        f"Nguồn theo dõi. {wording.watched(len(watched), silent if told.days else None)}",
        f"Ai xếp loại. Máy xếp loại mọi bài ({judged or 'chưa ghi phiên bản'}). Người đã sửa trong số bài của kỳ: "
        f"{corrected or 'không bài nào'}. {wording.MACHINE_PROPOSES}",
        f"Độ chính xác đã đo. {wording.measured()}",
        f"So sánh. {wording.HOW_COMPARED}",
        f"Chưa biết. {wording.whole(told.undated)} bài về tỉnh không rõ giờ đăng, được tính vào ngày thấy bài. "
        f"{wording.NOT_COLLECTED}",
        f"Lúc đếm. {wording.capital(wording.moment(frame.now))}. {wording.LATER}",
    )
    return Part(
        "cach-tinh", "CÁCH TÍNH", lines=tuple((line,) for line in lines), tables=(_coverage(frame), *_watched(frame))
    )


def _coverage(frame: Frame) -> Table:
    columns = (
        Column("Kỳ", 55, is_number=False), Column("Số ngày", 22), Column("Ngày có dữ liệu", 27),
        Column("Từ", 28, is_number=False), Column("Đến", 28, is_number=False),
    )  # fmt: skip
    rows = []
    for one in (frame.tables.asked, *(compared.coverage for compared in frame.tables.compared)):
        collected = cells.text(wording.NO_DATA) if one.is_empty else cells.number(one.collected)
        named = cells.text(wording.capital(wording.period_name(one.period)))
        rows.append((named, cells.number(one.period_days), collected, cells.day(one.first), cells.day(one.last)))
    return Table("du-lieu", "Dữ liệu thu thập", "Dữ liệu đã thu thập", columns, tuple(rows), unit="ngày")


def _watched(frame: Frame) -> tuple[Table, ...]:
    """Every newspaper that is watched, the silent ones first; nothing where no day of the crawler's is known."""
    days, found = frame.figures.method.days, dict(frame.figures.by[Keyword.SOURCE])
    if not days:
        return ()
    columns = (
        Column("Báo", 56, is_number=False), Column("Loại", 30, is_number=False),
        Column("Phạm vi", 24, is_number=False), Column("Ngày có địa chỉ mới", 26), Column("Bài về tỉnh", 24),
    )  # fmt: skip
    watched = [outlet for outlet in frame.figures.outlets.values() if outlet.active]
    rows: list[tuple[Cell, ...]] = []
    for outlet in sorted(watched, key=lambda one: (days.get(one.name, 0), one.title)):
        printed = found[outlet.name].now.articles if outlet.name in found else 0
        chosen = frame.lists.asked.chosen(FIELD_NAMES[Keyword.SOURCE])
        href = "" if chosen and outlet.name not in chosen else frame.of(Keyword.SOURCE, outlet.name)(frame.asked)
        rows.append(
            (
                cells.text(outlet.title),
                cells.text(frame.name("outlet_type", outlet.outlet_type)),
                cells.text(frame.name("scope", outlet.scope)),
                cells.number(days.get(outlet.name, 0)),
                cells.count(printed, href) if href else cells.text(wording.NOTHING),
            )
        )
    title = "Nguồn theo dõi và số ngày có địa chỉ mới"
    return (Table("nguon", "Nguồn theo dõi", title, columns, tuple(rows), is_annex=True, unit="ngày, bài"),)
