"""How often the rules of surges and silence are wrong, and how soon they are right: on simulated newspapers.

    python bench/alert_rules.py --years 40

A quiet year has weekends, Tết and sessions, and counts that vary more than chance (negative binomial, variance = mean ×
dispersion), but nothing happens in it. False alarms are days with a surge, and runs of silence, a year. Surges are days
to which so many times the usual day is added; found: within that day, and by which level.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from datetime import date, timedelta

import numpy as np

from diembao.newsroom.analysis.alerts.usual import FEWEST_DAYS, LEVELS, levels_of, silence_of, usual
from diembao.newsroom.sessions import Session, Sessions
from diembao.newsroom.tet import is_tet

_FIRST, _WARM = date(2024, 9, 1), 120
_SESSIONS = Sessions(
    tuple(
        Session(f"{year}/{month}", date(year, month, 8), date(year, month, 10 if month == 7 else 17))
        for year in (2024, 2025, 2026)
        for month in (7, 12)
    )
)
_WEEKEND, _TET, _SESSION = 0.6, 0.25, 1.6
_TIMES = (2, 3, 5, 10)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--years", type=int, default=40)
    options = parser.parse_args()
    chance = np.random.default_rng(9)
    surges = " ".join(f"{f'false {level}':>8}" for level in LEVELS)
    silent = " ".join(f"{f'quiet {level}':>8}" for level in LEVELS)
    print(f"{'mean':>6} {'disp':>5} {surges} {silent} " + " ".join(f"{f'x{times + 1}':>7}" for times in _TIMES))
    for mean in (0.3, 1.0, 3.0, 10.0, 40.0):
        for dispersion in (1.0, 2.0, 4.0):
            _line(chance, mean, dispersion, options.years)
    return 0


def _line(chance: np.random.Generator, mean: float, dispersion: float, years: int) -> None:
    false = dict.fromkeys(LEVELS, 0)
    silent = dict.fromkeys(LEVELS, 0)
    found = dict.fromkeys(_TIMES, 0)
    tried = 0
    for _ in range(years):
        days = _year(chance, mean, dispersion)
        for day, levels in _judged(days):
            for level, fewest in levels.items():
                false[level] += days[day] >= fewest
            if tried % 5 == 0:
                for times in _TIMES:
                    more = chance.poisson(mean * times)
                    found[times] += 2 in levels and days[day] + more >= levels[2]
            tried += 1
        for level in LEVELS:
            silent[level] += _silences(days, level)
    shown = [f"{false[level] / years:8.2f}" for level in LEVELS] + [f"{silent[level] / years:8.2f}" for level in LEVELS]
    shares = [f"{100 * found[times] / ((tried + 4) // 5):6.0f}%" for times in _TIMES]
    print(f"{mean:6} {dispersion:5} " + " ".join(shown + shares), flush=True)


def _year(chance: np.random.Generator, mean: float, dispersion: float) -> dict[date, int]:
    days: dict[date, int] = {}
    for number in range(_WARM + 365):
        day = _FIRST + timedelta(days=number)
        share = _TET if is_tet(day) else _WEEKEND if day.weekday() >= 5 else 1.0
        expected = mean * share * (_SESSION if _SESSIONS.holds(day) else 1.0)
        if dispersion > 1:
            expected = chance.gamma(expected / (dispersion - 1), dispersion - 1)
        days[day] = int(chance.poisson(expected))
    return days


def _judged(days: Mapping[date, int]) -> Iterator[tuple[date, dict[int, int]]]:
    for number in range(_WARM, _WARM + 365):
        day = _FIRST + timedelta(days=number)
        known = usual(days, day, _SESSIONS, _FIRST)
        assert known is not None and known.days >= FEWEST_DAYS
        yield day, levels_of(known)


def _silences(days: Mapping[date, int], level: int) -> int:
    """Runs of days without an article that would have been told, each once."""
    told, run = 0, 0
    is_told = False
    for number in range(_WARM, _WARM + 365):
        day = _FIRST + timedelta(days=number)
        run, is_told = (run + 1, is_told) if not days[day] else (0, False)
        if run and not is_told:
            first = day - timedelta(days=run - 1)
            known = usual(days, first, _SESSIONS, _FIRST)
            if known and silence_of(known, [first + timedelta(days=one) for one in range(run)]) >= level:
                told, is_told = told + 1, True
    return told


if __name__ == "__main__":
    sys.exit(main())
