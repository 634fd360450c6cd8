"""Reading measured: quality beside trafilatura's default, CPU milliseconds a page by part.

    python bench/reading.py [--pages 12] [--weight 230]

Pages: articles of the demo press in the layouts under tests/pipelines/reading/layouts and in the demo press's own
templates, made as heavy as real pages (scripts, styles, menus); with DIEMBAO_EVAL_DIR also the real pages there, their
text by selectors written by hand. Profiles are learned from other pages of the same layout than they are tried on.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import trafilatura
from selectolax.lexbor import LexborHTMLParser

from diembao.errors import Unreadable
from diembao.records import Page
from pipelines.dates import VIETNAM
from pipelines.reading import Profile, learn, read_page, teacher
from pipelines.reading.likeness import shingle_f1
from pipelines.reading.outline import outline_of, take_out_unseen
from pipelines.reading.reader import parse
from pipelines.reading.selection import Picked
from pipelines.reading.structured import clean, read_structured
from pipelines.reading.survey import read_survey, survey

ROOT = Path(__file__).resolve().parent.parent
LEARNED_FROM = 12


@dataclass(frozen=True, slots=True)
class Gold:
    """A page and what stands on it; fields that are not known are None."""

    page: Page
    text: str
    title: str | None = None
    published_at: datetime | None = None
    authors: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """What one reader took from one page; empty where it failed."""

    text: str = ""
    title: str = ""
    published_at: datetime | None = None
    authors: tuple[str, ...] = ()


Reader = Callable[[Page], Read]


@dataclass(slots=True)
class Score:
    """Sums over pages of one layout."""

    pages: int = 0
    f1: float = 0.0
    title: float = 0.0
    titles: int = 0
    dated: float = 0.0
    dates: int = 0
    right_authors: int = 0
    said_authors: int = 0
    true_authors: int = 0
    cpu: list[float] = field(default_factory=list)

    def add(self, gold: Gold, read: Read, seconds: float) -> None:
        self.pages += 1
        self.f1 += shingle_f1(read.text, gold.text)
        self.cpu.append(seconds * 1000)
        if gold.title is not None:
            self.titles += 1
            self.title += read.title == gold.title
        if gold.published_at is not None:
            self.dates += 1
            exact = read.published_at is not None and abs((read.published_at - gold.published_at).total_seconds()) < 60
            self.dated += exact
        if gold.authors is not None:
            ours, true = ({name.casefold() for name in names} for names in (read.authors, gold.authors))
            self.right_authors += len(ours & true)
            self.said_authors += len(ours)
            self.true_authors += len(true)

    @property
    def authors(self) -> float:
        said = self.said_authors + self.true_authors
        return 2 * self.right_authors / said if said else 1.0

    def figures(self) -> tuple[float, float, float, float]:
        """F1, title, time, authors."""
        return self.f1 / self.pages, self.title / max(1, self.titles), self.dated / max(1, self.dates), self.authors


# ----------------------------------------------------------------------------------------------- material
def load_material() -> ModuleType:
    path = ROOT / "tests" / "pipelines" / "reading" / "material.py"
    spec = importlib.util.spec_from_file_location("reading_material", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def own_pages(count: int, weight: int) -> dict[str, list[Gold]]:
    """By layout: the pages to learn from, then `count` to measure with."""
    material = load_material()
    layouts: dict[str, list[Gold]] = {}
    for name in material.layout_names():
        layouts[name] = [_gold(printed, weight) for printed in material.pages_of(name, LEARNED_FROM + count)]
    for printed in material.demo_press_pages():
        layouts.setdefault(f"{printed.layout} {printed.page.source}", []).append(_gold(printed, weight))
    return layouts


def _gold(printed: Any, weight: int) -> Gold:
    page = replace(printed.page, body=heavier(printed.page.body, weight * 1000))
    people = tuple(name for name in printed.authors if name not in {"Ban Biên tập", "Tổng hợp", "Bạn đọc"})
    return Gold(page, printed.text, printed.title, printed.published_at, people)


def heavier(body: bytes, size: int) -> bytes:
    """The page with the scripts, styles and menus that make real pages twenty times as heavy as their text."""
    missing = max(0, size - len(body))
    script = b"<script>" + b"window.dataLayer.push({event:'xem',nhom:'tin'});" * (missing // 2 // 48) + b"</script>"
    style = b"<style>" + b".khung .muc{margin:0 auto;padding:4px}" * (missing // 4 // 39) + b"</style>"
    entry = '<li class="menu-item"><a href="/muc/{0}.htm" title="Chuyên mục số {0}">Chuyên mục số {0}</a></li>'
    links = "".join(entry.format(number) for number in range(missing // 4 // 100)).encode()
    menu = b'<nav class="mega-menu"><ul>' + links + b"</ul></nav>"
    body = body.replace(b"</head>", script + style + b"</head>", 1)
    return body.replace(b"</body>", menu + b"</body>", 1)


# Written by hand for these saved pages: the lead, the element of the text, and what in it is not text.
REAL = {
    "baochinhphu": ("h2.detail-sapo", "div.detail-content", ".VCSortableInPreviewMode"),
    "cafef": ("h2.sapo", "div.detail-content", ".tindnd, figure"),
    "dantri": ("article h2", "#desktop-in-article", "figure"),
    "tuoitre": (
        "h2.detail-sapo",
        "div.detail-content",
        "figure, .readmore-body-box, div.VCSortableInPreviewMode > a, .VCObjectBoxRelatedNewsItemSapo",
    ),
    "vnexpress": ("p.description", "article.fck_detail", "figure, p:last-child"),
}


def real_pages(eval_dir: Path) -> list[Gold]:
    truth = json.loads((eval_dir / "pages" / "truth.json").read_text())
    golds = []
    for path in sorted((eval_dir / "pages").glob("*_article*.html")):
        known = truth.get(path.name, {})
        page = Page(known.get("url", ""), "", datetime.now(UTC), 200, "text/html", path.read_bytes())
        stated = datetime.fromisoformat(known["published_at"]) if "published_at" in known else None
        when = stated.replace(tzinfo=VIETNAM) if stated and not stated.tzinfo else stated
        golds.append(Gold(page, _by_hand(path), known.get("title"), when))
    return golds


def _by_hand(path: Path) -> str:
    lead, body, junk = REAL[path.name.split("_")[0]]
    tree = LexborHTMLParser(path.read_bytes().decode())
    take_out_unseen(tree)
    element = tree.css_first(body)
    assert element is not None
    for node in element.css(junk):
        node.decompose()
    first = tree.css_first(lead)
    assert first is not None
    return "\n".join([clean(first.text()), *(block.text for block in outline_of(element).blocks)])


# ------------------------------------------------------------------------------------------------ readers
def ours(profile: Profile | None = None) -> Reader:
    def read(page: Page) -> Read:
        try:
            article = read_page(page, profile=profile)
        except Unreadable:
            return Read()
        return Read(article.text, article.title, article.published_at, article.authors)

    return read


def trafilatura_default(page: Page) -> Read:
    document = trafilatura.bare_extraction(page.body, url=page.url, with_metadata=True)
    if document is None or isinstance(document, dict):
        return Read()
    names = tuple(name.strip() for name in (document.author or "").split(";") if name.strip())
    when = datetime.fromisoformat(document.date).replace(tzinfo=VIETNAM) if document.date else None
    return Read(document.text or "", document.title or "", when, names)


def measure(golds: Iterable[Gold], reader: Reader) -> Score:
    score = Score()
    for gold in golds:
        began = time.process_time()
        read = reader(gold.page)
        score.add(gold, read, time.process_time() - began)
    return score


# ------------------------------------------------------------------------------------------------- tables
def quality_table(title: str, scores: dict[str, dict[str, Score]]) -> None:
    print(f"\n{title}")
    print(f"{'':34s} {'pages':>5s}  {'F1':>6s} {'title':>6s} {'time':>6s} {'author':>6s} {'ms p50':>7s} {'p99':>7s}")
    for reader, by_layout in scores.items():
        total = _total(by_layout.values())
        row = " ".join(f"{figure:6.3f}" for figure in total.figures())
        cpu = sorted(total.cpu)
        print(f"{reader:34s} {total.pages:5d}  {row} {_at(cpu, 0.5):7.2f} {_at(cpu, 0.99):7.2f}")


def _total(scores: Iterable[Score]) -> Score:
    total = Score()
    for score in scores:
        for name in Score.__slots__:
            setattr(total, name, getattr(total, name) + getattr(score, name))
    return total


def _at(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def layouts_below(scores: dict[str, dict[str, Score]], ours_name: str, other_name: str) -> None:
    """Every layout and figure in which the other reader is better."""
    print(f"\nLayouts on which {other_name} is above {ours_name}:")
    names = ("F1", "title", "time", "authors")
    found = False
    for layout, score in scores[ours_name].items():
        other = scores[other_name][layout].figures()
        for name, mine, theirs in zip(names, score.figures(), other, strict=True):
            if theirs > mine + 1e-9:
                found = True
                print(f"  {layout:40s} {name:8s} {mine:.3f} < {theirs:.3f}")
    if not found:
        print("  none")


def parts_table(pages: Sequence[Page], profile_of: dict[str, Profile]) -> None:
    """CPU of each step, mean over the pages."""
    spent: dict[str, float] = defaultdict(float)

    def timed(part: str, work: Callable[[], Any]) -> Any:
        began = time.process_time()
        result = work()
        spent[part] += time.process_time() - began
        return result

    for page in pages:
        tree = timed("decode and parse", lambda page=page: parse(page))
        structured = timed("the page's own data", lambda page=page, tree=tree: read_structured(tree, page.url))
        timed("take out scripts", lambda tree=tree: take_out_unseen(tree))
        timed("outline of the whole page", lambda tree=tree: outline_of(tree.body))
        timed("trafilatura on the whole page", lambda tree=tree: teacher.article_lines(tree.html or ""))
        timed(
            "survey with teacher, all parts",
            lambda p=page, t=tree, s=structured: read_survey(p, t, s, Picked(), survey(p, t, s, Picked())),
        )
        timed("read_page, unknown site", lambda page=page: read_page(page))
        profile = profile_of.get(page.url)
        if profile is not None:
            timed("read_page, learned profile", lambda page=page, profile=profile: read_page(page, profile=profile))
    print("\nCPU ms a page by part")
    for part, seconds in spent.items():
        count = len(profile_of) if part.endswith("profile") else len(pages)
        print(f"  {part:34s} {seconds / max(1, count) * 1000:7.2f}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pages", type=int, default=12, help="pages measured in each layout")
    arguments.add_argument("--weight", type=int, default=230, help="kilobytes a page is made to weigh")
    options = arguments.parse_args()

    layouts = own_pages(options.pages, options.weight)
    scores: dict[str, dict[str, Score]] = defaultdict(dict)
    profiles: dict[str, Profile] = {}
    sample: list[Page] = []
    read_page(next(iter(layouts.values()))[0].page)  # the first call loads the teacher's tables
    trafilatura_default(next(iter(layouts.values()))[0].page)
    gc.collect()
    gc.freeze()  # a worker does not hold hundreds of pages for the collector to walk
    for layout, golds in layouts.items():
        learned_from = golds[: min(LEARNED_FROM, 2 * len(golds) // 3)]
        measured = golds[len(learned_from) :]
        profile = learn([gold.page for gold in learned_from], layout, on=date(2026, 11, 22))
        if profile is not None:
            profiles |= {gold.page.url + layout: profile for gold in measured[:1]}
        scores["unknown site"][layout] = measure(measured, ours())
        scores["learned profile, where there is one"][layout] = measure(measured, ours(profile))
        scores["trafilatura default"][layout] = measure(measured, trafilatura_default)
        sample += [replace(gold.page, url=gold.page.url + layout) for gold in measured[:1]]
    count = sum(len(golds) for golds in layouts.values())
    print(f"{len(layouts)} layouts, {count} pages of {options.weight} kB; profiles for {len(profiles)} layouts")
    quality_table("Our layouts and articles", scores)
    layouts_below(scores, "unknown site", "trafilatura default")
    parts_table(sample, profiles)

    folder = os.environ.get("DIEMBAO_EVAL_DIR", "")
    if not folder:
        print("\nDIEMBAO_EVAL_DIR is not set: real pages not measured")
        return
    real = real_pages(Path(folder))
    beside = {"unknown site": ours(), "trafilatura default": trafilatura_default}
    quality_table(
        "Real pages (time: where known)", {name: {"real": measure(real * 5, reader)} for name, reader in beside.items()}
    )


if __name__ == "__main__":
    main()
