"""Copies, credits, lineage and stories, on texts of our own."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from itertools import permutations

import pytest

from nlp.stories.copies import Copy, compare
from nlp.stories.credits import bare_name, read_credit, without_credit
from nlp.stories.lineage import Member, trace
from nlp.stories.printing import Printing, PrintingReader
from nlp.stories.wire import Wire, group

LEAD = (
    "Mưa lớn từ đêm qua khiến nước sông Cầu dâng nhanh, nhiều tổ dân phố ở phường Phan Đình Phùng ngập sâu hơn một mét."
)
BODY = (
    "Lực lượng chức năng đã đưa gần ba trăm người dân đến nơi an toàn trước khi trời tối.",
    "Trường học trong phường được dùng làm nơi ở tạm, bữa cơm đầu tiên nấu xong lúc tám giờ tối.",
    "Ông Lý Văn Đông, tổ trưởng tổ 5, cho biết nước lên nhanh hơn mọi năm, nhiều nhà chỉ kịp kê đồ lên gác.",
    "Hai trạm bơm ở cửa sông chạy hết công suất, nhưng nước ngoài sông cao hơn trong phố nên thoát rất chậm.",
    "Công ty điện lực cắt điện ở bốn khu phố để giữ an toàn và hứa đóng lại ngay khi nước rút.",
    "Đài khí tượng dự báo mưa còn kéo dài đến hết ngày mai, đỉnh lũ có thể cao thêm bốn mươi phân.",
)
FLOOD = "\n".join((LEAD, *BODY))
MEALS = (
    "Phường Phan Đình Phùng nấu hơn ba trăm suất cơm cho người sơ tán vì lũ sông Cầu; nước đang rút chậm, trường học "
    "vẫn là nơi ở tạm."
)
TITLE = "Lũ sông Cầu lên nhanh, sơ tán gần ba trăm người trong đêm"
OTHER = "\n".join(
    (
        "Hội đồng nhân dân thông qua kế hoạch đầu tư công năm tới với hơn sáu nghìn tỷ đồng, ưu tiên đường giao thông.",
        "Ba tuyến đường nối các khu công nghiệp sẽ khởi công trong quý một, hai cây cầu xong trước mùa mưa.",
        "Các đại biểu đề nghị công khai tiến độ từng dự án để người dân theo dõi và góp ý kiến kịp thời.",
        "Kế hoạch dành một phần mười số vốn cho trường học và trạm y tế ở các xã vùng cao còn khó khăn.",
    )
)


@pytest.fixture(scope="module")
def reader() -> PrintingReader:
    return PrintingReader.load()


def copied(reader: PrintingReader, first: tuple[str, str], second: tuple[str, str], **how: object) -> Copy | None:
    return compare(reader.read(*first), reader.read(*second), **how)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "title, text",
    [
        ("Nước lên trong đêm, hàng trăm người rời nhà", FLOOD),
        (TITLE, f"(Tin Trung Du) - {FLOOD}\nTheo Báo Sông Cầu"),
        (TITLE, "\n".join((LEAD, *BODY[:2]))),
        ("Chạy lũ", FLOOD + "\n" + OTHER.split("\n")[2]),
        (TITLE.upper(), FLOOD.replace("nhanh", "mau").replace("người dân", "bà con")),
        ("Lu song Cau", FLOOD.replace("ò", "o").replace("ủ", "u")),
    ],
    ids=["headline", "credit", "cut", "added", "edited", "slips"],
)
def test_a_changed_copy_is_one(reader: PrintingReader, title: str, text: str) -> None:
    found = copied(reader, (TITLE, FLOOD), (title, text))
    assert found is not None and found.is_copy


def test_another_report_is_no_copy_and_a_longer_piece_around_a_brief_neither(reader: PrintingReader) -> None:
    assert copied(reader, (TITLE, FLOOD), (TITLE, OTHER)) is None
    around = copied(
        reader, (TITLE, FLOOD), ("Một tuần nhìn lại", FLOOD + "\n" + "\n".join(f"{OTHER} {n}" for n in "ab"))
    )
    assert around is None or around.is_copy
    long = " ".join(
        random.Random(1).choice(["nước", "đường", "trường", "chợ", "nhà", "núi"]) + str(n) for n in range(900)
    )
    found = copied(reader, (TITLE, FLOOD), ("Tổng hợp", FLOOD + "\n" + long))
    assert found is not None and found.kind == "around" and not found.is_copy


def test_summaries_are_judged_with_their_headlines(reader: PrintingReader) -> None:
    assert copied(reader, (TITLE, LEAD), (TITLE, LEAD))
    assert copied(reader, (TITLE, LEAD), ("Chạy lũ trong đêm", LEAD))
    assert copied(reader, (TITLE, ""), (TITLE.replace(",", " -"), ""))
    assert copied(reader, (TITLE, LEAD), ("Đầu tư công sáu nghìn tỷ", OTHER.split("\n")[0])) is None
    assert (
        copied(
            reader,
            ("Thu 50 triệu mỗi sào hoa cúc ở xã Tân Cương", ""),
            ("Thu 90 triệu mỗi sào hoa cúc ở xã Tân Cương", ""),
        )
        is None
    )


GOLD = "Giá vàng trong nước sáng nay tăng mạnh so với hôm qua, mua vào bán ra cùng lên."
GREETING = "Kính mời quý vị theo dõi bản tin trưa với nhiều thông tin đáng chú ý của báo."


@pytest.mark.parametrize(
    "first, second",
    [
        (("Giá vàng hôm nay 5.3: tăng mạnh", GOLD), ("Giá vàng hôm nay 6.3: tăng mạnh", GOLD)),
        (("Xem nhanh 12h: Lũ rút chậm", GREETING), ("Xem nhanh 12h: Khởi công cầu mới", GREETING)),
    ],
)
def test_issues_of_a_column_are_not_copies(
    reader: PrintingReader, first: tuple[str, str], second: tuple[str, str]
) -> None:
    assert copied(reader, first, second, apart=86_400.0, same_outlet=True) is None
    assert copied(reader, first, first, apart=600.0)


@pytest.mark.parametrize(
    "text, source",
    [
        (FLOOD + "\nTheo TTXVN", "ttxvn"),
        (FLOOD + "\n(Theo Báo Xây dựng)", "xaydung"),
        (FLOOD + "\nNguồn: Báo Thái Nguyên", "thainguyen"),
        (FLOOD + "\nHà An/Vietnam+", "ttxvn"),
        (FLOOD + "\nTheo Thạch Lam/Zing", "znews"),
        ("(Dân trí) - " + FLOOD, "dantri"),
        ("TTO - " + FLOOD, "tuoitre"),
        (FLOOD, ""),
        (FLOOD + "\nTheo kế hoạch, nước sẽ rút vào sáng mai.", ""),
        (FLOOD + "\nẢnh: TTXVN", ""),
        ("(Ảnh minh họa) " + FLOOD, ""),
    ],
)
def test_credit_lines_name_the_source(text: str, source: str) -> None:
    assert read_credit(text).source in ({source} if source else {"", "anhminhhoa"})
    if not source:
        assert read_credit(text).source != "ttxvn"


def test_one_outlet_has_one_name() -> None:
    for names in (
        ("Báo điện tử Dân trí", "dantri.com.vn", "Dân Trí"),
        ("VietnamPlus (TTXVN)", "TTXVN", "Báo Tin tức (TTXVN)"),
    ):
        assert len({bare_name(name) for name in names}) == 1
    assert without_credit(f"(Dân trí) - {LEAD}\n{BODY[0]}\nTheo TTXVN") == f"{LEAD}\n{BODY[0]}"


def moment(hours: float) -> float:
    return (datetime.fromisoformat("2026-11-20T08:00:00+07:00") + timedelta(hours=hours)).timestamp()


def test_the_credited_outlet_is_the_origin_whatever_the_clock_says() -> None:
    members = [
        Member(1, moment(0), "trungdu", "songcau"),
        Member(2, moment(1), "songcau", ""),
        Member(3, moment(2), "basong", "songcau"),
    ]
    for order in permutations(members):
        descents = {one.number: one for one in trace(order)}
        assert descents[2].taken_from is None
        assert {descents[1].taken_from, descents[3].taken_from} == {2}
        assert descents[1].certainty > 0.9


def test_without_credits_the_earlier_is_the_origin_and_doubt_is_said() -> None:
    clear, close = (
        trace([Member(1, moment(0)), Member(2, moment(3))])[1],
        trace([Member(1, moment(0)), Member(2, moment(0.1))])[1],
    )
    unknown = trace([Member(1, None), Member(2, moment(0))])
    common = trace([Member(1, moment(0), "a", "ttxvn"), Member(2, moment(3), "b", "ttxvn")])[1]
    assert clear.taken_from == close.taken_from == common.taken_from == 1
    assert clear.certainty > close.certainty > common.certainty
    assert unknown[1].taken_from is None and unknown[0].taken_from == 2


def stream(reader: PrintingReader) -> list[tuple[Member, Printing]]:
    rows = [
        (0, "songcau", TITLE, FLOOD),
        (1, "trungdu", "Sơ tán ba trăm người trong đêm lũ", FLOOD + "\nTheo Báo Sông Cầu"),
        (2, "basong", "Đầu tư công: sáu nghìn tỷ đồng năm tới", OTHER),
        (5, "basong", "Lũ sông Cầu: phường Phan Đình Phùng nấu cơm cho người sơ tán", MEALS),
        (300, "songcau", TITLE, "Một năm sau trận lũ sông Cầu, phường Phan Đình Phùng có trạm bơm mới và hai kè đá."),
    ]  # fmt: skip
    return [
        (Member(number, moment(hours), outlet, read_credit(text).source), reader.read(title, text))
        for number, (hours, outlet, title, text) in enumerate(rows)
    ]


def test_copies_and_reports_of_one_event_are_one_story_and_others_are_not(reader: PrintingReader) -> None:
    answers = group(stream(reader))
    assert [answers[number].story for number in range(4)] == [0, 0, 2, 0]
    assert [answers[number].reprint_of for number in range(4)] == [None, 0, None, None]
    assert answers[4].story == 4


def test_a_stream_cut_in_two_by_bytes_ends_the_same(reader: PrintingReader) -> None:
    whole = {n: (a.story, a.reprint_of) for n, a in group(stream(reader)).items()}
    kept = [(member, Printing.from_bytes(printing.to_bytes())) for member, printing in stream(reader)]
    again = {n: (a.story, a.reprint_of) for n, a in group((m, p) for m, p in kept if p is not None).items()}
    assert again == whole
    assert Printing.from_bytes(b"\x01\x02") is None


def test_what_is_remembered_is_bounded(reader: PrintingReader) -> None:
    settled = []
    wire = Wire(settled.append, kept=5, linked=3)
    for number in range(40):
        wire.add(
            Member(number, moment(number / 10)),
            reader.read(f"Tin số {number} về chợ phiên", f"Chợ phiên họp buổi {number}"),
        )
    assert len(settled) >= 34
    wire.close()
    assert sorted(answer.number for answer in settled) == list(range(40))


@pytest.mark.parametrize("text", ["", "\0", "a" * 200_000, "ă " * 100_000, "\ud800", "(" * 5_000, "Theo " * 30_000])
def test_hostile_texts_are_read_in_bounds(reader: PrintingReader, text: str) -> None:
    kept = reader.read(text, text).to_bytes()
    assert len(kept) < 16_000 and Printing.from_bytes(kept) is not None
