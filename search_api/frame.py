"""What surrounds every request: its number, its security headers, its line in the log, its count, and the one
place where an unforeseen error of a request is caught."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from diembao.logs import about
from search_api.faces import is_signed_in_face
from search_api.metrics import Metrics
from search_api.problems import ErrorPages

logger = logging.getLogger(__name__)

MAX_QUERY_STRING = 8192
# Forms of the section are searches; the desk sends texts, programmes send whole articles.
_MAX_BODY = 64 * 1024
_MAX_BODY_DESK = 512 * 1024
_MAX_BODY_ARTICLE = 2 * 1024 * 1024
_ARTICLES = "/api/v1/articles"
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), interest-cohort=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# The faces behind a sign-in have scripts, and nobody in between may keep their pages.
_SIGNED_IN_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY + "; script-src 'self'; connect-src 'self'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
}
# Browsers keep to https for a year once they have seen it; only said where the section is served so.
_STRICT_TRANSPORT = "max-age=31536000"


class FrameMiddleware:
    """The outermost of our middlewares. A route that sets one of the headers itself keeps its own."""

    def __init__(self, app: ASGIApp, errors: ErrorPages, metrics: Metrics, *, https: bool) -> None:
        self._app, self._errors, self._metrics = app, errors, metrics
        self._headers = {**SECURITY_HEADERS, **({"Strict-Transport-Security": _STRICT_TRANSPORT} if https else {})}
        self._signed_in_headers = {**self._headers, **_SIGNED_IN_HEADERS}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = self._signed_in_headers if is_signed_in_face(scope["path"]) else self._headers
        exchange = _Exchange(scope, send, headers)
        with about(request_id=exchange.number):
            await self._answer(scope, receive, exchange)

    async def _answer(self, scope: Scope, receive: Receive, exchange: _Exchange) -> None:
        try:
            if too_large := _too_large(scope):
                response = self._errors.respond(Request(scope), too_large)
                await response(scope, receive, exchange.send)
            else:
                await self._app(scope, receive, exchange.send)
        except Exception:
            logger.exception("a request failed", extra={"path": scope["path"]})
            if exchange.status:
                raise  # half an answer is out: the connection must break, so that it is not taken for a whole one
            response = self._errors.respond(Request(scope), 500)
            await response(scope, receive, exchange.send)
        finally:
            self._record(scope, exchange)

    def _record(self, scope: Scope, exchange: _Exchange) -> None:
        seconds = time.perf_counter() - exchange.started
        route = getattr(scope.get("route"), "path", "") or "none"
        self._metrics.request(exchange.method, route, exchange.status, seconds)
        # Without the address and the query: who looks for what is nobody's business.
        logger.info(
            "request",
            extra={
                "method": exchange.method,
                "path": scope["path"],
                "status": exchange.status,
                "ms": round(seconds * 1000, 1),
            },
        )


def _too_large(scope: Scope) -> int:
    """The status that refuses an overlong query or a body announced as overlong; 0 when neither is."""
    if len(scope["query_string"]) > MAX_QUERY_STRING:
        return 414
    announced = dict(scope["headers"]).get(b"content-length", b"0")
    return 413 if not announced.isdigit() or int(announced[:20]) > most_body(scope["path"]) else 0


def most_body(path: str) -> int:
    """The largest body an address takes, in bytes."""
    if path == _ARTICLES:
        return _MAX_BODY_ARTICLE
    return _MAX_BODY_DESK if is_signed_in_face(path) else _MAX_BODY


class BodyLimitMiddleware:
    """What announces its size is refused by the frame; this one counts what does not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._limited: dict[int, RequestBodyLimitMiddleware] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = most_body(scope["path"])
        if most not in self._limited:
            self._limited[most] = RequestBodyLimitMiddleware(self._app, max_body_size=most)
        await self._limited[most](scope, receive, send)


class _Exchange:
    """One request and its answer. HEAD is answered by the route of GET, without the body."""

    def __init__(self, scope: Scope, send: Send, headers: Mapping[str, str]) -> None:
        self.number = uuid.uuid4().hex[:16]
        self.method: str = scope["method"]
        self.status = 0
        self.started = time.perf_counter()
        self._send, self._headers = send, headers
        scope.setdefault("state", {})["request_id"] = self.number
        if self.method == "HEAD":
            scope["method"] = "GET"

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers.setdefault(name, value)
            headers["X-Request-ID"] = self.number
        elif message["type"] == "http.response.body" and self.method == "HEAD":
            message = {**message, "body": b""}
        await self._send(message)
