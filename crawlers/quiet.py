"""Quiet hours: by night a newspaper may be left alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Final

from crawlers.source import Source
from diembao.settings import QUIET_HOURS, Settings
from pipelines.dates import VIETNAM

NEVER: Final = "none"


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begin` to `end`, in Viet Nam; over midnight where `end` is earlier."""

    begin: time
    end: time

    @classmethod
    def parse(cls, text: str) -> QuietHours | None:
        """`23:00-05:00`; None for '' and `none`.

        Raises:
            ValueError: anything else.
        """
        if text in ("", NEVER):
            return None
        found = re.fullmatch(QUIET_HOURS, text)
        if found is None:
            raise ValueError(f"{text!r} is no span of hours such as 23:00-05:00, nor {NEVER}")
        return cls(time.fromisoformat(found[1]), time.fromisoformat(found[2]))

    def hold(self, moment: datetime) -> bool:
        local = moment.astimezone(VIETNAM).time()
        if self.begin <= self.end:
            return self.begin <= local < self.end
        return local >= self.begin or local < self.end


def resting(sources: Iterable[Source], settings: Settings, moment: datetime) -> list[str]:
    """The sources that are left alone at this moment: by their own hours, else by those of the installation."""
    everywhere = QuietHours.parse(settings.quiet_hours)
    found = []
    for source in sources:
        hours = QuietHours.parse(source.quiet_hours) if source.quiet_hours else everywhere
        if hours is not None and hours.hold(moment):
            found.append(source.name)
    return found
