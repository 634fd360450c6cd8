"""What every search engine must do, word for word the same. Runs on tantivy, and on a real Elasticsearch where
DIEMBAO_TEST_ELASTICSEARCH_URL names one."""

from __future__ import annotations

import threading
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from diembao.errors import BadQuery, IndexUnavailable
from diembao.index.embedded import EmbeddedIndex
from diembao.index.language import MAX_DEPTH, MAX_PREFIXES, MAX_TERMS, parse
from diembao.index.protocol import (
    DayCount,
    Deletion,
    FacetCount,
    FacetRequest,
    Filter,
    Highlighting,
    Hits,
    IndexDocument,
    Keyword,
    Query,
    SearchIndex,
    Sort,
)

NOON = datetime(2026, 3, 1, 5, 0, tzinfo=UTC)  # 12:00 in Viet Nam


def article(identity: str, title: str = "", body: str = "", *, hours: float = 0, **more: object) -> IndexDocument:
    """An article published so many hours after NOON."""
    given = {"version": 1, "url": f"https://bao.vidu.vn/{identity}", "source": "vidu", **more}
    given.setdefault("published_at", NOON + timedelta(hours=hours))
    return IndexDocument(id=identity, title=title, body=body, **given)  # type: ignore[arg-type]


def fill(index: SearchIndex, *documents: IndexDocument) -> None:
    report = index.add(documents)
    assert (report.accepted, report.rejected) == (len(documents), ())
    index.commit()


def ids(hits: Hits) -> list[str]:
    return [hit.id for hit in hits.items]


def find(index: SearchIndex, text: str, **more: object) -> list[str]:
    return ids(index.search(Query(tree=parse(text), **more)))  # type: ignore[arg-type]


def found(index: SearchIndex, text: str) -> set[str]:
    return set(find(index, text))


class TestMatching:
    def test_all_words_must_be_there_in_title_lead_or_body(self, index: SearchIndex) -> None:
        fill(
            index,
            article("1", "Mưa lớn ở Phú Lương", "Nhiều nhà bị tốc mái."),
            article("2", "Mưa lớn", "Ngập sâu.", lead="Phú Lương mất điện."),
            article("3", "Mưa lớn ở Đại Từ"),
        )
        assert found(index, "mưa phú lương") == {"1", "2"}
        assert found(index, "mái phú") == {"1"}
        assert found(index, "mưa lương đại") == set()

    def test_phrases_alternatives_exclusions_groups(self, index: SearchIndex) -> None:
        fill(
            index,
            article("1", "Lũ lụt miền núi"),
            article("2", "Lụt lội sau lũ"),
            article("3", "Hạn hán kéo dài"),
            article("4", "Hạn hán và lũ lụt"),
        )
        assert found(index, '"lũ lụt"') == {"1", "4"}
        assert found(index, "lũ lụt") == {"1", "2", "4"}
        assert found(index, "lội OR hạn") == {"2", "3", "4"}
        assert found(index, "lũ -hạn") == {"1", "2"}
        assert found(index, 'lũ NOT "lũ lụt"') == {"2"}
        assert found(index, "-lũ") == {"3"}
        assert found(index, "(hạn OR lội) -(hán lũ)") == {"2", "3"}

    def test_a_long_phrase_needs_its_words_in_order(self, index: SearchIndex) -> None:
        fill(
            index,
            article("1", body="Ủy ban nhân dân tỉnh họp."),
            article("2", body="Ban nhân sự. Dân tỉnh họp. Ủy ban. Nhân dân."),
        )
        assert found(index, '"ủy ban nhân dân tỉnh"') == {"1"}

    def test_a_phrase_does_not_run_from_the_title_into_the_text(self, index: SearchIndex) -> None:
        fill(index, article("1", "Tin về Thái", "Nguyên nhân cháy rừng"), article("2", "Tin", "về thái nguyên nhân"))
        assert found(index, '"thái nguyên"') == {"2"}
        assert found(index, '"về thái nguyên"') == {"2"}

    def test_a_phrase_runs_from_the_lead_into_the_text(self, index: SearchIndex) -> None:
        fill(index, article("1", "Tin", "nguyên liệu", lead="Công ty thái"))
        assert found(index, '"thái nguyên"') == {"1"}

    def test_a_lead_that_opens_the_body_counts_once(self, index: SearchIndex) -> None:
        fill(index, article("1", "Tin", "Mở đầu đây. Phần sau.", lead="Mở đầu đây."))
        hit = index.search(Query(tree=parse("sau"), highlight=Highlighting())).items[0]
        assert [fragment.text for fragment in hit.highlights["body"]] == ["Phần sau."]

    def test_prefixes(self, index: SearchIndex) -> None:
        fill(
            index,
            article("1", "Chuyển đổi số"),
            article("2", "Chuyên gia"),
            article("3", "Câu chuyện"),
            article("4", "Cho"),
        )
        assert found(index, "chuy*") == {"1", "2", "3"}
        assert found(index, "chuyê* -đổi") == {"2", "3"}
        assert found(index, "title:gi*") == {"2"}

    def test_fields(self, index: SearchIndex) -> None:
        fill(
            index,
            article(
                "1",
                "Họp báo",
                "y tế",
                source="baothainguyen",
                source_title="Báo Thái Nguyên",
                topics=("y-te", "giao-duc"),
                places=("Phú Bình", "Đồng Hỷ"),
                place_codes=("05521",),
                people=("Trịnh Xuân Trường",),
                organisations=("Sở Y tế",),
                authors=("Nguyễn Hà",),
            ),
            article("2", "Tế bào", "họp báo", source="baokhac", topics=("te-nan",), places=("Bình Yên",)),
        )
        assert found(index, "title:họp") == {"1"}
        assert found(index, 'title:"họp báo"') == {"1"}
        assert found(index, "source:baothainguyen") == found(index, 'source:"báo thái nguyên"') == {"1"}
        assert found(index, "source:bao") == found(index, 'source:"thái nguyên"') == set()
        assert found(index, "source:bao*") == {"1", "2"}
        assert found(index, "topic:y-te") == found(index, 'topic:"y tế"') == {"1"}
        assert found(index, "topic:te") == set()
        assert found(index, "place:bình") == {"1", "2"}
        assert found(index, 'place:"phu binh"') == found(index, "place:05521") == {"1"}
        assert found(index, 'place:"bình đồng"') == set()
        assert found(index, "entity:trường") == found(index, 'entity:"sở y tế"') == {"1"}
        assert found(index, "author:ha") == {"1"}
        assert found(index, "-place:bình") == set()
        assert found(index, "tế -topic:y-te") == {"2"}

    @pytest.mark.parametrize(
        "form",
        [
            "khoẻ mạnh đường đê",
            "khỏe mạnh đường đê",
            "KHOẺ MẠNH ĐƯỜNG ĐÊ",
            "khoe manh duong de",
            "Ðường ðê khoẻ mạnh",
            unicodedata.normalize("NFD", "khoẻ mạnh đường đê"),
            "kho\u00adẻ mạ\u200bnh đường đê",
        ],
    )
    def test_every_way_of_writing_finds_every_other(self, index: SearchIndex, form: str) -> None:
        fill(
            index,
            article("nfc", "Khỏe mạnh trên đường đê"),
            article("nfd", unicodedata.normalize("NFD", "Khoẻ mạnh trên đường đê")),
            article("old", "KHOẺ MẠNH TRÊN ĐƯỜNG ĐÊ"),
            article("look-alike", "Khỏe mạnh trên Ðường ðê"),
            article("bare", "khoe manh tren duong de"),
            article("hidden", "Kh\u00adỏe mạnh trên đư\u200bờng đê"),
            article("other", "khóa mành"),
        )
        assert found(index, form) == {"nfc", "nfd", "old", "look-alike", "bare", "hidden"}

    def test_marks_inside_words(self, index: SearchIndex) -> None:
        fill(
            index,
            article("1", "TP.HCM ghi nhận COVID-19"),
            article("2", "19 ca covid ở HCM, TP nói"),
            article("3", "Ngày 19/5"),
        )
        assert found(index, "TP.HCM") == found(index, "tp-hcm") == {"1"}
        assert found(index, "COVID-19") == {"1"}
        assert found(index, "19/5") == found(index, "19.5") == {"3"}

    def test_words_longer_than_any_word(self, index: SearchIndex) -> None:
        endless = "a" * 70_000
        fill(index, article("1", f"Chuỗi {endless} lạ", "b" * 300))
        assert found(index, "a" * 900) == {"1"}
        assert found(index, "b" * 300) == {"1"}
        assert found(index, '"chuỗi ' + "a" * 100 + ' lạ"') == {"1"}

    def test_the_largest_query_there_can_be(self, index: SearchIndex) -> None:
        fill(index, article("1", " ".join(f"từ{number}" for number in range(MAX_TERMS))), article("2", "từ1 từ2"))
        assert find(index, " ".join(f"từ{number}" for number in range(MAX_TERMS))) == ["1"]
        assert find(index, " OR ".join(f"từ{number}" for number in range(MAX_TERMS)), sort=Sort.OLDEST) in (
            ["1", "2"],
            ["2", "1"],
        )
        assert found(index, " ".join(["từ*"] * MAX_PREFIXES)) == {"1", "2"}
        deepest = "-(x " * (MAX_DEPTH // 2 - 1) + "từ1" + ")" * (MAX_DEPTH // 2 - 1)
        assert index.count(Query(tree=parse(deepest))) == 2
        mixed = "(x OR " * (MAX_DEPTH - 1) + "từ1" + ")" * (MAX_DEPTH - 1)
        assert found(index, mixed) == {"1", "2"}

    @pytest.mark.parametrize("text", ["\x00", "a\ud800b", "🙂 tin", "‮tin", "tin\x00\x07", "İstanbul ﬁ ß", "\u0301tin"])
    def test_hostile_text_in_documents_and_queries(self, index: SearchIndex, text: str) -> None:
        fill(index, article("1", f"tin {text}", text * 50, topics=(text,), source=text, url=text, story=text))
        assert find(index, "tin") == ["1"]
        try:
            tree = parse(text)
        except BadQuery:
            return
        assert ids(index.search(Query(tree=tree))) == ["1"]
        index.search(Query(filters=(Filter(Keyword.TOPIC, (text,)),)))

    def test_an_empty_index_and_an_empty_article(self, index: SearchIndex) -> None:
        everything = Query(facets=(FacetRequest(Keyword.TOPIC),), histogram=True, count_stories=True)
        assert index.search(everything) == Hits(total=0, facets={Keyword.TOPIC: ()}, stories=0)
        fill(index, article("1", "", published_at=None))
        assert ids(index.search(everything)) == ["1"]
        assert index.search(everything).histogram == ()


class TestOrder:
    def test_exact_accents_first_then_other_accents_then_scattered_words(self, index: SearchIndex) -> None:
        fill(
            index,
            article("title exact", "Thái Nguyên đón khách", hours=1),
            article("text exact", "Tin trong tỉnh", "Một lần nói đến Thái Nguyên.", hours=2),
            article("lead exact", "Tin trong tỉnh", "Xa.", lead="Từ Thái Nguyên.", hours=3),
            article("often exact", "Tin trong tỉnh", "Thái Nguyên, Thái Nguyên, Thái Nguyên.", hours=0),
            article("title bare", "Thai Nguyen welcomes guests", hours=4),
            article("text other", "Tin", "Ông Thái Nguyễn nói.", hours=5),
            article("scattered exact", "Tin", "Thái độ và nguyên nhân.", hours=6),
            article("scattered bare", "Tin", "thai do va nguyen nhan", hours=7),
            article("none", "Thái độ"),
        )
        assert find(index, "Thái Nguyên") == [
            "title exact",
            "lead exact",
            "often exact",
            "text exact",
            "title bare",
            "text other",
            "scattered exact",
            "scattered bare",
        ]
        assert find(index, "thai nguyen") == [
            "title bare",
            "title exact",
            "lead exact",
            "often exact",
            "text other",
            "text exact",
            "scattered bare",
            "scattered exact",
        ]

    def test_scattered_words_by_how_many_stand_together(self, index: SearchIndex) -> None:
        fill(
            index,
            article("none", "Tin", "bốn. x ba. x hai. x một.", hours=4),
            article("one", "Tin", "một hai. x bốn x ba.", hours=3),
            article("two", "Tin", "một hai ba. x bốn.", hours=2),
            article("all", "Tin", "một hai ba bốn.", hours=1),
            article("title", "Bốn ba, x hai một", hours=0),
        )
        assert find(index, "một hai ba bốn") == ["all", "title", "two", "one", "none"]

    def test_one_word(self, index: SearchIndex) -> None:
        fill(
            index,
            article("text", "Tin", "có lũ", hours=3),
            article("other", "Tin lu", hours=2),
            article("title", "Lũ về", hours=1),
            article("lead", "Tin", lead="Lũ về.", hours=0),
        )
        assert find(index, "lũ") == ["title", "lead", "text", "other"]

    def test_equals_by_time_and_equal_times_always_alike(self, index: SearchIndex) -> None:
        fill(index, *(article(str(number), "Cùng một tin", hours=number % 3) for number in range(12)))
        order = find(index, "tin")
        assert [int(identity) % 3 for identity in order] == [2] * 4 + [1] * 4 + [0] * 4
        fill(
            index,
            *(article(str(number), "Cùng một tin", hours=number % 3, version=2) for number in reversed(range(12))),
        )
        assert find(index, "tin") == order

    def test_newest_and_oldest(self, index: SearchIndex) -> None:
        fill(
            index,
            article("a", "tin", "Thái Nguyên", hours=2),
            article("b", "Thái Nguyên", hours=1),
            article("c", "tin", "thai nguyen", hours=3),
            article("undated", "thái nguyên", published_at=None),
        )
        assert find(index, "thái nguyên", sort=Sort.NEWEST) == ["c", "a", "b", "undated"]
        assert find(index, "thái nguyên", sort=Sort.OLDEST) == ["undated", "b", "a", "c"]
        assert find(index, "") == ["c", "a", "b", "undated"]

    def test_times_beyond_all_bounds(self, index: SearchIndex) -> None:
        far = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
        fill(
            index,
            article("future", published_at=far),
            article("past", published_at=datetime(1, 1, 1, tzinfo=UTC)),
            article("now"),
        )
        assert find(index, "", sort=Sort.NEWEST) == ["future", "now", "past"]
        assert find(index, "", published_from=datetime(1, 1, 1, tzinfo=UTC), published_to=far) in (
            ["now", "past"],
            ["now"],
        )

    def test_editing_others_does_not_change_the_order(self, index: SearchIndex) -> None:
        """Statistics of the collection, deleted articles included, would."""
        fill(
            index,
            *(
                article(f"{number}", f"lũ ở xã {number % 7}", "quét " * (number % 5), hours=number)
                for number in range(30)
            ),
        )
        before = find(index, "lũ quét OR xã 3", size=100)
        for version in (2, 3, 4):
            fill(index, *(article(f"x{number}", "lũ lũ quét", version=version, state="x") for number in range(40)))
        assert [
            identity for identity in find(index, "lũ quét OR xã 3", size=100) if not identity.startswith("x")
        ] == before


class TestFilters:
    @pytest.fixture(autouse=True)
    def _articles(self, index: SearchIndex) -> None:
        fill(
            index,
            article("1", "tin", topics=("y-te", "giao-duc"), source="a", published=True, hours=0),
            article("2", "tin", topics=("y-te",), source="b", stance="unfavourable", hours=12),
            article("3", "bài", topics=("kinh-te",), source="b", published=True, flags=("needs_response",), hours=24),
            article("4", "tin", source="Á", published_at=None),
        )

    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            ([Filter(Keyword.TOPIC, ("y-te",))], {"1", "2"}),
            ([Filter(Keyword.TOPIC, ("giao-duc", "kinh-te"))], {"1", "3"}),
            ([Filter(Keyword.TOPIC, ("y-te",), exclude=True)], {"3", "4"}),
            ([Filter(Keyword.TOPIC, ("y-te",)), Filter(Keyword.SOURCE, ("b",))], {"2"}),
            ([Filter(Keyword.TOPIC, ("y-te",)), Filter(Keyword.TOPIC, ("giao-duc",))], {"1"}),
            ([Filter(Keyword.STANCE, ("unfavourable",))], {"2"}),
            ([Filter(Keyword.FLAG, ("needs_response",))], {"3"}),
            ([Filter(Keyword.ID, ("1", "4", "9"))], {"1", "4"}),
            ([Filter(Keyword.SOURCE, (unicodedata.normalize("NFD", "Á"),))], {"4"}),
            ([Filter(Keyword.SOURCE, ("á", "A", "a*", ""))], set()),
            ([Filter(Keyword.SOURCE, ())], set()),
            ([Filter(Keyword.SOURCE, (), exclude=True)], {"1", "2", "3", "4"}),
        ],
    )
    def test_by_keyword(self, index: SearchIndex, filters: list[Filter], expected: set[str]) -> None:
        assert set(ids(index.search(Query(filters=tuple(filters))))) == expected
        assert index.count(Query(filters=tuple(filters))) == len(expected)

    def test_by_time(self, index: SearchIndex) -> None:
        assert found_between(index, NOON, NOON + timedelta(hours=24)) == {"1", "2"}
        assert found_between(index, NOON + timedelta(seconds=1), None) == {"2", "3"}
        assert found_between(index, None, NOON + timedelta(hours=24, seconds=1)) == {"1", "2", "3"}
        assert found_between(index, NOON, NOON) == set()

    def test_only_what_is_published(self, index: SearchIndex) -> None:
        assert set(ids(index.search(Query(public_only=True)))) == {"1", "3"}
        assert ids(index.search(Query(tree=parse("-bài"), public_only=True))) == ["1"]

    def test_all_at_once(self, index: SearchIndex) -> None:
        query = Query(
            parse("tin"), (Filter(Keyword.TOPIC, ("y-te",)),), NOON, NOON + timedelta(hours=1), public_only=True
        )
        assert ids(index.search(query)) == ["1"]


def found_between(index: SearchIndex, start: datetime | None, end: datetime | None) -> set[str]:
    return set(ids(index.search(Query(published_from=start, published_to=end))))


class TestKeywords:
    def test_512_characters(self, index: SearchIndex) -> None:
        longest = "đ" * 512
        fill(
            index,
            article("1", topics=(longest,)),
            article("2", topics=(longest[:-1],)),
            article("3", topics=(longest + "x",)),
        )
        assert set(ids(index.search(Query(filters=(Filter(Keyword.TOPIC, (longest,)),))))) == {"1", "3"}
        assert set(ids(index.search(Query(filters=(Filter(Keyword.TOPIC, (longest + "yz",)),))))) == {"1", "3"}
        facets = index.search(Query(facets=(FacetRequest(Keyword.TOPIC),))).facets
        assert facets[Keyword.TOPIC] == (FacetCount(longest, 2), FacetCount(longest[:-1], 1))

    def test_repeated_and_empty_values_count_once_or_not(self, index: SearchIndex) -> None:
        fill(index, article("1", topics=("a", "a", " a ", "", "b"), people=("X", "Y"), organisations=("X",)))
        facets = index.search(Query(facets=(FacetRequest(Keyword.TOPIC), FacetRequest(Keyword.ENTITY)))).facets
        assert facets == {
            Keyword.TOPIC: (FacetCount("a", 1), FacetCount("b", 1)),
            Keyword.ENTITY: (FacetCount("X", 1), FacetCount("Y", 1)),
        }


class TestCounting:
    def test_facets_most_frequent_first_then_by_value(self, index: SearchIndex) -> None:
        fill(index, *(article(str(number), topics=tuple(f"t{n:02}" for n in range(number))) for number in range(30)))
        facets = index.search(
            Query(size=0, facets=(FacetRequest(Keyword.TOPIC, 3), FacetRequest(Keyword.STANCE)))
        ).facets
        assert facets[Keyword.TOPIC] == (FacetCount("t00", 29), FacetCount("t01", 28), FacetCount("t02", 27))
        assert facets[Keyword.STANCE] == ()

    def test_facets_cut_among_equals_by_value(self, index: SearchIndex) -> None:
        values = [f"v{number * 7919 % 1000:03}" for number in range(1000)]
        for start in range(0, 1000, 250):  # several parts of the index
            fill(index, *(article(value, authors=(value,)) for value in values[start : start + 250]))
        facets = index.search(Query(size=0, facets=(FacetRequest(Keyword.AUTHOR, 5),))).facets
        assert facets[Keyword.AUTHOR] == tuple(FacetCount(f"v{number:03}", 1) for number in range(5))

    def test_facets_are_exact_over_several_parts(self, index: SearchIndex) -> None:
        counts = Counter[str]()
        for part in range(4):
            documents = []
            for number in range(150):
                authors = (f"a{(part * 31 + number * number) % 400}", f"b{number % 7}")
                counts.update(authors)
                documents.append(article(f"{part}-{number}", authors=authors))
            fill(index, *documents)
        expected = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:40]
        facets = index.search(Query(size=0, facets=(FacetRequest(Keyword.AUTHOR, 40),))).facets
        assert [(count.value, count.count) for count in facets[Keyword.AUTHOR]] == expected

    def test_a_day_is_a_day_in_viet_nam(self, index: SearchIndex) -> None:
        midnight = datetime(2026, 2, 28, 17, 0, tzinfo=UTC)  # of 1 March in Viet Nam
        fill(
            index,
            article("1", published_at=midnight - timedelta(seconds=1)),
            article("2", published_at=midnight),
            article("3", published_at=midnight + timedelta(hours=23, minutes=59, seconds=59, milliseconds=999)),
            article("4", published_at=midnight + timedelta(days=3)),
            article("old", published_at=datetime(1965, 1, 1, 16, 59, 59, tzinfo=UTC)),
            article("undated", published_at=None),
        )
        assert index.search(Query(histogram=True)).histogram == (
            DayCount(date(1965, 1, 1), 1),
            DayCount(date(2026, 2, 28), 1),
            DayCount(date(2026, 3, 1), 2),
            DayCount(date(2026, 3, 4), 1),
        )

    def test_counts_follow_the_query(self, index: SearchIndex) -> None:
        fill(
            index,
            article("1", "lũ", source="a"),
            article("2", "lũ", source="b"),
            article("3", "hạn", source="a", hours=24),
        )
        hits = index.search(Query(tree=parse("lũ"), size=1, facets=(FacetRequest(Keyword.SOURCE),), histogram=True))
        assert hits.total == 2
        assert hits.facets[Keyword.SOURCE] == (FacetCount("a", 1), FacetCount("b", 1))
        assert hits.histogram == (DayCount(date(2026, 3, 1), 2),)

    def test_stories_are_counted_exactly(self, index: SearchIndex) -> None:
        stories = [f"s{number % 700}" for number in range(1000)]
        fill(index, *(article(str(number), "tin", story=story) for number, story in enumerate(stories)))
        fill(index, article("alone", "tin"), article("alone too", "tin"), article("other", "khác", story="s0"))
        assert index.search(Query(tree=parse("tin"), size=0, count_stories=True)).stories == 702
        assert index.search(Query(size=0)).stories is None


class TestPaging:
    def pages(self, index: SearchIndex, query: Query) -> list[list[str]]:
        found = []
        while True:
            hits = index.search(query)
            found.append(ids(hits))
            if hits.next is None:
                return found
            query = replace(query, after=hits.next)

    @pytest.mark.parametrize("sort", list(Sort))
    @pytest.mark.parametrize("size", [1, 7, 60, 100])
    def test_pages_are_the_whole(self, index: SearchIndex, sort: Sort, size: int) -> None:
        texts = ["Thái Nguyên", "thai nguyen", "thái độ, nguyên nhân", "nguyên là thái"]
        documents = [article(str(n), texts[n % 4], texts[n % 3], hours=n % 5) for n in range(60)]
        fill(index, *documents[:40])
        fill(index, *documents[40:])
        query = Query(tree=parse("Thái Nguyên"), sort=sort)
        whole = ids(index.search(replace(query, size=1000)))
        pages = self.pages(index, replace(query, size=size))
        assert [identity for page in pages for identity in page] == whole
        assert len(whole) == 60
        assert len(pages) == -(-60 // size)

    def test_what_comes_in_meanwhile_neither_repeats_nor_hides(self, index: SearchIndex) -> None:
        fill(index, *(article(str(number), "tin", hours=number) for number in range(20)))
        first = index.search(Query(tree=parse("tin"), size=5))
        fill(index, *(article(f"new{number}", "tin", hours=100 + number) for number in range(7)))
        index.delete([Deletion("19", 2), Deletion("12", 2)])
        index.commit()
        rest = ids(index.search(Query(tree=parse("tin"), size=100, after=first.next)))
        assert rest == [str(number) for number in reversed(range(15)) if number != 12]

    def test_the_size_may_change_between_pages(self, index: SearchIndex) -> None:
        fill(index, *(article(str(number), hours=number) for number in range(9)))
        first = index.search(Query(size=2))
        assert ids(index.search(Query(size=4, after=first.next))) == ["6", "5", "4", "3"]

    @pytest.mark.parametrize("cursor", ["", "x", "!!", "é", "WzFd", "bnVsbA", "W1tbW1tb", "A" * 5000, "\x00"])
    def test_a_damaged_cursor_is_refused(self, index: SearchIndex, cursor: str) -> None:
        with pytest.raises(BadQuery) as caught:
            index.search(Query(after=cursor))
        assert caught.value.code == "bad_cursor"

    def test_a_cursor_of_another_query_is_refused(self, index: SearchIndex) -> None:
        fill(index, *(article(str(number), "tin") for number in range(5)))
        cursor = index.search(Query(tree=parse("tin"), size=2)).next
        for other in (Query(size=2), Query(tree=parse("bài"), size=2), Query(tree=parse("tin"), sort=Sort.NEWEST)):
            with pytest.raises(BadQuery):
                index.search(replace(other, after=cursor))

    def test_scan_gives_everything_in_order_as_it_was(self, index: SearchIndex) -> None:
        fill(
            index, *(article(str(number), "tin lũ" if number % 2 else "lũ, tin", hours=number) for number in range(30))
        )
        query = Query(tree=parse("tin lũ"), size=3)
        expected = ids(index.search(replace(query, size=100)))
        scanned = index.scan(query)
        start = next(scanned).id
        fill(index, article("new", "tin lũ", hours=100))
        index.delete([Deletion("0", 2)])
        index.commit()
        assert [start, *(hit.id for hit in scanned)] == expected

    def test_more_than_one_scan_page(self, index: SearchIndex) -> None:
        fill(index, *(article(str(number), hours=number % 40) for number in range(2100)))
        scanned = [hit.id for hit in index.scan(Query())]
        assert len(scanned) == len(set(scanned)) == 2100
        assert scanned[:1000] == ids(index.search(Query(size=1000)))


class TestStories:
    def test_one_article_a_story_its_best(self, index: SearchIndex) -> None:
        fill(
            index,
            article("a1", "Lũ về", story="a", hours=1),
            article("a2", "Tin", "có lũ", story="a", hours=5),
            article("b1", "Tin", "có lũ", story="b", hours=9),
            article("b2", "Tin", "có lũ", story="b", hours=2),
            article("c", "Tin lũ", hours=0),
            article("d", "Tin khác", story="a"),
        )
        hits = index.search(Query(tree=parse("lũ"), collapse=True, count_stories=True))
        assert [(hit.id, hit.same_story) for hit in hits.items] == [("a1", 2), ("c", 1), ("b1", 2)]
        assert (hits.total, hits.stories, hits.next) == (5, 3, None)

    @pytest.mark.parametrize("sort", list(Sort))
    def test_collapsed_pages_are_the_whole(self, index: SearchIndex, sort: Sort) -> None:
        fill(index, *(article(str(n), ("lũ về", "tin, lũ")[n % 2], story=f"s{n * n % 23}", hours=n) for n in range(80)))
        query = Query(tree=parse("lũ"), sort=sort, collapse=True)
        uncollapsed = index.search(Query(tree=parse("lũ"), sort=sort, size=100))
        firsts: dict[str, str] = {}
        for hit in uncollapsed.items:
            firsts.setdefault(hit.story, hit.id)
        pages = TestPaging().pages(index, replace(query, size=4))
        assert [identity for page in pages for identity in page] == list(firsts.values())


class TestHighlights:
    def marked(self, index: SearchIndex, text: str, **wish: object) -> dict[str, list[str]]:
        hits = index.search(Query(tree=parse(text), highlight=Highlighting(**wish)))  # type: ignore[arg-type]
        return {
            field: [piece.text for fragment in fragments for piece in fragment.pieces if piece.is_match]
            for field, fragments in hits.items[0].highlights.items()
        }

    def test_marks_what_was_found(self, index: SearchIndex) -> None:
        fill(index, article("1", "Lũ lụt ở Đại Từ", "Mưa gây lũ. Đại biểu. Đại Từ ngập.", lead="Không có gì."))
        assert self.marked(index, "lu dai tu") == {"title": ["Lũ", "Đại", "Từ"], "body": ["lũ", "Đại", "Đại", "Từ"]}
        assert self.marked(index, '"đại từ"') == {"title": ["Đại Từ"], "body": ["Đại Từ"]}
        assert self.marked(index, "đại từ") == {"title": ["Đại Từ"], "body": ["Đại Từ"]}
        assert self.marked(index, "ngậ* -hạn") == {"body": ["ngập"]}
        assert self.marked(index, "title:lụt") == {"title": ["lụt"]}
        assert self.marked(index, "lũ", fields=("title",)) == {"title": ["Lũ"]}

    def test_nothing_asked_nothing_marked(self, index: SearchIndex) -> None:
        fill(index, article("1", "Lũ lụt"))
        assert index.search(Query(tree=parse("lũ"))).items[0].highlights == {}
        assert index.search(Query(highlight=Highlighting())).items[0].highlights == {}


class TestWriting:
    def test_hits_bring_what_is_needed_to_show_them(self, index: SearchIndex) -> None:
        fill(
            index,
            article(
                "bài/1 ?",
                unicodedata.normalize("NFD", "Tít bài"),
                story="s1",
                published_at=NOON + timedelta(milliseconds=700),
            ),
        )
        hit = index.search(Query()).items[0]
        assert (hit.id, hit.title, hit.story, hit.source) == ("bài/1 ?", "Tít bài", "s1", "vidu")
        assert hit.url == "https://bao.vidu.vn/bài/1 ?"
        assert hit.published_at == NOON

    def test_nothing_is_seen_before_commit(self, index: SearchIndex) -> None:
        fill(index, article("1"))
        if isinstance(index, EmbeddedIndex):  # a server may show it within its refresh interval
            index.add([article("2")])
            assert index.count(Query()) == 1
        index.add([article("2")])
        index.commit()
        assert index.count(Query()) == 2

    def test_updates_replace(self, index: SearchIndex) -> None:
        fill(index, article("1", "cũ", topics=("a",)))
        fill(index, article("1", "mới", topics=("b",), version=2))
        assert find(index, "cũ") == []
        assert find(index, "mới") == ["1"]
        assert index.search(Query(facets=(FacetRequest(Keyword.TOPIC),))).facets[Keyword.TOPIC] == (FacetCount("b", 1),)
        assert index.status().documents == 1

    def test_an_older_or_equal_version_never_overwrites(self, index: SearchIndex) -> None:
        report = index.add(
            [article("1", "năm", version=5), article("1", "bốn", version=4), article("1", "sáu", version=6)]
        )
        assert (report.accepted, report.stale) == (2, 1)
        assert index.add([article("1", "sáu nữa", version=6)]).stale == 1
        index.commit()
        report = index.add([article("1", "hai", version=2), article("1", "sáu nữa", version=6)])
        assert (report.accepted, report.stale) == (0, 2)
        index.commit()
        assert find(index, "sáu") == ["1"]
        assert find(index, "nữa OR bốn OR năm OR hai") == []
        assert list(index.versions()) == [("1", 6)]

    def test_deletes(self, index: SearchIndex) -> None:
        fill(index, article("1"), article("2"), article("3"))
        report = index.delete([Deletion("1", 2), Deletion("2", 1), Deletion("never seen", 1)])
        assert (report.accepted, report.stale) == (2, 1)
        index.commit()
        assert set(find(index, "")) == {"2", "3"}
        assert sorted(index.versions()) == [("2", 1), ("3", 1)]
        assert index.status().documents == 2

    def test_a_late_older_write_does_not_revive(self, index: SearchIndex) -> None:
        index.delete([Deletion("1", 7)])
        assert index.add([article("1", version=6)]).stale == 1
        index.commit()
        assert index.add([article("1", version=7)]).stale == 1
        assert index.add([article("1", version=8)]).accepted == 1
        index.commit()
        assert find(index, "") == ["1"]

    def test_what_is_refused_is_named_and_the_rest_written(self, index: SearchIndex) -> None:
        good = article("good")
        bad: Sequence[IndexDocument] = [
            article(""),
            article("x" * 513),
            article("a\x00b"),
            article("negative", version=-1),
            article("huge", version=2**63),
            article("naive", published_at=datetime(2026, 1, 1)),  # noqa: DTZ001
        ]
        report = index.add([*bad, good])
        index.commit()
        assert [rejection.id for rejection in report.rejected] == [document.id for document in bad]
        assert all(rejection.reason for rejection in report.rejected)
        assert (report.accepted, find(index, "")) == (1, ["good"])
        assert [rejection.id for rejection in index.delete([Deletion("", 1)]).rejected] == [""]

    def test_empty_batches(self, index: SearchIndex) -> None:
        assert index.add([]) == index.delete([])
        index.commit()
        assert index.count(Query()) == 0

    def test_many_and_large_articles(self, index: SearchIndex) -> None:
        fill(index, *(article(str(number), "tin", "một đoạn văn dài " * 20_000) for number in range(3)))
        fill(index, *(article(f"n{number}", "tin") for number in range(1200)))
        assert index.count(Query(tree=parse("tin"))) == 1203
        assert len(dict(index.versions())) == 1203

    def test_threads(self, index: SearchIndex) -> None:
        failures: list[BaseException] = []

        def write(name: int) -> None:
            try:
                for number in range(5):
                    index.add([article(f"{name}-{number}-{n}", "tin") for n in range(10)])
                    index.commit()
                    index.search(Query(tree=parse("tin"), facets=(FacetRequest(Keyword.SOURCE),)))
            except BaseException as failure:
                failures.append(failure)

        threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert index.count(Query(tree=parse("tin"))) == 200


class TestRebuild:
    def test_the_new_index_takes_over_at_once(self, index: SearchIndex) -> None:
        fill(index, article("old"), article("kept"))
        with index.rebuild() as fresh:
            fresh.add([article("kept"), article("new")])
            assert set(find(index, "")) == {"old", "kept"}
        assert set(find(index, "")) == {"kept", "new"}
        assert sorted(index.versions()) == [("kept", 1), ("new", 1)]

    def test_searches_never_fail_nor_see_too_little_or_too_much(self, index: SearchIndex) -> None:
        documents = [article(str(number), "tin") for number in range(50)]
        fill(index, *documents)
        counts: set[int] = set()
        failures: list[BaseException] = []
        stop = threading.Event()

        def look() -> None:
            while not stop.is_set():
                try:
                    hits = index.search(Query(tree=parse("tin"), size=100))
                    counts.update((hits.total, len(hits.items)))
                except BaseException as failure:
                    failures.append(failure)

        threads = [threading.Thread(target=look) for _ in range(2)]
        for thread in threads:
            thread.start()
        for _ in range(5):
            with index.rebuild() as fresh:
                fresh.add(documents)
        stop.set()
        for thread in threads:
            thread.join()
        assert failures == []
        assert counts == {50}

    def test_one_that_fails_leaves_the_old_index(self, index: SearchIndex) -> None:
        fill(index, article("1"))
        with pytest.raises(RuntimeError, match="store"), index.rebuild() as fresh:
            fresh.add([article("2")])
            raise RuntimeError("the store went away")
        assert find(index, "") == ["1"]
        with index.rebuild() as fresh:
            fresh.add([article("3")])
        assert find(index, "") == ["3"]

    def test_only_one_at_a_time(self, index: SearchIndex) -> None:
        with index.rebuild() as fresh:
            fresh.add([article("1")])
            with pytest.raises(IndexUnavailable, match="rebuilt by another"), index.rebuild():
                pass
        assert find(index, "") == ["1"]

    def test_older_versions_may_come_twice(self, index: SearchIndex) -> None:
        with index.rebuild() as fresh:
            fresh.add([article("1", "mới", version=3)])
            assert fresh.add([article("1", "cũ", version=2)]).stale == 1
        assert find(index, "mới") == ["1"]

    def test_what_was_written_meanwhile_can_be_sent_again(self, index: SearchIndex) -> None:
        fill(index, article("1", version=1))
        with index.rebuild() as fresh:
            fresh.add([article("1", version=1)])
            fill(index, article("1", "mới", version=2), article("2"))
        try:
            index.add([article("1", "mới", version=2), article("2")])
        except IndexUnavailable:
            index.add([article("1", "mới", version=2), article("2")])
        index.commit()
        assert sorted(index.versions()) == [("1", 2), ("2", 1)]

    def test_clear(self, index: SearchIndex) -> None:
        fill(index, article("1"))
        index.clear()
        assert index.status().documents == 0
        fill(index, article("1"))
        assert find(index, "") == ["1"]


class TestBareHits:
    """Who shows what the store holds asks for no articles: the same articles in the same order all the same."""

    @pytest.fixture(autouse=True)
    def _filled(self, index: SearchIndex) -> None:
        fill(
            index,
            article("1", "Lũ trên sông Cầu", "nước lên", hours=1, story="a", topics=("thien-tai",)),
            article("2", "Mưa lớn", "lũ trên sông Cầu", hours=2, story="a"),
            article("3", "Sông Cầu có lũ", "nước rút", hours=3, story="b"),
            article("4", "Trên đồi, dưới sông", "thuyền trên sông", hours=4, story="c"),
        )

    @pytest.mark.parametrize("collapse", [False, True])
    def test_ids_order_scores_stories_and_cursors_are_those_of_whole_hits(
        self, index: SearchIndex, collapse: bool
    ) -> None:
        whole = Query(parse("lũ sông Cầu"), size=1, collapse=collapse, count_stories=True)
        pages = 0
        while True:
            here, bare = index.search(whole), index.search(replace(whole, bare=True))
            assert [(h.id, h.score, h.same_story) for h in bare.items] == [
                (h.id, h.score, h.same_story) for h in here.items
            ]
            assert (bare.total, bare.stories, bare.next) == (here.total, here.stories, here.next)
            assert all(hit.title and hit.story for hit in here.items)
            pages += 1
            if bare.next is None:
                break
            whole = replace(whole, after=bare.next)
        assert pages == (2 if collapse else 3)

    def test_marks_are_made_where_they_are_asked_for(self, index: SearchIndex) -> None:
        for fields in (("title", "lead"), ("title", "lead", "body")):
            for text in ("lũ", '"sông Cầu"', "lũ trên sông", "nước len"):
                whole = Query(parse(text), highlight=Highlighting(fields=fields), collapse=True)
                marks = {hit.id: hit.highlights for hit in index.search(whole).items}
                assert {hit.id: hit.highlights for hit in index.search(replace(whole, bare=True)).items} == marks
                assert any(marks.values()) or (text, "body" in fields) == ("nước len", False)
        # Where the body alone has the words side by side, they are marked nowhere one by one.
        hits = index.search(Query(parse("trên sông"), highlight=Highlighting(fields=("title",)))).items
        assert {hit.id: "title" in hit.highlights for hit in hits} == {"1": True, "2": False, "4": False}
