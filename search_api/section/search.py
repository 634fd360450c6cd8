"""The search page: query language, filters, counts, and help when nothing is found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from diembao.errors import BadQuery
from diembao.index.language import render
from diembao.index.protocol import FacetRequest, Fragment, Highlighting, Hit, Hits, Keyword, Query, Sort
from diembao.store import public
from diembao.store.public import Printing
from nlp.text import normalise
from search_api.editions import Edition
from search_api.faults import Fault, fault_in
from search_api.finding import printings_of_hits, stories_of_hits
from search_api.frame import MAX_QUERY_STRING
from search_api.labels import Labels
from search_api.looser import looser
from search_api.mending import Meant, Spellings, meant, spellings
from search_api.moments import end_of, parse_day, start_of
from search_api.rendering import with_query
from search_api.section.delivery import deliver
from search_api.section.page_cache import Page
from search_api.selection import Selection
from search_api.site import CurrentEdition, CurrentSite, Site
from search_api.views import StoryView

router = APIRouter(include_in_schema=False)

PATH = "/tim-kiem"
_SIZE = 20
_FACETS = (FacetRequest(Keyword.TOPIC, 20), FacetRequest(Keyword.SOURCE, 12), FacetRequest(Keyword.PLACE_CODE, 12))
_FILTERS = ("topic", "source", "place")
_SORTS = tuple(Sort)
_LOOSER = {"without": "suggest_without", "any": "suggest_any"}
_LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True)
class Form:
    """What the reader asked for, as typed. Every link of the page is this form with something changed."""

    q: str = ""
    topic: str = ""
    source: str = ""
    place: str = ""
    from_: str = ""
    to: str = ""
    sort: str = ""
    after: str = ""

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> Form:
        def given(name: str, longest: int = _LONGEST_VALUE) -> str:
            # The query is not cut: one that is too long is a fault that is explained.
            return normalise(parameters.get(name, "")).strip()[:longest]

        sort = given("sort")
        return cls(
            q=given("q", MAX_QUERY_STRING),
            topic=given("topic"),
            source=given("source"),
            place=given("place"),
            from_=given("from"),
            to=given("to"),
            sort=sort if sort in _SORTS else "",
            after=given("after", MAX_QUERY_STRING),
        )

    def path(self, **changes: str) -> str:
        """The address of the form with changes, from the first page of results unless told."""
        form = replace(self, **{"after": "", **changes})
        names = {"q": form.q, "topic": form.topic, "source": form.source, "place": form.place}
        return with_query(PATH, {**names, "from": form.from_, "to": form.to, "sort": form.sort, "after": form.after})

    @property
    def filters(self) -> tuple[str, ...]:
        """Names of the filters in force."""
        return tuple(name for name in (*_FILTERS, "from_", "to") if getattr(self, name))

    @property
    def is_empty(self) -> bool:
        return not self.q and not self.filters


@dataclass(frozen=True, slots=True)
class Result:
    """A story found, by its best printing."""

    story: StoryView
    printing: Printing
    title: tuple[Fragment, ...]
    lead: tuple[Fragment, ...]
    matching: int


@dataclass(frozen=True, slots=True)
class Choice:
    label: str
    count: int
    path: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Suggestion:
    """key: of the message. count: articles that would be found."""

    key: str
    path: str
    count: int
    name: str = ""


@router.get(PATH)
def search_page(request: Request, site: CurrentSite, edition: CurrentEdition) -> Response:
    form = Form.read(request.query_params)
    return deliver(request, site, lambda session: _search(session, site, edition, form))


def _search(session: Session, site: Site, edition: Edition, form: Form) -> Page:
    labels = Labels(edition, site.units, public.outlet_titles(session))
    try:
        selection = _selection(form)
        query = selection.query(public_only=True)
        hits = None if form.is_empty else site.resources.index.search(_full(query, form))
    except BadQuery as error:
        return _page(site, labels, form, fault=fault_in(form.q, error, edition))
    except _BadDay as error:
        return _page(site, labels, form, fault=Fault(edition.messages.text(error.key, text=error.text), error.field))
    if hits is None:
        return _page(site, labels, form)
    results = _results(session, site, hits)
    suggestions = [] if hits.total else list(_suggestions(site, form, query))
    mended = None if form.after else _meant(site, labels, form, query, hits.total)
    return _page(site, labels, form, hits=hits, results=results, suggestions=suggestions, mended=mended)


def _page(
    site: Site,
    labels: Labels,
    form: Form,
    *,
    fault: Fault | None = None,
    hits: Hits | None = None,
    results: list[Result] | None = None,
    suggestions: list[Suggestion] | None = None,
    mended: Meant | None = None,
) -> Page:
    body = site.renderer.render(
        "search.html",
        labels.edition,
        path=form.path(after=form.after),
        form=form,
        fault=fault,
        hits=hits,
        results=results or [],
        facets=_facets(labels, form, hits) if hits else {},
        suggestions=suggestions or [],
        meant=mended,
        names={name: _label(labels, name, getattr(form, name)) for name in form.filters},
        sorts=_SORTS,
        feed=with_query("/rss.xml", {"q": form.q, "topic": form.topic, "source": form.source, "place": form.place}),
    )
    return Page(body, status=400 if fault else 200)


class _BadDay(Exception):
    def __init__(self, key: str, field: str, text: str = "") -> None:
        super().__init__(text)
        self.key, self.field, self.text = key, field, text


def _selection(form: Form) -> Selection:
    first = _day(form.from_, "from")
    last = _day(form.to, "to")
    if first and last and first > last:
        raise _BadDay("search.invalid_range", "from")
    values = {Keyword(name): (getattr(form, name),) for name in _FILTERS if getattr(form, name)}
    return Selection(form.q, values, start_of(first) if first else None, end_of(last) if last else None)


def _day(text: str, field: str) -> date | None:
    try:
        day = parse_day(text) if text else None
    except ValueError as error:
        raise _BadDay("search.invalid_day", field, text) from error
    if day is not None and not 1900 <= day.year <= 2200:
        raise _BadDay("search.invalid_day", field, text)
    return day


def _full(query: Query, form: Form) -> Query:
    return replace(
        query,
        sort=Sort(form.sort or Sort.RELEVANCE),
        size=_SIZE,
        after=form.after or None,
        facets=_FACETS,
        collapse=True,
        count_stories=True,
        # Never the body: readers get the text from its publisher.
        highlight=Highlighting(fields=("title", "lead"), fragments=1, length=240),
    )


def _results(session: Session, site: Site, hits: Hits) -> list[Result]:
    until = site.visible_until()
    printings = printings_of_hits(session, hits.items, until)
    stories = {story.id: story for story in stories_of_hits(session, hits.items, until, site.units)}
    return [
        _result(hit, printings[hit.id], stories[printings[hit.id].story_id])
        for hit in hits.items
        if hit.id in printings and printings[hit.id].story_id in stories
    ]


def _result(hit: Hit, printing: Printing, story: StoryView) -> Result:
    # The lead is shown only where the printing itself may show one.
    lead = hit.highlights.get("lead", ()) if printing.lead else ()
    return Result(story, printing, hit.highlights.get("title", ()), lead, hit.same_story)


def _facets(labels: Labels, form: Form, hits: Hits) -> dict[str, list[Choice]]:
    named = {"topic": Keyword.TOPIC, "source": Keyword.SOURCE, "place": Keyword.PLACE_CODE}
    return {
        name: [
            Choice(labels.of(field, count.value), count.count, *_toggle(form, name, count.value))
            for count in hits.facets.get(field, ())
        ]
        for name, field in named.items()
    }


def _toggle(form: Form, name: str, value: str) -> tuple[str, bool]:
    is_chosen = getattr(form, name) == value
    return form.path(**{name: "" if is_chosen else value}), is_chosen


def _label(labels: Labels, name: str, value: str) -> str:
    """A filter in force, in words."""
    if name in _FILTERS:
        return labels.of(Keyword(name), value)
    return f"{labels.edition.messages.text('search.' + name.rstrip('_'))} {value}"


def _meant(site: Site, labels: Labels, form: Form, query: Query, found: int) -> Meant | None:
    """By names that are no person's: what the public is offered must not tell whom we have much about."""

    def names() -> Spellings:
        topics = [labels.edition.topic(slug) for slug in site.editions.topics]
        return spellings([unit.label for unit in site.units.by_code.values()] + topics + list(labels.outlets.values()))

    return meant(site.resources.index, query, form.q, found, names)


def _suggestions(site: Site, form: Form, query: Query) -> Iterator[Suggestion]:
    """What would find something: fewer filters, fewer words, any of the words."""
    index = site.resources.index
    tries = [("suggest_drop", replace(form, **{name: ""}), name) for name in form.filters]
    if len(form.filters) > 1:
        tries.append(("suggest_all", replace(form, topic="", source="", place="", from_="", to=""), ""))
    for way, node, word in looser(query.tree):
        tries.append((_LOOSER[way], replace(form, q=render(node)), word))
    for key, changed, name in tries:
        if changed.is_empty:
            continue
        count = index.count(_selection(changed).query(public_only=True))
        if count:
            yield Suggestion(key, changed.path(), count, name)
