"""The child that reads monstrous pages: it answers, or it is ended without taking us along."""

from __future__ import annotations

from pipelines.reading.bounded import article_lines_bounded

PARAGRAPHS = [
    "Lực lượng chức năng đã đưa gần ba trăm người dân đến nơi an toàn trước khi trời tối, phần lớn là người già.",
    "Trường học trong phường được dùng làm nơi ở tạm. Bữa cơm đầu tiên được nấu xong lúc tám giờ tối hôm qua.",
    "Theo đài khí tượng, mưa còn kéo dài thêm hai ngày, người dân ven sông cần kê cao đồ đạc và theo dõi tin báo.",
]
MARKUP = "<html><body><article>" + "".join(f"<p>{line}</p>" for line in PARAGRAPHS * 2) + "</article></body></html>"


def test_the_child_gives_the_lines_of_the_article() -> None:
    assert set(PARAGRAPHS) <= set(article_lines_bounded(MARKUP, cpu_seconds=20, wall_seconds=60))


def test_a_child_out_of_memory_gives_nothing() -> None:
    assert article_lines_bounded(MARKUP * 5_000, memory=1, wall_seconds=60) == []


def test_a_child_out_of_time_gives_nothing() -> None:
    assert article_lines_bounded(MARKUP, wall_seconds=0.01) == []
