"""Names in articles: found, typed, their offices read and their spellings united. All sentences are our own."""

from __future__ import annotations

import time

import pytest

from nlp.entities.tagger import READ_AT_MOST, EntityTagger
from nlp.records import EntityMention
from nlp.text import normalise

TITLE = "Chủ tịch tỉnh kiểm tra việc xây trường ở vùng cao"
TEXT = (
    "Chủ tịch UBND tỉnh Thái Nguyên Nguyễn Văn Kiểm sáng 5/3 tới thăm Trường Tiểu học Phú Đô, xã Phú Lương.\n"
    "Ông Kiểm đề nghị Ủy ban nhân dân tỉnh Thái Nguyên và Sở Giáo dục và Đào tạo cùng lo cho học sinh.\n"
    "Đại tá Trần Quang Mạnh - Phó Giám đốc Công an tỉnh Thái Nguyên - cho biết đường từ huyện Võ Nhai đã thông.\n"
    "Bà Lê Thị Hoà, Trưởng phòng GD-ĐT huyện Võ Nhai, nói với phóng viên Báo Thái Nguyên rằng thầy cô rất mừng.\n"
    "Công ty Cổ phần Gang thép Thái Nguyên (TISCO) tặng 200 triệu đồng."
)


@pytest.fixture(scope="module")
def tagger() -> EntityTagger:
    return EntityTagger.load()


def names(found: tuple[EntityMention, ...], kind: str) -> set[str]:
    return {entity.name for entity in found if entity.type == kind}


def one(found: tuple[EntityMention, ...], name: str) -> EntityMention:
    matching = [entity for entity in found if entity.name == name]
    assert len(matching) == 1, (name, found)
    return matching[0]


def test_persons_bodies_and_places_are_told_apart(tagger: EntityTagger) -> None:
    found = tagger.tag(TITLE, TEXT)
    assert names(found, "person") == {"Nguyễn Văn Kiểm", "Trần Quang Mạnh", "Lê Thị Hòa"}
    bodies = {"UBND tỉnh Thái Nguyên", "Sở Giáo dục và Đào tạo", "Công an tỉnh Thái Nguyên", "Báo Thái Nguyên"}
    assert bodies <= names(found, "organisation")
    assert {"xã Phú Lương", "huyện Võ Nhai"} <= names(found, "place")


def test_an_office_before_and_after_the_name(tagger: EntityTagger) -> None:
    found = tagger.tag(TITLE, TEXT)
    assert one(found, "Nguyễn Văn Kiểm").office == "Chủ tịch UBND tỉnh Thái Nguyên"
    assert one(found, "Trần Quang Mạnh").office == "Phó Giám đốc Công an tỉnh Thái Nguyên"
    assert one(found, "Lê Thị Hòa").office == "Trưởng phòng GD-ĐT huyện Võ Nhai"


def test_an_official_named_right_after_his_body(tagger: EntityTagger) -> None:
    found = tagger.tag("", "Phó Chủ tịch UBND tỉnh Phú Thọ Hà Quang Sơn dự lễ khai giảng ở thành phố Việt Trì.")
    assert one(found, "Hà Quang Sơn").office == "Phó Chủ tịch UBND tỉnh Phú Thọ"
    assert "UBND tỉnh Phú Thọ" in names(found, "organisation")


def test_a_commune_called_after_a_person_is_no_official(tagger: EntityTagger) -> None:
    found = tagger.tag("", "Chủ tịch UBND xã Trần Phú cho biết xã đã cử dân quân giúp người dân dọn dẹp.")
    assert names(found, "person") == set()


def test_the_office_of_another_person_is_left_to_him(tagger: EntityTagger) -> None:
    text = "Chủ tịch UBND tỉnh Trần Văn Lợi và Giám đốc Sở Y tế Phạm Thị Mai cùng kiểm tra bệnh viện."
    found = tagger.tag("", text)
    assert one(found, "Trần Văn Lợi").office == "Chủ tịch UBND tỉnh"
    assert one(found, "Phạm Thị Mai").office == "Giám đốc Sở Y tế"


def test_the_bare_name_is_the_province_and_not_its_city(tagger: EntityTagger) -> None:
    text = "Mưa lớn ở thành phố Thái Nguyên. Tỉnh Thái Nguyên cử đoàn tới. Thái Nguyên đã quen với lũ."
    assert names(tagger.tag("", text), "place") == {"TP Thái Nguyên", "Thái Nguyên"}


def test_a_person_without_an_office_gets_none(tagger: EntityTagger) -> None:
    found = tagger.tag("", "Hôm qua, ông Nguyễn Văn Bình bán xong vườn chè rồi về quê ở Bắc Ninh.")
    assert one(found, "Nguyễn Văn Bình").office == ""


def test_spellings_of_one_name_are_one_entity(tagger: EntityTagger) -> None:
    found = tagger.tag(TITLE, TEXT)
    # "Ông Kiểm" is the chairman, "Ủy ban nhân dân" is UBND, TISCO the steel company named before the bracket.
    assert "Kiểm" not in names(found, "person")
    committees = [name for name in names(found, "organisation") if "Thái Nguyên" in name and "UBND" in name]
    assert committees == ["UBND tỉnh Thái Nguyên"]
    assert "TISCO" not in names(found, "organisation")
    assert "Công ty Cổ phần Gang thép Thái Nguyên" in names(found, "organisation")


def test_two_persons_of_one_given_name_stay_two(tagger: EntityTagger) -> None:
    text = "Ông Nguyễn Văn Dũng và ông Trần Quốc Dũng cùng dự họp. Sau đó, ông Dũng ra về trước."
    found = names(tagger.tag("", text), "person")
    assert {"Nguyễn Văn Dũng", "Trần Quốc Dũng"} <= found


def test_a_headline_in_capitals_is_read_through_the_text(tagger: EntityTagger) -> None:
    title = "ÔNG NGUYỄN VĂN KIỂM THĂM CÔNG AN TỈNH THÁI NGUYÊN"
    found = tagger.tag(title, "Ông Nguyễn Văn Kiểm sáng nay thăm Công an tỉnh Thái Nguyên.")
    person = one(found, "Nguyễn Văn Kiểm")
    assert (person.where, person.text) == ("title", "NGUYỄN VĂN KIỂM")
    assert one(found, "Công an tỉnh Thái Nguyên").where == "title"


def test_offsets_point_at_the_words(tagger: EntityTagger) -> None:
    fields = {"title": normalise(TITLE), "text": normalise(TEXT)}
    for entity in tagger.tag(TITLE, TEXT):
        assert fields[entity.where][entity.start : entity.end] == entity.text


def test_decomposed_letters_change_nothing(tagger: EntityTagger) -> None:
    import unicodedata

    assert tagger.tag(TITLE, unicodedata.normalize("NFD", TEXT)) == tagger.tag(TITLE, TEXT)


def test_old_tone_placement_is_the_same_person(tagger: EntityTagger) -> None:
    found = tagger.tag("", "Bà Lê Thị Thuý Hoà phát biểu. Theo bà Lê Thị Thúy Hòa, năm nay chè được giá.")
    assert names(found, "person") == {"Lê Thị Thúy Hòa"}


def test_a_body_with_its_place_is_one_name(tagger: EntityTagger) -> None:
    found = tagger.tag("", "Vụ việc đang được Công an tỉnh Thái Nguyên điều tra, làm rõ.")
    assert [(entity.type, entity.text) for entity in found] == [("organisation", "Công an tỉnh Thái Nguyên")]


def test_a_place_keeps_its_type_word(tagger: EntityTagger) -> None:
    found = tagger.tag("", "Mưa lớn làm ngập xã Văn Lang, huyện Đồng Hỷ, tỉnh Thái Nguyên trong đêm.")
    assert [e.text for e in found if e.type == "place"] == ["xã Văn Lang", "huyện Đồng Hỷ", "tỉnh Thái Nguyên"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\n ",
        "mua nha gia re o trung tam",
        "The committee met on Monday.",
        "🙂🙂 !!! ... ???",
        "\ud800 Ông Nguyễn Văn An",
        "A" * 5_000,
        "(((((" * 2_000,
        "Nguyễn " * 5_000,
    ],
)
def test_odd_text_gets_an_answer(tagger: EntityTagger, text: str) -> None:
    assert isinstance(tagger.tag("", text), tuple)


def test_a_monstrous_article_is_read_in_bounded_time(tagger: EntityTagger) -> None:
    text = TEXT + "\n"
    text *= 1_000_000 // len(text)
    begin = time.process_time()
    found = tagger.tag(TITLE, text)
    # Not a speed test: unbounded reading takes half a minute, the bound keeps it near half a second.
    assert time.process_time() - begin < 10
    assert names(found, "person") == {"Nguyễn Văn Kiểm", "Trần Quang Mạnh", "Lê Thị Hòa"}
    assert all(entity.end <= READ_AT_MOST for entity in found)


def test_tagging_twice_gives_the_same(tagger: EntityTagger) -> None:
    assert tagger.tag(TITLE, TEXT) == tagger.tag(TITLE, TEXT)
