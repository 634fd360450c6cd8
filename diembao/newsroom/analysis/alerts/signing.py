"""What is sent to a webhook, and the signature by which its receiver knows that it is from us, and of now.

As Standard Webhooks 1.0 has it, for which there are libraries in many languages: `webhook-id` stays the same through
every try, `webhook-timestamp` is that of the try, and the signature covers both and the body.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from diembao.newsroom.analysis.alerts.news import ALERTS, Figures, News, NewsItem, list_of
from diembao.newsroom.days import LOCAL
from diembao.settings import Settings
from diembao.store.models import AlertRow

_PREFIX: Final = "whsec_"
_BYTES: Final = 32
MOST_TOLD: Final = 100


def new_secret() -> str:
    return _PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode("ascii")


def headers(secret: str, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of one try.

    Raises:
        ValueError: no secret of ours.
    """
    timestamp = str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    signed = b".".join((message_id.encode("ascii"), timestamp.encode("ascii"), body))
    signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode("ascii")
    return {
        "Content-Type": "application/json; charset=utf-8",
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }


def body(alert: AlertRow, news: News, settings: Settings, at: datetime, *, is_test: bool = False) -> bytes:
    """at: when it was found to be due, so that every try says the same."""
    address = settings.public_url.rstrip("/")
    told: Mapping[str, Any] = {
        "type": "alert.test" if is_test else "alert.told",
        "timestamp": _moment(at),
        "data": {
            "alert": {
                "id": alert.id,
                "name": alert.name,
                "condition": alert.condition,
                "url": f"{address}{ALERTS}/{alert.id}",
                "search": list_of(alert, settings),
            },
            "stories": [_story(one, address) for one in news.items[:MOST_TOLD]],
            "more": max(0, len(news.items) - MOST_TOLD),
            "surges": [_surge(one, alert, settings) for one in news.figures if one.kind == "surge"],
            "silences": [_silence(one) for one in news.figures if one.kind == "silence"],
        },
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def _story(one: NewsItem, address: str) -> dict[str, Any]:
    return {
        "story": one.story,
        "article": one.article,
        "title": one.title,
        "source": one.source,
        "outlet": one.outlet,
        "outlets": one.outlets,
        "url": one.url,
        "desk": f"{address}/ban-bien-tap/tin/{one.story}",
        "published_at": _moment(one.printed_at),
        "stance": one.stance or None,
    }


def _surge(one: Figures, alert: AlertRow, settings: Settings) -> dict[str, Any]:
    address = settings.public_url.rstrip("/")
    return {
        "day": one.last.isoformat(),
        "level": one.level,
        "articles": one.articles,
        "usual": one.usual,
        "stories": [_story(item, address) for item in one.stories],
        "search": list_of(alert, settings, one.first, one.last),
    }


def _silence(one: Figures) -> dict[str, Any]:
    return {
        "first": one.first.isoformat(),
        "last": one.last.isoformat(),
        "level": one.level,
        "usual": one.usual,
    }


def _moment(at: datetime) -> str:
    return at.astimezone(LOCAL).isoformat(timespec="seconds")
