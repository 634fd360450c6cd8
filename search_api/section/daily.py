"""Front page, days, months: what was in the press when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from fastapi import APIRouter, HTTPException, Request, Response
from sqlalchemy.orm import Session

from diembao.store import digests, public
from search_api.editions import Edition
from search_api.moments import day_of, end_of, start_of
from search_api.section.delivery import deliver
from search_api.section.page_cache import Page
from search_api.site import CurrentEdition, CurrentSite, Site
from search_api.views import StoryView, story_view, story_views

router = APIRouter(include_in_schema=False)

# As many as stay below 50 kB with long headlines; the rest of a full day is one link away.
_FRONT_STORIES = 22
_DAY_STORIES = 40
_FRONT_DIGESTS = 7
_TOPIC_DAYS = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    stories: tuple[StoryView, ...]


@dataclass(frozen=True, slots=True)
class MonthLink:
    first: date
    count: int

    @property
    def path(self) -> str:
        return f"/luu-tru/{self.first:%Y-%m}"


def day_path(day: date) -> str:
    return f"/ngay/{day.isoformat()}"


@router.get("/")
def front_page(request: Request, site: CurrentSite, edition: CurrentEdition) -> Response:
    return deliver(request, site, lambda session: _front(session, site, edition))


@router.get("/ngay/{day}")
def day_page(request: Request, site: CurrentSite, edition: CurrentEdition, day: str, trang: str = "1") -> Response:
    wanted = day_or_404(day)
    page = int(trang) if trang.isascii() and trang.isdigit() and len(trang) < 5 else 0
    if page < 1:
        raise HTTPException(404)
    return deliver(request, site, lambda session: _day(session, site, edition, wanted, page))


@router.get("/luu-tru")
def archive_page(request: Request, site: CurrentSite, edition: CurrentEdition) -> Response:
    return deliver(request, site, lambda session: _archive(session, site, edition))


@router.get("/luu-tru/{month}")
def month_page(request: Request, site: CurrentSite, edition: CurrentEdition, month: str) -> Response:
    wanted = day_or_404(f"{month}-01")
    return deliver(request, site, lambda session: _month(session, site, edition, wanted))


def day_or_404(text: str) -> date:
    """A day as our addresses write it; years that no newspaper can have are no pages."""
    try:
        day = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        day = None
    if day is None or not 1900 <= day.year <= 2200:
        raise HTTPException(404)
    return day


def _front(session: Session, site: Site, edition: Edition) -> Page:
    now = site.now()
    until = site.visible_until()
    newest = public.stories(session, until, limit=_FRONT_STORIES)
    today = day_of(now)
    lead = None
    count = 0
    if newest:
        day = day_of(newest[0].first_at)
        since, before = start_of(day), end_of(day)
        count = public.count(session, until, since, before)
        lead = public.lead(session, until, since, before)
    rows = [row for row in newest if lead is None or row.id != lead.id]
    printings = public.printings_of(session, [row.id for row in (*rows, lead) if row is not None], until)
    lead_view = story_view(lead, printings[lead.id], site.units) if lead and printings.get(lead.id) else None
    days = _by_day(story_views(rows, printings, site.units))
    topics = public.topic_counts(session, until, now - _TOPIC_DAYS)
    return Page(
        site.renderer.render(
            "front.html",
            edition,
            path="/",
            today=today,
            lead=lead_view,
            lead_day=day_of(lead_view.first.at) if lead_view else None,
            days=days,
            day_count=count,
            shown_of_day=sum(len(day.stories) for day in days[:1]) + 1,
            topics=sorted(topics.items(), key=lambda pair: (-pair[1], pair[0])),
            day_path=day_path,
            digests=digests.published(session, limit=_FRONT_DIGESTS, since=now - _TOPIC_DAYS),
        )
    )


def _by_day(views: Sequence[StoryView]) -> list[Day]:
    return [Day(day, tuple(group)) for day, group in groupby(views, key=lambda view: day_of(view.first.at))]


def _day(session: Session, site: Site, edition: Edition, day: date, page: int) -> Page:
    until = site.visible_until()
    since, before = start_of(day), end_of(day)
    count = public.count(session, until, since, before)
    pages = max(1, -(-count // _DAY_STORIES))
    if page > pages:
        raise HTTPException(404)
    rows = public.stories(
        session, until, since=since, until=before, limit=_DAY_STORIES, offset=(page - 1) * _DAY_STORIES
    )
    printings = public.printings_of(session, [row.id for row in rows], until)
    previous, following = public.neighbours(session, until, since, before)
    suffix = f"?trang={page}" if page > 1 else ""
    return Page(
        site.renderer.render(
            "day.html",
            edition,
            path=day_path(day) + suffix,
            day=day,
            count=count,
            stories=story_views(rows, printings, site.units),
            page=page,
            pages=pages,
            previous=day_of(previous) if previous else None,
            following=day_of(following) if following else None,
            day_path=day_path,
        )
    )


def _archive(session: Session, site: Site, edition: Edition) -> Page:
    until = site.visible_until()
    span = public.span(session, until)
    years: list[tuple[int, list[MonthLink]]] = []
    if span is not None:
        counts = _counts_by_month(session, until, *span)
        months = [MonthLink(first, counts[first]) for first in sorted(counts, reverse=True)]
        years = [(year, list(group)) for year, group in groupby(months, key=lambda month: month.first.year)]
    return Page(site.renderer.render("archive.html", edition, path="/luu-tru", years=years))


def _counts_by_month(session: Session, until: datetime, first: datetime, last: datetime) -> Counter[date]:
    times = public.first_times(session, until, first, last + timedelta(microseconds=1))
    return Counter(day_of(moment).replace(day=1) for moment in times)


def _month(session: Session, site: Site, edition: Edition, first: date) -> Page:
    until = site.visible_until()
    following_first = (first + timedelta(days=32)).replace(day=1)
    since, before = start_of(first), start_of(following_first)
    counts = Counter(day_of(moment) for moment in public.first_times(session, until, since, before))
    previous, following = public.neighbours(session, until, since, before)
    return Page(
        site.renderer.render(
            "month.html",
            edition,
            path=MonthLink(first, 0).path,
            first=first,
            days=sorted(counts.items(), reverse=True),
            total=sum(counts.values()),
            previous=day_of(previous).replace(day=1) if previous else None,
            following=day_of(following).replace(day=1) if following else None,
            day_path=day_path,
        )
    )
