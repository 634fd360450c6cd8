"""The Vietnamese for everything an analysis says, in one place: terminal, pages and desk use the same words."""

from __future__ import annotations

RELEVANCE_WORDS = {"relevant": "về Thái Nguyên", "marginal": "có nhắc tới", "irrelevant": "không liên quan"}
STANCE_WORDS = {"favourable": "thuận lợi", "unfavourable": "bất lợi", "neutral": "trung tính", "mixed": "hỗn hợp"}

_WHERE = {"title": "tiêu đề", "lead": "đoạn mở đầu", "text": "thân bài"}
_ROLES = {
    "scene": "nơi xảy ra sự việc",
    "body": "cơ quan, đơn vị của tỉnh",
    "origin": "quê quán, nơi ở của nhân vật",
    "address": "địa chỉ bạn đọc",
    "delegate": "đoàn đại biểu Quốc hội",
    "list": "một trong danh sách nhiều tỉnh",
    "pair": "nêu cùng một tỉnh khác",
    "route": "tên tuyến đường, dòng sông",
    "plate": "biển số xe",
    "club": "đội bóng, câu lạc bộ",
    "product": "tên sản phẩm",
    "byline": "tên báo, đài",
    "weak": "vùng miền, tên gọi cũ",
    "plain": "nêu tên địa phương",
}
_SENSES = {
    "taiyuan": "Thái Nguyên của Trung Quốc",
    "street": "tên đường phố, trường học nơi khác",
    "person": "tên người",
    "xinjiang": "Tân Cương của Trung Quốc",
    "kunming": "Côn Minh của Trung Quốc",
    "elsewhere": "địa danh trùng tên ở tỉnh khác",
    "other_commune": "xã cùng tên ở tỉnh khác",
}
_COUNTS = {
    "text.other": "số lần nhắc tỉnh khác",
    "text.other_strong": "sự việc ở tỉnh khác",
    "text.ours_share": "tỷ lệ địa danh của tỉnh trong bài",
    "text.against_top_other": "so với tỉnh được nhắc nhiều nhất",
    "text.strong_against_other": "sự việc ở tỉnh so với tỉnh khác",
    "text.strong_share": "tỷ lệ nhắc tới như nơi xảy ra sự việc",
    "text.other_names": "số tỉnh khác được nêu tên",
    "text.length": "độ dài bài",
    "text.rejected": "địa danh trùng tên đã loại",
    "title.other": "tỉnh khác trong tiêu đề",
    "title.other_strong": "sự việc ở tỉnh khác trong tiêu đề",
    "title.missing": "không có tiêu đề",
    "lead.other": "tỉnh khác trong đoạn mở đầu",
    "lead.other_strong": "sự việc ở tỉnh khác trong đoạn mở đầu",
    "other.scene": "nơi xảy ra sự việc ở tỉnh khác",
    "other.body": "cơ quan của tỉnh khác",
    "other.origin": "quê quán ở tỉnh khác",
    "cue.forecast": "lời lẽ của bản tin thời tiết",
    "cue.forecast_title": "tiêu đề bản tin thời tiết",
    "cue.round_up_title": "tiêu đề điểm tin tổng hợp",
    "cue.sport": "lời lẽ của tin thể thao",
    "cue.national": "lời lẽ về nhiều tỉnh, cả nước",
    "cue.national_title": "tiêu đề về nhiều tỉnh, cả nước",
    "cue.central": "cơ quan trung ương",
    "cue.crime": "lời lẽ của tin pháp luật",
    "cue.abroad": "sự việc ở nước ngoài",
}
# Groups and pairs of groups of the stance lexicon.
_STANCE_SIGNALS = {
    "anchor": "nói về tỉnh", "official": "nói về cán bộ", "former": "nói về nguyên cán bộ", "agency": "nói về cơ quan",
    "company": "nói về doanh nghiệp", "project": "nói về dự án", "people": "nói về người dân",
    "outsider": "nói về người nơi khác", "own_actor": "nói về người của tỉnh",
    "teacher_doctor": "nói về giáo viên, bác sĩ", "club": "nói về đội bóng", "prosecution": "khởi tố, xét xử",
    "discipline": "kỷ luật", "wrongdoing": "sai phạm", "complaint": "bức xúc, khiếu nại",
    "neglect": "chậm trễ, buông lỏng", "loss": "thua lỗ, lãng phí", "illegal": "trái phép", "pollution": "ô nhiễm",
    "service_fail": "yếu kém trong phục vụ", "inspection": "thanh tra, kiểm tra", "investigators": "điều tra",
    "remedy": "khắc phục, xử lý", "denial": "bác bỏ", "rank": "xếp hạng, dẫn đầu", "investment": "đầu tư",
    "promo": "quảng bá", "good_deed": "việc tốt", "help": "giúp đỡ", "victory": "chiến thắng",
    "draw_loss": "hòa, thua", "crime": "tội phạm", "police": "công an vào cuộc", "disaster": "thiên tai",
    "accident": "tai nạn", "notice": "thông báo", "hazard": "nguy hiểm", "court_review": "xem xét lại bản án",
    "tiny_deed": "việc tử tế", "exposure": "phơi bày sự việc",
    "official prosecuted": "cán bộ bị khởi tố", "former official prosecuted": "nguyên cán bộ bị khởi tố",
    "official disciplined": "cán bộ bị kỷ luật", "official in the wrong": "cán bộ sai phạm",
    "agency in the wrong": "cơ quan sai phạm", "agency neglects": "cơ quan buông lỏng, chậm trễ",
    "agency disciplined": "cơ quan bị kỷ luật", "people complain": "người dân bức xúc",
    "province complained of": "địa phương bị phản ánh", "agency complained of": "cơ quan bị phản ánh",
    "school or hospital fails": "trường học, bệnh viện để xảy ra sai sót",
    "school or hospital complained of": "trường học, bệnh viện bị phản ánh", "project stuck": "dự án đình trệ",
    "project loses": "dự án thua lỗ", "project in the wrong": "dự án sai phạm",
    "company pollutes": "doanh nghiệp gây ô nhiễm", "company in the wrong": "doanh nghiệp sai phạm",
    "company loses": "doanh nghiệp thua lỗ", "company unlawful": "doanh nghiệp làm trái phép",
    "province polluted": "địa phương bị ô nhiễm", "people suffer pollution": "người dân chịu ô nhiễm",
    "inspectors find": "thanh tra chỉ ra", "agency remedies": "cơ quan khắc phục",
    "official remedies": "cán bộ chỉ đạo khắc phục", "company remedies": "doanh nghiệp khắc phục",
    "agency denies": "cơ quan bác bỏ", "province praised": "địa phương được đánh giá cao",
    "province invested in": "địa phương thu hút đầu tư", "province promoted": "địa phương được quảng bá",
    "project opens": "dự án khởi công, khánh thành", "company grows": "doanh nghiệp tăng trưởng",
    "own people's deed": "việc làm đẹp của người trong tỉnh", "own people praised": "người trong tỉnh được khen",
    "province's deed": "việc làm của địa phương", "outsiders help": "nơi khác giúp đỡ",
    "outsiders' deed": "việc làm của người nơi khác", "province helped": "địa phương được giúp đỡ",
    "club does not win": "đội bóng không thắng", "court reviewed": "bản án được xem xét lại",
    "outsiders' event": "sự kiện của nơi khác", "outsiders invest": "nơi khác đầu tư",
    "hazard in the province": "nguy hiểm tại địa phương", "agency works well": "cơ quan làm tốt",
    "agency opens": "cơ quan khai trương, vận hành", "people thankful": "người dân cảm ơn",
    "official explains": "cán bộ giải thích", "police at work": "công an xử lý", "official's crime": "cán bộ phạm tội",
    "own people victims": "người trong tỉnh là nạn nhân", "club wins": "đội bóng thắng",
    "club is beaten": "đội bóng thua", "province wins": "tỉnh giành chiến thắng",
    "province is beaten": "tỉnh thua cuộc",
    "official is tried": "cán bộ bị xét xử", "official tries": "cơ quan xử lý tội phạm",
    "somebody blames the agency": "có người phản ánh cơ quan", "agency answers": "cơ quan trả lời phản ánh",
    "outsiders to the province": "nơi khác đến với tỉnh", "province to outsiders": "tỉnh đến với nơi khác",
}  # fmt: skip


def say_rule(rule: str) -> str:
    """A rule of `Evidence.rule` in Vietnamese; the rule itself when it is one we have no words for."""
    group, _, detail = rule.partition(".")
    if group in _WHERE and detail in _ROLES:
        return f"{_WHERE[group]}: {_ROLES[detail]}"
    if rule == "rule.only_in_passing":
        return "chỉ nhắc thoáng qua (quê quán, tên đường, sản phẩm …)"
    if group == "sense":
        return _SENSES.get(detail, rule)
    if group == "count":
        return _COUNTS.get(detail, rule)
    return _STANCE_SIGNALS.get(rule, rule)
