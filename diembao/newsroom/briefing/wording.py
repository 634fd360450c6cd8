"""The words of the pack: Vietnamese, as offices write them; one place for the page, Word and Excel."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from diembao.index.protocol import Period, Unit
from diembao.newsroom.days import LOCAL
from diembao.newsroom.digests.wording import roman
from diembao.newsroom.matters import Stage
from nlp.measured import AT_LEAST

TITLE = "BÁO CÁO"
INTERNAL = "Tài liệu nội bộ"
INTERNAL_BOX = "LƯU HÀNH NỘI BỘ"  # as Nghị định 30/2020/NĐ-CP has it
NO_DATA = "chưa thu thập"
INCOMPARABLE = "không so sánh được"
NEW = "mới có"
NOTHING = "–"
NONE = "Không có."
TABLE, FIGURE = "Bảng", "Hình"
ANNEX = "PHỤ LỤC"
METHOD_SHEET, SUMMARY_SHEET = "Phương pháp", "Tóm tắt"
SERVICE = "Điểm Báo Thái Nguyên"
TOPICS_NOTE = "Một bài có thể thuộc tới ba chủ đề nên các tỷ lệ cộng lại có thể quá 100\N{NO-BREAK SPACE}%."
PLACES_NOTE = "Một bài nhắc nhiều nơi được tính ở từng nơi."
DISTRICTS_NOTE = (
    "Địa bàn cấp huyện trước 01/7/2025, gộp các xã, phường ngày nay; một bài nhắc nhiều xã, phường của một huyện cũ "
    "được tính một lần."
)
FIRSTS_NOTE = "Chỉ tính tin có từ hai báo trở lên đăng, trong 1.000 tin được đăng nhiều nhất của kỳ."
NO_UNIT = "Không bài nào nhắc tới xã, phường cụ thể."
NO_STANCE = "Không xét thái độ"
STANCE_NOTE = (
    "Thái độ là đối với tỉnh (chính quyền, cộng đồng, môi trường đầu tư), không phải giọng văn của bài. “Tăng, giảm” "
    "trong bảng là của tỷ lệ, tính bằng điểm phần trăm."
)
HOW_COUNTED = (
    "Đếm gì. Bài: mỗi lần một báo đăng, kể cả đăng lại. Tin: các bài cùng một sự việc tính một. Mỗi con số có đường "
    "dẫn tới danh sách đếm bằng đúng câu tìm đó."
)
HOW_COMPARED = (
    "Tháng so với tháng trước và cùng tháng năm trước; quý, năm và khoảng ngày khác cũng vậy. Chỉ so sánh khi cả hai "
    "kỳ có dữ liệu ở ít nhất 90 % số ngày; nếu không thì ghi “không so sánh được”."
).replace("90 %", "90\N{NO-BREAK SPACE}%")
MACHINE_PROPOSES = "Thái độ và “cần phản hồi” là đề nghị của máy khi chưa có người sửa."
MEASURED = (
    "Thử trên những bài người đã xếp loại mà máy chưa thấy, máy đạt ít nhất: nhận ra bài về tỉnh"
    " {relevance.relevant_f1} (F1, 1 là đúng hết); xã, phường {places.f1} (F1); chủ đề đúng trong hai chủ đề đầu"
    " {topics.main_or_second}; thái độ {stance.ours_macro_f1} (F1, trung bình bốn loại), tìm ra"
    " {stance.ours_unfavourable_recall} số bài bất lợi; cần phản hồi {stance.ours_needs_response_f1} (F1); bài đăng"
    " lại ghép đúng {stories.reprint_precision}, tìm ra {stories.reprint_recall}. Vì vậy số bài bất lợi và cần phản"
    " hồi là ước lượng cho tới khi có người xem từng bài."
)
NOT_COLLECTED = "Ngày không thu thập được thì không có số, khác với không có bài."
LATER = "Bài bị gỡ hoặc được xếp loại lại sau lúc này làm danh sách khác số đã in."
STAGES: Mapping[Stage, str] = {
    Stage.UNASSIGNED: "Chưa giao cơ quan trả lời",
    Stage.OPEN: "Đang xử lý",
    Stage.OVERDUE: "Quá hạn, chưa trả lời",
    Stage.IN_TIME: "Đã trả lời đúng hạn",
    Stage.LATE: "Đã trả lời, chậm hạn",
    Stage.ANSWERED: "Đã trả lời, không đặt hạn",
    Stage.NOT_OURS: "Không thuộc thẩm quyền của tỉnh",
}
STEPS: Mapping[str, str] = {
    "relevance": "lọc tin về tỉnh",
    "topics": "chủ đề",
    "stance": "thái độ",
    "places": "địa danh",
    "entities": "tên người, cơ quan",
}
CORRECTED: Mapping[str, str] = {
    "relevance": "độ liên quan",
    "topics": "chủ đề",
    "stance": "thái độ",
    "needs_response": "cần phản hồi",
    "places": "địa danh",
}
# In a column that has little room.
SHORT_TYPES: Mapping[str, str] = {"broadcaster": "Đài PT-TH", "aggregator": "Trang tổng hợp"}
_VIETNAMESE = str.maketrans(",.", ".,")
_HALVES = {1: "6 tháng đầu năm", 7: "6 tháng cuối năm"}


def measured() -> str:
    """How right the machine is: F1 as a number, what is a share in per cent."""
    said = MEASURED
    for name, value in AT_LEAST.items():
        number = f"{value:.3f}".removesuffix("0").replace(".", ",")
        shown = number if name.endswith("f1") else f"{whole(round(100 * value))}\N{NO-BREAK SPACE}%"
        said = said.replace(f"{{{name}}}", shown)
    return said


def whole(number: int) -> str:
    """13.345"""
    return f"{number:,}".replace(",", ".")


def decimal(number: float) -> str:
    """1.212,5: one place, as shares and changes are told."""
    return f"{number:,.1f}".translate(_VIETNAMESE)


def share(part: float) -> str:
    """60,2 %"""
    return f"{decimal(100 * part)}\N{NO-BREAK SPACE}%"


def signed(number: float, unit: str = "") -> str:
    """+12,5 % or, without a unit, −0,3; what rounds to nothing has no sign."""
    # From a thousand on the decimal says nothing and takes the room of a column.
    shown = decimal(abs(number)) if abs(number) < 1000 else whole(round(abs(number)))
    sign = "" if shown == "0,0" else "+" if number > 0 else "−"
    return f"{sign}{shown}\N{NO-BREAK SPACE}{unit}".rstrip()


def moved(percent: float) -> str:
    """tăng 12,5 % or giảm 3,1 %; for sentences."""
    shown = decimal(abs(100 * percent))
    if shown == "0,0":
        return "không đổi"
    return f"{'tăng' if percent > 0 else 'giảm'} {shown}\N{NO-BREAK SPACE}%"


def moved_points(points: float) -> str:
    """tăng 1,2 điểm phần trăm; a share that grows from 10 to 11 per cent grows by one point and by ten per cent."""
    shown = decimal(abs(points))
    if shown == "0,0":
        return "không đổi"
    return f"{'tăng' if points > 0 else 'giảm'} {shown} điểm phần trăm"


def day(given: date) -> str:
    return f"{given:%d/%m/%Y}"


def moment(at: datetime) -> str:
    """08:47 ngày 22/11/2026"""
    return f"{at.astimezone(LOCAL):%H:%M} ngày {day(at.astimezone(LOCAL).date())}"


def period_name(period: Period) -> str:
    """tháng 10/2026, quý III/2026, 6 tháng đầu năm 2026, năm 2026; else its days."""
    first, after = period.first, period.last + timedelta(days=1)
    months = (after.year - first.year) * 12 + after.month - first.month
    if first.day != 1 or after.day != 1:
        return days_named(period)
    if months == 1:
        return f"tháng {first:%m/%Y}"
    if months == 3 and first.month % 3 == 1:
        return f"quý {roman(first.month // 3 + 1)}/{first.year}"
    if months == 6 and first.month in _HALVES:
        return f"{_HALVES[first.month]} {first.year}"
    if months == 12 and first.month == 1:
        return f"năm {first.year}"
    return days_named(period)


def days_named(period: Period) -> str:
    if period.first == period.last:
        return f"ngày {day(period.first)}"
    return f"từ {day(period.first)} đến {day(period.last)}"


def period_head(period: Period) -> str:
    """For the head of a column."""
    name = period_name(period)
    if name.startswith("từ "):
        return f"{period.first:%d/%m/%y} – {period.last:%d/%m/%y}"
    return name[:1].upper() + name[1:]


def unit_head(unit: Unit) -> str:
    return {Unit.DAY: "Ngày", Unit.WEEK: "Tuần", Unit.MONTH: "Tháng"}[unit]


def stretch(period: Period, unit: Unit) -> str:
    """How a day, week or month stands in a table."""
    if unit is Unit.MONTH:
        return f"{period.first:%m/%Y}"
    if period.first == period.last:
        return day(period.first)
    return f"{period.first:%d/%m} – {day(period.last)}"


def subject(period: Period) -> str:
    return f"Tình hình thông tin báo chí về tỉnh Thái Nguyên {period_name(period)}"


def stem(period: Period) -> str:
    """giao-ban-2026-10, giao-ban-2026-q3 …: plain letters, so that no mail program spoils it."""
    name = period_name(period)
    if name.startswith("tháng "):
        return f"giao-ban-{period.first:%Y-%m}"
    if name.startswith("quý "):
        return f"giao-ban-{period.first.year}-q{period.first.month // 3 + 1}"
    if name.startswith("năm "):
        return f"giao-ban-{period.first.year}"
    return f"giao-ban-{period.first:%Y%m%d}-{period.last:%Y%m%d}"


def watched(number: int, silent: int | None) -> str:
    """silent: newspapers from which nothing came in the period; None where the crawler's days are not known."""
    known = f"{whole(number)} báo, đài, trang đang được theo dõi"
    if silent is None:
        return f"{known}; không có số liệu thu thập từng ngày của kỳ này (bài được nhập vào kho)."
    return f"{known}; trong kỳ {whole(silent)} nguồn không có địa chỉ mới nào (xem phụ lục “Nguồn theo dõi”)."


def more(number: int, title: str) -> str:
    """Below a table that shows only its first rows."""
    return f"Đầy đủ ở Phụ lục {number}: {small(title)}."


def cut(number: int) -> str:
    """Below a table of an annex that would fill a book."""
    return f"Còn {whole(number)} dòng nữa, xem trong tệp Excel hoặc bấm số ở trên để mở danh sách."


def source_line(period: Period, unit: str, query: str) -> str:
    """What stands below every table and chart."""
    return f"Đơn vị: {unit}. Nguồn: {SERVICE}, {period_name(period)}. Câu tìm: {query}."


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def small(text: str) -> str:
    return text[:1].lower() + text[1:]
