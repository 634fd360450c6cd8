"""The analysts' pages in a large installation: how long one waits alone, and with fifty others.

    DIEMBAO_EVAL_DIR=… python bench/analysis.py --articles 200000 --keep /var/tmp/bench
    DIEMBAO_EVAL_DIR=… python bench/analysis.py --articles 200000 --keep /var/tmp/bench --database postgresql+psycopg://…

A real web process, asked over HTTP on the loopback by analysts who have signed in. Store and index (see
`analysis_store.py`) are kept in --keep and used again. “alone”: each kind of page in turn, so many times, no address
twice where words are looked for; beside it the time of the processor that the web process and its drawing child took,
which says what a machine with nothing else to do would need. “together”: so many analysts for so many seconds, each
with its own questions in its own order, without a pause between them, then with a second and with five of thought.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import http.client
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

from analysis_store import YEARS, fill
from pydantic import SecretStr
from search import Material
from sqlalchemy import func, select

from diembao.index.language import index_words
from diembao.index.opening import open_index
from diembao.newsroom.signing_in import Visit, enter
from diembao.settings import Settings
from diembao.store import people
from diembao.store.database import Store, open_store
from diembao.store.models import ArticleRow, UserRow
from nlp.gazetteer.catalogue import Catalogue
from pipelines.indexing import rebuild
from search_api.analysis.trends import DEFAULT
from search_api.editions import Editions

PORT = 18310
SEARCH, TRENDS, COMPARE = "/phan-tich/tim-kiem", "/phan-tich", "/phan-tich/so-sanh"
SPANS = ("7days", "30days", "30days", "month", "quarter", "year")
STANCES = ("favourable", "unfavourable", "neutral", "mixed")
_COOKIE = "diembao-session"
_PATIENCE = 60

Ask = Callable[[], str]


def questions(material: Material, seed: int) -> dict[str, Ask]:
    """What analysts open, by kind: each call makes another address."""
    chance = random.Random(seed)
    topics = list(Editions.load().topics)
    units = [unit.code for unit in Catalogue.load().units()]
    press = [(name, value) for name, value in DEFAULT.values]

    def words(length: int) -> str:
        while True:
            found = index_words(chance.choice(material.titles)[0])
            if len(found) >= length:
                start = chance.randint(0, len(found) - length)
                return " ".join(found[start : start + length])

    def made(page: str, *pairs: tuple[str, str]) -> str:
        return f"{page}?{urlencode(pairs)}"

    def a_filter() -> tuple[str, str]:
        return chance.choice(
            (("topic", chance.choice(topics)), ("unit", chance.choice(units)), ("stance", chance.choice(STANCES)))
        )

    def span() -> tuple[str, str]:
        return ("span", chance.choice(SPANS))

    return {
        "search: two words": lambda: made(SEARCH, ("q", words(2))),
        "search: one word": lambda: made(SEARCH, ("q", words(1))),
        "search: a phrase": lambda: made(SEARCH, ("q", f'"{words(3)}"')),
        "search: words, a filter, a span": lambda: made(SEARCH, ("q", words(1)), a_filter(), span()),
        "search: filters only": lambda: made(SEARCH, a_filter(), a_filter(), span()),
        "search: everything": lambda: made(SEARCH, ("sort", chance.choice(("newest", "oldest")))),
        "trends: as it opens": lambda: made(TRENDS, *press, ("span", "30days")),
        "trends: a span": lambda: made(TRENDS, *press, span(), ("by", chance.choice(("stance", "topic", "source")))),
        "trends: a word": lambda: made(TRENDS, *press, ("q", words(1)), span()),
        "trends: a filter": lambda: made(TRENDS, *press, a_filter(), span()),
        "trends: three years": lambda: made(TRENDS, *press, *_years()),
        "compare: three words, a year": lambda: made(
            COMPARE, *press, *(("q", words(1)) for _ in range(3)), ("span", "year")
        ),
    }


def _years() -> tuple[tuple[str, str], tuple[str, str]]:
    today = datetime.now(UTC).date()
    first = today - timedelta(days=365 * YEARS)
    return ("from", f"{first:%d/%m/%Y}"), ("to", f"{today:%d/%m/%Y}")


# How often each kind is opened, when many work together.
MIX = {
    "search: two words": 5,
    "search: one word": 2,
    "search: a phrase": 1,
    "search: words, a filter, a span": 4,
    "search: filters only": 3,
    "search: everything": 1,
    "trends: as it opens": 2,
    "trends: a span": 2,
    "trends: a word": 2,
    "trends: a filter": 1,
}


@dataclass(frozen=True)
class Installation:
    settings: Settings
    tokens: list[str]


def installation(folder: Path, articles: int, material: Material, database: str | None, analysts: int) -> Installation:
    """Made when it is not there; with so many analysts who have just signed in."""
    settings = Settings(data_dir=folder, database_url=SecretStr(database) if database else None)
    store = open_store(settings, migrate=True)
    with store.read() as session:
        held = session.scalar(select(func.count()).select_from(ArticleRow)) or 0
    if not held:
        start = time.perf_counter()
        fill(store, material, articles, now=datetime.now(UTC).replace(microsecond=0))
        print(f"store: {articles} articles in {time.perf_counter() - start:.0f} s", flush=True)
    gc.collect()
    gc.freeze()
    index = open_index(settings)
    if index.status().documents < (held or articles):
        start = time.perf_counter()
        rebuild(store, index, settings.data_dir)
        print(f"index: {time.perf_counter() - start:.0f} s", flush=True)
    print(f"{index.status().documents} articles, {index.status().engine}, {store.dialect}", flush=True)
    index.close()
    tokens = [_sign_in(store, settings, number) for number in range(analysts)]
    store.close()
    return Installation(settings, tokens)


def _sign_in(store: Store, settings: Settings, number: int) -> str:
    now, name = datetime.now(UTC), f"phan.tich.{number}"
    with store.write() as session:
        row = people.by_name(session, name) or people.add(
            session, UserRow(name=name, roles=["analyst"], created_at=now, full_name=f"Cán bộ {number}")
        )
        return enter(session, row, "password", settings, Visit("127.0.0.1", "bench"), now).token


@contextmanager
def web(settings: Settings, port: int) -> Iterator[int]:
    """A web process of its own, ready to answer; its number."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DIEMBAO_")}
    environment |= settings.as_environment() | {"DIEMBAO_LOG_LEVEL": "WARNING"}
    process = subprocess.Popen([sys.executable, "-m", "diembao", "serve", "--port", str(port)], env=environment)
    try:
        for _ in range(240):
            try:
                if get(http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE), "/readyz", "")[0] == 200:
                    break
            except OSError:
                time.sleep(0.5)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def get(connection: http.client.HTTPConnection, path: str, token: str) -> tuple[int, bytes]:
    connection.request("GET", path, headers={"Cookie": f"{_COOKIE}={token}", "Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    return answer.status, answer.read()


def processor(pid: int) -> float:
    """Milliseconds that a process and its children have used."""
    threads = list(Path(f"/proc/{pid}/task").iterdir())
    children = {child for thread in threads for child in (thread / "children").read_text("ascii").split()}
    own = sum(int((thread / "schedstat").read_text("ascii").split()[0]) for thread in threads)
    return own / 1e6 + sum(processor(int(child)) for child in children)


def memory(pid: int) -> int:
    """Kilobytes of its own that a process and its children hold; files of the index are not counted."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    own = next((int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon")), 0)
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return own + sum(memory(int(child)) for child in children)


def alone(port: int, pid: int, token: str, material: Material, rounds: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    kinds = questions(material, seed=21)
    taken: dict[str, list[float]] = {kind: [] for kind in kinds}
    used: dict[str, list[float]] = {kind: [] for kind in kinds}
    size: dict[str, int] = {}
    chance = random.Random(4)
    for number in range(rounds + 2):  # two to warm up
        for kind in chance.sample(list(kinds), len(kinds)):
            path = kinds[kind]()
            before, start = processor(pid), time.perf_counter()
            status, body = get(connection, path, token)
            if status != 200:
                raise SystemExit(f"{status}: {path}")
            if number > 1:
                taken[kind].append((time.perf_counter() - start) * 1000)
                used[kind].append(processor(pid) - before)
                size[kind] = max(size.get(kind, 0), len(body))
    print(f"\nalone, {rounds} of each kind, milliseconds; the last column in kB")
    print(f"{'':34}{'p50':>8}{'p95':>8}{'max':>8}{'cpu p50':>9}{'cpu p95':>9}{'size':>6}")
    for kind, values in taken.items():
        print(_line(kind, values, used[kind]) + f"{size[kind] / 1000:6.0f}")
    for face in ("search", "trends"):
        kinds_mixed = [kind for kind in MIX if kind.startswith(face) for _ in range(MIX[kind])]
        mixed, cpu = ([one for kind in kinds_mixed for one in times[kind]] for times in (taken, used))
        print(_line(f"{face}, as they are mixed", mixed, cpu))


def _line(name: str, taken: Sequence[float], used: Sequence[float]) -> str:
    clock = f"{at(taken, 0.5):8.0f}{at(taken, 0.95):8.0f}{max(taken):8.0f}"
    return f"{name:34}{clock}{at(used, 0.5):9.0f}{at(used, 0.95):9.0f}"


def hostile(port: int, token: str) -> None:
    """Whatever is dear to answer, each once and unknown to the process; the slowest first."""
    words = ("người", "tỉnh", "của", "và", "có", "được", "trong", "năm", "các", "cho", "với", "là", "một", "những")
    typed = {
        "a*": "a*",
        "t* OR n*": "t* OR n*",
        "c* h* n* t*": "c* h* n* t*",
        "t* -n*": "t* -n*",
        "a common word": "và",
        "twenty common words, any": " OR ".join(words),
        "common words, all": " ".join(words),
        "none of the common words": " ".join(f"-{word}" for word in words),
        "phrase of common words": '"trong năm"',
        "phrase of seven": '"các cơ quan chức năng của tỉnh"',
        "ten phrases, any": " OR ".join(f'"{first} {second}"' for first in words[:5] for second in words[5:7]),
        "deep nesting": "(và OR (của " * 8 + "có" + "))" * 8,
        "10 kB of a word": "lũ " * 3333,
        "10 kB of brackets": "(" * 10_000,
        "10 kB without a space": "x" * 10_000,
        "fields": "title:t* OR entity:n* OR place:t* OR author:a*",
    }
    days = _years() if YEARS >= 10 else (("from", "01/01/2016"), _years()[1])
    taken: list[tuple[float, int, str]] = []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    for name, text in typed.items():
        for page, more in (
            (SEARCH, ()),
            (SEARCH, (("stance", "neutral"), ("topic", "-the-thao"), ("sort", "oldest"))),
            (TRENDS, (*days, ("unit_of_time", "day"), ("by", "topic"))),
            (TRENDS, (("span", "year"), ("by", "source"))),
            (COMPARE, (("q", "của"), ("q", "và"), ("q", "có"), ("span", "year"))),
        ):
            path = f"{page}?{urlencode([('q', text), *more])}"
            start = time.perf_counter()
            status, _ = get(connection, path, token)
            taken.append(((time.perf_counter() - start) * 1000, status, f"{name}: {path[:70]}"))
            if status >= 500:
                print("WRONG", status, path[:200])
    print(f"\nhostile, {len(taken)} addresses; milliseconds of the slowest")
    for took, status, name in sorted(taken, reverse=True)[:12]:
        print(f"{took:8.0f} {status} {name}")


def together(port: int, tokens: Sequence[str], material: Material, seconds: float, thought: float) -> None:
    gathered = asyncio.run(_together(port, tokens, material, seconds, thought))
    times = [took for _, took, _ in gathered]
    wrong = [(status, kind) for kind, _, status in gathered if status != 200]
    print(
        f"\n{len(tokens)} analysts for {seconds:.0f} s, {thought:g} s of thought: {len(times)} pages, "
        f"{len(times) / seconds:.1f} a second, {len(wrong)} errors; milliseconds: p50 {at(times, 0.5):.0f}, "
        f"p95 {at(times, 0.95):.0f}, p99 {at(times, 0.99):.0f}, max {max(times, default=0):.0f}"
    )
    if wrong:
        print("errors:", wrong[:10])


async def _together(
    port: int, tokens: Sequence[str], material: Material, seconds: float, thought: float
) -> list[tuple[str, float, int]]:
    until = time.perf_counter() + seconds
    gathered: list[tuple[str, float, int]] = []

    async def analyst(number: int, token: str) -> None:
        kinds, chance = questions(material, seed=100 + number), random.Random(number)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(thought * chance.random())
        while time.perf_counter() < until:
            kind = chance.choices(list(MIX), list(MIX.values()))[0]
            path = kinds[kind]()
            start = time.perf_counter()
            status = await _ask(reader, writer, path, token)
            gathered.append((kind, (time.perf_counter() - start) * 1000, status))
            await asyncio.sleep(thought)
        writer.close()

    await asyncio.gather(*(analyst(number, token) for number, token in enumerate(tokens)))
    return gathered


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, token: str) -> int:
    """A page over a connection that stays open; as little work as can be, for it is done on the same machine."""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {_COOKIE}={token}\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head[9:12])
    if b"content-length:" in head:
        await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0]))
    else:
        while size := int((await reader.readline()) or b"0", 16):
            await reader.readexactly(size + 2)
        await reader.readexactly(2)
    return status


def at(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--keep", type=Path, help="folder of store and index, filled once and used again")
    parser.add_argument("--database", help="URL of an empty database; SQLite without it")
    parser.add_argument("--rounds", type=int, default=30, help="of each kind of page, alone")
    parser.add_argument("--analysts", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--port", type=int, default=PORT)
    given = parser.parse_args()
    if not os.environ.get("DIEMBAO_EVAL_DIR"):
        sys.exit("DIEMBAO_EVAL_DIR is not set: there are no texts to measure with")
    material = Material.load(Path(os.environ["DIEMBAO_EVAL_DIR"]))
    with tempfile.TemporaryDirectory() as scratch:
        made = installation(given.keep or Path(scratch), given.articles, material, given.database, given.analysts)
        with web(made.settings, given.port) as pid:
            alone(given.port, pid, made.tokens[0], material, given.rounds)
            hostile(given.port, made.tokens[0])
            for thought in (0.0, 1.0, 5.0):
                together(given.port, made.tokens, material, given.seconds, thought)
            print(f"memory of all web processes: {memory(pid) / 1000:.0f} MB")


if __name__ == "__main__":
    main()
