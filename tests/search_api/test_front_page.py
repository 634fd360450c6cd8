from __future__ import annotations

from datetime import timedelta

from lxml import html

HOUR = timedelta(hours=1)


def titles(page: str) -> list[str]:
    return [link.text_content().strip() for link in html.fromstring(page).cssselect("main h3 a")]


def test_an_empty_section_says_so_and_shows_the_way(site):
    answer = site.get("/")
    assert answer.status_code == 200
    assert "Chuyên mục chưa có tin" in answer.text
    assert "Chủ nhật, 22/11/2026" in answer.text
    assert 'href="/gioi-thieu"' in answer.text


def test_the_story_most_outlets_carry_leads_and_the_others_follow_by_time(newsroom, site, printing, clock):
    now = clock[0]
    newsroom.story(printing("Tin sớm", at=now - 5 * HOUR))
    newsroom.story(
        printing("Tin lớn", at=now - 4 * HOUR),
        printing("Tin lớn", "trungdu", at=now - 3 * HOUR),
        printing("Tin lớn, báo ấy đăng lại", "trungdu", at=now - 2 * HOUR),
    )
    newsroom.story(printing("Tin muộn", at=now - 2 * HOUR))
    page = site.get("/").text
    assert titles(page) == ["Tin lớn", "Tin muộn", "Tin sớm"]
    assert "2 báo đăng" in page  # outlets, not articles


def test_the_days_before_fill_the_page_under_their_own_heading(newsroom, site, printing, clock):
    now = clock[0]
    newsroom.story(printing("Tin hôm qua", at=now - 24 * HOUR))
    newsroom.story(printing("Tin hôm nay", at=now - 2 * HOUR))
    headings = [h.text_content() for h in html.fromstring(site.get("/").text).cssselect("main h2")]
    assert headings == ["Tin nổi bật", "Tin ngày Thứ bảy, 21/11/2026"]


def test_a_morning_without_news_says_which_day_is_shown(newsroom, site, printing, clock):
    newsroom.story(printing("Tin hôm qua", at=clock[0] - 24 * HOUR))
    assert "Hôm nay chưa có tin nào được đăng. Dưới đây là tin ngày Thứ bảy, 21/11/2026." in site.get("/").text


def test_days_are_days_in_viet_nam(newsroom, site, printing, clock):
    # 00:30 on the 22nd in Viet Nam is still the 21st in UTC.
    newsroom.story(printing("Tin lúc nửa đêm", at=clock[0].replace(hour=17, minute=30) - timedelta(days=1)))
    page = site.get("/ngay/2026-11-22").text
    assert "Tin lúc nửa đêm" in page and ">00:30<" in page
    assert "Tin lúc nửa đêm" not in site.get("/ngay/2026-11-21").text


def test_own_summary_or_excerpt_by_agreement_or_nothing(newsroom, site, printing):
    lead = "Câu một của báo. Câu hai của báo. Câu ba thì không."
    newsroom.story(printing("Có tóm tắt", "trungdu", lead=lead), summary="Lời của ban biên tập.")
    newsroom.story(printing("Có thỏa thuận trích", "trungdu", lead=lead))
    newsroom.story(printing("Không thỏa thuận", "songcau", lead="Lời dẫn không được phép dùng."))
    page = site.get("/").text
    assert "Lời của ban biên tập." in page
    assert "Câu một của báo. Câu hai của báo." in page and "Trích lời dẫn của Báo Trung Du" in page
    assert "Câu ba" not in page and "không được phép" not in page


def test_topic_and_place_lead_to_their_pages(newsroom, site, printing):
    newsroom.story(printing("Chè Tân Cương được mùa", topics=("nong-nghiep-nong-thon", "kinh-te-dau-tu")))
    page = site.get("/").text
    assert 'href="/chu-de/nong-nghiep-nong-thon"' in page
    assert 'href="/dia-ban/05503-tan-cuong"' in page and "xã Tân Cương" in page
    for path in ("/chu-de/nong-nghiep-nong-thon", "/chu-de/kinh-te-dau-tu", "/dia-ban/05503-tan-cuong", "/bao/songcau"):
        assert "Chè Tân Cương được mùa" in site.get(path).text, path


def test_a_full_page_stays_below_fifty_kilobytes(newsroom, site, printing, clock):
    title = "Ủy ban nhân dân tỉnh ban hành kế hoạch cải tạo hệ thống thoát nước đô thị " * 3
    for number in range(60):
        newsroom.story(
            printing(f"{number} {title}"[:180], at=clock[0] - timedelta(minutes=61 + number)),
            summary="Tóm tắt hai dòng của ban biên tập, có đủ dấu tiếng Việt để tốn thêm byte. " * 3,
            index=False,
        )
    answer = site.get("/", headers={"Accept-Encoding": "identity"})
    assert len(answer.content) < 50_000
    assert "Xem cả 60 tin ngày 22/11/2026" in answer.text
    pages = [site.get("/ngay/2026-11-22").text, site.get("/ngay/2026-11-22?trang=2").text]
    found = [link for page in pages for link in html.fromstring(page).cssselect("main h2 a")]
    assert len(found) == 60 and site.get("/ngay/2026-11-22?trang=3").status_code == 404


def test_one_style_sheet_and_nothing_else_is_loaded(newsroom, site, printing):
    newsroom.story(printing("Tin"))
    tree = html.fromstring(site.get("/").text)
    assert len(tree.cssselect("link[rel=stylesheet]")) == 1
    assert not tree.cssselect("script, img, iframe, style, [style]")
    sheet = tree.cssselect("link[rel=stylesheet]")[0].get("href")
    answer = site.get(sheet)
    assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"]
    assert "url(" not in answer.text and "@import" not in answer.text


def test_archive_by_month_leads_to_days(newsroom, site, printing, clock):
    newsroom.story(printing("Tin tháng mười", at=clock[0] - timedelta(days=40)))
    newsroom.story(printing("Tin tháng mười một", at=clock[0] - 2 * HOUR))
    archive = site.get("/luu-tru").text
    assert 'href="/luu-tru/2026-11"' in archive and 'href="/luu-tru/2026-10"' in archive
    month = site.get("/luu-tru/2026-10").text
    assert "Thứ ba, 13/10/2026" in month and 'href="/luu-tru/2026-11"' in month
    day = site.get("/ngay/2026-10-13").text
    assert "Tin tháng mười" in day and 'href="/ngay/2026-11-22"' in day
    for wrong in ("/luu-tru/2026-13", "/luu-tru/x", "/ngay/2026-02-30", "/ngay/0001-01-01", "/ngay/9999-12-31"):
        assert site.get(wrong).status_code == 404, wrong


def test_english_edition_speaks_english_around_vietnamese_headlines(newsroom, site, printing):
    newsroom.story(printing("Nước sông Cầu lên"), printing("Nước sông Cầu lên", "trungdu"))
    page = site.get("/en/").text
    assert "Thái Nguyên in the press" in page and "2 outlets" in page and "Sunday, 22/11/2026" in page
    assert html.fromstring(page).get("lang") == "en"
    assert html.fromstring(page).cssselect("main h3")[0].get("lang") == "vi"
    assert 'href="/en/tin/1-nuoc-song-cau-len"' in page
    assert site.get("/en", follow_redirects=False).headers["location"] == "/en/"
