"""Addresses of the lists behind the figures, made of what was asked for: the same query counts and lists."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from diembao.index.protocol import Period
from diembao.newsroom.analysis.asked import ANALYSIS, MINUS, SEARCH, Asked
from diembao.newsroom.matters import Stage
from diembao.records import Flag

BRIEFING: Final = f"{ANALYSIS}/giao-ban"
MATTERS: Final = f"{BRIEFING}/van-de"
FIRSTS: Final = f"{BRIEFING}/dang-truoc"
STORY: Final = "/ban-bien-tap/tin"
NEEDS_RESPONSE: Final = Flag.NEEDS_RESPONSE.value
STANCES: Final = ("favourable", "unfavourable", "mixed", "neutral")
# Pairs of a field and its value, as addresses name them.
Only = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Lists:
    """asked: what the report counts, whatever time it names. Every answer is a path."""

    asked: Asked

    @classmethod
    def of(cls, asked: Asked) -> Lists:
        return cls(
            replace(asked, from_="", to="", span="", sort="", by="", unit_of_time="", count="", apart=False, after="")
        )

    def articles(self, period: Period, only: Only = ()) -> str:
        """Every printing by itself."""
        return self._narrowed(only).during(period).path(SEARCH, apart=True)

    def stories(self, period: Period, only: Only = ()) -> str:
        return self._narrowed(only).during(period).path(SEARCH, apart=False)

    def of_units(self, period: Period, codes: tuple[str, ...], *, apart: bool = True) -> str:
        """Of any of these communes and wards."""
        asked = self.asked
        for code in codes:
            asked = asked.with_value("unit", code)
        return asked.during(period).path(SEARCH, apart=apart)

    def without_stance(self, period: Period) -> str:
        left_out = tuple(("stance", f"{MINUS}{stance}") for stance in STANCES)
        return replace(self.asked, values=(*self.asked.values, *left_out)).during(period).path(SEARCH, apart=True)

    def raised(self, period: Period) -> str:
        """The articles that ask for an answer."""
        return self.articles(period, (("flag", NEEDS_RESPONSE),))

    def matters(self, period: Period, stage: Stage | None = None) -> str:
        path = self.asked.during(period).path(MATTERS)
        return f"{path}&{urlencode({'stage': stage.value})}" if stage else path

    def firsts(self, period: Period, source: str, *, carried: bool = False) -> str:
        """The stories that an outlet had first, or of those the ones it had at all."""
        path = self.asked.during(period).path(FIRSTS)
        return f"{path}&{urlencode({'bao': source, 'co': 'dang' if carried else 'truoc'})}"

    def briefing(self, period: Period, page: str = BRIEFING) -> str:
        return self.asked.during(period).path(page)

    def _narrowed(self, only: Only) -> Asked:
        asked = self.asked
        for name, value in only:
            asked = asked.narrowed(name, value)
        return asked
