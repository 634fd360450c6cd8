"""The report for whoever asks: the page, a download, the command line."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from diembao.index.opening import open_index
from diembao.index.protocol import Period, SearchIndex
from diembao.newsroom.analysis.asked import MINUS, Asked
from diembao.newsroom.analysis.chart_press import ChartPress
from diembao.newsroom.briefing.cells import clean
from diembao.newsroom.briefing.composing import compose
from diembao.newsroom.briefing.content import Pack
from diembao.newsroom.briefing.formats import FORMATS
from diembao.settings import Settings
from diembao.store import public
from diembao.store.database import open_store
from search_api.analysis.trends import DEFAULT
from search_api.analysis.wording import Wording
from search_api.editions import Edition
from search_api.labels import Labels
from search_api.messages import Messages
from search_api.moments import Formats
from search_api.places import Units


def pack_of(
    session: Session,
    index: SearchIndex,
    settings: Settings,
    wording: Wording,
    asked: Asked,
    period: Period,
    now: datetime,
) -> Pack:
    """Raises: BadQuery; IndexUnavailable."""
    return compose(session, index, settings, asked, period, wording, in_words(wording, asked), now)


def in_words(wording: Wording, asked: Asked) -> str:
    """What is counted: the query, then each field with its values."""
    found: dict[str, list[str]] = {}
    for name, value in asked.values:
        sign = f"{wording.messages.text('desk.analysis.without')} " if value.startswith(MINUS) else ""
        found.setdefault(wording.field(name), []).append(sign + wording.value(name, value.removeprefix(MINUS)))
    told = [f"“{asked.q}”"] if asked.q else []
    told += [f"{field}: {', '.join(values)}" for field, values in found.items()]
    return clean("; ".join(told)) or wording.messages.text("desk.briefing.everything")


def file_of(pack: Pack, name: str, settings: Settings, press: ChartPress) -> bytes:
    """name: of the format, one of FORMATS."""
    return FORMATS[name].export(pack.based_on(settings.public_url.rstrip("/")), press)


def written(settings: Settings, period: Period, name: str, now: datetime) -> bytes:
    """The report of what counts as press about the province, as a file.

    Raises:
        StoreUnavailable, StaleSchema, IndexUnavailable
    """
    messages = Messages.load_desk()
    store, index = open_store(settings), open_index(settings)
    try:
        with store.read() as session:
            labels = Labels(Edition("vi", "", messages, Formats("vi")), Units(), public.outlet_titles(session))
            pack = pack_of(session, index, settings, Wording(labels, messages), DEFAULT, period, now)
        return file_of(pack, name, settings, ChartPress())
    finally:
        index.close()
        store.close()
