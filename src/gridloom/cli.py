"""The command `gridloom`."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gridloom import __version__
from gridloom.settings import Settings, SettingsError

T = TypeVar("T")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The back end of a local energy business. `gridloom run` starts it; settings come from GRIDLOOM_… variables.",
)
tenant_app = typer.Typer(no_args_is_help=True, help="Tenants: each has its own customers, meters and money.")
token_app = typer.Typer(no_args_is_help=True, help="Tokens that programs call the APIs with.")
user_app = typer.Typer(no_args_is_help=True, help="People who sign in.")
import_app = typer.Typer(no_args_is_help=True, help="Bring data in from files.")
operator_app = typer.Typer(no_args_is_help=True, help="Operators: who runs charge points within a tenant.")
app.add_typer(tenant_app, name="tenant")
app.add_typer(token_app, name="token")
app.add_typer(user_app, name="user")
app.add_typer(import_app, name="import")
app.add_typer(operator_app, name="operator")

# Lines are never broken: what is printed is often copied, or read by another program.
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


class Only(StrEnum):
    """A part that may run as a process of its own."""

    API = "api"
    WORKER = "worker"
    OCPP = "ocpp"


class ApiName(StrEnum):
    """The five APIs."""

    CHARGING = "charging"
    COMMERCE = "commerce"
    COMMUNITIES = "communities"
    PORTAL = "portal"
    METERING = "metering"


def fail(text: str, code: int = 1) -> NoReturn:
    """Say what is wrong, and how to mend it; leave with a code other than 0."""
    err.print(f"[bold red]gridloom:[/] {escape(text)}")
    raise typer.Exit(code)


def settings(**overrides: Any) -> Settings:
    """The settings, or the reason why they cannot be used."""
    try:
        return Settings.load(**overrides)
    except SettingsError as error:
        fail(str(error), 2)


def quiet(chosen: Settings) -> Settings:
    """Log to the standard error, and warnings only: the output of a command is its answer."""
    from gridloom.kernel import observability

    observability.configure_logging(chosen.log_format, "error" if chosen.log_level == "error" else "warning")
    return chosen


@contextmanager
def explained() -> Iterator[None]:
    """Turn the expected refusals into a sentence instead of a trace."""
    import asyncpg
    from sqlalchemy.exc import ArgumentError, OperationalError

    from gridloom.kernel.database.migrate import MigrationRefused
    from gridloom.kernel.database.server_program import ServerUnavailable
    from gridloom.kernel.errors import Fault
    from gridloom.kernel.security.sealing import KeyUnusable

    try:
        yield
    except (ServerUnavailable, MigrationRefused, KeyUnusable, SettingsError, Fault) as error:
        fail(str(error))
    except (OperationalError, ArgumentError, asyncpg.PostgresConnectionError, ConnectionError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        fail(f"the database cannot be reached: {reason} — `gridloom doctor` looks at the configuration.")


def with_application(work: Callable[[Any], Awaitable[T]]) -> T:
    """Run `work(application)` on a migrated database; nothing listens meanwhile."""
    from gridloom import runtime
    from gridloom.app import Application, Roles

    chosen = quiet(settings())

    async def run(url: str) -> T:
        application = Application(chosen, url, runtime.sealer(chosen), roles=Roles(0))
        async with application.running():
            return await work(application)

    with explained(), runtime.database(chosen, shared=True) as url:
        return asyncio.run(run(url))


@app.command()
def run(
    only: Annotated[
        Only | None,
        typer.Option(help="Run one part: `api` (no background work), `worker` or `ocpp` (charge points)."),
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    demo: Annotated[bool, typer.Option(help="Make a demo tenant when the database is empty.")] = True,
) -> None:
    """Start gridloom: the database, the APIs and the background work. Ctrl-C ends everything; the data stays in ./var.

    Without DATABASE_URL an embedded PostgreSQL starts in ./var. With it, that server is used, and several processes may share
    the work: `--only api` on some machines, `--only worker` on others, `--only ocpp` where charge points connect.
    """
    from gridloom.launch import launch

    signal.signal(signal.SIGTERM, _leave)
    with explained():
        try:
            started = launch(settings(host=host, port=port), only=only.value if only else None, demo=demo, out=out)
        except KeyboardInterrupt:  # how the server says at its end what ended it
            started = True
        except SystemExit as end:
            started = not end.code
        if not started:
            fail("the server did not start; the lines above say why. `gridloom doctor` looks at the configuration.")


def _leave(_number: int, _frame: object) -> NoReturn:
    """SIGTERM ends like Ctrl-C: everything is closed in its order, the embedded database last."""
    raise SystemExit(0)


@app.command()
def migrate() -> None:
    """Bring the database to this version. `gridloom run` does it too; several processes may try at once."""
    from gridloom import runtime

    with explained(), runtime.database(quiet(settings()), shared=True):
        out.print("The database is up to date.")


@app.command()
def demo() -> None:
    """Make the demo tenant, or show what it was made with."""
    from gridloom import demo as demos

    chosen = settings()
    found = demos.known(chosen.var_path)
    made = found or with_application(demos.create)
    table = Table("what", "value", box=None, header_style="bold")
    for name in made.__struct_fields__:
        table.add_row(name.replace("_", " "), str(getattr(made, name)))
    out.print(table)


@app.command()
def openapi(api: Annotated[ApiName, typer.Argument(help="Which API.")]) -> None:
    """Print the OpenAPI 3.1 document of an API, as it is served at /API/openapi.json. Needs no database."""
    import importlib

    from gridloom.kernel.http.openapi import encoded

    sys.stdout.buffer.write(encoded(importlib.import_module(f"gridloom.{api.value}.api").api) + b"\n")


@app.command()
def doctor() -> None:
    """Look at the configuration, the database, the keys and the disk; say what is wrong and how to mend it."""
    from gridloom.doctor import examine

    worst = 0
    for finding in examine():
        mark = {0: "[green]ok[/]  ", 1: "[yellow]look[/]", 2: "[bold red]bad[/] "}[finding.weight]
        out.print(f"{mark} {escape(finding.what)}")
        if finding.mend:
            out.print(f"      → {escape(finding.mend)}")
        worst = max(worst, finding.weight)
    raise typer.Exit(1 if worst == 2 else 0)


@app.command()
def version() -> None:
    """Print the version."""
    out.print(__version__)


@tenant_app.command("create")
def tenant_create(
    slug: Annotated[str, typer.Argument(help="Short name: small letters, digits, dashes.")],
    name: Annotated[str, typer.Option(help="Full name.")] = "",
    zone: Annotated[str, typer.Option(help="Calendar, e.g. Europe/Brussels.")] = "Europe/Brussels",
) -> None:
    """Make a tenant and print its number."""
    from gridloom.core.identity.store import Identity

    number = with_application(lambda a: a.services.part(Identity).create_tenant(slug, name or slug, zone=zone))
    out.print(f"tenant {number} ({slug})")


@user_app.command("create")
def user_create(
    tenant: Annotated[str, typer.Argument(help="The tenant's short name.")],
    login: Annotated[str, typer.Argument(help="Login, mostly an e-mail address.")],
    role: Annotated[
        list[str] | None,
        typer.Option(
            help="A role: admin, community, charging, commerce, metering, metering-reader, portal-admin or portal-user; may be "
            "given again. Without one the user signs in nowhere."
        ),
    ] = None,
    password: Annotated[
        str | None,
        typer.Option(help="Password; asked for when missing.", prompt=True, hide_input=True, confirmation_prompt=True),
    ] = None,
) -> None:
    """Make a user who signs in with a password."""
    from gridloom.core.identity.store import Identity

    async def work(application: Any) -> int:
        identity: Identity = application.services.part(Identity)
        found = await identity.tenant(tenant)
        async with application.database.tenant(found.id) as tx:
            return await identity.create_user(tx, login, password, roles=role or [])

    out.print(f"user {with_application(work)} ({login})")


@token_app.command("create")
def token_create(
    tenant: Annotated[str, typer.Argument(help="The tenant's short name.")],
    kind: Annotated[
        str, typer.Argument(help="charging, communities, metering, metering-key, portal-admin or service.")
    ],
    scope: Annotated[list[str] | None, typer.Option(help="A scope, e.g. `charging.taxes:read` or `*`.")] = None,
    login: Annotated[str | None, typer.Option(help="The user it acts for; its roles give the scopes.")] = None,
    name: Annotated[str, typer.Option(help="A note to recognise it by.")] = "",
    days: Annotated[int | None, typer.Option(min=1, help="Days until it ends; without it, never.")] = None,
    operator: Annotated[int | None, typer.Option(help="charging: the operator it is limited to.")] = None,
) -> None:
    """Make a token and print it. It is shown this once: only its digest is kept."""
    from gridloom.core.identity.store import Identity
    from gridloom.kernel import clock

    if not scope and not login:
        fail("say what it may do: `--scope …` (may be given again), or `--login …` for a user's own rights.", 2)

    async def work(application: Any) -> str:
        identity: Identity = application.services.part(Identity)
        found = await identity.tenant(tenant)
        async with application.database.tenant(found.id) as tx:
            issued = await identity.issue(
                tx,
                kind,
                name=name,
                user_id=await identity.user_id(tx, login) if login else None,
                scopes=scope or [],
                attributes={"operator_id": operator} if operator is not None else None,
                expires_at=clock.now() + timedelta(days=days) if days else None,
            )
        return issued.secret

    out.print(with_application(work), markup=False)


@operator_app.command("create")
def operator_create(
    tenant: Annotated[str, typer.Argument(help="The tenant's short name.")],
    name: Annotated[str, typer.Argument(help="What it is called.")],
    currency: Annotated[str, typer.Option(help="What it counts in, ISO 4217.")] = "EUR",
    zone: Annotated[str, typer.Option(help="Calendar, e.g. Europe/Brussels.")] = "Europe/Brussels",
    default: Annotated[bool, typer.Option(help="What names no operator belongs to it.")] = False,
) -> None:
    """Make an operator of charge points and print its number: locations, charge points and tariffs belong to one."""
    from gridloom.charging.stations.public import add_operator
    from gridloom.core.identity.store import Identity

    async def work(application: Any) -> int:
        found = await application.services.part(Identity).tenant(tenant)
        async with application.database.tenant(found.id) as tx:
            return await add_operator(tx, name, currency=currency, timezone=zone, is_default=default)

    out.print(f"operator {with_application(work)} ({name})", markup=False)


@import_app.command("readings")
def import_readings(
    file: Annotated[
        Path,
        typer.Argument(help="CSV (ean,signal,time,value[,unit][,origin]) or Parquet.", exists=True, dir_okay=False),
    ],
    tenant: Annotated[str, typer.Option(help="The tenant's short name.")] = "demo",
    client: Annotated[
        int, typer.Option(min=0, max=2**31 - 1, help="Client number for sensors that have to be made.")
    ] = 1,
) -> None:
    """Load meter readings. Repeating a file changes nothing; an interrupted import goes on where it stopped."""
    from gridloom.imports import readings

    with_application(lambda a: readings(a, file, tenant=tenant, client=client, console=err))


@import_app.command("weather")
def import_weather(
    file: Annotated[
        Path, typer.Argument(help="CSV (time,lat,lon,temperature,…) or Parquet.", exists=True, dir_okay=False)
    ],
    tenant: Annotated[str, typer.Option(help="The tenant's short name.")] = "demo",
) -> None:
    """Load weather of places; it is answered between them. Repeating a file changes nothing."""
    from gridloom.imports import weather

    with_application(lambda a: weather(a, file, tenant=tenant, console=err))


@app.command()
def settle(
    since: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")],
    till: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day.")],
    tenant: Annotated[str, typer.Option(help="The tenant's short name.")] = "demo",
    community: Annotated[
        str | None, typer.Option(help="Only this community (what x-community-id names); all of them by default.")
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, max=256, help="Processes on this machine; GRIDLOOM_DASK_ADDRESS takes a cluster.")
    ] = 1,
) -> None:
    """Settle energy communities over whole days: who gave, took and shared how much.

    Settling again changes nothing, unless readings, keys or meters changed meanwhile: then it makes the next version.
    """
    from gridloom.settlements import settle as settled

    days = since.date(), till.date()
    with_application(lambda a: settled(a, *days, tenant=tenant, community=community, workers=workers, out=out, err=err))


@app.command()
def simulate(
    stations: Annotated[int, typer.Option(min=1, max=5000, help="How many charge points.")] = 4,
    version: Annotated[str, typer.Option(help="Versions of OCPP they speak, in turn.")] = "1.6,2.0.1",
    api: Annotated[str | None, typer.Option(help="Address of the API; by default this machine's.")] = None,
    ocpp: Annotated[str | None, typer.Option(help="Address for charge points, e.g. ws://127.0.0.1:9000/ocpp.")] = None,
    token: Annotated[str | None, typer.Option(help="Charging token; by default that of the demo in ./var.")] = None,
    interval: Annotated[float, typer.Option(min=0.5, help="Seconds between meter values.")] = 10.0,
    prefix: Annotated[str, typer.Option(help="How their names begin; another one for another process.")] = "SIM",
) -> None:
    """Let simulated charge points call a gridloom that runs: they boot, charge cars that come and go, and obey.

    They are made through the API the first time and found again later. Ctrl-C ends them.
    """
    from gridloom import simulate as simulation

    chosen = quiet(settings())
    try:
        asyncio.run(
            simulation.simulate(
                api or f"http://{chosen.host}:{chosen.port}",
                ocpp or f"ws://{chosen.host}:{chosen.ocpp_port}/ocpp",
                token or simulation.token_of_demo(chosen.var_path),
                stations=stations,
                kinds=simulation.versions(version),
                interval_s=interval,
                prefix=prefix,
                err=err,
            )
        )
    except simulation.Impossible as reason:
        fail(str(reason))
    except KeyboardInterrupt:
        raise typer.Exit from None


def main() -> None:
    """Entry point."""
    app()
