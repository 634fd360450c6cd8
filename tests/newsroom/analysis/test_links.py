"""Links of a page are what the view itself would be called."""

from __future__ import annotations

import pytest

from diembao.newsroom.analysis.asked import TRENDS, Asked, Links

VIEWS = [
    Asked(),
    Asked(q="hồ Núi Cốc & 50%", from_="2026-10-01", sort="oldest", after="abc"),
    Asked(values=(("topic", "y-te"), ("source", "-vnexpress"), ("person", "Đ&N=1")), span="30days", apart=True),
]


@pytest.mark.parametrize("asked", VIEWS)
@pytest.mark.parametrize(
    ("name", "value"), [("topic", "y-te"), ("topic", "-y-te"), ("source", "vnexpress"), ("person", "Lê #2 + ê")]
)
def test_with_and_without_a_value(asked: Asked, name: str, value: str) -> None:
    for page in ("/phan-tich/tim-kiem", TRENDS):
        links = Links(asked, page)
        assert links.with_value(name, value) == asked.with_value(name, value).path(page)
        assert links.without(name, value) == asked.without(name, value).path(page)
