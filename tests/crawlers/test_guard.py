"""No way of writing an address, no redirect and no name leads the crawler into a private network."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_address

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from crawlers.download import Connections
from crawlers.fetch import fetch
from diembao.demo import DemoPress
from diembao.errors import FetchFailed, FetchRefused
from diembao.guard import AddressGuard, GuardedSockets, is_public
from diembao.settings import Settings

PRIVATE = [
    "127.0.0.1", "127.255.0.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.0.8", "192.0.2.7", "198.18.0.1", "198.51.100.1", "203.0.113.9", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "192.88.99.1",
    "::", "::1", "fe80::1", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1", "100::1", "64:ff9b:1::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
    "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:7f00:1::1",
]  # fmt: skip
PUBLIC = ["1.1.1.1", "8.8.8.8", "103.9.196.1", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))
    assert not AddressGuard(allow_private=False).may_connect(address)
    assert AddressGuard(allow_private=True).may_connect(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://127.1/", "http://0x7f000001/", "http://0177.0.0.1/", "http://2130706433/",
        "http://localhost/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/",
        "http://[fe80::1%25lo]/", "http://１２７.0.0.1/", "http://127.0.0.1.:80/", "http://0/", "http://LOCALHOST./",
        "http://169.254.169.254/latest/meta-data/",
    ],
)  # fmt: skip
def test_no_spelling_of_loopback_gets_through(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda *given: opened.append(given))
    with pytest.raises((FetchRefused, FetchFailed)) as caught:
        fetch(url, Settings(fetch_timeout=2))
    assert opened == []
    if isinstance(caught.value, FetchRefused):
        assert caught.value.reason in ("private_address", "bad_address")
    else:
        assert "unresolvable" in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["ftp://bao.vn/", "file:///etc/passwd", "http:///x", "http://a:b@bao.vn/", "gopher://1", "", "bao.vn", "http://["],
)
def test_only_addresses_of_web_pages_are_asked_for(url: str) -> None:
    with pytest.raises(FetchRefused) as caught:
        fetch(url, Settings())
    assert caught.value.reason == "bad_address"


class Names(AbstractResolver):
    """Answers as told; each further question to a name gets its next answer."""

    def __init__(self, **answers: list[str]) -> None:
        self.answers = {name.replace("_", "."): list(addresses) for name, addresses in answers.items()}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        answers = self.answers[host]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            ResolveResult(hostname=host, host=one, port=port, family=socket.AF_INET, proto=0, flags=0)
            for one in answer.split()
        ]

    async def close(self) -> None:
        pass


def get(url: str, names: Names) -> int:
    async def one() -> int:
        connections = Connections(Settings(fetch_timeout=2), names)
        try:
            return (await connections.get(url)).status
        finally:
            await connections.close()

    return asyncio.run(one())


def test_names_that_point_into_a_private_network_are_refused() -> None:
    with pytest.raises(FetchRefused) as caught:
        get("http://bao.vn/", Names(bao_vn=["10.0.0.5"]))
    assert caught.value.reason == "private_address"
    assert "10.0.0.5" in str(caught.value)


def test_a_name_that_changes_its_answer_after_the_check_gains_nothing() -> None:
    """The address that was checked is the one that is connected to; a later answer is checked anew."""
    names = Names(bao_vn=["203.0.113.9 10.0.0.1", "127.0.0.1"])
    with pytest.raises(FetchRefused):
        get("http://bao.vn/", names)
    with pytest.raises(FetchRefused):
        get("http://bao.vn/", names)


def test_no_socket_is_made_towards_a_private_address_whoever_chose_it() -> None:
    make = GuardedSockets(AddressGuard(allow_private=False))
    with pytest.raises(PermissionError):
        make((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 80)))
    with pytest.raises(PermissionError):
        make((socket.AF_INET6, socket.SOCK_STREAM, 0, "", ("fe80::1%lo", 80, 0, 1)))


def test_redirects_are_checked_like_first_addresses() -> None:
    with DemoPress(["songcau"]) as press:
        article = press.articles("songcau")[0]
        press.misbehave("songcau", "redirect_private", article.url, to="http://0x7f.1:1/")
        with pytest.raises(FetchFailed, match="unreachable"):  # allowed, but nobody listens there
            fetch(article.url, Settings(allow_private_networks=True, fetch_timeout=2))
        press.misbehave("songcau", "redirect_private", article.url, to="file:///etc/passwd")
        with pytest.raises(FetchRefused):
            fetch(article.url, Settings(allow_private_networks=True, fetch_timeout=2))
        press.misbehave("songcau", "endless_redirect", article.url)
        with pytest.raises(FetchFailed, match="too_many_redirects"):
            fetch(article.url, Settings(allow_private_networks=True, fetch_timeout=2))


def test_the_crawl_refuses_private_papers_unless_it_is_allowed(open_newsroom) -> None:
    newsroom = open_newsroom(["songcau"], allow_private_networks=False)
    newsroom.crawl()
    assert newsroom.press.requests() == []
    assert newsroom.feed("songcau").status == "failing"
    assert "not on the public Internet" in newsroom.feed("songcau").reason


def test_a_redirect_inside_the_domains_to_a_name_that_became_private_is_refused(open_newsroom) -> None:
    """The paper's own sub-domain points at a machine of the office."""
    newsroom = open_newsroom(["songcau"], allow_private_networks=False)
    newsroom.options["resolver"] = Names(baogia_vn=["169.254.169.254"])
    path = newsroom.settings.sources_dir / "songcau.yml"
    path.write_text(
        "name: songcau\ntitle: Báo giả\ndomains: [baogia.vn]\noutlet_type: newspaper\nscope: local\n"
        "feeds: [http://baogia.vn/rss]\n",
        "utf-8",
    )
    newsroom.crawl()
    assert "169.254.169.254" in newsroom.feed("songcau").reason
