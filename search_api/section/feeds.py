"""RSS, Atom and JSON Feed of what is published, whole or filtered by query string: q, topic, source, place."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import feedgenerator
from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from diembao.index.protocol import Keyword, Sort
from diembao.store import digests, public
from nlp.text import normalise
from search_api.editions import Edition
from search_api.finding import stories_of_hits
from search_api.labels import Labels
from search_api.moments import iso_local
from search_api.problems import BadParameter
from search_api.rendering import with_query
from search_api.section.delivery import deliver
from search_api.section.digests import DigestLink, links_of
from search_api.section.page_cache import Page
from search_api.section.search import PATH as SEARCH_PATH
from search_api.selection import Selection
from search_api.site import CurrentEdition, CurrentSite, Site
from search_api.views import StoryView, story_views

router = APIRouter(include_in_schema=False)

ITEMS = 50
_DIGESTS = 7
_DIGEST_DAYS = timedelta(days=7)
_FILTERS = (Keyword.TOPIC, Keyword.SOURCE, Keyword.PLACE)
_MAX_AGE = 300  # readers poll; five minutes is soon enough
_LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True)
class Feed:
    """path: its own address, query included; home: the page that shows the same list.

    digests: those of the last days; none where the feed is filtered.
    """

    title: str
    path: str
    home: str
    stories: Sequence[StoryView]
    digests: Sequence[DigestLink] = ()


@router.get("/rss.xml")
def rss(request: Request, site: CurrentSite, edition: CurrentEdition) -> Response:
    return _deliver_xml(request, site, edition, feedgenerator.Rss201rev2Feed, "application/rss+xml; charset=utf-8")


@router.get("/atom.xml")
def atom(request: Request, site: CurrentSite, edition: CurrentEdition) -> Response:
    return _deliver_xml(request, site, edition, feedgenerator.Atom1Feed, "application/atom+xml; charset=utf-8")


@router.get("/feed.json")
def json_feed(request: Request, site: CurrentSite, edition: CurrentEdition) -> Response:
    def build(session: Session) -> Page:
        feed = read_feed(session, site, edition, request)
        body = json.dumps(_json(feed, site, edition), ensure_ascii=False, indent=1).encode()
        return Page(body, "application/feed+json", max_age=_MAX_AGE)

    return deliver(request, site, build)


def _deliver_xml(
    request: Request, site: Site, edition: Edition, kind: type[feedgenerator.SyndicationFeed], media_type: str
) -> Response:
    def build(session: Session) -> Page:
        body = _xml(read_feed(session, site, edition, request), site, edition, kind)
        return Page(body, media_type, max_age=_MAX_AGE)

    return deliver(request, site, build)


def read_selection(request: Request) -> Selection:
    """The filters of a query string; a filter may be given several times."""
    parameters = request.query_params
    values = {name: [normalise(value)[:_LONGEST_VALUE] for value in parameters.getlist(name)] for name in _FILTERS}
    return Selection(
        normalise(parameters.get("q", "")).strip(),
        {name: [value for value in given if value] for name, given in values.items() if any(given)},
    )


def find_stories(session: Session, site: Site, selection: Selection, size: int) -> list[StoryView]:
    """The newest stories of a selection. Everything comes from the store alone, so that it needs no search.

    Raises:
        BadQuery, IndexUnavailable
        BadParameter: a topic that does not exist.
    """
    until = site.visible_until()
    for slug in selection.values.get(Keyword.TOPIC, ()):
        if slug not in site.editions.topics:
            raise BadParameter("topic", "invalid_value")
    if selection.is_open:
        rows = public.stories(session, until, limit=size)
        printings = public.printings_of(session, [row.id for row in rows], until)
        return story_views(rows, printings, site.units)
    query = replace(selection.query(public_only=True), sort=Sort.NEWEST, size=size, collapse=True, bare=True)
    return stories_of_hits(session, site.resources.index.search(query).items, until, site.units)


def read_feed(session: Session, site: Site, edition: Edition, request: Request) -> Feed:
    selection = read_selection(request)
    labels = Labels(edition, site.units, public.outlet_titles(session))
    named = [labels.of(field, value) for field, given in selection.values.items() for value in given]
    what = ", ".join([*named, *([selection.q] if selection.q else [])])
    text = edition.messages.text
    query = request.url.query
    first = {name.value: given[0] for name, given in selection.values.items()}
    home = edition.path("/" if selection.is_open else with_query(SEARCH_PATH, {"q": selection.q, **first}))
    return Feed(
        text("feed.title_filtered", what=what) if what else text("feed.title"),
        request.url.path + (f"?{query}" if query else ""),
        home,
        find_stories(session, site, selection, ITEMS),
        _digests(session, site) if selection.is_open else (),
    )


def _digests(session: Session, site: Site) -> list[DigestLink]:
    return links_of(session, digests.published(session, limit=_DIGESTS, since=site.now() - _DIGEST_DAYS))


def _summary(story: StoryView, edition: Edition) -> str:
    """Outlet and time, how many carry it, and the summary: never the text."""
    text, formats = edition.messages.text, edition.formats
    parts = [text("feed.item", outlet=story.first.outlet, time=formats.short(story.first.at))]
    if story.outlets > 1:
        parts.append(text("feed.more", count=story.outlets))
    if story.summary_by:
        parts.append(f"{text('story.excerpt_of', outlet=story.summary_by)}: {story.summary}")
    elif story.summary:
        parts.append(story.summary)
    return " ".join(parts)


def _identity(site: Site, story: StoryView) -> str:
    """Stays the same when the title, and with it the address, changes."""
    return f"{site.public_url}/tin/{story.id}"


def _xml(feed: Feed, site: Site, edition: Edition, kind: type[feedgenerator.SyndicationFeed]) -> bytes:
    made = kind(
        title=feed.title,
        link=site.public_url + feed.home,
        description=edition.messages.text("feed.description"),
        language=edition.language,
        feed_url=site.public_url + feed.path,
        author_name=site.settings.owner_name,
    )
    for digest in feed.digests:
        made.add_item(
            title=_clean(digest.name),
            link=site.public_url + edition.path(digest.path),
            description=_clean(digest.extent),
            pubdate=digest.published_at,
            updateddate=digest.published_at,
            unique_id=f"{site.public_url}/diem-bao/{digest.id}",
            unique_id_is_permalink=False,
        )
    for story in feed.stories:
        made.add_item(
            title=_clean(story.title),
            link=site.public_url + edition.path(story.path),
            description=_clean(_summary(story, edition)),
            pubdate=story.published_at or story.first.at,
            updateddate=max(story.updated_at, story.published_at or story.first.at),
            unique_id=_identity(site, story),
            unique_id_is_permalink=False,
            categories=[_clean(edition.topic(slug)) for slug in story.topics],
        )
    written: str = made.writeString("utf-8")
    return written.encode()


def _clean(text: str) -> str:
    """Without the control characters that XML cannot hold."""
    return normalise(text)


def _json(feed: Feed, site: Site, edition: Edition) -> dict[str, object]:
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": site.public_url + feed.home,
        "feed_url": site.public_url + feed.path,
        "description": edition.messages.text("feed.description"),
        "language": edition.language,
        "authors": [{"name": site.settings.owner_name}],
        "items": [
            *(
                {
                    "id": f"{site.public_url}/diem-bao/{digest.id}",
                    "url": site.public_url + edition.path(digest.path),
                    "title": digest.name,
                    "content_text": digest.extent,
                    "date_published": iso_local(digest.published_at),
                    "language": "vi",
                }
                for digest in feed.digests
            ),
            *(
                {
                    "id": _identity(site, story),
                    "url": site.public_url + edition.path(story.path),
                    "external_url": story.first.url,
                    "title": story.title,
                    "content_text": _summary(story, edition),
                    "date_published": iso_local(story.published_at or story.first.at),
                    "date_modified": iso_local(max(story.updated_at, story.published_at or story.first.at)),
                    "tags": [edition.topic(slug) for slug in story.topics],
                    "language": "vi",
                }
                for story in feed.stories
            ),
        ],
    }
