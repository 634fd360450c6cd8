"""What the sentences of an article say about the province: who is blamed or praised, by whom, for what.

Words alone do not carry stance, so each sentence is read for groups of phrases (`lexicons/stance.toml`) and
for pairs of groups in certain roles: an official prosecuted, people complaining, an agency that lets things
lie, a deed of one's own people, help from outside. The same reading makes the features and the evidence.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from typing import Literal, NamedTuple, Self

from nlp.entities.sentences import sentence_spans
from nlp.phrases import PhraseMatcher, phrase_tokens
from nlp.records import Document
from nlp.text import WORD, match_form

# Cost is bounded on any input; a stance that shows only after 12,000 characters is nobody's headline.
_READ_CHARACTERS = 12_000
_LEAD_SENTENCES = 2
# Two groups play a part together when they stand this close, in tokens.
_NEAR = 12
_PROVINCE = "anchor"

# name: (first, second). As above, and the first stands before the second: who beat whom.
ORDERED: Mapping[str, tuple[str, str]] = {
    "club wins": ("club", "victory"),
    "club is beaten": ("victory", "club"),
    "province wins": (_PROVINCE, "victory"),
    "province is beaten": ("victory", _PROVINCE),
    "official is tried": ("official", "prosecution"),
    "official tries": ("agency", "crime"),
    "somebody blames the agency": ("complaint", "agency"),
    "agency answers": ("agency", "complaint"),
    "outsiders to the province": ("outsider", _PROVINCE),
    "province to outsiders": (_PROVINCE, "outsider"),
}

Zone = Literal["title", "lead", "body"]
ZONES: tuple[Zone, ...] = ("title", "lead", "body")

# name: (who, what). Who and what must stand in one sentence, near each other, in either order.
PAIRS: Mapping[str, tuple[str, str]] = {
    "official prosecuted": ("official", "prosecution"),
    "former official prosecuted": ("former", "prosecution"),
    "official disciplined": ("official", "discipline"),
    "official in the wrong": ("official", "wrongdoing"),
    "agency in the wrong": ("agency", "wrongdoing"),
    "agency neglects": ("agency", "neglect"),
    "agency disciplined": ("agency", "discipline"),
    "people complain": ("people", "complaint"),
    "province complained of": (_PROVINCE, "complaint"),
    "agency complained of": ("agency", "complaint"),
    "school or hospital fails": ("teacher_doctor", "service_fail"),
    "school or hospital complained of": ("teacher_doctor", "complaint"),
    "project stuck": ("project", "neglect"),
    "project loses": ("project", "loss"),
    "project in the wrong": ("project", "wrongdoing"),
    "company pollutes": ("company", "pollution"),
    "company in the wrong": ("company", "wrongdoing"),
    "company loses": ("company", "loss"),
    "company unlawful": ("company", "illegal"),
    "province polluted": (_PROVINCE, "pollution"),
    "people suffer pollution": ("people", "pollution"),
    "inspectors find": ("investigators", "wrongdoing"),
    "agency remedies": ("agency", "remedy"),
    "official remedies": ("official", "remedy"),
    "company remedies": ("company", "remedy"),
    "agency denies": ("agency", "denial"),
    "province praised": (_PROVINCE, "rank"),
    "province invested in": (_PROVINCE, "investment"),
    "province promoted": (_PROVINCE, "promo"),
    "project opens": ("project", "investment"),
    "company grows": ("company", "rank"),
    "own people's deed": ("own_actor", "good_deed"),
    "own people praised": ("own_actor", "rank"),
    "province's deed": (_PROVINCE, "good_deed"),
    "outsiders help": ("outsider", "help"),
    "outsiders' deed": ("outsider", "good_deed"),
    "province helped": (_PROVINCE, "help"),
    "club does not win": ("club", "draw_loss"),
    "court reviewed": (_PROVINCE, "court_review"),
    "outsiders' event": ("outsider", "notice"),
    "outsiders invest": ("outsider", "investment"),
    "hazard in the province": (_PROVINCE, "hazard"),
    "agency works well": ("agency", "good_deed"),
    "agency opens": ("agency", "investment"),
    "people thankful": ("people", "rank"),
    "official explains": ("official", "remedy"),
    "police at work": ("agency", "police"),
    "official's crime": ("official", "crime"),
    "own people victims": ("people", "disaster"),
}


def _by_first(pairs: Mapping[str, tuple[str, str]]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for name, (first, second) in pairs.items():
        found.setdefault(first, []).append((name, second))
    return found


# By the first group, because a sentence holds few of them.
_PAIRS_OF, _ORDERED_OF = _by_first(PAIRS), _by_first(ORDERED)


class Sentence(NamedTuple):
    """A sentence of the title or text: offsets into that field, tokens in match form, masked words."""

    zone: Zone
    start: int
    end: int
    words: list[str]
    masked: list[str]


def _masked(surfaces: Sequence[str], words: Sequence[str]) -> list[str]:
    """The words with runs of two and more capitalised ones as one "@", and numbers as "0": names teach nothing."""
    out: list[str] = []
    run: list[str] = []
    for surface, word in zip((*surfaces, ""), (*words, ""), strict=True):
        if surface and surface[0].isupper() and not (len(surface) > 1 and surface.isupper()):
            run.append(word)
            continue
        if run:
            out.append(run[0] if len(run) == 1 else "@")
            run = []
        if surface:
            out.append("0" if surface.isdigit() else word)
    return out


def read_sentences(document: Document) -> list[Sentence]:
    """Title and sentences of the text, in order; bounded in number by the characters read."""
    found: list[Sentence] = []
    title = document.title[:1_000]
    if title.strip():
        found.append(_sentence("title", title, match_form(title), 0, len(title)))
    text = document.text[:_READ_CHARACTERS]
    form = match_form(text)
    for place, (start, end) in enumerate(sentence_spans(text)):
        zone: Zone = "lead" if place < _LEAD_SENTENCES else "body"
        found.append(_sentence(zone, text, form, start, end))
    return found


def _sentence(zone: Zone, text: str, form: str, start: int, end: int) -> Sentence:
    spans = [found.span() for found in WORD.finditer(text, start, end)]
    words = [form[first:last] for first, last in spans]
    return Sentence(zone, start, end, words, _masked([text[first:last] for first, last in spans], words))


@dataclass(frozen=True)
class Reading:
    """Signals met in one sentence: groups by name, pairs by name."""

    sentence: Sentence
    groups: Mapping[str, int]
    pairs: frozenset[str]


class StanceLexicon:
    """The groups of phrases, and the reading of sentences by them."""

    def __init__(self, groups: Mapping[str, Sequence[str]]) -> None:
        self.groups = tuple(groups)
        self.pairs = (*PAIRS, *ORDERED)
        members: dict[tuple[str, ...], list[str]] = {}
        for group, phrases in groups.items():
            for phrase in phrases:
                members.setdefault(phrase_tokens(phrase), []).append(group)
        self._members = tuple(tuple(dict.fromkeys(names)) for names in members.values())
        self._matcher = PhraseMatcher(" ".join(words) for words in members)

    @classmethod
    def load(cls) -> Self:
        """The lexicon shipped with the package."""
        source = files("nlp").joinpath("lexicons/stance.toml")
        return cls(tomllib.loads(source.read_text(encoding="utf-8"))["groups"])

    def read(self, sentence: Sentence, province: PhraseMatcher | None = None) -> Reading:
        """The signals of a sentence. `province` names another locality to be read as ours, for training."""
        places: dict[str, list[int]] = {}
        for match in self._matcher.find(sentence.words):
            for group in self._members[match.phrase]:
                places.setdefault(group, []).append(match.start)
        if province is not None:
            there = [match.start for match in province.find(sentence.words)]
            if there:
                places.setdefault(_PROVINCE, []).extend(there)
        met = {
            name
            for who, starts in places.items()
            for name, what in _PAIRS_OF.get(who, ())
            if what in places and _near(starts, places[what])
        }
        met.update(
            name
            for first, starts in places.items()
            for name, second in _ORDERED_OF.get(first, ())
            if second in places and _before(starts, places[second])
        )
        return Reading(sentence, {group: len(at) for group, at in places.items()}, frozenset(met))

    def feature_names(self) -> tuple[str, ...]:
        """Names of what `features` gives, in order."""
        signals = (f"{zone}: {name}" for zone in ZONES for name in (*self.groups, *self.pairs))
        return (*signals, "long text", "sentences")

    def features(self, readings: Sequence[Reading]) -> list[float]:
        """Damped counts of groups and pairs in title, lead and body. Body counts are per length."""
        counts: dict[tuple[str, str], float] = {}
        for reading in readings:
            zone = reading.sentence.zone
            for name, times in reading.groups.items():
                counts[zone, name] = counts.get((zone, name), 0.0) + min(times, 2)
            for name in reading.pairs:
                counts[zone, name] = counts.get((zone, name), 0.0) + 1.0
        body = sum(1 for reading in readings if reading.sentence.zone == "body")
        # Ten sentences with three complaints say more than fifty with three.
        density = {"title": 1.0, "lead": 1.0, "body": math.sqrt(10.0 / (body + 10.0))}
        values = [
            math.log1p(counts.get((zone, name), 0.0)) * density[zone]
            for zone in ZONES
            for name in (*self.groups, *self.pairs)
        ]
        return [*values, float(body > 3), math.log1p(body)]


def _near(who: Sequence[int], what: Sequence[int]) -> bool:
    return any(abs(one - other) <= _NEAR for one in who[:8] for other in what[:8])


def _before(first: Sequence[int], second: Sequence[int]) -> bool:
    return any(0 < other - one <= _NEAR for one in first[:8] for other in second[:8])


def masked_terms(sentences: Sequence[Sentence], at_most: int = 600) -> list[str]:
    """Words and pairs of words without names; those of the title once more, marked."""
    found: list[str] = []
    for sentence in sentences:
        run = sentence.masked
        if sentence.zone == "title":
            found += [f"T_{word}" for word in run]
        found += run
        found += [f"{first} {second}" for first, second in pairwise(run)]
        at_most -= len(run)
        if at_most <= 0:
            break
    return found
