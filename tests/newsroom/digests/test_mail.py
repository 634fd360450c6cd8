"""Mail, against a real SMTP server on this machine: one each, whatever is killed when."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time as clock
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from pydantic import SecretStr

from diembao.errors import Refused, WrongUse
from diembao.newsroom.digests import approving, lists
from diembao.newsroom.digests.bounces import note, read_report
from diembao.newsroom.digests.postman import Postman
from diembao.newsroom.permissions import Actor, Role
from diembao.newsroom.seal import Seal
from diembao.store import digests, mailing, outgoing
from diembao.store.models import DeliveryRow, DigestRow, RecipientRow

Desk = Any  # the newsroom of conftest.py
NOW = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
CHIEF = Actor("minh", frozenset({Role.CHIEF}))
SEAL = Seal(lambda: "a key for tests")


class Mailbox:
    """What the server was given. `stall`: seconds before the answer to a message; `refuse`: answers by address."""

    def __init__(self) -> None:
        self.got: list[tuple[str, bytes]] = []
        self.refuse: dict[str, str] = {}
        self.stall = 0.0
        self.data_answer = "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        import asyncio

        if self.data_answer.startswith("250"):
            self.got.append((envelope.rcpt_tos[0], envelope.content))
        await asyncio.sleep(self.stall)
        return self.data_answer

    def counted(self) -> Counter[str]:
        return Counter(address for address, _ in self.got)


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=0)
    # Port 0 is the system's choice; the controller looks for itself only at fixed ports.
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        controller.port = probe.getsockname()[1]
    controller.start()
    yield box, controller.port
    controller.stop()


@pytest.fixture
def office(desk: Desk, mailbox: tuple[Mailbox, int]) -> Desk:
    desk.settings = desk.settings.model_copy(
        update={
            "smtp_url": SecretStr(f"smtp://127.0.0.1:{mailbox[1]}"),
            "mail_from": "diembao@baochi.example",
            "owner_name": "Trung tâm Thông tin tỉnh",
            "public_url": "https://baochi.example",
            "mail_per_minute": 6000,
        }
    )
    return desk


def a_list(desk: Desk, *emails: str, audience: str = "internal", at: time | None = None) -> int:
    with desk.store.write() as session:
        made = lists.make_list(
            session, f"Danh sách {len(mailing.lists(session)) + 1}", audience, ["daily"], at, range(7), CHIEF, NOW
        )
        for email in emails:
            lists.add_recipient(session, made.id, email, "Người Nhận", CHIEF, NOW)
        return made.id


def an_approved(desk: Desk, **order: object) -> DigestRow:
    desk.story("Nước sông Cầu lên nhanh")
    row = desk.draft(only_new=False, never_told=False, **order)
    with desk.store.write() as session:
        return approving.approve(session, row.id, row.revision, CHIEF, desk.settings, NOW)


def queue(desk: Desk, row: DigestRow, *list_ids: int) -> int:
    with desk.store.write() as session:
        current = session.get_one(DigestRow, row.id)
        return lists.queue(session, row.id, current.revision, list_ids, CHIEF, NOW)


def postman(desk: Desk, now: datetime = NOW) -> Postman:
    return Postman(desk.store, desk.settings, SEAL, now=lambda: now)


def states(desk: Desk, row: DigestRow) -> dict[str, str]:
    with desk.store.read() as session:
        return {one.email: one.state for one in mailing.deliveries(session, row.id)}


def test_a_mail_has_text_page_word_and_pdf_and_the_way_off_the_list(office: Desk, mailbox: tuple[Mailbox, int]) -> None:
    row = an_approved(office)
    assert queue(office, row, a_list(office, "Lanh.Dao@tinh.example")) == 1
    assert str(postman(office).deliver()) == "1 sent, 0 refused, 0 to be tried again, 0 uncertain"
    ((address, data),) = mailbox[0].got
    mail = message_from_bytes(data, policy=default)
    assert address == "lanh.dao@tinh.example"
    assert mail["Subject"] == "Điểm báo số 1: Thông tin báo chí về tỉnh Thái Nguyên ngày 22/11/2026"
    assert mail["From"].addresses[0].display_name == "Trung tâm Thông tin tỉnh"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Unsubscribe"].startswith("<https://baochi.example/diem-bao/thoi-nhan/")
    text, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None and page is not None
    assert "Nước sông Cầu lên nhanh" in text.get_content() and "Đánh giá: Bất lợi" in text.get_content()
    assert "Thôi nhận điểm báo qua thư" in page.get_content()
    attached = {part.get_filename(): part.get_content() for part in mail.iter_attachments()}
    assert sorted(attached) == ["diem-bao-1-2026-11-22.docx", "diem-bao-1-2026-11-22.pdf"]
    assert attached["diem-bao-1-2026-11-22.pdf"].startswith(b"%PDF")
    with office.store.read() as session:
        issued = digests.get(session, row.id)
        assert issued is not None and (issued.state, issued.sent_at) == ("issued", NOW)


def test_an_address_on_two_lists_gets_one_mail_and_nothing_twice(office: Desk, mailbox: tuple[Mailbox, int]) -> None:
    row = an_approved(office)
    first, second = a_list(office, "a@x.vn", "b@x.vn"), a_list(office, "b@x.vn", "c@x.vn")
    assert queue(office, row, first, second) == 3
    postman(office).deliver()
    postman(office).deliver()
    assert mailbox[0].counted() == {"a@x.vn": 1, "b@x.vn": 1, "c@x.vn": 1}
    with pytest.raises(Refused, match="nobody_left"):
        queue(office, row, first, second)


def test_an_internal_digest_never_goes_to_a_public_list_and_a_draft_to_nobody(office: Desk) -> None:
    row = an_approved(office)
    with pytest.raises(Refused, match="list_public"):
        queue(office, row, a_list(office, "a@x.vn", audience="public"))
    with pytest.raises(Refused, match="digest_not_approved"):
        queue(office, office.draft(), a_list(office, "b@x.vn"))


def test_refusals_are_shown_and_what_is_temporary_is_tried_again(office: Desk, mailbox: tuple[Mailbox, int]) -> None:
    box = mailbox[0]
    box.refuse = {"gone@x.vn": "550 5.1.1 no such user", "busy@x.vn": "451 4.7.1 later"}
    row = an_approved(office)
    queue(office, row, a_list(office, "gone@x.vn", "busy@x.vn", "good@x.vn"))
    postman(office).deliver()
    assert states(office, row) == {"gone@x.vn": "refused", "busy@x.vn": "queued", "good@x.vn": "sent"}
    box.refuse = {}
    postman(office, NOW + timedelta(seconds=30)).deliver()
    assert states(office, row)["busy@x.vn"] == "queued", "not before a minute has passed"
    postman(office, NOW + timedelta(seconds=61)).deliver()
    assert box.counted() == {"good@x.vn": 1, "busy@x.vn": 1}
    with office.store.read() as session:
        gone = mailing.recipient_of(session, 1, "gone@x.vn")
        assert gone is not None and (gone.state, gone.reason) == ("bounced", "550 5.1.1 no such user")


def test_a_server_that_is_away_costs_nothing_but_time(office: Desk, mailbox: tuple[Mailbox, int]) -> None:
    row = an_approved(office)
    queue(office, row, a_list(office, "a@x.vn", "b@x.vn"))
    away = office.settings.model_copy(update={"smtp_url": SecretStr("smtp://127.0.0.1:9")})
    Postman(office.store, away, SEAL, now=lambda: NOW).deliver()
    assert set(states(office, row).values()) == {"queued"}
    postman(office, NOW + timedelta(minutes=2)).deliver()
    assert mailbox[0].counted() == {"a@x.vn": 1, "b@x.vn": 1}


def test_who_leaves_or_bounces_gets_nothing_more(office: Desk, mailbox: tuple[Mailbox, int]) -> None:
    row = an_approved(office)
    queue(office, row, a_list(office, "leaves@x.vn", "stays@x.vn"))
    with office.store.write() as session:
        reader = mailing.recipient_of(session, 1, "leaves@x.vn")
        assert reader is not None
        link = lists.unsubscribe_address(office.settings, SEAL, reader.id, reader.email)
        token = link.rpartition("/")[2]
        assert lists.recipient_of_token(session, SEAL, f"{token}A") is None
        assert lists.recipient_of_token(session, Seal(lambda: "another key"), token) is None
        found = lists.recipient_of_token(session, SEAL, token)
        assert found is not None
        lists.unsubscribe(session, found, NOW)
    postman(office).deliver()
    assert mailbox[0].counted() == {"stays@x.vn": 1}
    assert states(office, row)["leaves@x.vn"] == "cancelled"


def test_what_is_taken_down_before_the_first_mail_is_in_none(office: Desk, mailbox: tuple[Mailbox, int]) -> None:
    gone = office.story("Tin sẽ bị gỡ")
    row = an_approved(office)
    queue(office, row, a_list(office, "a@x.vn"))
    office.withdraw(gone)
    postman(office).deliver()
    mail = message_from_bytes(mailbox[0].got[0][1], policy=default)
    text = mail.get_body(("plain",))
    assert text is not None
    assert "Tin sẽ bị gỡ" not in text.get_content() and "đã được gỡ" not in text.get_content()


def test_schedule_waits_for_its_hour_and_day_and_sends_once(office: Desk, mailbox: tuple[Mailbox, int]) -> None:
    an_approved(office)
    a_list(office, "a@x.vn", at=time(7, 30))
    assert lists.queue_scheduled(office.store, NOW) == 0, "06:30 in Viet Nam"
    assert lists.queue_scheduled(office.store, NOW + timedelta(hours=1, minutes=5)) == 1
    assert lists.queue_scheduled(office.store, NOW + timedelta(hours=1, minutes=6)) == 0
    postman(office, NOW + timedelta(hours=2)).deliver()
    assert mailbox[0].counted() == {"a@x.vn": 1}


@pytest.mark.parametrize(
    "wrong", ["no at sign", "a@b", "a@x.vn\nBcc: z@x.vn", "ă@x.vn", "@x.vn", "a b@x.vn", "<a@x.vn>"]
)
def test_only_addresses_are_addresses(office: Desk, wrong: str) -> None:
    with pytest.raises(Refused, match="bad_mailbox"):
        a_list(office, wrong)


def test_without_a_server_nothing_is_promised(office: Desk) -> None:
    bare = office.settings.model_copy(update={"smtp_url": None})
    with pytest.raises(WrongUse, match="DIEMBAO_SMTP_URL"):
        Postman(office.store, bare, SEAL).deliver()


def test_nothing_goes_unencrypted_over_a_network(office: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from diembao.newsroom import smtp as module

    monkeypatch.setattr(module, "_is_loopback", lambda _host: False)
    row = an_approved(office)
    queue(office, row, a_list(office, "a@x.vn"))
    postman(office).deliver()
    with office.store.read() as session:
        (one,) = mailing.deliveries(session, row.id)
    assert one.state == "queued" and "no encryption" in one.answer


@pytest.mark.parametrize("killed_at", ["before the dot", "after the dot", "after the answer"])
def test_a_postman_taken_away_in_the_middle(office: Desk, mailbox: tuple[Mailbox, int], killed_at: str) -> None:
    """The states a killed process leaves, each followed by another postman."""
    row = an_approved(office)
    queue(office, row, a_list(office, "a@x.vn"))
    with office.store.write() as session:
        due = outgoing.next_due(session, DeliveryRow, NOW)
        assert due is not None and outgoing.take(session, due, "dead")
        if killed_at != "before the dot":
            assert outgoing.hand_over(session, due)
    if killed_at == "after the answer":
        mailbox[0].got.append(("a@x.vn", b""))
    done = postman(office).deliver()
    assert done is not None
    if killed_at == "before the dot":
        assert mailbox[0].counted() == {"a@x.vn": 1} and done.sent == 1
    else:
        assert (done.sent, done.uncertain) == (0, 1)
        assert states(office, row) == {"a@x.vn": "uncertain"}
        with office.store.write() as session:
            # The dead one's last word, had it only been slow: it is not said.
            assert not outgoing.hand_over(session, due)
            lists.decide(session, due.id, send_again=killed_at == "after the dot", actor=CHIEF, now=NOW)
        postman(office).deliver()
        assert mailbox[0].counted() == {"a@x.vn": 1}


def test_no_answer_after_the_dot_is_told_not_repeated(office: Desk, mailbox: tuple[Mailbox, int]) -> None:
    box = mailbox[0]
    box.stall = 3.0
    row = an_approved(office)
    queue(office, row, a_list(office, "a@x.vn"))
    from diembao.newsroom import smtp as module

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_TIMEOUT", 0.7)
        done = postman(office).deliver()
    assert done is not None and done.uncertain == 1 and states(office, row) == {"a@x.vn": "uncertain"}
    box.stall = 0
    postman(office).deliver()
    assert box.counted() == {"a@x.vn": 1}


_SENDER = """
import sys
from datetime import UTC, datetime
from diembao.newsroom.digests.postman import Postman
from diembao.newsroom.seal import Seal
from diembao.settings import Settings
from diembao.store.database import open_store
settings = Settings.load()
Postman(open_store(settings), settings, Seal(lambda: "a key for tests")).deliver()
"""


def test_killed_again_and_again_one_mail_each(
    office: Desk, mailbox: tuple[Mailbox, int], tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """kill -9 at moments spread over the sending, a new postman each time; at the end every address has one mail.

    What stands as uncertain is settled as a person would: by looking into the mailbox.
    """
    box = mailbox[0]
    box.stall = 0.02
    emails = [f"nguoi{number:02d}@x.vn" for number in range(40)]
    row = an_approved(office)
    queue(office, row, a_list(office, *emails))
    environment = (
        os.environ
        | office.settings.as_environment()
        | {"DIEMBAO_DATABASE_URL": office.store.engine.url.render_as_string(hide_password=False)}
    )
    with office.store.write() as session:
        for one in mailing.deliveries(session, row.id):
            session.get_one(DeliveryRow, one.id).next_try_at = datetime(2020, 1, 1, tzinfo=UTC)
    for turn in range(pytestconfig.getoption("--kills")):
        before = len(box.got)
        process = subprocess.Popen([sys.executable, "-c", _SENDER], env=environment, cwd=Path.cwd())
        limit = clock.monotonic() + 60
        while len(box.got) < before + 3 + turn % 3 and process.poll() is None and clock.monotonic() < limit:
            clock.sleep(0.001)
        clock.sleep(0.007 * (turn % 4))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert max(box.counted().values(), default=0) <= 1
        assert postman(office) is not None
    finished = subprocess.run([sys.executable, "-c", _SENDER], env=environment, cwd=Path.cwd(), timeout=90)
    assert finished.returncode == 0
    unknown = [email for email, state in states(office, row).items() if state == "uncertain"]
    assert len(unknown) <= pytestconfig.getoption("--kills")
    with office.store.write() as session:
        for one in mailing.deliveries(session, row.id):
            if one.state == "uncertain":
                lists.decide(session, one.id, send_again=not box.counted()[one.email], actor=CHIEF, now=NOW)
    Postman(office.store, office.settings, SEAL).deliver()
    assert box.counted() == dict.fromkeys(emails, 1)
    assert set(states(office, row).values()) == {"sent"}


def test_a_report_from_the_mailbox_is_kept_and_a_forged_one_is_not(office: Desk, mailbox: tuple[Mailbox, int]) -> None:
    row = an_approved(office)
    queue(office, row, a_list(office, "gone@x.vn"))
    postman(office).deliver()
    number = message_from_bytes(mailbox[0].got[0][1], policy=default)["Message-ID"]
    report = _report(number)
    read = read_report(report)
    assert read is not None and read.permanent and "550" in read.reason
    with office.store.write() as session:
        assert note(session, read, NOW) and not note(session, read, NOW)
        recipient = session.get(RecipientRow, 1)
        assert recipient is not None and recipient.state == "bounced"
    forged = read_report(_report(f"<digest-{row.id}-{'0' * 32}@x>"))
    with office.store.write() as session:
        assert forged is not None and not note(session, forged, NOW)
    assert read_report(b"From: a@x.vn\r\n\r\nNghi phep den thu Hai.") is None


def _report(number: str) -> bytes:
    return f"""From: MAILER-DAEMON@x.vn
To: diembao@baochi.example
Subject: Undelivered Mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It came back.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.x.vn

Final-Recipient: rfc822; gone@x.vn
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user
--b
Content-Type: text/rfc822-headers

Message-ID: {number}
Subject: x
--b--
""".replace("\n", "\r\n").encode()
