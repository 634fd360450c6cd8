"""Pages without a list of their own: about, the embed block, sitemap, robots, style sheets."""

from __future__ import annotations

from xml.sax.saxutils import escape

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from diembao.store import digests, public
from search_api.frame import CONTENT_SECURITY_POLICY
from search_api.moments import iso_local
from search_api.places import slug_of
from search_api.section.delivery import deliver
from search_api.section.feeds import find_stories, read_selection
from search_api.section.page_cache import Page
from search_api.site import CurrentEdition, CurrentSite, Site

router = APIRouter(include_in_schema=False)
# Addresses that exist once, not once an edition.
root_router = APIRouter(include_in_schema=False)

_SITEMAP_STORIES = 40_000  # a sitemap holds 50,000 addresses
_SITEMAP_DIGESTS = 2_000
_SITEMAP_AGE = 3600
_EMBED_STORIES = 5
_MOST_EMBED_STORIES = 20
_FOREVER = "public, max-age=31536000, immutable"


@router.get("/gioi-thieu")
def about_page(request: Request, site: CurrentSite, edition: CurrentEdition) -> Response:
    delay = site.settings.publish_delay_minutes
    minutes = int(delay) if delay == int(delay) else delay

    def build(_session: Session) -> Page:
        return Page(site.renderer.render("about.html", edition, path="/gioi-thieu", minutes=minutes))

    return deliver(request, site, build)


@router.get("/nhung")
def embed_block(request: Request, site: CurrentSite, edition: CurrentEdition) -> Response:
    """A list to stand in a frame on the pages of `DIEMBAO_EMBED_ORIGINS`; `so` stories, filters as in the feeds."""
    wanted = request.query_params.get("so", "")
    size = min(int(wanted), _MOST_EMBED_STORIES) if wanted.isascii() and wanted.isdigit() and len(wanted) < 4 else 0

    def build(session: Session) -> Page:
        stories = find_stories(session, site, read_selection(request), size or _EMBED_STORIES)
        page = site.renderer.render("embed.html", edition, path="/nhung", stories=stories)
        return Page(page, headers=_embed_headers(site), max_age=300)

    return deliver(request, site, build)


def _embed_headers(site: Site) -> tuple[tuple[str, str], ...]:
    ancestors = " ".join(["'self'", *site.settings.embed_origins])
    policy = CONTENT_SECURITY_POLICY.replace("frame-ancestors 'none'", f"frame-ancestors {ancestors}")
    # The older header cannot name several sites; browsers that know frame-ancestors ignore it.
    return (("Content-Security-Policy", policy), ("X-Frame-Options", "SAMEORIGIN"))


@root_router.get("/en")
def english_front() -> Response:
    return RedirectResponse("/en/", 301)


@root_router.get("/sitemap.xml")
def sitemap(request: Request, site: CurrentSite) -> Response:
    def build(session: Session) -> Page:
        fixed = ["/", "/chu-de", "/dia-ban", "/bao", "/luu-tru", "/diem-bao", "/gioi-thieu", "/du-lieu-mo"]
        fixed += [f"/chu-de/{slug}" for slug in site.editions.topics]
        fixed += [unit.path for unit in site.units.by_code.values()]
        fixed += [f"/diem-bao/{row.day.isoformat()}" for row in digests.published(session, limit=_SITEMAP_DIGESTS)]
        lines = [f"<url><loc>{escape(site.public_url + path)}</loc></url>" for path in dict.fromkeys(fixed)]
        for story in public.addresses(session, site.visible_until(), _SITEMAP_STORIES):
            address = escape(f"{site.public_url}/tin/{story.id}-{slug_of(story.title)}")
            lines.append(f"<url><loc>{address}</loc><lastmod>{iso_local(story.updated_at)}</lastmod></url>")
        head = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        return Page((head + "\n".join(lines) + "\n</urlset>\n").encode(), "application/xml", max_age=_SITEMAP_AGE)

    return deliver(request, site, build)


@root_router.get("/robots.txt")
def robots(site: CurrentSite) -> Response:
    # Results of searches are endless; what they find is in the sitemap.
    lines = ["User-agent: *", "Disallow: /tim-kiem", "Disallow: /en/tim-kiem", "Disallow: /api/", "Disallow: /nhung"]
    lines.append("Allow: /api/v1/open-data/")
    text = "\n".join([*lines, "", f"Sitemap: {site.public_url}/sitemap.xml", ""])
    return Response(text, media_type="text/plain", headers={"Cache-Control": "public, max-age=3600"})


@root_router.get("/favicon.ico")
def old_icon_address(request: Request) -> Response:
    return RedirectResponse(request.app.state.assets.icon.path, 301)


@root_router.get("/static/{name}")
@root_router.get("/static/{folder}/{name}")
def static_file(request: Request, name: str, folder: str = "") -> Response:
    asset = request.app.state.assets.by_name.get(f"{folder}/{name}" if folder else name)
    if asset is None:
        raise HTTPException(404)
    return Response(asset.body, media_type=asset.media_type, headers={"Cache-Control": _FOREVER})
