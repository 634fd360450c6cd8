"""What holds for every page of the desk: words, scripts, style; and how it looks in a real browser."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from search_api.messages import Messages

DESK = "/ban-bien-tap"
# Of people and frame; the queue, the digests and the analysts' pages have tests of their own.
PAGES = (
    f"{DESK}/nguoi-dung",
    f"{DESK}/nguoi-dung/them",
    f"{DESK}/nguoi-dung/1",
    f"{DESK}/tai-khoan",
    f"{DESK}/tai-khoan/hai-buoc",
    f"{DESK}/khoa-api",
    f"{DESK}/nhat-ky",
    f"{DESK}/nhat-ky?verify=1&from=hom-qua",
    f"{DESK}/thu-vien",
    f"{DESK}/khong-co",
)
OPEN_PAGES = (f"{DESK}/dang-nhap", f"{DESK}/dang-nhap/ma-xac-nhan")
ROLES = ("admin", "operator", "editor")


def templates():
    return [file for file in files("search_api").joinpath("templates", "desk").iterdir() if file.name.endswith(".html")]


def test_every_message_a_template_of_the_desk_names_exists():
    known = set(Messages.load_desk())
    for template in templates():
        for key in re.findall(r"\bt\('([\w.]+)'[,)]", template.read_text(encoding="utf-8")):
            assert key in known, f"{template.name}: {key}"


def test_no_template_of_the_desk_switches_escaping_off_or_holds_script_or_style():
    for template in templates():
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"\|\s*safe\b|autoescape|<style|style=|\son[a-z]+=[\"']|javascript:", text), template.name
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), template.name


def test_dark_is_the_same_by_choice_as_by_the_system():
    sheets = "".join(
        files("search_api").joinpath("static", name).read_text(encoding="utf-8") for name in ("tokens.css", "desk.css")
    )
    by_system = dict(
        re.findall(
            r"(--[\w-]+): (#\w+);", "".join(re.findall(r":not\(\[data-theme=\"light\"\]\) \{(.*?)\}", sheets, re.S))
        )
    )
    by_choice = dict(re.findall(r"(--[\w-]+): (#\w+);", re.findall(r'data-theme="dark"\] \{(.*?)\}', sheets, re.S)[0]))
    assert by_system == by_choice and len(by_choice) > 20


def test_scripts_share_a_folder_that_changes_with_them(site, signed_in):
    page = signed_in("editor").get(f"{DESK}/tai-khoan").text
    address = re.search(r'<script type="module" src="(/static/desk-[0-9a-f]{10}/)frame\.js"', page)[1]
    script = site.get(address + "frame.js")
    assert (
        script.headers["content-type"].startswith("text/javascript") and "immutable" in script.headers["cache-control"]
    )
    for imported in re.findall(r'from "\./([\w-]+\.js)"', script.text):
        assert site.get(address + imported).status_code == 200
    assert site.get("/static/desk-0000000000/frame.js").status_code == 404
    assert site.get(address + "../desk.css").status_code == 404


@pytest.fixture
def prepared(people, desk_page):
    """A page in which somebody with three roles has signed in and been offered a second factor."""
    people.add(
        "editor", "chief", "analyst", "operator", "admin", name="ten-rat-dai-cua-mot-nguoi-o-ban-bien-tap",
        email="mot-dia-chi-thu-dien-tu-rat-dai-de-thu-bang@thainguyen.example",
    )  # fmt: skip

    def make(**options):
        page = desk_page(*ROLES, name="quan.tri", **options)
        page.goto(f"{DESK}/tai-khoan")
        page.evaluate(
            "fetch('/ban-bien-tap/tai-khoan/hai-buoc', {method: 'POST', redirect: 'manual',"
            " headers: {'X-CSRF-Token': document.querySelector('meta[name=csrf]').content}})"
        )
        return page

    return make


@pytest.mark.browser
@pytest.mark.timeout(300)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_pages_of_the_desk_fit_and_are_accessible(prepared, desk_page, tmp_path, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    signed, guest = prepared(width=width, scheme=scheme), desk_page(width=width, scheme=scheme)
    faults: list[str] = []
    for page in (signed, guest):
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
    for page, path in [(signed, path) for path in PAGES] + [(guest, path) for path in OPEN_PAGES]:
        page.goto(path)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, f"{path} is {wider} px too wide"
        bare = "form[method=post]:not(:has(input[name=csrf]))"
        assert page.locator(bare).count() == 0, f"{path}: a form without the token of its session"
        found = Axe().run(page).response["violations"]
        assert not found, (path, [(fault["id"], fault["nodes"][0]["html"]) for fault in found])
        page.screenshot(path=tmp_path / f"{path.strip('/').replace('/', '-').partition('?')[0]}.png", full_page=True)
    # The page that is not there says so on the console; nothing else may.
    assert [fault for fault in faults if "404" not in fault] == []


@pytest.mark.browser
def test_the_keyboard_alone_signs_in_changes_how_it_looks_and_signs_out(desk_page, newsroom, clock):
    from diembao.newsroom.passwords import Passwords
    from diembao.newsroom.people import COMMAND_LINE, add
    from diembao.newsroom.permissions import Role

    password = "hai con trâu gặm cỏ"
    add(newsroom.store, Passwords(), COMMAND_LINE, name="lan", password=password, roles=[Role.ADMIN], now=clock[0])
    page = desk_page(width=1366, height=768)
    page.goto(f"{DESK}/tai-khoan")
    keys = page.keyboard
    keys.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    keys.press("Enter")
    keys.press("Tab")
    keys.type("lan")
    keys.press("Tab")
    keys.type("sai mật khẩu rồi")
    keys.press("Enter")
    page.wait_for_selector("[role=alert]")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    keys.press("Tab")
    assert page.input_value("#name") == "lan"
    keys.press("Tab")
    keys.type(password)
    keys.press("Enter")
    page.wait_for_url(f"**{DESK}/tai-khoan")
    page.focus("#density-comfortable")
    keys.press("ArrowRight")
    keys.press("Enter")
    page.wait_for_selector("html[data-density=compact]")
    assert "Đã lưu cách hiển thị" in page.inner_text("[role=status]")
    page.focus(".whoami button")
    keys.press("Enter")
    page.wait_for_url("**/dang-nhap")


@pytest.mark.browser
def test_a_form_is_sent_once_however_often_its_button_is_pressed(desk_page, newsroom):
    page = desk_page("editor")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.goto(f"{DESK}/khoa-api")
    page.fill("#name", "Cổng")
    page.check("#scope-read")
    page.evaluate("for (const n of [1, 2, 3]) document.querySelector('main form:last-of-type').requestSubmit()")
    page.wait_for_selector("text=Khóa chỉ hiện một lần")
    assert len(sent) == 1
