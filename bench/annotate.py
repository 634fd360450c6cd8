"""The whole annotation of relevant articles: articles a second of one core, memory, growth with length.

    python bench/annotate.py

Writes its own articles, so that it runs anywhere. Wanted: >= 60 articles of 400 words a second, a worker of
at most 250 MB, cost linear in length, 1 MB in less than 2 s.
"""

from __future__ import annotations

import resource
import time
from itertools import cycle, islice

from nlp.analyzer import Analyzer
from nlp.records import Document

TITLE = "Thái Nguyên gỡ vướng giải phóng mặt bằng cho dự án đường vành đai"
SENTENCES = (
    "Sáng 12/3, ông Trần Văn Minh, Phó Chủ tịch UBND tỉnh Thái Nguyên, kiểm tra đường vành đai qua phường Quan Triều.",
    "Theo Sở Xây dựng, đến nay mới bàn giao được 3,2 trong tổng số 7,5 km mặt bằng.",
    "Nhiều hộ dân ở xóm Đồng Lá, xã Phú Bình cho rằng giá bồi thường thấp và đã gửi đơn kiến nghị nhiều lần.",
    "“Chúng tôi mong chính quyền đối thoại sớm để bà con ổn định cuộc sống”, bà Nguyễn Thị Hoa nói.",
    "Ban Quản lý dự án đầu tư xây dựng tỉnh cam kết hoàn thành phần việc còn lại trong quý III.",
    "Nhà thầu đã huy động 42 xe máy, làm ba ca, kể cả ngày nghỉ, để bù lại thời gian mưa bão.",
)
ARTICLES = 60
WORDS = 400


def article(number: int) -> Document:
    words: list[str] = []
    for sentence in islice(cycle(SENTENCES), number, None):
        words += sentence.split()
        if len(words) >= WORDS:
            break
    text = " ".join(words[:WORDS]).replace(". ", ".\n")
    return Document(str(number), f"{TITLE} {number}", text)


def main() -> None:
    start = time.process_time()
    analyzer = Analyzer.load()
    print(f"load: {time.process_time() - start:.2f} s")
    articles = [article(number) for number in range(ARTICLES)]
    analyzer.analyze(articles[0])
    start = time.process_time()
    for one in articles:
        assert analyzer.analyze(one).relevance == "relevant"
    spent = time.process_time() - start
    print(f"annotate: {ARTICLES / spent:.0f} articles/s of {WORDS} words ({1000 * spent / ARTICLES:.1f} ms each)")
    long = "\n".join(one.text for one in articles) + "\n"
    for size in (125_000, 250_000, 500_000, 1_000_000):
        text = (long * (size // len(long) + 1))[:size]
        start = time.process_time()
        analyzer.analyze(Document("long", TITLE, text))
        spent = time.process_time() - start
        print(f"length {size:>9,} characters: {spent:.2f} s, {1e6 * spent / size:.2f} µs a character")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory: {peak:.0f} MB")


if __name__ == "__main__":
    main()
