"""Which story a new article belongs to: the one whose articles are about the same, in the same place, lately.

A pair of articles is as close as the terms they share; closeness fades with the days between them and is cut where
they name different places. A story is as close as its nearer third, so that one neighbour does not draw an article
into a long story and an early turn of the story does not keep it out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from nlp.stories.copies import Copy
from nlp.stories.printing import Printing
from nlp.stories.terms import likeness

DAY: Final = 86_400.0
WINDOW_SECONDS: Final = 7 * DAY
_FADING_SECONDS: Final = 5 * DAY
_ELSEWHERE: Final = 0.6
# Chosen on the labelled fortnight of 2025-10; that of 2026-02 was only scored.
_LINK_FROM: Final = 0.16
# Without times a case of years is not to be told from an event: only what is nearly one report is linked.
_UNDATED: Final = 0.35
# Two stories are one when an article stands this near to both.
_MERGE_FROM: Final = 0.32
# Neighbours are looked up by so many of an article's terms; those that share less weight in them are not looked at.
WEIGHTIEST: Final = 32
FAINTEST: Final = 0.05


@dataclass(frozen=True, slots=True)
class Link:
    """The story to join, how near it is, and other stories that the article shows to be the same one."""

    story: int
    score: float
    also: tuple[int, ...] = ()


def nearness(first: Printing, second: Printing, apart: float | None) -> float:
    """How near two articles are, 0..1. apart: seconds between them, None when a time is not known."""
    if first.serial or second.serial:
        return 0.0
    alike = likeness(first.terms, second.terms)
    if first.places and second.places and not first.places & second.places:
        alike *= _ELSEWHERE
    return alike * (_UNDATED if apart is None else math.exp(-abs(apart) / _FADING_SECONDS))


def choose(near: Mapping[int, Sequence[float]], sizes: Mapping[int, int]) -> Link | None:
    """The story to join, if any is near enough.

    near: by story, how near its articles are (those that are not near at all may be left out); sizes: how many
    articles of each story are within the window.
    """
    scored = sorted(((_score(values, sizes[story]), -story) for story, values in near.items()), reverse=True)
    if not scored or scored[0][0] < _LINK_FROM:
        return None
    also = tuple(-story for score, story in scored[1:] if score >= _MERGE_FROM)
    return Link(-scored[0][1], scored[0][0], also)


def home(copies: Sequence[tuple[int, Copy]], link: Link | None) -> tuple[int, tuple[int, ...]] | None:
    """The story an article belongs to, and the others that it shows to be the same; None for a story of its own.

    copies: the stories of articles that it is a copy of, best first. Where it was copied from outranks what it is
    near to; only texts that resemble one another as wholes make two stories one, so that a round-up does not.
    """
    if not copies:
        return (link.story, link.also) if link else None
    story, best = copies[0]
    also = {other for other, copy in copies[1:] if copy.kind == best.kind == "same" and other != story}
    return story, tuple(sorted(also))


def _score(values: Sequence[float], size: int) -> float:
    counted = (size + 2) // 3
    return sum(sorted(values, reverse=True)[:counted]) / counted
