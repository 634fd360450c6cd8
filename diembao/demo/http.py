"""The little HTTP the demo press speaks: requests, answers that may be delivered badly on purpose, a server.

One thread runs one event loop for all papers. Nothing here knows newspapers.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import math
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from itertools import chain
from urllib.parse import parse_qsl, urlencode

_HEAD_LIMIT = 64 * 1024
_BODY_LIMIT = 256 * 1024
_IDLE_SECONDS = 60.0
_SMALLEST_GZIPPED = 400  # bytes; below this compression does not pay


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    target: str  # path and query as asked for
    headers: Mapping[str, str]  # names in lower case
    body: bytes = b""

    @property
    def path(self) -> str:
        """Path and query without the marks that count visitors (`utm_…`)."""
        path, _, query = self.target.partition("?")
        kept = [(name, value) for name, value in parse_qsl(query, True) if not name.startswith("utm_")]
        return f"{path}?{urlencode(kept)}" if kept else path

    @property
    def unconditional(self) -> Request:
        """The same request of a client that has nothing yet."""
        kept = {name: value for name, value in self.headers.items() if not name.startswith("if-")}
        return replace(self, headers=kept)


@dataclass(slots=True)
class Response:
    """An answer and the way it is delivered.

    body: bytes, or pieces sent one by one (chunked).
    wait: seconds before the first byte; infinite means never.
    pause: seconds after each piece.
    claimed_length: Content-Length that is told instead of the true one; the connection closes after the body.
    reset: break the connection (RST) instead of ending it properly.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | Iterable[bytes] = b""
    wait: float = 0.0
    pause: float = 0.0
    claimed_length: int | None = None
    reset: bool = False

    @property
    def content(self) -> bytes:
        """The body in one piece.

        Raises:
            TypeError: the body is made of pieces.
        """
        if not isinstance(self.body, bytes):
            raise TypeError("this answer is delivered in pieces")
        return self.body


Answer = Callable[[Request], Response]


def html(text: str, status: int = 200) -> Response:
    return Response(status, {"Content-Type": "text/html; charset=utf-8"}, text.encode())


def redirect(location: str, status: int = 302) -> Response:
    return Response(status, {"Content-Type": "text/html; charset=utf-8", "Location": location})


def compressed(request: Request, response: Response) -> Response:
    """Gzip a whole body for a client that takes it."""
    body = response.body
    if (
        "gzip" in request.headers.get("accept-encoding", "")
        and isinstance(body, bytes)
        and len(body) >= _SMALLEST_GZIPPED
        and response.claimed_length is None
        and "Content-Encoding" not in response.headers
    ):
        response.body = gzip.compress(body, 5, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Vary"] = "Accept-Encoding"
    return response


class Server:
    """Several sites, each behind its own listening socket, in one background thread."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing: asyncio.Event | None = None

    def start(self, sites: Iterable[tuple[socket.socket, Answer]]) -> None:
        """Serve until `stop`; returns when all sites listen."""
        ready = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(list(sites), ready)), name="demo-press", daemon=True
        )
        self._thread.start()
        ready.wait()

    def stop(self) -> None:
        """Close every connection and wait for the thread; harmless when not running."""
        if self._thread is None or self._loop is None or self._closing is None:
            return
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()
        self._thread = self._loop = self._closing = None

    async def _serve(self, sites: list[tuple[socket.socket, Answer]], ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._closing = asyncio.Event()
        connections: set[asyncio.Task[None]] = set()
        servers = []
        for listening, answer in sites:
            servers.append(await asyncio.start_server(_caller(answer, connections), sock=listening, limit=_HEAD_LIMIT))
        ready.set()
        await self._closing.wait()
        for server in servers:
            server.close()
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 lets the system choose.

    Raises:
        OSError: the port is taken or the host is not an address of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio turns Nagle's delay off only where it is.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(128)
    except OSError:
        listening.close()
        raise
    return listening


def _caller(
    answer: Answer, connections: set[asyncio.Task[None]]
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.get_running_loop().create_task(_converse(reader, writer, answer))
        connections.add(connection)
        connection.add_done_callback(connections.discard)

    return connected


async def _converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer) -> None:
    """Answer the requests of one connection until either side has enough."""
    try:
        with contextlib.suppress(ConnectionError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            while request := await asyncio.wait_for(_read(reader), _IDLE_SECONDS):
                if not await _deliver(reader, writer, request, answer(request)):
                    break
    finally:
        writer.close()


async def _read(reader: asyncio.StreamReader) -> Request | None:
    """One request; None when it cannot be understood."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[1].startswith("/"):
        return None
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > _BODY_LIMIT:
        return None
    return Request(words[0], words[1], headers, await reader.readexactly(int(length)))


async def _deliver(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: Request, response: Response
) -> bool:
    """Send one answer; whether the connection stays open."""
    if response.wait:
        await _wait(reader, response.wait)
    whole = isinstance(response.body, bytes)
    length = len(response.content) if whole else None
    if response.claimed_length is not None:
        length = response.claimed_length
    keep = request.headers.get("connection", "").lower() != "close" and response.claimed_length is None
    writer.write(_head(response, length, keep))
    if request.method != "HEAD":
        await _send(writer, response, chunked=length is None)
    await writer.drain()
    if response.reset:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        return False
    return keep


async def _wait(reader: asyncio.StreamReader, seconds: float) -> None:
    """Be slow; but stop when the client has hung up, so that no connection is held for nothing."""
    hung_up = asyncio.ensure_future(reader.read(1))
    try:
        await asyncio.wait([hung_up], timeout=None if math.isinf(seconds) else seconds)
    finally:
        stays = hung_up.cancel()
    if not stays:
        raise ConnectionAbortedError("client hung up")
    await asyncio.wait([hung_up])


def _head(response: Response, length: int | None, keep: bool) -> bytes:
    phrase = HTTPStatus(response.status).phrase
    framing = {"Transfer-Encoding": "chunked"} if length is None else {"Content-Length": str(length)}
    if response.status == HTTPStatus.NOT_MODIFIED:
        framing = {}
    lines = [f"HTTP/1.1 {response.status} {phrase}"]
    for name, value in {**response.headers, **framing, "Connection": "keep-alive" if keep else "close"}.items():
        lines.append(f"{name}: {value}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


async def _send(writer: asyncio.StreamWriter, response: Response, *, chunked: bool) -> None:
    pieces = [response.body] if isinstance(response.body, bytes) else response.body
    end = [b""] if chunked else []
    for piece in chain((each for each in pieces if each), end):
        writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
        await writer.drain()
        if response.pause:
            await asyncio.sleep(response.pause)
