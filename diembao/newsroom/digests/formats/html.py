"""One HTML file that stands alone: no script, no other host, readable on a phone and on paper."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from diembao.newsroom.digests import wording
from diembao.newsroom.digests.content import Content
from diembao.newsroom.digests.sheet import sheet_of

SUFFIX = "html"
MEDIA_TYPE = "text/html; charset=utf-8"


def export(content: Content) -> bytes:
    return render("digest.html.j2", content).encode()


def render(template: str, content: Content, *, leave: str = "", level: int = 1) -> str:
    """A template of this folder filled with a digest; everything is escaped. leave: the link off a mailing list.

    level: of the title among headings.
    """
    environment = Environment(
        loader=PackageLoader("diembao.newsroom.digests", "formats"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(sheet=sheet_of(content), words=wording, leave=leave, level=level)
