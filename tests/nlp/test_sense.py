"""Which of the names are ours: every trap of the field, in sentences of our own."""

from __future__ import annotations

import pytest

from nlp.prepared import Preparer
from nlp.records import Document


def reasons(preparer: Preparer, text: str, title: str = "") -> dict[str, str]:
    prepared = preparer.prepare(Document("x", title, text))
    return {
        placed.sighting.hit.surface: placed.sighting.reason
        for placed in prepared.placed
        if placed.sighting.reason != "other_province"
    }


@pytest.mark.parametrize(
    ("text", "name", "reason"),
    [
        ("Nhiệt độ tại thành phố Thái Nguyên, tỉnh Sơn Tây, Trung Quốc giảm sâu.", "Thái Nguyên", "taiyuan"),
        ("Trung Quốc phóng vệ tinh từ Trung tâm phóng vệ tinh Thái Nguyên.", "Thái Nguyên", "taiyuan"),
        ("Lý Uyên khởi binh ở Thái Nguyên, lập nhà Đường.", "Thái Nguyên", "taiyuan"),
        ("Giải quần vợt Thái Nguyên mở rộng (Taiyuan Open) khai mạc.", "Thái Nguyên", "taiyuan"),
        ("Cháy cửa hàng trên đường Thái Nguyên, TP Nha Trang.", "Thái Nguyên", "street"),
        ("Ngõ 40 phố Thái Nguyên được trải nhựa.", "Thái Nguyên", "street"),
        ("Học sinh Trường THCS Thái Nguyên (TP Nha Trang, Khánh Hòa) thi đấu.", "Thái Nguyên", "street"),
        ("Diễn viên Trần Thái Nguyên ra mắt phim mới.", "Thái Nguyên", "person"),
        ("Em Đỗ Thái Nguyên giành huy chương vàng cờ vua.", "Thái Nguyên", "person"),
        ("Đám cưới ở xã Thái Nguyên, huyện Thái Thụy.", "Thái Nguyên", "other_commune"),
        ("Tân Cương tăng diện tích trồng bông, dẫn đầu Trung Quốc.", "Tân Cương", "xinjiang"),
        ("Mở lại đường bay Hà Nội - Côn Minh.", "Côn Minh", "kunming"),
        ("Xã Chợ Mới, tỉnh An Giang có phà mới.", "Chợ Mới", "elsewhere"),
        ("Phường Phú Lương, Hà Nội dẹp bãi rác.", "Phú Lương", "elsewhere"),
        ("Trú tại xã Phú Xuân, huyện Phú Bình, tỉnh Vĩnh Phúc.", "Phú Bình", "elsewhere"),
        ("Phường Thành Công tổ chức hội thao.", "Thành Công", "no_cue"),
    ],
)
def test_other_senses_are_refused_with_the_reason(preparer: Preparer, text: str, name: str, reason: str) -> None:
    assert reasons(preparer, text)[name] == reason


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Nhà thầu Trung Quốc bỏ dở dự án thép ở Thái Nguyên.", "Thái Nguyên"),
        ("Đường phố Thái Nguyên ngập sâu sau mưa.", "Thái Nguyên"),
        ("Sửa tuyến đường Thái Nguyên - Bắc Kạn.", "Thái Nguyên"),
        ("Trung tâm thành phố Thái Nguyên mất điện.", "Thái Nguyên"),
        ("Phó đoàn đại biểu Thái Nguyên Hà Sỹ Huân phát biểu.", "Thái Nguyên"),
        ("Công an xã Côn Minh, tỉnh Thái Nguyên hướng dẫn bà con.", "Côn Minh"),
        ("Nhiều hộ ở xã Tân Cương (Thái Nguyên) trồng chè.", "Tân Cương"),
        ("Sạt lở ở xã Tân Long (huyện Đồng Hỷ cũ).", "Tân Long"),
        ("Xã Điềm Thụy giải phóng mặt bằng.", "Điềm Thụy"),
        ("Khu công nghiệp Yên Bình, phường Vạn Xuân đón dự án mới.", "Vạn Xuân"),
        ("Hồ Ba Bể mở lại tuyến tham quan.", "Hồ Ba Bể"),
        ("SEVT tăng xuất khẩu điện thoại.", "SEVT"),
        ("Các xã Phú Tiến, Tân Thịnh của huyện Định Hóa bị ngập.", "Tân Thịnh"),
    ],
)
def test_ours_is_taken(preparer: Preparer, text: str, name: str) -> None:
    assert reasons(preparer, text)[name] == "ours"


def test_a_market_and_a_ward_together_settle_the_scene(preparer: Preparer) -> None:
    assert reasons(preparer, "Tiểu thương chợ Thái ở phường Phan Đình Phùng dọn bùn.")["chợ Thái"] == "ours"
    assert reasons(preparer, "Phường Phan Đình Phùng họp tổ dân phố.")["Phan Đình Phùng"] == "no_cue"


def test_one_sense_per_document(preparer: Preparer) -> None:
    text = "Huỳnh Thái Nguyên dẫn đầu vòng loại. Ở chung kết, Thái Nguyên gặp tay vợt Huế."
    assert set(reasons(preparer, text).values()) == {"person"}


def test_the_province_named_in_full_outweighs_a_namesake(preparer: Preparer) -> None:
    text = "Anh Trần Thái Nguyên, cán bộ UBND tỉnh Thái Nguyên, hiến máu. Thái Nguyên có 3 điểm hiến máu."
    prepared = preparer.prepare(Document("x", "", text))
    assert [placed.sighting.reason for placed in prepared.placed] == ["person", "ours", "ours"]


def test_a_bare_name_shared_with_a_province_is_the_province(preparer: Preparer) -> None:
    prepared = preparer.prepare(Document("x", "", "Hội nghị tại Hòa Bình có đại biểu Thái Nguyên dự."))
    assert [placed.sighting.reason for placed in prepared.placed] == ["other_province", "ours"]
