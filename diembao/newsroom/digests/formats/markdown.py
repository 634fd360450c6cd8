"""Markdown, for pasting into other systems. What newspapers wrote is escaped: it cannot become markup."""

from __future__ import annotations

import re
from collections.abc import Iterator

from diembao.newsroom.digests import wording
from diembao.newsroom.digests.content import Content
from diembao.newsroom.digests.sheet import Row, Sheet, sheet_of

SUFFIX = "md"
MEDIA_TYPE = "text/markdown; charset=utf-8"

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~])")
# What would begin a list or a heading of its own at the start of a line.
_LINE_START = re.compile(r"^(\d+)([.)])|^([-+=])")
_ADDRESS = re.compile(r"[\s<>()\\]")


def export(content: Content) -> bytes:
    sheet = sheet_of(content)
    blocks = [*_head(sheet), *(_table(sheet) if sheet.is_table else _text(sheet)), *_tail(sheet)]
    return ("\n\n".join(blocks) + "\n").encode()


def plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    escaped = _MARKUP.sub(r"\\\1", " ".join(text.split()))
    return _LINE_START.sub(lambda found: f"{found[1]}\\{found[2]}" if found[1] else f"\\{found[3]}", escaped)


def _head(sheet: Sheet) -> Iterator[str]:
    left = [*(plain(line) for line in sheet.left[:-1]), f"**{plain(sheet.left[-1])}**"]
    yield "  \n".join([*left, plain(sheet.symbol)])
    yield "  \n".join([*(f"**{plain(line)}**" for line in sheet.right), f"*{plain(sheet.place_and_date)}*"])
    yield f"# {plain(sheet.title)}"
    yield f"**{plain(sheet.subject)}**"
    if sheet.addressees:
        yield f"{wording.ADDRESSED_TO} {plain(' '.join(sheet.addressees))}"
    yield from map(plain, sheet.intro)
    if sheet.is_empty:
        yield wording.EMPTY


def _text(sheet: Sheet) -> Iterator[str]:
    for part in sheet.parts:
        yield f"## {plain(part.label)}"
        if not part.rows:
            yield wording.EMPTY_SECTION
        for row in part.rows:
            if row.gone:
                yield f"*{row.number}\\. {plain(row.headline)}*"
                continue
            yield f"### {row.number}. {_linked(row)}"
            yield f"*{plain(row.source_line)}*"
            yield from map(plain, row.summary)
            if row.judgement:
                yield f"**{wording.JUDGEMENT}:** {plain(row.judgement)}."


def _table(sheet: Sheet) -> Iterator[str]:
    names = ["number", "outlet", "headline", "summary", *(["stance"] if sheet.judged else [])]
    for part in sheet.parts:
        yield f"## {plain(part.label)}"
        if not part.rows:
            yield wording.EMPTY_SECTION
            continue
        lines = [[wording.COLUMNS[name] for name in names], ["---"] * len(names)]
        lines += [_cells(row, len(names)) for row in part.rows]
        yield "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cells(row: Row, width: int) -> list[str]:
    if row.gone:
        return [str(row.number), plain(row.headline), *[""] * (width - 2)]
    outlet = f"{plain(row.outlets)}, {plain(row.time)}"
    return [str(row.number), outlet, _linked(row), plain(" ".join(row.summary)), plain(row.judgement)][:width]


def _tail(sheet: Sheet) -> Iterator[str]:
    if sheet.notices:
        yield f"## {wording.NOTICES}"
        yield "\n".join(f"- {plain(line)}" for line in sheet.notices)
    yield from map(plain, sheet.closing)
    if sheet.copies:
        yield "\n".join([f"***{wording.COPIES_TO}***", "", *(f"- {plain(line[2:])}" for line in sheet.copies)])
    yield "  \n".join(f"**{plain(line)}**" for line in (*sheet.signature, sheet.signer) if line)


def _linked(row: Row) -> str:
    address = _ADDRESS.sub(lambda found: f"%{ord(found[0]):02X}", row.url)
    return f"[{plain(row.headline)}]({address})" if address else plain(row.headline)
