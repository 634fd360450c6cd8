"""Stance towards the province on sentences of our own: who is blamed or praised, not the mood."""

from __future__ import annotations

import pytest

from nlp.accused import bodies
from nlp.records import Document
from nlp.stance import STANCES, StanceJudgement, StanceModel, decide
from nlp.text import normalise
from nlp.topics import TopicModel


@pytest.fixture(scope="module")
def models() -> tuple[TopicModel, StanceModel]:
    return TopicModel.load(), StanceModel.load()


def judge(models: tuple[TopicModel, StanceModel], title: str, text: str) -> StanceJudgement:
    topics, stance = models
    document = Document("x", normalise(title), normalise(text))
    return stance.predict(document, topics.probabilities(document))


def test_disaster_and_crime_without_blame_are_neutral(models: tuple[TopicModel, StanceModel]) -> None:
    flood = judge(
        models, "Lũ dâng cao, hàng nghìn nhà dân ở Thái Nguyên ngập sâu", "Mưa lớn suốt đêm, nhiều phường bị cô lập."
    )
    murder = judge(
        models,
        "Nghi phạm đâm chết người ở Thái Nguyên bị bắt",
        "Công an tỉnh Thái Nguyên bắt giữ nghi phạm dùng dao đâm chết hàng xóm do mâu thuẫn.",
    )
    assert (flood.stance, murder.stance) == ("neutral", "neutral")
    assert flood.evidence == () and flood.severity == 0 and not flood.needs_response


def test_an_official_prosecuted_is_unfavourable_and_shows_its_sentence(models: tuple[TopicModel, StanceModel]) -> None:
    title = "Bắt tạm giam nguyên phó chủ tịch huyện vì nhận hối lộ"
    text = (
        "Trời nắng đẹp.\nCơ quan điều tra khởi tố, bắt tạm giam nguyên phó chủ tịch một huyện của Thái Nguyên "
        "về hành vi nhận hối lộ, gây thất thoát ngân sách."
    )
    judged = judge(models, title, text)
    assert judged.stance == "unfavourable"
    assert judged.severity >= 1
    for evidence in judged.evidence:
        field = title if evidence.where == "title" else text
        assert field[evidence.start : evidence.end] == evidence.text
        assert "nắng" not in evidence.text


def test_a_complaint_unanswered_needs_a_response(models: tuple[TopicModel, StanceModel]) -> None:
    judged = judge(
        models,
        "Dân kêu cứu vì trang trại lợn xả thải hôi thối",
        "Người dân xóm Đồng Tâm bức xúc vì trang trại lợn xả nước thải ra suối, gửi đơn nhiều lần nhưng "
        "UBND xã Phú Lương vẫn chưa xử lý dứt điểm.",
    )
    assert judged.stance == "unfavourable"
    assert judged.needs_response


def test_who_beat_whom_decides_in_sport(models: tuple[TopicModel, StanceModel]) -> None:
    won = judge(models, "Thái Nguyên T&T thắng đậm", "Thái Nguyên T&T đánh bại đội khách 3-0 ở giải vô địch quốc gia.")
    lost = judge(models, "Đội khách thắng đậm", "Đội khách đánh bại Thái Nguyên T&T 3-0 ở giải vô địch quốc gia.")
    assert won.stance == "favourable"
    assert won.probabilities["favourable"] > lost.probabilities["favourable"]


def test_praise_and_investment_are_favourable(models: tuple[TopicModel, StanceModel]) -> None:
    judged = judge(
        models,
        "Thái Nguyên dẫn đầu cả nước về thu hút đầu tư",
        "Tỉnh Thái Nguyên đứng đầu bảng xếp hạng thu hút vốn đầu tư nước ngoài, thêm nhiều nhà máy khởi công.",
    )
    assert judged.stance == "favourable"
    assert judged.evidence


def test_blame_gets_room_before_it_is_called_neutral() -> None:
    assert decide({"favourable": 0.1, "mixed": 0.05, "neutral": 0.55, "unfavourable": 0.3}) == "unfavourable"
    assert decide({"favourable": 0.1, "mixed": 0.05, "neutral": 0.7, "unfavourable": 0.15}) == "neutral"


@pytest.mark.parametrize("text", ["", "\n\n", "😀", "khong dau gi ca", "a b " * 250_000, "TỈNH BỊ TỐ BUÔNG LỎNG"])
def test_hostile_input_gets_an_answer(models: tuple[TopicModel, StanceModel], text: str) -> None:
    judged = judge(models, text[:200], text)
    assert judged.stance in STANCES
    assert sum(judged.probabilities.values()) == pytest.approx(1.0)


def test_bodies_are_read_whole() -> None:
    assert bodies("Sở Giáo dục và Đào tạo tỉnh Thái Nguyên đang phối hợp với nhà trường") == [
        "Sở Giáo dục và Đào tạo tỉnh Thái Nguyên"
    ]
    assert bodies("UBND xã Vạn Phú chưa trả lời, Công ty Cổ phần Đá Xanh vẫn nổ mìn") == [
        "UBND xã Vạn Phú",
        "Công ty Cổ phần Đá Xanh",
    ]
    assert bodies("trường đang sửa, sở thích của dân") == []
