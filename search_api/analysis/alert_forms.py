"""The form of an alert: what a person typed, what is wrong with it, what it would have said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import FormData

from diembao.errors import BadQuery, Refused
from diembao.newsroom.analysis.alerts.alert import Condition, asked_of, watched
from diembao.newsroom.analysis.alerts.keeping import Wanted
from search_api.faults import fault_in
from search_api.site import Site

_LONGEST = 8192
# Which field a reason belongs to.
_FIELDS: Mapping[str, str] = {
    "alert_name": "name",
    "alert_name_taken": "name",
    "alert_unreadable": "q",
    "alert_condition": "condition",
    "alert_stance": "condition",
    "alert_days": "days",
    "alert_hour": "hour",
    "alert_level": "level",
    "alert_quiet": "quiet_from",
    "no_mailbox": "by_mail",
    "alert_webhook_bad_address": "webhook_url",
    "alert_webhook_private_address": "webhook_url",
    "alert_webhook_plain_http": "webhook_url",
}


@dataclass(frozen=True, slots=True)
class AlertForm:
    """q: the query as typed; filters: the rest of what the address of a search asks, as an address holds it.

    version: of the alert as the person saw it. faults: messages by the name of the field.
    """

    q: str = ""
    filters: str = ""
    wanted: Wanted = field(default_factory=Wanted)
    version: int = 0
    faults: Mapping[str, str] = field(default_factory=dict)

    @property
    def quiet_from(self) -> str:
        return self.wanted.quiet.partition("-")[0]

    @property
    def quiet_to(self) -> str:
        return self.wanted.quiet.partition("-")[2]


def form_of(wanted: Wanted, version: int = 0) -> AlertForm:
    """The form that shows what is wanted."""
    asked = asked_of(wanted.query)
    filters = urlencode([pair for pair in asked.parameters if pair[0] != "q"])
    return AlertForm(asked.q, filters, wanted, version)


def read_form(form: FormData) -> AlertForm:
    """What cannot be meant is kept, for the room behind to refuse in words."""
    q, filters = _text(form, "q"), _text(form, "filters")
    begin, end = _text(form, "quiet_from"), _text(form, "quiet_to")
    wanted = Wanted(
        name=_text(form, "name"),
        query=urlencode([*(pair for pair in parse_qsl(filters) if pair[0] != "q"), *([("q", q)] if q else [])]),
        condition=_text(form, "condition") or Condition.EVERY,
        days=_number(form, "days", 30),
        hour=_number(form, "hour", 7),
        level=_number(form, "level", 2),
        by_mail=_text(form, "by_mail") == "1",
        webhook_url=_text(form, "webhook_url"),
        quiet=f"{begin}-{end}" if begin or end else "",
        saved_search_id=_number(form, "saved", 0) or None,
    )
    return AlertForm(q, filters, wanted, _number(form, "version", 0))


def faults_of(site: Site, given: AlertForm, error: Refused) -> dict[str, str]:
    """The reason in words, at its field; of a query that cannot be read, what is wrong with it."""
    name = _FIELDS.get(error.key, "")
    if error.key == "alert_unreadable":
        try:
            watched(given.wanted.query, Condition.EVERY)
        except BadQuery as reason:
            fault = fault_in(given.q, reason, site.desk.edition)
            at = site.desk.edition.messages.text("desk.analysis.position", position=fault.position)
            return {name: f"{fault.text} {at}" if fault.field == "q" else fault.text}
        except ValueError:
            pass  # a day that is none: the general words do
    return {name: site.desk.reason(error)}


def _text(form: FormData, name: str) -> str:
    value: Any = form.get(name, "")
    return value.strip()[:_LONGEST] if isinstance(value, str) else ""


def _number(form: FormData, name: str, otherwise: int) -> int:
    """-1 for what is no number: it is refused then."""
    text = _text(form, name)
    if not text:
        return otherwise
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else -1
