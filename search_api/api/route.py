"""What all routes of the API have in common: reading answers can be asked for again cheaply."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic_core import to_json

from search_api.conditional import is_known, tag_of

_MAX_AGE = 60
# One address answers differently to anonymous askers, keys and sessions: who keeps an answer must not mix them up.
_VARY = "Accept-Encoding, Authorization, Cookie"
_KEPT_WITH_304 = ("cache-control", "etag", "vary", "ratelimit", "ratelimit-policy", "link", "last-modified")


def whole_answer(body: Any, response: Response) -> Response:
    """An answer that the framework does not check and write once more, which takes longer than making it; the tests
    hold it against its schema. response: the one that the request's dependencies have put headers on."""
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    return Response(to_json(body), headers=headers, media_type="application/json")


class ApiRoute(APIRoute):
    """Reading answers carry an `ETag`; who names it in `If-None-Match` gets 304 when nothing has changed."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_conditionally(request: Request) -> Response:
            response = await handle(request)
            for name, value in getattr(request.state, "key_fields", {}).items():
                response.headers.setdefault(name, value)  # answers that a route made whole have none of its key yet
            return _reading_answer(request, response) if request.method == "GET" else response

        return handle_conditionally


def _reading_answer(request: Request, response: Response) -> Response:
    response.headers["Vary"] = _VARY
    if response.status_code != 200:
        response.headers.setdefault("Cache-Control", "no-store")
        return response
    response.headers.setdefault("Cache-Control", f"public, max-age={_MAX_AGE}")
    body = getattr(response, "body", None)
    if body is None:  # a stream, which is not held to be looked at
        return response
    tag = response.headers.setdefault("ETag", tag_of(bytes(body)))
    if not is_known(request.headers.get("if-none-match", ""), tag):
        return response
    kept = {name: value for name, value in response.headers.items() if name in _KEPT_WITH_304}
    return Response(status_code=304, headers=kept)
