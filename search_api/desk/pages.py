"""From a template of the desk to the answer: who is signed in, their menu, what waits to be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment

from diembao.errors import DiembaoError, Refused
from diembao.newsroom.permissions import Action
from diembao.newsroom.seal import Seal
from search_api.assets import Assets
from search_api.desk.cookies import Cookies
from search_api.desk.member import Member
from search_api.desk.told import Told, packed, unpacked
from search_api.editions import Edition
from search_api.faces import ANALYSIS, DESK, is_signed_in_face
from search_api.messages import Messages
from search_api.moments import Formats


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the menu; its name is the message `desk.frame.nav.<name>`."""

    name: str
    path: str
    action: Action

    @property
    def part(self) -> int:
        """The analysts' entries stand together, after those of the desk."""
        return int(self.path.startswith(ANALYSIS))


# In the order of each part of the menu; who signs in comes to the first one they may see.
NAVIGATION = (
    Entry("queue", DESK, Action.READ_DESK),
    Entry("add", f"{DESK}/them", Action.ADD_ARTICLE),
    Entry("digests", f"{DESK}/diem-bao", Action.READ_DESK),
    Entry("recipients", f"{DESK}/danh-sach-gui", Action.MANAGE_RECIPIENTS),
    Entry("takedowns", f"{DESK}/go-bai", Action.READ_DESK),
    Entry("trends", ANALYSIS, Action.ANALYSE),
    Entry("analysis_search", f"{ANALYSIS}/tim-kiem", Action.ANALYSE),
    Entry("compare", f"{ANALYSIS}/so-sanh", Action.ANALYSE),
    Entry("briefing", f"{ANALYSIS}/giao-ban", Action.ANALYSE),
    Entry("saved", f"{ANALYSIS}/da-luu", Action.ANALYSE),
    Entry("alerts", f"{ANALYSIS}/canh-bao", Action.ANALYSE),
    Entry("sources", f"{DESK}/nguon", Action.SEE_SOURCES),
    Entry("people", f"{DESK}/nguoi-dung", Action.MANAGE_PEOPLE),
    Entry("audit", f"{DESK}/nhat-ky", Action.READ_AUDIT),
    Entry("library", f"{DESK}/thu-vien", Action.SEE_LIBRARY),
)
ACCOUNT = f"{DESK}/tai-khoan"
_TOLD_SECONDS = 120


class DeskPages:
    """Templates of `templates/desk`. Made once by `create_app`."""

    def __init__(
        self, environment: Environment, assets: Assets, seal: Seal, cookies: Cookies, now: Callable[[], datetime]
    ) -> None:
        messages = Messages.load_desk()
        self.edition = Edition("vi", "", messages, Formats("vi"))
        self.seal, self.cookies = seal, cookies
        self._environment, self._assets, self._now = environment, assets, now

    def page(self, request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
        """A whole page; templates know `member`, `may`, `csrf`, `t`, `f`, `number`, `topic`, `now`, `here`."""
        told = self._take_told(request)
        body = self.fragment(request, template, told=told, status=status, **values)
        response = Response(body, status, {"Cache-Control": "no-store"}, media_type="text/html")
        if self.cookies.read(request, self.cookies.told):
            self.cookies.take(response, self.cookies.told)
        return response

    def fragment(self, request: Request, template: str, *, told: Told | None = None, **values: Any) -> bytes:
        """A piece of a page, out of the same template and with the same names."""
        member: Member | None = getattr(request.state, "member", None)
        known: dict[str, Any] = {
            "member": member,
            "may": member.may if member else lambda _action: False,
            "csrf": member.csrf if member else getattr(request.state, "guest_csrf", ""),
            "told": told,
            "menu": menu_of(member),
            "edition": self.edition,
            "t": self.edition.messages.text,
            "f": self.edition.formats,
            "number": self.edition.messages.number,
            "topic": self.edition.topic,
            "now": self._now(),
            "path": request.url.path,
            "here": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
            "script": self._script,
            "desk_stylesheet": self._assets.sheets["desk"].path,
            "audit_word": lambda action: self._word("desk.audit.actions", action),
            "audit_object": lambda kind: self._word("desk.audit.objects", kind),
            "audit_detail": lambda name: self._word("desk.audit.details", name),
            "audit_value": _shown_value,
        }
        name = template if "/" in template else f"desk/{template}"  # the analysts' face has a folder of its own
        return self._environment.get_template(name).render(known | values).encode()

    def redirect(self, request: Request, path: str, told: Told | None = None) -> Response:
        """303 after a form was taken; what is told shows on the next page."""
        response = RedirectResponse(path, 303, {"Cache-Control": "no-store"})
        if told is not None and (text := packed(told, self.seal, _bound_to(request))):
            self.cookies.give(response, self.cookies.told, text, max_age=_TOLD_SECONDS)
        return response

    def reason(self, error: DiembaoError) -> str:
        """Why something was refused, in words; times as people write them."""
        if not isinstance(error, Refused):
            return self.edition.messages.text("desk.frame.stale_form")
        shown = {
            name: self.edition.formats.short(value) if isinstance(value, datetime) else value
            for name, value in error.values.items()
        }
        return self.edition.messages.text(f"desk.refused.{error.key}", **shown)

    def _take_told(self, request: Request) -> Told | None:
        text = self.cookies.read(request, self.cookies.told)
        return unpacked(text, self.seal, _bound_to(request)) if text else None

    def _word(self, group: str, name: str) -> str:
        """The word for a name; the name itself where there is none yet."""
        key = f"{group}.{name}"
        return self.edition.messages.text(key) if key in self.edition.messages else name

    def _script(self, name: str) -> str:
        return self._assets.scripts[f"{self._assets.script_folders['desk']}/{name}"].path


def menu_of(member: Member | None) -> list[Entry]:
    return [entry for entry in NAVIGATION if member is not None and member.may(entry.action)]


def home_of(member: Member) -> str:
    """Where somebody comes to who has just signed in."""
    entries = menu_of(member)
    return entries[0].path if entries else ACCOUNT


def is_fetch(request: Request) -> bool:
    """Whether one of our scripts asks, which wants a fragment or JSON instead of a redirect."""
    return request.headers.get("x-requested-with") == "fetch"


def safe_next(path: str, otherwise: str) -> str:
    """Where to go after signing in: a path below the faces that ask for it, never another host.

    Browsers read a backslash as a slash and drop tabs and line ends, so an address with any of these is none.
    """
    parts = urlsplit(path) if path.isprintable() and "\\" not in path else None
    if parts is None or parts.scheme or parts.netloc or path.startswith("//"):
        return otherwise
    return path if is_signed_in_face(parts.path) else otherwise


def _shown_value(value: Any) -> str:
    """A detail of the audit log on one line."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _bound_to(request: Request) -> str:
    member: Member | None = getattr(request.state, "member", None)
    return member.session_digest if member else ""
