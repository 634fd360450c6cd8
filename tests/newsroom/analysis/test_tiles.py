"""Where the communes of today lay, and how the map shows it."""

from __future__ import annotations

import pytest

from diembao.newsroom.analysis.tiles import districts_of, former_districts, tile_places


@pytest.mark.parametrize(
    ("code", "name", "district"),
    [
        ("05503", "Tân Cương", "Thành phố Thái Nguyên"),  # with Thịnh Đức; only Bình Sơn was of Sông Công
        ("05443", "Phan Đình Phùng", "Thành phố Thái Nguyên"),
        ("01933", "Đồng Phúc", "Huyện Ba Bể"),
    ],
)
def test_a_commune_counts_in_the_district_most_of_it_was_of(code: str, name: str, district: str) -> None:
    assert {place.name for place in tile_places() if place.code == code} == {name}
    assert districts_of([code]) == (district,)


def test_every_commune_has_a_tile_and_a_district_of_its_own() -> None:
    places = tile_places()
    assert len(places) == len({(place.column, place.row) for place in places}) == 92
    assert sorted(code for codes in former_districts().values() for code in codes) == sorted(p.code for p in places)
