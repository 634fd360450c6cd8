"""What a story shows, from its printings alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from diembao.newsroom.stories import Printed, Usual, carried_by, carried_by_line, growth, pace, portrait, usual_of

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def printed(number: int, source: str, hours_ago: float, **other: object) -> Printed:
    values: dict[str, object] = {
        "outlet": f"Báo {source.upper()}",
        "title": f"Tin về cây cầu treo ở xã vùng cao số {number}",
        "lead": "Cầu nối hai bản.",
        "reprint_of": None,
        "certainty": 0.0,
        "credit_source": "",
        "relevance": "relevant",
        "topic": "infrastructure",
        "stance": "neutral",
        "needs_response": False,
        "places": (),
        "people": (),
    }
    return Printed(number, source, at=NOW - timedelta(hours=hours_ago), **(values | other))  # type: ignore[arg-type]


def test_the_original_is_first_even_when_its_copy_is_dated_earlier() -> None:
    shown = portrait([printed(1, "a", 5, reprint_of=2), printed(2, "b", 4), printed(3, "c", 1)], NOW)
    assert shown.first.id == 2
    assert shown.outlets == ("Báo B", "Báo A", "Báo C")


def test_a_sober_relevant_headline_stands_for_the_story() -> None:
    loud = printed(1, "a", 5, title="KHÔNG THỂ TIN NỔI CHUYỆN Ở CÂY CẦU TREO VÙNG CAO")
    passing = printed(2, "b", 4, relevance="marginal")
    good = printed(3, "c", 3)
    assert portrait([loud, passing, good], NOW).headline_of == 3


def test_growth_counts_outlets_not_articles() -> None:
    curve = growth([printed(1, "a", 5), printed(2, "a", 4), printed(3, "b", 3), printed(4, "c", 3)])
    assert curve == ((NOW - timedelta(hours=5), 1), (NOW - timedelta(hours=3), 3))


@pytest.mark.parametrize(
    "hours, expected",
    [([1, 2, 2, 3, 4], "breaking"), ([1, 2], "growing"), ([1, 9, 10], "steady"), ([30, 31], "fading"), ([200], "over")],
)
def test_pace(hours: list[float], expected: str) -> None:
    assert pace([printed(n, f"báo {n}", hour) for n, hour in enumerate(hours)], NOW) == expected


def test_breaking_is_measured_against_the_usual_and_by_outlet() -> None:
    now = [printed(n, f"báo {n}", 1) for n in range(4)]
    assert pace(now, NOW, Usual(outlets=1.0)) == "breaking"
    assert pace(now, NOW, Usual(outlets=3.0)) == "growing"
    busy = usual_of([{"báo 0": NOW}], {f"báo {n}": 200.0 for n in range(4)})
    assert busy.weigh(["báo 0"]) < 0.2 < busy.weigh(["báo lạ"])


def test_sources_are_named_two_and_counted() -> None:
    assert carried_by(["VnExpress", "Tuổi Trẻ", "a", "b", "c", "d", "e"]) == (("VnExpress", "Tuổi Trẻ"), 5)
    assert carried_by(["a", "b", "c"]) == (("a", "b", "c"), 0)


@pytest.mark.parametrize(
    "outlets, line",
    [
        ([], ""),
        (["VnExpress"], "VnExpress"),
        (["VnExpress", "Tuổi Trẻ"], "VnExpress và Tuổi Trẻ"),
        (["VnExpress", "Tuổi Trẻ", "Dân trí"], "VnExpress, Tuổi Trẻ và Dân trí"),
        (
            ["VnExpress", "Tuổi Trẻ", "Dân trí", "VOV", "Nhân Dân", "Lao Động", "Tiền Phong"],
            "VnExpress, Tuổi Trẻ và 5 báo khác",
        ),
    ],
)
def test_who_carried_a_story_in_words(outlets: list[str], line: str) -> None:
    assert carried_by_line(outlets) == line


def test_a_story_shows_its_topics_stances_and_whether_it_asks_for_an_answer() -> None:
    shown = portrait(
        [
            printed(1, "a", 5, topic="environment", stance="unfavourable", needs_response=True, places=("Tân Cương",)),
            printed(2, "b", 4, stance="unfavourable", places=("Tân Cương", "Đại Từ"), people=("Lê Thị Mơ",)),
            printed(3, "c", 3, stance=""),
        ],
        NOW,
    )
    assert shown.topics == ("infrastructure", "environment")
    assert shown.stances == {"unfavourable": 2}
    assert shown.needs_response
    assert (shown.places, shown.people) == (("Tân Cương", "Đại Từ"), ("Lê Thị Mơ",))


def test_a_story_without_articles_is_refused() -> None:
    with pytest.raises(ValueError, match="without articles"):
        portrait([], NOW)
