"""How fast pages are fetched, archived and queued on one core: pages a second and CPU milliseconds a page.

    python bench/crawl.py [--hosts 20] [--pages 100] [--latency 50]

A server of its own process on loopback answers feeds and pages of about 230 KB (52 KB gzipped) after the latency.
Each host is a source without a pause between requests; understanding the pages is not part of it.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import multiprocessing
import random
import resource
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

from crawlers.run import crawl_once
from diembao.settings import Settings
from diembao.store.database import open_store

_TEXT = "chè Tân Cương mùa thu hoạch bà con phấn khởi vì được giá sông Cầu nước lên chậm xã Đồng Hỷ đường mới"
_WORDS = _TEXT.split()


def page(number: int) -> bytes:
    """About 230 KB that compress like a newspaper's page."""
    chance = random.Random(number)
    blocks = []
    for place in range(900):
        words = " ".join(chance.choices(_WORDS, k=12))
        key = chance.getrandbits(60)
        blocks.append(
            f'<div class="box-category-item item-{place} {chance.getrandbits(64):x}" data-id="{key}">'
            f'<a href="/bai-{chance.getrandbits(40)}.htm" title="{words}">{words}</a></div>\n'
        )
    return f"<!doctype html><title>Tin {number}</title><body>{''.join(blocks)}</body>".encode()


def serve(hosts: int, pages: int, latency: float, ready: Connection) -> None:
    bodies = [gzip.compress(page(number), 6) for number in range(20)]

    def answer(target: str, host: str) -> bytes:
        kind, body = "text/html; charset=utf-8", b""
        if target == "/rss":
            links = "".join(f"<item><link>http://{host}/bai-so-{n}-tin.htm</link></item>" for n in range(pages))
            kind, body = "application/rss+xml", gzip.compress(f"<rss><channel>{links}</channel></rss>".encode())
        elif target != "/robots.txt":
            body = bodies[hash(target) % len(bodies)]
        head = f"HTTP/1.1 {200 if body else 404} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        return head.encode() + (b"Content-Encoding: gzip\r\n" if body else b"") + b"\r\n" + body

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                host = next(line[6:] for line in head.split("\r\n") if line.lower().startswith("host: "))
                await asyncio.sleep(latency)
                writer.write(answer(head.split(" ")[1], host))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def run() -> None:
        servers = [await asyncio.start_server(converse, f"127.0.1.{number + 1}", 0) for number in range(hosts)]
        ready.send([server.sockets[0].getsockname()[:2] for server in servers])
        await asyncio.Event().wait()

    asyncio.run(run())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=20)
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--latency", type=float, default=50)
    asked = parser.parse_args()
    here, there = multiprocessing.Pipe()
    arguments = (asked.hosts, asked.pages, asked.latency / 1000, there)
    server = multiprocessing.Process(target=serve, args=arguments, daemon=True)
    server.start()
    with tempfile.TemporaryDirectory() as folder:
        sources = Path(folder) / "sources"
        sources.mkdir()
        for number, (host, port) in enumerate(here.recv()):
            (sources / f"paper-{number}.yml").write_text(
                f"name: paper-{number}\ntitle: Báo {number}\ndomains: ['{host}:{port}']\noutlet_type: newspaper\n"
                f"scope: local\nfeeds: ['http://{host}:{port}/rss']\ndelay: 0\n",
                "utf-8",
            )
        settings = Settings(data_dir=Path(folder) / "data", sources_dir=sources, allow_private_networks=True)
        store = open_store(settings)
        began, cpu = time.perf_counter(), time.process_time()
        tally = crawl_once(settings, store)
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
        archived = sum(path.stat().st_size for path in settings.archive_dir.rglob("*.gz"))
        store.close()
    server.terminate()
    fetched = tally["fetched"]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(tally)
    print(
        f"{fetched / took:.0f} pages/s, {cpu / fetched * 1000:.1f} ms CPU a page = {fetched / cpu:.0f} a CPU second, "
        f"{archived / fetched / 1024:.0f} KB archived a page, {memory:.0f} MB"
    )


if __name__ == "__main__":
    main()
