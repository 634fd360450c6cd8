"""The operator's page names every source in trouble, with the reason, before those that are well."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from diembao.newsroom.pulse import take_pulse
from diembao.store import sources
from diembao.store.models import FeedRow

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
PAGE = "/ban-bien-tap/nguon"


def test_sources_in_trouble_come_first_with_their_reason(site, newsroom, signed_in) -> None:
    records = [
        sources.SourceRecord(name, title, "newspaper", "local", "none", {}, (("feed", f"https://{name}.vn/rss"),))
        for name, title in (("an", "Báo An Bình"), ("ve", "Báo Vệ Giang"))
    ]
    with newsroom.store.write() as session:
        sources.sync_sources(session, records, 600, NOW)
        broken = update(FeedRow).where(FeedRow.source == "ve")
        session.execute(broken.values(status="failing", failures=3, reason="HTTP 500 <b>"))
    take_pulse(newsroom.store, NOW, lambda news: True)
    answer = signed_in("operator").get(PAGE)
    assert answer.status_code == 200
    assert "2 nguồn, 1 nguồn đang có vấn đề" in answer.text
    assert answer.text.index("Báo Vệ Giang") < answer.text.index("Báo An Bình")
    assert "không đọc được 3 lần liền: HTTP 500 &lt;b&gt;" in answer.text
    assert "Không đọc được" in answer.text and "Bình thường" in answer.text


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_board_fits_and_is_accessible(newsroom, desk_page, scheme, width):
    from axe_playwright_python.sync_playwright import Axe

    newsroom.poll("songcau", "failing")
    page = desk_page("operator", width=width, scheme=scheme)
    assert page.goto("/ban-bien-tap/nguon").status == 200
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    found = Axe().run(page).response["violations"]
    assert not found, [(fault["id"], fault["nodes"][0]["html"]) for fault in found]
