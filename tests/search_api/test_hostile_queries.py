"""Whatever is typed into a search box, on every page that has one and on both engines: found, or refused with a reason;
never an error of ours, and never a wait."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from diembao.index.language import MAX_DEPTH, MAX_LENGTH, MAX_PREFIXES, MAX_TERMS
from diembao.index.protocol import SearchIndex
from search_api.app import create_app
from search_api.limits import RateLimiter

PUBLIC = ("/api/v1/articles?facets=topic,source,place&highlight=1&q=", "/tim-kiem?q=", "/rss.xml?q=")
STATS = ("/api/v1/stats/timeline?q=", "/api/v1/stats/breakdown?by=topic&q=")
ANALYSTS = ("/phan-tich/tim-kiem?q=", "/phan-tich/goi-y?q=", "/phan-tich?span=30days&q=")
# Found, not to be understood, too long for an address.
ALLOWED = {200, 400, 414}
# Measured in bench/; here only what nobody would wait for.
ABORT_SECONDS = 20
LONGEST_ADDRESS = 60_000  # that the client sends at all


@pytest.fixture
def visitors(
    index: SearchIndex, newsroom: Any, printing: Any, people: Any, site_settings: Any, clock: Any
) -> Iterator[tuple[TestClient, TestClient]]:
    """A reader and an analyst of a site on this engine."""
    newsroom.index = index
    newsroom.story(printing("Lũ lụt ở Thái Nguyên"), printing("Lũ ở Thái Nguyên", "trungdu", reprint_of=0))
    newsroom.story(printing("Chè Tân Cương được giá", "xuche", places=()), published=False)
    unlimited = RateLimiter(per_second=1e6, burst=1_000_000)
    app = create_app(site_settings, newsroom.store, index, now=lambda: clock[0], limiter=unlimited)
    token = people.sign_in("analyst", name="analyst.mot", now=clock[0])
    with (
        TestClient(app, client=("203.0.113.7", 40000), base_url="https://baochi.example") as reader,
        TestClient(app, client=("203.0.113.8", 40000), base_url="https://baochi.example") as analyst,
    ):
        analyst.cookies.set("__Host-diembao-session", token)
        yield reader, analyst


def ask(visitors: tuple[TestClient, TestClient], given_query: str) -> None:
    """On every page; given_query: ready for an address."""
    reader, analyst = visitors
    for client, paths in ((reader, (*PUBLIC, *STATS)), (analyst, ANALYSTS)):
        for path in paths:
            start = time.monotonic()
            answer = client.get(path + given_query)
            assert answer.status_code in ALLOWED, (path, given_query[:200], answer.status_code, answer.text[:300])
            if path.startswith("/api/") and answer.status_code == 400:
                assert answer.headers["content-type"].startswith("application/problem+json")
                assert answer.json()["code"]
            assert time.monotonic() - start < ABORT_SECONDS, (path, given_query[:200])


def nested(unit: str, depth: int) -> str:
    return unit * depth + "lũ" + ")" * (unit.count("(") * depth)


WORDS = ["lũ", "lụt", "ở", "thái", "nguyên", "mực", "nước", "sông", "cầu", "tại", "trạm", "gia", "bảy", "các"]
MOST = [
    " ".join(WORDS[number % len(WORDS)] for number in range(MAX_TERMS)),
    " OR ".join(WORDS[number % len(WORDS)] for number in range(MAX_TERMS)),
    " OR ".join(f"-{WORDS[number % len(WORDS)]}" for number in range(MAX_TERMS)),
    " ".join(f"(lũ OR -{WORDS[number % len(WORDS)]})" for number in range(MAX_TERMS // 2)),
    '"' + " ".join(WORDS[number % len(WORDS)] for number in range(MAX_TERMS)) + '"',
    " OR ".join('"' + " ".join(WORDS[number : number + 4]) + '"' for number in range(10)) + ' OR "thái nguyên"',
    " ".join(["th*"] * MAX_PREFIXES),
    " OR ".join(f"{first}{second}*" for first, second in zip("lnthmgcs", "ũướhựiáô", strict=True)),
    " OR ".join(f"{field}:lũ" for field in ("title", "source", "topic", "place", "entity", "author")),
    " ".join(f'-{field}:"thái nguyên"' for field in ("title", "source", "topic", "place", "entity", "author")),
    nested("(lũ OR (lụt ", MAX_DEPTH // 2 - 1),
    nested("-(lũ OR ", MAX_DEPTH // 2 - 1),
    nested("-(lũ ", MAX_DEPTH // 2 - 1),
    nested("(a OR ", MAX_DEPTH - 1),
    "x" * MAX_LENGTH,
    ".".join("ab" for _ in range(MAX_TERMS)),
    unicodedata.normalize("NFD", "ệ " * MAX_TERMS),
]


def test_as_much_as_is_allowed_is_answered(visitors: tuple[TestClient, TestClient]) -> None:
    reader, _ = visitors
    for text in MOST:
        assert reader.get("/api/v1/articles", params={"q": text}).status_code == 200, text
        ask(visitors, quote(text))


BEYOND = [
    "(",
    "-",
    '"',
    "a OR ",
    "NOT ",
    "*",
    "title:",
    "\u0301",
    "e\u0302\u0301",
    "🙂",
    "\u200b",
    "%",
    "\\",
    "<b>",
    "a.b ",
    "\x00",
]


def test_ten_thousand_characters_are_refused_with_a_reason(visitors: tuple[TestClient, TestClient]) -> None:
    for unit in BEYOND:
        for length in (1000, 4001, 10_000):
            ask(visitors, quote((unit * length)[:length])[:LONGEST_ADDRESS])


PIECES = [
    "lũ",
    "thái nguyên",
    "OR",
    " OR ",
    "AND",
    "NOT ",
    "-",
    "(",
    ")",
    '"',
    "“",
    "*",
    "title:",
    "place:",
    "x:",
    "\\",
]
ODD = [
    "\u0301",
    "\u200b",
    "\x00",
    "\x1f",
    "\u2028",
    "Ð",
    "İ",
    "🙂",
    "a\u0336",
    "ﷺ",
    "\U0001d160",
    "\u202e",
    "'; DROP",
    "{{7*7}}",
]
typed = st.lists(st.one_of(st.sampled_from(PIECES + ODD), st.text(max_size=6)), max_size=30).map("".join)


def test_anything_typed_is_answered(visitors: tuple[TestClient, TestClient]) -> None:
    # Pages are drawn for each; that no sentence of the language is misread is tested without them, on thousands.
    @settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck))
    @given(typed)
    @example("-")
    @example('"')
    def check(text: str) -> None:
        ask(visitors, quote(text, errors="replace"))

    check()


RAW = ["%ED%A0%80", "%FF%FE", "%C3", "%00", "%", "%zz", "+", "&q=b", ";", "%25%32%35", "[]=1", "%F4%90%80%80"]


def test_addresses_that_are_no_text(visitors: tuple[TestClient, TestClient]) -> None:
    for raw in RAW:
        ask(visitors, raw)


def test_a_link_to_a_looser_query_is_one_that_can_be_read(visitors: tuple[TestClient, TestClient]) -> None:
    # Written out it is longer than what was typed, and longer than what may be typed.
    text = " ".join(f"{'x' * 27}.{'y' * 2}" for _ in range(31)) + " lũ"
    assert len(text) <= MAX_LENGTH
    ask(visitors, quote(text))
