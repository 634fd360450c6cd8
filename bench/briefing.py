"""How long the giao ban report takes: counting, the page's charts, the Word and the Excel file.

    python bench/briefing.py --stories 22000 --days 400 --data DIR

Stories are of made-up words (`desk_store.py`), 2.7 articles each, spread over so many days before the first of
December 2026; the report is of November, against October and the November before. DIR is kept and used again.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from desk_store import fill
from sqlalchemy import func, select

from diembao.index.opening import open_index
from diembao.index.protocol import Period
from diembao.newsroom.analysis.chart_press import ChartPress
from diembao.newsroom.briefing.content import Pack
from diembao.newsroom.briefing.formats import FORMATS
from diembao.settings import Settings
from diembao.store import public
from diembao.store.database import Store, open_store
from diembao.store.models import ArticleRow
from pipelines.indexing import rebuild
from search_api.analysis.packing import file_of, pack_of
from search_api.analysis.trends import DEFAULT
from search_api.analysis.wording import Wording
from search_api.editions import Edition
from search_api.labels import Labels
from search_api.messages import Messages
from search_api.moments import Formats
from search_api.places import Units

NOW = datetime(2026, 12, 1, 2, tzinfo=UTC)
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stories", type=int, default=22_000)
    parser.add_argument("--days", type=float, default=400.0)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    settings = Settings(data_dir=given.data, public_url="https://baochi.example")
    store, index = open_store(settings, migrate=True), open_index(settings)
    if not _held(store):
        fill(store, given.stories, now=NOW, days=given.days)
        rebuild(store, index, settings.data_dir)
    messages, press = Messages.load_desk(), ChartPress()
    with store.read() as session:
        labels = Labels(Edition("vi", "", messages, Formats("vi")), Units(), public.outlet_titles(session))
        wording = Wording(labels, messages)
        pack = pack_of(session, index, settings, wording, DEFAULT, NOVEMBER, NOW)
        told, raised = pack.tables[0].rows[0][1].text, len(pack.parts[5].tables[-1].rows)
        print(f"{told} of {_held(store)} articles in the month, {raised} matters")
        _measure("count", given.rounds, lambda: pack_of(session, index, settings, wording, DEFAULT, NOVEMBER, NOW))
    _measure("charts of the page, drawn anew", given.rounds, lambda: _draw(pack))
    for name in FORMATS:
        made = file_of(pack, name, settings, press)
        _measure(
            f"{name}, {len(made) // 1024} kB", given.rounds, lambda name=name: file_of(pack, name, settings, press)
        )
    print(f"memory at its highest: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
    index.close()
    store.close()


def _held(store: Store) -> int:
    with store.read() as session:
        return session.scalar(select(func.count()).select_from(ArticleRow)) or 0


def _draw(pack: Pack) -> None:
    press = ChartPress()
    for part in pack.parts:
        for drawing in part.drawings:
            press.svg(drawing.chart)


def _measure(name: str, rounds: int, act: Callable[[], object]) -> None:
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        act()
        times.append(time.perf_counter() - begun)
    print(f"{name}: median {sorted(times)[rounds // 2]:.2f} s, worst {max(times):.2f} s")


if __name__ == "__main__":
    main()
