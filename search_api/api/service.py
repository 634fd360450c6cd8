"""For operators and their tools: alive, ready, counts."""

from __future__ import annotations

import ipaddress

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from diembao.errors import DiembaoError
from search_api.problems import RETRY_AFTER
from search_api.site import CurrentSite, Site

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def healthz() -> JSONResponse:
    """The process answers; nothing else is asked, so that a slow database does not get it killed."""
    return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


@router.get("/readyz")
def readyz(site: CurrentSite) -> JSONResponse:
    """Store and index answer, and the schema is this program's."""
    parts = {"store": _answers(site, "store"), "index": _answers(site, "index")}
    ready = all(parts.values())
    shown = {name: "ok" if works else "unavailable" for name, works in parts.items()}
    headers = {"Cache-Control": "no-store", **({} if ready else {"Retry-After": RETRY_AFTER})}
    return JSONResponse({"status": "ok" if ready else "unavailable", **shown}, 200 if ready else 503, headers)


def _answers(site: Site, part: str) -> bool:
    try:
        if part == "store":
            site.resources.store.ready()
        else:
            site.resources.index.status()
    except DiembaoError:
        return False
    return True


@router.get("/metrics")
def metrics(request: Request, site: CurrentSite) -> Response:
    """Prometheus text; only for the machine itself and private networks, because it tells how busy the desk is."""
    if not _is_near(request):
        raise HTTPException(404)
    return Response(site.metrics.text(), media_type="text/plain; version=0.0.4", headers={"Cache-Control": "no-store"})


def _is_near(request: Request) -> bool:
    try:
        address = ipaddress.ip_address(request.client.host) if request.client else None
    except ValueError:
        return False
    return address is not None and (address.is_loopback or address.is_private)
