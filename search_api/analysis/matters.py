"""What the press raised in a period and how it stands; the form in which that is noted."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Request, Response
from fastapi.responses import RedirectResponse

from diembao.errors import Refused
from diembao.newsroom import matters as rules
from diembao.newsroom import working_days
from diembao.newsroom.analysis import figures
from diembao.newsroom.briefing import followed, wording
from diembao.newsroom.briefing.counting import asking
from diembao.newsroom.briefing.lists import MATTERS, STORY, Lists
from diembao.newsroom.days import parse_day
from diembao.newsroom.matters import LIMITS, Given, Stage
from diembao.newsroom.permissions import Action
from diembao.newsroom.stories import portraits
from diembao.store import articles, matters, stories
from diembao.store.models import MatterRow
from search_api.analysis.asked import Asked, BadDay, refusal
from search_api.analysis.briefing import period_of, tabs_of
from search_api.analysis.finding import Analyst
from search_api.desk.acts import Form, text
from search_api.desk.member import Member
from search_api.desk.session import needs
from search_api.desk.told import Told
from search_api.moments import day_of
from search_api.site import CurrentSite, Site

router = APIRouter(include_in_schema=False)

Follower = Annotated[Member, needs(Action.FOLLOW_MATTERS)]
Number = Annotated[int, Path(ge=1, lt=2**63)]
_DAYS = ("sent_on", "due_on", "answered_on")
_MOST_BODIES = 40


@router.get(MATTERS)
def matters_page(request: Request, site: CurrentSite, member: Analyst, stage: str = "") -> Response:
    today, asked = day_of(site.now()), Asked.read(request.query_params.multi_items())
    try:
        period = period_of(asked, today)
        within = figures.within(asking(Lists.of(asked).asked.query(today)), period)
    except BadDay as error:
        raise refusal(error) from error
    with site.resources.store.read() as session:
        found = followed.matters_of(session, site.resources.index, within, site.now())
    chosen = Stage(stage) if stage in tuple(Stage) else None
    counted, lists, words = Counter(one.stage for one in found), Lists.of(asked), site.desk.edition.messages.text
    every = (words("desk.matters.all"), lists.matters(period), len(found), chosen is None)
    stages = [
        (words(f"desk.matters.stages.{one.value}"), lists.matters(period, one), counted[one], chosen is one)
        for one in Stage
        if counted[one] or chosen is one
    ]
    return site.desk.page(
        request,
        "analysis/matters.html",
        found=[one for one in found if chosen is None or one.stage is chosen],
        stages=[every, *stages],
        period_name=wording.period_name(period),
        tabs=tabs_of(site, asked, period, MATTERS),
        lists=lists,
        period=period,
        matters=MATTERS,
        clock=lambda row: clock_of(row, today),
    )


@router.get(f"{MATTERS}/{{story_id}}")
def matter_page(request: Request, site: CurrentSite, member: Analyst, story_id: Number) -> Response:
    return _page(request, site, story_id)


@router.post(f"{MATTERS}/{{story_id}}")
def note_matter(request: Request, site: CurrentSite, member: Follower, story_id: Number, form: Form) -> Response:
    typed = {name: text(form, name) for name in (*LIMITS, *_DAYS, "not_ours", "days", "revision")}
    faults: dict[str, str] = {}
    given = _given(site, typed, faults)
    if not faults:
        try:
            with site.resources.store.write() as session:
                revision = int(typed["revision"]) if typed["revision"].isascii() and typed["revision"].isdigit() else 0
                rules.note(session, story_id, given, revision, member.actor, site.now())
        except Refused as error:
            if error.key == "no_story":
                raise HTTPException(404) from error
            faults[_FIELDS.get(error.key, error.key.removeprefix("too_long_"))] = site.desk.reason(error)
            return _page(request, site, story_id, typed, faults, status=409 if error.key == "matter_changed" else 400)
        return site.desk.redirect(request, f"{MATTERS}/{story_id}", Told("desk.matters.saved"))
    return _page(request, site, story_id, typed, faults, status=400)


# Which field a refusal is about; those of lengths name it themselves.
_FIELDS = {
    "matter_changed": "revision",
    "matter_needs_body": "body",
    "matter_due_before_sent": "due_on",
    "matter_answered_ahead": "answered_on",
    "matter_answered_before_sent": "answered_on",
    "matter_address": "answer_url",
}


def clock_of(row: MatterRow | None, today: date) -> tuple[str, int] | None:
    """Message and number of working days to a deadline that nobody has met yet; None where none runs."""
    if row is None or row.due_on is None or row.answered_on is not None or row.not_ours:
        return None
    left = working_days.between(today, row.due_on)
    if row.due_on < today:
        return "over", max(1, -left)
    return ("left", left) if row.due_on > today and left else ("left_today", 0)


def _given(site: Site, typed: dict[str, str], faults: dict[str, str]) -> Given:
    """What was typed as it is meant; what cannot be read goes to `faults`."""
    words, days = site.desk.edition.messages.text, dict[str, date | None]()
    for name in _DAYS:
        try:
            days[name] = parse_day(typed[name]) if typed[name] else None
        except ValueError:
            faults[name] = words("desk.matters.bad_day", text=typed[name])
    if typed["days"] and not faults and days["due_on"] is None:
        begins = days["sent_on"] or day_of(site.now())
        try:
            days["due_on"] = working_days.after(begins, int(typed["days"]))
        except (ValueError, OverflowError):
            faults["days"] = words("desk.matters.bad_days", most=working_days.MOST)
    return Given(
        body=typed["body"],
        partners=typed["partners"],
        letter=typed["letter"],
        sent_on=days.get("sent_on"),
        due_on=days.get("due_on"),
        answered_on=days.get("answered_on"),
        answer_url=typed["answer_url"],
        not_ours=typed["not_ours"] == "1",
        note=typed["note"],
    )


def _page(
    request: Request,
    site: Site,
    story_id: int,
    typed: dict[str, str] | None = None,
    faults: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    """typed: what a person gave that was not taken; the row's own where there is none."""
    with site.resources.store.read() as session:
        story = stories.get(session, story_id)
        if story is None:
            raise HTTPException(404)
        if story.id != story_id:  # merged into another one
            return RedirectResponse(f"{MATTERS}/{story.id}", 303, {"Cache-Control": "no-store"})
        row = matters.of_story(session, story_id)
        portrait = portraits(session, [story_id], site.now()).get(story_id)
        rows = articles.of_story(session, story_id)
        accused = sorted({one.annotations.get("accused") or "" for one in rows} - {""})
        bodies = [*matters.bodies(session, limit=_MOST_BODIES)]
    today = day_of(site.now())
    values: dict[str, Any] = {
        "row": row,
        "shown": defaultdict(str, typed or _shown(row)),
        "wrong": defaultdict(str, faults or {}),
        "stage": rules.stage(row, today),
        "clock": clock_of(row, today),
    }
    return site.desk.page(
        request,
        "analysis/matter.html",
        status=status,
        story=story,
        portrait=portrait,
        headline=story.headline or (portrait.headline if portrait else ""),
        accused=accused,
        bodies=list(dict.fromkeys([*bodies, *accused])),
        revision=row.revision if row else 0,
        faults=faults or {},
        limits=LIMITS,
        matters=MATTERS,
        story_path=f"{STORY}/{story_id}",
        **values,
    )


def _shown(row: MatterRow | None) -> dict[str, str]:
    if row is None:
        return {}
    days = {name: getattr(row, name) for name in _DAYS}
    return {
        **{name: getattr(row, name) for name in LIMITS},
        **{name: f"{day:%d/%m/%Y}" if day else "" for name, day in days.items()},
        "not_ours": "1" if row.not_ours else "",
    }
