"""What every page owes to readers who do not see it: language, headings, labels, names."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from lxml import html

PAGES = (
    "/",
    "/tin/1-lu-song-cau",
    "/tin/2-tin-khong-tom-tat",
    "/ngay/2026-11-22",
    "/ngay/2026-01-01",
    "/luu-tru",
    "/luu-tru/2026-11",
    "/chu-de",
    "/chu-de/thien-tai-thoi-tiet",
    "/chu-de/the-thao",
    "/dia-ban",
    "/dia-ban/05503-tan-cuong",
    "/bao",
    "/bao/trungdu",
    "/tim-kiem",
    "/tim-kiem?q=lu&source=songcau",
    "/tim-kiem?q=khongco&source=songcau",
    "/tim-kiem?q=(((",
    "/diem-bao",
    "/gioi-thieu",
    "/du-lieu-mo",
    "/nhung",
    "/khong-co",
)


@pytest.fixture
def library(newsroom, site, printing, clock):
    newsroom.story(
        printing("Lũ sông Cầu", at=clock[0] - timedelta(hours=3)),
        printing("Lũ", "trungdu", at=clock[0] - timedelta(hours=30), reprint_of=0),
        summary="Tóm tắt.",
    )
    newsroom.story(printing("Tin không tóm tắt", "xuche", at=None))
    return site


@pytest.mark.parametrize("edition", ["vi", "en"])
def test_every_page_is_well_made(library, edition):
    prefix = "/en" if edition == "en" else ""
    for path in PAGES:
        tree = html.fromstring(library.get(prefix + path).text)
        assert tree.get("lang") == edition, path
        assert tree.cssselect("title")[0].text_content().strip(), path
        levels = [int(heading.tag[1]) for heading in tree.cssselect("h1, h2, h3, h4")]
        assert levels.count(1) == 1 and levels[0] == 1, (path, levels)
        assert all(after - before <= 1 for before, after in pairwise(levels)), (path, levels)
        labelled = {label.get("for") for label in tree.cssselect("label")}
        assert all(field.get("id") in labelled for field in tree.cssselect("input:not([type=hidden]), select")), path
        ids = [element.get("id") for element in tree.cssselect("[id]")]
        assert len(ids) == len(set(ids)), path
        referred = " ".join(
            element.get(name)
            for name in ("aria-labelledby", "aria-describedby")
            for element in tree.cssselect(f"[{name}]")
        )
        assert set(referred.split()) <= set(ids), path
        assert all(link.text_content().strip() or link.get("aria-label") for link in tree.cssselect("a")), path
        assert all(time.get("datetime") and time.get("title") for time in tree.cssselect("article time")), path


def test_no_link_of_the_section_is_dead(library):
    seen, waiting = set(), ["/", "/en/"]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = library.get(path)
        assert answer.status_code == 200, path
        if "text/html" not in answer.headers["content-type"] or len(seen) > 250:
            continue
        for link in html.fromstring(answer.text).cssselect("a[href], link[href]"):
            href = link.get("href").removeprefix("https://baochi.example").partition("#")[0]
            if href.startswith("/") and not href.startswith("//") and "/dia-ban/" not in href:
                waiting.append(href)
    assert "/chu-de/the-thao" in seen and "/en/bao/trungdu" in seen


def test_the_english_edition_has_no_vietnamese_words_of_ours(library):
    vietnamese = library.app.state.site.editions.vietnamese.messages
    own = {
        vietnamese.text(key)
        for key in vietnamese
        if isinstance(vietnamese.template(key), str) and "{" not in vietnamese.template(key)
    }
    allowed = {"RSS", "Atom", "JSON Feed", "Facebook", "Tiếng Việt", "English"}
    for path in PAGES:
        texts = {text.strip() for text in html.fromstring(library.get("/en" + path).text).itertext()}
        assert not (texts & own) - allowed, path
