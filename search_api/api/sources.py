"""`/sources`: the newspapers we read, and whether they are heard."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Depends

from diembao.store import pulse, sources
from diembao.store.models import FeedRow, SourceRow
from diembao.store.pulse import Pulse
from search_api.api.articles import PROBLEMS
from search_api.api.route import ApiRoute
from search_api.api.schemas import PulseOut, SourceOut, SourcesOut
from search_api.api.serialising import local
from search_api.site import CurrentSite
from search_api.viewer import current_viewer

router = APIRouter(
    prefix="/api/v1/sources",
    tags=["sources"],
    responses=PROBLEMS,
    route_class=ApiRoute,
    # They answer everybody alike, but a key that is shown is paid with, and one that is none is refused.
    dependencies=[Depends(current_viewer)],
)

# A feed fails now and then; three times in a row is a fault worth showing (docs/operate.md).
_FAILING = 3


@router.get("")
def list_sources(site: CurrentSite) -> SourcesOut:
    """Every source with its pulse: when it was last read well, when it last had something new."""
    with site.resources.store.read() as session:
        counts = site.outlets.of(session, site.visible_until())
        feeds = sources.feeds_of(session)
        rows = sources.all_sources(session)
        taken = pulse.pulses(session)
    items = [_source(row, counts.get(row.name, 0), feeds.get(row.name, []), taken.get(row.name)) for row in rows]
    return SourcesOut(items=items)


def _source(row: SourceRow, articles: int, feeds: Sequence[FeedRow], taken: Pulse | None) -> SourceOut:
    heard = taken if row.active else None
    return SourceOut(
        name=row.name,
        title=row.title,
        outlet_type=row.outlet_type,
        scope=row.scope,
        domains=list(row.definition.get("domains") or []),
        articles=articles,
        pulse=PulseOut(
            status=heard.state if heard else _status(row, feeds),
            reason=heard.reason.get("vi", "") if heard else "",
            since=local(heard.since) if heard else None,
            today=heard.figures.get("today") if heard else None,
            usual=heard.figures.get("usual") if heard else None,
            last_ok_at=local(max((feed.last_ok_at for feed in feeds if feed.last_ok_at), default=None)),
            last_new_at=local(max((feed.last_new_at for feed in feeds if feed.last_new_at), default=None)),
        ),
    )


def _status(row: SourceRow, feeds: Sequence[FeedRow]) -> str:
    """One feed that works is a source that is heard."""
    if not row.active:
        return "off"
    if any(feed.status in ("ok", "empty") or (feed.last_ok_at and feed.failures < _FAILING) for feed in feeds):
        return "ok"
    return "failing" if any(feed.failures for feed in feeds) else "new"
