"""What `crawl` and `sources` do, in lines to be printed."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from diembao.errors import BadSource, FetchRefused, WrongUse
from diembao.settings import Settings

if TYPE_CHECKING:
    from crawlers.discovery import Findings, Way
    from crawlers.source import Source
    from diembao.records import Article
    from diembao.store.database import Store
    from diembao.store.profiles import ReadingState
    from diembao.store.pulse import Pulse

_VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
_SHOWN_LINKS = 5


def crawl_once(settings: Settings, names: Sequence[str]) -> str:
    """Crawl, then understand and index; a running worker is asked to do it instead.

    Raises:
        WrongUse: no source of that name. StoreUnavailable, ArchiveError
    """
    from crawlers.run import crawl_once as crawl
    from diembao.cli.processing import process_and_index
    from diembao.store.database import open_store
    from diembao.store.locks import exclusive

    _refuse_unknown(settings, names)
    store = open_store(settings)
    with exclusive(store, settings.data_dir, "worker") as alone:
        if not alone:
            return _ask_the_worker(store, names)
        tally = crawl(settings, store, names)
    process_and_index(settings, store)
    return str(tally)


def crawl_until_stopped(settings: Settings, names: Sequence[str]) -> None:
    """Crawl, understand and index until a signal comes.

    Raises:
        WrongUse: no source of that name, or a worker is running. StoreUnavailable, ArchiveError
    """
    from crawlers.run import crawl_forever
    from diembao.cli.tools import tool_maker
    from diembao.index.opening import open_index
    from diembao.store.database import open_store
    from diembao.store.locks import exclusive
    from pipelines import loop, runner
    from pipelines.understanding import Readers

    _refuse_unknown(settings, names)
    stop = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda _number, _frame: stop.set())
    store = open_store(settings)
    with exclusive(store, settings.data_dir, "worker") as alone:
        if not alone:
            raise WrongUse("a worker is running on this data directory, and crawls by itself")
        with exclusive(store, settings.data_dir, "processing") as held:
            if not held:
                raise WrongUse("another command is processing articles; try again when it has ended")
            runner.take_over(store)
            index = open_index(settings)
            maker = tool_maker(settings, store)
            # Reading in processes of its own: in this one it would hold up the network.
            readers = Readers(maker.in_child, settings.reader_processes)
            understanding = threading.Thread(
                target=loop.run, args=(store, index, maker(), settings, stop), kwargs={"hands": readers}
            )
            understanding.start()
            try:
                crawl_forever(settings, store, stop, names)
            finally:
                stop.set()
                understanding.join()
                readers.close()
                index.close()


def registry(settings: Settings, *, as_json: bool) -> Iterator[str]:
    """One line a source, or one JSON array; broken files are told first.

    Raises:
        BadSource: there is no such directory.
    """
    from crawlers.source import load_readable

    loaded = load_readable(settings.sources_dir)
    states, pulses = _states(settings), _pulses(settings)
    if as_json:
        listed = [
            {
                **source.to_record().definition,
                "state": states.get(source.name, []),
                "pulse": asdict(pulses[source.name]) if source.name in pulses else None,
            }
            for source in loaded.sources
        ]
        yield json.dumps({"sources": listed, "faults": loaded.faults}, ensure_ascii=False, default=str)
        return
    for fault in loaded.faults:
        yield f"BROKEN {fault}"
    for source in loaded.sources:
        known = pulses.get(source.name)
        seen = sorted({state["status"] for state in states.get(source.name, [])}) or ["never polled"]
        found = [known.state] if known is not None else seen
        kinds = f"{len(source.feeds)} feeds, {len(source.sections)} pages, {len(source.sitemaps)} sitemaps"
        about = f"{source.outlet_type:11} {source.scope:9} {', '.join(found):14} {kinds:32}"
        why = f" ({known.reason['en']})" if known is not None and known.reason else ""
        yield f"{source.name:24} {about} {source.title}{why}"
    yield f"{len(loaded.sources)} sources"


def checked(settings: Settings, name: str, *, offline: bool, as_json: bool) -> Iterator[tuple[str, bool]]:
    """(line, whether it is well) for the files, then for each source that was looked at.

    Raises:
        BadSource: a file is malformed. WrongUse: no source of that name.
    """
    from crawlers.source import load_sources

    chosen = _chosen(load_sources(settings.sources_dir), [name] if name else [])
    if offline:
        yield f"{len(chosen)} source files, all sound", True
        return
    from crawlers.discovery import examine

    pulses, readings = _pulses(settings), _readings(settings)
    for findings in examine(settings, chosen):
        if as_json:
            known_reading = readings.get(findings.source.name)
            read = asdict(known_reading) if known_reading is not None else None
            shown = {**_as_json(findings), "reading": read}
            yield json.dumps(shown, ensure_ascii=False, default=str), findings.healthy
        else:
            known = pulses.get(findings.source.name)
            bad = known is not None and known.state != "ok"
            usually = f"; pulse: {known.state}, {known.reason.get('en', '')}" if known is not None and bad else ""
            line = _report(findings) + _read_by(readings.get(findings.source.name)) + usually
            yield line, findings.healthy or not findings.source.ways


def draft(settings: Settings, url: str, *, save: bool) -> Iterator[str]:
    """The draft and a preview; written beside the other source files on request.

    Raises:
        FetchRefused, FetchFailed; BadSource: the draft contradicts a known source; WrongUse: it cannot be written.
    """
    from crawlers.discovery import draft_yaml, explore
    from crawlers.source import PACKAGED, load_readable, parse_source

    findings = explore(settings, url)
    text = draft_yaml(findings)
    source = parse_source(text, f"{findings.source.name}.yml")
    known = load_readable(settings.sources_dir).sources
    yield from _preview(findings)
    double = next((other for other in known if set(other.domains) & set(source.domains)), None)
    if double is not None:
        yield f"# already known as {double.name}"
    yield text.rstrip()
    if not save:
        return
    if double is not None:
        raise BadSource(f"{source.domains[0]} is already that of {double.name}.yml")
    target = (settings.sources_dir or PACKAGED) / f"{source.name}.yml"
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise WrongUse(f"{target}: {error.strerror}") from error
    yield f"# written to {target}; check outlet_type and scope, then 'diembao sources check {source.name}'"


def save(settings: Settings, name: str, url: str, into: Path) -> str:
    """Keep a page of a source and its reading.

    Raises:
        WrongUse: no source of that name. FetchRefused: not its address. FetchFailed, Unreadable
    """
    from crawlers.fetch import fetch
    from crawlers.saved_pages import save_page
    from crawlers.source import load_sources

    (source,) = _chosen(load_sources(settings.sources_dir), [name])
    if not source.owns(url):
        raise FetchRefused(f"{url} is not on {', '.join(source.domains)}", "foreign_host")
    target = save_page(into, source, fetch(url, settings))
    return f"{target}: look it through, correct what was read wrongly, then run the tests"


def _chosen(sources: Sequence[Source], names: Sequence[str]) -> list[Source]:
    from crawlers.source import pick

    try:
        return pick(sources, names)
    except BadSource as error:
        raise WrongUse(str(error)) from error


def _refuse_unknown(settings: Settings, names: Sequence[str]) -> None:
    from crawlers.source import load_readable

    _chosen(load_readable(settings.sources_dir).sources, names)


def _ask_the_worker(store: Store, names: Sequence[str]) -> str:
    from diembao.store import sources

    now = datetime.now(UTC)
    with store.write() as session:
        feeds = sources.due_feeds(session, now, sources=names, everything=True)
        for feed in feeds:
            sources.defer_feed(session, feed.id, now)
    return f"a worker is running; it was asked to poll {len(feeds)} feeds and pages now"


def _states(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """How the ways into each source were last found, as far as there is a store."""
    from diembao.store import sources
    from diembao.store.database import open_store

    with open_store(settings).read() as session:
        return {
            name: [
                {
                    "kind": feed.kind,
                    "url": feed.url,
                    "status": feed.status,
                    "reason": feed.reason,
                    "failures": feed.failures,
                    "last_polled_at": feed.last_polled_at,
                    "last_new_at": feed.last_new_at,
                    "next_due_at": feed.next_due_at,
                }
                for feed in feeds
            ]
            for name, feeds in sources.feeds_of(session).items()
        }


def _pulses(settings: Settings) -> dict[str, Pulse]:
    """How every source does, as the worker last found."""
    from diembao.store import pulse
    from diembao.store.database import open_store

    with open_store(settings).read() as session:
        return pulse.pulses(session)


def _readings(settings: Settings) -> dict[str, ReadingState]:
    """How each source is read, as far as any of its pages was."""
    from diembao.store import profiles
    from diembao.store.database import open_store

    with open_store(settings).read() as session:
        return {state.source: state for state in profiles.states(session)}


def _read_by(state: ReadingState | None) -> str:
    """Which profile reads the source, since when, and how much of it."""
    if state is None:
        return "; no page read yet"
    if state.version is None or state.learned_at is None:
        return f"; no profile yet, {state.pages} pages read as unknown ones"
    share = "" if state.fallback is None else f", {state.fallback:.0%} of the latest pages read without it"
    drifting = f"; DRIFTING since {state.since.astimezone(_VIETNAM):%d/%m %H:%M}: {state.reason}"
    told = drifting if state.state == "drifting" else ""
    return f"; profile {state.version} of {state.learned_at.astimezone(_VIETNAM):%d/%m/%Y}{share}{told}"


def _report(findings: Findings) -> str:
    source = findings.source
    if not source.ways:
        return f"{source.name}: nothing is polled ({source.note or 'no feed, page or sitemap'})"
    parts = [_way(way) for way in findings.ways]
    sample = findings.sample
    if sample is None:
        parts.append("no article to try")
    elif sample.article is None:
        parts.append(f"sample {sample.url}: {sample.fault}")
    else:
        article = sample.article
        parts.append(f"sample read: “{article.title}”, {_time(article)}, {len(article.text)} characters")
    return f"{'ok  ' if findings.healthy else 'BAD '} {source.name}: " + "; ".join(parts)


def _way(way: Way) -> str:
    newest = f", newest {way.newest.astimezone(_VIETNAM):%d/%m %H:%M}" if way.newest else ""
    seen = f"{len(way.links)} links{newest}" if way.status == "ok" else f"{way.status}: {way.reason}"
    return f"{way.kind} {way.url} {seen}"


def _time(article: Article) -> str:
    if article.published_at is None:
        return "no time found"
    return f"{article.published_at.astimezone(_VIETNAM):%d/%m/%Y %H:%M} (from the {article.published_from})"


def _preview(findings: Findings) -> Iterator[str]:
    for way in findings.ways:
        yield f"# {_way(way)}"
    best = next((way for way in findings.ways if way.status == "ok"), None)
    for link in best.links[:_SHOWN_LINKS] if best else ():
        yield f"#   {link.hints.title or link.url}"
    sample = findings.sample
    if sample is not None and sample.article is not None:
        article = sample.article
        yield f"# reads {sample.url}"
        yield f"#   title: {article.title}"
        yield f"#   lead:  {article.lead[:160]}"
        yield f"#   time:  {_time(article)}"
        yield f"#   text:  {len(article.text)} characters, authors: {', '.join(article.authors) or 'none found'}"
    elif sample is not None:
        yield f"# could not read {sample.url}: {sample.fault}"
    if findings.delay_asked:
        yield f"# robots.txt asks for {findings.delay_asked:g} s between requests"
    if best is None:
        yield "# nothing leads in: no feed, no news sitemap, no article links on the page"
    yield "# a draft: check title, outlet_type and scope"


def _as_json(findings: Findings) -> dict[str, Any]:
    from pipelines.reading import reading_as_json

    sample = findings.sample
    return {
        "name": findings.source.name,
        "healthy": findings.healthy,
        "ways": [
            {"kind": way.kind, "url": way.url, "status": way.status, "reason": way.reason, "links": len(way.links)}
            for way in findings.ways
        ],
        "sample": None
        if sample is None
        else {
            "url": sample.url,
            "fault": sample.fault,
            "reading": reading_as_json(sample.article) if sample.article else None,
        },
    }
