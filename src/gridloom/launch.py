"""`gridloom run`: start everything, and say where it is."""

import asyncio
from collections.abc import Callable

from rich.console import Console

from gridloom import demo as demos
from gridloom import runtime
from gridloom.app import API_NAMES, Application, Roles
from gridloom.charging.csms.public import Door
from gridloom.kernel import observability
from gridloom.settings import Settings

ROLES = {None: Roles.ALL, "api": Roles.API, "worker": Roles.WORKER, "ocpp": Roles.OCPP}


def launch(settings: Settings, *, only: str | None, demo: bool, out: Console) -> bool:
    """Run until a signal; True when the start succeeded."""
    observability.configure_logging(settings.log_format, settings.log_level)
    observability.configure_tracing(settings.otlp_endpoint)
    roles = ROLES[only]
    with runtime.database(settings) as url:
        made = demos.known(settings.var_path)
        if demo and made is None and Roles.API in roles:
            made = asyncio.run(_demo(settings, url))

        def ready(port: int, application: Application) -> None:
            door = application.services.get(Door)
            stations = None if door is None else _stations(settings, door.port)
            if Roles.API in roles:

                def greet() -> None:
                    welcome(settings, port, made, out, stations=stations)

                if demo and made is not None and stations is not None and settings.demo_stations:
                    # What it asks of the API stands above the table in the log, not below it.
                    application.services.add(_demo_site(settings, port, stations, made, greet))
                else:
                    greet()
            elif stations is not None:
                out.print(
                    f"gridloom expects charge points at {stations}; Ctrl-C ends it.", soft_wrap=True, markup=False
                )
                out.file.flush()
            else:
                out.print("gridloom works in the background; Ctrl-C ends it.")

        return runtime.serve(settings, url, roles, ready)


async def _demo(settings: Settings, url: str) -> demos.Demo | None:
    application = Application(settings, url, runtime.sealer(settings), roles=Roles(0))
    async with application.running():
        if not await demos.is_wanted(application):
            return None
        return await demos.create(application)


PATHS = {
    "charging": "/public-api",
    "commerce": "/iam /rel /cat",
    "communities": "/communities /users",
    "portal": "/v2/portal /v3/portal",
    "metering": "/api",
}


def _demo_site(
    settings: Settings, port: int, stations: str, made: demos.Demo, greet: Callable[[], None]
) -> "asyncio.Task[None]":
    """Cars that charge at the demo's stations. They are clients like all others, on the other end of a socket."""
    from gridloom.charging.simulation.demo import begin

    host = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host  # noqa: S104  compared, not bound
    address = stations.rpartition("/")[0].replace("0.0.0.0", "127.0.0.1")  # noqa: S104  likewise
    return begin(f"http://{host}:{port}", address, made.charging_token, settings.demo_stations, greet)


def _stations(settings: Settings, port: int) -> str:
    """Where charge points connect."""
    host = settings.ocpp_address
    scheme = "ws" if settings.ocpp_certificate is None else "wss"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}/ocpp/{{network id}}"


def welcome(
    settings: Settings, port: int, demo: demos.Demo | None, out: Console, *, stations: str | None = None
) -> None:
    """The short table of a start: each API, its documentation, and how to sign in to it. Never wrapped, easy to copy."""
    base = settings.public_url or f"http://{settings.host}:{port}"
    lines = [
        "",
        f"gridloom is running at {base}",
        f"Ctrl-C ends it; the data stays in {settings.var_path}",
        "",
        f"{'API':<12} {'address':<48} {'documentation':<44} sign in with",
    ]
    for name in API_NAMES:
        address = f"{base}{PATHS[name].replace(' /', ', /')}"
        lines.append(f"{name:<12} {address:<48} {base + '/docs/' + name:<44} {_credential(name, demo)}")
    if stations is not None:
        lines.append(f"{'OCPP':<12} {stations:<48} {base + '/docs/charging':<44} the charge point's network password")
    if demo is not None:
        token = demo.service_token
        lines += ["", f"One token for all five:   Authorization: Bearer {token}"]
        lines += [f'Try it:                   curl -H "Authorization: Bearer {token}" {base}/api/sensors/types']
    for line in [*lines, ""]:
        out.print(line, soft_wrap=True, markup=False)
    out.file.flush()


def _credential(name: str, demo: demos.Demo | None) -> str:
    if demo is None:
        return "gridloom token create …"
    return {
        "charging": f"bearer {demo.charging_token}",
        "commerce": f"client {demo.commerce_client} {demo.commerce_secret}",
        "communities": f"bearer {demo.communities_token}",
        "portal": f"bearer {demo.portal_token}",
        "metering": f"{demo.login} / {demo.password}",
    }[name]
