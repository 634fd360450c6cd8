"""Signing in, the own account, people, keys, audit log: as somebody at the desk meets them, and somebody hostile."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp
import pytest
from fastapi.testclient import TestClient
from lxml import html

from diembao.newsroom import people as accounts
from diembao.newsroom.passwords import Passwords
from diembao.newsroom.people import COMMAND_LINE
from diembao.newsroom.permissions import Role
from diembao.store.models import AuditRow, UserRow
from search_api.app import create_app
from search_api.desk.pages import safe_next

SIGN_IN = "/ban-bien-tap/dang-nhap"
ACCOUNT = "/ban-bien-tap/tai-khoan"
PEOPLE = "/ban-bien-tap/nguoi-dung"
KEYS = "/ban-bien-tap/khoa-api"
COOKIE = "__Host-diembao-session"
GOOD, OTHER = "hai con trâu gặm cỏ", "ba cái thuyền giấy xanh"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture
def lan(newsroom, clock):
    """An editor with a password."""
    return accounts.add(
        newsroom.store, Passwords(), COMMAND_LINE, name="lan", password=GOOD, roles=[Role.EDITOR], now=clock[0]
    )


def token_of(page):
    return re.search(r'name="csrf" value="([^"]+)"', page.text)[1]


def sign_in(client, name="lan", password=GOOD, next="", **options):
    csrf = token_of(client.get(SIGN_IN))
    form = {"name": name, "password": password, "next": next, "csrf": csrf}
    return client.post(SIGN_IN, data=form, follow_redirects=False, **options)


def test_signing_in_and_out(site, lan):
    assert sign_in(site, password=OTHER).status_code == 401
    answer = sign_in(site)
    assert answer.status_code == 303 and site.get(ACCOUNT).status_code == 200
    site.post("/ban-bien-tap/dang-xuat", data={"csrf": token_of(site.get(ACCOUNT))})
    assert site.get(ACCOUNT, follow_redirects=False).status_code == 303


def test_the_cookie_is_for_this_site_over_https_and_not_for_scripts(site, lan):
    [cookie] = [value for value in sign_in(site).headers.get_list("set-cookie") if value.startswith(COOKIE + "=")]
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "secure", "samesite=lax", "path=/"} <= attributes
    assert not any(attribute.startswith("domain") for attribute in attributes)


def test_pages_of_the_desk_are_kept_by_nobody_and_load_only_from_here(site, lan, signed_in):
    for answer in (site.get(SIGN_IN), signed_in("editor").get(ACCOUNT), site.get("/ban-bien-tap/khong-co")):
        assert answer.headers["cache-control"] == "no-store"
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self'" in policy and "unsafe" not in policy and "http" not in policy
        assert "form-action 'self'" in policy and "frame-ancestors 'none'" in policy


def test_the_section_sets_no_cookie_and_runs_no_script(site):
    answer = site.get("/")
    assert "set-cookie" not in answer.headers and "script-src" not in answer.headers["content-security-policy"]


def test_a_session_from_before_signing_in_is_worth_nothing(site, lan):
    """Fixation: somebody lays a cookie into a browser and waits for its owner to sign in."""
    laid = "laid-by-somebody-else"
    site.cookies.set(COOKIE, laid, domain="baochi.example", path="/")
    sign_in(site)
    tokens = [cookie.value for cookie in site.cookies.jar if cookie.name == COOKIE]
    assert laid not in tokens or len(tokens) == 2
    stranger = TestClient(site.app, base_url="https://baochi.example", follow_redirects=False)
    stranger.cookies.set(COOKIE, laid)
    assert stranger.get(ACCOUNT).status_code == 303


def test_each_sign_in_has_a_session_of_its_own(site, lan):
    tokens = set()
    for _ in range(2):
        client = TestClient(site.app, base_url="https://baochi.example")
        tokens.add(re.search(rf"{COOKIE}=([^;]+)", str(sign_in(client).headers))[1])
    assert len(tokens) == 2


def test_nobody_is_signed_in_by_a_form_of_another_site(site, lan):
    form = {"name": "lan", "password": GOOD}
    for csrf in ("", "x" * 43):
        answer = site.post(SIGN_IN, data=form | {"csrf": csrf}, follow_redirects=False)
        assert answer.status_code == 401 and COOKIE not in str(answer.headers)
    token = token_of(site.get(SIGN_IN))
    other = TestClient(site.app, base_url="https://baochi.example", follow_redirects=False)
    other.get(SIGN_IN)
    assert other.post(SIGN_IN, data=form | {"csrf": token}).status_code == 401


@pytest.mark.parametrize("name", ["lan", "khong-co"])
def test_answers_do_not_tell_who_has_an_account_even_when_locked(site, lan, name):
    told = [sign_in(site, name, OTHER) for _ in range(6)]
    shown = [html.fromstring(answer.text).cssselect("[role=alert]")[0].text_content().strip() for answer in told]
    assert shown[:5] == ["Tên đăng nhập hoặc mật khẩu không đúng."] * 5
    assert shown[5] == "Đã thử sai quá nhiều lần. Bạn có thể thử lại lúc 09:06 22/11/2026."
    assert {answer.status_code for answer in told} == {401}


def test_the_right_password_does_not_open_a_locked_name(site, lan, clock):
    for _ in range(5):
        sign_in(site, password=OTHER)
    assert sign_in(site).status_code == 401
    clock[0] += timedelta(minutes=2)
    assert sign_in(site).status_code == 303


def test_tries_from_one_address_are_slowed_before_a_password_is_looked_at(newsroom, site_settings, clock):
    app = create_app(site_settings, newsroom.store, newsroom.index, now=lambda: clock[0])
    with TestClient(app, client=("203.0.113.9", 1), base_url="https://baochi.example") as client:
        codes = [client.post(SIGN_IN, data={"name": f"n{n}"}).status_code for n in range(15)]
    assert codes[:12] == [401] * 12 and codes[-1] == 429


@pytest.mark.parametrize(
    "next",
    [
        "https://evil.example/",
        "//evil.example/ban-bien-tap",
        "/\\evil.example",
        "\\\\evil.example",
        "/ban-bien-tap\\..\\..\\evil",
        "javascript:alert(1)",
        "/ban-bien-tap\r\nSet-Cookie: x=y",
        " https://evil.example",
        "http:evil.example",
        "/tim-kiem",
        "/ban-bien-taphacked",
    ],
)
def test_signing_in_never_leads_to_another_place(site, lan, next):
    location = sign_in(site, next=next).headers["location"]
    assert location.startswith("/ban-bien-tap") and "evil" not in location and "hacked" not in location
    assert safe_next(next, "/x") == "/x"


def test_signing_in_leads_back_to_where_one_was(site, lan):
    asked = site.get("/ban-bien-tap/nhat-ky?actor=lan", follow_redirects=False).headers["location"]
    assert asked == SIGN_IN + "?next=%2Fban-bien-tap%2Fnhat-ky%3Factor%3Dlan"
    assert sign_in(site, next="/ban-bien-tap/nhat-ky?actor=lan").headers["location"].endswith("nhat-ky?actor=lan")


def test_a_temporary_password_must_be_changed_before_anything_else(site, signed_in, newsroom):
    admin = signed_in("admin", name="quan.tri")
    page = admin.post(f"{PEOPLE}/them", data={"name": "hoa", "full_name": "Trần Thị Hoa", "role": ["editor"]})
    password = html.fromstring(page.text).cssselect("dd.key")[1].text_content()
    sign_in(site, "hoa", password)
    for path in ("/ban-bien-tap", KEYS):
        assert site.get(path, follow_redirects=False).headers["location"] == ACCOUNT
    csrf = token_of(site.get(ACCOUNT))
    old = site.cookies.get(COOKIE)
    form = {"csrf": csrf, "current": password, "new": OTHER, "again": OTHER}
    assert site.post(f"{ACCOUNT}/mat-khau", data=form, follow_redirects=False).status_code == 303
    assert site.cookies.get(COOKIE) != old
    assert site.get(KEYS, follow_redirects=False).status_code == 200


@pytest.mark.parametrize(
    ("form", "field", "said"),
    [
        ({"current": OTHER, "new": OTHER, "again": OTHER}, "current", "Mật khẩu hiện tại không đúng."),
        ({"current": GOOD, "new": "ngắn", "again": "ngắn"}, "new", "Mật khẩu cần ít nhất 12 ký tự."),
        ({"current": GOOD, "new": "thainguyen123", "again": "thainguyen123"}, "new", "Mật khẩu này dễ đoán."),
        ({"current": GOOD, "new": OTHER, "again": GOOD}, "again", "Hai lần nhập mật khẩu mới không giống nhau."),
    ],
)
def test_faults_of_a_new_password_are_told_at_their_field(site, lan, form, field, said):
    sign_in(site)
    answer = site.post(f"{ACCOUNT}/mat-khau", data=form | {"csrf": token_of(site.get(ACCOUNT))})
    tree = html.fromstring(answer.text)
    assert answer.status_code == 422
    assert said in tree.cssselect(f"#{field}-fault")[0].text_content()
    assert tree.cssselect(f"#{field}")[0].get("aria-invalid") == "true"
    assert tree.cssselect(f"[role=alert] a[href='#{field}']")
    assert not any(value in answer.text for value in (GOOD, OTHER))


def test_changing_the_password_ends_the_other_sessions(site, lan):
    other = TestClient(site.app, base_url="https://baochi.example", follow_redirects=False)
    sign_in(site)
    sign_in(other)
    form = {"csrf": token_of(site.get(ACCOUNT)), "current": GOOD, "new": OTHER, "again": OTHER}
    site.post(f"{ACCOUNT}/mat-khau", data=form)
    assert site.get(ACCOUNT, follow_redirects=False).status_code == 200 and other.get(ACCOUNT).status_code == 303


def test_the_second_factor_from_offer_to_sign_in(site, lan, clock):
    sign_in(site)
    csrf = token_of(site.get(ACCOUNT))
    page = site.post(f"{ACCOUNT}/hai-buoc", data={"csrf": csrf})
    secret = html.fromstring(page.text).cssselect(".key")[0].text_content()
    picture = site.get(f"{ACCOUNT}/hai-buoc/ma-qr.svg")
    assert picture.headers["content-type"] == "image/svg+xml" and picture.headers["cache-control"] == "no-store"
    wrong = site.post(f"{ACCOUNT}/hai-buoc/bat", data={"csrf": csrf, "code": "000000"})
    assert wrong.status_code == 422 and "Mã không đúng" in wrong.text
    done = site.post(f"{ACCOUNT}/hai-buoc/bat", data={"csrf": csrf, "code": pyotp.TOTP(secret).at(clock[0])})
    codes = [item.text_content() for item in html.fromstring(done.text).cssselect(".codes li")]
    assert len(codes) == 10
    clock[0] += timedelta(minutes=2)
    visitor = TestClient(site.app, base_url="https://baochi.example", follow_redirects=False)
    step = sign_in(visitor).headers["location"]
    assert step == f"{SIGN_IN}/ma-xac-nhan" and visitor.get(ACCOUNT).status_code == 303
    waiting = re.search(r"([^=]+)$", visitor.cookies.get(COOKIE))[1]
    form = {"csrf": token_of(visitor.get(step)), "code": pyotp.TOTP(secret).at(clock[0])}
    assert visitor.post(step, data=form | {"csrf": "x"}).status_code == 401
    assert visitor.post(step, data=form).status_code == 303
    assert visitor.get(ACCOUNT).status_code == 200 and visitor.cookies.get(COOKIE) != waiting


def test_one_ends_ones_own_sessions_and_nobody_elses(signed_in, newsroom):
    mine, second, other = signed_in("editor"), signed_in("editor"), signed_in("editor", name="hoa")
    numbers = [int(n) for n in re.findall(r"phien/(\d+)/ket-thuc", mine.get(ACCOUNT).text)]
    [theirs] = {1, 2, 3} - set(numbers) - {1} if 1 not in numbers else {3}
    mine.post(f"{ACCOUNT}/phien/{theirs}/ket-thuc")
    assert other.get(ACCOUNT).status_code == 200
    mine.post(f"{ACCOUNT}/phien/{numbers[0]}/ket-thuc")
    assert second.get(ACCOUNT).status_code == 303 and mine.get(ACCOUNT).status_code == 200


def test_density_and_theme_are_remembered(signed_in):
    client = signed_in("editor")
    client.post(f"{ACCOUNT}/hien-thi", data={"density": "compact", "theme": "dark"})
    root = html.fromstring(client.get(ACCOUNT).text)
    assert (root.get("data-density"), root.get("data-theme")) == ("compact", "dark")
    assert client.post(f"{ACCOUNT}/hien-thi", data={"density": HOSTILE, "theme": "dark"}).status_code == 409


def test_what_people_typed_is_shown_and_never_run(signed_in, newsroom, people):
    admin = signed_in("admin", name="quan.tri")
    people.add("editor", name="hoa")
    admin.post(f"{PEOPLE}/2", data={"full_name": HOSTILE[:80], "email": "", "role": ["editor"]})
    signed_in("editor", name="hoa").post(
        KEYS, data={"name": HOSTILE, "scope": "read", "per_day": "1", "per_minute": "1", "days": "30"}
    )
    for path in (
        PEOPLE,
        f"{PEOPLE}/2",
        KEYS,
        "/ban-bien-tap/nhat-ky",
        f"/ban-bien-tap/nhat-ky?actor={HOSTILE}&from={HOSTILE}&id={HOSTILE}",
        f"{SIGN_IN}?next={HOSTILE}",
        "/ban-bien-tap/thu-vien",
    ):
        text = admin.get(path).text
        assert "<script>alert" not in text and "<img src=x" not in text, path


def test_a_message_for_the_next_page_cannot_be_forged(signed_in):
    client = signed_in("editor")
    client.post(f"{ACCOUNT}/phien/ket-thuc-het")
    text = client.cookies.get("__Host-diembao-told")
    assert "Đã kết thúc mọi phiên làm việc khác." in client.get(ACCOUNT).text
    assert "Đã kết thúc mọi phiên" not in client.get(ACCOUNT).text
    other = signed_in("editor", name="hoa")
    for forged in (text, "x" + text, text[:-1], "e30=.x", ""):
        other.cookies.set("__Host-diembao-told", forged)
        assert "Đã kết thúc mọi phiên" not in other.get(ACCOUNT).text


def test_disabling_somebody_puts_them_out_at_once(signed_in, newsroom):
    admin, hoa = signed_in("admin", name="quan.tri"), signed_in("editor", name="hoa")
    assert hoa.get(ACCOUNT).status_code == 200
    with newsroom.store.read() as session:
        number = session.query(UserRow.id).filter_by(name="hoa").scalar()
    admin.post(f"{PEOPLE}/{number}/khoa")
    assert hoa.get(ACCOUNT).status_code == 303
    page = admin.get(f"{PEOPLE}/{number}").text
    assert "Tài khoản bị khóa từ" in page and "Khóa tài khoản" in page


def test_the_audit_log_is_searched_and_tells_when_it_was_changed(signed_in, newsroom):
    chief = signed_in("chief", name="minh")
    signed_in("editor", name="hoa")
    assert len(html.fromstring(chief.get("/ban-bien-tap/nhat-ky?actor=hoa").text).cssselect("tbody tr")) == 1
    assert "Chưa có dòng nào." in chief.get("/ban-bien-tap/nhat-ky?to=21/11/2026").text
    assert "Hãy viết ngày như" in chief.get("/ban-bien-tap/nhat-ky?from=hom-qua").text
    assert "còn nguyên vẹn" in chief.get("/ban-bien-tap/nhat-ky?verify=1").text
    with newsroom.store.write() as session:
        session.get_one(AuditRow, 1).actor = "somebody"
    assert "Dòng số 1 không khớp" in chief.get("/ban-bien-tap/nhat-ky?verify=1").text


class TestKeys:
    def key(self, client, *scopes, per_day="100", per_minute="60"):
        form = {"name": "Cổng", "scope": list(scopes), "per_day": per_day, "per_minute": per_minute, "days": "90"}
        return re.search(r"dbtn_[\w-]+", client.post(KEYS, data=form).text)[0]

    def asked(self, site, key, path="/api/v1/articles/1"):
        return site.get(path, headers={"Authorization": f"Bearer {key}"})

    @pytest.fixture
    def unpublished(self, newsroom, printing):
        newsroom.story(printing("Tin chưa duyệt"), published=False)

    def test_a_key_is_shown_once_and_reads_what_staff_read(self, site, signed_in, unpublished):
        editor = signed_in("editor")
        key = self.key(editor, "read")
        assert key not in editor.get(KEYS).text and key[:11] in editor.get(KEYS).text
        assert site.get("/api/v1/articles/1").status_code == 404
        article = self.asked(site, key).json()
        assert article["stance"] == "unfavourable" and article["state"] == "new" and article["text"]
        found = self.asked(site, key, "/api/v1/articles?stance=unfavourable&facets=stance").json()
        assert found["total"] == 1 and found["facets"]["stance"]
        assert self.asked(site, key, "/api/v1/articles/1/trail").status_code == 200

    def test_a_session_reads_the_same_and_an_admin_does_not(self, signed_in, unpublished):
        assert signed_in("analyst").get("/api/v1/articles/1").json()["state"] == "new"
        assert signed_in("admin").get("/api/v1/articles/1").status_code == 404

    def test_scopes_are_kept_apart(self, site, signed_in, unpublished):
        push = self.key(signed_in("editor"), "push")
        assert self.asked(site, push).status_code == 404
        read = self.key(signed_in("editor"), "read")
        answer = site.post("/api/v1/articles", json={"title": "x"}, headers={"Authorization": f"Bearer {read}"})
        assert answer.status_code == 403

    @pytest.mark.parametrize("given", ["Bearer x", "Bearer dbtn_x", "Basic bGFuOng=", "Bearer", "x" * 3000])
    def test_what_is_no_key_is_refused_and_not_taken_for_a_visitor(self, site, given):
        answer = site.get("/api/v1/articles", headers={"Authorization": given})
        assert answer.status_code == 401 and answer.json()["status"] == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")

    def test_the_quota_of_the_day_and_the_speed_are_told_and_kept(self, site, signed_in, unpublished, clock):
        key = self.key(signed_in("editor"), "read", per_day="2")
        first = self.asked(site, key)
        assert first.headers["ratelimit-policy"] == '"day";q=2;w=86400, "minute";q=60;w=60'
        # Five past nine in Viet Nam: the day of the quota ends at seven next morning.
        assert first.headers["ratelimit"] == '"day";r=1;t=78900, "minute";r=59;t=1'
        self.asked(site, key)
        over = self.asked(site, key)
        assert over.status_code == 429 and over.json()["code"] == "quota_used_up"
        assert over.headers["retry-after"] == "78900" and over.headers["ratelimit"].startswith('"day";r=0;t=78900')
        clock[0] += timedelta(days=1)
        assert self.asked(site, key).status_code == 200
        fast = self.key(signed_in("editor"), "read", per_minute="2")
        assert [self.asked(site, fast).status_code for _ in range(3)] == [200, 200, 429]
        refused = self.asked(site, fast)
        assert refused.headers["retry-after"] == "30" and refused.json()["code"] == "too_many_requests"
        clock[0] += timedelta(seconds=30)
        assert [self.asked(site, fast).status_code for _ in range(2)] == [200, 429]
        shown = signed_in("editor").get(KEYS).text
        assert "3 / 100" in shown  # what was refused costs nothing

    def test_nobody_sees_or_takes_back_the_keys_of_others(self, signed_in, site, unpublished):
        mine = self.key(signed_in("editor"), "read")
        other = signed_in("editor", name="hoa")
        assert mine[:11] not in other.get(KEYS).text
        assert other.post(f"{KEYS}/1/thu-hoi").status_code == 409
        assert self.asked(site, mine).status_code == 200
        admin = signed_in("admin", name="quan.tri")
        assert mine[:11] in admin.get(KEYS).text
        admin.post(f"{KEYS}/1/thu-hoi")
        assert self.asked(site, mine).status_code == 401

    def test_articles_sent_in_wait_for_the_worker_and_tell_their_sender_what_became_of_them(self, site, signed_in):
        key = {"Authorization": "Bearer " + self.key(signed_in("editor"), "push")}
        sent = site.post("/api/v1/articles", json={"title": "Bài gửi", "text": "Lời"}, headers=key)
        assert sent.status_code == 202 and sent.headers["location"] == "/api/v1/pushed/1"
        assert site.get("/api/v1/pushed/1", headers=key).json()["state"] == "waiting"
        other = {"Authorization": "Bearer " + self.key(signed_in("editor", name="hoa"), "push")}
        assert site.get("/api/v1/pushed/1", headers=other).status_code == 404
        for bad in ({}, {"title": " "}, {"title": "x", "date": "2026-11-22T08:00:00"}, {"title": "x", "y": 1}, []):
            assert site.post("/api/v1/articles", json=bad, headers=key).status_code == 400, bad

    def test_a_browser_that_is_signed_in_cannot_be_made_to_send_articles_in(self, signed_in):
        assert TestClient.post(signed_in("editor"), "/api/v1/articles", json={"title": "x"}).status_code == 403
