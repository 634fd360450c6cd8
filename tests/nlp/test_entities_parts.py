"""The parts of the entity tagger: sentences, word lists, united spellings, labels."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from nlp.entities.features import Statistics, shape
from nlp.entities.lexicon import Lexicon
from nlp.entities.sentences import LONGEST, sentences
from nlp.entities.statistics import learn, read, write
from nlp.entities.tagger import TYPES, spans_of
from nlp.entities.variants import canonical, key
from nlp.training.entity_labels import HELDOUT, TRAIN, Sentence, read_sentences


def cut(text: str) -> list[str]:
    return [text[tokens[0].start : tokens[-1].end] for tokens in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Trời mưa. Đường ngập.", ["Trời mưa.", "Đường ngập."]),
        ("Về TP. Thái Nguyên chơi. Vui!", ["Về TP. Thái Nguyên chơi.", "Vui!"]),
        ("Anh N.V. Lâm khai báo.", ["Anh N.V. Lâm khai báo."]),
        ("TS. Hà nói: “Tốt.” Rồi ông về.", ["TS. Hà nói: “Tốt.”", "Rồi ông về."]),
        ("Tăng 1.830 điểm. 30 người về.", ["Tăng 1.830 điểm.", "30 người về."]),
        ("Tiêu đề\nThân bài", ["Tiêu đề", "Thân bài"]),
        ("", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


def test_a_list_without_full_stops_is_cut() -> None:
    assert all(len(tokens) <= LONGEST for tokens in sentences("xã, " * 5_000))


def test_tokens_point_into_the_text() -> None:
    text = "Dòng một.\n\n  Dòng hai, (TISCO) 5%."
    assert all(text[t.start : t.end] == t.text for tokens in sentences(text) for t in tokens)


@pytest.mark.parametrize(
    ("token", "kind"),
    [("Nguyễn", "Aa"), ("Messi", "Xx"), ("UBND", "AA"), ("N", "A"), ("trường", "a"), ("5", "d"), (",", ",")],
)
def test_shapes(token: str, kind: str) -> None:
    assert shape(token) == kind


def test_names_of_the_lists_need_capitals_and_heads_do_not() -> None:
    lexicon = Lexicon()
    lexicon.add("province", ["Văn Minh"])
    lexicon.add("place_head", ["xã"])
    assert lexicon.find(["lối", "sống", "văn", "minh"], [False] * 4) == []
    found = lexicon.find(["xã", "văn", "minh"], [False, True, True])
    assert [(f.start, f.end, f.classes) for f in found] == [(0, 1, {"place_head"}), (1, 3, {"province"})]


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("organisation", "Ủy ban nhân dân tỉnh Thái Nguyên", "UBND tỉnh Thái Nguyên"),
        ("organisation", "Uỷ ban nhân dân tỉnh Thái Nguyên", "UBND tỉnh Thái Nguyên"),
        ("organisation", "Sở GD-ĐT Thái Nguyên", "Sở Giáo dục và Đào tạo Thái Nguyên"),
        ("organisation", "Sở GD & ĐT Thái Nguyên", "sở giáo dục và đào tạo Thái Nguyên"),
        ("organisation", "ĐH Thái Nguyên", "Đại học Thái Nguyên"),
        ("organisation", "CÔNG AN TỈNH THÁI NGUYÊN", "Công an tỉnh Thái Nguyên"),
        ("place", "thành phố Hồ Chí Minh", "TP.HCM"),
        ("place", "TP. Thái Nguyên", "thành phố Thái Nguyên"),
        ("place", "tỉnh Thái Nguyên", "Thái Nguyên"),
        ("place", "thủ đô Hà Nội", "TP Hà Nội"),
        ("place", "tỉnh Hoà Bình", "tỉnh Hòa Bình"),
        ("person", "NGUYỄN THỊ THUÝ", "Nguyễn Thị Thúy"),
    ],
)
def test_spellings_meet(kind: str, one: str, other: str) -> None:
    assert key(kind, one) == key(kind, other)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("organisation", "Công an tỉnh Thái Nguyên", "Công an thành phố Thái Nguyên"),
        ("place", "xã Tân Cương", "phường Tân Cương"),
        ("place", "TP Thái Nguyên", "Thái Nguyên"),
        ("person", "Nguyễn Văn Hòa", "Nguyễn Văn Hoa"),
    ],
)
def test_different_names_stay_apart(kind: str, one: str, other: str) -> None:
    assert key(kind, one) != key(kind, other)  # type: ignore[arg-type]


def test_a_name_in_capitals_is_shown_in_ordinary_letters() -> None:
    assert canonical("person", "NGUYỄN HUY TƯỞNG") == "Nguyễn Huy Tưởng"
    assert canonical("organisation", "TISCO") == "TISCO"


def test_spans_of_labels() -> None:
    assert spans_of(["B-P", "I-P", "O", "B-L", "B-L", "I-O"]) == [(0, 2, "P"), (3, 4, "L"), (4, 5, "L"), (5, 6, "O")]


def test_statistics_survive_writing() -> None:
    texts = ["Giáo dục và đào tạo là việc lớn. Ông An nói về giáo dục ở Thái Nguyên."] * 20
    learnt = learn(texts)
    assert "giáo dục" in learnt.compounds
    assert learnt.capital["nguyên"] == "9"
    assert learnt.capital["việc"] == "0"
    assert read(write(learnt)) == learnt


def test_learning_from_nothing_gives_nothing() -> None:
    assert learn([]) == Statistics()


def test_labels_of_a_sentence() -> None:
    text = "Ông An về Võ Nhai."
    sentence = Sentence("own", "1", "text", 0, len(text), ((4, 6, "person"), (10, 17, "place")))
    assert sentence.labels(text) == ["O", "B-P", "O", "B-L", "I-L", "O"]


def test_no_article_is_both_trained_on_and_held_out() -> None:
    held, trained = read_sentences(HELDOUT), read_sentences(TRAIN)
    assert len(held) >= 300
    assert {(s.corpus, s.id) for s in held}.isdisjoint({(s.corpus, s.id) for s in trained})


@pytest.mark.parametrize("name", [HELDOUT, TRAIN])
def test_label_files_hold_spans_and_no_text(name: str) -> None:
    for line in (files("nlp") / "labels" / name).read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        assert set(row) == {"corpus", "id", "where", "start", "end", "entities"}
        ends = [row["start"]]
        for start, end, kind in row["entities"]:
            assert ends[-1] <= start < end <= row["end"]
            assert kind in TYPES.values()
            ends.append(end)
