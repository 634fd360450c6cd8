"""Relevant, marginal, irrelevant, and the reasons shown; all texts are our own."""

from __future__ import annotations

import numpy as np
import pytest

from nlp.gazetteer.catalogue import Catalogue
from nlp.prepared import Preparer
from nlp.records import Document
from nlp.relevance import Judgement, RelevanceModel, share_and_reasons
from nlp.relevance_features import features
from nlp.skim import Skimmer


@pytest.fixture(scope="module")
def model() -> RelevanceModel:
    return RelevanceModel.load()


@pytest.fixture(scope="module")
def skimmer(catalogue: Catalogue) -> Skimmer:
    return Skimmer(catalogue)


def judge(model: RelevanceModel, preparer: Preparer, text: str, title: str = "") -> Judgement:
    return model.judge(preparer.prepare(Document("x", title, text)))


@pytest.mark.parametrize(
    ("title", "text", "relevance"),
    [
        (
            "Thái Nguyên khởi công cầu vượt sông",
            "Sáng 5/3, UBND tỉnh Thái Nguyên khởi công cầu mới nối hai phường Quan Triều và Linh Sơn.",
            "relevant",
        ),
        (
            "Bắt nhóm trộm chó liên xã",
            "Công an xã Phú Bình (tỉnh Thái Nguyên) tạm giữ ba người trộm chó trên địa bàn.",
            "relevant",
        ),
        (
            "Không khí lạnh tràn về miền Bắc",
            "Dự báo đêm nay, các tỉnh Lạng Sơn, Cao Bằng, Thái Nguyên, Tuyên Quang, Bắc Ninh có mưa rét.",
            "marginal",
        ),
        (
            "Chàng trai mở quán cà phê ở Đà Lạt",
            "Anh Nguyễn Văn B. (28 tuổi, quê Thái Nguyên) bỏ việc kỹ sư vào Đà Lạt mở quán cà phê giữa rừng thông.",
            "marginal",
        ),
        (
            "Tàu mới cập cảng Hải Phòng",
            "Con tàu chở 3.000 xe điện cập cảng Hải Phòng sáng nay.",
            "irrelevant",
        ),
        (
            "Diễn viên ra mắt phim",
            "Diễn viên Trần Thái Nguyên ra mắt phim mới tại TP.HCM.",
            "irrelevant",
        ),
    ],
)
def test_the_three_classes(model: RelevanceModel, preparer: Preparer, title: str, text: str, relevance: str) -> None:
    assert judge(model, preparer, text, title).relevance == relevance


def test_reasons_point_at_the_words_that_spoke(model: RelevanceModel, preparer: Preparer) -> None:
    title, text = "Mưa lớn ở Thái Nguyên", "UBND tỉnh Thái Nguyên họp khẩn. Xã La Bằng bị chia cắt."
    judged = judge(model, preparer, text, title)
    spans = [item for item in judged.evidence if item.where]
    assert {item.where for item in spans} == {"title", "text"}
    for item in spans:
        field = title if item.where == "title" else text
        assert field[item.start : item.end] == item.text


def test_a_refusal_says_why(model: RelevanceModel, preparer: Preparer) -> None:
    judged = judge(model, preparer, "Trung Quốc phóng vệ tinh từ Trung tâm phóng vệ tinh Thái Nguyên.")
    assert judged.relevance == "irrelevant"
    assert [item.rule for item in judged.evidence] == ["sense.taiyuan"]


def test_mentions_in_passing_never_make_an_article_relevant(model: RelevanceModel, preparer: Preparer) -> None:
    judged = judge(model, preparer, "Hội chợ ở Cần Thơ bán chè Thái Nguyên. Chè Thái Nguyên đắt hàng.")
    assert judged.relevance == "marginal"
    assert judged.score < model.threshold


def test_a_name_wider_than_the_province_only_mentions_it(model: RelevanceModel, preparer: Preparer) -> None:
    title, text = "Quân khu 1 kỷ niệm ngày truyền thống", "Quân khu 1 tổ chức lễ kỷ niệm ngày truyền thống."
    judged = judge(model, preparer, text, title)
    assert judged.relevance == "marginal"


def test_the_score_agrees_with_the_verdict(model: RelevanceModel, preparer: Preparer) -> None:
    text = "UBND tỉnh Thái Nguyên họp thường kỳ về đầu tư công của tỉnh."
    judged = judge(model, preparer, text, "Thái Nguyên họp thường kỳ")
    assert model.threshold <= judged.score <= 1


def test_reasons_add_up_to_the_answer(model: RelevanceModel, preparer: Preparer) -> None:
    prepared = preparer.prepare(Document("x", "Lũ ở Thái Nguyên", "Nước sông Cầu lên nhanh ở phường Quan Triều."))
    share, moved = share_and_reasons(model.forest, model.line, np.asarray(features(prepared)))
    roots = float(model.forest.value[model.forest.roots].mean())
    ordinary = 1 / (1 + np.exp(-model.line.bias))
    assert share == pytest.approx((roots + ordinary) / 2 + moved.sum(), abs=1e-5)


@pytest.mark.parametrize(
    "text",
    [
        "Mưa ở Thái Nguyên",
        "MƯA Ở THÁI NGUYÊN",
        "mưa ở thái nguyên",
        "Mua o Thai Nguyen",
        "Mưa ở Tha\u0301i Nguye\u0302n",
        "Mưa ở Thái\u00a0Nguyên",
        "Th¸i Nguyªn häp giao ban b¸o chÝ th¸ng nµy",
        "Thaùi Nguyeân hoïp giao ban baùo chí thaùng naøy",
        "#ThaiNguyen",
        "Xã Điềm Thuỵ họp dân",
        "Công an P.Gia Sàng",
        "thăm ATK Ðịnh Hóa",
        "SEVT xuất khẩu",
    ],
)
def test_the_quick_look_never_misses_what_could_be_ours(skimmer: Skimmer, text: str) -> None:
    assert skimmer.might_be_ours("", text)
    assert skimmer.might_be_ours(text, "")


@pytest.mark.parametrize(
    "text",
    ["", "Con tàu cập cảng Hải Phòng.", "Cho đơn vị này thêm cơ quan chức năng.", "phương tiện thô sơ", "\ud800😀"],
)
def test_the_quick_look_passes_over_the_rest(skimmer: Skimmer, text: str) -> None:
    assert not skimmer.might_be_ours("", text)
