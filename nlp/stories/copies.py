"""Is one article a copy of another: the same text cut, added to, edited or under another headline.

Being a copy is judged by how much of the words of one stands in the other; where there is little text (title and
summary of a feed) the headline speaks as well. Thresholds were chosen on the development groups; the floors are in
`tests/quality`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from nlp.similarity import Hashes, Overlap, overlap
from nlp.stories.printing import Printing

Kind = Literal["same", "within", "around", "headline"]

# With fewer shingles than this a text is a summary, and chance and boilerplate weigh more.
_LITTLE: Final = 60
# A fifth of the words dropped, replaced or added to leaves resemblance .34 and containment .51; unrelated reports
# stay below .05.
_SAME_FROM: Final = 0.25
_WITHIN_FROM: Final = 0.40
_FEWEST_SHARED: Final = 30.0
_LITTLE_SAME_FROM: Final = 0.60
_LITTLE_IDENTICAL: Final = 0.85
_LITTLE_WITHIN_FROM: Final = 0.80
_HEADLINE_FROM: Final = 0.80
_HEADLINE_ECHO: Final = 0.15
_FEWEST_WORDS: Final = 5
_ISSUE_SECONDS: Final = 18 * 3600
_HEADLINE_SECONDS: Final = 3 * 86_400


@dataclass(frozen=True, slots=True)
class Copy:
    """Why two articles are copies.

    kind: `same` (the texts resemble one another), `within` (the later stands in the earlier), `around` (the later has
    the earlier in it and much besides: one story, not a copy), `headline` (little text, the same headline). share: how
    much of the shorter stands in the longer, 0..1. likeness: for choosing among several.
    """

    kind: Kind
    share: float
    likeness: float

    @property
    def is_copy(self) -> bool:
        return self.kind != "around"


def compare(first: Printing, second: Printing, *, apart: float | None = None, same_outlet: bool = False) -> Copy | None:
    """Whether the second article is a copy of the first, which is the earlier, and how.

    apart: seconds between them, None when a time is not known.
    """
    shared = overlap(first.body, second.body)
    titles = _jaccard(first.title.pairs, second.title.pairs)
    if _other_issue(first, second, apart, shared, titles):
        return None
    if min(first.body.size, second.body.size) >= _LITTLE:
        return _by_text(shared, titles)
    return _by_little(first, second, shared, titles, apart, same_outlet)


def _by_text(shared: Overlap, titles: float) -> Copy | None:
    share = max(shared.in_first, shared.in_second)
    likeness = shared.resemblance + 0.1 * titles
    if shared.resemblance >= _SAME_FROM:
        return Copy("same", share, likeness)
    if share >= _WITHIN_FROM and shared.shared >= _FEWEST_SHARED:
        return Copy("within" if shared.in_second >= _WITHIN_FROM else "around", share, likeness)
    return None


def _by_little(
    first: Printing, second: Printing, shared: Overlap, titles: float, apart: float | None, same_outlet: bool
) -> Copy | None:
    share = max(shared.in_first, shared.in_second)
    likeness = shared.resemblance + titles
    if shared.resemblance >= (_LITTLE_IDENTICAL if titles < _HEADLINE_ECHO else _LITTLE_SAME_FROM):
        # One outlet, one summary, days apart, headlines that have nothing to do with one another: standing words.
        standing = same_outlet and titles < _HEADLINE_ECHO and apart is not None and apart > _HEADLINE_SECONDS
        return None if standing else Copy("same", share, likeness)
    if share >= _LITTLE_WITHIN_FROM and titles >= 2 * _HEADLINE_ECHO and shared.shared >= _FEWEST_WORDS:
        return Copy("within", share, likeness)
    if titles >= _HEADLINE_FROM and _headline_tells(first, second) and (apart is None or apart <= _HEADLINE_SECONDS):
        return Copy("headline", share, likeness)
    return None


def _headline_tells(first: Printing, second: Printing) -> bool:
    """Whether these headlines are long enough, and no figure in them differs."""
    if min(first.title.size, second.title.size) < _FEWEST_WORDS:
        return False
    one, other = first.title.figures, second.title.figures
    return not one or not other or one == other


def _other_issue(first: Printing, second: Printing, apart: float | None, shared: Overlap, titles: float) -> bool:
    """Whether these are two issues of a column, whose standing words say nothing."""
    if not first.serial and not second.serial:
        return False
    if first.days and second.days and not first.days & second.days:
        return True
    if apart is not None and apart > _ISSUE_SECONDS:
        return True
    return (titles < _HEADLINE_FROM and shared.resemblance < _LITTLE_IDENTICAL) or titles < _HEADLINE_ECHO


def _jaccard(one: Hashes, other: Hashes) -> float:
    if not len(one) or not len(other):
        return 0.0
    # So few that Python's sets are faster than numpy's.
    common = len(set(one.tolist()).intersection(other.tolist()))
    return common / (len(one) + len(other) - common)
