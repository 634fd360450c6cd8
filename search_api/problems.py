"""Every error as people and programs see it: a page in their language, or RFC 9457 problem+json below `/api`.

Never a trace, never what a library said: those go to the log with the number of the request.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Match

from diembao.errors import (
    BadQuery,
    DiembaoError,
    Forbidden,
    IndexUnavailable,
    Refused,
    StaleSchema,
    StoreUnavailable,
)
from search_api.desk.pages import ACCOUNT, DeskPages, is_fetch
from search_api.desk.refusals import NotSignedIn, PasswordMustChange, StaleForm
from search_api.editions import Edition, Editions
from search_api.faces import DESK, is_signed_in_face
from search_api.rendering import Renderer

logger = logging.getLogger(__name__)

RETRY_AFTER = "30"
_CARET_WINDOW = 60  # characters shown on either side of a fault


class BadParameter(Exception):
    """A parameter that cannot be; `reason` is the key of a message below `problems`."""

    def __init__(self, name: str, reason: str, status: int = 400, **values: Any) -> None:
        super().__init__(f"{name}: {reason}")
        self.name, self.reason, self.status, self.values = name, reason, status, values


class TooMany(Exception):
    """More requests than a key may make. code: `too_many_requests` or `quota_used_up`."""

    def __init__(self, code: str, headers: Mapping[str, str]) -> None:
        super().__init__(code)
        self.code, self.headers = code, headers


class ErrorPages:
    def __init__(self, editions: Editions, renderer: Renderer, desk: DeskPages) -> None:
        self._editions, self._renderer, self._desk = editions, renderer, desk

    def respond(
        self,
        request: Request,
        status: int,
        *,
        code: str = "",
        detail: str = "",
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> Response:
        """code: stable name of the kind of error. members: further members of the JSON object."""
        edition, signed_in_face = self._edition(request), is_signed_in_face(request.url.path)
        texts = "desk.errors" if signed_in_face else "errors"
        known = status if f"{texts}.{status}.title" in edition.messages else (400 if status < 500 else 500)
        title = edition.messages.text(f"{texts}.{known}.title")
        detail = detail or edition.messages.text(f"{texts}.{known}.text")
        number = request.scope.get("state", {}).get("request_id", "")
        headers = {"Cache-Control": "no-store", **(headers or {})}
        if request.url.path.startswith("/api/") or (signed_in_face and is_fetch(request)):
            body = problem(status, code, title, detail, request.url.path, number) | dict(members or {})
            return JSONResponse(body, status, headers, media_type="application/problem+json")
        if signed_in_face:
            response = self._desk.page(
                request, "error.html", status=status, title=title, detail=detail, request_id=number
            )
            response.headers.update(headers)
            return response
        page = self._renderer.render(
            "error.html", edition, path="/", current="", status=status, title=title, detail=detail, request_id=number
        )
        return Response(page, status, headers, media_type="text/html")

    def of_http(self, request: Request, error: HTTPException) -> Response:
        path = request.url.path
        if error.status_code == 404 and path != "/" and path.endswith("/") and request.method in ("GET", "HEAD"):
            # One leading slash: "//elsewhere" would lead to another host.
            return RedirectResponse("/" + path.strip("/"), 301)
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = ", ".join(_methods_of(request))
        return self.respond(request, error.status_code, headers=headers)

    def of_validation(self, request: Request, error: RequestValidationError) -> Response:
        messages = self._edition(request).messages
        faults = []
        for fault in error.errors():
            name = str(fault["loc"][-1])
            is_unknown = fault["type"] == "extra_forbidden"
            text = messages.text("problems.unknown_parameter", name=name) if is_unknown else str(fault["msg"])
            faults.append({"parameter": name, "message": text})
        first = faults[0]
        detail = first["message"]
        if not detail.startswith(messages.text("problems.unknown_parameter", name=first["parameter"])):
            reason = messages.text("problems.invalid_value")
            detail = messages.text("problems.invalid_parameter", name=first["parameter"], reason=reason)
        return self.respond(request, 400, code="invalid_parameter", detail=detail, members={"errors": faults})

    def of_parameter(self, request: Request, error: BadParameter) -> Response:
        messages = self._edition(request).messages
        if error.reason == "staff_field":
            detail = messages.text("problems.staff_field", name=error.name)
        else:
            reason = messages.text(f"problems.{error.reason}", **error.values)
            detail = messages.text("problems.invalid_parameter", name=error.name, reason=reason)
        return self.respond(request, error.status, code=error.reason, detail=detail, members={"parameter": error.name})

    def of_too_many(self, request: Request, error: TooMany) -> Response:
        detail = self._edition(request).messages.text("problems.quota") if error.code == "quota_used_up" else ""
        return self.respond(request, 429, code=error.code, detail=detail, headers=error.headers)

    def of_query(self, request: Request, error: BadQuery) -> Response:
        edition = self._edition(request)
        query = request.query_params.get("q", "")
        members = {"position": error.position, "query": query, "caret": caret_lines(query, error.position)}
        if error.code == "bad_cursor":
            members = {}
        return self.respond(request, 400, code=error.code, detail=query_fault(edition, error), members=members)

    def of_ours(self, request: Request, error: Exception) -> Response:
        """Deliberate errors of the other rooms, and a database that is too busy to answer."""
        if isinstance(error, NotSignedIn | PasswordMustChange | StaleForm | Forbidden | Refused):
            return self._of_desk(request, error)
        if isinstance(error, StoreUnavailable | StaleSchema | IndexUnavailable | PoolTimeout):
            logger.error("not available", extra={"reason": str(error), "path": request.url.path})
            code = "index_unavailable" if isinstance(error, IndexUnavailable) else "store_unavailable"
            return self.respond(request, 503, code=code, headers={"Retry-After": RETRY_AFTER})
        logger.error("unexpected error", extra={"path": request.url.path}, exc_info=error)
        return self.respond(request, 500)

    def _of_desk(self, request: Request, error: DiembaoError) -> Response:
        """What people at the desk meet: not signed in, not allowed, a form from before, a wish that cannot be met."""
        texts = self._edition(request).messages
        if isinstance(error, NotSignedIn | PasswordMustChange) and request.method == "GET" and not is_fetch(request):
            here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            path = ACCOUNT if isinstance(error, PasswordMustChange) else f"{DESK}/dang-nhap?{urlencode({'next': here})}"
            return RedirectResponse(path, 303, {"Cache-Control": "no-store"})
        if isinstance(error, NotSignedIn):
            return self.respond(request, 401, code="not_signed_in")
        if isinstance(error, Refused):
            known = f"desk.refused.{error.key}" in self._desk.edition.messages
            return self.respond(request, 409, code=error.key, detail=self._desk.reason(error) if known else "")
        code = "stale_form" if isinstance(error, StaleForm) else "forbidden"
        detail = texts.text("desk.frame.stale_form") if isinstance(error, StaleForm) else ""
        return self.respond(request, 403, code=code, detail=detail)

    def _edition(self, request: Request) -> Edition:
        path = request.url.path
        return self._desk.edition if is_signed_in_face(path) else self._editions.of_path(path)


def _methods_of(request: Request) -> list[str]:
    """What an address can be asked with; the router names the methods of one of its routes only."""
    scopes = {method: {**request.scope, "method": method} for method in ("GET", "POST", "PUT", "PATCH", "DELETE")}
    routes = request.app.router.routes
    return [name for name, scope in scopes.items() if any(route.matches(scope)[0] is Match.FULL for route in routes)]


def problem(status: int, code: str, title: str, detail: str, instance: str, request_id: str) -> dict[str, Any]:
    """The members that every problem has (RFC 9457). code: the name of the status where there is no other."""
    code = code or HTTPStatus(status).phrase.lower().replace(" ", "_")
    return {
        "type": f"urn:diembao:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": instance,
        "code": code,
        "request_id": request_id,
    }


HANDLED = (DiembaoError, PoolTimeout)


def query_fault(edition: Edition, error: BadQuery) -> str:
    """What is wrong with a query, in words."""
    key = f"query_errors.{error.code}"
    return edition.messages.text(key if key in edition.messages else "query_errors.unknown")


def caret_lines(query: str, position: int) -> str:
    """The query, and below it a caret under the character at fault; a long query is cut around it."""
    start = max(0, position - _CARET_WINDOW)
    shown = query[start : position + _CARET_WINDOW].replace("\t", " ").replace("\n", " ")
    return f"{shown}\n{' ' * (position - start)}^"
