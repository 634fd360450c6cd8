"""kill -9 while alerts are found, queued, mailed and called: each story is told once, or a person is asked."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time as clock
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select

from diembao.index.opening import open_index
from diembao.newsroom.analysis.alerts import keeping, signing
from diembao.newsroom.permissions import Actor, Role
from diembao.newsroom.seal import Seal
from diembao.records import Annotations, Article, Relevance
from diembao.settings import Settings
from diembao.store import articles, people, stories
from diembao.store.database import Store
from diembao.store.models import AlertDeliveryRow, AlertMatchRow, AlertRow, LetterRow, PageRow, SourceRow, UserRow
from pipelines.alerting import watch_over
from pipelines.indexing import drain

NOW = datetime(2026, 11, 22, 2, 5, tzinfo=UTC)
SECRET = signing.new_secret()
SEAL = Seal(lambda: "a key for tests")
LOT = 4  # stories that come in before each kill

# All that the worker does for alerts, once: find, queue, mail, call.
WORKER = """
from datetime import UTC, datetime
from diembao.index.opening import open_index
from diembao.newsroom.analysis.alerts.calling import Caller
from diembao.newsroom.analysis.alerts.letter import writer
from diembao.newsroom.analysis.alerts.telling import LETTER, queue_due
from diembao.newsroom.letters import Carrier
from diembao.newsroom.seal import Seal
from diembao.settings import Settings
from diembao.store.database import open_store
from pipelines.alerting import watch_over
settings = Settings.load()
store, index = open_store(settings), open_index(settings)
seal = Seal(lambda: "a key for tests")
now = lambda: datetime(2026, 11, 22, 2, 5, tzinfo=UTC)
watch_over(store, index, settings).round(now())
queue_due(store, now())
Caller(store, settings, seal, now=now).deliver()
Carrier(store, settings, {LETTER: writer(settings, seal)}, now=now).deliver()
"""


def is_ours(headers: dict[str, str], body: bytes) -> bool:
    """As a receiver finds out (Standard Webhooks): signed with the secret that it was given."""
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = hmac.digest(key, signed, hashlib.sha256)
    return headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}"


class Outside:
    """A mail server and a webhook's receiver: what each was given. Both take their time before they answer."""

    def __init__(self) -> None:
        self.letters: list[str] = []  # texts
        self.calls: list[tuple[str, list[str]]] = []  # number of the call, titles in it

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        import asyncio

        message = message_from_bytes(envelope.content, policy=default)
        self.letters.append(message.get_body(("plain",)).get_content())
        await asyncio.sleep(0.02)
        return "250 OK"

    @property
    def count(self) -> int:
        return len(self.letters) + len(self.calls)

    def mailed(self) -> Counter[str]:
        return Counter(title for text in self.letters for title in re.findall(r"Lũ số \d+", text))


@pytest.fixture
def outside() -> Iterator[tuple[Outside, int, str]]:
    held = Outside()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert is_ours({name.lower(): value for name, value in self.headers.items()}, body)
            titles = re.findall(r"Lũ số \d+", json.dumps(json.loads(body), ensure_ascii=False))
            held.calls.append((self.headers["webhook-id"], sorted(set(titles))))
            clock.sleep(0.02)
            try:
                self.send_response(204)
                self.end_headers()
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mail = Controller(held, hostname="127.0.0.1", port=port)
    mail.start()
    yield held, port, f"http://127.0.0.1:{server.server_address[1]}/nhan"
    mail.stop()
    server.shutdown()
    server.server_close()
    thread.join()


class Press:
    """Stories that come in, each of one article that the alert asks for."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store, self.index = store, open_index(settings)
        self.printed = 0
        with store.write() as session:
            session.add(SourceRow(name="songcau", title="Báo Sông Cầu", outlet_type="newspaper", scope="local",
                                  agreement="none", definition={}, updated_at=NOW))  # fmt: skip

    def prints(self, number: int) -> None:
        for _ in range(number):
            self._print()
        drain(self.store, self.index)

    def _print(self) -> None:
        self.printed += 1
        url = f"https://songcau.vn/{self.printed}.html"
        with self.store.write() as session:
            page = PageRow(url=url, source="songcau", found_at=NOW, state="done", next_try_at=NOW)
            session.add(page)
            session.flush()
            story = stories.create(session, at=NOW, relevance="relevant", now=NOW)
            told = Article(url, url, "songcau", f"Lũ số {self.printed}", "", "Nước dâng.", published_at=NOW)
            articles.add(session, page.id, told, Annotations(Relevance.RELEVANT, 0.9), story_id=story.id,
                         reprint_of=None, signature=b"", bands=(), fetched_at=NOW, now=NOW)  # fmt: skip
            stories.refresh(session, story.id, NOW)


@pytest.mark.timeout(900)
def test_killed_again_and_again_each_story_is_told_once(
    store: Store, outside: tuple[Outside, int, str], tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    held, port, hook = outside
    settings = Settings(
        data_dir=tmp_path / "data",
        database_url=store.engine.url.render_as_string(hide_password=False),
        smtp_url=f"smtp://127.0.0.1:{port}",
        mail_from="diembao@baochi.example",
        mail_per_minute=6000,
        public_url="https://baochi.example",
        allow_private_networks=True,
    )
    press = Press(store, settings)
    with store.write() as session:
        owner = people.add(
            session, UserRow(name="lan", roles=["analyst"], email="lan@baochi.example", created_at=NOW)
        ).id
        made = AlertRow(user_id=owner, name="Lũ", query="q=l%C5%A9", condition="every", days=30, hour=7, level=2,
                        by_mail=True, webhook_url=hook, webhook_secret=SEAL.encrypt(SECRET), created_at=NOW,
                        updated_at=NOW, watching_since=NOW - timedelta(days=1))  # fmt: skip
        session.add(made)
        session.flush()
        alert = made.id
    watch_over(store, press.index, settings).round(NOW)  # a watch begins with what comes after it
    environment = os.environ | settings.as_environment() | {
        "DIEMBAO_DATABASE_URL": store.engine.url.render_as_string(hide_password=False), "DIEMBAO_SMTP_URL": f"smtp://127.0.0.1:{port}",
    }  # fmt: skip
    chance = random.Random(9)
    killed = 0
    for _ in range(pytestconfig.getoption("--kills")):
        press.prints(LOT)
        before = held.count
        process = subprocess.Popen([sys.executable, "-c", WORKER], env=environment, cwd=Path.cwd())
        # Some die before anything went out, some with the first thing on its way, some a moment later.
        wanted, limit = chance.choice((0, 1, 1, 2)), clock.monotonic() + 60
        while held.count < before + wanted and process.poll() is None and clock.monotonic() < limit:
            clock.sleep(0.001)
        clock.sleep(chance.uniform(0, 0.03) if wanted else chance.uniform(0.5, 2.5))
        killed += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert killed, "no round was long enough to be killed"
    press.prints(LOT)
    for _ in range(2):  # the second finds nothing to do
        assert (
            subprocess.run([sys.executable, "-c", WORKER], env=environment, cwd=Path.cwd(), timeout=120).returncode == 0
        )
    titles = {f"Lũ số {number}" for number in range(1, press.printed + 1)}

    with store.read() as session:
        found = session.scalars(select(AlertMatchRow).where(AlertMatchRow.alert_id == alert)).all()
        assert len(found) == len(titles) and all(one.told_at for one in found)
        states = Counter(session.scalars(select(LetterRow.state)))
        calls = Counter(session.scalars(select(AlertDeliveryRow.state)))
        unknown = session.scalars(select(LetterRow.id).where(LetterRow.state == "uncertain")).all()
    # By mail nobody was told twice; what may not have arrived waits for a person's word and nothing else does.
    assert max(held.mailed().values()) == 1
    assert set(states) <= {"sent", "uncertain"} and states["uncertain"] <= killed
    with store.write() as session:
        lan = Actor("lan", frozenset({Role.ANALYST}), owner)
        for number in unknown:
            keeping.decide(session, lan, alert, number, send_again=not _arrived(held, session, number), now=NOW)
    subprocess.run([sys.executable, "-c", WORKER], env=environment, cwd=Path.cwd(), timeout=120, check=True)
    assert held.mailed() == dict.fromkeys(titles, 1)
    # A call that was cut off was made again under its number, by which its receiver knows it.
    assert set(calls) == {"sent"}
    by_number = dict(held.calls)
    assert all(said == by_number[number] for number, said in held.calls)
    assert Counter(title for said in by_number.values() for title in said) == dict.fromkeys(titles, 1)
    press.index.close()


def _arrived(held: Outside, session: Any, letter: int) -> bool:
    """As a person finds out: by looking for what it told in the mailbox."""
    matches = session.get_one(LetterRow, letter).content["matches"]
    rows = session.scalars(select(AlertMatchRow).where(AlertMatchRow.id.in_(matches)))
    told = held.mailed()
    return any(told[f"Lũ số {row.article_id}"] for row in rows)
