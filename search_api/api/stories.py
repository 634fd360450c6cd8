"""`/stories`: what happened, with everybody who printed it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from diembao.index.protocol import Hit
from diembao.store import public, staff, stories
from diembao.store.models import StoryRow
from search_api.api.articles import NOT_FOUND, PROBLEMS, Number
from search_api.api.parameters import Paged
from search_api.api.route import ApiRoute
from search_api.api.schemas import StaffStoryDetailOut, StaffStoryOut, StoriesOut, StoryDetailOut, StoryOut
from search_api.api.serialising import article_out, staff_article_out, staff_story_fields, story_fields, story_out
from search_api.finding import stories_of_hits
from search_api.site import CurrentSite, Site
from search_api.viewer import CurrentViewer
from search_api.views import story_view

MOVED: dict[int | str, dict[str, Any]] = {301: {"description": "merged into another story: see `Location`"}}

router = APIRouter(prefix="/api/v1/stories", tags=["stories"], responses=PROBLEMS, route_class=ApiRoute)


@router.get("")
def search_stories(site: CurrentSite, viewer: CurrentViewer, parameters: Annotated[Paged, Query()]) -> StoriesOut:
    """Published stories with at least one article that matches, each once, in the order of its best article. Staff
    find those that are not published, too."""
    query = replace(
        parameters.selection(viewer).query(public_only=not viewer.is_staff),
        sort=parameters.order,
        size=parameters.size,
        after=parameters.after or None,
        collapse=True,
        count_stories=True,
        bare=True,
    )
    hits = site.resources.index.search(query)
    with site.resources.store.read() as session:
        items = _staff_items(session, site, hits.items) if viewer.is_staff else _items(session, site, hits.items)
    return StoriesOut(total=hits.stories or 0, articles=hits.total, items=items, next=hits.next)


@router.get("/{number}", responses=NOT_FOUND | MOVED, response_model=StaffStoryDetailOut | StoryDetailOut)
def one_story(
    site: CurrentSite, viewer: CurrentViewer, number: Number
) -> StaffStoryDetailOut | StoryDetailOut | RedirectResponse:
    """One story with every printing. The address of a story that was merged leads to the other one (301)."""
    with site.resources.store.read() as session:
        row = stories.get(session, number)
        found = _staff_story(session, site, row) if viewer.is_staff else _story(session, site, row)
    if row is None or found is None:
        raise HTTPException(404)
    # Only where the other one may be seen: else the redirection would tell that it is there.
    return found if row.id == number else RedirectResponse(f"/api/v1/stories/{row.id}", 301)


def _items(session: Session, site: Site, hits: Sequence[Hit]) -> list[StaffStoryOut | StoryOut]:
    return [story_out(view, site) for view in stories_of_hits(session, hits, site.visible_until(), site.units)]


def _staff_items(session: Session, site: Site, hits: Sequence[Hit]) -> list[StaffStoryOut | StoryOut]:
    """The story of an article is the store's: the index may not yet know of a merger."""
    ids = [int(hit.id) for hit in hits if hit.id.isascii() and hit.id.isdigit()]
    articles = staff.articles_by_id(session, ids)
    numbers = list(dict.fromkeys(articles[number].story.id for number in ids if number in articles))
    found = staff.articles_of(session, numbers)
    return [StaffStoryOut(**staff_story_fields(found[number], site)) for number in numbers]


def _story(session: Session, site: Site, row: StoryRow | None) -> StoryDetailOut | None:
    printings = public.printings_of(session, [row.id], site.visible_until()).get(row.id) if row else None
    if row is None or not printings:
        return None
    view = story_view(row, printings, site.units)
    shown = [article_out(printing, site, view.title) for printing in printings]
    return StoryDetailOut(**story_fields(view, site), printings=shown)


def _staff_story(session: Session, site: Site, row: StoryRow | None) -> StaffStoryDetailOut | None:
    found = staff.articles_of(session, [row.id]).get(row.id) if row else None
    if not found:
        return None
    return StaffStoryDetailOut(
        **staff_story_fields(found, site), printings=[staff_article_out(one, site) for one in found]
    )
