"""`/articles`: search, one article, its trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Response
from sqlalchemy.orm import Session

from diembao.index.protocol import FacetCount, Highlighting, Hit, Keyword
from diembao.store import public, staff, trail
from diembao.store.models import ArticleRow, PageRow
from search_api.api.parameters import ArticleParameters
from search_api.api.route import ApiRoute, whole_answer
from search_api.api.schemas import ArticleOut, ArticlesOut, Problem, StaffArticleOut, StepOut, TrailOut
from search_api.api.serialising import (
    all_highlights_out,
    article_fields,
    article_out,
    highlight_fields,
    local,
    staff_article_out,
)
from search_api.finding import printings_of_hits
from search_api.labels import Labels
from search_api.site import CurrentSite, Site
from search_api.viewer import CurrentViewer, StaffOnly, Viewer

Number = Annotated[int, Path(ge=1, lt=2**63)]
PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "the request cannot be understood"},
    401: {"model": Problem, "description": "the key is wrong, has expired or was taken back"},
    403: {"model": Problem, "description": "for staff only"},
    414: {"model": Problem, "description": "the query string is longer than 8 kB"},
    429: {"model": Problem, "description": "too many requests"},
    503: {"model": Problem, "description": "store or search is away; try again"},
}
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "no such thing is published"}}

NOT_TAKEN: dict[int | str, dict[str, Any]] = {
    413: {"model": Problem, "description": "larger than 2 MB"},
    415: {"model": Problem, "description": "the body is not JSON"},
}

router = APIRouter(prefix="/api/v1/articles", tags=["articles"], responses=PROBLEMS, route_class=ApiRoute)


@router.get("", response_model=ArticlesOut)
def search_articles(
    site: CurrentSite, viewer: CurrentViewer, parameters: Annotated[ArticleParameters, Query()], response: Response
) -> Response:
    """Published articles that match, with counts by field. Staff find what is not published too."""
    query = replace(
        parameters.selection(viewer).query(public_only=not viewer.is_staff),
        sort=parameters.order,
        size=parameters.size,
        after=parameters.after or None,
        facets=parameters.facet_requests(viewer),
        highlight=Highlighting(fields=("title", "lead")) if parameters.highlight else None,
        bare=True,
    )
    hits = site.resources.index.search(query)
    with site.resources.store.read() as session:
        found = {
            "total": hits.total,
            "items": _items(session, site, viewer, hits.items, marked=parameters.highlight),
            "facets": _facets(session, site, hits.facets),
            "next": hits.next,
        }
    return whole_answer(found, response)


@router.get("/{number}", responses=NOT_FOUND)
def one_article(site: CurrentSite, viewer: CurrentViewer, number: Number) -> StaffArticleOut | ArticleOut:
    """One published article; for staff any, with its text and what is thought of it."""
    until = site.visible_until()
    with site.resources.store.read() as session:
        if viewer.is_staff:
            found = staff.articles_by_id(session, [number]).get(number)
            if found is None:
                raise HTTPException(404)
            return staff_article_out(found, site)
        printing = public.printings_by_id(session, [number], until).get(number)
        if printing is None:
            raise HTTPException(404)
        return article_out(printing, site, printing.story_title)


@router.get("/{number}/trail", responses=NOT_FOUND)
def article_trail(site: CurrentSite, _viewer: StaffOnly, number: Number) -> TrailOut:
    """What happened to the address of an article, step by step. Staff only."""
    with site.resources.store.read() as session:
        article = session.get(ArticleRow, number)
        if article is None:
            raise HTTPException(404)
        page = session.get_one(PageRow, article.page_id)
        steps = [
            StepOut(at=local(row.at), step=row.step, outcome=row.outcome, version=row.version, detail=row.detail)
            for row in trail.of_page(session, page.id)
        ]
        return TrailOut(url=page.url, state=page.state, outcome=page.outcome, reason=page.reason, steps=steps)


def _items(
    session: Session, site: Site, viewer: Viewer, hits: Sequence[Hit], *, marked: bool
) -> Sequence[StaffArticleOut | dict[str, Any]]:
    """What `ArticlesOut` calls its items."""
    if viewer.is_staff:
        return _staff_items(session, site, hits, marked=marked)
    until = site.visible_until()
    printings = printings_of_hits(session, hits, until)
    items = []
    for hit in hits:
        printing = printings.get(hit.id)
        if printing is None:  # published a moment ago, not any more
            continue
        item = article_fields(printing, site, printing.story_title)
        if marked:
            item["highlights"] = highlight_fields(hit, printing)
        items.append(item)
    return items


def _staff_items(session: Session, site: Site, hits: Sequence[Hit], *, marked: bool) -> list[StaffArticleOut]:
    found = staff.articles_by_id(session, [int(hit.id) for hit in hits if hit.id.isascii() and hit.id.isdigit()])
    items: list[StaffArticleOut] = []
    for hit in hits:
        if not hit.id.isdigit() or int(hit.id) not in found:
            continue  # dropped a moment ago
        item = staff_article_out(found[int(hit.id)], site)
        item.highlights = all_highlights_out(hit) if marked else None
        items.append(item)
    return items


def _facets(
    session: Session, site: Site, counted: Mapping[Keyword, Sequence[FacetCount]]
) -> dict[str, list[dict[str, str | int]]]:
    """By field, each as `FacetOut`."""
    outlets = public.outlet_titles(session) if Keyword.SOURCE in counted else {}
    labels = Labels(site.editions.vietnamese, site.units, outlets)
    return {
        field.value: [{"value": c.value, "label": labels.of(field, c.value), "count": c.count} for c in counts]
        for field, counts in counted.items()
    }
