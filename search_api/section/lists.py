"""Lists of stories: by topic, by commune or ward, by outlet."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from diembao.index.protocol import FacetRequest, Filter, Keyword, Query, Sort
from diembao.store import sources
from diembao.store.models import SourceRow
from search_api.editions import Edition
from search_api.finding import printings_of_hits, stories_of_hits
from search_api.places import Unit, slug_of
from search_api.rendering import with_query
from search_api.section.delivery import deliver
from search_api.section.page_cache import Page
from search_api.site import CurrentEdition, CurrentSite, Site

router = APIRouter(include_in_schema=False)

_SIZE = 30
_UNITS = 100  # more than the province has


@router.get("/chu-de")
def topics_page(request: Request, site: CurrentSite, edition: CurrentEdition) -> Response:
    def build(_session: Session) -> Page:
        counts = _facet(site, Keyword.TOPIC, len(site.editions.topics))
        rows = [(slug, counts.get(slug, 0)) for slug in site.editions.topics]
        return Page(site.renderer.render("topics.html", edition, path="/chu-de", topics=rows))

    return deliver(request, site, build)


@router.get("/chu-de/{slug}")
def topic_page(
    request: Request, site: CurrentSite, edition: CurrentEdition, slug: str, after: str | None = None
) -> Response:
    if slug not in site.editions.topics:
        raise HTTPException(404)
    query = Query(filters=(Filter(Keyword.TOPIC, (slug,)),), after=after or None)
    heading = edition.messages.text("topic.title", topic=edition.topic(slug))
    texts = {"heading": heading, "kind": "topic", "others": "/chu-de", "feed": with_query("/rss.xml", {"topic": slug})}
    return deliver(request, site, lambda session: _stories(session, site, edition, query, f"/chu-de/{slug}", texts))


@router.get("/dia-ban")
def places_page(request: Request, site: CurrentSite, edition: CurrentEdition) -> Response:
    def build(_session: Session) -> Page:
        counts = _facet(site, Keyword.PLACE_CODE, _UNITS)
        units = sorted(site.units.by_code.values(), key=lambda unit: slug_of(unit.name))
        wards = [(unit, counts.get(unit.code, 0)) for unit in units if unit.type == "phường"]
        communes = [(unit, counts.get(unit.code, 0)) for unit in units if unit.type != "phường"]
        page = site.renderer.render("places.html", edition, path="/dia-ban", wards=wards, communes=communes)
        return Page(page)

    return deliver(request, site, build)


@router.get("/dia-ban/{address}")
def place_page(
    request: Request, site: CurrentSite, edition: CurrentEdition, address: str, after: str | None = None
) -> Response:
    unit = site.units.by_code.get(address.partition("-")[0])
    if unit is None:
        raise HTTPException(404)
    if unit.path != f"/dia-ban/{address}":
        return RedirectResponse(edition.path(unit.path), 301)
    query = Query(filters=(Filter(Keyword.PLACE_CODE, (unit.code,)),), after=after or None)
    texts = _place_texts(edition, unit)
    return deliver(request, site, lambda session: _stories(session, site, edition, query, unit.path, texts))


def _place_texts(edition: Edition, unit: Unit) -> dict[str, str]:
    heading = edition.messages.text("place.title", place=unit.label)
    return {"heading": heading, "kind": "place", "others": "/dia-ban", "feed": f"/rss.xml?place={unit.code}"}


@router.get("/bao")
def outlets_page(request: Request, site: CurrentSite, edition: CurrentEdition) -> Response:
    def build(session: Session) -> Page:
        counts = site.outlets.of(session, site.visible_until())
        rows = [(row, counts[row.name]) for row in sources.all_sources(session) if row.name in counts]
        rows.sort(key=lambda pair: (-pair[1], pair[0].title))
        return Page(site.renderer.render("outlets.html", edition, path="/bao", outlets=rows))

    return deliver(request, site, build)


@router.get("/bao/{name}")
def outlet_page(
    request: Request, site: CurrentSite, edition: CurrentEdition, name: str, after: str | None = None
) -> Response:
    query = Query(filters=(Filter(Keyword.SOURCE, (name,)),), after=after or None)
    return deliver(request, site, lambda session: _outlet(session, site, edition, name, query))


def _facet(site: Site, field: Keyword, size: int) -> dict[str, int]:
    query = Query(public_only=True, size=0, facets=(FacetRequest(field, size),))
    return {count.value: count.count for count in site.resources.index.search(query).facets[field]}


def _stories(session: Session, site: Site, edition: Edition, query: Query, path: str, texts: dict[str, str]) -> Page:
    """Stories of a topic or place, newest first."""
    query = replace(query, public_only=True, sort=Sort.NEWEST, size=_SIZE, collapse=True, count_stories=True, bare=True)
    hits = site.resources.index.search(query)
    page = site.renderer.render(
        "stories.html",
        edition,
        path=with_query(path, {"after": query.after or ""}),
        stories=stories_of_hits(session, hits.items, site.visible_until(), site.units),
        stories_count=hits.stories or 0,
        articles_count=hits.total,
        first_path=path if query.after else "",
        next_path=with_query(path, {"after": hits.next}) if hits.next else "",
        **texts,
    )
    return Page(page)


def _outlet(session: Session, site: Site, edition: Edition, name: str, query: Query) -> Page:
    """What one outlet printed, article by article, newest first."""
    source = session.get(SourceRow, name)
    if source is None:
        raise HTTPException(404)
    hits = site.resources.index.search(replace(query, public_only=True, sort=Sort.NEWEST, size=_SIZE, bare=True))
    until = site.visible_until()
    printings = printings_of_hits(session, hits.items, until)
    stories = stories_of_hits(session, hits.items, until, site.units)
    paths = {story.id: story.path for story in stories}
    path = f"/bao/{name}"
    domains = source.definition.get("domains") or []
    page = site.renderer.render(
        "outlet.html",
        edition,
        path=with_query(path, {"after": query.after or ""}),
        source=source,
        home=f"https://{domains[0]}/" if domains else "",
        printings=[printings[hit.id] for hit in hits.items if hit.id in printings],
        paths=paths,
        total=hits.total,
        feed=with_query("/rss.xml", {"source": name}),
        first_path=path if query.after else "",
        next_path=with_query(path, {"after": hits.next}) if hits.next else "",
    )
    return Page(page)
