"""A whole morning, as an office lives it: newspapers crawled, forty stories judged by keyboard, a digest built,
approved by a second person, published and mailed. Real processes, browser and mail server, the demo press."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from diembao.demo import DemoPress

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

CHROMIUM = Path("/usr/bin/chromium")
DESK = "/ban-bien-tap"
_STORIES = 40
_MOST_KEYS_EACH = 4


@dataclass
class Mailbox:
    got: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.got.append(message)
        return "250 OK"


@dataclass
class Office:
    """The installation and its processes. address: of the web."""

    environment: dict[str, str]
    address: str
    mailbox: Mailbox
    passwords: dict[str, str]

    def run(self, *arguments: str, given: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-m", "diembao", *arguments],
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=400,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box, port = Mailbox(), _free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


@pytest.fixture
def office(tmp_path: Path, mailbox: tuple[Mailbox, int]) -> Iterator[Office]:
    """The demo press crawled, two people with accounts, web and worker running."""
    press = DemoPress(opened_at=datetime.now(UTC) - timedelta(hours=3))
    press.start()
    sources = tmp_path / "sources"
    sources.mkdir()
    press.write_sources(sources)
    port = _free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DIEMBAO_")}
    environment = kept | {
        "DIEMBAO_DATA_DIR": str(tmp_path / "data"),
        "DIEMBAO_SOURCES_DIR": str(sources),
        "DIEMBAO_ALLOW_PRIVATE_NETWORKS": "true",
        "DIEMBAO_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "DIEMBAO_SMTP_URL": f"smtp://127.0.0.1:{mailbox[1]}",
        "DIEMBAO_MAIL_FROM": "diembao@baochi.example",
        "DIEMBAO_DIGEST_SIGNER": "Nguyễn Văn Ví Dụ",
    }
    passwords = {name: f"{secrets.token_urlsafe(12)}-Mua-he" for name in ("lan", "minh")}
    made = Office(environment, f"http://127.0.0.1:{port}", mailbox[0], passwords)
    made.run("crawl", "--once")
    made.run("users", "add", "lan", "--role", "editor", "--password-stdin", given=passwords["lan"] + "\n")
    made.run("users", "add", "minh", "--role", "chief", "--password-stdin", given=passwords["minh"] + "\n")
    processes = [_start(environment, "serve", "--port", str(port)), _start(environment, "worker")]
    _wait(lambda: _answers(f"{made.address}/healthz"), 60)
    yield made
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait(40)
    press.stop()


def _start(environment: dict[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "diembao", *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _read(address: str) -> str:
    with urllib.request.urlopen(address, timeout=20) as answer:  # noqa: S310 - our own address
        return str(answer.read().decode())


def _wait(reached: Callable[[], bool], seconds: float) -> None:
    limit = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < limit, "what was waited for did not come"
        time.sleep(0.3)


@pytest.fixture
def sign_in(office: Office) -> Iterator[Callable[[str], Any]]:
    """A browser window of its own in which somebody signs in by typing."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not there: the morning was not lived through")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])

        def window(name: str) -> Any:
            context = browser.new_context(
                base_url=office.address, viewport={"width": 1366, "height": 768}, locale="vi-VN", accept_downloads=True
            )
            page = context.new_page()
            page.goto(DESK)
            page.get_by_label("Tên đăng nhập").fill(name)
            page.get_by_label("Mật khẩu").fill(office.passwords[name])
            page.keyboard.press("Enter")
            page.wait_for_selector("[data-desk]")
            return page

        yield window
        browser.close()


class Typist:
    """Counts what is typed as commands; words of a summary are no commands."""

    def __init__(self, page: Any) -> None:
        self.page, self.keys = page, 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.keys += 1


def test_a_whole_morning(
    office: Office, sign_in: Callable[[str], Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lan = sign_in("lan")
    keys = _triage(lan)
    with capsys.disabled():
        sys.stderr.write(f"\n{keys} keystrokes for {_STORIES} stories: {keys / _STORIES:.2f} each\n")
    assert keys <= _MOST_KEYS_EACH * _STORIES
    minh = sign_in("minh")
    _approve_and_publish(minh)
    assert _on_the_section(office) >= 8
    digest = _build_digest(lan)
    _approve_and_send(minh, digest, office)
    _check_mail(office, tmp_path)


def _triage(page: Any) -> int:
    """Forty stories by keyboard: five judged anew, ten with a summary of our own, ten rejected."""
    page.goto(f"{DESK}?span=all")
    typist = Typist(page)
    for decided in range(_STORIES):
        card = page.locator(".story.selected")
        number = card.get_attribute("data-story")
        page.wait_for_function("number => document.querySelector('.doc')?.dataset.doc === number", arg=number)
        if decided % 8 == 0:
            typist.press("s", "4")
            page.wait_for_selector(f"#tin-{number} .badge.mixed, #tin-{number} .corrected")
        if decided % 4 == 1:
            typist.press("e")
            page.keyboard.insert_text(f"Tóm tắt của ta cho tin {number}, hai câu ngắn. Nguồn đã được kiểm tra.")
            typist.press("Control+Enter")
        elif decided % 4 == 3:
            typist.press("x", "2")
        else:
            typist.press("a")
        page.wait_for_selector(f"#tin-{number}", state="detached")
    page.wait_for_load_state("networkidle")
    return typist.keys


def _approve_and_publish(page: Any) -> None:
    """The chief approves everything that waits, then publishes what has a summary; the gate refuses the rest."""
    page.goto(f"{DESK}?tab=waiting")
    assert page.locator(".story").count() == 30
    page.locator("#chon-het").check()
    page.locator(".bulk button[value=approve]").click()
    page.wait_for_selector("text=Đã duyệt 30 tin.")
    page.goto(f"{DESK}?tab=waiting")
    page.locator("#chon-het").check()
    page.locator(".bulk button[value=publish]").click()
    page.wait_for_selector(".told")
    page.wait_for_load_state("networkidle")


def _on_the_section(office: Office) -> int:
    """How many of the summaries readers see, on the pages and in the feed."""
    _wait(lambda: "Tóm tắt của ta cho tin" in _read(f"{office.address}/rss.xml"), 60)
    feed = _read(f"{office.address}/rss.xml")
    front = _read(office.address)
    assert "Tóm tắt của ta cho tin" in front
    for secret in ("Bất lợi", "Thuận lợi", "unfavourable"):
        assert secret not in front and secret not in feed
    return len(set(re.findall(r"Tóm tắt của ta cho tin (\d+)", feed)))


def _build_digest(page: Any) -> str:
    page.goto(f"{DESK}/diem-bao")
    page.get_by_role("button", name="Lập từ tin đã duyệt").click()
    page.wait_for_selector(".paper")
    assert page.locator("[data-item]").count() >= 10
    address = str(page.url)
    order = [handle.inner_text() for handle in page.locator("[data-handle]").all()][:2]
    page.get_by_role("link", name=order[1], exact=True).first.focus()
    page.keyboard.press("Alt+ArrowUp")
    page.wait_for_load_state("networkidle")
    page.get_by_role("button", name="Trình duyệt").click()
    page.wait_for_selector("text=Đã trình duyệt.")
    return address


def _approve_and_send(page: Any, digest: str, office: Office) -> None:
    page.goto(f"{DESK}/danh-sach-gui")
    page.get_by_label("Tên danh sách").fill("Lãnh đạo tỉnh")
    page.get_by_role("button", name="Lập danh sách").click()
    page.wait_for_selector("[name=email]")
    page.locator("[name=email]").fill("lanh.dao@tinh.example")
    page.locator("form:has([name=email]) button").click()
    page.wait_for_selector("text=lanh.dao@tinh.example")
    page.goto(digest)
    page.get_by_role("button", name="Duyệt và đánh số").click()
    page.wait_for_selector("text=Đã duyệt và đánh số.")
    page.get_by_label("Lãnh đạo tỉnh").check()
    page.get_by_role("button", name="Gửi thư").click()
    page.wait_for_selector("text=Đã xếp 1 thư chờ gửi")
    _wait(lambda: bool(office.mailbox.got), 120)
    time.sleep(3)
    assert len(office.mailbox.got) == 1


def _check_mail(office: Office, folder: Path) -> None:
    """The mail as it arrived, its Word file opened by LibreOffice, both files rendered to pictures."""
    message = office.mailbox.got[0]
    assert message["To"] and "lanh.dao@tinh.example" in message["To"]
    text = message.get_body(("plain",))
    assert text is not None and "Tóm tắt của ta cho tin" in text.get_content()
    files = {part.get_filename(): part.get_content() for part in message.iter_attachments()}
    by_suffix = {Path(name or "").suffix: content for name, content in files.items()}
    assert set(by_suffix) == {".docx", ".pdf"}
    (folder / "diem-bao.docx").write_bytes(by_suffix[".docx"])
    (folder / "gui.pdf").write_bytes(by_suffix[".pdf"])
    office_suite, painter = shutil.which("soffice"), shutil.which("pdftoppm")
    if office_suite is None or painter is None:
        pytest.skip("LibreOffice or poppler is not there: the files of the mail were not opened")
    subprocess.run(
        [office_suite, "--headless", f"-env:UserInstallation=file://{folder}/suite", "--convert-to", "pdf", "--outdir",
         str(folder), str(folder / "diem-bao.docx")],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    for name in ("diem-bao", "gui"):
        subprocess.run([painter, "-r", "60", "-png", f"{name}.pdf", name], cwd=folder, check=True, timeout=60)
        assert list(folder.glob(f"{name}-*.png")), f"{name}.pdf has no page"
        read = subprocess.run(["pdftotext", f"{name}.pdf", "-"], cwd=folder, capture_output=True, text=True, timeout=60)
        assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in read.stdout and "Nguyễn Văn Ví Dụ" in read.stdout
    if kept := os.environ.get("PICTURES"):
        for picture in folder.glob("*.png"):
            shutil.copy(picture, kept)
