"""What an article is about, on sentences of our own."""

from __future__ import annotations

import pytest

from nlp.phrases import PhraseMatcher
from nlp.records import Document
from nlp.text import normalise
from nlp.topics import NAMED_FROM, TopicModel, choose


@pytest.fixture(scope="module")
def model() -> TopicModel:
    return TopicModel.load()


def said(model: TopicModel, title: str, text: str = "") -> list[str]:
    return [topic.slug for topic in model.predict(Document("x", normalise(title), normalise(text)))]


def test_the_best_topic_comes_first_and_few_are_named(model: TopicModel) -> None:
    text = "Mưa lũ làm ngập sâu khoa cấp cứu, bác sĩ sơ tán bệnh nhân."
    flood = model.predict(Document("x", "Lũ lên nhanh, bệnh viện huyện bị cô lập", text))
    assert flood[0].slug == "thien-tai-thoi-tiet"
    assert 1 <= len(flood) <= 3
    assert [topic.score for topic in flood] == sorted((topic.score for topic in flood), reverse=True)
    assert all(topic.score >= NAMED_FROM for topic in flood[1:])


def test_land_disputes_and_floods_in_streets_go_where_the_taxonomy_says(model: TopicModel) -> None:
    assert said(model, "Dân khiếu nại vì chưa được cấp sổ đỏ, tái định cư dở dang")[0] == "dat-dai-giai-phong-mat-bang"
    assert said(model, "Cấp căn cước qua dịch vụ công, bớt thủ tục hành chính")[0] == "chinh-quyen-cai-cach-hanh-chinh"
    assert said(model, "Lễ hội Lồng Tồng mở màn mùa du lịch")[0] == "van-hoa-di-san-du-lich"


def test_news_of_the_world_gets_no_topic(model: TopicModel) -> None:
    text = "Nữ diễn viên xác nhận chia tay người chồng thứ hai."
    assert said(model, "Diễn viên Hollywood ly hôn sau ba năm", text) == []


@pytest.mark.parametrize("text", ["", "   \n\n ", "😀😀😀", "lorem ipsum dolor", "a" * 1_000_000])
def test_hostile_input_gets_an_answer(model: TopicModel, text: str) -> None:
    assert len(model.predict(Document("x", "", text))) <= 3
    assert sum(model.probabilities(Document("x", text, "")).values()) == pytest.approx(1.0)


def test_old_tone_placement_and_capitals_change_nothing(model: TopicModel) -> None:
    plain = said(model, "Bệnh viện tiêm vắc xin phòng bệnh bạch hầu, khỏe mạnh")
    assert said(model, "BỆNH VIỆN TIÊM VẮC XIN PHÒNG BỆNH BẠCH HẦU, KHOẺ MẠNH") == plain


def test_nothing_is_named_when_none_is_the_best_answer() -> None:
    assert choose({"none": 0.5, "the-thao": 0.4, "y-te-an-toan-thuc-pham": 0.1}) == ()
    named = choose({"none": 0.2, "the-thao": 0.5, "y-te-an-toan-thuc-pham": 0.3})
    assert [topic.slug for topic in named] == ["the-thao", "y-te-an-toan-thuc-pham"]


def test_phrases_are_found_whole_and_inside_one_another() -> None:
    matcher = PhraseMatcher(["khu công nghiệp", "công nghiệp", "hòa bình"])
    words = ["khu", "công", "nghiệp", "ở", "hòa", "bình"]
    assert [(m.start, m.end, m.phrase) for m in matcher.find(words)] == [(0, 3, 0), (1, 3, 1), (4, 6, 2)]
    assert matcher.find(["công"]) == []
    with pytest.raises(ValueError, match="without letters"):
        PhraseMatcher(["…"])
