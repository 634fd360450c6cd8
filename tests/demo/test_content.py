"""What the demo press has to tell: enough of everything the product must judge."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from diembao.demo import DemoPress
from diembao.demo.edition import PrintedArticle
from diembao.demo.manuscripts import date_text, moment

TOPICS = {
    "chinh-tri-xay-dung-dang",
    "chinh-quyen-cai-cach-hanh-chinh",
    "kinh-te-dau-tu",
    "cong-nghiep-khu-cong-nghiep",
    "nong-nghiep-nong-thon",
    "ha-tang-giao-thong-do-thi",
    "dat-dai-giai-phong-mat-bang",
    "moi-truong-tai-nguyen",
    "thien-tai-thoi-tiet",
    "khoa-hoc-chuyen-doi-so",
    "giao-duc-dao-tao",
    "y-te-an-toan-thuc-pham",
    "lao-dong-an-sinh",
    "van-hoa-di-san-du-lich",
    "the-thao",
    "phap-luat-an-ninh-trat-tu",
    "tai-nan-chay-no-su-co",
    "quoc-phong-quan-su",
    "dan-toc-ton-giao",
    "bao-chi-truyen-thong",
}


@pytest.fixture(scope="module")
def everything() -> list[PrintedArticle]:
    press = DemoPress()
    return press.articles() + press.still_to_come()


def test_press_is_large_and_varied() -> None:
    press = DemoPress()
    papers = press.papers.values()
    assert len(papers) == 14
    assert {paper.outlet_type for paper in papers} == {"newspaper", "magazine", "broadcaster", "portal", "aggregator"}
    assert {paper.scope for paper in papers} == {"local", "central", "sector", "region", "neighbour"}
    assert len({paper.family for paper in papers}) >= 8
    assert sum(paper.feed == "none" for paper in papers) == 2
    assert [paper.name for paper in papers if paper.language == "en"] == ["teahills"]


def test_every_class_topic_and_stance_is_there(everything: list[PrintedArticle]) -> None:
    own = [article for article in everything if not article.reprint_of]
    relevant = [article for article in own if article.label.relevance == "relevant"]
    assert len(everything) >= 170
    assert len(relevant) >= 75
    assert {article.label.topic for article in relevant} == TOPICS
    assert {article.label.stance for article in relevant} == {"favourable", "unfavourable", "neutral", "mixed"}
    assert sum(article.label.needs_response for article in relevant) >= 15
    assert sum(article.label.relevance == "marginal" for article in everything) >= 20
    assert sum(article.label.relevance == "irrelevant" for article in everything) >= 40
    traps = {"taiyuan", "street", "person", "place_china", "other_unit", "substring", "cooking", "common_word"}
    assert traps <= {article.kind for article in everything if article.label.relevance == "irrelevant"}


def test_only_relevant_articles_are_labelled_further(everything: list[PrintedArticle]) -> None:
    for article in everything:
        if article.label.relevance == "relevant":
            assert article.label.topic in TOPICS, article.id
            assert article.label.stance, article.id
        else:
            assert not article.label.topic, article.id
            assert not article.label.stance, article.id


def test_stories_are_told_by_several_papers_in_their_own_words(everything: list[PrintedArticle]) -> None:
    tellers = defaultdict(set)
    for article in everything:
        if article.story and not article.reprint_of:
            tellers[article.story].add(article.paper)
    assert sum(len(papers) >= 3 for papers in tellers.values()) >= 5


def test_reprints_name_their_source_and_keep_most_of_its_text(everything: list[PrintedArticle]) -> None:
    by_id = {article.id: article for article in everything}
    reprints = [article for article in everything if article.reprint_of]
    assert len(reprints) >= 25 - 2  # two more were taken off before the press opened
    for reprint in reprints:
        original = by_id[reprint.reprint_of]
        shared = set(reprint.paragraphs) & set(original.paragraphs)
        assert len(shared) >= len(original.paragraphs) / 2, reprint.id
        assert reprint.credit.startswith(("Theo ", "Nguồn: ")), reprint.id
        assert reprint.published_at > original.published_at, reprint.id
        assert reprint.paper != original.paper
    assert any(reprint.title != by_id[reprint.reprint_of].title for reprint in reprints)


def test_texts_are_clean(everything: list[PrintedArticle]) -> None:
    for article in everything:
        assert unicodedata.is_normalized("NFC", article.title + article.text), article.id
        assert "{" not in article.title + article.text + article.photo, article.id
        assert not any(letter in article.text for letter in "Ðð"), article.id
        assert 3 <= len(article.paragraphs) <= 12 or article.reprint_of, article.id
        assert len(article.text.split()) >= 60, article.id
        assert article.authors or article.reprint_of, article.id


def test_days_are_told_from_the_publishing_day_in_viet_nam() -> None:
    late_in_utc = datetime(2026, 1, 1, 20, 0, tzinfo=UTC)  # already 2 January in Việt Nam
    assert (
        date_text("{d-2}, {d}, {D+30}; tháng {M-1}, năm {Y}", late_in_utc)
        == "31/12, 2/1, 01/02/2026; tháng 12, năm 2026"
    )


@pytest.mark.parametrize(
    ("text", "span"),
    [("-1d2h", timedelta(days=-1, hours=-2)), ("45s", timedelta(seconds=45)), ("-35m", timedelta(minutes=-35))],
)
def test_spans_of_time(text: str, span: timedelta) -> None:
    assert moment(text) == span


@pytest.mark.parametrize("text", ["", "-", "5", "1h2d", "soon"])
def test_what_is_no_span_of_time(text: str) -> None:
    with pytest.raises(ValueError, match="not a span"):
        moment(text)


def test_addresses_do_not_collide(everything: list[PrintedArticle]) -> None:
    addresses = [(article.paper, article.path) for article in everything]
    assert len(set(addresses)) == len(addresses)
