"""A store with many stories of made-up words, for measuring the desk: `fill(store, 50_000)`."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, text

from diembao.store import sources
from diembao.store.database import Store
from diembao.store.models import ArticleRow, PageRow, StoryPlaceRow, StoryRow
from diembao.store.ranking import Judged, rank, standing_of, topic_of
from nlp.gazetteer.catalogue import Catalogue

OUTLETS = 40
_SYLLABLES = [
    "tỉnh",
    "xã",
    "phường",
    "người",
    "dân",
    "dự",
    "án",
    "đường",
    "cầu",
    "sông",
    "lũ",
    "mưa",
    "trường",
    "học",
    "bệnh",
    "viện",
    "công",
    "an",
    "xây",
    "dựng",
    "đất",
    "đai",
    "giải",
    "phóng",
    "mặt",
    "bằng",
    "chè",
    "rừng",
    "hồ",
    "du",
    "lịch",
    "doanh",
    "nghiệp",
    "đầu",
    "tư",
    "công",
    "nhân",
    "nhà",
    "máy",
    "điện",
    "nước",
    "môi",
    "trường",
    "rác",
    "thải",
    "kiểm",
    "tra",
    "xử",
    "lý",
    "kiến",
    "nghị",
    "phản",
    "ánh",
    "chậm",
    "tiến",
    "độ",
    "hỗ",
    "trợ",
    "kinh",
    "phí",
    "họp",
    "báo",
    "khởi",
    "công",
    "khánh",
    "thành",
    "lễ",
    "hội",
    "văn",
    "hóa",
    "thể",
    "thao",
]
_TOPICS = [
    "chinh-tri-xay-dung-dang",
    "chinh-quyen-cai-cach-hanh-chinh",
    "kinh-te-dau-tu",
    "cong-nghiep-khu-cong-nghiep",
    "nong-nghiep-nong-thon",
    "ha-tang-giao-thong-do-thi",
    "dat-dai-giai-phong-mat-bang",
    "moi-truong-tai-nguyen",
    "thien-tai-thoi-tiet",
    "giao-duc-dao-tao",
    "y-te-an-toan-thuc-pham",
    "phap-luat-an-ninh-trat-tu",
    "tai-nan-chay-no-su-co",
]
_STANCES = ("neutral", "neutral", "neutral", "favourable", "favourable", "unfavourable", "mixed")
_BATCH = 1000


def fill(store: Store, number: int, *, now: datetime, days: float, seed: int = 5) -> None:
    """Stories of one to nine printings whose newest are at most so many days old; nine in ten are still new."""
    chance = random.Random(seed)
    units = [entry.code for entry in Catalogue.load().units()]
    with store.write() as session:
        sources.sync_sources(session, [_outlet(number) for number in range(OUTLETS)], 600, now)
    article = 0
    for start in range(1, number + 1, _BATCH):
        stories, pages, articles, places = [], [], [], []
        for story in range(start, min(start + _BATCH, number + 1)):
            begun = now - timedelta(days=days * chance.random())
            printings = [_printing(chance, begun, units) for _ in range(chance.choice((1, 1, 1, 1, 2, 2, 3, 9)))]
            stories.append(_story(chance, story, article, printings, begun, now))
            codes = {place["code"] for one in printings for place in one["annotations"]["places"]}
            places += [{"story_id": story, "code": code} for code in codes]
            for one in printings:
                article += 1
                pages.append(_page(article, one, now))
                articles.append(one | {"id": article, "page_id": article, "story_id": story, **_address(article)})
        with store.write() as session:
            for table, rows in ((StoryRow, stories), (PageRow, pages), (ArticleRow, articles), (StoryPlaceRow, places)):
                session.execute(insert(table), rows)
    if store.dialect == "postgresql":
        with store.write() as session:
            session.execute(text("ANALYZE"))


def _outlet(number: int) -> sources.SourceRecord:
    name = f"bao{number:02}"
    return sources.SourceRecord(name, f"Báo số {number}", "newspaper", "local", "none", {"domains": [f"{name}.vn"]}, ())


def _words(chance: random.Random, number: int) -> str:
    return " ".join(chance.choices(_SYLLABLES, k=number)).capitalize()


def _printing(chance: random.Random, begun: datetime, units: list[str]) -> dict[str, object]:
    at = begun + timedelta(hours=12 * chance.random())
    topic, stance = chance.choice(_TOPICS), chance.choice(_STANCES)
    sentence = _words(chance, 18)
    lead = f"{_words(chance, 35)}. {sentence}."
    return {
        "source": f"bao{int(chance.paretovariate(0.7)) % OUTLETS:02}",
        "title": _words(chance, 14),
        "lead": lead,
        "text": "\n".join([lead, *(_words(chance, 90) + "." for _ in range(5))]),
        "authors": [],
        "published_at": at,
        "published_from": "page",
        "effective_at": at,
        "language": "vi",
        "relevance": "relevant",
        "relevance_score": 0.5 + chance.random() / 2,
        "topic": topic,
        "stance": stance,
        "needs_response": chance.random() < 0.1,
        "annotations": {
            "relevance": "relevant",
            "relevance_score": 0.9,
            "topics": [{"slug": topic, "score": 0.8}],
            "stance_evidence": [
                {"rule": "blame", "text": sentence, "where": "text", "start": 0, "end": 9, "weight": 1}
            ],
            "places": [
                {"name": code, "code": code, "kind": "unit", "surface": code}
                for code in chance.sample(units, chance.randint(0, 2))
            ],
            "entities": [],
        },
        "signature": b"",
        "story_pinned": False,
        "version": 1,
        "created_at": at,
        "updated_at": at,
    }


def _story(
    chance: random.Random, number: int, before: int, printings: list[dict[str, object]], begun: datetime, now: datetime
) -> dict[str, object]:
    judged = [
        Judged(*(one[name] for name in _JUDGED), is_copy=False)  # type: ignore[arg-type]
        for one in printings
    ]
    standing = standing_of(judged)
    earliest = min(range(len(printings)), key=lambda position: judged[position].at)
    state = chance.choice(("new",) * 18 + ("published", "rejected"))
    return {
        "id": number,
        "first_article_id": before + 1 + earliest,
        "first_at": standing.first_at,
        "last_at": max(one.at for one in judged),
        "articles": len(printings),
        "outlets": standing.outlets,
        "relevance": chance.choice(("relevant",) * 9 + ("marginal",)),
        "certainty": standing.certainty,
        "topic": topic_of(judged),
        "stance": standing.stance,
        "needs_response": standing.needs_response,
        "surge": standing.surge,
        "rank": rank(standing),
        "state": state,
        "published_at": now if state == "published" else None,
        "updated_at": now,
        "revision": 1,
    }


_JUDGED = ("source", "effective_at", "relevance", "relevance_score", "topic", "stance", "needs_response")


def _page(number: int, printing: dict[str, object], now: datetime) -> dict[str, object]:
    return {
        "id": number,
        "url": _address(number)["url"],
        "source": printing["source"],
        "found_at": now,
        "state": "done",
        "next_try_at": now,
        "outcome": "relevant",
    }


def _address(number: int) -> dict[str, str]:
    url = f"https://bao.example/{number}.html"
    return {"url": url, "canonical_url": url}


NOW = datetime(2026, 11, 22, 2, 5, tzinfo=UTC)
