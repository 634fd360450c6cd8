"""Articles in elements whose names say that they are none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from diembao.records import Page
from pipelines.reading import read_page

LINES = [
    "Xã vận động từng hộ hiến đất mở rộng con đường liên xóm từ hai mét rưỡi lên năm mét, không phải bồi thường.",
    "Sau ba tháng, hơn bốn cây số đường bê tông hoàn thành, xe tải vào tận nương chè thu mua, giá bán tăng lên.",
    "Trưởng xóm cho biết bí quyết là bàn bạc công khai, ghi chép từng khoản đóng góp và dán lên bảng tin nhà văn hóa.",
    "Năm tới, xã sẽ làm tiếp hai nhánh đường còn lại và lắp đèn chiếu sáng bằng năng lượng mặt trời dọc tuyến.",
]
NAMES = [
    "sidebar-left", "print-content", "view-detail", "share-box", "related-content", "comment-enabled", "menu-wrap",
    "footer-top",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("with_headline", [True, False])
def test_the_article_is_found_all_the_same(page_of: Callable[..., Page], name: str, with_headline: bool) -> None:
    headline, text = "<h1>Hiến đất mở đường ở xóm chè vùng cao</h1>", "".join(f"<p>{line}</p>" for line in LINES)
    inside = (
        f'<div class="{name}">{headline}{text}</div>'
        if with_headline
        else f'{headline}<div class="{name}">{text}</div>'
    )
    page = page_of(
        f"<html><head><title>Hiến đất mở đường ở xóm chè vùng cao</title></head><body>{inside}</body></html>"
    )
    assert all(line in read_page(page).text for line in LINES)
