"""The page that says what the open data are, how they are counted, and under which licence they may be used."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from diembao.index.protocol import Period
from search_api.editions import Edition
from search_api.open_data import FORMS, Table, extent
from search_api.section.delivery import deliver
from search_api.section.page_cache import Page
from search_api.site import CurrentEdition, CurrentSite, Site

router = APIRouter(include_in_schema=False)

PATH = "/du-lieu-mo"
_FILES = "/api/v1/open-data"
_MAX_AGE = 3600
_TYPES = {"csv": "text/csv", "json": "application/json"}


@router.get(PATH)
def open_data_page(request: Request, site: CurrentSite, edition: CurrentEdition) -> Response:
    def build(_session: Session) -> Page:
        covered = extent(site.resources.index)
        page = site.renderer.render(
            "open_data.html",
            edition,
            path=PATH,
            tables=[(table.value, form.columns) for table, form in FORMS.items()],
            files=_FILES,
            covered=covered,
            licence=site.settings.open_data_licence,
            licence_url=site.settings.open_data_licence_url,
            structured=_structured(site, edition, covered),
        )
        return Page(page, max_age=_MAX_AGE)

    return deliver(request, site, build)


def _structured(site: Site, edition: Edition, covered: Period | None) -> dict[str, Any]:
    """The tables as a schema.org Dataset, by which search engines for data find them."""
    text = edition.messages.text
    owner = {"@type": "GovernmentOrganization", "name": site.renderer.owner.name}
    known: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": f"{text('open_data.title')} – {text('site.name')}",
        "description": text("open_data.lead"),
        "url": site.public_url + edition.path(PATH),
        "identifier": site.public_url + PATH,
        "inLanguage": edition.language,
        "license": site.settings.open_data_licence_url,
        "isAccessibleForFree": True,
        "creator": owner,
        "publisher": owner,
        "spatialCoverage": {"@type": "Place", "name": "Thái Nguyên, Việt Nam"},
        "variableMeasured": ["stories", "articles"],
        "distribution": [_download(site, edition, table, suffix) for table in Table for suffix in _TYPES],
    }
    if covered:
        known["temporalCoverage"] = f"{covered.first.isoformat()}/{covered.last.isoformat()}"
    return known


def _download(site: Site, edition: Edition, table: Table, suffix: str) -> dict[str, str]:
    return {
        "@type": "DataDownload",
        "name": edition.messages.text(f"open_data.{table.value}"),
        "encodingFormat": _TYPES[suffix],
        "contentUrl": f"{site.public_url}{_FILES}/{table.value}.{suffix}",
    }
