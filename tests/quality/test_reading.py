"""How well unknown and learned sites are read may not fall below these floors.

On pages of our own making; the families they follow are known to the reader, so these floors guard against getting
worse, they do not promise the same on every paper.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterable
from datetime import date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import trafilatura

from diembao.records import Article
from pipelines.reading import learn, read_page
from pipelines.reading.likeness import shingle_f1

BODY_F1, TITLE, TIME, AUTHORS = 0.975, 0.97, 0.95, 0.85
LEARNED_FROM, MEASURED = 9, 4


@pytest.fixture(scope="module")
def layouts() -> dict[str, list[Any]]:
    """By layout: pages to learn from, then pages to measure with."""
    material = _material()
    return {name: material.pages_of(name, LEARNED_FROM + MEASURED) for name in material.layout_names()}


def _material() -> ModuleType:
    path = Path(__file__).parent.parent / "pipelines" / "reading" / "material.py"
    spec = importlib.util.spec_from_file_location("reading_material", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _figures(pages: Iterable[Any], read: Callable[[Any], Article]) -> tuple[float, float, float, float]:
    """Mean F1 of the text, share of exact titles, of times to the minute, of right author lists."""
    f1 = title = dated = signed = count = 0.0
    for printed in pages:
        article = read(printed)
        count += 1
        f1 += shingle_f1(article.text, printed.text)
        title += article.title == printed.title
        when = article.published_at
        dated += when is not None and abs((when - printed.published_at).total_seconds()) < 60
        signed += {name.casefold() for name in article.authors} == {name.casefold() for name in printed.authors}
    return f1 / count, title / count, dated / count, signed / count


def test_unknown_sites(layouts: dict[str, list[Any]]) -> None:
    assert len(layouts) >= 20
    pages = [printed for printed_pages in layouts.values() for printed in printed_pages[LEARNED_FROM:]]
    f1, title, dated, signed = _figures(pages, lambda printed: read_page(printed.page))
    assert f1 >= BODY_F1
    assert title >= TITLE
    assert dated >= TIME
    assert signed >= AUTHORS


def test_learned_sites(layouts: dict[str, list[Any]]) -> None:
    learned = 0
    for name, pages in layouts.items():
        profile = learn([printed.page for printed in pages[:LEARNED_FROM]], name, on=date(2026, 11, 22))
        if profile is None:
            continue
        learned += 1
        kept = profile
        figures = _figures(pages[LEARNED_FROM:], lambda printed, kept=kept: read_page(printed.page, profile=kept))
        assert figures[0] >= BODY_F1, name
        assert figures[1:3] == (1.0, 1.0), name
    assert learned >= 0.9 * len(layouts)


def test_no_unknown_site_is_read_worse_than_by_the_teacher_alone(layouts: dict[str, list[Any]]) -> None:
    for name, pages in layouts.items():
        measured = pages[LEARNED_FROM : LEARNED_FROM + 2]
        ours = _figures(measured, lambda printed: read_page(printed.page))
        theirs = _figures(measured, _by_trafilatura)
        assert all(mine >= other for mine, other in zip(ours, theirs, strict=True)), (name, ours, theirs)


def _by_trafilatura(printed: Any) -> Article:
    document = trafilatura.bare_extraction(printed.page.body, url=printed.page.url, with_metadata=True)
    assert not isinstance(document, dict)
    if document is None:
        return Article("", "", "", "", "", "")
    day = datetime.fromisoformat(document.date) if document.date else None
    return Article(
        url="",
        canonical_url="",
        source="",
        title=document.title or "",
        lead="",
        text=document.text or "",
        authors=tuple(name.strip() for name in (document.author or "").split(";") if name.strip()),
        published_at=day.replace(tzinfo=ZoneInfo("Asia/Ho_Chi_Minh")) if day else None,
    )
