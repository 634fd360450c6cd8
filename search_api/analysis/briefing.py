"""The report on the press of a month: looked at as a page, taken along as Word and Excel; who had stories first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from diembao.errors import BadQuery
from diembao.index.protocol import Period
from diembao.newsroom.analysis import figures
from diembao.newsroom.briefing import followed, wording
from diembao.newsroom.briefing.formats import FORMATS
from diembao.newsroom.briefing.lists import BRIEFING, FIRSTS, MATTERS, Lists
from diembao.newsroom.digests.wording import roman
from search_api.analysis.asked import Asked, BadDay, refusal
from search_api.analysis.finding import Analyst, drawn, fault_of, wording_of
from search_api.analysis.packing import file_of, pack_of
from search_api.analysis.trends import DEFAULT
from search_api.messages import Messages
from search_api.moments import day_of
from search_api.site import CurrentSite, Site

router = APIRouter(include_in_schema=False)

# Name in the address: a whole month, quarter or year, such as 2026-10, 2026-q3 or 2026.
WHOLE = "ky"
_WHOLE = re.compile(r"(\d{4})(?:-(?:q([1-4])|(0[1-9]|1[0-2])))?", re.ASCII)
_MOST_DAYS = 3 * 366
_MONTHS, _QUARTERS, _YEARS = 18, 8, 3


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str
    is_chosen: bool


@router.get(BRIEFING)
def briefing_page(request: Request, site: CurrentSite, member: Analyst) -> Response:
    today = day_of(site.now())
    asked = Asked.read(request.query_params.multi_items())
    named = request.query_params.get(WHOLE, "")
    if named or not request.url.query:
        period = whole(named) if named else last_month(today)
        if period is not None:
            # What it is a report of stands in the address, so that a link means the same to everybody.
            counted = asked if asked.values or asked.q else DEFAULT
            return RedirectResponse(Lists.of(counted).briefing(period), 303, {"Cache-Control": "no-store"})
    try:
        if named:
            raise BadDay("ky", "bad_whole", named)
        period = period_of(asked, today)
        with site.resources.store.read() as session:
            pack = pack_of(
                session, site.resources.index, site.settings, wording_of(session, site), asked, period, site.now()
            )
    except (BadDay, BadQuery) as error:
        fault = fault_of(site, asked, error)
        return _page(request, site, asked, last_month(today), status=400, fault=fault, pack=None)
    charts = {drawing.key: drawn(site, drawing.chart) for part in pack.parts for drawing in part.drawings}
    return _page(request, site, asked, period, fault=None, pack=pack, charts=charts, formats=tuple(FORMATS))


@router.get(f"{BRIEFING}/tai/{{name}}")
def download(request: Request, site: CurrentSite, member: Analyst, name: str) -> Response:
    if name not in FORMATS:
        raise HTTPException(404)
    asked = Asked.read(request.query_params.multi_items())
    try:
        period = period_of(asked, day_of(site.now()))
    except BadDay as error:
        raise refusal(error) from error
    with site.resources.store.read() as session:
        pack = pack_of(
            session, site.resources.index, site.settings, wording_of(session, site), asked, period, site.now()
        )
    headers = {
        "Content-Disposition": f'attachment; filename="{pack.stem}.{FORMATS[name].SUFFIX}"',
        "Cache-Control": "no-store",
    }
    return Response(
        file_of(pack, name, site.settings, site.charts), media_type=FORMATS[name].MEDIA_TYPE, headers=headers
    )


@router.get(FIRSTS)
def firsts_page(request: Request, site: CurrentSite, member: Analyst, bao: str = "", co: str = "truoc") -> Response:
    """The stories behind a number of the table of who was first."""
    asked, today = Asked.read(request.query_params.multi_items()), day_of(site.now())
    try:
        period = period_of(asked, today)
        query = figures.within(Lists.of(asked).asked.query(today), period)
    except BadDay as error:
        raise refusal(error) from error
    with site.resources.store.read() as session:
        found = {one.source: one for one in followed.outrunners(session, site.resources.index, query)}
        one = found.get(bao)
        numbers: Sequence[int] = () if one is None else one.carried if co == "dang" else one.first
        stories = followed.told_of(session, numbers, site.now())
        outlet = wording_of(session, site).value("source", bao)
    return site.desk.page(
        request,
        "analysis/firsts.html",
        stories=stories,
        outlet=outlet,
        carried=co == "dang",
        period_name=wording.period_name(period),
        back=Lists.of(asked).briefing(period),
    )


def whole(named: str) -> Period | None:
    """The days of a named month, quarter or year; None for what is none."""
    found = _WHOLE.fullmatch(named)
    if found is None or not 1900 <= int(found[1]) <= 2200:
        return None
    year = int(found[1])
    if found[3]:
        return _months(year, int(found[3]), 1)
    return _months(year, 3 * int(found[2]) - 2, 3) if found[2] else _months(year, 1, 12)


def last_month(today: date) -> Period:
    """The last whole one."""
    last = today.replace(day=1) - timedelta(days=1)
    return Period(last.replace(day=1), last)


def period_of(asked: Asked, today: date) -> Period:
    """The days asked for; the last whole month where none are.

    Raises:
        BadDay: no day, an empty or half period, or one too long for a report.
    """
    period = asked.period(today)
    if period is None:
        if asked.from_ or asked.to:
            raise BadDay("to" if asked.from_ else "from", "both_days")
        return last_month(today)
    if (period.last - period.first).days >= _MOST_DAYS:
        raise BadDay("from", "report_too_long")
    return period


def tabs_of(site: Site, asked: Asked, period: Period, path: str) -> list[tuple[str, str, None, bool]]:
    """The report and its matters, of the same period."""
    text, lists = site.desk.edition.messages.text, Lists.of(asked)
    pages = (("report", BRIEFING), ("matters", MATTERS))
    return [(text(f"desk.briefing.{name}"), lists.briefing(period, page), None, path == page) for name, page in pages]


def _months(year: int, first: int, number: int) -> Period:
    after = date(year + (first + number - 1) // 12, (first + number - 1) % 12 + 1, 1)
    return Period(date(year, first, 1), after - timedelta(days=1))


def _choices(today: date, shown: Period, messages: Messages) -> dict[str, list[Choice]]:
    """Months, quarters and years that are over, and the running ones, newest first."""
    text = messages.text
    found: dict[str, list[tuple[str, str]]] = {"months": [], "quarters": [], "years": []}
    for back in range(_MONTHS):
        year, month = divmod(today.year * 12 + today.month - 1 - back, 12)
        label = text("desk.briefing.month", month=f"{month + 1:02d}", year=str(year))
        found["months"].append((f"{year}-{month + 1:02d}", label))
    for back in range(_QUARTERS):
        year, quarter = divmod(today.year * 4 + (today.month - 1) // 3 - back, 4)
        label = text("desk.briefing.quarter", quarter=roman(quarter + 1), year=str(year))
        found["quarters"].append((f"{year}-q{quarter + 1}", label))
    for back in range(_YEARS):
        found["years"].append((str(today.year - back), text("desk.briefing.year", year=str(today.year - back))))
    return {
        name: [Choice(value, label, whole(value) == shown) for value, label in pairs] for name, pairs in found.items()
    }


def _page(request: Request, site: Site, asked: Asked, period: Period, *, status: int = 200, **values: Any) -> Response:
    return site.desk.page(
        request,
        "analysis/briefing.html",
        status=status,
        asked=replace(asked, after=""),
        period=period,
        lists=Lists.of(asked),
        briefing=BRIEFING,
        whole_name=WHOLE,
        choices=_choices(day_of(site.now()), period, site.desk.edition.messages),
        tabs=tabs_of(site, asked, period, BRIEFING),
        **values,
    )
