"""Sessions of the National Assembly and of the People's Council, when newspapers write more about the province.

One list of dated periods: `sessions.yml` here, or the file that `DIEMBAO_SESSIONS_FILE` names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

import yaml

from diembao.errors import WrongUse

_LONGEST = timedelta(days=120)


@dataclass(frozen=True)
class Session:
    """Days in Viet Nam, both included."""

    name: str
    first: date
    last: date


@dataclass(frozen=True)
class Sessions:
    periods: tuple[Session, ...] = ()

    @classmethod
    def load(cls, file: Path | None = None) -> Sessions:
        """The list of the office, or the one in the package.

        Raises:
            WrongUse: the file cannot be read, or an entry is not a name with a first and a last day.
        """
        path = file or Path(__file__).with_name("sessions.yml")
        try:
            entries = yaml.safe_load(path.read_text(encoding="utf-8")) or []
        except (OSError, yaml.YAMLError) as error:
            raise WrongUse(f"list of sessions {path}: {error}") from error
        return cls(tuple(_session(path, entry) for entry in entries))

    @cached_property
    def days(self) -> tuple[date, ...]:
        return tuple(sorted(set(self._each())))

    @cached_property
    def _set(self) -> frozenset[date]:
        return frozenset(self.days)

    def holds(self, day: date) -> bool:
        return day in self._set

    def name_of(self, day: date) -> str:
        """The session of a day; empty when there is none."""
        return next((one.name for one in self.periods if one.first <= day <= one.last), "")

    def _each(self) -> Iterator[date]:
        for period in self.periods:
            day = period.first
            while day <= period.last:
                yield day
                day += timedelta(days=1)


def _session(path: Path, entry: object) -> Session:
    match entry:
        case {"name": str(name), "first": date() as first, "last": date() as last, **more} if (
            not more and timedelta(0) <= last - first <= _LONGEST
        ):
            return Session(name, first, last)
    raise WrongUse(f"list of sessions {path}: {entry!r} is not a name with first and last day")
