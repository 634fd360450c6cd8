"""The query parameters of the JSON routes; one that does not exist is refused, so that a typo is no open search."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from diembao.index.protocol import FacetRequest, Keyword, Sort, Unit
from diembao.records import Flag, Relevance, Stance
from search_api.moments import end_of, parse_day, start_of
from search_api.problems import BadParameter
from search_api.selection import STAFF_FACETS, STAFF_FIELDS, Selection
from search_api.viewer import Viewer

Value = Annotated[str, Field(min_length=1, max_length=200)]
_DAY = r"\d{4}-\d\d-\d\d"
# For the description alone: what breaks it is told what a day looks like, not how the pattern runs.
_SHAPE_OF_MOMENT = rf"^\s*({_DAY}|{_DAY}T\S+|\d{{1,2}}[/.-]\d{{1,2}}[/.-]\d{{4}})?\s*$"
Moment = Annotated[str, Field(max_length=40, json_schema_extra={"pattern": _SHAPE_OF_MOMENT})]
_QUERY = "words, “phrases”, OR, -word, (…), field:value, prefix*; accents optional"
_FACET_SIZE = 50
_FACETS = {
    name: Keyword(name)
    for name in (
        "topic", "source", "outlet_type", "scope", "place", "place_code", "district", "relevance", "language",
        "section", "stance", "state", "flag", "entity", "person", "organisation", "author",
    )
}  # fmt: skip
_SHAPE_OF_FACETS = rf"^( *({'|'.join(_FACETS)})? *(,|$))*$"
_FIRST_YEAR, _LAST_YEAR = 1900, 2200


class Asked(BaseModel):
    """Which articles are meant; shared by all routes that search."""

    model_config = ConfigDict(extra="forbid", populate_by_name=False)

    q: str = Field("", max_length=2000, description=_QUERY, examples=['"hồ Núi Cốc" OR title:chè'])
    source: list[Value] = Field([], max_length=50, description="names; any of them")
    topic: list[Value] = Field([], max_length=20, description="slugs; any of them")
    place: list[Value] = Field([], max_length=100, description="five-digit codes of communes, or names as shown")
    entity: list[Value] = Field([], max_length=20, description="person or organisation, as shown")
    relevance: list[Relevance] = Field([], max_length=3)
    stance: list[Stance] = Field([], max_length=4, description="staff only")
    state: list[Value] = Field([], max_length=10, description="of the story; other than `published`: staff only")
    flag: list[Flag] = Field([], max_length=3, description="marks of the article, any of them; staff only")
    story: list[Annotated[int, Field(ge=1, lt=2**63)]] = Field([], max_length=50)
    from_: Moment = Field("", alias="from", description="day (in Viet Nam) or ISO 8601 time with zone, inclusive")
    to: Moment = Field("", description="day, inclusive; or ISO 8601 time with zone, exclusive")

    def selection(self, viewer: Viewer) -> Selection:
        """Raises: BadParameter for what the viewer may not ask and for times that are none."""
        values: dict[Keyword, list[str]] = {
            Keyword.SOURCE: list(self.source),
            Keyword.TOPIC: list(self.topic),
            Keyword.PLACE: list(self.place),
            Keyword.ENTITY: list(self.entity),
            Keyword.RELEVANCE: [value.value for value in self.relevance],
            Keyword.STANCE: [value.value for value in self.stance],
            Keyword.STATE: list(self.state),
            Keyword.FLAG: [value.value for value in self.flag],
            Keyword.STORY: [str(value) for value in self.story],
        }
        values = {field: given for field, given in values.items() if given}
        if not viewer.is_staff:
            _refuse_staff_fields(values)
        since, until = start_moment(self.from_, "from"), end_moment(self.to, "to")
        if since and until and since >= until:
            raise BadParameter("from", "empty_range")
        return Selection(self.q, values, since, until)


def _refuse_staff_fields(values: dict[Keyword, list[str]]) -> None:
    # Asking for what one sees anyway is harmless.
    if values.get(Keyword.STATE) == ["published"]:
        del values[Keyword.STATE]
    for field in STAFF_FIELDS & values.keys():
        raise BadParameter(field.value, "staff_field", 403)


class Paged(Asked):
    sort: Sort | None = Field(None, description="default: relevance with `q`, else newest")
    size: int = Field(20, ge=0, le=100)
    after: str | None = Field(None, max_length=400, description="`next` of the page before, all else unchanged")

    @property
    def order(self) -> Sort:
        return self.sort or (Sort.RELEVANCE if self.q.strip() else Sort.NEWEST)


class ArticleParameters(Paged):
    facets: str = Field(
        "",
        max_length=200,
        description=f"comma-separated, of: {', '.join(_FACETS)}",
        json_schema_extra={"pattern": _SHAPE_OF_FACETS},
    )
    highlight: bool = Field(False, description="mark what was found in title and lead")

    def facet_requests(self, viewer: Viewer) -> tuple[FacetRequest, ...]:
        """Raises: BadParameter for an unknown field, or one that is for staff only."""
        names = [name.strip() for name in self.facets.split(",") if name.strip()]
        return tuple(FacetRequest(facet_field("facets", name, viewer), _FACET_SIZE) for name in dict.fromkeys(names))


class TimelineParameters(Asked):
    unit: Unit = Unit.DAY


class BreakdownParameters(Asked):
    by: str = Field("topic", max_length=20, description="field to count by", json_schema_extra={"enum": list(_FACETS)})
    size: int = Field(20, ge=1, le=50)


def facet_field(parameter: str, name: str, viewer: Viewer) -> Keyword:
    field = _FACETS.get(name)
    if field is None:
        raise BadParameter(parameter, "invalid_value")
    if field in STAFF_FACETS and not viewer.is_staff:
        raise BadParameter(name, "staff_field", 403)
    return field


def start_moment(text: str, name: str) -> datetime | None:
    return _moment(text, name, is_end=False)


def end_moment(text: str, name: str) -> datetime | None:
    return _moment(text, name, is_end=True)


def _moment(text: str, name: str, *, is_end: bool) -> datetime | None:
    """A day stands for its beginning, as an end for the beginning of the next one."""
    if not text.strip():
        return None
    try:
        if "T" in text:
            # A plus sign that was not escaped arrives as a space.
            moment = datetime.fromisoformat(text.strip().replace(" ", "+"))
            if moment.tzinfo is None:
                raise ValueError("a time without zone")
        else:
            day = parse_day(text)
            moment = end_of(day) if is_end else start_of(day)
        _check_years([moment.year])
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadParameter(name, "bad_day") from error


def _check_years(years: Iterable[int]) -> None:
    if any(not _FIRST_YEAR <= year <= _LAST_YEAR for year in years):
        raise ValueError("a year no newspaper can have")
