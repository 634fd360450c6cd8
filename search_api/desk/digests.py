"""Điểm báo at the desk: the list, the builder with its live page, approval, sending, files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, cast

from fastapi import APIRouter, Form, HTTPException, Path, Query, Request, Response
from markupsafe import Markup
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from diembao.errors import Refused
from diembao.newsroom.digests import approving, editing, lists, wording
from diembao.newsroom.digests.building import Order, build
from diembao.newsroom.digests.composing import content_of
from diembao.newsroom.digests.content import Content, Kind
from diembao.newsroom.digests.content import Form as Layout
from diembao.newsroom.digests.formats import FORMATS
from diembao.newsroom.digests.formats.html import render
from diembao.newsroom.permissions import Action
from diembao.store import digests, mailing
from diembao.store.models import DigestItemRow, DigestRow, StoryRow
from search_api.desk.member import Member
from search_api.desk.pages import is_fetch
from search_api.desk.session import needs
from search_api.desk.told import Told
from search_api.faces import DESK
from search_api.moments import day_of, parse_day
from search_api.site import CurrentSite, Site

router = APIRouter(include_in_schema=False)

DIGESTS = f"{DESK}/diem-bao"
_PAGE = 30
Number = Annotated[int, Path(ge=1, lt=2**63)]
Reader = Annotated[Member, needs(Action.READ_DESK)]
Given = Annotated[str, Form(max_length=40)]


@dataclass(frozen=True, slots=True)
class Line:
    """An item as the builder lists it. shown: it stands in the page as it is today."""

    row: DigestItemRow
    story: StoryRow | None
    headline: str
    shown: bool


@dataclass(frozen=True, slots=True)
class Group:
    key: str
    title: str
    lines: tuple[Line, ...]


@router.get(DIGESTS)
def digests_page(
    request: Request, site: CurrentSite, _member: Reader, page: Annotated[int, Query(ge=1, le=10_000)] = 1
) -> Response:
    return _list(request, site, page)


@router.post(DIGESTS)
def make_digest(
    request: Request,
    site: CurrentSite,
    member: Annotated[Member, needs(Action.BUILD_DIGEST)],
    kind: Given = "daily",
    audience: Given = "internal",
    form: Given = "text",
    sections: Given = "topic",
    day: Given = "",
    only_new: Given = "",
    never_told: Given = "",
) -> Response:
    now = site.now()
    try:
        wanted = parse_day(day) if day else day_of(now)
    except ValueError:
        wanted = day_of(now)
    if kind not in wording.KINDS or audience not in ("internal", "public") or form not in ("text", "table"):
        raise HTTPException(400)
    order = Order(
        kind=cast(Kind, kind),
        day=wanted,
        audience="public" if audience == "public" else "internal",
        form=cast(Layout, form),
        sections="free" if sections == "free" else "topic",
        only_new=bool(only_new),
        never_told=bool(never_told),
    )
    with site.resources.store.write() as session:
        row = build(session, order, topics_of(site), member.actor, now)
        count = len(digests.items(session, row.id))
    return site.desk.redirect(request, f"{DIGESTS}/{row.id}", Told("desk.digests.made", {"count": count}))


@router.get(f"{DIGESTS}/{{number}}")
def builder_page(request: Request, site: CurrentSite, _member: Reader, number: Number) -> Response:
    return _builder(request, site, number)


@router.get(f"{DIGESTS}/{{number}}/tai/{{format_name}}")
def download(site: CurrentSite, _member: Reader, number: Number, format_name: str) -> Response:
    if format_name not in FORMATS:
        raise HTTPException(404)
    with site.resources.store.read() as session:
        content = content_of(session, _row(session, number), site.settings, site.now())
    chosen = FORMATS[format_name]
    name = f"{wording.file_stem(content)}.{chosen.SUFFIX}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(chosen.export(content), media_type=chosen.MEDIA_TYPE, headers=headers)


@router.post(f"{DIGESTS}/{{number}}/{{act}}")
async def change(
    request: Request, site: CurrentSite, member: Annotated[Member, needs(Action.BUILD_DIGEST)], number: Number, act: str
) -> Response:
    """One change of a draft, or one step on its way; the form names the revision it was made on."""
    form = await request.form()
    if act not in ACTS:
        raise HTTPException(404)
    return await run_in_threadpool(_changed, request, site, member, number, act, form)


def _changed(request: Request, site: Site, member: Member, number: int, act: str, form: FormData) -> Response:
    try:
        with site.resources.store.write() as session:
            told = ACTS[act](Doing(session, site, member, number, form, site.now()))
    except Refused as error:
        told = Told(f"desk.refused.{error.key}", error.values, "fault")
    if is_fetch(request):
        return _builder(request, site, number, told)
    if act == "huy" and told.kind == "done":
        return site.desk.redirect(request, DIGESTS, told)
    anchor = f"#tin-{form['item']}" if isinstance(form.get("item"), str) and told.kind == "done" else ""
    return site.desk.redirect(request, f"{DIGESTS}/{number}{anchor}", told)


@dataclass(frozen=True, slots=True)
class Doing:
    """One request to change a digest, inside its transaction."""

    session: Session
    site: Site
    member: Member
    digest_id: int
    form: FormData
    now: datetime

    def text(self, name: str) -> str:
        value = self.form.get(name, "")
        return value if isinstance(value, str) else ""

    def whole(self, name: str) -> int:
        """A number of the form; 0, which nothing has, when it is none."""
        value = self.text(name)
        return int(value) if value.isascii() and value.isdigit() and len(value) < 16 else 0

    @property
    def revision(self) -> int:
        return self.whole("revision")

    def draft(self) -> editing.Draft:
        return editing.opened(self.session, self.digest_id, self.revision, self.member.actor, self.now)


def _describe(doing: Doing) -> Told:
    changes: dict[str, str | bool] = {name: doing.text(name) for name in ("subject", "intro", "closing", "form")}
    editing.describe(doing.draft(), changes | {"hide_empty": bool(doing.text("hide_empty"))})
    return Told("desk.digests.done.describe")


def _add(doing: Doing) -> Told:
    editing.add(doing.draft(), doing.whole("story"), topics_of(doing.site))
    return Told("desk.digests.done.add")


def _remove(doing: Doing) -> Told:
    editing.remove(doing.draft(), doing.whole("item"))
    return Told("desk.digests.done.remove")


def _rewrite(doing: Doing) -> Told:
    editing.rewrite(doing.draft(), doing.whole("item"), doing.text("headline"), doing.text("summary"))
    return Told("desk.digests.done.rewrite")


def _step(doing: Doing) -> Told:
    editing.step(doing.draft(), doing.whole("item"), -1 if doing.text("by") == "up" else 1)
    return Told("desk.digests.done.step")


def _move(doing: Doing) -> Told:
    editing.move_to(doing.draft(), doing.whole("item"), doing.text("section"))
    return Told("desk.digests.done.move")


def _arrange(doing: Doing) -> Told:
    """`order`: `key:1,2;key:3`, as the script writes it after dragging."""
    order = []
    for part in doing.text("order").split(";"):
        key, _, numbers = part.partition(":")
        order.append((key, [int(word) for word in numbers.split(",") if word.isascii() and word.isdigit()]))
    editing.arrange(doing.draft(), order)
    return Told("desk.digests.done.arrange")


def _section(doing: Doing) -> Told:
    draft, key = doing.draft(), doing.text("section")
    if not key:
        editing.add_section(draft, doing.text("title"))
    elif doing.text("drop"):
        editing.remove_section(draft, key)
    else:
        editing.name_section(draft, key, doing.text("title"))
    return Told("desk.digests.done.section")


def _submit(doing: Doing) -> Told:
    approving.submit(doing.session, doing.digest_id, doing.revision, doing.member.actor, doing.now)
    return Told("desk.digests.done.submit")


def _send_back(doing: Doing) -> Told:
    note = doing.text("note")
    approving.send_back(doing.session, doing.digest_id, doing.revision, note, doing.member.actor, doing.now)
    return Told("desk.digests.done.send_back")


def _approve(doing: Doing) -> Told:
    actor, settings = doing.member.actor, doing.site.settings
    approving.approve(doing.session, doing.digest_id, doing.revision, actor, settings, doing.now)
    return Told("desk.digests.done.approve")


def _publish(doing: Doing) -> Told:
    approving.publish(doing.session, doing.digest_id, doing.revision, doing.member.actor, doing.now)
    return Told("desk.digests.done.publish")


def _discard(doing: Doing) -> Told:
    approving.discard(doing.session, doing.digest_id, doing.revision, doing.member.actor, doing.now)
    return Told("desk.digests.done.discard")


def _send(doing: Doing) -> Told:
    """The mails are only queued here; the worker sends them."""
    chosen = [int(word) for word in doing.form.getlist("list") if isinstance(word, str) and word.isdigit()]
    actor = doing.member.actor
    count = lists.queue(doing.session, doing.digest_id, doing.revision, chosen, actor, doing.now)
    return Told("desk.digests.done.send", {"count": count})


def _decide(doing: Doing) -> Told:
    again = doing.text("again") == "yes"
    lists.decide(doing.session, doing.whole("delivery"), send_again=again, actor=doing.member.actor, now=doing.now)
    return Told("desk.digests.done.decide")


ACTS: Mapping[str, Callable[[Doing], Told]] = {
    "mo-ta": _describe,
    "them": _add,
    "bo": _remove,
    "sua": _rewrite,
    "doi-cho": _step,
    "chuyen": _move,
    "xep": _arrange,
    "muc": _section,
    "trinh": _submit,
    "tra-ve": _send_back,
    "duyet": _approve,
    "dang": _publish,
    "huy": _discard,
    "gui": _send,
    "thu": _decide,
}


def topics_of(site: Site) -> dict[str, str]:
    """Titles of the topics by slug, in the order of the taxonomy."""
    return {slug: site.editions.vietnamese.topic(slug) for slug in site.editions.topics}


def _row(session: Session, number: int) -> DigestRow:
    row = digests.get(session, number)
    if row is None:
        raise HTTPException(404)
    return row


def _list(request: Request, site: Site, page: int) -> Response:
    with site.resources.store.read() as session:
        rows = digests.listed(session, limit=_PAGE, offset=(page - 1) * _PAGE)
        pages = max(1, -(-digests.count(session) // _PAGE))
        counted = digests.item_counts(session, [row.id for row in rows])
        mails = mailing.counts(session, [row.id for row in rows])
    return site.desk.page(
        request,
        "digests.html",
        rows=rows,
        counted=counted,
        mails=mails,
        page=page,
        pages=pages,
        today=day_of(site.now()),
        kinds=list(wording.KINDS),
    )


def _builder(request: Request, site: Site, number: int, told: Told | None = None) -> Response:
    """The whole page, or its changing part where a script asks."""
    with site.resources.store.read() as session:
        row = _row(session, number)
        content = content_of(session, row, site.settings, site.now())
        values: dict[str, Any] = {
            "row": row,
            "groups": _groups(session, row, content),
            "sheet": Markup(render("sheet.html.j2", content, level=2)),  # noqa: S704 - escaped where it was made
            "lists": [one for one in mailing.lists(session) if row.audience == "public" or one.audience == "internal"],
            "recipients": mailing.recipient_counts(session),
            "deliveries": mailing.deliveries(session, number),
            "formats": list(FORMATS),
        }
    if is_fetch(request):
        body = site.desk.fragment(request, "digest_body.html", told=told, **values)
        return Response(body, media_type="text/html")
    return site.desk.page(request, "digest.html", **values)


def _groups(session: Session, row: DigestRow, content: Content) -> list[Group]:
    items = digests.items(session, row.id)
    stories = digests.standing(session, [item.story_id for item in items])
    shown = {item.story_id: item.headline for item in content.items if not item.gone}
    lines = []
    for item in items:
        story = stories.get(item.story_id)
        number = story.id if story is not None else item.story_id
        headline = item.headline or shown.get(number, "") or (story.headline if story is not None else "")
        lines.append(Line(item, story, headline or f"#{number}", number in shown))
    return [
        Group(part["key"], part["title"], tuple(line for line in lines if line.row.section == part["key"]))
        for part in row.sections
    ]
