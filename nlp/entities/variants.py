"""Spellings of one person, body or place brought together.

"Nguyễn Huy Dũng", "NGUYỄN HUY DŨNG" and "ông Dũng" are one person where the text leaves no doubt; "UBND" is
"Ủy ban nhân dân"; "Công ty Gang thép (TISCO)" gives TISCO its long name; hoà is hòa.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple

from nlp.entities.features import is_vietnamese
from nlp.entities.lexicon import sections
from nlp.records import EntityType, Field
from nlp.text import match_form, normalise, unite_tones

_SPACES = re.compile(r"\s+")
_AROUND_MARKS = re.compile(r"\s*([-–&.,/])\s*")
_AMPERSAND = re.compile(r"\s*&\s*")
_OF_PROVINCE = re.compile(r"^(?:tỉnh|tp|thành phố|thủ đô)\s+", re.IGNORECASE)
# Cities that are provinces: "TP Hà Nội" is Hà Nội. Any other "TP X" is a city within its province.
_CITIES = frozenset(("hà nội", "hải phòng", "đà nẵng", "cần thơ", "huế"))
_ADMINISTRATIVE = re.compile(
    r"^(tỉnh|thành phố|tp\.?|t\.p|thị xã|tx\.?|thị trấn|huyện|quận|q\.|phường|p\.|xã|đặc khu|thủ đô)\s*(?=\w)"
)
# Letters of a short name stand in brackets after the long one within this many characters.
_BRACKET_REACH = 4


class Spelling(NamedTuple):
    """How a name is shown, and whether the text had it in capitals, so that its letters are a guess."""

    capitals: bool
    text: str


@dataclass(frozen=True, slots=True)
class Mention:
    """One name where it stands: offsets into the normalised field `where`."""

    type: EntityType
    text: str
    where: Field
    start: int
    end: int


@lru_cache(maxsize=1)
def _abbreviations() -> tuple[re.Pattern[str], Mapping[str, str]]:
    lines = (files("nlp.entities") / "data" / "abbreviations.txt").read_text(encoding="utf-8").splitlines()
    table = {}
    for line in lines:
        if line.strip() and not line.startswith("#"):
            left, _, right = line.partition("=")
            table[match_form(normalise(left.strip()))] = right.strip()
    longest_first = sorted(table, key=len, reverse=True)
    pattern = re.compile(r"(?<!\w)(" + "|".join(map(re.escape, longest_first)) + r")(?!\w)", re.IGNORECASE)
    return pattern, table


@lru_cache(maxsize=1)
def _provinces() -> frozenset[str]:
    units = (files("nlp.entities") / "data" / "vietnam_units.txt").read_text(encoding="utf-8")
    return frozenset(match_form(normalise(p)) for klass, ps in sections(units) if klass == "province" for p in ps)


def canonical(kind: EntityType, text: str) -> str:
    """The spelling under which a name is united with its variants: one tone placement, abbreviations settled."""
    text = unite_tones(_SPACES.sub(" ", text)).strip()
    if text.isupper() and len(text) > 7 and " " in text:
        text = _from_capitals(text)
    if kind == "person":
        return text
    pattern, table = _abbreviations()
    text = _AMPERSAND.sub("&", text)
    text = pattern.sub(lambda m: table[match_form(m[0])], text)
    text = _SPACES.sub(" ", text)
    if kind == "organisation":
        return text[:1].upper() + text[1:]
    bare = _OF_PROVINCE.sub("", text)
    low = match_form(bare)
    is_province = low in _provinces() and (low in _CITIES or match_form(text).startswith("tỉnh "))
    return bare if is_province else text


def _from_capitals(text: str) -> str:
    return " ".join(word[:1] + word[1:].lower() if is_vietnamese(word) else word for word in text.split(" "))


def key(kind: EntityType, text: str) -> str:
    """What two spellings of one name have in common."""
    return _AROUND_MARKS.sub(r"\1", match_form(canonical(kind, text)))


def unite(mentions: Sequence[Mention], titles_and_texts: Mapping[Field, str]) -> dict[Mention, str]:
    """The common name of each mention. Short forms join a long one only where one long form alone fits."""
    keys = {mention: key(mention.type, mention.text) for mention in mentions}
    spellings: dict[tuple[EntityType, str], Counter[Spelling]] = defaultdict(Counter)
    for mention in mentions:
        shown = Spelling(mention.text.isupper(), canonical(mention.type, mention.text))
        spellings[mention.type, keys[mention]][shown] += 1
    parents = {
        **_short_persons([k for t, k in spellings if t == "person"]),
        **_bracketed(mentions, keys, titles_and_texts),
        **_short_bodies([k for t, k in spellings if t == "organisation"]),
        **_typed_places([k for t, k in spellings if t == "place"]),
    }
    names = {k: _best_spelling(counts) for k, counts in spellings.items()}
    united = {}
    for mention in mentions:
        full = _root((mention.type, keys[mention]), parents)
        united[mention] = names.get(full, names[mention.type, keys[mention]])
    return united


def _root(
    entity: tuple[EntityType, str], parents: Mapping[tuple[EntityType, str], tuple[EntityType, str]]
) -> tuple[EntityType, str]:
    for _ in range(3):  # a bracketed short name of a short body: never deeper
        entity = parents.get(entity, entity)
    return entity


def _best_spelling(counts: Counter[Spelling]) -> str:
    return min(counts, key=lambda spelling: (spelling.capitals, -counts[spelling], spelling.text)).text


def _only(candidates: Iterable[str]) -> str | None:
    found = sorted(set(candidates))
    return found[0] if len(found) == 1 else None


def _short_persons(keys: Iterable[str]) -> dict[tuple[EntityType, str], tuple[EntityType, str]]:
    """ "dũng" → "nguyễn huy dũng" when one full name alone ends so (or, for a foreign name, contains the word)."""
    by_part: dict[str, set[str]] = defaultdict(set)
    known = list(dict.fromkeys(keys))
    for name in known:
        parts = name.split(" ")
        if len(parts) < 2:
            continue
        vietnamese = all(is_vietnamese(part) for part in parts)
        for cut in range(1, len(parts)):
            by_part[" ".join(parts[cut:])].add(name)
        if not vietnamese:
            by_part[parts[0]].add(name)
    joined: dict[tuple[EntityType, str], tuple[EntityType, str]] = {}
    for name in known:
        # The longest of nested full names ("lê văn an" within "nguyễn lê văn an") is no second person.
        full = _only(n for n in by_part.get(name, ()) if not any(n != m and m.endswith(" " + n) for m in by_part[name]))
        if full is not None and full != name:
            joined["person", name] = ("person", full)
    return joined


def _short_bodies(keys: Iterable[str]) -> dict[tuple[EntityType, str], tuple[EntityType, str]]:
    """ "ubnd tỉnh" → "ubnd tỉnh thái nguyên" when one longer name alone begins so."""
    known = sorted(set(keys))
    joined: dict[tuple[EntityType, str], tuple[EntityType, str]] = {}
    for name in known:
        if name.rsplit(" ", 1)[-1] not in ("tỉnh", "tp", "huyện", "xã", "phường", "tx"):
            continue
        longer = _only(other for other in known if other.startswith(name + " "))
        if longer is not None:
            joined["organisation", name] = ("organisation", longer)
    return joined


def _typed_places(keys: Iterable[str]) -> dict[tuple[EntityType, str], tuple[EntityType, str]]:
    """ "võ nhai" → "huyện võ nhai" when one unit alone is so called in the text. A bare province is the province."""
    typed: dict[str, set[str]] = defaultdict(set)
    known = set(keys)
    for name in known:
        bare = _ADMINISTRATIVE.sub("", name)
        if bare != name:
            typed[bare].add(name)
    joined: dict[tuple[EntityType, str], tuple[EntityType, str]] = {}
    for bare in (known & typed.keys()) - _provinces():
        unit = _only(typed[bare])
        if unit is not None:
            joined["place", bare] = ("place", unit)
    return joined


def _bracketed(
    mentions: Sequence[Mention], keys: Mapping[Mention, str], texts: Mapping[Field, str]
) -> dict[tuple[EntityType, str], tuple[EntityType, str]]:
    """ "(TISCO)" right after an organisation is its short name."""
    joined: dict[tuple[EntityType, str], tuple[EntityType, str]] = {}
    for long, short in pairwise(mentions):
        if long.type != "organisation" or short.type != "organisation" or long.where != short.where:
            continue
        between = texts[long.where][long.end : short.start]
        is_short = " " not in short.text and short.text.upper() == short.text and len(short.text) >= 2
        if is_short and len(between) <= _BRACKET_REACH and between.strip() == "(" and keys[long] != keys[short]:
            joined["organisation", keys[short]] = ("organisation", keys[long])
    return joined
