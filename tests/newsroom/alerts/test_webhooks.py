"""Webhooks against a real HTTP server: signed, tried again, given up, never private, each under one number."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from sqlalchemy import select

from diembao.newsroom.analysis.alerts import calling, signing
from diembao.newsroom.analysis.alerts.calling import WAITS, Caller, Connections
from diembao.newsroom.seal import Seal
from diembao.settings import Settings
from diembao.store.models import AlertDeliveryRow, AlertRow, ArticleRow, UserRow

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SECRET = signing.new_secret()


@dataclass
class Receiver:
    """An office's system that takes calls, and answers as a test says."""

    behave: Callable[[BaseHTTPRequestHandler], None] | None = None
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        def behave(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)

        self.behave = behave

    @property
    def numbers(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    receiver.answer(204)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            assert receiver.behave is not None
            try:
                receiver.behave(self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    yield receiver
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def seal() -> Seal:
    return Seal(lambda: "a key of the tests")


@pytest.fixture
def office(market: Any, seal: Seal, now: datetime) -> Callable[..., Any]:
    """A caller of the market's store at a moment: `office(now + MINUTE).deliver()`."""

    def make(
        at: datetime = now, *, private: bool = True, resolver: AbstractResolver | None = None, seconds: float = 20.0
    ) -> Caller:
        settings = Settings(data_dir=market.folder, public_url="https://baochi.example", allow_private_networks=private)
        return Caller(market.store, settings, seal, now=lambda: at, resolver=resolver, seconds=seconds)

    return make


@pytest.fixture
def alert(market: Any, seal: Seal, receiver: Receiver) -> int:
    return market.alert(
        market.person(), name="Lũ", by_mail=False, webhook_url=receiver.url, webhook_secret=seal.encrypt(SECRET)
    )


def news(market: Any, now: datetime, title: str = "Lũ sông Cầu") -> int:
    number = market.prints(title, found=now)
    assert market.round(now) == 1
    return number


def call(market: Any) -> AlertDeliveryRow:
    with market.store.read() as session:
        return session.scalars(select(AlertDeliveryRow).order_by(AlertDeliveryRow.id.desc())).first()


def test_what_is_told_is_signed_and_read_with_the_secret(
    market: Any, alert: int, receiver: Receiver, office: Any, now: datetime
) -> None:
    news(market, now)
    assert office().deliver() == 1
    [(headers, body)] = receiver.got
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["webhook-id"] == call(market).message_id
    assert headers["webhook-timestamp"] == str(int(now.timestamp()))
    assert (
        signing.headers(SECRET, headers["webhook-id"], now, body)["webhook-signature"] == headers["webhook-signature"]
    )
    other = signing.headers(signing.new_secret(), headers["webhook-id"], now, body)["webhook-signature"]
    assert other != headers["webhook-signature"]
    told = json.loads(body)
    assert told["type"] == "alert.told" and told["timestamp"] == "2026-11-22T09:05:00+07:00"
    assert told["data"]["alert"]["name"] == "Lũ"
    [story] = told["data"]["stories"]
    assert (story["title"], story["outlet"], story["stance"]) == ("Lũ sông Cầu", "Báo songcau", "neutral")
    assert story["desk"].startswith("https://baochi.example/ban-bien-tap/tin/")
    row = call(market)
    assert (row.state, row.answer, row.attempts) == ("sent", "http 204", 1)
    assert office(now + HOUR).deliver() == 0 and len(receiver.got) == 1


def test_a_fault_is_tried_again_under_the_same_number_with_growing_waits_and_given_up(
    market: Any, alert: int, receiver: Receiver, office: Any, now: datetime
) -> None:
    receiver.answer(500, "Lỗi\x1b[31m <b>máy chủ</b>\n".encode() * 100)
    news(market, now)
    at, waits = now, []
    for attempt in range(1, len(WAITS) + 2):
        office(at).deliver()
        assert len(receiver.got) == attempt
        office(at + MINUTE / 2).deliver()
        assert len(receiver.got) == attempt, "not before its time"
        waits.append(call(market).next_try_at - at)
        at = call(market).next_try_at
    assert len(set(receiver.numbers)) == 1
    assert len({headers["webhook-timestamp"] for headers, _ in receiver.got}) == len(WAITS) + 1
    assert all(0.8 <= wait / (minutes * MINUTE) <= 1.2 for wait, minutes in zip(waits, WAITS, strict=False))
    assert len({wait / (minutes * MINUTE) for wait, minutes in zip(waits, WAITS, strict=False)}) > 2, "spread"
    row = call(market)
    assert row.state == "failed" and row.answer.startswith("http 500 Lỗi [31m <b>máy chủ</b>")
    assert len(row.answer) < 250
    office(at + 100 * HOUR).deliver()
    assert len(receiver.got) == len(WAITS) + 1


def test_a_receiver_that_comes_back_gets_what_it_missed(
    market: Any, alert: int, receiver: Receiver, office: Any, now: datetime
) -> None:
    receiver.answer(503, Retry_After="600")
    news(market, now)
    office().deliver()
    receiver.answer(200)
    office(now + 9 * MINUTE).deliver()
    assert len(receiver.got) == 1, "as it asked"
    assert office(now + 10 * MINUTE).deliver() == 1
    assert len(set(receiver.numbers)) == 1 and call(market).state == "sent"


def test_a_kill_between_the_call_and_its_note_calls_again_under_the_same_number(
    market: Any, alert: int, receiver: Receiver, office: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    news(market, now)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Caller, "_note", killed)
        office().deliver()
    assert call(market).state == "sending" and len(receiver.got) == 1
    office(now + MINUTE).deliver()
    assert len(receiver.got) == 2 and len(set(receiver.numbers)) == 1
    office(now + 2 * MINUTE).deliver()
    assert len(receiver.got) == 2 and call(market).state == "sent"


def test_a_redirect_is_not_followed(market: Any, alert: int, receiver: Receiver, office: Any, now: datetime) -> None:
    receiver.answer(302, Location=receiver.url.replace("/hook", "/private"))
    news(market, now)
    office().deliver()
    assert len(receiver.got) == 1
    assert (call(market).state, call(market).answer) == ("queued", "redirect 302")


def test_no_call_goes_into_a_private_network(
    market: Any, alert: int, receiver: Receiver, office: Any, seal: Seal, now: datetime
) -> None:
    """Neither by a plain address, nor by a name that leads there."""

    class Liar(AbstractResolver):
        async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[ResolveResult]:
            return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0)]

        async def close(self) -> None:
            pass

    port = receiver.url.rpartition(":")[2].partition("/")[0]
    for url, reason in (
        (f"https://127.0.0.1:{port}/", "private_address"),
        (f"https://[::ffff:127.0.0.1]:{port}/", "private_address"),
        (f"https://2130706433:{port}/", "bad_address"),
        (f"https://co-quan.example:{port}/", "private_address"),
        (f"http://co-quan.example:{port}/", "plain_http"),
        ("https://u:p@co-quan.example/", "bad_address"),
        ("ftp://co-quan.example/", "bad_address"),
    ):
        with market.store.write() as session:
            session.get_one(AlertRow, alert).webhook_url = url
        news(market, now, f"Lũ {url}")
        office(now, private=False, resolver=Liar()).deliver()
        assert (call(market).state, call(market).answer) == ("failed", reason), url
    assert receiver.got == []


def test_who_hangs_or_floods_or_breaks_is_left(
    market: Any, alert: int, receiver: Receiver, office: Any, now: datetime
) -> None:
    sent = 0

    def hang(_: BaseHTTPRequestHandler) -> None:
        time.sleep(3)

    def flood(handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        handler.send_response(500)
        handler.end_headers()
        while sent < 500_000_000:
            handler.wfile.write(b"x" * 1_000_000)
            sent += 1_000_000

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(30):
            handler.wfile.write(b"x")
            time.sleep(0.1)

    def rubbish(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"\x00\x01 no http at all\r\n\r\n")
        handler.close_connection = True

    for behave, word in ((hang, "timeout 1"), (flood, "http 500 xxx"), (drip, "timeout 1"), (rubbish, "broken ")):
        receiver.behave = behave
        news(market, now, f"Lũ {behave.__name__}")
        office(seconds=1.0).deliver()
        assert call(market).state == "queued" and call(market).answer.startswith(word), (word, call(market).answer)
    assert sent < 100_000_000, "an answer without end is not read to its end"


def test_one_slow_receiver_holds_up_no_other_by_more_than_its_time(
    market: Any, alert: int, receiver: Receiver, office: Any, seal: Seal, now: datetime
) -> None:
    """Those that were tried least go first, however long the others have waited."""
    slow = [
        market.alert(
            market.person(f"p{number}"), name="chậm", by_mail=False, webhook_url=receiver.url + f"/{number}",
            webhook_secret=seal.encrypt(SECRET),
        )
        for number in range(12)
    ]  # fmt: skip
    news_time = now
    receiver.answer(500)
    market.prints("Lũ", found=news_time)
    market.round(news_time)
    office(news_time).deliver()
    market.prints("Lũ mới", found=news_time + 2 * HOUR)
    market.round(news_time + 2 * HOUR)
    receiver.got.clear()
    office(news_time + 2 * HOUR).deliver()
    attempts = {row.message_id: row.attempts for row in _calls(market)}
    assert len(receiver.got) == 2 * (len(slow) + 1)
    assert [attempts[number] for number in receiver.numbers[:8]] == [1] * 8


def _calls(market: Any) -> list[AlertDeliveryRow]:
    with market.store.read() as session:
        return list(session.scalars(select(AlertDeliveryRow)))


def test_gone_is_gone(market: Any, alert: int, receiver: Receiver, office: Any, now: datetime) -> None:
    receiver.answer(410)
    news(market, now)
    office().deliver()
    assert (call(market).state, call(market).answer) == ("failed", "http 410")


def test_what_was_taken_down_or_whose_owner_is_gone_is_not_told(
    market: Any, alert: int, receiver: Receiver, office: Any, now: datetime
) -> None:
    number = news(market, now)
    with market.store.write() as session:
        session.get_one(ArticleRow, number).withdrawn_at = now
    office().deliver()
    assert call(market).state == "cancelled"
    news(market, now + MINUTE, "Lũ nữa")
    with market.store.write() as session:
        session.scalars(select(UserRow)).one().disabled_at = now
    office(now + MINUTE).deliver()
    assert call(market).state == "cancelled" and receiver.got == []


def test_several_callers_make_each_call_once(
    market: Any, alert: int, receiver: Receiver, office: Any, now: datetime
) -> None:
    for number in range(20):
        news(market, now, f"Lũ {number}")
    threads = [threading.Thread(target=office().deliver) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    office().deliver()
    assert len(receiver.got) == 20 and len(set(receiver.numbers)) == 20


def test_a_call_that_tries_the_line_says_so_and_is_tried_once(
    market: Any, alert: int, receiver: Receiver, office: Any, now: datetime
) -> None:
    from diembao.store import alerts

    receiver.answer(500)
    with market.store.write() as session:
        alerts.queue_call(session, session.get_one(AlertRow, alert), {calling.TEST: True}, now)
    office().deliver()
    assert json.loads(receiver.got[0][1])["type"] == "alert.test"
    assert call(market).state == "failed"


def test_an_address_that_cannot_be_reached_is_told_in_one_word(seal: Seal, tmp_path: Any) -> None:
    async def post(url: str) -> str:
        connections = Connections(Settings(data_dir=tmp_path, allow_private_networks=True), seconds=1.0)
        try:
            return (await connections.post(url, b"{}", {})).text
        finally:
            await connections.close()

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = taken.getsockname()[1]
    assert asyncio.run(post(f"http://127.0.0.1:{closed}/")).startswith("unreachable")
    assert asyncio.run(post("http://khong-co.invalid/")).startswith("unresolvable")
    assert asyncio.run(post("http://[::1/")) == "bad_address"
