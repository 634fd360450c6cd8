"""What both engines are given to index for one article: words cut by us, so that both find the same.

The engines only split at spaces. Suffixes of field names: `_x` words with their accents, `_f` words without
accents, `_b` pairs of neighbouring words without accents ("thai_nguyen"), which make phrases cheap.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from diembao.index.language import index_words
from diembao.index.protocol import IndexDocument, Keyword
from nlp.text import fold, normalise

# Part of the schema fingerprint: to be raised when the same article would be cut into other words.
ANALYSIS_VERSION = 1

MAX_KEYWORD = 512
MAX_ID = 512  # bytes: the longest Elasticsearch takes
# Tokens that no word can be: nothing matches across a BREAK; FIRST and LAST enclose a whole value.
BREAK = "|"
FIRST = "^"
LAST = "$"
# A word or pair said this often is what the article is about, even outside title and lead.
OFTEN = 3

TITLE_X, TITLE_F, TITLE_B = "title_x", "title_f", "title_b"
ABOUT_F, ABOUT_B = "about_f", "about_b"
ALL_X, ALL_F, ALL_B = "all_x", "all_f", "all_b"
# Text fields with word positions, and those where only presence counts.
POSITIONED = (TITLE_F, ALL_F, "source_f", "topic_f", "place_f", "entity_f", "author_f")
UNPOSITIONED = (TITLE_X, TITLE_B, ABOUT_F, ABOUT_B, ALL_X, ALL_B)
KEYWORDS = tuple(Keyword)
# What a document is: `live` (not a deletion mark), `public`.
MARK = "mark"
LIVE = "live"
PUBLIC = "public"
VERSION, PUBLISHED_AT = "version", "published_at"
# Total order of articles: by SORT_KEY, then by ID_KEY. STORY_KEY stands for the story, or for an article without one.
SORT_KEY, ID_KEY, STORY_KEY = "sort_key", "id_key", "story_key"

# Years 1697 to 2242; beyond is taken for the limit. With 29 bits of hash it fills a signed 64-bit integer,
# and both engines can hold it as a date.
SECONDS_LIMIT = 2**33 - 1
UNDATED = -SECONDS_LIMIT - 1
_HASH_BITS = 29


@dataclass(frozen=True, slots=True)
class Analysed:
    """texts: engine field to space-separated tokens. keywords: field to distinct values.
    published_at: whole seconds since 1970 in UTC. shown: what comes back with a hit, as JSON."""

    id: str
    version: int
    texts: dict[str, str]
    keywords: dict[Keyword, tuple[str, ...]]
    marks: tuple[str, ...]
    sort_key: int
    id_key: int
    story_key: int
    published_at: int | None
    shown: dict[str, str | int | None]


def schema_fingerprint() -> str:
    """Changes whenever an index made before cannot be used any more."""
    parts = (ANALYSIS_VERSION, POSITIONED, UNPOSITIONED, KEYWORDS, SORT_KEY, ID_KEY, STORY_KEY)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def analyse(document: IndexDocument) -> Analysed:
    """The fields of one article.

    Raises:
        ValueError: an id that is empty, longer than MAX_ID or not clean text, a version that does not fit
            63 bits, or a time without a zone.
    """
    check_identity(document.id, document.version)
    seconds = _seconds(document.published_at)
    title = normalise(document.title).strip()
    lead, body = _lead_and_rest(document)
    keywords = _keywords(document)
    return Analysed(
        id=document.id,
        version=document.version,
        texts=_texts(document, keywords, title, lead, body),
        keywords=keywords,
        marks=(LIVE, PUBLIC) if document.published else (LIVE,),
        sort_key=sort_key(document.id, seconds),
        id_key=_hash(document.id, 62),
        story_key=story_key(keyword_value(document.story) or f"\0{document.id}"),
        published_at=seconds,
        shown={
            "id": document.id,
            "title": title,
            "lead": lead,
            "body": body,
            "url": _clean(document.url),
            "source": _clean(document.source),
            "story": _clean(document.story),
            "published_at": seconds,
        },
    )


def check_identity(identity: str, version: int) -> None:
    """Raises ValueError where an id or version cannot be kept by every engine."""
    if identity != normalise(identity) or not 1 <= len(identity.encode()) <= MAX_ID:
        raise ValueError(f"an id must be clean text of 1 to {MAX_ID} bytes")
    if not 0 <= version < 2**63:
        raise ValueError("a version must be a non-negative 63-bit integer")


def keyword_value(value: str) -> str:
    """A keyword as it is indexed and filtered by."""
    return normalise(value).strip()[:MAX_KEYWORD]


def sort_key(identity: str, seconds: int | None) -> int:
    """Orders articles by time, and those of one second by a hash: the same in every engine, for ever.

    seconds: as `Analysed.published_at`; None comes before all others.
    """
    time = UNDATED if seconds is None else seconds
    return (time << _HASH_BITS) + _hash(identity, _HASH_BITS)


def story_key(story: str) -> int:
    """What stands for a story, as a whole value, in the columns of the engines."""
    return _hash(story, 62)


def seconds_of(sort_keys: Any) -> Any:
    """The seconds that went into a sort key, or into each of an array of them; UNDATED where there was no time."""
    return sort_keys >> _HASH_BITS


def _hash(text: str, bits: int) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) >> (64 - bits)


def _seconds(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise ValueError("published_at has no time zone")
    return clamp_seconds(math.floor((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()))


def clamp_seconds(seconds: int) -> int:
    return min(max(seconds, -SECONDS_LIMIT), SECONDS_LIMIT)


def _clean(text: str) -> str:
    """Text that can be written as UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _lead_and_rest(document: IndexDocument) -> tuple[str, str]:
    """The body is kept without the lead where it begins with it."""
    lead, body = normalise(document.lead).strip(), normalise(document.body).strip()
    if lead and body.startswith(lead):
        body = body[len(lead) :].lstrip()
    return lead, body


def _texts(
    document: IndexDocument, keywords: Mapping[Keyword, tuple[str, ...]], title: str, lead: str, body: str
) -> dict[str, str]:
    title_x = index_words(title)
    lead_x, body_x = index_words(lead), index_words(body)
    title_f, lead_f, body_f = _folded(title_x), _folded(lead_x), _folded(body_x)
    title_b, lead_b, body_b = pairs(title_f), pairs(lead_f), pairs([*lead_f[-1:], *body_f])
    texts = {
        TITLE_X: _distinct(title_x),
        TITLE_F: " ".join(title_f),
        TITLE_B: _distinct(title_b),
        ABOUT_F: _distinct([*title_f, *lead_f, *_often(lead_f, body_f)]),
        ABOUT_B: _distinct([*title_b, *lead_b, *_often(lead_b, body_b)]),
        ALL_X: _distinct([*title_x, *lead_x, *body_x]),
        ALL_F: " ".join([*title_f, BREAK, *lead_f, *body_f]),
        ALL_B: _distinct([*title_b, *lead_b, *body_b]),
        "source_f": _values((*keywords.get(Keyword.SOURCE, ()), normalise(document.source_title))),
        "topic_f": _values(keywords.get(Keyword.TOPIC, ())),
        "place_f": _values((*keywords.get(Keyword.PLACE, ()), *keywords.get(Keyword.PLACE_CODE, ()))),
        "entity_f": _values(keywords.get(Keyword.ENTITY, ())),
        "author_f": _values(keywords.get(Keyword.AUTHOR, ())),
    }
    return {name: text for name, text in texts.items() if text}


def _folded(words: Sequence[str]) -> list[str]:
    """Each word without its accents; folded together, which is much faster than one by one."""
    return fold(" ".join(words)).split(" ") if words else []


def pairs(words: Sequence[str]) -> list[str]:
    """Neighbouring words joined by an underscore, which no word contains."""
    return [f"{first}_{second}" for first, second in pairwise(words)]


def _often(*lists: Sequence[str]) -> list[str]:
    counts = Counter[str]()
    for words in lists:
        counts.update(words)
    return [word for word, count in counts.items() if count >= OFTEN]


def _distinct(words: Iterable[str]) -> str:
    """Each word once: these fields are only asked whether a word is there."""
    return " ".join(dict.fromkeys(words))


def _values(values: Iterable[str]) -> str:
    """Whole values, each enclosed, so that one can be asked for whole or in part, but never across two."""
    enclosed = (f"{FIRST} {' '.join(words)} {LAST}" for value in values if (words := _folded(index_words(value))))
    return " ".join(dict.fromkeys(enclosed))


def _keywords(document: IndexDocument) -> dict[Keyword, tuple[str, ...]]:
    values: dict[Keyword, Iterable[str]] = {
        Keyword.ID: (document.id,),
        Keyword.STORY: (document.story,),
        Keyword.SOURCE: (document.source,),
        Keyword.OUTLET_TYPE: (document.outlet_type,),
        Keyword.SCOPE: (document.scope,),
        Keyword.SECTION: (document.section,),
        Keyword.TOPIC: document.topics,
        Keyword.STANCE: (document.stance,),
        Keyword.RELEVANCE: (document.relevance,),
        Keyword.PLACE: document.places,
        Keyword.PLACE_CODE: document.place_codes,
        Keyword.DISTRICT: document.districts,
        Keyword.ENTITY: (*document.people, *document.organisations),
        Keyword.PERSON: document.people,
        Keyword.ORGANISATION: document.organisations,
        Keyword.AUTHOR: document.authors,
        Keyword.STATE: (document.state,),
        Keyword.LANGUAGE: (document.language,),
        Keyword.FLAG: document.flags,
    }
    cleaned = {name: tuple(dict.fromkeys(filter(None, map(keyword_value, held)))) for name, held in values.items()}
    return {name: held for name, held in cleaned.items() if held}
