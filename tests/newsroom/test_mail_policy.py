"""Subjects arrive as they were written, however long they are."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from diembao.newsroom.mail_policy import POLICY


@pytest.mark.parametrize("before", range(80))
def test_a_long_vietnamese_subject_keeps_every_space(before: int) -> None:
    subject = f"{'x' * before} Cảnh báo: tin tăng đột biến về lũ lụt sông Cầu ở phường Phan Đình Phùng".strip()
    made = EmailMessage(policy=POLICY)
    made["Subject"] = subject
    made.set_content("nội dung")
    raw = made.as_bytes()
    assert message_from_bytes(raw, policy=default)["Subject"] == subject
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78
    assert raw.startswith(b"Subject: ") and b"\r\n" in raw


def test_a_subject_cannot_bring_in_another_header() -> None:
    made = EmailMessage(policy=POLICY)
    with pytest.raises(ValueError, match="linefeed"):
        made["Subject"] = "Điểm báo\r\nBcc: ai-do@example.vn"
