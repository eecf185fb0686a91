"""Starting and stopping: the embedded database or the one given, its migrations, the keys, and the server in front."""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import structlog
import uvicorn
import uvloop

from gridloom.app import Application, Roles
from gridloom.kernel.database.embedded import EmbeddedServer
from gridloom.kernel.database.migrate import migrate
from gridloom.kernel.database.server_program import FolderInUse
from gridloom.kernel.discovery import load_tables
from gridloom.kernel.http.wire import Connection
from gridloom.kernel.security.sealing import Sealer
from gridloom.settings import Settings, SettingsError

log = structlog.get_logger(__name__)

KEY_FILE = "secret.key"
SERVER_FOLDER = "postgres"
GRACE_S = 10


@contextmanager
def database(settings: Settings, *, migrated: bool = True, shared: bool = False) -> Iterator[str]:
    """The address of a database that is ready to use. Without `database_url` the embedded server lives as long as this.

    shared: when another gridloom process runs the embedded server already, use that one (for commands beside a server).
    """
    if settings.database_url is not None:
        url = settings.database_url
        if migrated:
            _migrate(url)
        yield url
        return
    server = EmbeddedServer(settings.var_path / SERVER_FOLDER)
    try:
        server.start()
    except FolderInUse:
        if not shared:
            raise
        yield server.attach().url()
        return
    try:
        url = server.url()
        if migrated:
            _migrate(url)
        yield url
    finally:
        server.stop()


def _migrate(url: str) -> None:
    load_tables()
    migrate(url)


def sealer(settings: Settings) -> Sealer:
    """The installation's keys: the setting, or the file in `var` that the first start makes."""
    if settings.secret_key is None:
        settings.var_path.mkdir(parents=True, exist_ok=True)
        return Sealer.from_file(settings.var_path / KEY_FILE)
    import base64
    import binascii

    try:
        return Sealer(base64.b64decode(settings.secret_key, validate=True))
    except (binascii.Error, ValueError):
        raise SettingsError("GRIDLOOM_SECRET_KEY: expected 32 bytes in base64 (`openssl rand -base64 32`).") from None


class Server(uvicorn.Server):
    """uvicorn, with a word when it listens."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[int], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so with the port that was taken."""
        await super().startup(sockets=sockets)
        if self.started and not self.should_exit:
            listening: Any = self.servers[0].sockets[0] if self.servers else None
            self._ready(listening.getsockname()[1] if listening else self.config.port)


Ready: TypeAlias = Callable[[int, Application], None]


def serve(settings: Settings, url: str, roles: Roles, ready: Ready) -> bool:
    """Run until a signal says stop. True when the start succeeded. ready: is told the port of the API, 0 without one.

    Raises SettingsError when somebody else listens on the port for charge points.
    """
    if Roles.OCPP in roles:
        _check_free(settings.ocpp_address, settings.ocpp_port)
    application = Application(settings, url, sealer(settings), roles=roles)
    if Roles.API not in roles:
        uvloop.run(_work(application, ready))
        return True
    config = uvicorn.Config(
        application.asgi,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=Connection,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    server = Server(config, lambda port: ready(port, application))
    server.run()
    return bool(server.started)


def _check_free(host: str, port: int) -> None:
    """Said before anything is opened: at the socket itself it would be a trace in the middle of the start."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise SettingsError(
            f"charge points cannot be listened for on {host}:{port}: {error.strerror}. "
            "Another port: GRIDLOOM_OCPP_PORT (0 takes a free one).",
            "ocpp_port",
        ) from None


async def _work(application: Application, ready: Ready) -> None:
    """Everything but the API, until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with application.running():
        ready(0, application)
        await stop.wait()
