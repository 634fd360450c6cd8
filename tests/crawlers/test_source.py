"""Source files: strict, each fault in one line that names file, line and field."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from crawlers.source import PACKAGED, load_readable, load_sources, parse_source, pick
from diembao.errors import BadSource
from pipelines.addresses import belongs_to

SOUND = """name: baothu
title: Báo Thử
domains: [baothu.vn]
outlet_type: newspaper
scope: local
feeds: [https://www.baothu.vn/rss/home.rss]
"""
OTHER = SOUND.replace("name: baothu", "name: khac").replace("Báo Thử", "Báo Khác").replace("[baothu.vn]", "[khac.vn]")

FAULTS = [
    ("name: baothu\n\ttitle: x\n", r"baothu.yml, line 2: found character '\\t'"),
    (SOUND + "title: Báo Khác\n", "line 7: title: stands there twice"),
    (SOUND + "feed: []\n", "line 7: feed: unknown field"),
    (SOUND + "- x\n", "line 7"),
    ("", "no list of fields"),
    ("- baothu\n", "no list of fields"),
    ("name: [\n", "line 2"),
    (SOUND.replace("title: Báo Thử\n", ""), "title: is missing"),
    (SOUND.replace("newspaper", "blog"), "line 4: outlet_type: "),
    (SOUND.replace("local", "everywhere"), "line 5: scope: "),
    (SOUND.replace("baothu\n", "Bao Thử\n", 1), "line 1: name: "),
    (SOUND.replace("[baothu.vn]", "[]"), "line 3: domains: "),
    (SOUND.replace("[baothu.vn]", "[www.baothu.vn]"), "leave out the www."),
    (SOUND.replace("[baothu.vn]", "[https://baothu.vn/]"), "is no domain"),
    (SOUND.replace("[baothu.vn]", "[baothu.vn:99999]"), "is no domain"),
    (SOUND.replace("[baothu.vn]", "[baothu]"), "is no domain"),
    (SOUND.replace("https://www.baothu.vn", "https://khac.vn"), "line 6: feeds: .* is not on one of baothu.vn"),
    (SOUND.replace("https://www.baothu.vn", "https://xbaothu.vn"), "line 6: feeds: .* is not on one of baothu.vn"),
    (SOUND.replace("https://www.baothu.vn", ""), "line 6: feeds.0: .* is no absolute http"),
    (SOUND.replace("https:", "ftp:"), "line 6: feeds.0: .* is no absolute http"),
    (SOUND + "sections: [https://baothu.vn/a, https://baothu.vn/a]\n", "line 7: sections: an entry stands there twice"),
    (SOUND + "delay: -1\n", "line 7: delay: "),
    (SOUND + "delay: .inf\n", "line 7: delay: "),
    (SOUND + "delay: fast\n", "line 7: delay: "),
    (SOUND + "agreement: some\n", "line 7: agreement: "),
    (SOUND + "read: {titel: h1}\n", "line 7: read: unknown part 'titel'"),
    (SOUND + "read: {title: 'h1['}\n", "line 7: read: title: malformed selector"),
    (SOUND + "robots: false\n", "line 7: robots: "),
    (SOUND + "robots: {ignore: true}\n", "line 7: robots.ignore"),
    (SOUND + "robots: {ignore_reason: ok}\n", "line 7: robots.ignore_reason: "),
    (SOUND + "expected_per_day: 0\n", "line 7: expected_per_day: "),
]


@pytest.mark.parametrize(("text", "words"), FAULTS)
def test_faults_are_one_line_with_file_and_field(text: str, words: str) -> None:
    with pytest.raises(BadSource, match=words) as caught:
        parse_source(text, "baothu.yml")
    assert str(caught.value).startswith("baothu.yml")
    assert "\n" not in str(caught.value)


def test_a_sound_file_says_what_it_says() -> None:
    source = parse_source(SOUND + "feed_hosts: [feeds.example.com]\n", "baothu.yml")
    assert source.delay == 2.0
    assert source.agreement == "none"
    assert source.ways == (("feed", "https://www.baothu.vn/rss/home.rss"),)
    assert source.owns("https://m.baothu.vn/tin-1.html")
    assert not source.owns("https://feeds.example.com/tin-1.html")
    assert source.may_poll("https://feeds.example.com/rss")


def _write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.yml").write_text(text, "utf-8")
    return folder


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (SOUND.replace("name: baothu", "name: khac"), "khac.yml: title Báo Thử is already that of baothu.yml"),
        (
            SOUND.replace("name: baothu", "name: khac").replace("Báo Thử", "Báo Khác"),
            "khac.yml: domain baothu.vn is already that of baothu.yml",
        ),
        (
            OTHER.replace("https://www.baothu.vn/rss/home.rss", "http://baothu.vn/rss/home.rss")
            + "feed_hosts: [baothu.vn]\n",
            "khac.yml: feed .* is already that of baothu.yml",
        ),
        (SOUND.replace("name: baothu", "name: nothing"), "khac.yml: name: is 'nothing'"),
    ],
)  # fmt: skip
def test_two_files_may_not_claim_one_newspaper(tmp_path: Path, other: str, words: str) -> None:
    with pytest.raises(BadSource, match=words):
        load_sources(_write(tmp_path, baothu=SOUND, khac=other))


def test_a_broken_file_is_a_fault_beside_the_others(tmp_path: Path) -> None:
    folder = _write(tmp_path, baothu=SOUND, hong="name: [")
    (folder / "byte.yml").write_bytes(b"name: \xff\xfe")
    loaded = load_readable(folder)
    assert [source.name for source in loaded.sources] == ["baothu"]
    assert len(loaded.faults) == 2
    with pytest.raises(BadSource, match="and 1 more fault"):
        load_sources(folder)
    with pytest.raises(BadSource, match="no such directory"):
        load_sources(tmp_path / "nowhere")


def test_sources_are_picked_by_name() -> None:
    known = load_sources()
    assert [source.name for source in pick(known, ["vov", "nhandan"])] == ["vov", "nhandan"]
    with pytest.raises(BadSource, match="no source named nobody"):
        pick(known, ["nobody"])


def test_the_packaged_sources_are_sound_and_honest() -> None:
    sources = load_sources()
    assert len(sources) >= 70
    for source in sources:
        assert source.evidence, f"{source.name} does not say where its addresses come from"
        assert source.delay >= 1, f"{source.name} is asked too often"
        assert source.agreement == "none", f"{source.name}: agreements are made by the office, not shipped"
        assert source.robots is None, f"{source.name} may not ship a way past robots.txt"
        assert source.ways or "kept so that archived" in source.note, f"{source.name} is never polled; say why"
        if source.feeds:
            assert "feed" in source.evidence or "live items" in source.evidence, f"{source.name}: unproven feed"
        assert not any(belongs_to(url, ("127.0.0.1", "localhost")) for _, url in source.ways)
    assert {source.scope for source in sources} == {"local", "central", "sector", "region", "neighbour"}
    assert {source.outlet_type for source in sources} == {
        "newspaper",
        "magazine",
        "broadcaster",
        "portal",
        "aggregator",
    }
    assert next(source for source in sources if source.name == "baothainguyen").scope == "local"
    assert all(path.suffix == ".yml" for path in PACKAGED.iterdir())


def test_an_agreement_may_say_hours_number_and_days() -> None:
    written = "agreement: {scope: excerpt, hours: 3, number: 12/TT, from: 2026-07-01}\n"
    record = parse_source(SOUND + written, "baothu.yml").to_record()
    assert (record.agreement, record.agreement_hours) == ("excerpt", 3.0)
    assert (record.agreement_from, record.agreement_until) == (date(2026, 7, 1), None)
    assert record.definition["agreement"] == {"scope": "excerpt", "hours": 3.0, "number": "12/TT", "from": "2026-07-01"}
    with pytest.raises(BadSource, match="line 7: agreement: ends before it begins"):
        parse_source(SOUND + "agreement: {scope: full, from: 2026-07-02, until: 2026-07-01}\n", "baothu.yml")
