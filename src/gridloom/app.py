"""The one place that puts the parts together: settings in, a running application out."""

import gc
import importlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from enum import Flag, auto

from gridloom.charging.csms.public import Door
from gridloom.core.identity.sign_in import SignIn
from gridloom.core.identity.store import Identity
from gridloom.kernel import observability
from gridloom.kernel.audit import trail
from gridloom.kernel.database.pool import Database
from gridloom.kernel.discovery import modules
from gridloom.kernel.events import outbox
from gridloom.kernel.events.listen import Listener
from gridloom.kernel.events.relay import Relay
from gridloom.kernel.files.library import Files
from gridloom.kernel.files.store import FileStore
from gridloom.kernel.http.admission import Limits
from gridloom.kernel.http.api import Api
from gridloom.kernel.http.call import Services
from gridloom.kernel.http.dispatcher import Asgi, Dispatcher, Mounted
from gridloom.kernel.http.endpoint import Admission
from gridloom.kernel.http.openapi import encoded
from gridloom.kernel.jobs.worker import Worker
from gridloom.kernel.mail.outbox import Mail
from gridloom.kernel.security.headers import Cors
from gridloom.kernel.security.ratelimit import LoginLimiter
from gridloom.kernel.security.sealing import Sealer
from gridloom.kernel.webhooks.sender import Sender
from gridloom.settings import Settings
from gridloom.web.site import Site

API_NAMES = ("charging", "commerce", "communities", "portal", "metering")


def apis() -> list[Api]:
    """The five APIs, in the order of the documentation."""
    return [importlib.import_module(f"gridloom.{name}.api").api for name in API_NAMES]


class Roles(Flag):
    """What one process does. One process may do everything; the same parts run as separate ones."""

    API = auto()
    WORKER = auto()
    OCPP = auto()
    ALL = API | WORKER | OCPP


class Application:
    """Everything that runs in one process, except the socket. `asgi` is the server's entry; `running` opens and closes it."""

    def __init__(self, settings: Settings, database_url: str, sealer: Sealer, *, roles: Roles = Roles.ALL) -> None:
        self.settings = settings
        self.roles = roles
        self.database = Database(database_url, size=settings.database_pool)
        self.database.outbox_flusher = outbox.flush
        self.database.trail_flusher = trail.flush
        self.services = Services()
        if roles:
            # One connection for all that a process hears: events, jobs, answers of charge points.
            self.services.add(Listener(self.database))
            self.services.running.append(self.services.part(Listener))
        self._provide(sealer)
        if Roles.WORKER in roles:
            self._provide_work(sealer)
        if Roles.OCPP in roles:
            self.services.add(Door(self.services))
            self.services.running.append(self.services.part(Door))
        self.apis = apis()
        self.asgi = self._assemble()

    def _provide(self, sealer: Sealer) -> None:
        services, settings = self.services, self.settings
        limiter = LoginLimiter(per_minute=settings.logins_per_minute)
        for part in (settings, self.database, sealer, limiter):
            services.add(part)
        services.add(Identity(self.database, sealer))
        services.add(SignIn(self.database, limiter))
        services.add(
            Limits(per_subject=settings.rate_per_subject, per_address=settings.rate_per_address), kind=Admission
        )
        services.add(self._files(sealer))
        services.add(Mail.configured(settings.mail_url, settings.mail_from, settings.var_path / "mail"))
        for module in modules("parts"):
            module.provide(services)

    def _files(self, sealer: Sealer) -> Files:
        store = FileStore(self.settings.files_url or self.settings.var_path / "files")
        return Files(store, sealer.derive("file-links"))

    def _provide_work(self, sealer: Sealer) -> None:
        """What happens behind the requests: events, webhooks, jobs; closed in the opposite order, before the pool."""
        listener = self.services.part(Listener)
        sender = Sender(self.database, sealer, listener=listener, allow_private=self.settings.outbound_private)
        self.services.add(sender)
        relay = Relay(self.database, listener=listener)
        worker = Worker(self.database, resources=self.services, concurrency=self.settings.worker_concurrency)
        self.services.running += [relay, sender, worker]

    def _assemble(self) -> Asgi:
        mounted = [Mounted(api.name, api.build(self.services), api.prefixes) for api in self.apis]
        documents = {api.name: encoded(api) for api in self.apis}
        site = Site(self.services, self.apis, documents)
        exact = [path for name in documents for path in (f"/{name}/openapi.json", f"/{name}/docs")]
        return Dispatcher(
            mounted,
            Mounted("site", site.asgi, exact=exact),
            lifespan=self.running,
            cors=Cors(self.settings.cors_origins),
            trusted_proxies=self.settings.trusted_proxies,
            public_url=self.settings.public_url,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The database and every part that has to be opened, in the order in which they were provided."""
        async with AsyncExitStack() as stack:
            await self.database.open()
            stack.push_async_callback(self.database.close)
            observability.watch_pool("main", self.database.load)
            for part in self.services.running:
                await stack.enter_async_context(part)
            # What was imported stays: the collector need not look at it again (a list costs 40 % less processor time).
            gc.collect()
            gc.freeze()
            gc.set_threshold(100_000, 20, 20)
            yield
