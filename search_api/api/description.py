"""`/openapi.json`: the routes as FastAPI knows them, with examples of every answer and every error."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import yaml
from fastapi import APIRouter, Depends, FastAPI, Request, Response

from search_api.api.route import ApiRoute
from search_api.api.schemas import Problem
from search_api.messages import Messages
from search_api.problems import caret_lines, problem
from search_api.site import CurrentSite
from search_api.viewer import current_viewer

router = APIRouter(
    prefix="/api/v1", include_in_schema=False, route_class=ApiRoute, dependencies=[Depends(current_viewer)]
)

Json = dict[str, Any]
_SCHEMAS = "#/components/schemas/"
_PROBLEM_JSON = "application/problem+json"
_METHODS = ("get", "post")
_MAX_AGE = 3600
# Routes that answer nobody without a key; all others answer anonymous askers, too.
_KEY_NEEDED = ("/api/v1/articles/{number}/trail", "/api/v1/articles/export", "/api/v1/pushed/{number}")
# Sent while it is made: nobody knows beforehand what its tag would be.
_STREAMED = ("/api/v1/articles/export",)
# What an answer leads to: operation, its status, name of the link, the operation it leads to, and where in the answer
# the number for it stands.
_LINKS = (
    ("push_article", "202", "Fate", "pushed_article", "/id"),
    ("pushed_article", "200", "Article", "one_article", "/article"),
    ("search_articles", "200", "First", "one_article", "/items/0/id"),
    ("search_articles", "200", "Story", "one_story", "/items/0/story/id"),
    ("search_stories", "200", "First", "one_story", "/items/0/id"),
    ("one_article", "200", "Trail", "article_trail", "/id"),
    ("one_article", "200", "Story", "one_story", "/story/id"),
)
_REQUEST_ID = "4f0c2b8e9d1a4c6b"
_BAD_QUERY = 'lũ "sông Cầu'


@dataclass(frozen=True, slots=True)
class Case:
    """An error as it is answered. request: what brings it about. detail: key of the message; none: the status's own."""

    request: str
    code: str = ""
    detail: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""  # key of the message that stands in `values`
    members: Mapping[str, Any] = field(default_factory=dict)


CASES: Mapping[int, tuple[Case, ...]] = {
    400: (
        Case(
            "GET /api/v1/articles?topc=lu",
            "invalid_parameter",
            "problems.unknown_parameter",
            {"name": "topc"},
            members={"errors": [{"parameter": "topc", "message": "Không có tham số “topc”."}]},
        ),
        Case(
            "GET /api/v1/articles?from=soon",
            "bad_day",
            "problems.invalid_parameter",
            {"name": "from"},
            "problems.bad_day",
            {"parameter": "from"},
        ),
        Case(
            "GET /api/v1/articles?q=l%C5%A9+%22s%C3%B4ng+C%E1%BA%A7u",
            "unclosed_quote",
            "query_errors.unclosed_quote",
            members={"position": 3, "query": _BAD_QUERY, "caret": caret_lines(_BAD_QUERY, 3)},
        ),
        Case("GET /api/v1/articles?after=xyz", "bad_cursor", "query_errors.bad_cursor"),
    ),
    401: (Case("GET /api/v1/articles/1/trail"),),
    403: (
        Case(
            "GET /api/v1/articles?stance=unfavourable",
            "staff_field",
            "problems.staff_field",
            {"name": "stance"},
            members={"parameter": "stance"},
        ),
    ),
    404: (Case("GET /api/v1/articles/999999999"),),
    413: (Case("POST /api/v1/articles"),),
    414: (Case("GET /api/v1/articles"),),
    415: (Case("POST /api/v1/articles"),),
    429: (
        Case("GET /api/v1/articles", "too_many_requests"),
        Case("GET /api/v1/articles", "quota_used_up", "problems.quota"),
    ),
    503: (Case("GET /api/v1/articles", "index_unavailable"),),
}
_HEADERS: Mapping[str, tuple[str, str]] = {
    "ETag": ("for `If-None-Match`", 'W/"0a1b2c3d4e5f60718293"'),
    "Cache-Control": ("how long the answer may be kept, and by whom", "public, max-age=60"),
    "RateLimit-Policy": (
        "q requests in w seconds; of the address, or of the key's day and speed",
        '"address";q=120;w=12',
    ),
    "RateLimit": ("r requests are left; all of them again in t seconds", '"address";r=119;t=1'),
    "Retry-After": ("seconds", "30"),
    "X-Articles": ("how many articles follow", "2"),
    "X-Articles-Left": ("how many match after the last of them", "0"),
    "Location": ("where it is", "/api/v1/pushed/17"),
    "X-Request-ID": ("number of the request, as in the log", _REQUEST_ID),
}
_ALWAYS = ("X-Request-ID", "RateLimit-Policy", "RateLimit")


@router.get("/openapi.json")
def openapi(request: Request, site: CurrentSite) -> Response:
    """This description."""
    app: FastAPI = request.app
    known = describe(app.openapi(), site.editions.vietnamese.messages)
    body = json.dumps(known, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(body, media_type="application/json", headers={"Cache-Control": f"public, max-age={_MAX_AGE}"})


def describe(plain: Json, messages: Messages) -> Json:
    """The description of FastAPI with what it does not know: errors as they are, headers, keys, examples."""
    known = copy.deepcopy(plain)
    components = known.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for foreign in ("HTTPValidationError", "ValidationError"):
        schemas.pop(foreign, None)
    schemas["Problem"] = Problem.model_json_schema()
    components["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "made at the desk, `/ban-bien-tap/khoa-api`"}
    }
    components["headers"] = {
        name: {"description": text, "schema": {"type": "string"}, "example": example}
        for name, (text, example) in _HEADERS.items()
    }
    examples = _examples()
    for path, method, operation in _operations(known):
        _complete(operation, method, path, examples.get(f"{method.upper()} {path}", {}), messages)
    return known


def _operations(known: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in known["paths"].items():
        for method in _METHODS:
            if method in item:
                yield path, method, item[method]


def _complete(operation: Json, method: str, path: str, example: Json, messages: Messages) -> None:
    operation["responses"].pop("422", None)
    needed = path in _KEY_NEEDED or method == "post"
    operation["security"] = [{"key": []}] if needed else [{}, {"key": []}]
    for parameter in operation.get("parameters", ()):
        if parameter["name"] in example.get("parameters", {}):
            parameter["example"] = example["parameters"][parameter["name"]]
    if "request" in example:
        operation["requestBody"]["content"]["application/json"]["example"] = example["request"]
    if method == "get" and path not in _STREAMED:
        operation["responses"]["304"] = {"description": "what `If-None-Match` names is still true"}
    for status, answer in operation["responses"].items():
        answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in _headers(status, method, path)}
        if int(status) >= 400:
            answer["content"] = {_PROBLEM_JSON: _problems(int(status), messages)}
        elif status in ("200", "202") and "response" in example:
            for media_type, content in answer["content"].items():
                content.setdefault("example", example.get(media_type, example["response"]))
    for name, status, link, target, pointer in _LINKS:
        if name == operation["operationId"]:
            links = operation["responses"][status].setdefault("links", {})
            links[link] = {"operationId": target, "parameters": {"number": f"$response.body#{pointer}"}}
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _headers(status: str, method: str, path: str) -> tuple[str, ...]:
    if status == "200" and path in _STREAMED:
        return (*_ALWAYS, "X-Articles", "X-Articles-Left")
    if status in ("200", "304") and method == "get":
        return (*_ALWAYS, "ETag", "Cache-Control")
    if status in ("202", "301"):
        return (*_ALWAYS, "Location")
    return (*_ALWAYS, "Retry-After") if status in ("429", "503") else _ALWAYS


def _problems(status: int, messages: Messages) -> Json:
    examples = {}
    for number, case in enumerate(CASES[status], 1):
        examples[case.code or str(number)] = {"summary": case.request, "value": _problem(status, case, messages)}
    return {"schema": {"$ref": _SCHEMAS + "Problem"}, "examples": examples}


def _problem(status: int, case: Case, messages: Messages) -> Json:
    values = dict(case.values)
    if case.reason:
        values["reason"] = messages.text(case.reason)
    detail = messages.text(case.detail or f"errors.{status}.text", **values)
    instance = case.request.partition(" ")[2].partition("?")[0]
    title = messages.text(f"errors.{status}.title")
    return problem(status, case.code, title, detail, instance, _REQUEST_ID) | dict(case.members)


def _examples() -> Json:
    """Parameters, request and response by operation."""
    text = files("search_api").joinpath("api", "examples.yml").read_text(encoding="utf-8")
    found: Json = yaml.safe_load(text)
    return found
