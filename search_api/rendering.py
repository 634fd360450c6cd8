"""Pages out of templates. Everything is escaped unless a template says otherwise, and none does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from diembao.settings import Settings
from search_api.assets import Assets
from search_api.editions import Edition, Editions
from search_api.moments import iso_local

NAVIGATION = (
    ("front", "/"),
    ("topics", "/chu-de"),
    ("places", "/dia-ban"),
    ("outlets", "/bao"),
    ("digest", "/diem-bao"),
    ("archive", "/luu-tru"),
    ("about", "/gioi-thieu"),
)


@dataclass(frozen=True, slots=True)
class Owner:
    """Who answers for the section: on every page, as the law asks."""

    name: str
    address: str
    email: str
    phone: str
    responsible: str
    licence: str

    @classmethod
    def of(cls, settings: Settings) -> Owner:
        # A page without an owner is against the law, so a blank name falls back to the built-in one.
        name = settings.owner_name.strip() or str(Settings.model_fields["owner_name"].default)
        return cls(
            name,
            settings.owner_address,
            settings.owner_email,
            settings.owner_phone,
            settings.owner_responsible,
            settings.owner_licence,
        )


class Renderer:
    """The section's pages; the other faces render with the same environment, each from its own folder."""

    def __init__(self, settings: Settings, editions: Editions, assets: Assets) -> None:
        self._editions = editions
        self._public_url = settings.public_url.rstrip("/")
        self.owner = Owner.of(settings)
        self.environment = Environment(
            loader=PackageLoader("search_api", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,  # it would look at the files of a page, a dozen, whenever it is made
        )
        self.environment.filters |= {
            "web_address": web_address,
            "json_ld": json_ld,
            "iso": iso_local,
            "capitalize_first": lambda text: text[:1].upper() + text[1:],
            "urlencode_path": lambda text: quote(text, safe=""),
        }
        self.environment.globals |= {
            "owner": self.owner,
            "public_url": self._public_url,
            "stylesheet": assets.sheets["section"].path,
            "embed_stylesheet": assets.sheets["embed"].path,
            "icon": assets.icon.path,
            "navigation": NAVIGATION,
        }

    def render(self, template: str, edition: Edition, *, path: str, **values: Any) -> bytes:
        """A page of an edition. path: its address in the Vietnamese edition, query included.

        Pages that are no entry of the menu may say so with `current=""`.
        """
        other = self._editions.by_language["en" if edition.language == "vi" else "vi"]
        page = self.environment.get_template(f"section/{template}")
        known: dict[str, Any] = {"current": path, **values}
        text = page.render(
            edition=edition,
            t=edition.messages.text,
            f=edition.formats,
            number=edition.messages.number,
            href=edition.path,
            absolute=lambda address: self._public_url + address,
            path=path,
            other=other,
            vietnamese=self._editions.vietnamese,
            **known,
        )
        return text.encode()


def web_address(url: str) -> str:
    """The address if a browser may be sent there, else nothing: `javascript:` and the like come from outside too."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    return url.strip() if parts.scheme.lower() in ("http", "https") and parts.netloc else ""


def json_ld(value: Mapping[str, Any]) -> Markup:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704


def with_query(path: str, values: Mapping[str, str]) -> str:
    """The path with the values that are not empty as its query."""
    query = urlencode({name: value for name, value in values.items() if value})
    return f"{path}?{query}" if query else path
