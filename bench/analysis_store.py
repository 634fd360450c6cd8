"""An installation as an analyst of some years' standing has it: `fill(store, material, 200_000, now=…)`.

Texts are put together from the corpora in DIEMBAO_EVAL_DIR. What the analysts' pages count is as in the province: the
outlets of the package with their types and scopes, the 92 communes and the twenty topics, a few of them in most of the
news, people and bodies with a long tail, stories of one to some dozen printings, more of them every year.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate, islice
from typing import Any

from search import Material
from sqlalchemy import insert, text

from crawlers.source import load_sources
from diembao.records import Annotations, Entity, PlaceMention, Relevance, Stance, Topic
from diembao.store import sources
from diembao.store.articles import annotations_to_json
from diembao.store.database import Store
from diembao.store.models import ArticleRow, PageRow, StoryPlaceRow, StoryRow
from nlp.gazetteer.catalogue import Catalogue
from search_api.editions import Editions

YEARS = 3
_BATCH = 1000  # stories in one transaction
_PRINTINGS = (1,) * 14 + (2,) * 4 + (3, 4, 6, 12)
_STANCES = (Stance.NEUTRAL,) * 5 + (Stance.FAVOURABLE,) * 2 + (Stance.UNFAVOURABLE, Stance.MIXED)
_STATES = ("published",) * 9 + ("rejected",) * 6 + ("new",) * 4 + ("approved",)
_SECTIONS = ("Thời sự", "Kinh tế", "Xã hội", "Pháp luật", "Giáo dục", "Y tế", "Văn hóa", "Thể thao", "Địa phương", "")
_LANDMARKS = ("district", "old_unit", "landmark", "lake", "river", "industrial_park", "university", "hospital")
_PEOPLE, _BODIES = 5000, 1500
_SURNAMES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Đỗ", "Dương")
_MIDDLE = ("Văn", "Thị", "Đức", "Minh", "Quang", "Thanh", "Hồng", "Xuân", "Hữu", "Ngọc")
_GIVEN = ("An", "Bình", "Cường", "Dũng", "Giang", "Hà", "Hải", "Hùng", "Lan", "Linh", "Mai", "Nam", "Phương", "Sơn")
_OFFICES = ("Sở", "UBND xã", "UBND phường", "Công an xã", "Công ty", "Trường", "Hội", "Ban quản lý", "Trung tâm")


@dataclass
class _Weighted:
    """Some of the values come up much more often than the others, as in any news."""

    values: Sequence[Any]
    _sums: list[float] = field(init=False)

    def __post_init__(self) -> None:
        self._sums = list(accumulate(1 / (rank + 2) for rank in range(len(self.values))))

    def some(self, chance: random.Random, number: int) -> list[Any]:
        return list(dict.fromkeys(chance.choices(self.values, cum_weights=self._sums, k=number)))


class _Press:
    def __init__(self, material: Material, chance: random.Random) -> None:
        self.material, self.chance = material, chance
        known = load_sources()
        catalogue = Catalogue.load()
        units = [PlaceMention(unit.name, unit.code, "unit", unit.name) for unit in catalogue.units()]
        marks = [
            PlaceMention(entry.name, "", "landmark", entry.name)
            for entry in catalogue.entries
            if entry.kind in _LANDMARKS
        ]
        topics = list(Editions.load().topics)
        people = [f"{s} {m} {g}" for s in _SURNAMES for m in _MIDDLE for g in _GIVEN]
        people += [f"{name} {number}" for number in range(2, 5) for name in people]
        bodies = [f"{office} {unit.name}" for unit in units for office in _OFFICES] + [mark.name for mark in marks]
        for names in (units, topics, people, bodies):
            chance.shuffle(names)
        self.outlets = _Weighted([source.name for source in known])
        self.units, self.marks = _Weighted(units), _Weighted(marks)
        self.topics = _Weighted(topics)
        self.people, self.bodies = _Weighted(people[:_PEOPLE]), _Weighted(bodies[:_BODIES])

    def story(self, begun: datetime) -> list[dict[str, Any]]:
        """Its printings, the first one first; others within two days."""
        chance = self.chance
        number = chance.choice(_PRINTINGS) if chance.random() < 0.995 else chance.randint(20, 45)
        outlets = self.outlets.some(chance, 2 * number)[:number]
        title, lead, _ = chance.choice(self.material.titles)
        judged = self._judged()
        times = sorted(begun + timedelta(hours=48 * chance.random() ** 3) for _ in outlets[1:])
        return [
            self._printing(outlet, title, lead, at, judged)
            for outlet, at in zip(outlets, [begun, *times], strict=True)
        ]  # fmt: skip

    def _judged(self) -> Annotations:
        chance = self.chance
        is_ours = chance.random() < 0.65
        names = self.people.some(chance, chance.choice((0, 1, 1, 2, 3)))
        bodies = self.bodies.some(chance, chance.choice((0, 1, 2, 3)))
        return Annotations(
            Relevance.RELEVANT if is_ours else Relevance.MARGINAL,
            0.9,
            topics=tuple(Topic(slug, 0.8) for slug in self.topics.some(chance, chance.choice((1, 1, 2, 3)))),
            stance=chance.choice(_STANCES) if is_ours else None,
            needs_response=is_ours and chance.random() < 0.04,
            places=tuple(
                self.units.some(chance, chance.choice((0, 1, 1, 2, 4))) + self.marks.some(chance, chance.choice((0, 1)))
            ),
            entities=tuple(Entity("person", name) for name in names)
            + tuple(Entity("organisation", name) for name in bodies),
            language="vi",
        )

    def _printing(self, outlet: str, title: str, lead: str, at: datetime, judged: Annotations) -> dict[str, Any]:
        chance = self.chance
        body = "\n".join(chance.choice(self.material.paragraphs) for _ in range(chance.randint(2, 7)))
        return {
            "source": outlet, "title": title, "lead": lead, "text": f"{lead}\n{body}", "published_at": at,
            "published_from": "page", "effective_at": at, "section": chance.choice(_SECTIONS), "language": "vi",
            "relevance": judged.relevance.value, "relevance_score": 0.9, "topic": judged.topics[0].slug,
            "stance": judged.stance.value if judged.stance else "", "needs_response": judged.needs_response,
            "annotations": annotations_to_json(judged), "created_at": at, "updated_at": at,
        }  # fmt: skip


def fill(store: Store, material: Material, number: int, *, now: datetime, seed: int = 13) -> None:
    """Stories of the years before `now`, the oldest first, until there are so many articles.

    Written straight into the tables: fetching, reading and judging are measured elsewhere.
    """
    chance = random.Random(seed)
    press = _Press(material, chance)
    with store.write() as session:
        records = [
            sources.SourceRecord(one.name, one.title, one.outlet_type, one.scope, "excerpt", {"domains": []}, ())
            for one in load_sources()
        ]
        sources.sync_sources(session, records, 600, now)
    serials = enumerate(_stories(press, number, now), 1)
    article = 0
    while batch := list(islice(serials, _BATCH)):
        rows: dict[Any, list[dict[str, Any]]] = {StoryRow: [], PageRow: [], ArticleRow: [], StoryPlaceRow: []}
        for story, printings in batch:
            rows[StoryRow].append(_story_row(chance, story, article + 1, printings))
            codes = {place["code"] for one in printings for place in one["annotations"]["places"] if place["code"]}
            rows[StoryPlaceRow] += [{"story_id": story, "code": code} for code in sorted(codes)]
            for one in printings:
                article += 1
                url = f"https://bao.example/{article}.html"
                rows[PageRow].append(_page_row(article, url, one))
                held = {"id": article, "page_id": article, "story_id": story, "url": url, "canonical_url": url}
                rows[ArticleRow].append(one | held)
        with store.write() as session:
            for table, values in rows.items():
                session.execute(insert(table), values)
    if store.dialect == "postgresql":
        with store.write() as session:
            session.execute(text("ANALYZE"))


def _stories(press: _Press, number: int, now: datetime) -> Iterator[list[dict[str, Any]]]:
    """The press grows by a half over the years; times are in order, and the newest are minutes old."""
    length = timedelta(days=365 * YEARS)
    made = 0
    while made < number:
        passed = made / number
        begun = now - length * (1 - passed**0.8) - timedelta(hours=50 * (1 - passed))
        printings = press.story(begun)[: number - made]
        made += len(printings)
        yield [one | {"effective_at": min(now, one["effective_at"])} for one in printings]


def _story_row(
    chance: random.Random, number: int, first: int, printings: Sequence[dict[str, Any]]
) -> dict[str, Any]:  # fmt: skip
    begins, ends = printings[0], printings[-1]
    state = chance.choice(_STATES)
    return {
        "id": number, "first_article_id": first, "first_at": begins["effective_at"], "last_at": ends["effective_at"],
        "articles": len(printings), "outlets": len({one["source"] for one in printings}),
        "relevance": begins["relevance"], "topic": begins["topic"], "stance": begins["stance"],
        "needs_response": begins["needs_response"], "state": state, "headline": begins["title"],
        "published_at": ends["effective_at"] if state == "published" else None, "updated_at": ends["effective_at"],
    }  # fmt: skip


def _page_row(number: int, url: str, printing: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": number, "url": url, "source": printing["source"], "found_at": printing["effective_at"], "state": "done",
        "outcome": printing["relevance"], "next_try_at": printing["effective_at"],
    }  # fmt: skip
