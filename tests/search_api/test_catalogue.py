from __future__ import annotations

import re
import string
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files

import pytest

from search_api.editions import Editions
from search_api.messages import Messages
from search_api.moments import Formats, parse_day

NOW = datetime(2026, 11, 22, 2, 5, tzinfo=UTC)


def fields(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_editions_have_the_same_messages_with_the_same_values():
    vi, en = Messages.load("vi"), Messages.load("en")
    assert set(vi) == set(en)
    for key in vi:
        wanted = fields(vi.template(key))
        forms = en.template(key)
        for form in [forms] if isinstance(forms, str) else forms.values():
            assert fields(form) == wanted, key


def test_every_message_a_template_names_exists():
    catalogue = set(Messages.load("vi"))
    for template in files("search_api").joinpath("templates", "section").iterdir():
        for key in re.findall(r"\bt\('([\w.]+)'[,)]", template.read_text(encoding="utf-8")):
            assert key in catalogue, f"{template.name}: {key}"


def test_no_message_is_left_over():
    folders = [files("search_api").joinpath(name) for name in (".", "api", "section", "templates/section")]
    paths = [path for folder in folders for path in folder.iterdir() if path.name.endswith((".py", ".html"))]
    code = "".join(path.read_text(encoding="utf-8") for path in paths)
    # Put together out of a stem and a value: statuses, codes, topics, pages of the menu.
    built = ("errors.", "query_errors.", "topics.", "outlet.types.", "problems.", "nav.", "digest.kinds.")
    for key in Messages.load("vi"):
        group, _, last = key.partition(".")
        by_stem = f"'{group}.{last.rpartition('_')[0]}_' ~" in code
        by_kind = last in ("empty", "empty_next") and f"~ '.{last}'" in code
        by_part = f'"{last}"' in code and f"'{group}.' ~" in code
        assert key.startswith(built) or f"'{key}'" in code or f'"{key}"' in code or by_stem or by_kind or by_part, key


def test_topics_are_those_of_the_machine():
    """A topic the analysis gives must have a name and a page."""
    import tomllib

    with files("nlp").joinpath("lexicons", "topics.toml").open("rb") as file:
        assert set(tomllib.load(file)) == set(Editions.load().topics)


@pytest.mark.parametrize(
    ("language", "count", "shown"),
    [("vi", 1, "1 báo đăng"), ("vi", 1234, "1.234 báo đăng"), ("en", 1, "1 outlet"), ("en", 1234, "1,234 outlets")],
)
def test_numbers_and_plurals(language, count, shown):
    assert Messages.load(language).text("story.printings", count=count) == shown


def test_dates_as_people_write_them():
    vi, en = Formats("vi"), Formats("en")
    assert vi.long_day(date(2026, 11, 22)) == "Chủ nhật, 22/11/2026"
    assert vi.long_day(date(2026, 11, 23)) == "Thứ hai, 23/11/2026"
    assert en.long_day(date(2026, 11, 22)) == "Sunday, 22/11/2026"
    assert vi.clock(datetime(2026, 11, 22, 1, 47, tzinfo=UTC)) == "08:47"
    assert Messages.load("vi").number(1234.5) == "1.234,5"


@pytest.mark.parametrize(
    ("ago", "shown"),
    [
        (timedelta(), "1 phút trước"),
        (timedelta(minutes=-3), "1 phút trước"),
        (timedelta(minutes=20), "20 phút trước"),
        (timedelta(hours=3), "3 giờ trước"),
        (timedelta(hours=25), "08:05 Thứ bảy, 21/11/2026"),
    ],
)
def test_relative_time_only_within_a_day(ago, shown):
    assert Formats("vi").recent(NOW - ago, NOW) == shown


@pytest.mark.parametrize("text", ["2026-11-22", "22/11/2026", " 22.11.2026 ", "22-11-2026"])
def test_days_may_be_typed_in_both_ways(text):
    assert parse_day(text) == date(2026, 11, 22)


@pytest.mark.parametrize("text", ["", "22/11", "31/02/2026", "11/22/2026", "2026-1-1", "٢٢/١١/٢٠٢٦", "x"])
def test_what_is_no_day_is_refused(text):
    with pytest.raises(ValueError):
        parse_day(text)
