"""What is wrong with a search form, as its page shows it: in words, at the field, under the character."""

from __future__ import annotations

from dataclasses import dataclass

from diembao.errors import BadQuery
from search_api.editions import Edition
from search_api.problems import query_fault

_CARET_WINDOW = 40  # characters shown on either side of the one at fault


@dataclass(frozen=True, slots=True)
class Fault:
    """Why it cannot be searched. before, at, after: the query around the character at fault; position from 1."""

    text: str
    field: str = ""
    position: int = 0
    before: str = ""
    at: str = ""
    after: str = ""


def fault_in(query: str, error: BadQuery, edition: Edition) -> Fault:
    """The fault of a query as typed; one of the cursor stands at no field."""
    text = query_fault(edition, error)
    if error.code == "bad_cursor":
        return Fault(text)
    position = min(error.position, len(query))
    return Fault(
        text,
        "q",
        position + 1,
        query[max(0, position - _CARET_WINDOW) : position],
        query[position : position + 1],
        query[position + 1 : position + _CARET_WINDOW],
    )
