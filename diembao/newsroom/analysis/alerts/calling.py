"""Calls of webhooks: guarded as the crawler is, tried again with growing waits, given up after a bound.

A call that a killed process had begun is made again under the same number, by which its receiver knows it; one that was
noted as answered never is. Redirects are not followed, and of an answer only the beginning is read.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import aiohttp
from aiohttp.abc import AbstractResolver
from sqlalchemy.orm import Session
from yarl import URL

from diembao.errors import FetchRefused
from diembao.guard import AddressGuard, GuardedResolver, GuardedSockets
from diembao.newsroom.analysis.alerts import signing
from diembao.newsroom.analysis.alerts.news import News, news_of
from diembao.newsroom.analysis.alerts.rights import may_have, may_see_stance
from diembao.newsroom.analysis.alerts.telling import is_on
from diembao.newsroom.people import roles_of
from diembao.newsroom.seal import Seal
from diembao.settings import Settings
from diembao.store import alerts, outgoing, people
from diembao.store.database import Store
from diembao.store.locks import exclusive
from diembao.store.models import AlertDeliveryRow, AlertRow, UserRow

logger = logging.getLogger(__name__)

LOCK: Final = "webhooks"
TEST: Final = "test"  # in the content of a call that only tries the line
# Minutes before each further try; then, after two days, it is given up.
WAITS: Final = (1, 5, 30, 120, 360, 720, 1440)
_JITTER: Final = 0.2
_LONGEST_WAIT: Final = timedelta(days=1)
_SECONDS: Final = 10.0
_AT_ONCE: Final = 8
_MOST_READ: Final = 4096
_LONGEST_SAID: Final = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """How one try ended. text: a word (`http`, `timeout`, …), then what was said. wait: as the receiver asks for."""

    ended: Literal["sent", "retry", "failed"]
    text: str
    wait: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class _Call:
    id: int
    attempt: int
    url: str
    body: bytes
    headers: dict[str, str]
    is_test: bool


class Connections:
    """Make it inside a running event loop; `close` it. resolver: asked for names; default is the system's."""

    def __init__(self, settings: Settings, resolver: AbstractResolver | None = None, seconds: float = _SECONDS) -> None:
        self._allow_plain = settings.allow_private_networks
        self._guard = AddressGuard(allow_private=settings.allow_private_networks)
        self._timeout = aiohttp.ClientTimeout(total=seconds)
        self._seconds = seconds
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=_AT_ONCE,
                force_close=True,
                resolver=GuardedResolver(self._guard, resolver or aiohttp.ThreadedResolver()),
                socket_factory=GuardedSockets(self._guard),
            ),
            headers={"User-Agent": settings.user_agent, "Accept-Encoding": "identity"},
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )

    async def close(self) -> None:
        await self._session.close()

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        """One try; whatever happens is an answer."""
        try:
            check_address(url, self._guard, allow_plain=self._allow_plain)
            async with self._session.post(
                URL(url), data=body, headers=headers, timeout=self._timeout, allow_redirects=False
            ) as response:
                said = await response.content.read(_MOST_READ)
                response.close()
                return _answer(response, said)
        except FetchRefused as error:
            return Answer("failed", error.reason)
        except aiohttp.InvalidURL:
            return Answer("failed", "bad_address")
        except TimeoutError:
            return Answer("retry", f"timeout {self._seconds:g}")
        except aiohttp.ClientConnectorDNSError:
            return Answer("retry", "unresolvable")
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError) as error:
            return Answer("retry", f"certificate {_one_line(str(error))}")
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, PermissionError):
                return Answer("failed", "private_address")
            return Answer("retry", f"unreachable {error.os_error.strerror or ''}".strip())
        except (aiohttp.ClientError, ValueError) as error:
            return Answer("retry", f"broken {type(error).__name__}")


def check_address(url: str, guard: AddressGuard, *, allow_plain: bool) -> None:
    """Refuse what can be refused without asking DNS.

    Raises:
        FetchRefused: `bad_address`, `private_address`, `plain_http`: what is told is not for everybody on the way.
    """
    guard.check_url(url)
    if not allow_plain and not url.lower().startswith("https:"):
        raise FetchRefused(f"{url[:200]} is not encrypted", "plain_http")


@dataclass(slots=True)
class Caller:
    """Makes the calls that are due; one process at a time per store."""

    store: Store
    settings: Settings
    seal: Seal
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    resolver: AbstractResolver | None = None
    seconds: float = _SECONDS

    def deliver(self, stop: Callable[[], bool] = lambda: False) -> int | None:
        """Make every call whose time has come; how many were taken, None when another process is at it.

        Raises: StoreUnavailable: what was not noted is called again, under the same number.
        """
        with exclusive(self.store, self.settings.data_dir, LOCK) as alone:
            if not alone:
                return None
            with self.store.write() as session:
                outgoing.recover(session, AlertDeliveryRow)
            return asyncio.run(self._all(stop))

    async def _all(self, stop: Callable[[], bool]) -> int:
        if not (calls := self._take()):
            return 0
        connections = Connections(self.settings, self.resolver, self.seconds)
        sent = 0
        try:
            while calls:
                sent += sum(await asyncio.gather(*(self._make(connections, call) for call in calls)))
                calls = [] if stop() else self._take()
        finally:
            await connections.close()
        return sent

    async def _make(self, connections: Connections, call: _Call) -> bool:
        answer = await connections.post(call.url, call.body, call.headers)
        self._note(call, answer)
        return answer.ended == "sent"

    def _take(self) -> list[_Call]:
        """The next calls; those that there is nothing left to say by, or nobody to say it to, are cancelled."""
        now = self.now()
        found: list[_Call] = []
        with self.store.write() as session:
            while not found and (rows := alerts.calls_due(session, now, _AT_ONCE)):
                for row in rows:
                    call = self._made(session, row, now)
                    if call is not None:
                        row.attempts, row.url, row.state = call.attempt, call.url, "sending"
                        found.append(call)
                session.flush()
        return found

    def _made(self, session: Session, row: AlertDeliveryRow, now: datetime) -> _Call | None:
        alert = alerts.by_id(session, row.alert_id)
        owner = people.by_id(session, alert.user_id) if alert is not None else None
        is_test = bool(row.content.get(TEST))
        if alert is None or owner is None or not alert.webhook_url or not _may_go(alert, owner, is_test=is_test):
            row.state = "cancelled"
            return None
        stance = may_see_stance(roles_of(owner))
        matches = alerts.matches_by_ids(session, row.content.get("matches", []))
        news = news_of(session, matches, stance=stance) if matches else News((), ())
        if news.is_empty and not is_test:
            row.state = "cancelled"  # all of it was taken down meanwhile
            return None
        body = signing.body(alert, news, self.settings, row.queued_at, is_test=is_test)
        try:
            headers = signing.headers(self.seal.decrypt(alert.webhook_secret), row.message_id, now, body)
        except ValueError:
            row.state, row.answer = "failed", "secret"
            return None
        return _Call(row.id, row.attempts + 1, alert.webhook_url, body, headers, is_test)

    def _note(self, call: _Call, answer: Answer) -> None:
        now = self.now()
        state = {"sent": "sent", "failed": "failed", "retry": "queued"}[answer.ended]
        if state == "queued" and (call.is_test or call.attempt > len(WAITS)):
            state = "failed"
        wait = max(_wait_before(call.attempt), min(answer.wait, _LONGEST_WAIT))
        with self.store.write() as session:
            outgoing.settle(session, AlertDeliveryRow, call.id, "", state, answer.text, at=now, next_try_at=now + wait)
        if state != "sent":
            logger.warning("webhook %s: %s", state, answer.text, extra={"delivery": call.id, "attempt": call.attempt})


def _may_go(alert: AlertRow, owner: UserRow, *, is_test: bool) -> bool:
    """An alert that rests may be tried out."""
    return may_have(alert, owner) if is_test else is_on(alert, owner)


def _wait_before(attempt: int) -> timedelta:
    """Spread, so that receivers that were away together are not all called again at one moment."""
    minutes = WAITS[min(attempt, len(WAITS)) - 1]
    return timedelta(minutes=minutes * random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311  # no secret in it


def _answer(response: aiohttp.ClientResponse, said: bytes) -> Answer:
    if 200 <= response.status < 300:
        return Answer("sent", f"http {response.status}")
    if 300 <= response.status < 400:
        return Answer("retry", f"redirect {response.status}")
    text = "" if response.headers.get("Content-Encoding", "identity") != "identity" else said.decode("utf-8", "replace")
    told = f"http {response.status} {_one_line(text)}".strip()
    if response.status == 410:
        return Answer("failed", told)  # gone for good, as it says
    asked = response.headers.get("Retry-After", "")
    return Answer(
        "retry",
        told,
        timedelta(seconds=int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 7 else timedelta(),
    )


def _one_line(text: str) -> str:
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())[:_LONGEST_SAID]
