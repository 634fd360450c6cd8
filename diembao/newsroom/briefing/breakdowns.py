"""How it looks for the province, what it was about, where, by whom."""

from __future__ import annotations

from functools import partial

from diembao.index.protocol import Keyword
from diembao.newsroom.analysis.figures import Change, Number
from diembao.newsroom.analysis.tiles import former_districts
from diembao.newsroom.briefing import cells, drawing, wording
from diembao.newsroom.briefing.content import Cell, Column, Drawing, Line, Part, Table
from diembao.newsroom.briefing.frame import SHOWN, Frame
from diembao.newsroom.briefing.lists import STANCES
from diembao.newsroom.briefing.tables import Row

_NOTHING = Change(Number(), Number(), Number())


def stances(frame: Frame) -> Part:
    known = dict(frame.rows(Keyword.STANCE))
    chosen = frame.lists.asked.chosen("stance")
    wanted = [(stance, known.get(stance, _NOTHING)) for stance in STANCES if not chosen or stance in chosen]
    rows = [frame.value_row(Keyword.STANCE, stance, change) for stance, change in wanted]
    if not chosen:
        rows.append(Row(cells.text(wording.NO_STANCE), frame.figures.no_stance, frame.lists.without_stance))
    title = "Số bài và tỷ lệ theo thái độ đối với tỉnh"
    table = frame.tables.of_shares("thai-do", "Thái độ", title, "Thái độ", rows)
    return Part("thai-do", "THÁI ĐỘ ĐỐI VỚI TỈNH", tables=(table,), after=((wording.STANCE_NOTE,),))


def topics(frame: Frame) -> Part:
    return Part(
        "chu-de",
        "CHỦ ĐỀ",
        drawings=frame.bars(Keyword.TOPIC, "chu-de", "Số bài theo chủ đề"),
        tables=_table(frame, Keyword.TOPIC, "chu-de", "Chủ đề", "Số bài, số tin theo chủ đề"),
        after=((wording.TOPICS_NOTE,),),
    )


def places(frame: Frame) -> Part:
    rows = frame.rows(Keyword.PLACE_CODE)
    if not any(change.now.articles for _, change in rows):
        return Part("xa-phuong", "ĐỊA BÀN", lines=((wording.NO_UNIT,),))
    made = [frame.value_row(Keyword.PLACE_CODE, value, change) for value, change in rows]
    title = "Số bài, số tin theo xã, phường"
    table = frame.tables.of_values("xa-phuong", "Xã, phường", title, "Xã, phường", made, shown=SHOWN)
    return Part(
        "xa-phuong",
        "ĐỊA BÀN",
        lines=_never(frame),
        drawings=_map(frame),
        tables=(table, *_districts(frame)),
        after=((f"{wording.PLACES_NOTE} {wording.DISTRICTS_NOTE}",),),
    )


def outlets(frame: Frame) -> Part:
    types = _table(frame, Keyword.OUTLET_TYPE, "loai-bao", "Loại báo", "Số bài, số tin theo loại báo")
    scopes = _table(frame, Keyword.SCOPE, "pham-vi", "Phạm vi báo", "Số bài, số tin theo phạm vi của báo")
    rows = [
        frame.value_row(Keyword.SOURCE, value, change, cells.text(_class_of(frame, value)))
        for value, change in frame.rows(Keyword.SOURCE)
    ]
    if not rows:
        return Part("bao", "CƠ QUAN BÁO CHÍ", lines=((wording.NONE,),))
    about = Column("Loại, phạm vi", 22, is_number=False)
    title = "Số bài, số tin theo báo"
    table = frame.tables.of_values("bao", "Báo", title, "Báo", rows, shown=SHOWN, about=about)
    return Part(
        "bao",
        "CƠ QUAN BÁO CHÍ",
        drawings=frame.bars(Keyword.SOURCE, "bao", "Số bài theo báo"),
        tables=(*types, *scopes, table, *_firsts(frame)),
        after=((wording.FIRSTS_NOTE,),) if frame.figures.firsts else (),
    )


def _table(frame: Frame, field: Keyword, key: str, head: str, title: str) -> tuple[Table, ...]:
    rows = [frame.value_row(field, value, change) for value, change in frame.rows(field)]
    return (frame.tables.of_values(key, head, title, head, rows),) if rows else ()


def _map(frame: Frame) -> tuple[Drawing, ...]:
    rows = [(code, change, frame.of(Keyword.PLACE_CODE, code)(frame.asked)) for code, change in
            frame.rows(Keyword.PLACE_CODE)]  # fmt: skip
    name = partial(frame.name_of, Keyword.PLACE_CODE)
    return (drawing.tile_map("Số bài theo xã, phường", rows, name),)


def _districts(frame: Frame) -> tuple[Table, ...]:
    """Where communes are asked for by name there is no other whole to be told."""
    if frame.lists.asked.chosen("unit"):
        return ()
    codes = former_districts()
    rows = [
        Row(
            cells.text(name),
            change,
            partial(frame.lists.of_units, codes=codes[name]),
            partial(frame.lists.of_units, codes=codes[name], apart=False),
        )
        for name, change in frame.figures.districts
    ]
    title = "Số bài, số tin theo địa bàn cấp huyện cũ"
    return (frame.tables.of_values("huyen-cu", "Cấp huyện cũ", title, "Cấp huyện cũ", rows),)


def _never(frame: Frame) -> tuple[Line, ...]:
    """The communes that nobody wrote about, by name."""
    never = [value for value, change in frame.rows(Keyword.PLACE_CODE) if not change.now.articles]
    if not never:
        return ()
    named: list[str | Cell] = []
    for value in never:
        name = cells.text(frame.name("unit", value), frame.of(Keyword.PLACE_CODE, value)(frame.asked))
        named += [", " if named else "", name]
    return ((f"{len(never)}/{len(frame.rows(Keyword.PLACE_CODE))} xã, phường không có bài nào: ", *named, "."),)


def _class_of(frame: Frame, source: str) -> str:
    """“Báo, trung ương”; empty for an outlet that the store does not know any more."""
    outlet = frame.figures.outlets.get(source)
    if outlet is None:
        return ""
    kind = wording.SHORT_TYPES.get(outlet.outlet_type) or frame.name("outlet_type", outlet.outlet_type)
    scope = frame.name("scope", outlet.scope)
    return kind if kind == scope else f"{kind}, {wording.small(scope)}"


def _firsts(frame: Frame) -> tuple[Table, ...]:
    firsts = frame.figures.firsts
    if not firsts:
        return ()
    columns = (Column("Báo", 100, is_number=False), Column("Đăng trước", 30), Column("Có đăng", 30))
    rows = tuple(
        (
            cells.text(frame.name_of(Keyword.SOURCE, one.source)),
            cells.count(len(one.first), frame.lists.firsts(frame.asked, one.source)),
            cells.count(len(one.carried), frame.lists.firsts(frame.asked, one.source, carried=True)),
        )
        for one in firsts
    )
    return (Table("dang-truoc", "Đăng trước", "Báo đăng trước tiên", columns, rows, shown=10, unit="tin"),)
