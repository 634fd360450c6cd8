"""Running the web process."""

from __future__ import annotations

import gc
import socket
import sys
import threading
from contextlib import suppress

import uvicorn

from diembao.errors import DiembaoError, WrongUse
from diembao.index.protocol import FacetRequest, Query, SearchIndex
from diembao.newsroom.analysis.chart_press import ChartPress
from diembao.newsroom.analysis.drawing import DrawingApart
from diembao.settings import Settings
from search_api.analysis.asked import FIELDS
from search_api.app import create_app

# Long enough for the slowest page; a connection that still waits then is cut.
_SHUTDOWN_SECONDS = 10
_KEEP_ALIVE_SECONDS = 20
# Beyond this uvicorn answers 503 at once, instead of letting everybody wait.
_MOST_CONNECTIONS = 2000
# A page makes some tens of thousands of objects that go with it; nearly all without the collector.
_NEW_OBJECTS = 20_000
_NOT_STARTED = 3  # exit code
_REQUIRED = ("owner_address", "owner_email", "owner_phone", "owner_responsible", "owner_licence")


def serve(settings: Settings, host: str, port: int, *, shared: bool = False) -> None:
    """Serve until SIGINT or SIGTERM; requests under way are answered first.

    shared: other processes listen on the same port, and each gets a part of the connections.

    Raises:
        WrongUse: settings that production insists on are missing.
    """
    if settings.production:
        _insist(settings)
    app = create_app(settings, charts=ChartPress(DrawingApart()))
    spare_the_collector()
    threading.Thread(target=_warm_up, args=(app.state.site.resources.index,), name="warming", daemon=True).start()
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=list(settings.trusted_proxies),
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            limit_concurrency=_MOST_CONNECTIONS,
        )
    )
    server.run([_shared_socket(host, port)] if shared else None)
    if not server.started:
        sys.exit(_NOT_STARTED)


def _warm_up(index: SearchIndex) -> None:
    """Ask once what reads most of the index, so that not the first analyst waits for it, and the embedded
    engine begins to tally what they count. An engine that is away is no
    reason not to serve."""
    with suppress(DiembaoError):
        facets = tuple(FacetRequest(field) for field in FIELDS.values())
        index.search(Query(size=0, count_stories=True, facets=facets))


def _shared_socket(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.bind((host, port))
    return listening


def spare_the_collector() -> None:
    """Let the garbage collector look seldom, and only at what came after the start.

    A full round over everything a web process has loaded takes 100 to 150 ms, during which nobody is answered; with
    the interpreter's own thresholds one request in fifty meets it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, 10, 200)


def _insist(settings: Settings) -> None:
    missing = [f"DIEMBAO_{name.upper()}" for name in _REQUIRED if not getattr(settings, name).strip()]
    if missing:
        raise WrongUse(f"production needs the owner's line complete: {', '.join(missing)}")
    if not settings.public_url.startswith("https://"):
        raise WrongUse("production needs DIEMBAO_PUBLIC_URL to begin with https://")
