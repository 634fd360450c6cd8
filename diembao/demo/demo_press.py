"""The demo press as others use it: start it, ask where things are, make it misbehave, see who called."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from diembao.demo.control import Control
from diembao.demo.edition import Edition, PrintedArticle
from diembao.demo.http import Answer, Request, Response, Server, compressed, listen
from diembao.demo.manuscripts import REMOVALS, Edit, Label, Manuscript, Paper, Removal, load_press
from diembao.demo.site import Kind, Site, make_templates
from diembao.demo.source_files import source_text
from diembao.demo.tricks import TRICKS, Occasion
from diembao.errors import WrongUse

_LOG_LENGTH = 20_000  # requests remembered; a demo may run for days


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request as it was met. `at`: monotonic seconds, for measuring pauses between requests."""

    paper: str
    method: str
    target: str
    kind: Kind
    status: int
    trick: str
    at: float
    headers: Mapping[str, str]


@dataclass(slots=True)
class Misbehaviour:
    """A trick at work. `times`: how many requests it plays on (None: all)."""

    number: int
    paper: str
    trick: str
    path: str
    times: int | None
    options: Mapping[str, Any]
    hits: int = 0

    def meets(self, request: Request, kind: Kind) -> bool:
        if self.times is not None and self.hits >= self.times:
            return False
        if self.path:
            return fnmatchcase(request.path, self.path) or fnmatchcase(request.target, self.path)
        return TRICKS[self.trick].suits(kind) or self._leads_on(request, kind)

    def _leads_on(self, request: Request, kind: Kind) -> bool:
        """The traps for link followers also answer at the addresses they made up."""
        return kind is Kind.MISSING and (
            (self.trick == "calendar" and request.path.startswith("/lich/"))
            or (self.trick == "endless_pages" and "/danh-sach/trang-" in request.path)
        )


class DemoPress:
    """Several small newspapers on localhost, one port each. Safe to use from several threads.

    papers: names of those wanted (default all).
    now: the clock of the press, aware; articles appear, change and vanish by it.
    opened_at: the moment all times of the press are counted from (default: `now()` when started first). Keep
        and pass it to have the same addresses and times after a restart.
    """

    def __init__(
        self,
        papers: Iterable[str] | None = None,
        *,
        now: Callable[[], datetime] | None = None,
        opened_at: datetime | None = None,
    ) -> None:
        press = load_press()
        wanted = list(papers) if papers is not None else list(press.papers)
        unknown = sorted(set(wanted) - set(press.papers))
        if unknown:
            raise WrongUse(f"no such paper in the demo press: {', '.join(unknown)}")
        self.papers: dict[str, Paper] = {name: press.papers[name] for name in wanted}
        self.now: Callable[[], datetime] = now or _utc_now
        self.opened_at = opened_at or self.now()
        self.addresses: dict[str, str] = {}
        self.control_address = ""
        self._edition = Edition(press, self.opened_at)
        self._sites: dict[str, Site] = {}
        self._server = Server()
        self._lock = threading.Lock()
        self._log: deque[LoggedRequest] = deque(maxlen=_LOG_LENGTH)
        self._misbehaviours: list[Misbehaviour] = []
        self._numbers = itertools.count(1)

    def start(self, host: str = "127.0.0.1", base_port: int = 0) -> Self:
        """Serve. `base_port` N puts the control at N and the papers at N+1, N+2, …; 0 lets the system choose.

        Raises:
            WrongUse: already started, not a loopback address, or a port is taken.
        """
        if self.addresses:
            raise WrongUse("the demo press is already running")
        if not ip_address(host).is_loopback:
            raise WrongUse(f"the demo press serves loopback addresses only, not {host}")
        sockets = []
        try:
            for place in range(len(self.papers) + 1):
                sockets.append(listen(host, base_port and base_port + place))
        except OSError as error:
            for each in sockets:
                each.close()
            raise WrongUse(f"cannot serve the demo press on {host}: {error}") from error
        written = f"[{host}]" if ":" in host else host
        urls = [f"http://{written}:{each.getsockname()[1]}" for each in sockets]
        self.control_address = urls[0]
        self.addresses = dict(zip(self.papers, urls[1:], strict=True))
        self._edition.locate(self.addresses)
        templates = make_templates()
        answers: list[Answer] = [Control(self).answer]
        for name, paper in self.papers.items():
            self._sites[name] = Site(paper, self.addresses[name], self._edition, templates)
            answers.append(self._answerer(name))
        self._server.start(list(zip(sockets, answers, strict=True)))
        return self

    def stop(self) -> None:
        """Close all connections and free the ports; harmless when not running."""
        self._server.stop()
        self.addresses = {}
        self.control_address = ""

    def __enter__(self) -> Self:
        return self if self.addresses else self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # What is printed

    def articles(self, paper: str | None = None) -> list[PrintedArticle]:
        """What stands in the papers now, newest first; removed articles are left out."""
        now = self.now()
        names = self.papers if paper is None else [self._known(paper)]
        found = [article for name in names for article in self._edition.newest_first(name, now)]
        return sorted(found, key=lambda each: (each.published_at, each.id), reverse=True)

    def article(self, article_id: str) -> PrintedArticle:
        """One article as it stands now (or will stand, when it is not out yet).

        Raises:
            WrongUse: there is no such article.
        """
        return self._edition.article(article_id, self.now())

    def still_to_come(self) -> list[PrintedArticle]:
        """Articles that will appear later, soonest first."""
        now = self.now()
        written = (self.article(name) for name in self._edition.press.manuscripts)
        coming = [each for each in written if each.paper in self.papers and each.published_at > now]
        return sorted(coming, key=lambda each: each.published_at)

    def feed_urls(self, paper: str) -> list[str]:
        """The paper's feeds, that of everything first; none for a paper that has only list pages."""
        return [self.addresses[paper] + path for path in self._sites[self._known(paper)].feeds()]

    def list_urls(self, paper: str) -> list[str]:
        """The first list page of each section."""
        site = self._sites[self._known(paper)]
        return [site.address + site.family.list_path(section, 1) for section in site.paper.sections]

    def sitemap_urls(self, paper: str) -> list[str]:
        return [f"{self.addresses[paper]}/sitemap-news.xml"] if self.papers[self._known(paper)].sitemap else []

    def write_sources(self, directory: Path) -> list[Path]:
        """Write one source file per paper, for `DIEMBAO_SOURCES_DIR`; the directory is made when missing."""
        directory.mkdir(parents=True, exist_ok=True)
        paths = []
        for name, paper in self.papers.items():
            path = directory / f"{name}.yml"
            feeds = self.feed_urls(name)[:1]
            lists = [] if feeds else self.list_urls(name)
            text = source_text(paper, self.addresses[name], feeds, lists, self.sitemap_urls(name))
            path.write_text(text, "utf-8")
            paths.append(path)
        return paths

    # What changes

    def publish(
        self,
        paper: str,
        title: str,
        lead: str,
        paragraphs: Iterable[str],
        *,
        section: str = "",
        authors: Iterable[str] = (),
        credit: str = "",
        label: Label | None = None,
        at: datetime | None = None,
    ) -> PrintedArticle:
        """Print an article of your own, now or at a given time (aware).

        Raises:
            WrongUse: unknown paper or section.
        """
        written = Manuscript(
            id=f"them-{next(self._numbers)}",
            paper=self._known(paper),
            at=(at or self.now()) - self.opened_at,
            label=label or Label("relevant"),
            title=title,
            section=section or next(iter(self.papers[paper].sections)),
            lead=lead,
            paragraphs=tuple(paragraphs),
            authors=tuple(authors),
            credit=credit,
        )
        self._edition.add(written)
        return self.article(written.id)

    def edit(
        self,
        article_id: str,
        *,
        title: str = "",
        lead: str = "",
        replacements: Mapping[str, str] | None = None,
        add: Iterable[str] = (),
    ) -> PrintedArticle:
        """Change a published article from now on; its address stays."""
        since = self._edition.since_opening(self.now())
        self._edition.edit(article_id, Edit(since, title, lead, dict(replacements or {}), tuple(add)))
        return self.article(article_id)

    def remove(self, article_id: str, how: str = "404") -> None:
        """Take an article off: `how` is `404`, `410`, `redirect_home` or `gone_page` (200 and a sentence).

        Raises:
            WrongUse: no such article or way.
        """
        if how not in REMOVALS:
            raise WrongUse(f"an article is removed by one of {', '.join(REMOVALS)}, not {how}")
        self._edition.remove(article_id, Removal(self._edition.since_opening(self.now()), how))

    def restore(self, article_id: str) -> None:
        """Put a removed article back."""
        self._edition.remove(article_id, None)

    # Misbehaviour

    def misbehave(
        self, paper: str, trick: str, path: str | None = None, *, times: int | None = None, **options: Any
    ) -> Misbehaviour:
        """Let a paper play a trick of `TRICKS`, on one address (path or URL, `*` allowed) or on all it suits.

        Of several tricks that meet a request the last one wins. `times`: only on the next so many requests.

        Raises:
            WrongUse: unknown paper or trick.
        """
        if trick not in TRICKS:
            raise WrongUse(f"unknown trick {trick!r}; there are: {', '.join(TRICKS)}")
        pattern = _path_of(path) if path else ""
        found = Misbehaviour(next(self._numbers), self._known(paper), trick, pattern, times, options)
        with self._lock:
            self._misbehaviours.append(found)
        return found

    def behave(self, paper: str | None = None, trick: str | None = None) -> None:
        """End all misbehaviour, or that of one paper, or one trick."""
        with self._lock:
            self._misbehaviours = [
                each
                for each in self._misbehaviours
                if (paper is not None and each.paper != paper) or (trick is not None and each.trick != trick)
            ]

    def misbehaviours(self) -> list[Misbehaviour]:
        """The tricks at work, as copies."""
        with self._lock:
            return [replace(each) for each in self._misbehaviours]

    # Who called

    def requests(self, paper: str | None = None, kind: str | None = None) -> list[LoggedRequest]:
        """The requests met so far (the last 20,000), oldest first."""
        with self._lock:
            return [each for each in self._log if paper in (None, each.paper) and (kind is None or each.kind == kind)]

    def forget_requests(self) -> None:
        with self._lock:
            self._log.clear()

    def _known(self, paper: str) -> str:
        if paper not in self.papers:
            raise WrongUse(f"no paper {paper!r} in the demo press; there are: {', '.join(self.papers)}")
        return paper

    def _answerer(self, name: str) -> Answer:
        site = self._sites[name]

        def answer(request: Request) -> Response:
            now = self.now()
            kind, response = site.answer(request, now)
            misbehaviour, hits = self._misbehaviour(name, request, kind)
            if misbehaviour is not None:
                _, response = site.answer(request.unconditional, now)
                occasion = Occasion(site, kind, request, response, now, hits, misbehaviour.options)
                response = TRICKS[misbehaviour.trick].play(occasion)
            trick = misbehaviour.trick if misbehaviour is not None else ""
            logged = LoggedRequest(
                name, request.method, request.target, kind, response.status, trick, time.monotonic(), request.headers
            )
            with self._lock:
                self._log.append(logged)
            return compressed(request, response)

        return answer

    def _misbehaviour(self, paper: str, request: Request, kind: Kind) -> tuple[Misbehaviour | None, int]:
        with self._lock:
            for each in reversed(self._misbehaviours):
                if each.paper == paper and each.meets(request, kind):
                    each.hits += 1
                    return each, each.hits - 1
        return None, 0


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _path_of(address: str) -> str:
    if address.startswith("/"):
        return address
    parts = urlsplit(address)
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
