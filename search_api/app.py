"""The web application: the public section, its feeds, the JSON routes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response

from diembao import __version__
from diembao.errors import BadQuery
from diembao.index.protocol import SearchIndex
from diembao.newsroom.analysis.chart_press import ChartPress
from diembao.newsroom.passwords import Passwords
from diembao.newsroom.seal import Seal
from diembao.settings import Settings
from diembao.store.database import Store
from search_api.analysis import alerting, briefing, comparing, exporting, feeding, finding, matters, saving, trends
from search_api.api import articles, description, open_data, pushing, service, sources, stats, stories
from search_api.api import exporting as bulk
from search_api.assets import Assets
from search_api.cross_origin import CrossOriginMiddleware
from search_api.desk import (
    account,
    acts,
    adding,
    api_keys,
    audit_log,
    digests,
    judging,
    library,
    mailing_lists,
    near_misses,
    people,
    queue,
    sign_in,
    sign_on,
    source_board,
    takedown_log,
    views,
)
from search_api.desk.cookies import Cookies
from search_api.desk.pages import DeskPages
from search_api.desk.provider import Provider
from search_api.editions import Editions
from search_api.frame import BodyLimitMiddleware, FrameMiddleware
from search_api.limits import RateLimiter, RateLimitMiddleware
from search_api.metrics import Metrics
from search_api.moments import utc_now
from search_api.outlet_counts import OutletCounts
from search_api.places import Units
from search_api.problems import HANDLED, BadParameter, ErrorPages, TooMany
from search_api.rendering import Renderer
from search_api.resources import Resources
from search_api.section import daily, feeds, lists, plain, search, story
from search_api.section import digests as digest_pages
from search_api.section import open_data as open_data_page
from search_api.section.page_cache import PageCache
from search_api.site import Site
from search_api.turns import new_turns

DESK_ROOMS = (
    sign_in,
    sign_on,
    queue,
    judging,
    near_misses,
    adding,
    takedown_log,
    acts,
    views,
    account,
    people,
    api_keys,
    audit_log,
    source_board,
    library,
    digests,
    mailing_lists,
)
ANALYSIS_ROOMS = (trends, comparing, finding, exporting, saving, feeding, alerting, briefing, matters)
_DESCRIPTION = (
    "Press items about Thái Nguyên province. Anonymous callers see what is published: title, outlet, time, own "
    "summary and link; never the stance of an article, never its text. Errors are RFC 9457 problem+json."
)
_SMALLEST_COMPRESSED = 1000
_COMPRESSION = 5  # two thirds of the time of level 9 for two per cent more bytes


def create_app(
    settings: Settings,
    store: Store | None = None,
    index: SearchIndex | None = None,
    *,
    now: Callable[[], datetime] = utc_now,
    limiter: RateLimiter | None = None,
    charts: ChartPress | None = None,
) -> FastAPI:
    """The application. Store and index are opened with the first request that needs them, unless handed in."""
    resources = Resources(settings, store, index)
    editions, assets = Editions.load(), Assets.load()
    renderer = Renderer(settings, editions, assets)
    metrics = Metrics(resources, now)
    resources.watch(metrics.question)
    seal = Seal(settings.signing_key)
    desk = DeskPages(renderer.environment, assets, seal, Cookies.of(settings), now)
    errors = ErrorPages(editions, renderer, desk)
    limits = RateLimiter() if limiter is None else limiter
    press = ChartPress() if charts is None else charts

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        resources.close()
        press.close()

    app = FastAPI(
        title="Điểm Báo Thái Nguyên",
        version=__version__,
        description=_DESCRIPTION,
        openapi_url=None,  # its own route completes what FastAPI knows
        docs_url=None,  # they load their scripts from another host
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,  # what client generators name their functions by
        redirect_slashes=False,  # it would build an address out of the Host header
        lifespan=lifespan,
        servers=[{"url": settings.public_url.rstrip("/")}],
    )
    app.state.site = Site(
        settings,
        resources,
        editions,
        Units(),
        renderer,
        PageCache(),
        metrics,
        now,
        desk,
        Passwords(),
        seal,
        press,
        limits,
        Provider(settings),
        new_turns(),
        OutletCounts(),
    )
    app.state.assets = assets
    _add_routes(app)
    _add_error_handlers(app, errors)
    _add_middleware(app, settings, errors, metrics, limits)
    return app


def _add_routes(app: FastAPI) -> None:
    for router in (
        pushing.router,
        bulk.router,  # before the articles: "export" is no number
        articles.router,
        stories.router,
        stats.router,
        sources.router,
        open_data.router,
        description.router,
        service.router,
        plain.root_router,
    ):
        app.include_router(router)
    for prefix in ("", "/en"):
        for pages in (daily, digest_pages, story, lists, search, feeds, open_data_page, plain):
            app.include_router(pages.router, prefix=prefix)
    for room in (*DESK_ROOMS, *ANALYSIS_ROOMS):
        app.include_router(room.router)


def _add_error_handlers(app: FastAPI, errors: ErrorPages) -> None:
    # Handlers run in the event loop: they render a page and touch neither store nor index.
    app.add_exception_handler(HTTPException, _asynchronous(errors.of_http))
    app.add_exception_handler(RequestValidationError, _asynchronous(errors.of_validation))
    app.add_exception_handler(BadParameter, _asynchronous(errors.of_parameter))
    app.add_exception_handler(TooMany, _asynchronous(errors.of_too_many))
    app.add_exception_handler(BadQuery, _asynchronous(errors.of_query))
    for kind in HANDLED:
        app.add_exception_handler(kind, _asynchronous(errors.of_ours))


def _asynchronous(handle: Callable[[Request, Any], Response]) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handler(request: Request, error: Exception) -> Response:
        return handle(request, error)

    return handler


def _add_middleware(
    app: FastAPI, settings: Settings, errors: ErrorPages, metrics: Metrics, limiter: RateLimiter
) -> None:
    """The last one added is the outermost."""
    app.add_middleware(BodyLimitMiddleware)
    app.add_middleware(RateLimitMiddleware, limiter=limiter, errors=errors)
    if settings.api_origins:
        app.add_middleware(CrossOriginMiddleware, origins=settings.api_origins)
    app.add_middleware(GZipMiddleware, minimum_size=_SMALLEST_COMPRESSED, compresslevel=_COMPRESSION)
    address = urlsplit(settings.public_url)
    if settings.production and address.hostname:
        # No address is ever built out of the Host header; this only keeps foreign names from being answered.
        app.add_middleware(
            TrustedHostMiddleware, allowed_hosts=[address.hostname, "localhost", "127.0.0.1"], www_redirect=False
        )
    app.add_middleware(FrameMiddleware, errors=errors, metrics=metrics, https=address.scheme == "https")
