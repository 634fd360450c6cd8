"""Real pages of five outlets, measured outside the repository (DIEMBAO_EVAL_DIR)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from diembao.errors import Unreadable
from diembao.records import Article, Page, PublishedFrom
from pipelines.dates import VIETNAM
from pipelines.reading import read_page
from pipelines.reading.outline import text_key
from pipelines.reading.structured import clean

pytestmark = pytest.mark.outside

# Where each paper prints its lead and its teasers; read here by hand, never by the reader.
LEAD = {
    "baochinhphu": "h2.detail-sapo",
    "cafef": "h2.sapo",
    "dantri": "article h2",
    "tuoitre": "h2.detail-sapo",
    "vnexpress": "p.description",
}
TEASERS = (
    ".kbwscwlr-list a, .VCSortableInPreviewMode a.OneNewsTitle, .detail__related a, .tincungmucdetail h4 a, "
    "article h3 a, figcaption"
)


def _pages(eval_dir: Path, kind: str) -> dict[str, tuple[Page, dict[str, Any]]]:
    truth = json.loads((eval_dir / "pages" / "truth.json").read_text())
    pages = {}
    for path in sorted((eval_dir / "pages").glob(f"*_{kind}*.html")):
        known = truth.get(path.name, {})
        url = known.get("url") or known.get("page_url") or ""
        pages[path.name] = Page(url, "", datetime.now(UTC), 200, "text/html", path.read_bytes()), known
    assert pages
    return pages


@pytest.fixture(scope="module")
def read(eval_dir: Path) -> dict[str, tuple[Page, dict[str, Any], Article]]:
    return {name: (page, known, read_page(page)) for name, (page, known) in _pages(eval_dir, "article").items()}


def test_title_and_time_are_exactly_the_known_ones(read: dict[str, tuple[Page, dict[str, Any], Article]]) -> None:
    for name, (_, known, article) in read.items():
        if "title" in known:
            assert article.title == known["title"], name
        assert article.title.startswith(known.get("title_startswith", "")), name
        if "published_at" in known:
            stated = datetime.fromisoformat(known["published_at"])
            stated = stated if stated.tzinfo else stated.replace(tzinfo=VIETNAM)
            assert article.published_at is not None, name
            ours = article.published_at if stated.second else article.published_at.replace(second=0)
            assert ours == stated, name
            assert article.published_from is PublishedFrom.PAGE, name


def test_section_and_words_of_the_body(read: dict[str, tuple[Page, dict[str, Any], Article]]) -> None:
    for name, (_, known, article) in read.items():
        assert article.section == known.get("category", article.section), name
        assert all(words in article.text for words in known.get("body_contains", ())), name


def test_lead_stands_once_and_first(read: dict[str, tuple[Page, dict[str, Any], Article]]) -> None:
    for name, (page, _, article) in read.items():
        printed = LexborHTMLParser(page.body.decode()).css_first(LEAD[name.split("_")[0]])
        assert printed is not None, name
        lead = text_key(clean(printed.text()))
        assert text_key(article.lead) == lead, name
        assert article.text.split("\n")[0] == article.lead, name
        assert text_key(article.text).count(lead) == 1, name


def test_no_teaser_and_no_caption_in_the_text(read: dict[str, tuple[Page, dict[str, Any], Article]]) -> None:
    for name, (page, _, article) in read.items():
        printed = [clean(node.text()) for node in LexborHTMLParser(page.body.decode()).css(TEASERS)]
        lines = {text_key(line) for line in article.text.split("\n")}
        found = [
            teaser for teaser in printed if len(teaser) > 20 and text_key(teaser) in lines | {text_key(article.title)}
        ]
        assert [teaser for teaser in found if teaser != article.title] == [], name


def test_authors_are_people_not_papers(read: dict[str, tuple[Page, dict[str, Any], Article]]) -> None:
    signed = {name.split("_")[0]: article.authors for name, (_, _, article) in read.items()}
    assert len(signed["tuoitre"]) == 2
    assert signed["baochinhphu"] == ()
    assert all(len(signed[paper]) == 1 for paper in ("cafef", "dantri", "vnexpress"))


def test_section_pages_are_no_articles(eval_dir: Path) -> None:
    for name, (page, _) in _pages(eval_dir, "list").items():
        with pytest.raises(Unreadable):
            pytest.fail(f"{name} was read as “{read_page(page).title}”")
