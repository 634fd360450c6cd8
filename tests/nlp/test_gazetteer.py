"""What the catalogue holds, and how its names are found in text."""

from __future__ import annotations

import unicodedata
from collections import Counter

import pytest

from nlp.forms import Forms
from nlp.gazetteer.catalogue import Catalogue
from nlp.gazetteer.matcher import Hit, Matcher
from nlp.sense import choose_entry
from nlp.text import normalise


@pytest.fixture(scope="module")
def matcher(catalogue: Catalogue) -> Matcher:
    return Matcher(catalogue)


def find(matcher: Matcher, text: str) -> list[Hit]:
    return matcher.find(Forms.of(normalise(text)))


def surfaces(matcher: Matcher, text: str) -> list[str]:
    return [hit.surface for hit in find(matcher, text)]


def test_today_there_are_77_communes_and_15_wards(catalogue: Catalogue) -> None:
    assert Counter(entry.level[0] for entry in catalogue.units()) == {"xã": 77, "phường": 15}
    assert len({entry.code for entry in catalogue.units()}) == 92


def test_every_former_unit_went_into_units_of_today(catalogue: Catalogue) -> None:
    today = {entry.code for entry in catalogue.units()}
    assert len(catalogue.successors) == 280
    assert sum(map(len, catalogue.successors.values())) == 283
    assert all(set(heirs) <= today for heirs in catalogue.successors.values())
    assert {heir for heirs in catalogue.successors.values() for heir in heirs} == today


def test_a_split_commune_has_no_single_code(catalogue: Catalogue) -> None:
    split = {e.name for e in catalogue.entries if e.kind == "old_unit" and e.id.startswith("former") and not e.code}
    assert split == {"Cam Giá", "Gia Sàng", "Thượng Đình"}


def test_ids_are_unique(catalogue: Catalogue) -> None:
    twice = [entry_id for entry_id, count in Counter(e.id for e in catalogue.entries).items() if count > 1]
    assert twice == []


@pytest.mark.parametrize(
    "text",
    [
        "Họp tại Thái Nguyên.",
        unicodedata.normalize("NFD", "Họp tại Thái Nguyên."),
        "HỌP TẠI THÁI NGUYÊN",
        "Hop tai Thai Nguyen hom nay",
        "họp tại thái nguyên",
        "Sở Nông nghiệpThái Nguyên họp",
        "Thái\u00a0Nguyên họp",
        "#ThaiNguyen có lễ hội trà",
        "Lễ hội #FestivalTraThaiNguyen mở màn",
        "(Thái Nguyên) - Chiều nay",
        "Báo “Thái Nguyên”",
    ],
)
def test_the_province_is_found_however_it_is_written(matcher: Matcher, text: str) -> None:
    assert any(hit.entries[0].id == "province-thai-nguyen" for hit in find(matcher, text))


@pytest.mark.parametrize(
    "text",
    [
        "Thái nguyên liệu thành sợi mỏng rồi đem xào.",
        "Khu rừng còn giữ hệ sinh thái nguyên sinh.",
        "Xe được đưa về trạng thái nguyên bản.",
        "Nhà máy dùng phế thải nguyên liệu gỗ.",
        "Hóa thạch bào thai nguyên vẹn.",
        "Tỉnh Tháí Ngụýên khánh thành tụỳến đường mớĩ.",
        "Tuyển thủ Thái nguyên là học viên một lò ở Bangkok.",
        "Chính phủ chi tiền đại tu cầu.",
        "Quán bán trà Thái và chè Thái sầu riêng.",
    ],
)
def test_words_that_only_look_like_it_are_not_found(matcher: Matcher, text: str) -> None:
    assert surfaces(matcher, text) == []


@pytest.mark.parametrize(
    ("text", "surface"),
    [
        ("Lễ hội Lồng Tồng ở Định Hoá", "Định Hoá"),
        ("Lễ hội Lồng Tồng ở Định Hóa", "Định Hóa"),
        ("Xã Điềm Thuỵ họp dân", "Điềm Thuỵ"),
        ("thăm xã Ðại Từ", "Đại Từ"),
        ("khởi công đường đi Bắc Cạn", "Bắc Cạn"),
    ],
)
def test_spelling_variants_are_found_and_shown_as_written(matcher: Matcher, text: str, surface: str) -> None:
    assert surface in surfaces(matcher, text)


def test_the_longest_name_wins(matcher: Matcher) -> None:
    found = surfaces(matcher, "Bệnh viện Trung ương Thái Nguyên mổ cấp cứu.")
    assert found == ["Bệnh viện Trung ương Thái Nguyên"]


def test_a_longer_foreign_name_is_another_name(matcher: Matcher) -> None:
    assert surfaces(matcher, "Vùng Bắc Thái Lan đón khách.") == []


@pytest.mark.parametrize(
    ("text", "date", "kind"),
    [
        ("UBND huyện Võ Nhai", "2026-01-05", "district"),
        ("UBND xã Võ Nhai", "2026-01-05", "unit"),
        ("UBND Võ Nhai", "2026-01-05", "unit"),
        ("UBND Võ Nhai", "2019-01-05", "district"),
    ],
)
def test_type_word_and_date_choose_the_reading(matcher: Matcher, text: str, date: str, kind: str) -> None:
    (hit,) = find(matcher, text)
    assert choose_entry(hit, date).kind == kind


def test_type_words_are_not_read_out_of_other_words(matcher: Matcher) -> None:
    (hit,) = find(matcher, "Quê quán Thái Nguyên, vệ tinh của vùng")
    assert hit.type_word == ""
