"""`/articles/export`: every article that matches, in one answer; for the machines of the staff."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from diembao.index.protocol import Query as Question
from diembao.index.protocol import Sort
from diembao.store import public
from diembao.store.staff import StaffArticle
from search_api.analysis.spreadsheets import csv_file
from search_api.api.articles import PROBLEMS
from search_api.api.parameters import Asked
from search_api.api.route import ApiRoute
from search_api.api.serialising import staff_article_out
from search_api.exported import COLUMNS, Spelling, articles_in_order, cells
from search_api.moments import LOCAL, iso_local
from search_api.site import CurrentSite, Site
from search_api.viewer import StaffOnly, charge

# As many as a page of `/articles` holds at most: an export costs what paging would.
ARTICLES_A_REQUEST = 100


class Format(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"


MEDIA_TYPES: Mapping[Format, str] = {
    Format.JSONL: "application/x-ndjson; charset=utf-8",
    Format.CSV: "text/csv; charset=utf-8; header=present",
}
_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "one article a line, as `/articles/{number}` answers it to staff; or CSV",
        "content": {
            "application/x-ndjson": {"schema": {"type": "string"}},
            "text/csv": {"schema": {"type": "string"}},
        },
    }
}

router = APIRouter(prefix="/api/v1/articles", tags=["articles"], responses=PROBLEMS, route_class=ApiRoute)


class ExportParameters(Asked):
    format: Format = Format.JSONL
    after: int = Field(0, ge=0, lt=2**63, description="`id` of the last article that arrived: what follows it")
    size: int = Field(0, ge=0, le=10_000_000, description="at most so many articles; 0: all of them")


@router.get("/export", responses=_ANSWER, response_class=StreamingResponse)
def export_articles(
    site: CurrentSite, viewer: StaffOnly, response: Response, parameters: Annotated[ExportParameters, Query()]
) -> StreamingResponse:
    """Every article that matches, by its number, from one snapshot of the index. Staff only. Broken off, it goes on
    `after` the last one that arrived; 100 articles cost as much as one request."""
    question = parameters.selection(viewer).query(public_only=False)
    numbers = _numbers(site, question, parameters.after)
    left = len(numbers)
    if parameters.size:
        numbers = numbers[: parameters.size]
    charge(viewer, -(-len(numbers) // ARTICLES_A_REQUEST), response, site)
    name = f"articles-{site.now().astimezone(LOCAL):%Y%m%d-%H%M}.{parameters.format.value}"
    return StreamingResponse(
        _lines(site, numbers) if parameters.format is Format.JSONL else _table(site, numbers),
        media_type=MEDIA_TYPES[parameters.format],
        headers={
            **response.headers,
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Articles": str(len(numbers)),
            "X-Articles-Left": str(left - len(numbers)),
        },
    )


def _numbers(site: Site, question: Question, after: int) -> array[int]:
    """Numbers of the articles that match, upwards: eight bytes each, however many there are. A number never changes
    and none comes back, so that one can go on after it at any later time."""
    oldest_first = Question(
        question.tree, question.filters, question.published_from, question.published_to, sort=Sort.OLDEST
    )
    found = array("q", (number for hit in site.resources.index.scan(oldest_first) if (number := int(hit.id)) > after))
    np.frombuffer(found, np.int64).sort()
    return found


def _lines(site: Site, numbers: array[int]) -> Iterator[bytes]:
    with site.resources.store.read() as session:
        outlets = public.outlet_titles(session)
    for row, story in articles_in_order(site, numbers):
        found = StaffArticle(row, story, outlets.get(row.source, row.source))
        yield staff_article_out(found, site).model_dump_json().encode() + b"\n"


def _table(site: Site, numbers: array[int]) -> Iterator[bytes]:
    with site.resources.store.read() as session:
        outlets = public.outlet_titles(session)
    spelling = Spelling(iso_local, lambda field, value: outlets.get(value, value) if field == "source" else value)
    rows = (cells(row, story, spelling) for row, story in articles_in_order(site, numbers))
    return csv_file(COLUMNS, rows, for_excel=False)
