"""What was learned about one site: where its articles' parts stand. With it a page is read without the teacher.

A profile is plain data (CSS selectors, digests of lines the site repeats, usual length) with a version and a
date, so that it can be kept, looked at and compared; `learning` makes it, `read_with_profile` reads by it,
`drift` says when the site has left it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from statistics import fmean, median

from selectolax.lexbor import LexborHTMLParser

from diembao.records import Article, Page
from pipelines.reading.assemble import Reading
from pipelines.reading.boilerplate import own_blocks
from pipelines.reading.outline import outline_of, text_key
from pipelines.reading.parts import Surroundings, parts_of
from pipelines.reading.selection import Picked, pick
from pipelines.reading.structured import Structured

# A text this much shorter or longer than any the profile was learned from is not believed.
_SHORTER = 0.25
_LONGER = 6.0
_FALLBACK_SHARE = 0.2
_UNDATED_SHARE = 0.2
_LEADLESS_SHARE = 0.5
_SAMPLE = 10
# Shares are those of so many readings at most: a redesign must not hide behind what was read before it.
_WINDOW = 40
# Pages read both ways, and how alike the two texts must be on average.
_COMPARED = 3
_ALIKE = 0.9


@dataclass(frozen=True, slots=True)
class Profile:
    """How to read one site.

    selectors: CSS by part, `body` among them; repeated: digests of lines that stand on many pages and belong to none;
    shortest, longest: characters of text on the pages it was learned from; agreement: mean F1 with the teacher on
    pages it was not learned from; pages: how many were looked at in all.
    """

    source: str
    version: int
    learned_on: date
    selectors: Mapping[str, str]
    repeated: frozenset[str]
    shortest: int
    longest: int
    has_lead: bool
    agreement: float
    pages: int
    has_time: bool = True

    @property
    def name(self) -> str:
        """As in `Article.read_by`."""
        return f"profile/{self.version}"

    def to_json(self) -> str:
        """The profile as one JSON object."""
        plain = asdict(replace(self, repeated=frozenset()))
        plain |= {"learned_on": self.learned_on.isoformat(), "repeated": sorted(self.repeated)}
        return json.dumps(plain, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Profile:
        """The profile `to_json` wrote. Raises ValueError for anything else."""
        plain = json.loads(text)
        try:
            plain["learned_on"] = date.fromisoformat(plain["learned_on"])
            plain["repeated"] = frozenset(plain["repeated"])
            return cls(**plain)
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a profile: {error}") from error


def line_digest(line: str) -> str:
    """What stands for a repeated line in a profile."""
    return _digest(text_key(line))


def _digest(key: str) -> str:
    return hashlib.blake2b(key.encode(), digest_size=8).hexdigest()


def read_with_profile(
    page: Page, tree: LexborHTMLParser, structured: Structured, given: Picked, profile: Profile
) -> Reading | None:
    """Read a page by its site's profile; None where the yield is odd and the page must be read as an unknown one.

    given: what a source file selects, which counts before the profile.
    """
    found = pick(tree, profile.selectors, first=True)
    picked = Picked({**found.texts, **{part: texts for part, texts in given.texts.items() if texts}}, found.body)
    title = picked.line("title")
    if not found.body or not title or (profile.has_lead and "lead" in profile.selectors and not picked.line("lead")):
        return None
    outline = outline_of(found.body[0])
    title_key = text_key(title)
    headline = next((block for block in outline.blocks if block.key == title_key), None)
    start = headline.index + 1 if headline is not None else 0
    own = [block for block in own_blocks(outline, headline) if block.index >= start]
    if profile.repeated:
        own = [block for block in own if _digest(block.key) not in profile.repeated]
    reading = parts_of(page, structured, picked, Surroundings(own), title, profile.name)
    usual = _SHORTER * profile.shortest <= reading.size <= _LONGER * profile.longest
    return reading if usual and reading.paragraphs else None


@dataclass(frozen=True, slots=True)
class Glance:
    """One reading of a page, as far as drift looks at it.

    read_by: as in `Article`; agreement: likeness to what the teacher read, where the page was read both ways.
    """

    read_by: str
    characters: int
    dated: bool
    has_lead: bool
    agreement: float | None = None

    @classmethod
    def of(cls, article: Article, agreement: float | None = None) -> Glance:
        """How this article was read."""
        dated = article.published_at is not None
        return cls(article.read_by, len(article.text), dated, bool(article.lead), agreement)


def drift(profile: Profile, recent: Sequence[Glance]) -> list[str]:
    """Why the profile no longer fits what was read lately; empty while it fits.

    recent: readings of the site, oldest first; fewer than ten say nothing.
    """
    reasons = []
    window = recent[-_WINDOW:]
    if len(window) >= _SAMPLE:
        fallback = fmean(each.read_by != profile.name for each in window)
        if fallback > _FALLBACK_SHARE:
            reasons.append(f"{fallback:.0%} of pages read without the profile")
        length = median(each.characters for each in window)
        if not 0.5 * profile.shortest <= length <= 2 * profile.longest:
            reasons.append(f"median length {length:.0f}, learned from {profile.shortest} to {profile.longest}")
        undated = fmean(not each.dated for each in window)
        if profile.has_time and undated > _UNDATED_SHARE:
            reasons.append(f"{undated:.0%} of articles without a time")
        leadless = fmean(not each.has_lead for each in window)
        if profile.has_lead and leadless > _LEADLESS_SHARE:
            reasons.append(f"{leadless:.0%} of articles without a lead")
    alike = [each.agreement for each in recent if each.agreement is not None and each.read_by == profile.name]
    if len(alike) >= _COMPARED and fmean(alike) < _ALIKE:
        reasons.append(f"only {fmean(alike):.0%} alike to an independent reading of {len(alike)} pages")
    return reasons
