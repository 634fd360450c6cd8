"""Published điểm báo: the list, a day's, the picture for links, and the way off a mailing list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from fastapi import APIRouter, HTTPException, Request, Response
from sqlalchemy.orm import Session

from diembao.newsroom.digests import lists, wording
from diembao.newsroom.digests.content import Content
from diembao.newsroom.digests.removals import kept_content
from diembao.newsroom.digests.sheet import Sheet, sheet_of
from diembao.store import digests
from diembao.store.models import DigestRow, RecipientRow
from search_api.section.daily import day_or_404
from search_api.section.delivery import deliver
from search_api.section.page_cache import Page
from search_api.site import CurrentEdition, CurrentSite, Site

router = APIRouter(include_in_schema=False)

PATH = "/diem-bao"
_LISTED = 60
_PICTURE_AGE = 86_400


@dataclass(frozen=True, slots=True)
class DigestLink:
    """A published digest as lists name it. name: as on the paper, in Vietnamese."""

    id: int
    day: date
    name: str
    extent: str
    published_at: datetime

    @property
    def path(self) -> str:
        return f"{PATH}/{self.day.isoformat()}#so-{self.id}"


@dataclass(frozen=True, slots=True)
class Shown:
    id: int
    content: Content
    sheet: Sheet


def links_of(session: Session, rows: Sequence[DigestRow]) -> list[DigestLink]:
    found = []
    for row in rows:
        content = kept_content(session, row)
        at = row.published_at or row.updated_at
        found.append(DigestLink(row.id, row.day, wording.full_title(content), wording.extent(content), at))
    return found


@router.get(PATH)
def digests_page(request: Request, site: CurrentSite, edition: CurrentEdition) -> Response:
    def build(session: Session) -> Page:
        rows = links_of(session, digests.published(session, limit=_LISTED))
        return Page(site.renderer.render("digests.html", edition, path=PATH, digests=rows))

    return deliver(request, site, build)


@router.get(f"{PATH}/{{day}}")
def digest_page(request: Request, site: CurrentSite, edition: CurrentEdition, day: str) -> Response:
    wanted = day_or_404(day)

    def build(session: Session) -> Page:
        rows = digests.published_on(session, wanted)
        if not rows:
            raise HTTPException(404)
        shown = [Shown(row.id, content, sheet_of(content)) for row in rows for content in [kept_content(session, row)]]
        path = f"{PATH}/{wanted.isoformat()}"
        picture = f"{path}/{rows[0].id}.png" if rows[0].picture else ""
        page = site.renderer.render(
            "digest.html", edition, path=path, current=PATH, day=wanted, digests=shown, words=wording, picture=picture
        )
        return Page(page)

    return deliver(request, site, build)


@router.get(f"{PATH}/{{day}}/{{number}}.png")
def digest_picture(request: Request, site: CurrentSite, day: str, number: int) -> Response:
    wanted = day_or_404(day)

    def build(session: Session) -> Page:
        for row in digests.published_on(session, wanted):
            if row.id == number and row.picture:
                return Page(row.picture, "image/png", max_age=_PICTURE_AGE)
        raise HTTPException(404)

    return deliver(request, site, build)


@router.get(f"{PATH}/thoi-nhan/{{token}}")
def leave_page(site: CurrentSite, edition: CurrentEdition, token: str) -> Response:
    """Asks first: programs that look into mail open every link in it."""
    with site.resources.store.read() as session:
        reader = lists.recipient_of_token(session, site.seal, token)
    return _leave(site, edition, token, reader)


@router.post(f"{PATH}/thoi-nhan/{{token}}")
def leave(site: CurrentSite, edition: CurrentEdition, token: str) -> Response:
    """The form of that page, and the one-click of mail programs (RFC 8058), which carries no cookie and needs none."""
    with site.resources.store.write() as session:
        reader = lists.recipient_of_token(session, site.seal, token)
        if reader is not None:
            lists.unsubscribe(session, reader, site.now())
    return _leave(site, edition, token, reader)


def _leave(site: Site, edition: CurrentEdition, token: str, reader: RecipientRow | None) -> Response:
    if reader is None:
        raise HTTPException(404)
    path = f"{PATH}/thoi-nhan/{token}"
    page = site.renderer.render(
        "leave.html", edition, path=path, current="", reader=reader, has_left=reader.state != "active"
    )
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response(page, headers=headers, media_type="text/html")
