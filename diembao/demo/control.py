"""The control of a running demo press over HTTP, for a person with curl or a test in another process.

GET  /                 papers, addresses, tricks at work, counts
GET  /articles         what stands in the papers now, with labels
GET  /requests         the log of requests
POST /misbehave        {"paper": …, "trick": …, "path": …, "times": …, "options": {…}}
POST /behave           {} or {"paper": …, "trick": …}
POST /publish          {"paper": …, "title": …, "lead": …, "paragraphs": […], "section": …}
POST /edit             {"id": …, "title": …, "lead": …, "replacements": {…}, "add": […]}
POST /remove           {"id": …, "how": "404"}
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from diembao.demo.http import Request, Response
from diembao.errors import WrongUse

if TYPE_CHECKING:
    from diembao.demo.demo_press import DemoPress
    from diembao.demo.edition import PrintedArticle


class Control:
    """Answers for the control's own port."""

    def __init__(self, press: DemoPress) -> None:
        self._press = press
        self._routes: dict[tuple[str, str], Callable[[dict[str, Any]], object]] = {
            ("GET", "/"): self._overview,
            ("GET", "/articles"): lambda _: [_shown(each) for each in press.articles()],
            ("GET", "/requests"): lambda _: [_logged(each) for each in press.requests()],
            ("POST", "/misbehave"): self._misbehave,
            ("POST", "/behave"): lambda asked: press.behave(**asked),
            ("POST", "/publish"): lambda asked: _shown(press.publish(**asked)),
            ("POST", "/edit"): lambda asked: _shown(press.edit(asked.pop("id"), **asked)),
            ("POST", "/remove"): lambda asked: press.remove(asked.pop("id"), **asked),
        }

    def answer(self, request: Request) -> Response:
        route = self._routes.get((request.method, request.path))
        if route is None:
            return _json({"error": f"no {request.method} {request.path}"}, 404)
        try:
            asked = json.loads(request.body) if request.body else {}
            return _json(route(asked))
        except (WrongUse, KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
            return _json({"error": f"{type(error).__name__}: {error}"}, 400)

    def _overview(self, asked: dict[str, Any]) -> object:
        press = self._press
        return {
            "opened_at": press.opened_at.isoformat(),
            "papers": {
                name: {"title": paper.title, "address": press.addresses[name], "articles": len(press.articles(name))}
                for name, paper in press.papers.items()
            },
            "tricks": [
                {"paper": each.paper, "trick": each.trick, "path": each.path, "hits": each.hits}
                for each in press.misbehaviours()
            ],
            "still_to_come": len(press.still_to_come()),
            "requests": len(press.requests()),
        }

    def _misbehave(self, asked: dict[str, Any]) -> object:
        options = asked.pop("options", {})
        return {"number": self._press.misbehave(**asked, **options).number}


def _shown(article: PrintedArticle) -> dict[str, object]:
    return {
        "id": article.id,
        "paper": article.paper,
        "url": article.url,
        "title": article.title,
        "text": article.text,
        "authors": article.authors,
        "credit": article.credit,
        "published_at": article.published_at.isoformat(),
        "relevance": article.label.relevance,
        "topic": article.label.topic,
        "stance": article.label.stance,
        "needs_response": article.label.needs_response,
        "story": article.story,
        "kind": article.kind,
        "reprint_of": article.reprint_of,
    }


def _logged(request: Any) -> dict[str, object]:
    return {
        "paper": request.paper,
        "method": request.method,
        "target": request.target,
        "kind": request.kind,
        "status": request.status,
        "trick": request.trick,
        "at": request.at,
        "headers": dict(request.headers),
    }


def _json(content: object, status: int = 200) -> Response:
    body = json.dumps(content, ensure_ascii=False).encode()
    return Response(status, {"Content-Type": "application/json; charset=utf-8"}, body)
