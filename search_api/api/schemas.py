"""The wire: what the JSON routes answer. Times carry the offset of Viet Nam."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Wire(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SourceName(Wire):
    name: str = Field(examples=["baothainguyen"])
    title: str = Field(examples=["Báo Thái Nguyên"])


class PlaceOut(Wire):
    name: str = Field(examples=["Tân Cương"])
    code: str = Field(description="today's commune or ward; empty for other places", examples=["05503"])
    kind: str = Field(examples=["unit"])


class StoryLink(Wire):
    id: int
    url: str = Field(examples=["https://example.gov.vn/tin/17-lu-tren-song-cau-len-nhanh"])


class PieceOut(Wire):
    text: str
    match: bool


class FragmentOut(Wire):
    pieces: list[PieceOut]
    cut_before: bool
    cut_after: bool


class ArticleOut(Wire):
    id: int
    title: str
    url: str = Field(description="the original")
    source: SourceName
    published_at: datetime | None = Field(description="by its source; null where the source gives no time")
    authors: list[str]
    lead: str = Field(description="a short excerpt, where the agreement with the outlet allows one; else empty")
    credit: str = Field(description="the source the article itself names")
    relevance: str
    topics: list[str] = Field(description="slugs, the main one first")
    places: list[PlaceOut]
    story: StoryLink
    reprint_of: int | None = Field(description="article it is (almost) a copy of")
    highlights: dict[str, list[FragmentOut]] | None = None


class StaffArticleOut(ArticleOut):
    """What staff see besides; `lead` is whole then."""

    text: str
    state: str = Field(description="of its story at the desk")
    relevance_score: float
    stance: str
    stance_evidence: list[dict[str, Any]]
    needs_response: bool
    removed_at: datetime | None = Field(description="when its source or we took it down")


class FacetOut(Wire):
    value: str = Field(examples=["thien-tai-thoi-tiet"])
    label: str = Field(examples=["Thiên tai – Thời tiết – Cứu nạn"])
    count: int


class ArticlesOut(Wire):
    total: int = Field(description="articles that match, exactly")
    items: list[StaffArticleOut | ArticleOut]
    facets: dict[str, list[FacetOut]]
    next: str | None = Field(description="cursor of the next page, for `after`; null on the last")


class StoryOut(Wire):
    id: int
    url: str
    title: str
    summary: str = Field(description="by the editors, or an excerpt where `summary_by` names an outlet")
    summary_by: str
    first_published_at: datetime
    last_published_at: datetime
    published_here_at: datetime | None
    outlets: int
    articles: int
    topics: list[str]
    places: list[PlaceOut]
    first: SourceName


class StoryDetailOut(StoryOut):
    printings: list[ArticleOut] = Field(description="first printed first; `reprint_of` tells the lineage")


class StaffStoryOut(StoryOut):
    """What staff see besides; the printings that stand are counted, published or not."""

    state: str = Field(description="at the desk", examples=["waiting"])
    relevance: str = Field(examples=["relevant"])
    stance: str = Field(examples=["unfavourable"])
    needs_response: bool


class StaffStoryDetailOut(StaffStoryOut):
    printings: list[StaffArticleOut] = Field(description="all of them, those taken down too; first printed first")


class StoriesOut(Wire):
    total: int = Field(description="stories that match", examples=[1])
    articles: int = Field(description="articles that match", examples=[2])
    items: list[StaffStoryOut | StoryOut]
    next: str | None


class BucketOut(Wire):
    start: date
    end: date = Field(description="last day of the bucket, cut to the period")
    articles: int
    stories: int = Field(description="stories with at least one article in the bucket")


class TimelineOut(Wire):
    unit: str
    first: date
    last: date
    articles: int
    stories: int
    buckets: list[BucketOut]


class ShareOut(Wire):
    value: str
    label: str
    articles: int
    stories: int


class BreakdownOut(Wire):
    by: str
    articles: int
    stories: int
    values: list[ShareOut]


class PeriodOut(Wire):
    first: date
    last: date
    articles: int
    stories: int


class CompareOut(Wire):
    current: PeriodOut
    before: PeriodOut = Field(description="the period of the same length just before")


class OpenDataOut(Wire):
    table: str
    publisher: str
    licence: str
    licence_url: str
    first: date | None = Field(description="first day of the table; null when it is empty")
    last: date | None
    rows: list[dict[str, str | int]] = Field(description="by the columns of the CSV file")


class PulseOut(Wire):
    status: str = Field(
        description="ok, quiet, empty, failing, drifting, new, or off for a source that is no longer read"
    )
    reason: str = Field(description="why it is not ok, in Vietnamese")
    since: datetime | None = Field(description="of this status")
    today: int | None = Field(description="items that came in today")
    usual: float | None = Field(description="items that usually come in on a day like today; null: not known yet")
    last_ok_at: datetime | None
    last_new_at: datetime | None


class SourceOut(Wire):
    name: str
    title: str
    outlet_type: str
    scope: str
    domains: list[str]
    articles: int = Field(description="published articles")
    pulse: PulseOut


class SourcesOut(Wire):
    items: list[SourceOut]


class StepOut(Wire):
    at: datetime
    step: str
    outcome: str
    version: str
    detail: dict[str, Any]


class TrailOut(Wire):
    url: str
    state: str
    outcome: str
    reason: str
    steps: list[StepOut]


class Problem(BaseModel):
    """RFC 9457. A query that cannot be read also has `position` (0-based), `query` and `caret`."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
