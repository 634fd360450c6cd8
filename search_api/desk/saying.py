"""Refusals and conflicts of the newsroom in words: times, states, acts and people as readers name them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from diembao.errors import Forbidden, Refused
from search_api.editions import Edition
from search_api.moments import day_of


def say(edition: Edition, key: str, values: Mapping[str, Any], now: datetime) -> str:
    """The message with its values in words."""
    if "field" in values and f"{key}_{values['field']}" in edition.messages:
        key = f"{key}_{values['field']}"
    if not key.startswith("desk."):
        key = f"desk.refused.{key}"
    return edition.messages.text(key, **{name: _word(edition, name, value, now) for name, value in values.items()})


def say_fault(edition: Edition, error: Refused | Forbidden, now: datetime) -> str:
    if isinstance(error, Forbidden):
        return edition.messages.text("desk.refused.forbidden")
    return say(edition, error.key, error.values, now)


def clock(edition: Edition, at: datetime, now: datetime) -> str:
    """08:47 today, else with its day."""
    formats = edition.formats
    return formats.clock(at) if day_of(at) == day_of(now) else formats.short(at)


def _word(edition: Edition, name: str, value: Any, now: datetime) -> Any:
    if isinstance(value, datetime):
        return clock(edition, value, now)
    if name == "state":
        return edition.messages.text(f"desk.frame.states.{value}")
    if name == "act":
        key = f"desk.acts.names.{value}"
        return edition.messages.text(key) if key in edition.messages else str(value)
    return value
