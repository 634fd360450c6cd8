"""From what may be seen to the wire."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, overload

from diembao.index.protocol import Fragment, Hit
from diembao.records import PlaceMention
from diembao.store.public import Printing
from diembao.store.staff import StaffArticle
from search_api.api.schemas import (
    ArticleOut,
    FragmentOut,
    PlaceOut,
    SourceName,
    StaffArticleOut,
    StoryLink,
    StoryOut,
)
from search_api.moments import LOCAL
from search_api.places import slug_of
from search_api.site import Site
from search_api.views import StoryView, excerpt, story_view


def article_out(printing: Printing, site: Site, story_title: str) -> ArticleOut:
    return ArticleOut(**article_fields(printing, site, story_title))


def article_fields(printing: Printing, site: Site, story_title: str) -> dict[str, Any]:
    """The fields of `ArticleOut`, for answers with many: to make and check a model of each takes as long as reading
    them."""
    return {
        "id": printing.id,
        "title": printing.title,
        "url": printing.url,
        "source": {"name": printing.source, "title": printing.outlet},
        "published_at": local(printing.published_at),
        "authors": printing.authors,
        "lead": excerpt(printing.lead) if printing.lead else "",
        "credit": printing.credit,
        "relevance": printing.relevance,
        "topics": printing.topics,
        "places": _place_fields(printing.places),
        "story": {"id": printing.story_id, "url": f"{site.public_url}/tin/{printing.story_id}-{slug_of(story_title)}"},
        "reprint_of": printing.reprint_of,
        "highlights": None,
    }


def staff_article_out(found: StaffArticle, site: Site) -> StaffArticleOut:
    row, notes = found.article, found.article.annotations
    places = [PlaceMention(**place) for place in notes.get("places") or ()]
    title = found.story.headline or row.title
    return StaffArticleOut(
        id=row.id,
        title=row.title,
        url=row.url,
        source=SourceName(name=row.source, title=found.outlet),
        published_at=local(row.published_at),
        authors=list(row.authors),
        lead=row.lead,
        credit=row.credit,
        relevance=row.relevance,
        topics=[topic["slug"] for topic in notes.get("topics") or ()],
        places=places_out(places),
        story=StoryLink(id=row.story_id, url=f"{site.public_url}/tin/{row.story_id}-{slug_of(title)}"),
        reprint_of=row.reprint_of,
        text=row.text,
        state=found.story.state,
        relevance_score=row.relevance_score,
        stance=row.stance,
        stance_evidence=notes.get("stance_evidence") or [],
        needs_response=row.needs_response,
        removed_at=local(found.removed_at),
    )


def places_out(places: Iterable[PlaceMention]) -> list[PlaceOut]:
    return [PlaceOut(**fields) for fields in _place_fields(places)]


def _place_fields(places: Iterable[PlaceMention]) -> list[dict[str, str]]:
    distinct = dict.fromkeys((place.name, place.code, place.kind) for place in places)
    return [{"name": name, "code": code, "kind": kind} for name, code, kind in distinct]


def highlight_fields(hit: Hit, printing: Printing) -> dict[str, list[dict[str, Any]]]:
    """The lead's only where the agreement lets it be shown."""
    return {
        field: [_fragment_fields(fragment) for fragment in fragments]
        for field, fragments in hit.highlights.items()
        if field == "title" or (field == "lead" and printing.lead)
    }


def all_highlights_out(hit: Hit) -> dict[str, list[FragmentOut]]:
    return {
        field: [FragmentOut(**_fragment_fields(fragment)) for fragment in fragments]
        for field, fragments in hit.highlights.items()
    }


def _fragment_fields(fragment: Fragment) -> dict[str, Any]:
    pieces = [{"text": piece.text, "match": piece.is_match} for piece in fragment.pieces]
    return {"pieces": pieces, "cut_before": fragment.cut_before, "cut_after": fragment.cut_after}


def story_out(story: StoryView, site: Site) -> StoryOut:
    return StoryOut(**story_fields(story, site))


def story_fields(story: StoryView, site: Site) -> dict[str, Any]:
    return {
        "id": story.id,
        "url": site.public_url + story.path,
        "title": story.title,
        "summary": story.summary,
        "summary_by": story.summary_by,
        "first_published_at": local(story.first.at),
        "last_published_at": local(story.last.at),
        "published_here_at": local(story.published_at),
        "outlets": story.outlets,
        "articles": len(story.printings),
        "topics": list(story.topics),
        "places": places_out(place for printing in story.printings for place in printing.places),
        "first": SourceName(name=story.first.source, title=story.first.outlet),
    }


def staff_story_fields(found: Sequence[StaffArticle], site: Site) -> dict[str, Any]:
    """found: all articles of one story, at least one."""
    row = found[0].story
    standing = [one for one in found if not one.removed_at] or found
    view = story_view(row, [_as_printing(one) for one in standing], site.units)
    return {
        **story_fields(view, site),
        "state": row.state,
        "relevance": row.relevance,
        "stance": row.stance,
        "needs_response": row.needs_response,
    }


def _as_printing(found: StaffArticle) -> Printing:
    """As the public would see it if it were published, and its lead allowed."""
    row, notes = found.article, found.article.annotations
    return Printing(
        id=row.id,
        story_id=row.story_id,
        source=row.source,
        outlet=found.outlet,
        outlet_type="",
        url=row.url,
        title=row.title,
        lead=row.lead,
        authors=tuple(row.authors),
        published_at=row.published_at,
        at=row.effective_at,
        section=row.section,
        credit=row.credit,
        relevance=row.relevance,
        language=row.language,
        topics=tuple(topic["slug"] for topic in notes.get("topics") or ()),
        places=tuple(PlaceMention(**place) for place in notes.get("places") or ()),
        reprint_of=row.reprint_of,
        updated_at=row.updated_at,
        story_title=found.story.headline or row.title,
    )


@overload
def local(moment: datetime) -> datetime: ...
@overload
def local(moment: datetime | None) -> datetime | None: ...
def local(moment: datetime | None) -> datetime | None:
    """The same moment with the offset of Viet Nam."""
    return moment.astimezone(LOCAL) if moment is not None else None
