"""The example in docs/api.md knows our calls, and no others."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from diembao.newsroom.analysis.alerts import signing


def test_the_example_takes_what_is_ours_and_of_now_and_nothing_else() -> None:
    text = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
    example = next(code for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "def is_ours" in code)
    known: dict[str, Any] = {}
    exec(compile(example, "docs/api.md", "exec"), known)  # noqa: S102
    secret, body, now = signing.new_secret(), '{"type":"alert.test","tên":"Lũ"}'.encode(), datetime.now(UTC)
    headers = signing.headers(secret, "alert_1", now, body)
    assert known["is_ours"](secret, headers, body)
    assert not known["is_ours"](secret, headers, body + b" ")
    assert not known["is_ours"](secret, {**headers, "webhook-id": "alert_2"}, body)
    assert not known["is_ours"](signing.new_secret(), headers, body)
    old = signing.headers(secret, "alert_1", now - timedelta(minutes=6), body)
    assert not known["is_ours"](secret, old, body)
