"""“Did you mean” on the pages, for who finds nothing and who finds little, on both engines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from diembao.errors import BadQuery
from diembao.index.language import MAX_LENGTH, parse
from diembao.index.protocol import Filter, Keyword, Query, SearchIndex
from search_api.mending import FEW, meant, spellings

STAFF, PUBLIC = "/phan-tich/tim-kiem", "/tim-kiem"
CLEARLY_MORE = 12


@pytest.fixture
def newsroom(newsroom: Any, index: SearchIndex) -> Any:
    newsroom.index = index
    return newsroom


@pytest.fixture
def press(newsroom: Any, site: Any, printing: Any, clock: Any, signed_in: Callable[..., Any]) -> Iterator[Any]:
    """Twelve articles that write the province as it is written, one that slips, one of a firm with its own name."""
    for number in range(CLEARLY_MORE):
        title = f"Thái Nguyên đón lũ, khu công nghiệp số {number} bị ngập"
        newsroom.story(printing(title, at=clock[0] - timedelta(hours=2 + number)), index=False)
    newsroom.story(printing("Thái Ngyên vào mùa chè", at=clock[0] - timedelta(days=2), topics=()), index=False)
    newsroom.story(printing("SEVT tuyển người ở Thái Bình", at=clock[0] - timedelta(days=3), topics=()), index=False)
    newsroom.story(printing("Sét đánh chết trâu", at=clock[0] - timedelta(days=4), topics=()))
    yield signed_in("analyst")


def offered(client: Any, path: str, **asked: str) -> tuple[str, str, int] | None:
    """The reading offered, its address and how much it is said to find."""
    answer = client.get(path, params=asked)
    assert answer.status_code == 200, answer.text[:300]
    line = LexborHTMLParser(answer.text).css_first(".meant")
    if line is None:
        return None
    assert line.text().startswith("Có phải bạn muốn tìm:")
    link, count = line.css_first("a"), re.search(r"(\d+) bài", line.css_first(".figure").text())
    assert count is not None
    return link.text(), link.attributes["href"], int(count[1])


def articles_found(client: Any, path: str) -> int:
    line = LexborHTMLParser(client.get(path).text).css_first(".found")
    found = re.search(r"(\d+) bài", line.text())
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize("page", [STAFF, PUBLIC])
def test_who_finds_little_is_offered_what_finds_more_and_keeps_what_was_found(press: Any, page: str) -> None:
    found = offered(press, page, q="Thái Ngyên")
    assert found is not None
    text, address, count = found
    assert (text, count) == ("Thái Nguyên", CLEARLY_MORE)
    assert articles_found(press, address) == CLEARLY_MORE
    page_of_typed = press.get(page, params={"q": "Thái Ngyên"}).text
    assert articles_found(press, f"{page}?q=Th%C3%A1i+Ngy%C3%AAn") == 1 and "vào mùa chè" in page_of_typed


@pytest.mark.parametrize(
    "typed", ["thai nguyen", "Thái Nguyên", "thài nguyễn", "THAI NGUYEN", "Thái Bình", "Sét đánh", "mùa chè"]
)
def test_what_is_spelt_well_is_offered_nothing_else(press: Any, typed: str) -> None:
    assert offered(press, STAFF, q=typed) is None and offered(press, PUBLIC, q=typed) is None


@pytest.mark.parametrize("typed", ["SEVT", "sevt", "SEVT Thái Bình", "sevt tuyển"])
def test_a_name_of_its_own_that_is_found_is_no_slip(press: Any, typed: str) -> None:
    assert offered(press, STAFF, q=typed) is None


@pytest.mark.parametrize(
    ("typed", "meaning"),
    [
        ("thais nguyeen", "thái nguyên"), ("khu côgn nghiệp", "khu công nghiệp"),
        ('"Thái Ngyên" lũ', '"Thái Nguyên" lũ'), ("khu côngnghiệp", "khu công nghiệp"),
        ("Thái Nguyêng đón lũx", "Thái Nguyên đón lũ"), ("thái ngyên -hạn", "thái nguyên -hạn"),
        ("trạm Gia Bảyy", "trạm Gia Bảy"),
    ],
)  # fmt: skip
def test_slips_of_every_kind_are_mended_where_nothing_is_found(press: Any, typed: str, meaning: str) -> None:
    page = LexborHTMLParser(press.get(STAFF, params={"q": typed, "from": "21/11/2026"}).text)
    offers = {link.text(): link.attributes["href"] for link in page.css(".empty li a")}
    address = offers[f"Có phải bạn muốn tìm “{meaning}”"]
    assert address is not None and articles_found(press, address) == CLEARLY_MORE
    public = offered(press, PUBLIC, q=typed, **{"from": "21/11/2026"})
    assert public is not None and public[0] == meaning


def test_the_filters_of_the_view_stay_and_count(press: Any) -> None:
    found = offered(press, STAFF, q="Thái Ngyên", relevance="relevant")
    assert found is not None and "relevance=relevant" in found[1] and found[2] == CLEARLY_MORE
    # With these days nothing is clearly more.
    assert offered(press, STAFF, q="Thái Ngyên", **{"from": "22/11/2026", "to": "22/11/2026"}) is None


def test_what_is_often_printed_is_no_slip_of_a_rare_name(press: Any, newsroom: Any, printing: Any) -> None:
    for number in range(FEW):
        newsroom.story(printing(f"Thái Nguyên, tin số {number}"), index=False)
    newsroom.story(printing("Ông Thi Nguyên trồng chè", "xuche", lead="Ở xã Tân Cương."))
    known = spellings(["ông Thi Nguyên"])

    def reading(typed: str) -> str | None:
        query = Query(tree=parse(typed), filters=(Filter(Keyword.SOURCE, ("xuche",)),))
        assert newsroom.index.count(query) == 0
        found = meant(newsroom.index, query, typed, 0, lambda: known)
        return None if found is None else found.shown

    assert reading("Thái Nguyên") is None and reading("thai nguyen") is None
    assert reading("Thii Nguyên") == "Thi Nguyên"


def test_the_public_is_offered_no_names_of_people(newsroom: Any, site: Any, printing: Any, signed_in: Any) -> None:
    newsroom.story(printing("Nguyễn Thị Ví Dụ nhận giải", lead="Chị nhận giải."))
    typed = {"q": "Nguyễn Thị Víi Dụu"}
    assert "Nguyễn Thị Ví Dụ" in signed_in("analyst").get(STAFF, params=typed).text
    assert offered(site, PUBLIC, **typed) is None or "Ví Dụ" not in str(offered(site, PUBLIC, **typed))


class Counting:
    """An index in which everything with a certain word is found, that notes how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def count(self, query: Query) -> int:
        self.asked += 1
        return 0


HOSTILE = [
    "ngyên " * 60, "bnh " * 64, "x" * 1000, "ngyên" * 200, '"' + "cươngg " * 60 + '"', "-ngyên -bnh", "(((ngyên)))",
    "ngyên OR bnh OR cươngg", "title:ngyên", "ngy*", "ngyên\u200b\u0301", "thai\u0000ngyen", "ÐÐÐ", "😀 ngyên",
    " ".join(["thsi"] * 63),
]  # fmt: skip


@pytest.mark.parametrize("found", [0, 1, FEW])
@pytest.mark.parametrize("typed", HOSTILE)
def test_what_one_query_costs_is_bounded(typed: str, found: int) -> None:
    index = Counting()
    try:
        tree = parse(typed)
    except BadQuery:
        return
    names = spellings(["phường Gia Sàng"])
    assert meant(index, Query(tree=tree), typed, found, lambda: names) is None  # type: ignore[arg-type]
    assert index.asked <= 27


def test_who_found_enough_costs_nothing() -> None:
    index = Counting()

    def names() -> dict[str, str]:
        raise AssertionError("names are counted only where they are needed")

    for found, typed in ((FEW + 1, "thái ngyên"), (3, "thái nguyên"), (1, "lũ")):
        assert meant(index, Query(tree=parse(typed)), typed, found, names) is None  # type: ignore[arg-type]
    assert index.asked == 0


@pytest.mark.parametrize("typed", HOSTILE)
def test_hostile_queries_are_answered(press: Any, typed: str) -> None:
    assert press.get(STAFF, params={"q": typed}).status_code in (200, 400)
    assert press.get(PUBLIC, params={"q": typed}).status_code in (200, 400)


def test_what_would_grow_too_long_is_not_offered(press: Any) -> None:
    typed = " ".join(["côngnghiệp", *["lũ"] * 63])
    assert len(typed) < MAX_LENGTH and parse(typed) is not None
    assert offered(press, STAFF, q=typed) is None
