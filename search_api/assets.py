"""Style sheets, scripts and the mark: read once, served under names with their digest, to be kept for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

# Each sheet is one request: the tokens and components of a face are joined here, not in the browser.
SHEETS: Mapping[str, tuple[str, ...]] = {
    "section": ("tokens.css", "section.css"),
    "embed": ("embed.css",),
    "desk": ("tokens.css", "desk.css", "queue.css", "analysis.css", "digests.css", "briefing.css"),
}
# ES modules, by the folder they lie in below `static`.
SCRIPTS = ("desk",)


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
    """sheets: by face. by_name: all of them, as their addresses name them.

    Scripts of a face import each other by relative addresses, so they share a folder named by the digest of all of
    them: script_folders tells it by face.
    """

    sheets: Mapping[str, Asset]
    icon: Asset
    scripts: Mapping[str, Asset]
    script_folders: Mapping[str, str]

    @classmethod
    def load(cls) -> Assets:
        sheets = {
            face: _asset(face, "css", "text/css", b"\n".join(map(_read, names))) for face, names in SHEETS.items()
        }
        scripts: dict[str, Asset] = {}
        folders: dict[str, str] = {}
        for face in SCRIPTS:
            bodies = _scripts_of(face)
            folders[face] = f"{face}-{_digest(b''.join(f'{name}:'.encode() + bodies[name] for name in bodies))}"
            for name, body in bodies.items():
                asset = Asset(f"{folders[face]}/{name}", "text/javascript", body)
                scripts[asset.name] = asset
        return cls(sheets, _asset("mark", "svg", "image/svg+xml", _read("mark.svg")), scripts, folders)

    @property
    def by_name(self) -> dict[str, Asset]:
        return {asset.name: asset for asset in (*self.sheets.values(), self.icon, *self.scripts.values())}


def _asset(stem: str, suffix: str, media_type: str, body: bytes) -> Asset:
    return Asset(f"{stem}-{_digest(body)}.{suffix}", media_type, body)


def _scripts_of(face: str) -> dict[str, bytes]:
    found = (file for file in files("search_api").joinpath("static", face).iterdir() if file.name.endswith(".js"))
    return {file.name: file.read_bytes() for file in sorted(found, key=lambda file: file.name)}


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:10]


def _read(name: str) -> bytes:
    return files("search_api").joinpath("static", name).read_bytes()
