"""Messages that wait for the next page (after Post/Redirect/Get), in a signed cookie."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import Any, Literal

from diembao.newsroom.seal import Seal

_USE = "told"
_LONGEST = 3000


@dataclass(frozen=True, slots=True)
class Told:
    """key: of the message. undo: the desk act that can be taken back, shown as a button."""

    key: str
    values: dict[str, Any] = field(default_factory=dict)
    kind: Literal["done", "fault"] = "done"
    undo: int | None = None


def packed(told: Told, seal: Seal, bound_to: str) -> str:
    """For the cookie of one session (`bound_to`); empty when it is too long to be kept there."""
    content = json.dumps([told.key, told.values, told.kind, told.undo], ensure_ascii=False, default=str)
    body = base64.urlsafe_b64encode(content.encode()).decode("ascii")
    text = f"{body}.{seal.signature(_USE, bound_to + body)}"
    return text if len(text) <= _LONGEST else ""


def unpacked(text: str, seal: Seal, bound_to: str) -> Told | None:
    """None for what was not packed here for this session."""
    body, _, signature = text.partition(".")
    if not body or not signature or not seal.fits(signature, _USE, bound_to + body):
        return None
    try:
        key, values, kind, undo = json.loads(base64.urlsafe_b64decode(body))
    except (ValueError, binascii.Error):
        return None
    return Told(key, values, kind, undo)
