"""Pages of our own making to read: articles of the demo press printed in the layouts of this folder.

The layouts follow families of markup met in the Vietnamese press, with the traps each sets for a reader; what a
careful reader should take from a page is known exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from diembao.demo.edition import Edition, PrintedArticle
from diembao.demo.manuscripts import load_press
from diembao.demo.site import Site, make_templates
from diembao.records import Page
from pipelines.dates import VIETNAM

LAYOUTS = Path(__file__).parent / "layouts"
OPENED = datetime(2026, 11, 20, 9, 17, 41, tzinfo=UTC)
WEEKDAYS = ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ Nhật")
SITE = {
    "title": "Báo Đồi Chè",
    "name": "doiche.example",
    "home": "https://doiche.example",
    "short": "(Đồi Chè)",
    "mark": "ĐCO",
    "sections": [
        "Thời sự",
        "Kinh tế",
        "Xã hội",
        "Pháp luật",
        "Văn hóa",
        "Thể thao",
        "Giáo dục",
        "Sức khỏe",
        "Đất và người",
    ],
}
# What a layout prints before the lead, which stays part of it.
LEAD_MARKS = {
    "bao_lon": "Thái Nguyên - ",
    "toa_soan_dia_phuong": "(Đồi Chè) - ",
    "dai_truyen_hinh": "(Đồi Chè) - ",
    "quan_doi": "ĐCO - ",
}
# Layouts that print only “25 phút trước” are seen that much later; the others three days.
SEEN_AFTER = {"dai_truyen_hinh": timedelta(minutes=25)}


@dataclass(frozen=True, slots=True)
class Material:
    """A page and what should be read from it."""

    layout: str
    page: Page
    title: str
    lead: str
    text: str
    authors: tuple[str, ...]
    published_at: datetime
    photo: str = ""
    credit: str = ""
    teasers: tuple[str, ...] = field(default=())


def layout_names() -> list[str]:
    return sorted(path.stem for path in LAYOUTS.glob("[!_]*.html"))


@cache
def written_articles() -> list[PrintedArticle]:
    """All Vietnamese articles of the demo press with text of their own, oldest first."""
    press = load_press()
    edition = Edition(press, OPENED)
    edition.locate({name: f"http://{name}.example" for name in press.papers})
    vietnamese = [name for name, paper in press.papers.items() if paper.language == "vi"]
    articles = [one for name in vietnamese for one in edition.newest_first(name, OPENED)]
    whole = [one for one in articles if len(one.paragraphs) >= 3 and one.lead and one.authors and not one.reprint_of]
    return sorted(whole, key=lambda one: (one.published_at, one.id))


def print_page(layout: str, article: PrintedArticle, others: list[PrintedArticle]) -> Material:
    """The article as the layout prints it, beside teasers for the others."""
    when = article.published_at.astimezone(VIETNAM).replace(microsecond=0)
    seen = when + SEEN_AFTER.get(layout, timedelta(days=3))
    photo = article.photo or "Một góc xã nhìn từ trên cao."
    shown: dict[str, Any] = {
        "id": article.id,
        "title": article.title,
        "lead": article.lead,
        "paragraphs": list(article.paragraphs),
        "authors": list(article.authors),
        "tags": list(article.tags) or ["thời sự", "Thái Nguyên"],
        "photo": photo,
        "credit": article.credit,
        "section": "Đất và người",
        "url": f"{SITE['home']}/{article.id}.html",
        "when": when,
        "utc": when.astimezone(UTC),
        "weekday": WEEKDAYS[when.weekday()],
        "ago": f"{int((seen - when).total_seconds() // 60)} phút trước",
    }
    related = [
        {"title": one.title, "lead": one.lead, "url": f"/{one.id}.html", "when": one.published_at.astimezone(VIETNAM)}
        for one in others
    ]
    markup = _templates().get_template(f"{layout}.html").render(a=shown, site=SITE, others=related, seen=seen)
    lead = LEAD_MARKS.get(layout, "") + article.lead
    body = [paragraph.removeprefix("## ") for paragraph in article.paragraphs]
    page = Page(shown["url"], "doiche", seen.astimezone(UTC), 200, "text/html; charset=utf-8", markup.encode())
    return Material(
        layout, page, article.title, lead, "\n".join([lead, *body]), article.authors, when.astimezone(UTC), photo,
        article.credit, tuple(one.title for one in others),
    )  # fmt: skip


def pages_of(layout: str, count: int) -> list[Material]:
    """Some articles in one layout, each beside other teasers."""
    articles = written_articles()
    chosen = [articles[(step * 7) % len(articles)] for step in range(min(count, len(articles)))]
    pages = []
    for position, article in enumerate(chosen):
        others = [articles[(position * 11 + step * 5 + 3) % len(articles)] for step in range(5)]
        pages.append(print_page(layout, article, [one for one in others if one.id != article.id]))
    return pages


def demo_press_pages() -> Iterator[Material]:
    """The pages of the demo press itself, in its own families of markup."""
    press = load_press()
    edition = Edition(press, OPENED)
    edition.locate({name: f"http://{name}.example" for name in press.papers})
    templates = make_templates()
    for name, paper in press.papers.items():
        if paper.language != "vi":
            continue
        site = Site(paper, f"http://{name}.example", edition, templates)
        for article in site.articles(OPENED):
            response = site.article(article, OPENED)
            page = Page(article.url, name, OPENED, 200, response.headers.get("Content-Type", ""), response.body)
            yield Material(
                f"demo:{paper.family}", page, article.title, article.lead, article.text, article.authors,
                article.published_at, article.photo, article.credit,
            )  # fmt: skip


@cache
def _templates() -> Environment:
    environment = Environment(loader=FileSystemLoader(LAYOUTS), undefined=StrictUndefined, autoescape=True)
    environment.filters["references"] = _twice_escaped
    return environment


def _twice_escaped(text: str) -> Markup:
    """Letters beyond ASCII as character references, escaped once more, as some systems print their JSON-LD."""
    escaped = "".join(
        letter if letter.isascii() and letter not in '"&<' else f"&amp;#{ord(letter)};" for letter in text
    )
    return Markup(escaped)  # noqa: S704 — our own text, escaped the way the pages do it
