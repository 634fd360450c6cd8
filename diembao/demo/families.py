"""The families of content management met in the Vietnamese press: their addresses and printed times.

The markup itself stands in `templates/<family>.html`.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from diembao.demo.manuscripts import VIETNAM

WEEKDAYS = ("Thứ hai", "Thứ ba", "Thứ tư", "Thứ năm", "Thứ sáu", "Thứ bảy", "Chủ nhật")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")

ArticlePath = Callable[[str, str, str, datetime], str]  # section, slug, id, published_at
ListPath = Callable[[str, int], str]  # section, page (from 1)


@dataclass(frozen=True, slots=True)
class Family:
    article_path: ArticlePath
    list_path: ListPath
    printed_time: Callable[[datetime], str]
    feed_path: str = "/rss/home.rss"
    template: str = ""  # of another family; empty: its own


def slug(text: str) -> str:
    """The text as it stands in addresses: folded, at most twelve words."""
    folded = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    plain = "".join(letter for letter in folded if not unicodedata.combining(letter))
    return "-".join(_NOT_SLUG.sub(" ", plain).split()[:12])


def number(article_id: str, digits: int) -> int:
    """A number of the article that looks like a database key and never changes."""
    smallest = int(10 ** (digits - 1))
    key = int.from_bytes(hashlib.blake2b(article_id.encode(), digest_size=16).digest())
    return smallest + key % (9 * smallest)


def _local(when: datetime) -> datetime:
    return when.astimezone(VIETNAM)


def _weekday(when: datetime) -> str:
    return WEEKDAYS[_local(when).weekday()]


def _stamped(section: str, title: str, article_id: str, when: datetime) -> str:
    return f"/{title}-{_local(when):%Y%m%d%H%M%S}{number(article_id, 3)}.htm"


def _by_month(section: str, title: str, article_id: str, when: datetime) -> str:
    return f"/{section}/{_local(when):%Y%m}/{title}-{number(article_id, 9):x}/"


def _permalink(section: str, title: str, article_id: str, when: datetime) -> str:
    return f"/{_local(when):%Y/%m}/{title}/"


def _page(first: str, other: str) -> ListPath:
    return lambda section, page: (first if page == 1 else other).format(section=section, page=page)


def _half_day(when: datetime) -> str:
    local = _local(when)
    return f"{local:%d/%m/%Y} {local:%I:%M} {'SA' if local.hour < 12 else 'CH'}"


FAMILIES: dict[str, Family] = {
    "vccorp": Family(
        lambda section, title, key, when: f"/{title}-{number(key, 17)}.htm",
        _page("/{section}.htm", "/{section}/trang-{page}.htm"),
        lambda when: f"{_local(when):%d/%m/%Y %H:%M} GMT+7",
    ),
    "vccorp_stamped": Family(
        _stamped,
        _page("/{section}.htm", "/timelinelist/{section}/{page}.htm"),
        lambda when: f"{_local(when):%d/%m/%Y %H:%M}",
        feed_path="/home.rss",
        template="vccorp",
    ),
    "vne": Family(
        lambda section, title, key, when: f"/{title}-{number(key, 7)}.html",
        _page("/{section}", "/{section}-p{page}"),
        lambda when: f"{_weekday(when)}, {_local(when).day}/{_local(when).month}/{_local(when):%Y, %H:%M} (GMT+7)",
        feed_path="/rss/tin-moi-nhat.rss",
    ),
    "dantri": Family(
        lambda section, title, key, when: f"/{section}/{title}-{number(key, 17)}.htm",
        _page("/{section}.htm", "/{section}/trang-{page}.htm"),
        lambda when: f"{_weekday(when)}, {_local(when):%d/%m/%Y - %H:%M}",
    ),
    "onecms": Family(
        _by_month,
        _page("/{section}/", "/{section}/?page={page}"),
        lambda when: f"{_weekday(when).title()}, {_local(when):%d/%m/%Y %H:%M}",
    ),
    "table": Family(
        lambda section, title, key, when: f"/index.php?page=detail&id={number(key, 5)}",
        _page("/index.php?page=list&cat={section}", "/index.php?page=list&cat={section}&p={page}"),
        lambda when: f"Cập nhật ngày: {_local(when):%d/%m/%Y %H:%M}",
        feed_path="/rss.php",
    ),
    "liferay": Family(
        lambda section, title, key, when: f"/{section}/-/asset_publisher/k4N7chE/content/{title}/{number(key, 6)}",
        _page("/{section}", "/{section}?p_p_id=101_INSTANCE_k4N7chE&_101_INSTANCE_k4N7chE_cur={page}"),
        _half_day,
        feed_path="/rss",
    ),
    "nukeviet": Family(
        lambda section, title, key, when: f"/vi/news/{section}/{title}-{number(key, 4)}.html",
        _page("/vi/news/{section}/", "/vi/news/{section}/page-{page}/"),
        lambda when: f"{_weekday(when)} - {_local(when):%d/%m/%Y %H:%M}",
        feed_path="/vi/news/rss/",
    ),
    "wordpress": Family(
        _permalink,
        _page("/category/{section}/", "/category/{section}/page/{page}/"),
        lambda when: f"{_local(when):%d/%m/%Y}",
        feed_path="/feed/",
    ),
}
