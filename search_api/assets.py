"""Style sheets and the mark: read once, served under names with their digest, so that they may be kept for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

# Each sheet is one request: the tokens and components of a face are joined here, not in the browser.
SHEETS: Mapping[str, tuple[str, ...]] = {
    "section": ("tokens.css", "section.css"),
    "embed": ("embed.css",),
}


@dataclass(frozen=True, slots=True)
class Asset:
    name: str
    media_type: str
    body: bytes

    @property
    def path(self) -> str:
        return f"/static/{self.name}"


@dataclass(frozen=True, slots=True)
class Assets:
    """sheets: by face. by_name: all of them, as their addresses name them."""

    sheets: Mapping[str, Asset]
    icon: Asset

    @classmethod
    def load(cls) -> Assets:
        sheets = {
            face: _asset(face, "css", "text/css", b"\n".join(map(_read, names))) for face, names in SHEETS.items()
        }
        return cls(sheets, _asset("mark", "svg", "image/svg+xml", _read("mark.svg")))

    @property
    def by_name(self) -> dict[str, Asset]:
        return {asset.name: asset for asset in (*self.sheets.values(), self.icon)}


def _asset(stem: str, suffix: str, media_type: str, body: bytes) -> Asset:
    return Asset(f"{stem}-{hashlib.sha256(body).hexdigest()[:10]}.{suffix}", media_type, body)


def _read(name: str) -> bytes:
    return files("search_api").joinpath("static", name).read_bytes()
