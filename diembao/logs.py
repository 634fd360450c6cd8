"""Logging, configured once by the command line and nowhere else.

Plain lines for people, one JSON object a line for machines. Passwords in URLs never reach a log.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

_PASSWORD = re.compile(r"(://[^:/\s]+:)[^@/\s]+@")
_STANDARD = set(vars(logging.LogRecord("", 0, "", 0, "", (), None))) | {
    "message",
    "asctime",
    "taskName",
    "color_message",
}
# Chatty below warning, and of no use to an operator.
_QUIET = (
    "scrapy",
    "twisted",
    "httpx",
    "httpcore",
    "trafilatura",
    "htmldate",
    "alembic",
    "asyncio",
    "protego",
    "filelock",
)


_ABOUT: ContextVar[Mapping[str, Any] | None] = ContextVar("about", default=None)


@contextmanager
def about(**fields: Any) -> Iterator[None]:
    """Every line logged in the block carries these fields, whoever logs it: the number of a request, of a page."""
    token = _ABOUT.set({**(_ABOUT.get() or {}), **fields})
    try:
        yield
    finally:
        _ABOUT.reset(token)


class Formatter(logging.Formatter):
    """`extra` fields of a record, and what it is `about`, are shown as key=value, or as members of the JSON object."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        extra = {**(_ABOUT.get() or {}), **{n: value for n, value in vars(record).items() if n not in _STANDARD}}
        message = record.getMessage()
        trace = self.formatException(record.exc_info) if record.exc_info else ""
        if self._as_json:
            fields = {"at": at.isoformat(timespec="milliseconds"), "level": record.levelname, "logger": record.name}
            fields |= {"message": message} | extra | ({"trace": trace} if trace else {})
            return _PASSWORD.sub(r"\1********@", json.dumps(fields, ensure_ascii=False, default=str))
        pairs = "".join(f" {name}={value}" for name, value in extra.items())
        line = f"{at.astimezone():%H:%M:%S} {record.levelname.lower():7} {record.name}: {message}{pairs}"
        return _PASSWORD.sub(r"\1********@", line + (f"\n{trace}" if trace else ""))


# Each connection that fails is a trace of sixty lines there, while we say in one what it means.
_SILENT = ("elastic_transport",)


def configure(level: str, *, as_json: bool) -> None:
    """Send all logs to stderr; replaces whatever a library set up before."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Formatter(as_json=as_json))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(level if level == "DEBUG" else "WARNING")
    for name in _SILENT:
        logging.getLogger(name).setLevel(level if level == "DEBUG" else "ERROR")
