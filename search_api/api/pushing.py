"""Sending articles in, with a key of the scope `push`; they take the same way as those the crawler fetches."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from diembao.newsroom.permissions import Actor
from diembao.store import pushed
from search_api.api.articles import NOT_FOUND, NOT_TAKEN, PROBLEMS
from search_api.api.route import ApiRoute
from search_api.api.schemas import Wire
from search_api.site import CurrentSite
from search_api.viewer import BEARER, CurrentViewer

router = APIRouter(prefix="/api/v1", tags=["articles"], responses=PROBLEMS, route_class=ApiRoute)

_TITLE, _TEXT = 1000, 500_000  # characters


class PushedArticle(BaseModel):
    """Title or text must be there; the rest as far as it is known."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "anyOf": [{"required": [name], "properties": {name: {"pattern": r"\S"}}} for name in ("title", "text")]
        },
    )

    title: str = Field("", max_length=_TITLE)
    lead: str = Field("", max_length=10_000)
    text: str = Field("", max_length=_TEXT)
    url: str = Field("", max_length=2000, description="of the original; the same address is taken in once")
    source: str = Field("", max_length=200, description="name or title of the outlet")
    date: datetime | None = Field(None, description="ISO 8601 with zone: when the source published it")
    section: str = Field("", max_length=200)

    @model_validator(mode="after")
    def _is_an_article(self) -> PushedArticle:
        if not self.title.strip() and not self.text.strip():
            raise ValueError("neither title nor text")
        if self.date is not None and self.date.tzinfo is None:
            raise ValueError("date without zone")
        return self


class PushedOut(Wire):
    id: int
    state: str = Field(description="waiting | taken | known (was there before) | bad")
    reason: str = ""
    outcome: str = Field("", description="of reading and judging; empty while it waits")
    article: int | None = Field(None, description="its number under /api/v1/articles")


def _pusher(viewer: CurrentViewer) -> Actor:
    if viewer.actor is None:
        raise HTTPException(401, headers=BEARER)
    if not viewer.may_push:
        raise HTTPException(403)
    return viewer.actor


Pusher = Annotated[Actor, Depends(_pusher)]


def _sender(request: Request, pusher: Pusher) -> Actor:
    """After the key: who has none learns nothing else."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise HTTPException(415, headers={"Accept": "application/json"})
    return pusher


Sender = Annotated[Actor, Depends(_sender)]


@router.post("/articles", status_code=202, responses=NOT_TAKEN)
def push_article(site: CurrentSite, response: Response, sender: Sender, article: PushedArticle) -> PushedOut:
    """Send an article in. It is archived and understood within seconds; `Location` tells what became of it."""
    values = article.model_dump(mode="json", exclude_defaults=True)
    with site.resources.store.write() as session:
        number = pushed.add(session, values, sender.name, sender.user_id or 0, site.now())
    response.headers["Location"] = f"/api/v1/pushed/{number}"
    return PushedOut(id=number, state=pushed.WAITING, outcome="", article=None)


@router.get("/pushed/{number}", responses=NOT_FOUND)
def pushed_article(site: CurrentSite, pusher: Pusher, number: Annotated[int, Path(ge=1, lt=2**63)]) -> PushedOut:
    """What became of an article that the same person's keys sent in."""
    with site.resources.store.read() as session:
        found = pushed.whereabouts(session, number, pusher.user_id or 0)
    if found is None:
        raise HTTPException(404)
    return PushedOut(id=number, state=found.state, reason=found.reason, outcome=found.outcome, article=found.article_id)
