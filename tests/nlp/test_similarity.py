"""How much of one text stands in another."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest

from nlp.similarity import Sketch, WordHashes, hashed, overlap, sketch, smallest


def words(count: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    return [f"tiếng{chance.randrange(5000)}" for _ in range(count)]


def sketched(run: list[str]) -> Sketch:
    return sketch(hashed(run))


def test_the_same_words_are_the_same_text_and_others_are_not() -> None:
    one, other = sketched(words(400, 1)), sketched(words(400, 2))
    assert overlap(one, one).resemblance == 1.0
    assert overlap(one, other).resemblance < 0.02


@pytest.mark.parametrize("length", [300, 3_000, 12_000])
def test_a_part_is_found_in_its_whole_however_long_that_is(length: int) -> None:
    whole = words(length, 3)
    found = overlap(sketched(whole), sketched(whole[: length // 4]))
    assert found.in_second == pytest.approx(1.0, abs=0.05)
    assert found.in_first == pytest.approx(0.25, abs=0.06)


def test_a_sketch_is_small_and_comes_back_from_bytes() -> None:
    kept = sketched(words(50_000, 4)).to_bytes()
    assert len(kept) < 2_100
    assert overlap(Sketch.from_bytes(kept), sketched(words(50_000, 4))).resemblance == 1.0


def test_texts_without_words_share_nothing() -> None:
    assert overlap(sketched([]), sketched([])).resemblance == 0.0
    assert overlap(sketched([]), sketched(words(10, 1))).in_second == 0.0


def test_an_edited_copy_can_be_found_by_its_keys() -> None:
    text = words(400, 5)
    chance = random.Random(6)
    edited = [word if chance.random() > 0.2 else "khác" for word in text]
    keys = [set(smallest(sketched(run), least=12, most=40, fraction=16)) for run in (text, edited)]
    assert len(keys[0] & keys[1]) >= 3


def test_keys_are_the_same_in_every_process() -> None:
    program = (
        "from nlp.similarity import hashed, sketch, smallest;"
        "print(smallest(sketch(hashed(['lũ', 'sông', 'Cầu', 'lên'])), least=9, most=9, fraction=16))"
    )
    runs = {
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert len(runs) == 1


def test_remembered_words_hash_as_they_do_afresh_and_memory_is_bounded() -> None:
    many = [f"từ{number}" for number in range(150_000)] + ["x" * 5_000]
    remembered = WordHashes()
    assert (remembered.of(many[:500] + many[:500]) == hashed(many[:500] + many[:500])).all()
    assert (remembered.of(many) == hashed(many)).all()
    assert len(remembered) <= 100_000 and "x" * 5_000 not in remembered
    assert (WordHashes(str.upper).of(["chè", "gỗ"]) == hashed(["CHÈ", "GỖ"])).all()
