"""Putting right what the machine said: relevance, stance, topics, need of a response, places; merging and splitting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from diembao.errors import Forbidden, Refused
from diembao.newsroom import corrections, regrouping
from diembao.newsroom.permissions import Action
from diembao.store import articles, labels, stories
from diembao.store.labels import Field
from diembao.store.models import ArticleRow
from nlp.text import fold, normalise
from search_api.desk.acts import Form, done, number, refused, text
from search_api.desk.member import Member
from search_api.desk.session import needs
from search_api.faces import DESK
from search_api.places import Units
from search_api.site import CurrentSite, Site

router = APIRouter(include_in_schema=False)

Judge = Annotated[Member, needs(Action.JUDGE)]
# What a form says of one part of a field, by the field that it is of.
_FIELDS: Mapping[str, Field] = {
    "relevance": "relevance",
    "stance": "stance",
    "needs_response": "needs_response",
    "topic": "topics",
    "topics": "topics",
    "places": "places",
    "place_add": "places",
    "place_drop": "places",
}


@router.post(f"{DESK}/tin/{{story_id}}/sua")
def correct(request: Request, site: CurrentSite, member: Judge, form: Form, story_id: int) -> Response:
    """One field of the article in full, and of its copies where that is asked for."""
    try:
        with site.resources.store.write() as session:
            row, field = _article(session, form, story_id), _field(form)
            value = _value(form, row, site)
            seen = _seen(session, row, field, form)
            said = corrections.correct(
                session,
                row.page_id,
                field,
                value,
                member.actor,
                site.now(),
                seen=seen,
                copies=bool(text(form, "copies")),
            )
    except (Refused, Forbidden) as error:
        return refused(request, site, member, form, error, story_id)
    key = "desk.acts.done.correct_copies" if said.copies else "desk.acts.done.correct"
    return done(request, site, member, form, key, {"count": len(said.copies) or 1}, story_id, None)


@router.post(f"{DESK}/tin/{{story_id}}/theo-may")
def back_to_machine(request: Request, site: CurrentSite, member: Judge, form: Form, story_id: int) -> Response:
    """The machine's word counts again."""
    try:
        with site.resources.store.write() as session:
            row = _article(session, form, story_id)
            standing = labels.in_force(session, [row.page_id]).get(row.page_id, {}).get(_field(form))
            corrections.take_back(session, standing.id if standing else 0, member.actor, site.now())
    except (Refused, Forbidden) as error:
        return refused(request, site, member, form, error, story_id)
    return done(request, site, member, form, "desk.acts.done.withdrawn_label", {"count": 1}, story_id, None)


@router.post(f"{DESK}/tin/{{story_id}}/gop")
def merge(request: Request, site: CurrentSite, member: Judge, form: Form, story_id: int) -> Response:
    into = number(form, "into") or number(form, "number")
    try:
        with site.resources.store.write() as session:
            other = stories.get(session, into)
            if other is None or other.id == story_id:
                raise Refused("desk.refused.no_other_story", number=str(into or ""))
            items = [(story_id, number(form, "revision")), (other.id, other.revision)]
            _, act_id = regrouping.merge_stories(session, items, member.actor, site.now())
    except (Refused, Forbidden) as error:
        return refused(request, site, member, form, error, story_id)
    return done(request, site, member, form, "desk.acts.done.merge", {"count": 1}, story_id, act_id)


@router.post(f"{DESK}/tin/{{story_id}}/tach")
def split(request: Request, site: CurrentSite, member: Judge, form: Form, story_id: int) -> Response:
    chosen = [int(one) for one in form.getlist("article") if isinstance(one, str) and one.isascii() and one.isdigit()]
    try:
        with site.resources.store.write() as session:
            item = (story_id, number(form, "revision"))
            _, act_id = regrouping.split_story(session, item, chosen, member.actor, site.now())
    except (Refused, Forbidden) as error:
        return refused(request, site, member, form, error, story_id)
    return done(request, site, member, form, "desk.acts.done.split", {"count": len(chosen)}, story_id, act_id)


def _article(session: Session, form: FormData, story_id: int) -> ArticleRow:
    """The article that the form is about; it must be of this story, so that the address says what is changed."""
    row = articles.by_ids(session, [number(form, "article")]).get(number(form, "article"))
    story = stories.get(session, story_id)
    if row is None or story is None or row.story_id != story.id:
        raise Refused("desk.refused.no_story")
    return row


def _field(form: FormData) -> Field:
    field = _FIELDS.get(text(form, "field"))
    if field is None:
        raise Refused("desk.refused.no_such_field")
    return field


def _seen(session: Session, row: ArticleRow, field: Field, form: FormData) -> int:
    """The label that stood on the page; forms that name none follow what stands now."""
    if "seen" in form:
        return number(form, "seen")
    standing = labels.in_force(session, [row.page_id]).get(row.page_id, {}).get(field)
    return standing.id if standing else 0


def _value(form: FormData, row: ArticleRow, site: Site) -> Any:
    """The whole field as it shall be."""
    kind, value = text(form, "field"), text(form, "value")
    if kind == "needs_response":
        return bool(value)
    if kind in ("topic", "topics"):
        return _topics(form, row, site)
    if kind == "place_add":
        return [*_places(row), _place(site.units, value)]
    if kind == "place_drop":
        return [place for place in _places(row) if value not in (place["code"], place["name"])]
    return value


def _topics(form: FormData, row: ArticleRow, site: Site) -> list[str]:
    """A new main topic goes before the others; a list is the list."""
    chosen = [one for one in form.getlist("value") if isinstance(one, str) and one in site.editions.topics]
    if text(form, "field") == "topic":
        others = [topic["slug"] for topic in row.annotations.get("topics") or () if topic["slug"] not in chosen]
        # What was the main one was wrong, and stays out.
        chosen += [slug for slug in others if slug != row.topic]
    return chosen[: corrections.MOST_TOPICS]


def _places(row: ArticleRow) -> list[dict[str, str]]:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for place in row.annotations.get("places") or ():
        found.setdefault((place["name"], place["code"]), dict(place))
    return list(found.values())


def _place(units: Units, typed: str) -> dict[str, str]:
    """The commune or ward that was typed, with or without its kind and its accents."""
    wanted = fold(normalise(typed)).strip()
    for unit in units.by_code.values():
        if wanted and wanted in (fold(unit.label), fold(unit.name)):
            return {"name": unit.name, "code": unit.code, "kind": "unit", "surface": unit.label}
    raise Refused("desk.refused.no_such_place", name=typed)
