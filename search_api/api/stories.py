"""`/stories`: what happened, with everybody who printed it."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import RedirectResponse

from diembao.store import public, stories
from search_api.api.articles import NOT_FOUND, PROBLEMS, Number
from search_api.api.parameters import Paged
from search_api.api.schemas import StoriesOut, StoryDetailOut
from search_api.api.serialising import article_out, story_fields, story_out
from search_api.finding import stories_of_hits
from search_api.site import CurrentSite
from search_api.viewer import CurrentViewer
from search_api.views import story_view

router = APIRouter(prefix="/api/v1/stories", tags=["stories"], responses=PROBLEMS)


@router.get("")
def search_stories(site: CurrentSite, viewer: CurrentViewer, parameters: Annotated[Paged, Query()]) -> StoriesOut:
    """Published stories with at least one article that matches, each once, in the order of its best article."""
    query = replace(
        parameters.selection(viewer).query(public_only=True),
        sort=parameters.order,
        size=parameters.size,
        after=parameters.after or None,
        collapse=True,
        count_stories=True,
    )
    hits = site.resources.index.search(query)
    with site.resources.store.read() as session:
        views = stories_of_hits(session, hits.items, site.visible_until(), site.units)
    items = [story_out(view, site) for view in views]
    return StoriesOut(total=hits.stories or 0, articles=hits.total, items=items, next=hits.next)


@router.get("/{number}", responses=NOT_FOUND, response_model=StoryDetailOut)
def one_story(site: CurrentSite, number: Number) -> StoryDetailOut | RedirectResponse:
    """One story with every printing. The address of a story that was merged leads to the other one (301)."""
    with site.resources.store.read() as session:
        row = stories.get(session, number)
        printings = public.printings_of(session, [row.id], site.visible_until()).get(row.id) if row else None
    if row is None or not printings:
        raise HTTPException(404)
    if row.id != number:
        return RedirectResponse(f"/api/v1/stories/{row.id}", 301)
    view = story_view(row, printings, site.units)
    shown = [article_out(printing, site, view.title) for printing in printings]
    return StoryDetailOut(**story_fields(view, site), printings=shown)
