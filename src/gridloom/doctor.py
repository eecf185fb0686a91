"""`gridloom doctor`: what is wrong with a configuration, and how to mend it."""

import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import get_args

import msgspec
import psycopg

from gridloom.settings import PREFIX, Settings, SettingsError

OLDEST = 150000
FREE_BYTES = 1_000_000_000
OWN = ("127.0.0.1", "::1", "localhost")


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at. weight: 0 good, 1 worth a look, 2 stops the work. mend: what to do about it."""

    what: str
    weight: int = 0
    mend: str = ""


def examine() -> Iterator[Finding]:
    """Look at everything, the cheap things first; a broken one never hides the next."""
    yield Finding(f"Python {sys.version.split()[0]}")
    try:
        settings = Settings.load()
    except SettingsError as error:
        yield Finding(str(error), 2, _known(error.field))
        return
    yield Finding("settings can be read")
    for look in (_folder, _disk, _key, _port, _stations, _database, _graphs, _public, _mail, _outside):
        yield from _careful(look, settings)


def _careful(look: Callable[[Settings], Iterator[Finding]], settings: Settings) -> Iterator[Finding]:
    try:
        yield from look(settings)
    except Exception as error:  # noqa: BLE001 - whatever a check trips over is a finding
        yield Finding(f"{(look.__doc__ or '').split('.')[0]}: {type(error).__name__}: {error}", 2)


def _known(name: str | None) -> str:
    """What one setting is for; without its name, which there are."""
    for field in msgspec.structs.fields(Settings):
        if field.encode_name == name:
            metas = (each for each in get_args(field.type) if isinstance(each, msgspec.Meta))
            meant = next((each.description for each in metas if each.description), None)
            return f"{PREFIX}{name.upper()}: {meant}" if meant else f"Set {PREFIX}{name.upper()}."
    names = ", ".join(PREFIX + field.encode_name.upper() for field in msgspec.structs.fields(Settings))
    return f"The settings are DATABASE_URL, {names}."


def _existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder


def _folder(settings: Settings) -> Iterator[Finding]:
    """The folder of everything that is kept."""
    folder = settings.var_path
    if not os.access(_existing(folder), os.W_OK | os.X_OK):
        yield Finding(f"{folder} cannot be written", 2, f"Set {PREFIX}VAR to a folder of yours, or `chown` this one.")
    else:
        yield Finding(f"{folder} can be written")


def _disk(settings: Settings) -> Iterator[Finding]:
    """Room on the disk."""
    free = shutil.disk_usage(_existing(settings.var_path)).free
    text = f"{free / 1e9:.1f} GB free under {settings.var_path}"
    if free < FREE_BYTES:
        yield Finding(
            text, 1, "Make room, or set GRIDLOOM_VAR to a larger disk: PostgreSQL stops when the disk is full."
        )
    else:
        yield Finding(text)


def _key(settings: Settings) -> Iterator[Finding]:
    """The master key."""
    from gridloom import runtime
    from gridloom.kernel.security.sealing import KeyUnusable

    file = settings.var_path / runtime.KEY_FILE
    if settings.secret_key is None and not file.exists():
        yield Finding(f"{file} will be made at the first start; keep a copy of it with your backups")
        return
    mend = "Put the key back: sealed secrets cannot be read without it."
    try:
        runtime.sealer(settings)
    except (KeyUnusable, SettingsError) as error:
        yield Finding(str(error), 2, mend)
    except (OSError, ValueError) as error:
        yield Finding(f"{file} cannot be read ({type(error).__name__})", 2, mend)
    else:
        yield Finding("the master key can be read")


def _port(settings: Settings) -> Iterator[Finding]:
    """The address to listen on."""
    yield _listening(settings.host, settings.port, "PORT")


def _stations(settings: Settings) -> Iterator[Finding]:
    """The address for charge points."""
    yield _listening(settings.ocpp_address, settings.ocpp_port, "OCPP_PORT")
    if settings.ocpp_certificate is None and settings.ocpp_address not in OWN:
        mend = f"Set {PREFIX}OCPP_CERTIFICATE and {PREFIX}OCPP_KEY, or put a proxy with TLS before it."
        yield Finding("charge points connect without TLS: their passwords travel in the clear", 1, mend)
    for path in (settings.ocpp_certificate, settings.ocpp_key, settings.ocpp_client_authorities):
        if path is not None and not os.access(path, os.R_OK):
            yield Finding(f"{path} cannot be read", 2, "The files of the OCPP settings must be readable PEM files.")
    if settings.nats_url is not None and find_spec("nats") is None:
        yield Finding(f"{PREFIX}NATS_URL is set, but its client is not installed", 2, "`pip install gridloom[nats]`")


def _listening(host: str, port: int, name: str) -> Finding:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            text = f"{host}:{port} cannot be listened on ({error.strerror})"
            return Finding(text, 1, f"Is gridloom running already? Else set {PREFIX}{name} to a free port.")
        return Finding(f"{host}:{port} is free")


def _database(settings: Settings) -> Iterator[Finding]:
    """The database."""
    if settings.database_url is None:
        from gridloom.kernel.database.embedded import EmbeddedServer

        EmbeddedServer(settings.var_path / "postgres")
        yield Finding("no DATABASE_URL: the embedded PostgreSQL will be used")
        return
    try:
        with psycopg.connect(settings.database_url, connect_timeout=5) as connection:
            yield from _server(connection)
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0]
        mend = "Check host, port, name and password in DATABASE_URL (postgresql://user:password@host:5432/name)."
        yield Finding(f"the database cannot be reached: {reason}", 2, mend)


def _server(connection: "psycopg.Connection[tuple[object, ...]]") -> Iterator[Finding]:
    version = connection.info.server_version
    if version < OLDEST:
        yield Finding(f"PostgreSQL {version // 10000} is too old", 2, "gridloom needs PostgreSQL 15 or later.")
    else:
        yield Finding(f"PostgreSQL {version // 10000} answers")
    row = connection.execute(
        "SELECT current_user, rolsuper, rolcreaterole, has_database_privilege(current_database(), 'CREATE'), "
        "EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'gridloom_tenant') FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    user, is_super, may_roles, may_create, has_role = row or ("?", False, False, False, False)
    if not (is_super or may_create):
        yield Finding(
            f"{user} may not create schemas", 2, f"GRANT CREATE ON DATABASE {connection.info.dbname} TO {user};"
        )
    if not (is_super or may_roles or has_role):
        mend = f"CREATE ROLE gridloom_tenant NOLOGIN; GRANT gridloom_tenant TO {user};"
        yield Finding(
            "the role gridloom_tenant is missing and cannot be made by this user", 2, f"As a superuser: {mend}"
        )
    needed = {"pg_trgm", "btree_gist", "unaccent"}
    there = {str(name) for (name,) in connection.execute("SELECT name FROM pg_available_extensions").fetchall()}
    if missing := sorted(needed - there):
        mend = "Install the contrib package of your PostgreSQL (Debian: postgresql-contrib)."
        yield Finding(f"the extensions {', '.join(missing)} are not installed", 2, mend)


def _graphs(settings: Settings) -> Iterator[Finding]:
    """The graph definitions."""
    from gridloom.metering.graphs.library import SHIPPED, load

    library = load(Path(settings.graphs_folder) if settings.graphs_folder else SHIPPED)
    yield Finding(f"{len(library.graphs)} graph definitions can be used")


def _public(settings: Settings) -> Iterator[Finding]:
    """How clients reach the server."""
    if settings.host not in OWN and not settings.public_url:
        mend = f"Put a proxy with TLS before it and set {PREFIX}PUBLIC_URL and {PREFIX}TRUSTED_PROXIES."
        yield Finding(f"{settings.host} is open to others, without TLS", 1, mend)
    if settings.gateway_secret and len(settings.gateway_secret) < 20:
        yield Finding(f"{PREFIX}GATEWAY_SECRET is short", 1, "Take `openssl rand -hex 32`.")


def _mail(settings: Settings) -> Iterator[Finding]:
    """Mail."""
    from gridloom.kernel.mail.transport import MailError, Server

    if settings.mail_url is None:
        yield Finding(f"no {PREFIX}MAIL_URL: mail is written to files in {settings.var_path / 'mail'}")
        return
    server = Server.at(settings.mail_url, timeout_s=5)
    try:
        server.answers()
    except MailError as error:
        yield Finding(str(error), 2, f"Check host, port, user and password in {PREFIX}MAIL_URL.")
    else:
        yield Finding(f"the mail server {server.describe()} answers")


def _outside(settings: Settings) -> Iterator[Finding]:
    """Partners outside."""
    if settings.outbound_private:
        yield Finding("webhooks may call private addresses", 1, f"Unset {PREFIX}OUTBOUND_PRIVATE unless you mean it.")
    yield Finding(f"weather from {settings.open_meteo_url}" if settings.open_meteo_url else "weather from files only")
    yield Finding(
        f"calculations on {settings.dask_address}" if settings.dask_address else "calculations in this process"
    )
