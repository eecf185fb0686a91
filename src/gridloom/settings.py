"""The knobs. Every one has a default that works; each is an environment variable, `GRIDLOOM_` and the name in capitals.

`DATABASE_URL` is read under its usual name too. `gridloom doctor` says what is wrong with a configuration and how to mend it.
"""

import ipaddress
import math
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
from msgspec import Meta

from gridloom.kernel.mail.address import BadAddress, named
from gridloom.kernel.mail.transport import Server
from gridloom.kernel.security.headers import Cors

PREFIX = "GRIDLOOM_"
_ADDRESS = re.compile(r"https?://[^\s/?#]+(/[^\s?#]*)?")


class SettingsError(ValueError):
    """A setting that cannot be used; the text names it and says what it may be. field: which one, where there is such a one."""

    def __init__(self, text: str, field: str | None = None) -> None:
        super().__init__(text)
        self.field = field


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one installation may want to say differently."""

    database_url: Annotated[
        str | None, Meta(description="PostgreSQL 15 or later. Unset: an embedded server in var.")
    ] = None
    database_pool: Annotated[int, Meta(ge=2, le=200, description="Connections a process holds at most.")] = 16
    var: Annotated[str, Meta(description="Folder of everything that is kept: database, files, keys.")] = "./var"
    host: Annotated[str, Meta(description="Address the API listens on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port of the API; 0 takes a free one.")] = 8000
    public_url: Annotated[
        str | None, Meta(description="How clients reach this server, where a proxy stands before it.")
    ] = None
    secret_key: Annotated[
        str | None, Meta(description="Master key (base64, 32 bytes). Unset: made and kept in var.")
    ] = None
    trusted_proxies: Annotated[
        list[str], Meta(description="Addresses or networks whose forwarding headers are believed.")
    ] = []
    gateway_secret: Annotated[
        str | None, Meta(description="Shared secret of a gateway that names the user in headers.")
    ] = None
    cors_origins: Annotated[list[str], Meta(description="Web origins that may call from a browser; `*` for all.")] = []
    rate_per_subject: Annotated[int, Meta(ge=1, description="Requests a minute for one caller.")] = 6000
    rate_per_address: Annotated[int, Meta(ge=1, description="Requests a minute for one address without a token.")] = 600
    logins_per_minute: Annotated[int, Meta(ge=1, description="Failed sign-ins a minute for one address or login.")] = 10
    worker_concurrency: Annotated[int, Meta(ge=1, le=200, description="Background jobs at once.")] = 10
    log_format: Annotated[Literal["console", "json"], Meta(description="For people, or for programs.")] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    files_url: Annotated[str | None, Meta(description="Object store (file, s3, gs, az). Unset: a folder in var.")] = (
        None
    )
    upload_max_bytes: Annotated[int, Meta(ge=1, description="Largest CSV of consumption that is taken.")] = (
        1_000_000_000
    )
    mail_url: Annotated[
        str | None,
        Meta(description="Mail server: smtp://user:password@host:587 or smtps://…. Unset: files in var."),
    ] = None
    letters_per_hour: Annotated[
        int, Meta(ge=1, description="Invitations by mail an hour that one caller may send.")
    ] = 200
    mail_from: Annotated[str | None, Meta(description="Sender of mail: `Name <address>`; needed with mail_url.")] = None
    outbound_private: Annotated[bool, Meta(description="Whether webhooks and adapters may call private addresses.")] = (
        False
    )
    dask_address: Annotated[
        str | None, Meta(description="Scheduler of a Dask cluster. Unset: calculations run here.")
    ] = None
    graphs_folder: Annotated[
        str | None, Meta(description="Folder of graph definitions. Unset: the ones that are built in.")
    ] = None
    graph_seconds: Annotated[float, Meta(gt=0, description="Time limit of one graph run.")] = 60.0
    open_meteo_url: Annotated[
        str | None, Meta(description="Weather service of the Open-Meteo form. Unset: files only.")
    ] = None
    demo_stations: Annotated[
        int, Meta(ge=0, le=50, description="Simulated charge points that live in the demo; 0 for none.")
    ] = 4
    communication_log_days: Annotated[
        int, Meta(ge=1, le=3650, description="Days that messages of charge points are kept.")
    ] = 90
    ocpp_host: Annotated[str | None, Meta(description="Address for charge points (OCPP). Unset: as host.")] = None
    ocpp_port: Annotated[int, Meta(ge=0, le=65535, description="Port for charge points; 0 takes a free one.")] = 9000
    ocpp_certificate: Annotated[
        str | None,
        Meta(description="PEM file of the certificate for charge points. Unset: no TLS, profiles 0 and 1 only."),
    ] = None
    ocpp_key: Annotated[str | None, Meta(description="PEM file of its private key.")] = None
    ocpp_client_authorities: Annotated[
        str | None, Meta(description="PEM file of the authorities whose client certificates are believed (profile 3).")
    ] = None
    ocpp_connections: Annotated[int, Meta(ge=1, description="Charge points a process lets in at most.")] = 10_000
    ocpp_rate: Annotated[
        float, Meta(gt=0, le=1_000_000, description="Messages a second that one charge point may send for long.")
    ] = 100.0
    ocpp_call_timeout: Annotated[
        float, Meta(gt=0, le=600, description="Seconds within which a charge point has to answer a command.")
    ] = 30.0
    ocpp_heartbeat: Annotated[
        int, Meta(ge=10, le=86_400, description="Seconds between heartbeats, told to a charge point when it boots.")
    ] = 300
    offline_hours: Annotated[
        float,
        Meta(gt=0, le=8_760, description="Hours after which a charge point that is away counts as away for long."),
    ] = 24.0
    nats_url: Annotated[
        str | None, Meta(description="NATS server for words between processes (nats://host:4222). Unset: PostgreSQL.")
    ] = None
    otlp_endpoint: Annotated[str | None, Meta(description="Where traces go (OpenTelemetry, OTLP over HTTP).")] = None

    @property
    def var_path(self) -> Path:
        """The folder of everything that is kept, absolute."""
        return Path(self.var).expanduser().resolve()

    @property
    def ocpp_address(self) -> str:
        """The address on which charge points are expected."""
        return self.ocpp_host or self.host

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None, **overrides: Any) -> "Settings":
        """Settings from the environment; overrides win. Raises SettingsError naming the variable."""
        source = os.environ if environment is None else environment
        given: dict[str, Any] = {}
        if url := source.get("DATABASE_URL"):
            given["database_url"] = url
        lists = {f.encode_name for f in msgspec.structs.fields(cls) if get_origin(get_args(f.type)[0]) is list}
        for name, value in source.items():
            key = name.removeprefix(PREFIX).lower()
            if name.startswith(PREFIX) and value != "":
                given[key] = [part.strip() for part in value.split(",") if part.strip()] if key in lists else value
        given |= {key: value for key, value in overrides.items() if value is not None}
        known = {field.encode_name for field in msgspec.structs.fields(cls)}
        if unknown := sorted(set(given) - known):
            names = ", ".join(PREFIX + key.upper() for key in unknown)
            raise SettingsError(f"{names}: there is no such setting; `gridloom doctor` lists them all.")
        try:
            found = msgspec.convert(given, cls, strict=False)
        except msgspec.ValidationError as error:
            name = str(error).rpartition("$.")[2].rstrip("`").upper()
            told = str(error).partition(" - at")[0]
            raise SettingsError(f"{PREFIX}{name}: {told}.", name.lower().partition("[")[0]) from None
        for name, expected in _unusable(found):
            raise SettingsError(f"{PREFIX}{name.upper()}: expected {expected}.", name)
        return found


def _unusable(settings: Settings) -> Iterator[tuple[str, str]]:
    """The settings that a type does not tell wrong, and what is expected. Never the value, which may hold a password."""
    if settings.database_url is not None and not settings.database_url.startswith(("postgresql://", "postgres://")):
        yield "database_url", "an address such as postgresql://user:password@host:5432/name"
    if settings.public_url is not None and not _ADDRESS.fullmatch(settings.public_url):
        yield "public_url", "an address such as https://api.example.org"
    yield from _unusable_mail(settings)
    yield from _unusable_ocpp(settings)
    if not math.isfinite(settings.graph_seconds):
        yield "graph_seconds", "a number of seconds"
    try:
        for each in settings.trusted_proxies:
            ipaddress.ip_network(each, strict=False)
    except ValueError:
        yield "trusted_proxies", "addresses or networks, such as 10.0.0.0/8"
    try:
        Cors(settings.cors_origins)
    except ValueError:
        yield "cors_origins", "web origins, such as https://portal.example.org, or `*`"


def _unusable_ocpp(settings: Settings) -> Iterator[tuple[str, str]]:
    if (settings.ocpp_certificate is None) != (settings.ocpp_key is None):
        alone = "ocpp_certificate" if settings.ocpp_key is None else "ocpp_key"
        yield alone, "certificate and key (PEM files) together"
    if settings.ocpp_client_authorities is not None and settings.ocpp_certificate is None:
        yield "ocpp_client_authorities", "a certificate of ours too: without TLS no client shows one"
    for name in ("ocpp_rate", "ocpp_call_timeout", "offline_hours"):
        if not math.isfinite(getattr(settings, name)):
            yield name, "a number"
    if settings.nats_url is not None and not settings.nats_url.startswith(("nats://", "tls://", "ws://", "wss://")):
        yield "nats_url", "an address such as nats://user:password@host:4222"


def _unusable_mail(settings: Settings) -> Iterator[tuple[str, str]]:
    try:
        if settings.mail_url is not None:
            Server.at(settings.mail_url)
    except ValueError:
        yield "mail_url", "an address such as smtp://user:password@host:587"
    try:
        if settings.mail_from is not None or settings.mail_url is not None:
            named(settings.mail_from or "")
    except BadAddress:
        yield "mail_from", "a sender such as `Sunny Street <mail@example.org>`"
