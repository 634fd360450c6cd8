"""Scripts of other sites may read the API as anybody may: without key, without session."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_API = "/api/v1/"
# Neither credentials nor `Authorization`: a key has no place in a web page.
_ASKING = ("If-None-Match",)
_TOLD = ("ETag", "Link", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-ID")
_MAX_AGE = 3600


class CrossOriginMiddleware:
    """CORS for the API and for nothing else. origins: of `DIEMBAO_API_ORIGINS`; `*`: any."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app = app
        self._api = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=("GET", "HEAD"),
            allow_headers=_ASKING,
            expose_headers=_TOLD,
            max_age=_MAX_AGE,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_api = scope["type"] == "http" and scope["path"].startswith(_API)
        await (self._api if is_api else self._app)(scope, receive, send)
