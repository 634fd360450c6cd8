"""What every handler of a web process works with, made once by `create_app` and kept on `app.state`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Depends, Request

from diembao.newsroom.analysis.chart_press import ChartPress
from diembao.newsroom.passwords import Passwords
from diembao.newsroom.seal import Seal
from diembao.settings import Settings
from search_api.desk.pages import DeskPages
from search_api.desk.provider import Provider
from search_api.editions import Edition, Editions
from search_api.limits import RateLimiter
from search_api.metrics import Metrics
from search_api.outlet_counts import OutletCounts
from search_api.places import Units
from search_api.rendering import Renderer
from search_api.resources import Resources
from search_api.section.page_cache import PageCache
from search_api.views import visible_until


@dataclass(frozen=True, slots=True)
class Site:
    settings: Settings
    resources: Resources
    editions: Editions
    units: Units
    renderer: Renderer
    pages: PageCache
    metrics: Metrics
    now: Callable[[], datetime]
    desk: DeskPages
    passwords: Passwords
    seal: Seal
    charts: ChartPress
    address_limits: RateLimiter
    sign_on: Provider
    turns: CapacityLimiter
    outlets: OutletCounts

    @property
    def public_url(self) -> str:
        """Address of the section as readers see it, without a slash at the end."""
        return self.settings.public_url.rstrip("/")

    def visible_until(self) -> datetime:
        return visible_until(self.settings, self.now())


async def _site(request: Request) -> Site:
    return _site_of(request)


async def _edition(request: Request) -> Edition:
    return _site_of(request).editions.of_path(request.url.path)


def _site_of(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


# Coroutines, though they wait for nothing: FastAPI would send plain functions through a thread, with every request.
CurrentSite = Annotated[Site, Depends(_site)]
CurrentEdition = Annotated[Edition, Depends(_edition)]
