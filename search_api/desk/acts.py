"""What people do to stories from the queue and the reading pane.

Each act is a form that works by itself: done, it leads back to where it was pressed, with a line that tells and an
undo. Scripts send the same form and get JSON: what to tell, the act to undo, and the card as it is now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from diembao.errors import Conflict, Forbidden, Refused
from diembao.newsroom import desk, notes, queue, texts
from diembao.newsroom.desk import Outcome, Wish
from diembao.newsroom.digests import building, editing
from diembao.newsroom.digests.building import Order
from diembao.newsroom.permissions import Action
from diembao.newsroom.queue import Tab
from diembao.newsroom.states import Act
from diembao.store import digests, openings, people, stories
from diembao.store.models import StoryRow
from nlp.text import normalise
from search_api.desk import pane
from search_api.desk.asked import Asked
from search_api.desk.member import Member
from search_api.desk.pages import is_fetch, safe_next
from search_api.desk.queue_view import Desk, belongs
from search_api.desk.saying import clock, say, say_fault
from search_api.desk.session import needs
from search_api.desk.told import Told
from search_api.faces import DESK
from search_api.moments import LOCAL, day_of, parse_day
from search_api.site import CurrentSite, Site

router = APIRouter(include_in_schema=False)

Reader = Annotated[Member, needs(Action.READ_DESK)]
Judge = Annotated[Member, needs(Action.JUDGE)]
_CONFLICT, _REFUSED, _FORBIDDEN = 409, 422, 403


async def _form(request: Request) -> FormData:
    return await request.form()


Form = Annotated[FormData, Depends(_form)]


@router.post(f"{DESK}/tin/{{story_id}}/nhap")
def keep_draft(request: Request, site: CurrentSite, member: Judge, form: Form, story_id: int) -> Response:
    """What is being written, kept aside while it is written; nothing of the story changes."""
    now = site.now()
    try:
        with site.resources.store.write() as session:
            texts.autosave(session, story_id, text(form, "headline"), text(form, "summary"), member.actor, now)
    except (Refused, Forbidden) as error:
        return refused(request, site, member, form, error, story_id)
    words = site.desk.edition.messages.text("desk.reading.saved_at", at=clock(site.desk.edition, now, now))
    return JSONResponse({"told": words})


@router.post(f"{DESK}/tin/{{story_id}}/ghi-chu")
def leave_note(request: Request, site: CurrentSite, member: Judge, form: Form, story_id: int) -> Response:
    try:
        with site.resources.store.write() as session:
            notes.add(session, story_id, text(form, "text"), member.actor, site.now())
    except (Refused, Forbidden) as error:
        return refused(request, site, member, form, error, story_id)
    return done(request, site, member, form, "desk.acts.done.note", {"count": 1}, story_id, None)


@router.post(f"{DESK}/tin/{{story_id}}/diem-bao")
def into_digest(
    request: Request,
    site: CurrentSite,
    member: Annotated[Member, needs(Action.BUILD_DIGEST)],
    form: Form,
    story_id: int,
) -> Response:
    """Into today's daily digest, which is made when there is none yet."""
    try:
        with site.resources.store.write() as session:
            _add_to_digest(session, site, member, story_id)
    except (Refused, Forbidden) as error:
        return refused(request, site, member, form, error, story_id)
    return done(request, site, member, form, "desk.acts.done.digest", {"count": 1}, story_id, None)


@router.post(f"{DESK}/tin/{{story_id}}/mo")
def say_open(site: CurrentSite, member: Reader, story_id: int) -> Response:
    """A browser says that this story is open in it; the answer says who else has it open and what it is now."""
    now = site.now()
    with site.resources.store.write() as session:
        openings.note(session, story_id, member.user_id, now)
        story = stories.get(session, story_id)
        others = openings.others(session, [story_id], member.user_id, now - queue.OPEN_FOR).get(story_id, [])
        at_desk = Desk.of(session, site, member)
    words = site.desk.edition.messages.text
    shown = ", ".join(at_desk.names_by_id.get(other, "") for other in others)
    return JSONResponse(
        {
            "open": words("desk.queue.open", names=shown) if others else "",
            "revision": story.revision if story is not None else 0,
            "stale": words(
                "desk.reading.stale", by=at_desk.name(story.state_by), at=clock(site.desk.edition, story.state_at, now)
            )
            if story is not None and story.state_at is not None
            else "",
        }
    )


@router.post(f"{DESK}/tin/{{story_id}}/{{act}}")
def act_on_story(request: Request, site: CurrentSite, member: Judge, form: Form, story_id: int, act: Act) -> Response:
    """One step of a story; text that comes along is saved first. Stands after the addresses that are no acts."""
    try:
        with site.resources.store.write() as session:
            act_id = _act(session, site, member, story_id, act, form)
    except (Refused, Forbidden) as error:
        return refused(request, site, member, form, error, story_id)
    return done(request, site, member, form, f"desk.acts.done.{act}", {"count": 1}, story_id, act_id)


# After the routes with words of their own: it takes any word.
@router.post(f"{DESK}/hang-loat")
def act_on_many(request: Request, site: CurrentSite, member: Judge, form: Form) -> Response:
    items = _items(form)
    try:
        act = Act(text(form, "act"))
    except ValueError as error:
        raise HTTPException(400) from error
    if not items:
        return refused(request, site, member, form, Refused("desk.acts.none_chosen"))
    wish = Wish(words=text(form, "words"))
    try:
        with site.resources.store.write() as session:
            outcome = desk.perform(session, act, items, member.actor, site.now(), site.settings, wish)
    except (Refused, Forbidden) as error:
        return refused(request, site, member, form, error)
    return _told_of_many(request, site, member, form, f"desk.acts.done.{act}", outcome)


@router.post(f"{DESK}/hoan-tac")
def undo(request: Request, site: CurrentSite, member: Judge, form: Form) -> Response:
    """Take back the act that is named, or the last one of this person."""
    given = text(form, "act")
    try:
        with site.resources.store.write() as session:
            last = desk.last_act(session, member.actor)
            number = int(given) if given.isascii() and given.isdigit() else last.id if last is not None else 0
            outcome = desk.undo(session, number, member.actor, site.now(), site.settings)
    except (Refused, Forbidden) as error:
        return refused(request, site, member, form, error)
    if not outcome.done:
        return refused(request, site, member, form, Refused("desk.undo.none"))
    return _told_of_many(request, site, member, form, "desk.undo.done", outcome)


def text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return normalise(value) if isinstance(value, str) else ""


def number(form: FormData, name: str) -> int:
    """0 where the form has no such number."""
    value = text(form, name)
    return int(value) if value.isascii() and value.isdigit() and len(value) < 16 else 0


def done(
    request: Request,
    site: Site,
    member: Member,
    form: FormData,
    key: str,
    values: Mapping[str, Any],
    story_id: int,
    act_id: int | None,
) -> Response:
    """Something was done to a story: told on the page it was done on, or to the script that asked."""
    if not is_fetch(request):
        return site.desk.redirect(request, _back(form), Told(key, dict(values), undo=act_id))
    words = site.desk.edition.messages.text
    shown = cards_now(request, site, member, form, [story_id] if story_id else [])
    return JSONResponse({"told": words(key, **values), "undo": act_id, "cards": shown})


def refused(
    request: Request, site: Site, member: Member, form: FormData, error: Refused | Forbidden, story_id: int = 0
) -> Response:
    """Why it was not done, and, for a script, the card as it really is."""
    edition, now = site.desk.edition, site.now()
    if not is_fetch(request):
        key, values = _told_fault(site, error, now)
        return site.desk.redirect(request, _back(form), Told(key, values, kind="fault"))
    status = _CONFLICT if isinstance(error, Conflict) else _FORBIDDEN if isinstance(error, Forbidden) else _REFUSED
    shown = cards_now(request, site, member, form, [story_id] if story_id else [])
    words = say_fault(edition, _named(site, error), now)
    return JSONResponse({"title": words, "detail": words, "cards": shown}, status)


def cards_now(
    request: Request, site: Site, member: Member, form: FormData, story_ids: list[int]
) -> list[dict[str, Any]]:
    """The cards of these stories as they are now, and whether they still belong where they were shown."""
    asked = Asked.of_address(_back(form))
    with site.resources.store.read() as session:
        at_desk = Desk.of(session, site, member)
        found = queue.cards(session, story_ids, user_id=member.user_id, now=site.now())
        tab = Tab(asked.tab or Tab.NEW)
        values = {"asked": asked, "selected": 0, **pane.shared(site, at_desk)}
        return [
            {
                "id": card.id,
                "revision": card.revision,
                "state": card.state,
                "belongs": belongs(card, tab, member),
                "html": site.desk.fragment(request, "card.html", card=card, **values).decode(),
            }
            for card in found
        ]


def _act(session: Session, site: Site, member: Member, story_id: int, act: Act, form: FormData) -> int:
    now, actor = site.now(), member.actor
    item = (story_id, number(form, "revision"))
    wish = _wish(form, act, now)
    if (
        act is not Act.SAVE_TEXT
        and "headline" in form
        and act is not Act.RECTIFY
        and _text_differs(session, item, wish)
    ):
        desk.act_on(session, Act.SAVE_TEXT, item, actor, now, site.settings, wish)
        item = (story_id, item[1] + 1)
    return desk.act_on(session, act, item, actor, now, site.settings, wish)


def _text_differs(session: Session, item: tuple[int, int], wish: Wish) -> bool:
    story = stories.get(session, item[0])
    written = (texts.clean(wish.headline), texts.clean(wish.summary))
    return story is not None and written != (story.headline, story.summary)


def _wish(form: FormData, act: Act, now: datetime) -> Wish:
    words = text(form, "other").strip() or text(form, "words")
    wish = Wish(text(form, "headline"), text(form, "summary"), words)
    return replace(wish, at=moment_of(form, now)) if act is Act.SCHEDULE else wish


def moment_of(form: FormData, now: datetime) -> datetime:
    """The moment that day and hour of the form name, in Viet Nam; without a day, today.

    Raises: Refused: they name none.
    """
    day, hour = text(form, "day").strip(), text(form, "time").strip().replace("h", ":").replace("g", ":")
    try:
        chosen = parse_day(day) if day else day_of(now)
        clock_time = datetime.strptime(hour, "%H:%M").time()  # noqa: DTZ007 - its zone is said in the next line
        return datetime.combine(chosen, clock_time, LOCAL)
    except ValueError as error:
        raise Refused("desk.reading.bad_time", text=f"{day} {hour}".strip()) from error


def _add_to_digest(session: Session, site: Site, member: Member, story_id: int) -> None:
    now, day = site.now(), day_of(site.now())
    titles = {slug: site.desk.edition.topic(slug) for slug in site.editions.topics}
    of_today = digests.of_day(session, day, kind="daily", audience="internal")
    draft = next((row for row in of_today if row.state == "draft"), None)
    if draft is None:
        draft = building.build(session, Order("daily", day), titles, member.actor, now)
    if any(item.story_id == story_id for item in digests.items(session, draft.id)):
        return
    opened = editing.opened(session, draft.id, draft.revision, member.actor, now)
    editing.add(opened, story_id, titles)


def _stale(site: Site, at_desk: Desk, story: StoryRow | None, now: datetime) -> str:
    """Who changed the story last, for pages that show an earlier revision of it."""
    if story is None or story.state_at is None:
        return ""
    at = clock(site.desk.edition, story.state_at, now)
    return site.desk.edition.messages.text("desk.reading.stale", by=at_desk.name(story.state_by), at=at)


def _items(form: FormData) -> list[tuple[int, int]]:
    """Stories that were chosen, with the revisions that stood on the page."""
    found = []
    for value in form.getlist("chon"):
        story, _, revision = value.partition(":") if isinstance(value, str) else ("", "", "")
        if story.isascii() and story.isdigit() and revision.isascii() and revision.isdigit():
            found.append((int(story), int(revision)))
    return found


def _told_of_many(request: Request, site: Site, member: Member, form: FormData, key: str, outcome: Outcome) -> Response:
    words, now = site.desk.edition.messages.text, site.now()
    count = len(outcome.done)
    said = words(key, count=count) if count else words("desk.acts.none_done")
    if outcome.refused:
        _, why, values = outcome.refused[0]
        reason = say(site.desk.edition, why, values, now)
        said = words("desk.acts.partly", done=said, left=len(outcome.refused), why=reason)
    if not is_fetch(request):
        kind = "done" if count else "fault"
        return site.desk.redirect(
            request,
            _back(form),
            Told("desk.acts.said", {"words": said}, kind=kind, undo=outcome.act_id),  # type: ignore[arg-type]
        )
    story_ids = [*outcome.done, *(one[0] for one in outcome.refused)]
    shown = cards_now(request, site, member, form, story_ids)
    return JSONResponse({"told": said, "undo": outcome.act_id, "cards": shown, "done": list(outcome.done)})


def _told_fault(site: Site, error: Refused | Forbidden, now: datetime) -> tuple[str, dict[str, Any]]:
    """A message for the next page; its values are words already."""
    return "desk.acts.said", {"words": say_fault(site.desk.edition, _named(site, error), now)}


def _named(site: Site, error: Refused | Forbidden) -> Refused | Forbidden:
    """People in a conflict by the names that colleagues know."""
    if not isinstance(error, Conflict) or "by" not in error.values:
        return error
    with site.resources.store.read() as session:
        names = {row.name: row.full_name or row.name for row in people.everybody(session)}
    return Conflict(error.key, **{**error.values, "by": names.get(str(error.values["by"]), error.values["by"])})


def _back(form: FormData) -> str:
    return safe_next(text(form, "back"), DESK)
