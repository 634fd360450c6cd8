"""Failures of the search server under our name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from elasticsearch import ApiError, TransportError

from diembao.errors import IndexUnavailable


@contextmanager
def server_errors(pass_on: type[Exception] | tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Around every call of the client.

    Raises:
        IndexUnavailable: the server cannot be reached, is too slow or refuses; one line.
    """
    try:
        yield
    except pass_on:
        raise
    except ApiError as error:
        raise IndexUnavailable(f"the search server refused: {error.status_code} {_reason(error)}") from error
    except TransportError as error:
        raise IndexUnavailable(f"the search server cannot be reached: {error.message}") from error


def _reason(error: ApiError) -> str:
    match error.body:
        case {"error": {"reason": str(reason)}}:
            return reason.splitlines()[0] if reason else error.error
        case _:
            return error.error
