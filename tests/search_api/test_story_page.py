from __future__ import annotations

import json
from datetime import timedelta

from lxml import html

from diembao.store import articles, stories
from diembao.store.models import BandRow, StoryRow
from nlp.stories.printing import PrintingReader
from pipelines.grouping import keys_of

HOUR = timedelta(hours=1)


def test_every_printing_with_outlet_time_and_original(newsroom, site, printing, clock):
    now = clock[0]
    newsroom.story(
        printing("Nước sông Cầu lên nhanh", at=now - 30 * HOUR, url="https://songcau.vn/a.html", authors=("Lan Anh",)),
        printing("Sông Cầu lên nhanh", "trungdu", at=now - 3 * HOUR, reprint_of=0, credit="Theo Báo Sông Cầu"),
        headline="Sông Cầu lên nhanh trong đêm",
        summary="Hai câu của ban biên tập.",
    )
    answer = site.get("/tin/1-song-cau-len-nhanh-trong-dem")
    tree = html.fromstring(answer.text)
    assert tree.cssselect("h1")[0].text_content() == "Sông Cầu lên nhanh trong đêm"
    link = tree.cssselect(".coverage a")[0]
    assert (link.text_content(), link.get("href")) == ("Báo Sông Cầu", "https://songcau.vn/a.html")
    assert set(link.get("rel").split()) == {"external", "noopener"}
    assert [h.text_content() for h in tree.cssselect("main h3")] == ["Thứ bảy, 21/11/2026", "Chủ nhật, 22/11/2026"]
    for said in ("Đăng lại từ Báo Sông Cầu", "Theo Báo Sông Cầu", "Tác giả: Lan Anh", "2 báo đăng với 2 bài"):
        assert said in answer.text


def test_what_was_put_right_stands_above_the_summary(newsroom, site, printing, clock):
    newsroom.story(printing("Nước sông Cầu lên nhanh"), summary="Mực nước đã vượt báo động hai.")
    with newsroom.store.write() as session:
        story = session.get_one(StoryRow, 1)
        story.state, story.correction, story.corrected_at = (
            "corrected",
            "Bản trước ghi nhầm <b>báo động ba</b>.",
            clock[0],
        )
    answer = site.get("/tin/1-nuoc-song-cau-len-nhanh")
    assert "Đính chính lúc 09:05 22/11/2026" in answer.text
    assert "Bản trước ghi nhầm &lt;b&gt;báo động ba&lt;/b&gt;." in answer.text
    shown = html.fromstring(answer.text).cssselect("article.story")[0].text_content()
    assert shown.index("Bản trước ghi nhầm") < shown.index("Mực nước đã vượt")
    assert "Correction, 09:05 22/11/2026" in site.get("/en/tin/1-nuoc-song-cau-len-nhanh").text


def test_the_right_address_is_found_from_any_slug(newsroom, site, printing):
    newsroom.story(printing("Nước sông Cầu lên nhanh"))
    for wrong in ("/tin/1", "/tin/1-ten-cu", "/tin/1-"):
        answer = site.get(wrong, follow_redirects=False)
        assert answer.status_code == 301 and answer.headers["location"] == "/tin/1-nuoc-song-cau-len-nhanh"
    assert site.get("/en/tin/1", follow_redirects=False).headers["location"] == "/en/tin/1-nuoc-song-cau-len-nhanh"
    for missing in ("/tin/2-x", "/tin/x", "/tin/99999999999999999999-x", "/tin/-1", "/tin/²"):
        assert site.get(missing).status_code == 404, missing


def test_a_merged_story_leads_to_the_other(newsroom, site, printing):
    keep = newsroom.story(printing("Tin được giữ"))
    gone = newsroom.story(printing("Tin bị gộp"))
    with newsroom.store.write() as session:
        stories.merge(session, keep, gone, newsroom_now(session))
        stories.refresh(session, keep, newsroom_now(session))
    answer = site.get(f"/tin/{gone}-tin-bi-gop", follow_redirects=False)
    assert answer.status_code == 301 and answer.headers["location"] == f"/tin/{keep}-tin-duoc-giu"
    answer = site.get(f"/api/v1/stories/{gone}", follow_redirects=False)
    assert answer.status_code == 301 and answer.headers["location"] == f"/api/v1/stories/{keep}"


def newsroom_now(session):
    return session.get_one(StoryRow, 1).updated_at


def test_a_recalled_story_is_gone_and_an_unpublished_one_never_was(newsroom, site, printing):
    recalled = newsroom.story(printing("Tin bị gỡ"))
    waiting = newsroom.story(printing("Tin chờ duyệt"), published=False)
    newsroom.recall(recalled)
    answer = site.get(f"/tin/{recalled}-tin-bi-go")
    assert answer.status_code == 410 and "Tin này đã được gỡ" in answer.text and "Tin bị gỡ" not in answer.text
    answer = site.get(f"/tin/{waiting}-tin-cho-duyet")
    assert answer.status_code == 404 and "chờ duyệt" not in answer.text


def test_a_printing_younger_than_the_agreed_delay_waits(newsroom, site, printing, clock):
    newsroom.story(
        printing("Tin đã đủ giờ", at=clock[0] - 2 * HOUR), printing("Bài quá mới", "trungdu", at=clock[0] - HOUR / 2)
    )
    for path in ("/tin/1-tin-da-du-gio", "/api/v1/stories/1", "/", "/tim-kiem?q=bai+qua+moi", "/bao/trungdu"):
        assert "Bài quá mới" not in site.get(path).text, path
    assert site.get("/api/v1/articles/2").status_code == 404
    clock[0] += HOUR
    assert "Bài quá mới" in site.get("/tin/1-tin-da-du-gio").text
    assert "2 báo đăng" in site.get("/").text


def test_related_stories_share_topic_and_place(newsroom, site, printing):
    newsroom.story(printing("Tin chính"))
    newsroom.story(printing("Cùng chủ đề, nơi khác", places=()))
    newsroom.story(printing("Chủ đề khác", topics=("the-thao",)))
    newsroom.story(printing("Cùng chủ đề, cùng nơi"))
    related = html.fromstring(site.get("/tin/1-tin-chinh").text).cssselect(".related a")
    assert [link.text_content() for link in related] == ["Cùng chủ đề, cùng nơi", "Cùng chủ đề, nơi khác"]


def test_structured_data_only_for_our_own_words(newsroom, site, printing):
    newsroom.story(printing("Tin có tóm tắt"), summary='Của ta, có "ngoặc" và </script><script>alert(1)</script>.')
    newsroom.story(printing("Tin không tóm tắt", "trungdu"))
    own = html.fromstring(site.get("/tin/1-tin-co-tom-tat").text)
    data = json.loads(own.cssselect("script[type='application/ld+json']")[0].text)
    assert data["@type"] == "NewsArticle" and data["description"].startswith("Của ta")
    assert data["url"] == "https://baochi.example/tin/1-tin-co-tom-tat"
    assert len(own.cssselect("script")) == 1
    assert not html.fromstring(site.get("/tin/2-tin-khong-tom-tat").text).cssselect("script")


def test_canonical_and_language_links(newsroom, site, printing):
    newsroom.story(printing("Tin"))
    tree = html.fromstring(site.get("/en/tin/1-tin").text)
    assert tree.cssselect("link[rel=canonical]")[0].get("href") == "https://baochi.example/en/tin/1-tin"
    languages = {link.get("hreflang"): link.get("href") for link in tree.cssselect("link[hreflang]")}
    assert languages == {
        "en": "https://baochi.example/en/tin/1-tin",
        "vi": "https://baochi.example/tin/1-tin",
        "x-default": "https://baochi.example/tin/1-tin",
    }


def test_hostile_titles_leads_and_addresses_stay_text(newsroom, site, printing):
    attack = "<script>alert('x')</script><img src=x onerror=alert(1)>\"'"
    newsroom.story(
        printing(
            f"Tin {attack}",
            "trungdu",
            lead=f"Lời {attack}",
            credit=attack,
            authors=(attack,),
            url="javascript:alert(1)",
        ),
        summary=f"Tóm {attack}",
    )
    newsroom.story(printing(f"Tin hai {attack}", "trungdu", lead=f"Lời {attack}. Câu {attack}"))
    story = site.get("/tin/1", follow_redirects=True)
    pages = [
        "/", "/tim-kiem?q=tin", "/tim-kiem?q=%3Cscript%3Ealert(1)", "/bao/trungdu", "/nhung",
        "/tim-kiem?q=tin&topic=%22%3E%3Cscript%3E", "/tim-kiem?q=a&from=%3Cscript%3E", "/khong/%3Cscript%3E",
        "/chu-de/thien-tai-thoi-tiet",
    ]  # fmt: skip
    for text in [story.text, *(site.get(path).text for path in pages)]:
        tree = html.fromstring(text)
        assert not tree.cssselect("img, [onerror]")
        assert all(script.get("type") == "application/ld+json" for script in tree.cssselect("script"))
        assert not [link for link in tree.cssselect("a") if link.get("href", "").lower().startswith("javascript")]
    assert "Bài gốc không có địa chỉ mở được" in story.text


def test_forty_printings_and_no_summary(newsroom, site, printing, clock):
    copies = [printing(f"Bản {n}", ("trungdu", "xuche")[n % 2], at=clock[0] - (20 - n / 4) * HOUR) for n in range(39)]
    newsroom.story(printing("Tin gốc " * 22, at=clock[0] - 21 * HOUR), *copies)
    answer = site.get("/tin/1", follow_redirects=True)
    assert len(html.fromstring(answer.text).cssselect(".coverage li")) == 40
    assert "3 báo đăng với 40 bài" in answer.text


def test_the_credited_original_is_marked_whatever_the_clock_says(newsroom, site, printing, clock):
    number = newsroom.story(
        printing("Bản đăng lại bài về sông Cầu", "trungdu", at=clock[0] - 30 * HOUR, credit="Theo Báo Sông Cầu"),
        printing("Bài gốc về sông Cầu", "songcau", at=clock[0] - 4 * HOUR),
    )
    copy, original = newsroom.article_ids[-2:]
    with newsroom.store.write() as session:
        articles.descend(session, copy, original, 0.98)
        stories.refresh(session, number, newsroom_now(session))
    tree = html.fromstring(site.get(f"/tin/{number}-bai-goc-ve-song-cau").text)
    first = tree.cssselect(".coverage .first")
    assert [entry.cssselect(".printed-title")[0].text_content() for entry in first] == ["Bài gốc về sông Cầu"]
    assert first[0].cssselect(".mark")[0].text_content() == "Bài gốc"
    assert "Bài gốc: Báo Sông Cầu" in tree.cssselect(".source")[0].text_content()
    growth = [line.text_content() for line in tree.cssselect("main h3 + .hint")]
    assert growth == ["Tính đến hết ngày: 1 báo đã đăng.", "Tính đến hết ngày: 2 báo đã đăng."]


def test_earlier_stories_about_the_same_are_related_if_they_may_be_seen(newsroom, site, printing, clock):
    reader = PrintingReader.load()
    lead = "Cầu treo Bản Khe ở xã Vô Tranh hư hỏng sau lũ, người dân phải đi đò qua suối."
    told = []
    for title, hours, published in (
        ("Cầu treo Bản Khe bị lũ cuốn", 900, True),
        ("Cầu treo Bản Khe: dân đi đò qua suối", 600, False),
        ("Khởi công cầu treo Bản Khe mới", 5, True),
    ):
        number = newsroom.story(printing(title, at=clock[0] - hours * HOUR, lead=lead, topics=()), published=published)
        article = newsroom.article_ids[-1]
        with newsroom.store.write() as session:
            row = articles.by_ids(session, [article])[article]
            row.signature = reader.read(title, lead).to_bytes()
            session.add_all(BandRow(band=key, article_id=article) for key in keys_of(row.signature))
        told.append(number)
    tree = html.fromstring(site.get(f"/tin/{told[-1]}-khoi-cong-cau-treo-ban-khe-moi").text)
    assert [link.text_content() for link in tree.cssselect(".related a")] == ["Cầu treo Bản Khe bị lũ cuốn"]
