"""Source files: one small YAML file per newspaper, read strictly.

An unknown field, a doubled key, a feed on a foreign host or two files that claim the same newspaper are errors
that name file, line and field; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from diembao.errors import BadSource
from diembao.settings import QUIET_HOURS
from diembao.store.sources import SourceRecord
from pipelines.addresses import belongs_to, canonical_url, host_of
from pipelines.reading import check_selectors

PACKAGED = Path(__file__).parent / "sources"
# A larger file is no source file.
_MAX_BYTES = 64 * 1024
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+")
_KINDS = {"feeds": "feed", "sections": "section", "sitemaps": "sitemap"}

OutletType = Literal["newspaper", "magazine", "broadcaster", "portal", "aggregator"]
Scope = Literal["local", "central", "sector", "region", "neighbour"]
Agreement = Literal["none", "excerpt", "full"]


def _domain(value: str) -> str:
    host, _, port = value.partition(":")
    if not _HOST.fullmatch(host) or (port and not (port.isdecimal() and 0 < int(port) < 65536)):
        raise ValueError(f"{value!r} is no domain such as baothainguyen.vn (lower case, no scheme, no path)")
    if host.startswith("www."):
        raise ValueError(f"{value!r}: leave out the www., it is understood")
    return value


def _address(value: str) -> str:
    if any(letter.isspace() for letter in value) or not canonical_url(value):
        raise ValueError(f"{value!r} is no absolute http(s) address")
    return value


Domain = Annotated[str, AfterValidator(_domain)]
Address = Annotated[str, AfterValidator(_address)]
Reason = Annotated[str, Field(min_length=15, max_length=500)]


class Robots(BaseModel):
    """The only way past robots.txt: a written reason, such as a letter of the newspaper."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    ignore_reason: Reason


class Terms(BaseModel):
    """A written agreement that says more than its scope. Days are in Viet Nam, first and last included."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, populate_by_name=True)

    scope: Agreement
    hours: Annotated[float, Field(ge=0, le=168, allow_inf_nan=False)] = 0.0  # to wait after the source
    number: Annotated[str, Field(max_length=100)] = ""
    since: Annotated[date | None, Field(alias="from")] = None
    until: date | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Terms:
        if self.since is not None and self.until is not None and self.until < self.since:
            raise ValueError("ends before it begins")
        return self


def _agreement(value: object) -> object:
    """One word, or terms; a fault is told as one, not once for each of the two forms."""
    if isinstance(value, dict):
        try:
            return Terms.model_validate(value)
        except ValidationError as error:
            fault = error.errors()[0]
            where = ".".join(str(part) for part in fault["loc"])
            message = fault["msg"].removeprefix("Value error, ")
            raise ValueError(f"{where}: {message}" if where else message) from error
    if value not in get_args(Agreement):
        raise ValueError("should be 'none', 'excerpt' or 'full', or terms with a scope")
    return value


class Source(BaseModel):
    """One newspaper as its file says."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    name: Annotated[str, Field(max_length=64)]
    title: Annotated[str, Field(min_length=2, max_length=200)]
    domains: Annotated[tuple[Domain, ...], Field(min_length=1)]
    outlet_type: OutletType
    scope: Scope
    feeds: tuple[Address, ...] = ()
    sections: tuple[Address, ...] = ()
    sitemaps: tuple[Address, ...] = ()
    feed_hosts: tuple[Domain, ...] = ()  # where else a feed may lie; articles never do
    delay: Annotated[float, Field(ge=0, le=300, allow_inf_nan=False)] = 2.0
    agreement: Annotated[Agreement | Terms, BeforeValidator(_agreement)] = "none"
    read: Mapping[str, str] = Field(default_factory=dict)
    expected_per_day: Annotated[float, Field(gt=0, le=10_000)] | None = None
    # Such as 23:00-05:00; none: not even those of the installation.
    quiet_hours: Annotated[str, Field(pattern=rf"^(?:{QUIET_HOURS}|none)?$")] = ""
    cookies: bool = False  # some servers loop without the cookie they set
    robots: Robots | None = None
    note: str = ""
    evidence: str = ""

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Source:
        if not _SLUG.fullmatch(self.name):
            raise ValueError(f"name: {self.name!r} may hold small letters, digits and single hyphens only")
        for field in ("domains", "feeds", "sections", "sitemaps", "feed_hosts"):
            values = getattr(self, field)
            if len(set(values)) < len(values):
                raise ValueError(f"{field}: an entry stands there twice")
        for field in _KINDS:
            hosts = self.domains + self.feed_hosts if field == "feeds" else self.domains
            for url in getattr(self, field):
                if not belongs_to(url, hosts):
                    raise ValueError(f"{field}: {url} is not on one of {', '.join(hosts)}")
        try:
            check_selectors(self.read)
        except BadSource as error:
            raise ValueError(str(error)) from error
        return self

    @property
    def ways(self) -> tuple[tuple[str, str], ...]:
        """(kind, address) of everything that is polled."""
        return tuple((kind, url) for field, kind in _KINDS.items() for url in getattr(self, field))

    def owns(self, url: str) -> bool:
        """Whether an article at this address is this newspaper's."""
        return belongs_to(url, self.domains)

    def may_poll(self, url: str) -> bool:
        """Whether a feed or list page may lie there."""
        return belongs_to(url, self.domains + self.feed_hosts)

    def to_record(self) -> SourceRecord:
        """What the store keeps of it."""
        terms = self.agreement if isinstance(self.agreement, Terms) else Terms(scope=self.agreement)
        return SourceRecord(
            self.name,
            self.title,
            self.outlet_type,
            self.scope,
            terms.scope,
            self.model_dump(mode="json", exclude_defaults=True, by_alias=True),
            self.ways,
            agreement_hours=terms.hours,
            agreement_from=terms.since,
            agreement_until=terms.until,
        )


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a directory of source files held: the sound ones, and one line for each that is not."""

    sources: tuple[Source, ...]
    faults: tuple[str, ...]


def load_sources(directory: Path | None = None) -> list[Source]:
    """All source files of a directory (default: those in the package), by name.

    Raises:
        BadSource: a file is malformed, two contradict each other, or there is no such directory; one line.
    """
    loaded = load_readable(directory)
    if loaded.faults:
        more = f" (and {len(loaded.faults) - 1} more faults)" if len(loaded.faults) > 1 else ""
        raise BadSource(loaded.faults[0] + more)
    return list(loaded.sources)


def load_readable(directory: Path | None = None) -> Loaded:
    """As `load_sources`, but a broken file is a fault beside the others, not the end of them.

    Raises:
        BadSource: there is no such directory.
    """
    folder = directory or PACKAGED
    if not folder.is_dir():
        raise BadSource(f"{folder}: no such directory of source files")
    sound: list[Source] = []
    faults: list[str] = []
    taken: dict[str, str] = {}
    for path in sorted(path for path in folder.iterdir() if path.suffix in (".yml", ".yaml")):
        try:
            source = read_source(path)
            _refuse_doubles(source, path.name, taken)
        except BadSource as error:
            faults.append(str(error))
        else:
            sound.append(source)
    return Loaded(tuple(sound), tuple(faults))


def read_source(path: Path) -> Source:
    """One source file.

    Raises:
        BadSource: one line with file, line where known, field and fault.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadSource(f"{path.name}: {error.strerror}") from error
    if len(raw) > _MAX_BYTES:
        raise BadSource(f"{path.name}: larger than a source file can be")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadSource(f"{path.name}: is not UTF-8") from error
    source = parse_source(text, path.name)
    if path.stem != source.name:
        raise BadSource(f"{path.name}: name: is {source.name!r}, but the file is called {path.stem!r}")
    return source


def parse_source(text: str, shown: str) -> Source:
    """A source from the text of its file; `shown` names it in messages.

    Raises:
        BadSource: one line.
    """
    values, lines = _mapping(text, shown)
    try:
        return Source.model_validate(values)
    except ValidationError as error:
        fault = error.errors()[0]
        raise BadSource(_fault_line(fault, shown, lines)) from error


def _mapping(text: str, shown: str) -> tuple[dict[str, Any], dict[str, int]]:
    """The top-level fields and the line of each."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f", line {mark.line + 1}" if mark else ""
        raise BadSource(f"{shown}{at}: {error.problem or error.context}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise BadSource(f"{shown}: {' '.join(str(error).split())[:200]}") from error
    if not isinstance(node, yaml.MappingNode) or not isinstance(values, dict):
        raise BadSource(f"{shown}: is no list of fields such as 'name: baothainguyen'")
    lines: dict[str, int] = {}
    for key, _ in node.value:
        if key.value in lines:
            raise BadSource(f"{shown}, line {key.start_mark.line + 1}: {key.value}: stands there twice")
        lines[key.value] = key.start_mark.line + 1
    return {str(key): value for key, value in values.items()}, lines


def _fault_line(fault: Mapping[str, Any], shown: str, lines: Mapping[str, int]) -> str:
    where = [str(part) for part in fault["loc"]]
    message = {"extra_forbidden": "unknown field", "missing": "is missing"}.get(
        fault["type"], fault["msg"].removeprefix("Value error, ")
    )
    # Faults found by looking at several fields begin with the name of the one to mend.
    field = where[0] if where else message.partition(":")[0]
    at = f", line {lines[field]}" if field in lines else ""
    path = ".".join(where)
    return f"{shown}{at}: {path}: {message}" if path else f"{shown}{at}: {message}"


def _refuse_doubles(source: Source, shown: str, taken: dict[str, str]) -> None:
    claims = [f"title {source.title}", *(f"domain {domain}" for domain in source.domains)]
    claims += [f"{kind} {_way_key(url)}" for kind, url in source.ways]
    for claim in claims:
        if claim in taken:
            raise BadSource(f"{shown}: {claim} is already that of {taken[claim]}")
    taken.update(dict.fromkeys(claims, shown))


def _way_key(url: str) -> str:
    parts = urlsplit(canonical_url(url))
    return f"{host_of(url)}{parts.path.rstrip('/')}?{parts.query}".rstrip("?")


def pick(sources: Iterable[Source], names: Iterable[str]) -> list[Source]:
    """The sources of these names; all of them when no name is given.

    Raises:
        BadSource: there is no source of that name.
    """
    known = {source.name: source for source in sources}
    wanted = list(dict.fromkeys(names))
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise BadSource(f"no source named {', '.join(unknown)}; see 'diembao sources list'")
    return [known[name] for name in wanted] if wanted else list(known.values())
