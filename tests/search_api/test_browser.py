"""A real browser looks at hard content: 180-character headlines, 40 printings, no summary, a single word."""

from __future__ import annotations

from datetime import timedelta

import pytest

from diembao.newsroom.digests import approving, building
from diembao.newsroom.permissions import Actor, Role
from search_api.app import create_app

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PAGES = (
    "/",
    "/tin/1",
    "/tim-kiem?q=tin",
    "/tim-kiem?q=(((",
    "/tim-kiem?q=khongco",
    "/chu-de",
    "/dia-ban",
    "/luu-tru/2026-11",
    "/gioi-thieu",
    "/du-lieu-mo",
    "/diem-bao",
    "/diem-bao/2026-11-22",
    "/nhung",
    "/khong-co",
    "/en/",
)


@pytest.fixture
def address(newsroom, site_settings, printing, clock, live_site):
    now = clock[0]
    long_title = ("Ủy ban nhân dân tỉnh ban hành kế hoạch cải tạo, nâng cấp hệ thống thoát nước đô thị " * 3)[:180]
    copies = [
        printing(f"Tin {long_title}", ("trungdu", "xuche")[n % 2], at=now - timedelta(minutes=70 + n), reprint_of=0)
        for n in range(39)
    ]
    newsroom.story(printing(f"Tin {long_title}", at=now - timedelta(hours=5)), *copies, summary="Hai câu. Của ta.")
    newsroom.story(printing("Tin", at=now - timedelta(hours=3), places=()))
    newsroom.story(printing("Tin" + "dài" * 60, at=now - timedelta(hours=4)))
    _published_digest(newsroom, site_settings, now + timedelta(minutes=1))
    yield from live_site(create_app(site_settings, newsroom.store, newsroom.index, now=lambda: now))


def _published_digest(newsroom, site_settings, now):
    chief = Actor("minh", frozenset({Role.CHIEF}))
    order = building.Order("daily", (now + timedelta(hours=7)).date(), audience="public")
    with newsroom.store.write() as session:
        row = building.build(session, order, {"thien-tai-thoi-tiet": "Thiên tai – Thời tiết"}, chief, now)
        row = approving.approve(session, row.id, row.revision, chief, site_settings, now)
        approving.publish(session, row.id, row.revision, chief, now)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_pages_fit_and_are_accessible(browser, address, scheme, width):
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if "Content Security" in message.text else None)
    page.on("request", lambda request: None if request.url.startswith(address) else faults.append(request.url))
    for path in PAGES:
        answer = page.goto(address + path)
        assert answer.status == (404 if "khong-co" in path else 400 if "(((" in path else 200), path
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, f"{path} is {wider} px too wide"
        found = Axe().run(page).response["violations"]
        assert not found, (path, [(fault["id"], fault["nodes"][0]["html"]) for fault in found])
    assert not faults


def test_the_keyboard_gets_from_the_first_link_to_the_content_and_the_search(browser, address):
    page = browser.new_page()
    page.goto(address + "/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.url.endswith("#noi-dung")
    page.goto(address + "/")
    page.fill("#q", "tin")
    page.keyboard.press("Enter")
    page.wait_for_url("**/tim-kiem?q=tin")
    assert "tin" in page.input_value("#q")
