"""What the address of an analysts' page asks for, and what an answer that is a file says when it asks for nothing."""

from __future__ import annotations

from diembao.newsroom.analysis.asked import (
    COMPARE,
    EXPORT,
    FIELDS,
    FILTERS,
    MINUS,
    SEARCH,
    TRENDS,
    Asked,
    BadDay,
    Links,
)
from search_api.problems import BadParameter

__all__ = ["COMPARE", "EXPORT", "FIELDS", "FILTERS", "MINUS", "SEARCH", "TRENDS", "Asked", "BadDay", "Links", "refusal"]


def refusal(error: BadDay) -> BadParameter:
    """For answers that are files and have no form to show it in."""
    return BadParameter(error.field, error.key if error.key in ("bad_day", "empty_range") else "invalid_value")
