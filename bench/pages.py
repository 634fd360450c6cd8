"""How fast pages and searches answer with a full year in the store: `python bench/pages.py [--articles 20000]`.

Prints the median and the 95th percentile over one connection after the first request, in milliseconds. “new” pages
are made anew (the clock moves on a minute before each), “kept” ones come out of the page cache.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy import insert

from diembao.index.opening import open_index
from diembao.records import Annotations, PlaceMention, Relevance, Topic
from diembao.settings import Settings
from diembao.store.articles import annotations_to_json
from diembao.store.database import open_store
from diembao.store.models import ArticleRow, PageRow, SourceRow, StoryRow
from pipelines.indexing import rebuild
from search_api.app import create_app

NOW = datetime(2026, 11, 22, 2, 5, tzinfo=UTC)
VOCABULARY = (
    "sông cầu nước lên nhanh phường xã nhà máy chè tân cương đường vành đai khởi công trường học bệnh viện hồ núi cốc "
    "du lịch lễ hội công an khu công nghiệp dự án đầu tư giải phóng mặt bằng người dân cán bộ tỉnh thái nguyên mưa lũ "
    "sạt lở di dời hộ nghèo hợp tác xã sản xuất thị trường xuất khẩu chuyển đổi số"
)
TOPICS = ("thien-tai-thoi-tiet", "kinh-te-dau-tu", "giao-duc-dao-tao", "the-thao", "nong-nghiep-nong-thon")
PLACES = ("05503", "05443", "01843", "05908")
SOURCES = 60
PER_STORY = 4  # every fourth article begins a story; the other three are reprints


def text_of(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(VOCABULARY.split(), k=words)).capitalize() + "."


def seed(settings: Settings, articles: int) -> None:
    store = open_store(settings)
    chance = random.Random(7)
    names = [f"bao{number}" for number in range(SOURCES)]
    empty = {"definition": {}, "active": True, "updated_at": NOW, "outlet_type": "newspaper", "scope": "central"}
    with store.write() as session:
        session.execute(
            insert(SourceRow), [{"name": n, "title": f"Báo {n}", "agreement": "excerpt", **empty} for n in names]
        )
        pages, stories, rows = [], [], []
        for number in range(1, articles + 1):
            at = NOW - timedelta(days=365) * (1 - number / articles) - timedelta(hours=2)
            story = (number - 1) // PER_STORY + 1
            url = f"https://example.vn/{number}"
            pages.append(
                {"id": number, "url": url, "source": "bao0", "found_at": at, "state": "done", "next_try_at": at}
            )
            if (number - 1) % PER_STORY == 0:
                times = {"first_at": at, "last_at": at, "published_at": at, "updated_at": at}
                counts = {"articles": PER_STORY, "outlets": PER_STORY, "first_article_id": number}
                stories.append({"id": story, "state": "published", "relevance": "relevant", **times, **counts})
            rows.append(article(chance, number, story, at, url, names))
        for table, values in ((PageRow, pages), (StoryRow, stories), (ArticleRow, rows)):
            session.execute(insert(table), values)
    index = open_index(settings)
    rebuild(store, index, settings.data_dir)
    index.close()
    store.close()


def article(
    chance: random.Random, number: int, story: int, at: datetime, url: str, names: list[str]
) -> dict[str, object]:
    topic = chance.choice(TOPICS)
    place = PlaceMention("Ví Dụ", chance.choice(PLACES), "unit", "xã Ví Dụ")
    judged = Annotations(Relevance.RELEVANT, 0.9, topics=(Topic(topic, 0.9),), places=(place,), language="vi")
    lead = text_of(chance, 35)
    return {
        "id": number, "page_id": number, "source": chance.choice(names), "url": url, "canonical_url": url,
        "title": text_of(chance, 13), "lead": lead, "text": f"{lead}\n{text_of(chance, 350)}", "published_at": at,
        "published_from": "page", "effective_at": at, "relevance": "relevant", "relevance_score": 0.9, "topic": topic,
        "annotations": annotations_to_json(judged), "story_id": story, "created_at": at, "updated_at": at,
        "authors": [], "signature": b"",
    }  # fmt: skip


def measure(
    client: TestClient, path: str, times: int, before: Callable[[], None] = lambda: None
) -> tuple[float, float]:
    client.get(path).raise_for_status()
    taken = []
    for _ in range(times):
        before()
        start = time.perf_counter()
        client.get(path).raise_for_status()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--times", type=int, default=40)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder) / "data")
        seed(settings, wanted.articles)
        clock = [NOW]

        def a_minute_later() -> None:
            clock[0] += timedelta(minutes=1)

        with TestClient(create_app(settings, now=lambda: clock[0]), client=("127.0.0.1", 1)) as client:
            print(f"{wanted.articles} articles, {wanted.times} requests each; milliseconds")
            print(f"{'':44}{'p50':>8}{'p95':>8}")
            for name, path in PAGES:
                for state, before in (("new", a_minute_later), ("kept", lambda: None)):
                    if state == "kept" and path.startswith("/api/"):
                        continue
                    middle, high = measure(client, path, wanted.times, before)
                    print(f"{name + ', ' + state:44}{middle:8.1f}{high:8.1f}")


PAGES = (
    ("front page", "/"),
    ("story", "/tin/4000"),
    ("topic", "/chu-de/the-thao"),
    ("search, three words, facets, marks", "/tim-kiem?q=s%C3%B4ng+c%E1%BA%A7u+l%C3%AAn"),
    ("search, nothing found, suggestions", "/tim-kiem?q=lu+khongco&topic=the-thao"),
    ("RSS", "/rss.xml"),
    ("sitemap", "/sitemap.xml"),
    ("API articles, facets, highlight", "/api/v1/articles?q=ch%C3%A8&facets=topic,source&highlight=1"),
    ("API timeline, 30 days", "/api/v1/stats/timeline?q=ch%C3%A8"),
)

if __name__ == "__main__":
    main()
