"""The words of a digest: Vietnamese, as offices write them; one place for all formats."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from diembao.newsroom.digests.content import Content, Item, Letterhead, Notice

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")

KINDS: Mapping[str, str] = {"daily": "ĐIỂM BÁO", "weekly": "ĐIỂM BÁO TUẦN", "special": "ĐIỂM BÁO CHUYÊN ĐỀ"}
STANCES: Mapping[str, str] = {
    "favourable": "Thuận lợi",
    "unfavourable": "Bất lợi",
    "neutral": "Trung tính",
    "mixed": "Hỗn hợp",
}
COUNTRY = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
MOTTO = "Độc lập - Tự do - Hạnh phúc"
PARTY = "ĐẢNG CỘNG SẢN VIỆT NAM"
ADDRESSED_TO = "Kính gửi:"
COPIES_TO = "Nơi nhận:"
JUDGEMENT = "Đánh giá"
NEEDS_RESPONSE = "cần phản hồi"
NOTICES = "Tin đã gỡ, đính chính"
EMPTY_SECTION = "Không có tin."
EMPTY = "Trong kỳ không có tin."
GONE = "Tin này đã được gỡ sau khi phát hành."
LEAVE = "Thôi nhận điểm báo qua thư"
NO_SUMMARY = "Chưa có tóm tắt; mời đọc tại báo gốc."
COLUMNS: Mapping[str, str] = {
    "number": "STT",
    "outlet": "Báo",
    "headline": "Tiêu đề",
    "summary": "Tóm tắt",
    "stance": JUDGEMENT,
    "time": "Giờ đăng",
    "section": "Mục",
    "link": "Đường dẫn",
}
_ROMAN = ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))


def roman(number: int) -> str:
    """12 → XII"""
    text = ""
    for value, sign in _ROMAN:
        text += sign * (number // value)
        number %= value
    return text


def numeric_day(day: date) -> str:
    """22/11/2026"""
    return f"{day:%d/%m/%Y}"


def clock(moment: datetime) -> str:
    """08:47 ngày 22/11/2026"""
    local = moment.astimezone(LOCAL)
    return f"{local:%H:%M} ngày {local:%d/%m/%Y}"


def long_date(day: date) -> str:
    """ngày 02 tháng 01 năm 2026: days below ten and the first two months have a zero, so that no digit is added."""
    month = f"{day.month:02d}" if day.month < 3 else str(day.month)
    return f"ngày {day.day:02d} tháng {month} năm {day.year}"


def place_and_date(head: Letterhead, day: date) -> str:
    return f"{head.place}, {long_date(day)}"


def symbol_line(head: Letterhead) -> str:
    """“Số: 12/ĐB” on state paper, “Số 12-ĐB/TU” on the Party's; dots stand where a draft has no number yet."""
    colon = ":" if head.kind == "state" else ""
    return f"Số{colon} {head.symbol}"


def title(content: Content) -> str:
    return KINDS[content.kind]


def subject(content: Content) -> str:
    """What stands below the title."""
    if content.subject:
        return content.subject
    if content.kind == "weekly":
        return f"Thông tin và dư luận tuần qua ({period(content)})"
    if content.kind == "special":
        return f"Thông tin báo chí về tỉnh Thái Nguyên ({period(content)})"
    return f"Thông tin báo chí về tỉnh Thái Nguyên ngày {numeric_day(content.day)}"


def period(content: Content) -> str:
    """từ ngày 16/11 đến ngày 22/11/2026"""
    first = content.since.astimezone(LOCAL).date()
    # The end is exclusive: midnight belongs to the day before.
    last = (content.until.astimezone(LOCAL) - timedelta(microseconds=1)).date()
    begun = f"{first:%d/%m}" if first.year == last.year else numeric_day(first)
    return f"từ ngày {begun} đến ngày {numeric_day(last)}"


def full_title(content: Content) -> str:
    """For metadata, mail subjects and file lists: “Điểm báo số 12: Thông tin báo chí về … ngày 22/11/2026”."""
    number = f" số {content.number}" if content.number else ""
    return f"{title(content).capitalize()}{number}: {subject(content)}"


def extent(content: Content) -> str:
    """32 tin về 7 lĩnh vực"""
    stories = sum(not item.gone for item in content.items)
    filled = sum(any(not item.gone for item in section.items) for section in content.sections)
    return f"{stories} tin" + (f" về {filled} lĩnh vực" if filled > 1 else "")


def more_sections(number: int) -> str:
    return f"và {number} lĩnh vực khác"


def name_of(kind: str, number: int | None, day: date) -> str:
    """“điểm báo tuần số 12, ngày 22/11/2026”"""
    numbered = f" số {number}" if number else ""
    return f"{KINDS[kind].lower()}{numbered}, ngày {numeric_day(day)}"


def source_line(item: Item) -> str:
    """(VnExpress, Tuổi Trẻ và 5 báo khác, 08:15 ngày 21/11/2026)"""
    if item.first is None:
        return ""
    return f"({item.carried_by}, {clock(item.first.at)})"


def judgement(item: Item) -> str:
    """Bất lợi; cần phản hồi. Empty in a public digest."""
    parts = [STANCES[item.stance]] if item.stance in STANCES else []
    if item.needs_response:
        parts.append(NEEDS_RESPONSE if parts else NEEDS_RESPONSE.capitalize())
    return "; ".join(parts)


def notice_line(notice: Notice) -> str:
    act = "gỡ" if notice.kind == "removed" else "đính chính"
    outlet = f" ({notice.outlet}, {numeric_day(notice.printed_on)})" if notice.outlet else ""
    return f"Đã {act} tin “{notice.headline}”{outlet}, nêu trong {notice.earlier}."


def file_stem(content: Content) -> str:
    """diem-bao-tuan-12-2026-11-22: plain letters, so that no mail program spoils it."""
    kind = {"daily": "diem-bao", "weekly": "diem-bao-tuan", "special": "diem-bao-chuyen-de"}[content.kind]
    number = f"-{content.number}" if content.number else "-du-thao"
    return f"{kind}{number}-{content.day:%Y-%m-%d}"
