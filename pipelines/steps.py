"""The steps of one article's way that need no database: extract → normalise → gate → tag.

Each takes the work so far and gives it back with its own part filled in. A step that cannot do its work raises;
the runner quarantines that article and goes on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from diembao.errors import ArchiveError, Unreadable
from diembao.records import Annotations, Article, Page, PublishedFrom, Relevance
from diembao.store.archive import ArchivedRecord, read_record
from diembao.store.pages import PendingPage
from nlp.analyzer import Analyzer
from nlp.legacy import to_unicode
from nlp.records import Document, GateResult
from nlp.stories.printing import PrintingReader
from nlp.text import normalise
from pipelines.addresses import canonical_url
from pipelines.annotating import to_annotations
from pipelines.dates import VIETNAM, read_moment
from pipelines.grouping import signature_of
from pipelines.reading import FEWEST_PAGES, MOST_PAGES, OpenPage, Profile, learn, shingle_f1

# One page in so many that a profile read is also read as an unknown one, so that a profile gone wrong is noticed.
COMPARED_EVERY: Final = 32
# `Article.read_by` of imported rows.
FROM_ROW: Final = "row/1"


@dataclass(frozen=True, slots=True)
class Work:
    """One article on its way. What is still None has not been done.

    agreement: likeness of the text to that of an independent reading, where there was one. offered: the newest profile
    at hand when the page was read. ruled: the relevance that a person gave, which stands above the machine's.
    """

    page: PendingPage
    article: Article | None = None
    judged: GateResult | None = None
    annotations: Annotations | None = None
    signature: bytes = b""
    agreement: float | None = None
    offered: str = ""
    ruled: str = ""


@dataclass(frozen=True)
class Tools:
    """What the steps need; made once per process."""

    archive_dir: Path
    analyzer: Analyzer
    selectors: Mapping[str, Mapping[str, str]]  # source -> its `read` selectors
    profiles: Mapping[str, Sequence[Profile]] = field(default_factory=dict)  # source -> learned, newest first
    printings: PrintingReader = field(default_factory=PrintingReader.load)


def extract(work: Work, tools: Tools) -> Work:
    """Read the article out of its archived page or imported row."""
    page = work.page
    record = read_record(tools.archive_dir, page.place)
    if record.kind == "resource":
        return replace(work, article=article_from_row(json.loads(record.body), page))
    fetched, selectors = _fetched(page, record), tools.selectors.get(page.source)
    profiles = tools.profiles.get(page.source, ())
    opened = OpenPage(fetched, selectors)
    article = opened.read(profiles)
    compared = article.read_by.startswith("profile/") and page.id % COMPARED_EVERY == 0
    return replace(
        work,
        article=article,
        agreement=_agreement(article, opened) if compared else None,
        offered=profiles[0].name if profiles else "",
    )


def _fetched(page: PendingPage, record: ArchivedRecord) -> Page:
    return Page(
        url=page.url,
        source=page.source,
        fetched_at=page.fetched_at,
        status=record.status,
        content_type=record.headers.get("content-type", ""),
        body=record.body,
        hints=page.hints,
    )


def _agreement(article: Article, opened: OpenPage) -> float:
    try:
        return shingle_f1(article.text, opened.read().text)
    except Unreadable:
        return 0.0


def learn_site(source: str, pages: Sequence[PendingPage], tools: Tools, on: date) -> Profile | None:
    """A profile of a source from its archived pages, newest first; None where none agrees with the teacher.

    Where all of them do not teach one, the newest half is tried: a site that was redesigned has pages of both kinds.
    """
    if "body" in tools.selectors.get(source, {}):
        return None  # its file says where the text stands, and that counts before any profile
    fetched = []
    for page in pages[:MOST_PAGES]:
        try:
            record = read_record(tools.archive_dir, page.place)
        except ArchiveError:
            continue
        if record.kind == "response":
            fetched.append(_fetched(page, record))
    half = max(FEWEST_PAGES, len(fetched) // 2)
    return learn(fetched, source, on=on) or (learn(fetched[:half], source, on=on) if half < len(fetched) else None)


def normalise_article(work: Work, _tools: Tools) -> Work:
    """NFC, look-alike letters, legacy encodings, canonical address."""
    article = _need(work.article)
    return replace(
        work,
        article=replace(
            article,
            title=" ".join(_clean(article.title).split()),
            lead=_clean(article.lead).strip(),
            text=_clean(article.text).strip(),
            authors=tuple(_clean(author) for author in article.authors),
            section=_clean(article.section),
            credit=_clean(article.credit),
            canonical_url=canonical_url(article.canonical_url) or canonical_url(article.url),
        ),
    )


def gate(work: Work, tools: Tools) -> Work:
    """Relevant, marginal or irrelevant, with evidence."""
    judged = tools.analyzer.gate(_document(work))
    return replace(work, judged=judged, annotations=to_annotations(judged))


def tag(work: Work, tools: Tools) -> Work:
    """Topics, stance, places, names; and the signature by which copies are found."""
    article, judged = _need(work.article), _need(work.judged)
    if work.ruled:
        judged = replace(judged, relevance=work.ruled)  # type: ignore[arg-type]  # one of the three
    analysis = tools.analyzer.tag(_document(work), judged)
    signature = signature_of(article, tools.printings)
    return replace(work, annotations=to_annotations(analysis), signature=signature)


Part = TypeVar("Part")
Step = Callable[[Work, Tools], Work]
STEPS: Final[Mapping[str, Step]] = {"extract": extract, "normalise": normalise_article, "gate": gate, "tag": tag}
# Done in the database, by the runner and the indexer; named here because `--redo` may begin with them.
STORE_STEPS: Final = ("group", "index")


def understand(work: Work, tools: Tools, begin: str = "extract") -> Work:
    """Take the work through the steps from `begin` on; what is irrelevant is not tagged, unless a person said it is."""
    names = list(STEPS)
    for name in names[names.index(begin) :]:
        judged = work.ruled or (work.judged.relevance if work.judged is not None else "")
        if name == "tag" and judged == Relevance.IRRELEVANT.value:
            break
        try:
            work = STEPS[name](work, tools)
        except Unreadable:
            raise
        except Exception as error:
            error.add_note(f"step: {name}")
            raise
    return work


def article_from_row(row: Mapping[str, Any], page: PendingPage) -> Article:
    """An imported row as an article.

    Fields: title, text, and where known lead, date (ISO 8601 or any form the date layer knows), url, author
    or authors, section, image, credit.

    Raises:
        Unreadable: neither title nor text.
    """
    title, text, lead = (str(row.get(name) or "").strip() for name in ("title", "text", "lead"))
    if not text and not title:
        raise Unreadable("the row has neither title nor text")
    if lead and not normalise(text).startswith(normalise(lead)):
        text = f"{lead}\n{text}" if text else lead
    published_at = _given_time(str(row.get("date") or ""), page.fetched_at)
    authors = row.get("authors") or row.get("author") or ()
    return Article(
        url=str(row.get("url") or ""),
        canonical_url=str(row.get("url") or ""),
        source=page.source,
        title=title or text[:120],
        lead=lead or text.partition("\n")[0],
        text=text or title,
        authors=(authors,) if isinstance(authors, str) else tuple(str(author) for author in authors),
        published_at=published_at,
        published_from=PublishedFrom.GIVEN if published_at else PublishedFrom.NONE,
        section=str(row.get("section") or ""),
        image=str(row.get("image") or ""),
        credit=str(row.get("credit") or ""),
        read_by=FROM_ROW,
    )


def _given_time(text: str, anchor: datetime) -> datetime | None:
    if not text:
        return None
    moment = read_moment(text, anchor)
    # A row dated after it came in is mistaken about its date, not news from the future.
    return moment.at if moment is not None and moment.at <= anchor.astimezone(VIETNAM) else None


def _clean(text: str) -> str:
    return normalise(to_unicode(text))


def _document(work: Work) -> Document:
    article = _need(work.article)
    return Document(
        id=str(work.page.id),
        title=article.title,
        text=article.text,
        lead=article.lead,
        date=article.published_at.isoformat() if article.published_at else "",
        url=article.url,
        source=article.source,
    )


def _need(value: Part | None) -> Part:
    if value is None:
        raise ValueError("a step ran before the one it builds on")
    return value
