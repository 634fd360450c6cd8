"""A month of polling 90 newspapers in simulated time: the schedule against a poll every ten minutes.

    python bench/polling.py [--days 30] [--sources 90]

Each paper publishes at its own rate (one to 250 items a day, more by day than by night, some in bursts) and shows its
newest 10 to 50 items. An item that leaves the feed between two polls is missed. Nothing is fetched.
"""

from __future__ import annotations

import argparse
import bisect
import random
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from crawlers.schedule import Seen, next_interval

_DAY = 86_400.0
# Share of a day's items by hour in Viet Nam, roughly as newspapers publish.
_BY_HOUR = (1, 1, 1, 1, 1, 2, 5, 7, 8, 8, 8, 7, 5, 5, 6, 7, 7, 6, 5, 4, 4, 3, 2, 1)


@dataclass(frozen=True)
class Paper:
    times: list[float]  # when its items appeared, in seconds from the start
    length: int  # of its feed


@dataclass
class Outcome:
    polls: int = 0
    missed: int = 0
    delays: list[float] | None = None


def make_paper(chance: random.Random, days: int) -> Paper:
    per_day = 10 ** chance.uniform(0, 2.4)
    bursty = chance.random() < 0.25  # an hour's work printed within a quarter of an hour
    times = []
    for day in range(days):
        for hour, weight in enumerate(_BY_HOUR):
            expected = per_day * weight / sum(_BY_HOUR)
            count = sum(chance.random() < expected / 50 for _ in range(50))
            moment = chance.uniform(0, 2700)
            for _ in range(count):
                within = moment + chance.uniform(0, 900) if bursty else chance.uniform(0, 3600)
                times.append(day * _DAY + hour * 3600 + within)
    return Paper(sorted(times), chance.choice((10, 20, 30, 50)))


def run(paper: Paper, days: int, schedule: Callable[[float, Seen, timedelta | None], float]) -> Outcome:
    outcome = Outcome(delays=[])
    now, interval, seen_until, last_new = 0.0, 600.0, 0, None
    while now < days * _DAY:
        outcome.polls += 1
        out = bisect.bisect_right(paper.times, now)
        shown = max(0, out - paper.length)
        outcome.missed += max(0, shown - seen_until)
        new = range(max(shown, seen_until), out)
        outcome.delays.extend(now - paper.times[number] for number in new)
        total = out - shown
        silence = timedelta(seconds=now - last_new) if last_new is not None else None
        if new:
            last_new = now
        seen_until = out
        interval = schedule(interval, Seen(total, total - len(new)), silence)
        now += interval
    return outcome


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--sources", type=int, default=90)
    asked = parser.parse_args()
    chance = random.Random(20261122)
    papers = [make_paper(chance, asked.days) for _ in range(asked.sources)]
    print(f"{len(papers)} papers, {asked.days} days, {sum(len(paper.times) for paper in papers)} items")
    print(f"{'':14} {'polls/day/paper':>15} {'most':>6} {'missed':>7} {'median delay':>13} {'95 %':>8} {'longest':>9}")
    for name, schedule in (("adaptive", next_interval), ("every 10 min", lambda interval, seen, silence: 600.0)):
        outcomes = [run(paper, asked.days, schedule) for paper in papers]
        delays = sorted(delay for outcome in outcomes for delay in outcome.delays or ())
        polls = [outcome.polls / asked.days for outcome in outcomes]
        print(
            f"{name:14} {statistics.mean(polls):15.1f} {max(polls):6.0f} {sum(o.missed for o in outcomes):7d} "
            f"{statistics.median(delays) / 60:9.1f} min {delays[int(len(delays) * 0.95)] / 60:4.0f} min "
            f"{delays[-1] / 60:5.0f} min"
        )


if __name__ == "__main__":
    main()
