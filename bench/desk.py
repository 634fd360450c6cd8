"""Server time of every tab, filter and page of the desk's queue in a large store, through the whole application.

    python bench/desk.py --stories 50000
    python bench/desk.py --stories 50000 --days 1000 --database postgresql+psycopg://…

Stories are made up; with `--days 3` all of them are news since the last digest, which no office will ever see. Times
are from request to answer in one process (no network), each address asked in turn with others in between; the time of
the processor says what they would be on a machine with nothing else to do.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from desk_store import NOW, fill
from fastapi.testclient import TestClient
from pydantic import SecretStr

from diembao.index.opening import open_index
from diembao.newsroom.seal import Seal
from diembao.newsroom.signing_in import Visit, digest_of, enter
from diembao.settings import Settings
from diembao.store import people, queue
from diembao.store.database import Store, open_store
from diembao.store.models import UserRow
from search_api.app import create_app
from search_api.limits import RateLimiter
from search_api.serve import spare_the_collector

QUEUE = "/ban-bien-tap"
ADDRESSES = {
    "new, since the last digest": "",
    "new, everything": "?span=all",
    "new, page 2": "?span=all&page=2",
    "new, page 30": "?span=all&page=30",
    "new, last page": "?span=all&page=100000",
    "new, newest first": "?span=all&sort=newest",
    "new, by outlets": "?span=all&sort=outlets",
    "topic": "?span=all&topic=moi-truong-tai-nguyen",
    "stance": "?span=all&stance=unfavourable",
    "needs a response": "?span=all&needs_response=1",
    "frequent newspaper": "?span=all&source=bao01",
    "rare newspaper": "?span=all&source=bao37",
    "place": "?span=all&place=05503",
    "place, stance, topic": "?span=all&place=05503&stance=unfavourable&topic=moi-truong-tai-nguyen",
    "a month": "?from=01/10/2026&to=31/10/2026",
    "mine": "?tab=mine",
    "waiting": "?tab=waiting",
    "published": "?tab=published",
    "published, page 20": "?tab=published&page=20",
    "rejected": "?tab=rejected",
    "near misses": "?tab=near",
    "one story": "/tin/{story}?fragment=1",
    "new items": "/tin-moi?span=all&after=100",
}


def client_of(settings: Settings, store: Store) -> TestClient:
    """A browser in which a chief editor has signed in."""
    with store.write() as session:
        row = people.by_name(session, "minh") or people.add(
            session, UserRow(name="minh", roles=["chief"], created_at=NOW, full_name="Hoàng Minh")
        )
        token = enter(session, row, "password", settings, Visit("127.0.0.1", "bench"), NOW).token
    unlimited = RateLimiter(per_second=1e9, burst=1_000_000_000)
    app = create_app(settings, store, open_index(settings), now=lambda: NOW, limiter=unlimited)
    spare_the_collector()  # as the served process does
    client = TestClient(app, base_url="http://127.0.0.1")
    client.cookies.set("diembao-session", token)
    client.headers["X-CSRF-Token"] = Seal(settings.signing_key).signature("form", digest_of(token))
    return client


Taken = tuple[float, float]


def measure(client: TestClient, rounds: int, stories: int) -> dict[str, list[Taken]]:
    """Milliseconds of the clock and of the processor by address, in a new order each round; the first warms up."""
    chance = random.Random(3)
    times: dict[str, list[Taken]] = {name: [] for name in ADDRESSES}
    for number in range(rounds + 1):
        for name in chance.sample(list(ADDRESSES), len(ADDRESSES)):
            address = QUEUE + ADDRESSES[name].format(story=chance.randint(1, stories))
            started, worked = time.perf_counter(), time.process_time()
            answer = client.get(address)
            took = ((time.perf_counter() - started) * 1000, (time.process_time() - worked) * 1000)
            assert answer.status_code == 200, (address, answer.status_code)
            if number:
                times[name].append(took)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stories", type=int, default=50_000)
    parser.add_argument("--days", type=float, default=1000, help="how old the oldest story is")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--database", help="URL of an empty database; SQLite without it")
    parser.add_argument("--keep", type=Path, help="folder of the store, filled once and used again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        url = SecretStr(options.database) if options.database else None
        settings = Settings(data_dir=folder, database_url=url)
        store = open_store(settings)
        with store.read() as session:
            is_empty = queue.newest_story_id(session) == 0
        if is_empty:
            fill(store, options.stories, now=NOW, days=options.days)
        times = measure(client_of(settings, store), options.rounds, options.stories)
        store.close()
    print(f"{options.stories} stories over {options.days:g} days, {store.dialect}; milliseconds")
    print(f"{'':32}{'p50':>8}{'p95':>8}{'cpu p50':>10}{'cpu p95':>10}")
    for name, taken in times.items():
        clock, processor = zip(*taken, strict=True)
        print(f"{name:32}{statistics.median(clock):8.0f}{_p95(clock):8.0f}", end="")
        print(f"{statistics.median(processor):10.0f}{_p95(processor):10.0f}")


def _p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


if __name__ == "__main__":
    main()
