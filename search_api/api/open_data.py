"""`/open-data`: daily counts as files for everybody, made anew every hour."""

from __future__ import annotations

import json
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from diembao.index.protocol import Period
from diembao.store import public
from search_api import open_data
from search_api.analysis.spreadsheets import csv_file
from search_api.api.articles import PROBLEMS
from search_api.api.parameters import Moment
from search_api.api.route import ApiRoute
from search_api.api.schemas import OpenDataOut
from search_api.labels import Labels
from search_api.moments import parse_day
from search_api.open_data import FORMS, Table
from search_api.problems import BadParameter
from search_api.section.page_cache import Page
from search_api.site import CurrentSite, Site
from search_api.viewer import current_viewer

_HOUR = 3600
_SHORTEST_AGE = 60
_CSV = "text/csv; charset=utf-8; header=present"
_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "model": OpenDataOut,
        "description": "the table",
        "content": {"text/csv": {"schema": {"type": "string"}}},
    }
}

router = APIRouter(
    prefix="/api/v1/open-data",
    tags=["open data"],
    responses=PROBLEMS,
    route_class=ApiRoute,
    dependencies=[Depends(current_viewer)],
)


class FileFormat(StrEnum):
    CSV = "csv"
    JSON = "json"


class OpenDataParameters(BaseModel):
    model_config = ConfigDict(extra="forbid")

    from_: Moment = Field("", alias="from", description="first day; default: of the first article")
    to: Moment = Field("", description="last day; default: of the last article")
    bom: bool = Field(False, description="CSV: with the mark by which Excel knows UTF-8")


@router.get("/{table}.{file_format}", responses=_ANSWER)
def daily_counts(
    site: CurrentSite, table: Table, file_format: FileFormat, parameters: Annotated[OpenDataParameters, Query()]
) -> Response:
    """Published stories and articles by day of Viet Nam: in all, by topic, commune or outlet. An article without a
    time counts when it was read; a story on each day on which it was printed, with each of its topics and communes."""
    first, last = _day(parameters.from_, "from"), _day(parameters.to, "to")
    if first and last and first > last:
        raise BadParameter("from", "empty_range")
    now = int(site.now().timestamp())
    key = ("open data", table, file_format, first, last, parameters.bom, now // _HOUR)
    page = site.pages.get(key)
    if page is None:
        page = _page(site, table, file_format, first, last, bom=parameters.bom)
        site.pages.put(key, page)
    headers = {
        "Cache-Control": f"public, max-age={max(_SHORTEST_AGE, _HOUR - now % _HOUR)}",
        "Content-Disposition": f'inline; filename="thai-nguyen-{table.value}.{file_format.value}"',
        "Link": f'<{site.settings.open_data_licence_url}>; rel="license"',
    }
    return Response(page.body, headers=headers, media_type=page.media_type)


def _page(
    site: Site, table: Table, file_format: FileFormat, first: date | None, last: date | None, *, bom: bool
) -> Page:
    with site.resources.store.read() as session:
        labels = Labels(site.editions.vietnamese, site.units, public.outlet_titles(session))
    period = _within(open_data.extent(site.resources.index), first, last)
    found = open_data.rows(site.resources.index, labels, table, period) if period else iter(())
    columns = FORMS[table].columns
    if file_format is FileFormat.CSV:
        return Page(b"".join(csv_file(columns, found, for_excel=bom)), _CSV)
    return Page(_json(site, table, period, [dict(zip(columns, row, strict=True)) for row in found]), "application/json")


def _json(site: Site, table: Table, period: Period | None, rows: list[dict[str, str | int]]) -> bytes:
    content = {
        "table": table.value,
        "publisher": site.renderer.owner.name,
        "licence": site.settings.open_data_licence,
        "licence_url": site.settings.open_data_licence_url,
        "first": period.first.isoformat() if period else None,
        "last": period.last.isoformat() if period else None,
        "rows": rows,
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _within(extent: Period | None, first: date | None, last: date | None) -> Period | None:
    """The days of the extent that are asked for, if there are any."""
    if extent is None:
        return None
    begin, end = max(extent.first, first or extent.first), min(extent.last, last or extent.last)
    return Period(begin, end) if begin <= end else None


def _day(text: str, name: str) -> date | None:
    if not text.strip():
        return None
    try:
        return parse_day(text)
    except ValueError as error:
        raise BadParameter(name, "bad_day") from error
