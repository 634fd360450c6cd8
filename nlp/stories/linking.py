"""Which articles tell of one event: those about the same, in the same place, within days of one another.

A pair of articles is as near as the terms they share; nearness fades with the time between them, grows where they name
a common place and shrinks where they name different ones. Copies and pairs that are near enough are linked, and a story
is all articles that links lead to. A link depends on its two articles alone, so the stories of a set of articles do not
depend on the order in which these came: an article between two stories makes them one, and one that goes may leave two.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from typing import Final, TypeVar

from nlp.stories.printing import Printing
from nlp.stories.terms import likeness

DAY: Final = 86_400.0
WINDOW_SECONDS: Final = 7 * DAY
_FADING_SECONDS: Final = 2.5 * DAY
_HERE: Final = 1.2
_ELSEWHERE: Final = 0.5
# Chosen on the labelled fortnight of 2025-10 and on the demo press; the fortnight of 2026-02 was only scored.
LINK_FROM: Final = 0.14
# Without times a case of years is not to be told from an event: only what is nearly one report is linked.
_UNDATED: Final = 0.20
# Neighbours are looked up by so many of an article's terms; those that share less weight in them are not looked at.
WEIGHTIEST: Final = 24
FAINTEST: Final = 0.08
# Two articles that are near share more than one of those terms: a rare pair of words brings its words along.
LEAST_TERMS: Final = 2

Name = TypeVar("Name", bound=Hashable)


def nearness(first: Printing, second: Printing, apart: float | None) -> float:
    """How near two articles are, from 0 up. apart: seconds between them, None when a time is not known."""
    if first.serial or second.serial:
        return 0.0
    near = likeness(first.terms, second.terms)
    if first.places and second.places:
        near *= _HERE if first.places & second.places else _ELSEWHERE
    return near * (_UNDATED if apart is None else math.exp(-abs(apart) / _FADING_SECONDS))


def parts(names: Iterable[Name], links: Iterable[tuple[Name, Name]]) -> list[list[Name]]:
    """The names by what links lead to, each part and the parts among themselves in the order given."""
    parents = {name: name for name in names}

    def root(name: Name) -> Name:
        while parents[name] != name:
            parents[name] = parents[parents[name]]
            name = parents[name]
        return name

    for one, other in links:
        parents[root(other)] = root(one)
    found: dict[Name, list[Name]] = {}
    for name in parents:
        found.setdefault(root(name), []).append(name)
    return list(found.values())
