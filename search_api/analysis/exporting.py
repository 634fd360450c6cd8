"""Exactly what is seen, as a file: every article that matches, whatever page one is on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import StreamingResponse

from diembao.index.protocol import Query, Sort
from diembao.store import articles
from diembao.store.articles import annotations_from_json
from diembao.store.models import ArticleRow, StoryRow
from search_api.analysis.asked import EXPORT, Asked, BadDay, refusal
from search_api.analysis.finding import Analyst, wording_of
from search_api.analysis.spreadsheets import csv_file, xlsx_file
from search_api.analysis.wording import Wording
from search_api.exported import COLUMNS, Spelling, articles_in_order, cells
from search_api.moments import LOCAL, day_of
from search_api.site import CurrentSite, Site

router = APIRouter(include_in_schema=False)

_KINDS: Mapping[str, tuple[str, str]] = {
    "csv": ("text/csv; charset=utf-8", "csv"),
    "csv_excel": ("text/csv; charset=utf-8", "csv"),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    "jsonl": ("application/x-ndjson; charset=utf-8", "jsonl"),
}


@router.get(f"{EXPORT}/{{kind}}")
def export(request: Request, site: CurrentSite, member: Analyst, kind: str) -> Response:
    if kind not in _KINDS:
        raise HTTPException(404)
    asked = Asked.read(request.query_params.multi_items())
    try:
        query = asked.query(day_of(site.now()))
    except BadDay as error:
        raise refusal(error) from error
    with site.resources.store.read() as session:
        wording = wording_of(session, site)
    media_type, suffix = _KINDS[kind]
    name = f"tin-bai-{site.now().astimezone(LOCAL):%Y%m%d-%H%M}.{suffix}"
    return StreamingResponse(
        _file(kind, site, wording, _ordered(query, asked)),
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def _ordered(query: Query, asked: Asked) -> Query:
    sort = Sort(asked.sort or (Sort.RELEVANCE if asked.q else Sort.NEWEST))
    return Query(query.tree, query.filters, query.published_from, query.published_to, sort=sort)


def _file(kind: str, site: Site, wording: Wording, query: Query) -> Iterator[bytes]:
    # From one snapshot of the index, in its order.
    found = articles_in_order(site, (int(hit.id) for hit in site.resources.index.scan(query)))
    if kind == "jsonl":
        return _json_lines(found)
    head = [wording.messages.text(f"desk.analysis.columns.{name}") for name in COLUMNS]
    spelling = Spelling(lambda time: f"{time.astimezone(LOCAL):%Y-%m-%d %H:%M}", wording.value)
    rows = (cells(row, story, spelling) for row, story in found)
    if kind == "xlsx":
        return xlsx_file(wording.messages.text("desk.analysis.sheet"), head, rows)
    return csv_file(head, rows, for_excel=kind == "csv_excel")


def _json_lines(found: Iterator[tuple[ArticleRow, StoryRow]]) -> Iterator[bytes]:
    for row, story in found:
        removed = articles.removed_at(row)
        notes = annotations_from_json(row.annotations)
        content = {
            "id": row.id,
            "story": row.story_id,
            "published_at": row.published_at.isoformat() if row.published_at else None,
            "source": row.source,
            "title": row.title,
            "lead": row.lead,
            "url": row.url,
            "relevance": row.relevance,
            "stance": row.stance or None,
            "needs_response": row.needs_response,
            "topics": [topic.slug for topic in notes.topics],
            "places": [{"name": place.name, "code": place.code} for place in notes.places],
            "entities": [{"type": entity.type, "text": entity.text} for entity in notes.entities],
            "printings": story.articles,
            "outlets": story.outlets,
            "state": story.state,
            "headline": story.headline,
            "summary": story.summary,
            "removed_at": removed.isoformat() if removed else None,
        }
        yield (json.dumps(content, ensure_ascii=False) + "\n").encode()
