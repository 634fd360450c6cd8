"""Learned profiles: what they read without the teacher, when they give a page back, when they are never made."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import ModuleType
from typing import Any

import pytest

from pipelines.reading import Glance, Profile, drift, learn, read_page, survey
from pipelines.reading.learning import FEWEST_PAGES
from pipelines.reading.profile import line_digest

TODAY = date(2026, 11, 22)
LEARNABLE = [
    "bao_lon",
    "mang_luoi",
    "toa_soan_dia_phuong",
    "cong_cu",
    "joomla",
    "sharepoint",
    "du_lieu_sai",
    "tien_ich",
    "chapeau",
    "trang_tran",  # names nothing: only the places of its parts can be learned
]


@pytest.fixture(scope="module")
def profiles(material: ModuleType) -> dict[str, Profile]:
    learned = {}
    for layout in LEARNABLE:
        profile = learn([printed.page for printed in material.pages_of(layout, 9)], layout, on=TODAY)
        assert profile is not None, layout
        learned[layout] = profile
    return learned


@pytest.mark.parametrize("layout", LEARNABLE)
def test_new_pages_are_read_exactly_and_without_the_teacher(
    material: ModuleType, profiles: dict[str, Profile], layout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_teacher(*_: Any) -> list[str]:
        raise AssertionError("the teacher was asked")

    monkeypatch.setattr(survey.teacher, "article_lines", no_teacher)
    for printed in material.pages_of(layout, 15)[9:]:
        article = read_page(printed.page, profile=profiles[layout])
        assert article.read_by == "profile/1"
        assert (article.title, article.lead, article.text) == (printed.title, printed.lead, printed.text)
        assert article.published_at is not None
        assert abs((article.published_at - printed.published_at).total_seconds()) < 60


@pytest.mark.parametrize("layout", LEARNABLE)
def test_what_no_reader_sees_is_no_part_of_the_article(
    material: ModuleType, profiles: dict[str, Profile], layout: str
) -> None:
    printed = material.pages_of(layout, 12)[11]
    page = printed.page
    stands_in = page.body.index(b"<body")
    opened = page.body.index(b">", stands_in) + 1
    copy = material.pages_of(layout, 11)[10].page.body
    copied = copy[copy.index(b">", copy.index(b"<body")) + 1 : copy.index(b"</body>")]
    before, rest = page.body[:opened], page.body[opened:]
    within = rest.replace(b"<p", b"<script>viet('<p>sai</p>')</script><button>Nghe</button><p").replace(
        b"</h1>", b"<svg><title>sai</title></svg><style>.sai{}</style></h1>"
    )
    # A whole other article first, in an element that is only shown where scripts do not run.
    hidden = b"<noscript><div>" + copied + b"</div></noscript>"
    for body in (before + within, before + hidden + rest, before + hidden + within):
        article = read_page(replace(page, body=body), profile=profiles[layout])
        assert article.read_by == "profile/1"
        assert (article.title, article.lead, article.text) == (printed.title, printed.lead, printed.text)


def test_page_of_another_layout_goes_back_to_the_teacher_and_says_so(
    material: ModuleType, profiles: dict[str, Profile]
) -> None:
    printed = material.pages_of("thong_tan", 1)[0]
    article = read_page(printed.page, profile=profiles["bao_lon"])
    assert article.read_by == "trafilatura/1 after profile/1"
    assert article.text == printed.text


def test_after_a_redesign_the_old_profile_still_reads_old_pages(
    material: ModuleType, profiles: dict[str, Profile]
) -> None:
    both = [replace(profiles["mang_luoi"], version=2), profiles["bao_lon"]]
    old, new = material.pages_of("bao_lon", 1)[0], material.pages_of("mang_luoi", 1)[0]
    assert read_page(old.page, profile=both).read_by == "profile/1"
    assert read_page(new.page, profile=both).read_by == "profile/2"
    assert read_page(old.page, profile=both).text == old.text


def test_page_whose_text_element_is_empty_goes_back_to_the_teacher(
    material: ModuleType, profiles: dict[str, Profile]
) -> None:
    printed = material.pages_of("bao_lon", 1)[0]
    moved = printed.page.body.replace(
        b'<article class="fck_detail">', b'<article class="fck_detail"></article><article class="moi">'
    )
    article = read_page(replace(printed.page, body=moved), profile=profiles["bao_lon"])
    assert article.read_by.endswith("after profile/1")
    assert article.text == printed.text


def test_lines_the_site_repeats_are_dropped(material: ModuleType) -> None:
    appeal = "Độc giả gửi bài cộng tác về hòm thư của tòa soạn, bài được đăng sẽ có nhuận bút theo quy định hiện hành."
    ending = f"<p class='Normal'>{appeal}</p></article>".encode()
    pages = [
        replace(printed.page, body=printed.page.body.replace(b"</article>", ending, 1))
        for printed in material.pages_of("bao_lon", 12)
    ]
    profile = learn(pages[:9], "baolon", on=TODAY)
    assert profile is not None
    assert line_digest(appeal) in profile.repeated
    for page in pages[9:]:
        article = read_page(page, profile=profile)
        assert article.read_by == "profile/1"
        assert appeal not in article.text


def test_selectors_of_the_source_file_count_before_the_profile(
    material: ModuleType, profiles: dict[str, Profile]
) -> None:
    printed = material.pages_of("bao_lon", 1)[0]
    article = read_page(printed.page, {"title": "ul.breadcrumb li"}, profiles["bao_lon"])
    assert article.title == "Đất và người"
    assert article.text == printed.text


def test_too_few_pages_teach_nothing(material: ModuleType) -> None:
    pages = [printed.page for printed in material.pages_of("bao_lon", FEWEST_PAGES - 1)]
    assert learn(pages, "baolon", on=TODAY) is None
    assert learn(pages[:1] * 20, "baolon", on=TODAY) is None


def test_pages_of_many_layouts_teach_nothing(material: ModuleType) -> None:
    pages = [material.pages_of(layout, 1)[0].page for layout in material.layout_names()]
    assert learn(pages, "tap-nham", on=TODAY) is None


def test_profile_survives_being_kept(profiles: dict[str, Profile]) -> None:
    for profile in profiles.values():
        assert Profile.from_json(profile.to_json()) == profile


@pytest.mark.parametrize("text", ["{}", '{"source": "x"}', "[]", "null", "kein json"])
def test_anything_else_is_no_profile(text: str) -> None:
    with pytest.raises(ValueError):
        Profile.from_json(text)


def test_drift_is_silent_while_the_profile_fits_and_names_what_broke(
    material: ModuleType, profiles: dict[str, Profile]
) -> None:
    profile = profiles["bao_lon"]
    read = [read_page(printed.page, profile=profile) for printed in material.pages_of("bao_lon", 12)]
    good = [Glance.of(article) for article in read]
    assert drift(profile, good) == []
    handed_back = replace(good[0], read_by="trafilatura/1 after profile/1")
    assert drift(profile, good[:10] + [handed_back] * 2) == []
    assert "without the profile" in " ".join(drift(profile, good[:6] + [handed_back] * 6))
    assert "length" in " ".join(drift(profile, [replace(one, characters=90) for one in good]))
    assert "time" in " ".join(drift(profile, [replace(one, dated=False) for one in good]))
    assert "lead" in " ".join(drift(profile, [replace(one, has_lead=False) for one in good]))


def test_drift_is_seen_behind_a_long_time_without_it(profiles: dict[str, Profile]) -> None:
    profile = profiles["bao_lon"]
    fits = Glance(profile.name, profile.shortest, dated=True, has_lead=True)
    strays = replace(fits, read_by="trafilatura/1 after profile/1")
    assert drift(profile, [fits] * 500 + [strays] * 20)


def test_reading_that_differs_from_an_independent_one_is_drift(profiles: dict[str, Profile]) -> None:
    profile = profiles["bao_lon"]
    fits = Glance(profile.name, profile.shortest, dated=True, has_lead=True)
    compared = [replace(fits, agreement=alike) for alike in (0.6, 0.7, 0.8)]
    assert "independent" in " ".join(drift(profile, [fits] * 30 + compared))
    assert drift(profile, [fits] * 30 + compared[:2]) == []
    assert drift(profile, [fits] * 30 + [replace(fits, agreement=0.97)] * 4) == []


def test_a_site_that_never_printed_a_time_does_not_drift_for_it(profiles: dict[str, Profile]) -> None:
    timeless = replace(profiles["bao_lon"], has_time=False)
    assert drift(timeless, [Glance(timeless.name, timeless.shortest, dated=False, has_lead=True)] * 12) == []
