"""Adding a newspaper, checking whether one still reads well, saving a page as a test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawlers import discovery
from crawlers.discovery import draft_yaml, examine, explore
from crawlers.fetch import fetch
from crawlers.saved_pages import load_page, save_page
from crawlers.source import load_sources, parse_source
from diembao.cli import pressroom
from diembao.demo import DemoPress
from diembao.errors import BadSource, FetchRefused, WrongUse
from diembao.settings import Settings
from pipelines.reading import read_page, reading_as_json

PAPERS = ["songcau", "trungdu", "xuche", "congtam", "nonnuoc"]


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "_PAUSE", 0.0)


@pytest.fixture
def press() -> Iterator[DemoPress]:
    with DemoPress(PAPERS) as started:
        yield started


@pytest.fixture
def settings(press: DemoPress, tmp_path: Path) -> Settings:
    press.write_sources(tmp_path / "sources")
    return Settings(
        data_dir=tmp_path / "data",
        sources_dir=tmp_path / "sources",
        allow_private_networks=True,
        fetch_timeout=3.0,
    )


@pytest.mark.parametrize("paper", ["songcau", "trungdu", "nonnuoc"])
def test_a_home_page_leads_to_the_feed_of_the_whole_paper(press: DemoPress, settings: Settings, paper: str) -> None:
    findings = explore(settings, press.addresses[paper])
    source = parse_source(draft_yaml(findings), f"{findings.source.name}.yml")
    assert source.feeds == (press.feed_urls(paper)[0],)
    assert source.sections == ()
    assert source.title == press.papers[paper].title
    assert findings.healthy
    assert findings.sample is not None
    assert findings.sample.article is not None
    titles = {article.title for article in press.articles(paper)}
    assert findings.sample.article.title in titles


def test_a_paper_without_a_feed_is_read_from_its_front_page(press: DemoPress, settings: Settings) -> None:
    findings = explore(settings, press.addresses["xuche"])
    assert findings.source.feeds == ()
    assert [url.rstrip("/") for url in findings.source.sections] == [press.addresses["xuche"]]
    shown = {link.url for way in findings.ways if way.status == "ok" for link in way.links}
    assert shown <= {article.url for article in press.articles("xuche")}


def test_a_site_where_nothing_leads_in_says_so(press: DemoPress, settings: Settings) -> None:
    press.misbehave("xuche", "script_challenge")
    findings = explore(settings, press.addresses["xuche"])
    assert not findings.healthy
    assert any("nothing leads in" in line for line in pressroom._preview(findings))


def test_the_draft_obeys_robots_and_takes_over_its_delay(settings: Settings) -> None:
    with DemoPress(["kycung"]) as slow:
        findings = explore(settings, slow.addresses["kycung"])
        assert findings.delay_asked == 1
        first = slow.requests()[0]
        assert first.kind == "robots"


def test_a_source_can_be_added_once_and_then_crawled(press: DemoPress, tmp_path: Path) -> None:
    fresh = Settings(data_dir=tmp_path / "d", sources_dir=tmp_path / "own", allow_private_networks=True)
    (tmp_path / "own").mkdir()
    lines = list(pressroom.draft(fresh, press.addresses["songcau"], save=True))
    assert any("written to" in line for line in lines)
    (source,) = load_sources(tmp_path / "own")
    assert source.owns(press.articles("songcau")[0].url)
    with pytest.raises(BadSource, match="already that of"):
        list(pressroom.draft(fresh, press.addresses["songcau"], save=True))


def test_checking_tells_the_sound_from_the_sick(press: DemoPress, settings: Settings) -> None:
    press.misbehave("trungdu", "status_500")
    press.misbehave("congtam", "feed_empty")
    sources = load_sources(settings.sources_dir)
    found = {findings.source.name: findings for findings in examine(settings, sources)}
    assert [name for name, findings in found.items() if findings.healthy] == ["nonnuoc", "songcau", "xuche"]
    lines = dict(pressroom.checked(settings, "", offline=False, as_json=False))
    report = "\n".join(lines)
    assert "HTTP 500" in report
    assert "a feed without items" in report
    assert "sample read: “" in report
    assert sum(lines.values()) == 3


def test_checking_files_alone_asks_nobody(press: DemoPress, settings: Settings) -> None:
    assert list(pressroom.checked(settings, "", offline=True, as_json=False)) == [("5 source files, all sound", True)]
    assert press.requests() == []
    with pytest.raises(WrongUse, match="no source named nobody"):
        list(pressroom.checked(settings, "nobody", offline=True, as_json=False))


def test_checks_can_be_read_by_programs(settings: Settings) -> None:
    ((line, well),) = pressroom.checked(settings, "songcau", offline=False, as_json=True)
    told = json.loads(line)
    assert well
    assert told["name"] == "songcau"
    assert told["ways"][0]["status"] == "ok"
    assert told["sample"]["reading"]["title"]


def test_the_registry_lists_all_and_tells_what_is_broken(settings: Settings) -> None:
    (settings.sources_dir / "hong.yml").write_text("name: [", "utf-8")
    lines = list(pressroom.registry(settings, as_json=False))
    assert lines[0].startswith("BROKEN hong.yml")
    assert lines[-1] == "5 sources"
    told = json.loads(next(pressroom.registry(settings, as_json=True)))
    assert len(told["sources"]) == 5
    assert len(told["faults"]) == 1


def test_a_saved_page_reads_as_it_did(press: DemoPress, settings: Settings, tmp_path: Path) -> None:
    article = press.articles("songcau")[0]
    pressroom.save(settings, "songcau", article.url, tmp_path / "pages")
    (path,) = (tmp_path / "pages" / "songcau").glob("*.json")
    saved = load_page(path)
    assert saved.expected["title"] == article.title
    assert reading_as_json(read_page(saved.page)) == saved.expected


def test_pages_of_others_are_not_saved_under_a_name(press: DemoPress, settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(FetchRefused, match="is not on"):
        pressroom.save(settings, "songcau", press.articles("trungdu")[0].url, tmp_path)
    with pytest.raises(WrongUse, match="no source named"):
        pressroom.save(settings, "nobody", press.articles("trungdu")[0].url, tmp_path)


def test_fetch_follows_redirects_and_keeps_the_last_address(press: DemoPress, settings: Settings) -> None:
    first, second = press.articles("songcau")[:2]
    press.misbehave("songcau", "redirect_foreign", first.url, to=second.url, status=301)
    page = fetch(first.url, settings)
    assert page.url == second.url
    assert second.title.encode() in page.body


def test_saving_needs_a_folder_that_can_be_written(press: DemoPress, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    source = load_sources(settings.sources_dir)[0]
    with pytest.raises(WrongUse):
        save_page(tmp_path / "file", source, fetch(press.articles("songcau")[0].url, settings))
