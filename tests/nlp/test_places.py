"""Which places of the province an article names."""

from __future__ import annotations

import pytest

from nlp.places import PlaceFinder
from nlp.prepared import Preparer
from nlp.records import Document, PlaceMention


def places(preparer: Preparer, text: str, title: str = "", date: str = "") -> tuple[PlaceMention, ...]:
    return PlaceFinder().find(preparer.prepare(Document("x", title, text, date=date)))


def surfaces(preparer: Preparer, text: str, title: str = "") -> list[str]:
    return [place.surface for place in places(preparer, text, title)]


def test_units_districts_and_landmarks_are_named_in_order(preparer: Preparer) -> None:
    text = "Lũ cuốn cầu ở xã Thần Sa, huyện Võ Nhai (Thái Nguyên). Hồ Núi Cốc xả tràn."
    found = places(preparer, text)
    assert [(p.surface, p.kind) for p in found] == [
        ("Thần Sa", "unit"), ("Võ Nhai", "district"), ("Hồ Núi Cốc", "landmark"),
    ]  # fmt: skip


def test_spans_point_at_the_words(preparer: Preparer) -> None:
    text = "Công an phường Quan Triều, TP Thái Nguyên vào cuộc."
    for place in places(preparer, text):
        assert text[place.start : place.end] == place.surface


def test_the_bare_province_is_no_place_but_its_old_town_is(preparer: Preparer) -> None:
    assert surfaces(preparer, "Tỉnh Thái Nguyên họp báo ở Thái Nguyên.") == []
    assert surfaces(preparer, "Công an TP. Thái Nguyên vào cuộc.") == ["TP. Thái Nguyên"]


def test_a_town_named_in_several_ways_is_named_once(preparer: Preparer) -> None:
    text = "Mưa lớn ở TP Thái Nguyên. Thành phố Thái Nguyên cấm đường, xã Tân Cương và xã Tân Cương lại mưa."
    assert surfaces(preparer, text) == ["TP Thái Nguyên", "Tân Cương"]


def test_a_unit_of_today_carries_its_code(preparer: Preparer) -> None:
    (place,) = places(preparer, "Xã Tân Cương, tỉnh Thái Nguyên được mùa chè.", date="2026-03-01")
    assert (place.code, place.kind) == ("05503", "unit")


def test_a_former_unit_carries_the_code_of_its_only_successor(preparer: Preparer) -> None:
    (merged,) = places(preparer, "Phường Đồng Bẩm (Thái Nguyên) ngập.", date="2024-09-10")
    (split,) = places(preparer, "Phường Cam Giá (Thái Nguyên) ngập.", date="2024-09-10")
    assert (merged.kind, merged.code) == ("old_unit", "05710")
    assert (split.kind, split.code) == ("old_unit", "")


def test_a_hamlet_no_gazetteer_holds_is_found_by_the_commune_behind_it(preparer: Preparer) -> None:
    text = "Cháy nhà ở xóm Nà Chám, xã Phượng Tiến, huyện Định Hóa, tỉnh Thái Nguyên."
    assert surfaces(preparer, text) == ["Nà Chám", "Phượng Tiến", "Định Hóa"]


def test_streets_keep_their_word_and_numbered_hamlets_theirs(preparer: Preparer) -> None:
    text = "Ngập ở đường Hoa Ban (phường Phan Đình Phùng, tỉnh Thái Nguyên) và xóm 7, xã Kha Sơn, Thái Nguyên."
    assert surfaces(preparer, text) == ["đường Hoa Ban", "Phan Đình Phùng", "xóm 7", "Kha Sơn"]


@pytest.mark.parametrize(
    "text",
    [
        "Cháy ở xóm Nà Chám, xã Đông Anh, Hà Nội; Thái Nguyên chi viện.",
        "Phường Phú Lương, Hà Nội hỗ trợ đồng bào Thái Nguyên.",
        "Trường Trần Phú ở Hải Phòng đón học sinh Thái Nguyên.",
    ],
)
def test_places_elsewhere_are_left_out(preparer: Preparer, text: str) -> None:
    assert surfaces(preparer, text) == []


def test_a_line_end_inside_a_name_is_shown_as_a_space(preparer: Preparer) -> None:
    assert surfaces(preparer, "Công an TP.\nThái Nguyên vào cuộc.") == ["TP. Thái Nguyên"]
