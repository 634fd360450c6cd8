"""All settings of the product, read from the environment (`DIEMBAO_*`) and passed as an argument.

A `DIEMBAO_*` variable that is not a setting is an error: pydantic-settings silently ignores mistyped
variables, and a mistyped `DIEMBAO_DATABASE_URL` would quietly write to the wrong place. Settings may also lie in
files, one each and named like the variable in small letters, in the directory that `DIEMBAO_SECRETS_DIR` names;
the environment goes before them.
"""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from diembao.errors import WrongUse

PREFIX = "DIEMBAO_"
# Read by the tests and by `evaluate`, not by the running product.
_FOREIGN = {
    "DIEMBAO_EVAL_DIR",
    "DIEMBAO_TEST_ELASTICSEARCH_URL",
    "DIEMBAO_TEST_POSTGRESQL_URL",
}
_SECRETS_DIR = "DIEMBAO_SECRETS_DIR"
# Unless an office asks for more: each takes some 150 MB.
_MOST_WEB_PROCESSES = 4
QUIET_HOURS = r"((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d)"
Words = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """What can be set, with its default. Durations are in seconds unless the name says otherwise."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True)

    data_dir: Path = Field(Path("data"), description="everything the installation owns: database, archive, index")
    sources_dir: Path | None = Field(None, description="source files; unset: those in the package")
    database_url: SecretStr | None = Field(None, description="unset: SQLite in the data directory")
    search_url: str = Field("", description="empty: embedded engine; http://host:9200: Elasticsearch")
    search_name: str = Field(
        "diembao", pattern="^[a-z][a-z0-9]*$", description="Elasticsearch: what index names begin with"
    )
    search_shards: int = Field(
        1, ge=1, le=64, description="Elasticsearch: one is enough up to about 10 million articles"
    )
    search_replicas: int = Field(0, ge=0, le=8, description="Elasticsearch: 1 or more where there are several nodes")
    search_timeout: float = Field(10.0, gt=0, description="Elasticsearch: for one request")
    public_url: str = Field("http://127.0.0.1:8000", description="address of the section as readers see it")
    secret_key: SecretStr | None = Field(
        None, description="signs sessions; made and kept in the data directory when unset"
    )
    production: bool = Field(False, description="insist on a secret key and on https")
    smtp_url: SecretStr | None = Field(None, description="smtp://user:password@host:587; unset: no mail is sent")

    allow_private_networks: bool = Field(False, description="let crawler and webhooks reach loopback and private ones")
    contact: str = Field("", description="e-mail address that the crawler gives to the newspapers")
    fetch_timeout: float = Field(20.0, gt=0, description="for one request")
    fetch_max_bytes: int = Field(8_000_000, gt=0, description="largest body accepted, after decompression")
    poll_minutes: int = Field(10, ge=1, description="first interval between two polls of one feed")
    poll_seconds: float | None = Field(None, gt=0, description="overrides the polling schedule (demo and tests)")
    readers: int = Field(0, ge=0, le=64, description="processes that read and judge pages; 0: one a core")
    crawlers: int = Field(
        0, ge=0, le=16, description="processes that fetch; 0: one for every two cores; on SQLite always one"
    )
    lease_seconds: float = Field(
        30.0, ge=1, description="PostgreSQL: a worker not heard of for so long is dead, others take over its newspapers"
    )
    quiet_hours: str = Field(
        "",
        pattern=rf"^(?:{QUIET_HOURS})?$",
        description="such as 23:00-05:00 in Viet Nam: newspapers are left alone, published articles apart",
    )
    archive_file_mb: int = Field(256, ge=1, le=4000, description="size from which the archive begins another file")
    archive_level: int = Field(4, ge=1, le=9, description="compression of the archive: 1 fast, 9 small")
    archive_days: int = Field(
        90, ge=0, description="pages that are not about the province are dropped from the archive after it; 0: never"
    )
    watch_days: float = Field(14.0, gt=0, le=365, description="how long articles are looked at again for changes")
    watch_published_days: float = Field(
        30.0, gt=0, le=3650, description="how long published ones are looked at every 25 minutes; daily after that"
    )

    web_processes: int = Field(0, ge=0, le=64, description="processes that answer; 0: one a core, four at most")
    trusted_proxies: Words = Field(
        (), description="addresses or networks of reverse proxies whose X-Forwarded-* headers are believed"
    )
    embed_origins: Words = Field(
        ("https://thainguyen.gov.vn", "https://*.thainguyen.gov.vn"),
        description="sites whose pages may hold the embed block",
    )
    api_origins: Words = Field(
        ("*",), description="sites whose scripts may read the API without a key; *: any; unset by a single comma"
    )
    open_data_licence: str = Field("CC BY 4.0", description="under which the open data may be used")
    open_data_licence_url: str = Field(
        "https://creativecommons.org/licenses/by/4.0/", description="where the text of that licence is"
    )

    sessions_file: Path | None = Field(
        None, description="list of sessions of assembly and council (YAML) instead of the one in the package"
    )

    session_idle_minutes: int = Field(120, ge=1, description="the desk signs out who has done nothing for so long")
    session_hours: int = Field(12, ge=1, description="the desk signs everybody out after so long, however busy")

    oidc_issuer: str = Field("", description="single sign-on (OpenID Connect): address of the provider; empty: none")
    oidc_client_id: str = Field("", description="how the provider knows this installation")
    oidc_client_secret: SecretStr | None = Field(None, description="given by the provider")
    oidc_title: str = Field("Đăng nhập bằng tài khoản cơ quan", description="what its button says")
    oidc_roles_claim: str = Field("groups", description="claim that names the roles of a person")
    oidc_roles: Words = Field(
        (), description="role=value of the claim, such as editor=bao-chi-bien-tap; no pair: the values are the roles"
    )

    publish_delay_minutes: float = Field(60.0, ge=0, description="nothing is published earlier after its source")
    front_press_agencies: int = Field(
        3, ge=0, le=20, description="the front list must draw on so many newspapers, magazines or stations; 0: any"
    )
    removal_hours: float = Field(
        3.0, gt=0, le=3, description="what its newspaper took back is off every surface within so long, by law"
    )
    auto_publish_sources: Words = Field(
        (), description="publish relevant items of these sources without a person; * = all"
    )

    owner_name: str = Field("Cổng Thông tin điện tử tỉnh Thái Nguyên", description="owner line of every public page")
    owner_address: str = Field("", description="required in production, like the other owner settings")
    owner_email: str = Field("", description="also the contact for takedown requests")
    owner_phone: str = Field("", description="")
    owner_responsible: str = Field("", description="person responsible for the content")
    owner_licence: str = Field("", description="number of the aggregated-information licence")

    digest_letterhead: Literal["state", "party"] = Field("state", description="whose paper the điểm báo is")
    digest_superior: str = Field("", description="body above the issuing one, first line of the letterhead")
    digest_issuer: str = Field("", description="issuing body, second line of the letterhead; unset: the owner")
    digest_symbol: str = Field("{number}/ĐB", description="number and symbol; {number} and {year} are filled in")
    briefing_symbol: str = Field("{number}/BC", description="the same of the monthly report on the press")
    digest_place: str = Field("Thái Nguyên", description="place in front of the date")
    digest_addressees: str = Field("", description="“Kính gửi”, several separated by ;")
    digest_copies: str = Field("Như trên; Lưu: VT", description="“Nơi nhận”, several separated by ;")
    digest_authority: str = Field("", description="line above the signer's office, such as KT. GIÁM ĐỐC")
    digest_office: str = Field("GIÁM ĐỐC", description="office of the signer")
    digest_signer: str = Field("", description="name of the signer")

    operator_email: str = Field("", description="who is told by mail when a source goes silent; unset: nobody")
    pulse_minutes: float = Field(5.0, gt=0, description="how often it is looked whether all sources do well")
    mail_from: str = Field("", description="sender of digests; unset: owner_email")
    mail_bounces_to: str = Field("", description="envelope sender, where undeliverable mail returns; unset: mail_from")
    mail_per_minute: int = Field(120, ge=1, le=6000, description="no more digests than this are mailed in a minute")

    log_json: bool = Field(False, description="one JSON object a line instead of plain text")
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="")

    @field_validator(
        "auto_publish_sources", "trusted_proxies", "embed_origins", "api_origins", "oidc_roles", mode="before"
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(word.strip() for word in value.split(",") if word.strip())
        return value

    @classmethod
    def load(cls, **overrides: Any) -> Settings:
        """Read the environment.

        Raises:
            WrongUse: an unknown `DIEMBAO_*` variable or file, or a value that cannot be used; one line.
        """
        known = {PREFIX + name.upper() for name in cls.model_fields} | _FOREIGN | {_SECRETS_DIR}
        folder = _secrets_folder()
        given = [*os.environ, *(file.name.upper() for file in folder.iterdir())] if folder else [*os.environ]
        unknown = sorted(name for name in given if name.startswith(PREFIX) and name not in known)
        if unknown:
            raise WrongUse(f"unknown setting in the environment: {', '.join(unknown)} (see 'diembao settings')")
        try:
            given_here: dict[str, Any] = {"_secrets_dir": folder, **overrides}
            return cls(**given_here)
        except ValidationError as error:
            faults = "; ".join(
                f"{PREFIX}{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg']}" for fault in error.errors()
            )
            raise WrongUse(f"settings: {faults}") from error

    @property
    def effective_database_url(self) -> str:
        """The database URL in force, password included."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir.absolute() / 'diembao.sqlite3'}"

    @property
    def user_agent(self) -> str:
        """One identity for all requests, with an address where its owner can be found."""
        contact = self.contact or self.owner_email
        return f"DiembaoThaiNguyen/0.1 (+{self.public_url}{'; ' + contact if contact else ''})"

    @property
    def reader_processes(self) -> int:
        """How many processes read and judge pages."""
        return self.readers or cores()

    @property
    def crawler_processes(self) -> int:
        """How many processes fetch. SQLite has one writer at a time and no leases, so one."""
        if self.effective_database_url.startswith("sqlite"):
            return 1
        return self.crawlers or max(1, cores() // 2)

    @property
    def effective_web_processes(self) -> int:
        """How many processes answer. Where the system cannot deal out the connections of one port, one."""
        if sys.platform != "linux":
            return 1
        return self.web_processes or min(_MOST_WEB_PROCESSES, cores())

    @property
    def archive_dir(self) -> Path:
        return self.data_dir / "archive"

    @property
    def index_dir(self) -> Path:
        return self.data_dir / "index"

    def signing_key(self) -> str:
        """The key that signs sessions; made once and kept (mode 0600) when none is set.

        Raises:
            WrongUse: production without `DIEMBAO_SECRET_KEY`.
        """
        if self.secret_key is not None:
            return self.secret_key.get_secret_value()
        if self.production:
            raise WrongUse("DIEMBAO_SECRET_KEY must be set in production")
        path = self.data_dir / "secret-key"
        self.data_dir.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text("ascii").strip()
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
        return path.read_text("ascii").strip()

    def as_environment(self) -> dict[str, str]:
        """What makes these settings again: every one that is not the default, by its environment name, secrets too."""
        given = {}
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if value == field.default:
                continue
            if isinstance(value, SecretStr):
                value = value.get_secret_value()
            elif isinstance(value, tuple):
                value = ",".join(value)
            given[PREFIX + name.upper()] = str(value)
        return given

    def in_force(self) -> dict[str, str]:
        """Every setting by its environment name, as text, secrets masked."""
        shown = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if name == "database_url":
                value = mask_password(self.effective_database_url)
            elif name == "search_url":
                value = mask_password(value)
            elif isinstance(value, SecretStr):
                value = "********"
            elif isinstance(value, tuple):
                value = ",".join(value)
            shown[PREFIX + name.upper()] = "" if value is None else str(value)
        return shown


def cores() -> int:
    """The processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _secrets_folder() -> Path | None:
    named = os.environ.get(_SECRETS_DIR, "")
    if named and not Path(named).is_dir():
        raise WrongUse(f"{_SECRETS_DIR}: there is no directory {named}")
    return Path(named) if named else None


def mask_password(url: str) -> str:
    """The URL with its password replaced, for logs and messages."""
    parts = urlsplit(url)
    if not parts.password:
        return url
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}:********@{host}"))
