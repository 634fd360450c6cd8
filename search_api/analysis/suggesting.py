"""What would find something: fewer filters, fewer words, and names that look like what was typed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from rapidfuzz import fuzz, process
from sqlalchemy.orm import Session

from diembao.errors import BadQuery
from diembao.index.language import parse, render
from diembao.index.protocol import FacetRequest, Keyword, Query
from diembao.store import public
from nlp.text import fold, normalise
from search_api.analysis.asked import Asked
from search_api.analysis.wording import Wording
from search_api.looser import looser
from search_api.mending import Meant, Spellings, meant, spellings
from search_api.moments import day_of
from search_api.site import Site

_NAMES_SHOWN = 8
_PEOPLE = 300
# Of 100: "phu bnh" for "phú bình" passes, other names do not.
_ALIKE = 82


@dataclass(frozen=True, slots=True)
class Suggestion:
    """key: of the message. count: articles that would be found. name: what is dropped or meant instead."""

    key: str
    path: str
    count: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Name:
    """A name that can be asked for: in the words of a query, or as a value of a field."""

    text: str
    field: str
    value: str


def suggestions(session: Session, site: Site, wording: Wording, asked: Asked) -> Iterator[Suggestion]:
    """Only what finds something, each with how much."""
    for key, changed, name in _tries(session, site, wording, asked):
        if changed.parameters:
            count = _count(site, changed)
            if count:
                yield Suggestion(key, changed.path(), count, name)


def meant_by(session: Session, site: Site, asked: Asked, found: int) -> Meant | None:
    """What was probably meant by a view that finds so many articles, where that finds clearly more."""
    try:
        query = asked.query(day_of(site.now()))
    except BadQuery:
        return None

    def names() -> Spellings:
        return spellings(name.text for name in _names(session, site))

    return meant(site.resources.index, query, asked.q, found, names)


def names_like(session: Session, site: Site, typed: str) -> list[Name]:
    """Places, topics, outlets, people and bodies whose name begins with or resembles what was typed."""
    wanted = fold(normalise(typed).lower()).strip()
    if len(wanted) < 2:
        return []
    names = _names(session, site)
    begins = [name for name in names if any(part.startswith(wanted) for part in _beginnings(name.text))]
    if len(begins) >= _NAMES_SHOWN:
        return begins[:_NAMES_SHOWN]
    alike = process.extract(
        wanted, [fold(name.text.lower()) for name in names], scorer=fuzz.ratio, limit=_NAMES_SHOWN, score_cutoff=_ALIKE
    )
    found = [*begins, *(names[position] for _, _, position in alike)]
    return list(dict.fromkeys(found))[:_NAMES_SHOWN]


def _beginnings(text: str) -> tuple[str, str]:
    """A name as a whole, and without the word that says what it is ("xã", "phường", "Sở")."""
    folded = fold(text.lower())
    return folded, folded.partition(" ")[2]


def _tries(session: Session, site: Site, wording: Wording, asked: Asked) -> Iterator[tuple[str, Asked, str]]:
    views = {"meant": asked, "meant_anywhere": replace(asked, values=())} if asked.values else {"meant": asked}
    for key, view in views.items():
        if (found := meant_by(session, site, view, 0)) is not None:
            yield key, replace(view, q=found.q, after=""), found.shown
    for name, value in asked.values:
        yield "drop", asked.without(name, value), f"{wording.field(name)}: {wording.value(name, value.lstrip('-'))}"
    if asked.from_ or asked.to or asked.span:
        yield "any_time", replace(asked, from_="", to="", span="", after=""), ""
    try:
        tree = parse(asked.q)
    except BadQuery:
        return
    for key, node, word in looser(tree):
        yield key, replace(asked, q=render(node), after=""), word
    if len(asked.values) > 1:
        yield "drop_all", replace(asked, values=(), after=""), ""


def _names(session: Session, site: Site) -> list[Name]:
    """Everything with a name of its own: a few hundred, and the people and bodies most written about."""
    found = [Name(unit.label, "unit", unit.code) for unit in site.units.by_code.values()]
    edition = site.desk.edition
    found += [Name(edition.topic(slug), "topic", slug) for slug in site.editions.topics]
    found += [Name(title, "source", source) for source, title in public.outlet_titles(session).items()]
    facets = (FacetRequest(Keyword.PERSON, _PEOPLE), FacetRequest(Keyword.ORGANISATION, _PEOPLE))
    hits = site.resources.index.search(Query(size=0, facets=facets))
    for field, keyword in (("person", Keyword.PERSON), ("organisation", Keyword.ORGANISATION)):
        found += [Name(count.value, field, count.value) for count in hits.facets.get(keyword, ())]
    return found


def _count(site: Site, asked: Asked) -> int:
    try:
        return site.resources.index.count(asked.query(day_of(site.now())))
    except BadQuery:
        return 0
