"""Healthy papers, met over real HTTP."""

from __future__ import annotations

import gzip
import html
import json
import re
import subprocess
import sys
import threading
import unicodedata
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import feedparser
import httpx
import pytest
import yaml
from lxml import html as markup
from protego import Protego

from diembao.demo import DemoPress
from diembao.demo.manuscripts import Label, load_press
from diembao.errors import WrongUse

PAPERS = sorted(load_press().papers)
NEXT = {"Xem thêm", "Trang sau", "Trang sau »", "Tiếp", "»", "Next"}  # what the link to the next list page says
WITH_FEED = [name for name in PAPERS if load_press().papers[name].feed != "none"]


def words_of(page: str) -> str:
    """All text of a page as a reader sees it, in NFC and with the true Đ."""
    text = " ".join(markup.fromstring(page).text_content().split())
    return unicodedata.normalize("NFC", text).replace("Ð", "Đ")


def plain(text: str) -> str:
    return " ".join(text.removeprefix("## ").split())


@pytest.mark.parametrize("name", PAPERS)
def test_home_shows_the_newest_and_links_to_feeds_and_sections(press: DemoPress, web: httpx.Client, name: str) -> None:
    home = web.get(press.addresses[name])
    assert home.status_code == 200
    tree = markup.fromstring(home.text)
    linked = {urljoin(press.addresses[name], href) for href in tree.xpath("//a/@href")}
    assert press.articles(name)[0].url in linked
    assert set(press.list_urls(name)) <= linked
    offered = {urljoin(press.addresses[name], href) for href in tree.xpath('//link[@rel="alternate"]/@href')}
    assert offered == set(press.feed_urls(name))


@pytest.mark.parametrize("name", PAPERS)
def test_every_article_page_holds_its_article(press: DemoPress, web: httpx.Client, name: str) -> None:
    for article in press.articles(name):
        answer = web.get(article.url)
        assert answer.status_code == 200, article.url
        words = words_of(answer.text)
        for piece in (article.title, article.lead, *article.paragraphs, article.photo):
            assert plain(piece) in words, article.id


@pytest.mark.parametrize("name", PAPERS)
def test_pages_lead_nowhere_but_to_the_press_itself(press: DemoPress, web: httpx.Client, name: str) -> None:
    pages = [press.addresses[name], *press.list_urls(name), *(article.url for article in press.articles(name)[:3])]
    for page in pages:
        for address in re.findall(r"""(?:href|src|content)=["'](https?://[^"']+)""", web.get(page).text):
            is_vocabulary = urlsplit(address).netloc in ("schema.org", "gmpg.org")
            assert is_vocabulary or address.startswith("http://127.0.0.1:"), address


@pytest.mark.parametrize("name", WITH_FEED)
def test_feed_names_the_articles_and_leads_to_them(press: DemoPress, web: httpx.Client, name: str) -> None:
    articles = {article.url: article for article in press.articles(name)}
    feed = feedparser.parse(web.get(press.feed_urls(name)[0]).content)
    assert not feed.bozo
    assert {entry.link.partition("?utm_")[0] if "?utm_" in entry.link else entry.link for entry in feed.entries} == set(
        articles
    )
    for entry in feed.entries[:5]:
        assert web.get(entry.link).status_code == 200
        assert html.unescape(entry.title) in {article.title for article in articles.values()}


def test_feed_dates_are_written_in_many_ways_but_mean_the_same(press: DemoPress, web: httpx.Client) -> None:
    seen = {}
    for name in WITH_FEED:
        text = web.get(press.feed_urls(name)[0]).text
        match = re.search(r"<(?:pubDate|published)>([^<]+)<", text)
        seen[name] = match[1] if match else None
    assert seen["kycung"] is None
    assert seen["trungdu"] is not None
    assert seen["trungdu"].endswith(" GMT+7")
    assert re.fullmatch(r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d", seen["binhminh"] or "")
    newest = press.articles("nonnuoc")[0].published_at
    assert parsedate_to_datetime(seen["nonnuoc"] or "") == newest.replace(microsecond=0)
    assert datetime.fromisoformat(seen["thuongnguon"] or "") == press.articles("thuongnguon")[0].published_at


def test_feed_in_hand_is_not_sent_again(press: DemoPress, web: httpx.Client, clock: Any) -> None:
    feed = press.feed_urls("nonnuoc")[0]
    first = web.get(feed)
    for name, header in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
        again = web.get(feed, headers={name: first.headers[header]})
        assert again.status_code == 304
        assert again.content == b""
    clock.forward(minutes=1)
    press.publish("nonnuoc", "Tin vừa đến", "Sapo của tin vừa đến.", ["Đoạn một.", "Đoạn hai."])
    for name, header in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
        assert "Tin vừa đến" in web.get(feed, headers={name: first.headers[header]}).text


def test_body_is_compressed_for_those_who_take_it(press: DemoPress) -> None:
    with (
        httpx.Client(headers={"Accept-Encoding": "gzip"}) as client,
        client.stream("GET", press.addresses["songcau"]) as r,
    ):
        assert r.headers["Content-Encoding"] == "gzip"
        packed = b"".join(r.iter_raw())
    assert int(r.headers["Content-Length"]) == len(packed)
    with httpx.Client(headers={"Accept-Encoding": "identity"}) as client:
        loose = client.get(press.addresses["songcau"])
    assert "Content-Encoding" not in loose.headers
    assert gzip.decompress(packed) == loose.content


@pytest.mark.parametrize("name", PAPERS)
def test_list_pages_lead_to_all_articles_of_a_section(press: DemoPress, web: httpx.Client, name: str) -> None:
    found: set[str] = set()
    for first in press.list_urls(name):
        page, seen = first, 0
        while page:
            tree = markup.fromstring(web.get(page).text)
            found |= {urljoin(page, href).partition("?redirect=")[0] for href in tree.xpath("//a/@href")}
            following = [a.get("href") for a in tree.xpath("//a[@href]") if " ".join(a.text_content().split()) in NEXT]
            page = urljoin(page, following[0]) if following else ""
            seen += 1
            assert seen < 10
    assert {article.url for article in press.articles(name)} <= found


def test_sitemap_lists_what_is_out(press: DemoPress, web: httpx.Client) -> None:
    with_sitemap = [name for name in press.papers if press.sitemap_urls(name)]
    assert len(with_sitemap) == 3
    for name in with_sitemap:
        addresses = re.findall(r"<loc>([^<]+)</loc>", web.get(press.sitemap_urls(name)[0]).text)
        assert [html.unescape(each) for each in addresses] == [article.url for article in press.articles(name)]
    assert web.get(f"{press.addresses['songcau']}/sitemap-news.xml").status_code == 404


def test_robots_rules(press: DemoPress, web: httpx.Client) -> None:
    rules = {name: Protego.parse(web.get(f"{press.addresses[name]}/robots.txt").text) for name in press.papers}
    assert rules["kycung"].crawl_delay("diembao") == 1.0
    assert rules["songcau"].crawl_delay("diembao") is None
    forbidden = press.article("ct-007")
    assert not rules["congtam"].can_fetch(forbidden.url, "diembao")
    allowed = [article for article in press.articles("congtam") if article.id != forbidden.id]
    assert all(rules["congtam"].can_fetch(article.url, "diembao") for article in allowed)
    assert list(rules["nonnuoc"].sitemaps) == press.sitemap_urls("nonnuoc")


def test_time_in_structured_data_is_exact(press: DemoPress, web: httpx.Client) -> None:
    article = press.article("nn-001")
    tree = markup.fromstring(web.get(article.url).text)
    data = json.loads(tree.xpath('//script[@type="application/ld+json"]')[0].text)
    assert datetime.fromisoformat(data["datePublished"]) == article.published_at
    assert data["headline"] == article.title


def test_dirty_papers_are_dirty(press: DemoPress, web: httpx.Client) -> None:
    """The faults of real systems that readers must survive are really in the pages."""
    decomposed = web.get(press.articles("nuicoc")[0].url).text
    assert not unicodedata.is_normalized("NFC", decomposed)
    assert "(Lượt xem:" in unicodedata.normalize("NFC", decomposed)
    assert "Ð" in web.get(press.addresses["kycung"]).text
    twice = press.articles("xuche")[0]
    assert web.get(twice.url).text.count(html.escape(twice.lead, quote=False)) >= 3  # meta, bold, summary
    escaped = web.get(press.articles("trungdu")[0].url).text
    assert re.search(r'"headline": "[^"]*&amp;#\d+;', escaped)


def test_articles_appear_change_and_vanish_as_time_passes(press: DemoPress, web: httpx.Client, clock: Any) -> None:
    coming = press.article("sc-008")
    assert web.get(coming.url).status_code == 404
    clock.forward(seconds=41)
    assert web.get(coming.url).status_code == 200
    assert coming.url in web.get(press.feed_urls("songcau")[0]).text

    leaving = press.article("nn-014")
    assert web.get(leaving.url).status_code == 200
    clock.forward(minutes=2)
    assert web.get(leaving.url).status_code == 404
    assert leaving.url not in web.get(press.feed_urls("nonnuoc")[0]).text

    clock.forward(minutes=2)
    before = press.article("nn-019")
    clock.forward(minutes=4)
    after = press.article("nn-019")
    assert after.url == before.url
    assert after.title != before.title
    assert after.modified_at > before.modified_at
    page = words_of(web.get(after.url).text)
    assert after.title in page
    assert "1.950 tỷ đồng từ ngân sách" in page
    assert "hơn 1.900 tỷ đồng" not in page


def test_new_articles_come_every_minute_at_first(press: DemoPress) -> None:
    coming = [article.published_at - press.opened_at for article in press.still_to_come()]
    assert len(coming) >= 15
    assert coming[0] <= timedelta(minutes=1)
    gaps = [later - sooner for sooner, later in pairwise(coming)]
    assert max(gaps) <= timedelta(minutes=2)


def test_addresses_stay_when_the_press_is_opened_again(clock: Any) -> None:
    with DemoPress(now=clock) as first:
        paths = {article.id: article.path for article in first.articles()}
    clock.forward(days=1)
    with DemoPress(now=clock, opened_at=first.opened_at) as second:
        again = {article.id: article.path for article in second.articles()}
    assert paths.items() <= again.items() | {(key, path) for key, path in paths.items() if key not in again}
    assert len(again) > len(paths)


@pytest.mark.parametrize(
    ("how", "status", "says"),
    [("404", 404, "đã bị xoá"), ("410", 410, "đã bị xoá"), ("gone_page", 200, "không tồn tại hoặc đã bị xoá")],
)
def test_removed_article(press: DemoPress, web: httpx.Client, how: str, status: int, says: str) -> None:
    article = press.articles("binhminh")[0]
    press.remove(article.id, how)
    answer = web.get(article.url)
    assert answer.status_code == status
    assert says in words_of(answer.text)
    assert article.paragraphs[-1] not in words_of(answer.text)
    assert article.url not in web.get(press.feed_urls("binhminh")[0]).text
    press.restore(article.id)
    assert web.get(article.url).status_code == 200


def test_removed_article_that_leads_home(press: DemoPress, web: httpx.Client) -> None:
    article = press.articles("binhminh")[0]
    press.remove(article.id, "redirect_home")
    answer = web.get(article.url)
    assert (answer.status_code, answer.headers["Location"]) == (302, press.addresses["binhminh"] + "/")


def test_own_article_is_published_and_edited(press: DemoPress, web: httpx.Client, clock: Any) -> None:
    made = press.publish(
        "trungdu",
        "Cầu mới ở xã Văn Hán",
        "Sapo.",
        ["Đoạn một.", "Đoạn hai."],
        section="doi-song",
        authors=["An"],
        label=Label("relevant", "ha-tang-giao-thong-do-thi", "neutral"),
    )
    assert "Cầu mới ở xã Văn Hán" in web.get(made.url).text
    clock.forward(minutes=1)
    changed = press.edit(made.id, title="Cầu mới đã thông xe", replacements={"Đoạn hai.": "Đoạn hai đã sửa."})
    page = web.get(made.url).text
    assert changed.url == made.url
    assert "Cầu mới đã thông xe" in page
    assert "Đoạn hai đã sửa." in page


def test_sources_are_written_as_the_contract_says(press: DemoPress, tmp_path: Path) -> None:
    paths = press.write_sources(tmp_path / "nguon")
    assert [path.stem for path in paths] == list(press.papers)
    for path in paths:
        source = yaml.safe_load(path.read_text("utf-8"))
        assert list(source) == [
            "name",
            "title",
            "domains",
            "outlet_type",
            "scope",
            "feeds",
            "sections",
            "sitemaps",
            "delay",
            "agreement",
            "read",
        ]
        assert source["name"] == path.stem
        assert source["domains"] == [urlsplit(press.addresses[path.stem]).netloc]
        assert source["outlet_type"] in {"newspaper", "magazine", "broadcaster", "portal", "aggregator"}
        assert source["agreement"] in {"none", "excerpt", "full"}
        assert bool(source["feeds"]) != bool(source["sections"])


def test_requests_are_remembered(press: DemoPress, web: httpx.Client) -> None:
    web.get(press.feed_urls("songcau")[0], headers={"User-Agent": "người-đọc/1".encode()})
    web.get(press.addresses["trungdu"])
    (only,) = press.requests("songcau", "feed")
    assert (only.method, only.target, only.status) == ("GET", "/rss/home.rss", 200)
    assert only.headers["user-agent"].encode("latin-1").decode() == "người-đọc/1"
    assert [each.paper for each in press.requests()] == ["songcau", "trungdu"]
    press.forget_requests()
    assert press.requests() == []


def test_head_and_keep_alive(press: DemoPress, web: httpx.Client) -> None:
    answer = web.head(press.addresses["songcau"])
    assert answer.content == b""
    assert int(answer.headers["Content-Length"]) > 0
    assert web.get(press.addresses["songcau"]).status_code == 200


def test_many_readers_at_once(press: DemoPress) -> None:
    urls = [article.url for name in ("songcau", "nonnuoc") for article in press.articles(name)]
    statuses: list[int] = []

    def read() -> None:
        with httpx.Client(timeout=20) as client:
            statuses.extend(client.get(url).status_code for url in urls)

    readers = [threading.Thread(target=read) for _ in range(6)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert statuses == [200] * (6 * len(urls))


def test_stop_frees_ports_and_threads(clock: Any) -> None:
    before = threading.active_count()
    press = DemoPress(["songcau"], now=clock).start()
    address = press.addresses["songcau"]
    with httpx.Client() as client:
        assert client.get(address).status_code == 200
        press.stop()
        with pytest.raises(httpx.TransportError):
            client.get(address)
    assert threading.active_count() == before
    press.stop()  # harmless
    port = urlsplit(address).port or 0
    with DemoPress(["songcau"], now=clock).start(base_port=port - 1) as again:
        assert again.addresses["songcau"] == address


def test_wrong_use_is_told(press: DemoPress) -> None:
    with pytest.raises(WrongUse, match="no such paper"):
        DemoPress(["khong-co"])
    with pytest.raises(WrongUse, match="loopback"):
        DemoPress(["songcau"]).start("0.0.0.0")
    taken = urlsplit(press.control_address).port or 0
    with pytest.raises(WrongUse, match="cannot serve"):
        DemoPress(["songcau"]).start(base_port=taken)
    with pytest.raises(WrongUse, match="already running"):
        press.start()
    with pytest.raises(WrongUse, match="unknown trick"):
        press.misbehave("songcau", "nonsense")
    with pytest.raises(WrongUse, match="no paper"):
        press.misbehave("khong-co", "status_500")
    with pytest.raises(WrongUse, match="no article"):
        press.remove("khong-co")
    with pytest.raises(WrongUse, match="removed by one of"):
        press.remove("sc-001", "somehow")
    with pytest.raises(WrongUse, match="no section"):
        press.publish("songcau", "T", "L", [], section="khong-co")


def test_control_over_http(press: DemoPress, web: httpx.Client) -> None:
    control = press.control_address
    assert set(web.get(control).json()["papers"]) == set(press.papers)
    feed = press.feed_urls("songcau")[0]
    asked = {"paper": "songcau", "trick": "status_503", "path": feed, "options": {"retry_after": 7}}
    assert web.post(f"{control}/misbehave", json=asked).status_code == 200
    assert web.get(feed).headers["Retry-After"] == "7"
    assert web.get(control).json()["tricks"][0]["hits"] == 1
    assert web.post(f"{control}/behave", json={}).status_code == 200
    assert web.get(feed).status_code == 200
    made = {"paper": "songcau", "title": "Tin mới", "lead": "Sapo", "paragraphs": ["Một đoạn."]}
    article = web.post(f"{control}/publish", json=made).json()
    assert web.get(article["url"]).status_code == 200
    edited = web.post(f"{control}/edit", json={"id": article["id"], "title": "Tin mới hơn"}).json()
    assert edited["title"] == "Tin mới hơn"
    assert web.post(f"{control}/remove", json={"id": article["id"], "how": "410"}).status_code == 200
    assert web.get(article["url"]).status_code == 410
    assert len(web.get(f"{control}/articles").json()) == len(press.articles())
    assert web.get(f"{control}/requests").json()[-1]["status"] == 410


@pytest.mark.parametrize("asked", [{"paper": "songcau"}, {"paper": "songcau", "trick": "nonsense"}, [1], "chuỗi"])
def test_control_refuses_nonsense(press: DemoPress, web: httpx.Client, asked: object) -> None:
    answer = web.post(f"{press.control_address}/misbehave", json=asked)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_run_as_a_program(tmp_path: Path, web: httpx.Client) -> None:
    command = [sys.executable, "-m", "diembao.demo", "--sources", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        lines = []
        for line in program.stdout:
            lines.append(line)
            if line.startswith("Ctrl-C"):
                break
        addresses = [line.split()[0] for line in lines if line.startswith("http")]
        assert len(addresses) == len(PAPERS) + 1
        assert web.get(addresses[0]).status_code == 200
        assert len(list(tmp_path.glob("*.yml"))) == len(PAPERS)
        program.terminate()
        _, errors = program.communicate(timeout=20)
    assert program.returncode == 0
    assert errors == ""


def test_default_clock_is_the_real_one() -> None:
    press = DemoPress(["songcau"])
    assert abs(datetime.now(UTC) - press.opened_at) < timedelta(minutes=1)
