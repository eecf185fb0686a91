"""The command `gridloom`: what it prints, what it answers with, and how a server starts and ends."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import typer
from tests.faults.running import Running, environment, gridloom, postmaster, processes_of
from typer.testing import CliRunner

from gridloom import __version__
from gridloom.app import API_NAMES
from gridloom.cli import app
from gridloom.kernel.database.embedded import EmbeddedServer

runner = CliRunner()


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command and group below a group, with its words."""
    yield path, group
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*path, name))


COMMANDS = dict(commands(typer.main.get_command(app)))


class TestHelp:
    @pytest.mark.parametrize("path", COMMANDS, ids=lambda path: " ".join(path) or "gridloom")
    def test_every_command_teaches_what_it_does_and_what_it_takes(self, path: tuple[str, ...]) -> None:
        command = COMMANDS[path]
        assert len(command.help or "") > 10
        for parameter in command.params:
            if parameter.name != "help":
                assert getattr(parameter, "help", None), f"{' '.join(path)}: {parameter.name} has no help"
        shown = runner.invoke(app, [*path, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
        assert shown.exit_code == 0
        for parameter in command.params:
            for option in parameter.opts if parameter.param_type_name == "option" else ():
                assert option in shown.output

    def test_without_a_command_the_help_is_shown(self) -> None:
        shown = runner.invoke(app, [])
        assert "Usage:" in shown.output
        for name in (
            "run",
            "migrate",
            "demo",
            "openapi",
            "doctor",
            "tenant",
            "token",
            "user",
            "import",
            "settle",
            "simulate",
        ):
            assert name in shown.output

    def test_the_commands_are_those_that_were_promised(self) -> None:
        assert set(COMMANDS) == {
            (), ("run",), ("migrate",), ("demo",), ("openapi",), ("doctor",), ("version",), ("tenant",), ("tenant", "create"),
            ("user",), ("user", "create"), ("token",), ("token", "create"), ("import",), ("import", "readings"),
            ("import", "weather"), ("settle",), ("simulate",), ("operator",), ("operator", "create"),
        }  # fmt: skip

    def test_the_version_is_printed(self) -> None:
        assert runner.invoke(app, ["version"]).output == f"{__version__}\n"


class TestDocuments:
    @pytest.mark.parametrize("api", API_NAMES)
    def test_a_document_needs_no_database(self, api: str) -> None:
        shown = runner.invoke(app, ["openapi", api], env={"DATABASE_URL": "postgresql://127.0.0.1:1/none"})
        assert shown.exit_code == 0
        document = json.loads(shown.stdout_bytes)
        assert document["openapi"].startswith("3.1")
        assert len(document["paths"]) > 0

    def test_an_unknown_api_is_told_the_known_ones(self) -> None:
        shown = runner.invoke(app, ["openapi", "besides"], env={"COLUMNS": "200"})
        assert shown.exit_code == 2
        assert all(name in shown.output for name in API_NAMES)


ONE_AFTER_THE_OTHER = """
import json, sys
from typer.testing import CliRunner
from gridloom.cli import app
for arguments, settings in json.load(sys.stdin):
    done = CliRunner().invoke(app, arguments, env=settings)
    print(json.dumps([done.exit_code, done.stdout, done.stderr]))
"""


class Done(NamedTuple):
    """How a command ended."""

    code: int
    output: str
    said: str

    @property
    def sentence(self) -> str:
        """The one sentence of a command that was refused."""
        assert self.output == ""
        assert "Traceback" not in self.said
        last = self.said.strip().splitlines()[-1]
        assert last.startswith("gridloom: "), self.said
        return last.removeprefix("gridloom: ")


class Place:
    """A folder and a database for commands."""

    def __init__(self, var: Path, url: str) -> None:
        self.var = var
        self.more = {"DATABASE_URL": url}

    def run(self, *arguments: str, code: int = 0) -> Done:
        """A command as a process of its own."""
        done = gridloom(self.var, *arguments, more=self.more)
        assert done.returncode == code, done.stderr
        return Done(code, done.stdout, done.stderr)

    def each(self, *commands: tuple[str, ...], **more: str) -> list[Done]:
        """Several commands, one after the other in one process, because most of a command's time is its start."""
        return self.settled(*((command, more) for command in commands))

    def settled(self, *commands: tuple[tuple[str, ...], dict[str, str]]) -> list[Done]:
        """The same, each with settings of its own."""
        done = subprocess.run(
            [sys.executable, "-c", ONE_AFTER_THE_OTHER],
            env=environment(self.var, self.more),
            cwd=self.var.parent,
            input=json.dumps(commands),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [Done(*json.loads(line)) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def place(new_database: Any, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """One database for the commands of this file, and a folder."""
    return Place(tmp_path_factory.mktemp("cli") / "var", new_database("cli"))


@pytest.fixture(scope="module")
def served(place: Place) -> Iterator[Running]:
    """A server on that database."""
    running = Running(place.var, "--no-demo", more=place.more).wait()
    yield running
    assert running.end() == 0


NO_SERVER = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
NO_ADDRESS = {"DATABASE_URL": "no address at all"}


def test_the_doctor_says_what_is_wrong_and_ends_with_1(place: Place) -> None:
    (good,) = place.each(("doctor",), GRIDLOOM_PORT="0")
    assert (good.code, good.said) == (0, "")
    assert "PostgreSQL" in good.output
    assert "bad" not in {line.split()[0] for line in good.output.splitlines()}
    wrong = [
        (NO_SERVER, "the database cannot be reached"),
        (NO_ADDRESS, "GRIDLOOM_DATABASE_URL: expected an address"),
        ({"GRIDLOOM_NONSENSE": "1"}, "GRIDLOOM_NONSENSE: there is no such setting"),
        ({"GRIDLOOM_PORT": "many"}, "GRIDLOOM_PORT: "),
        ({"GRIDLOOM_SECRET_KEY": "short"}, "GRIDLOOM_SECRET_KEY: expected 32 bytes"),
    ]
    for done, (_, words) in zip(place.settled(*((("doctor",), more) for more, _ in wrong)), wrong, strict=True):
        assert done.code == 1
        (bad,) = [line for line in done.output.splitlines() if line.startswith("bad")]
        assert words in bad
        assert "→" in done.output


def test_a_wrong_configuration_is_said_in_a_sentence(place: Place) -> None:
    wrong = [
        (NO_SERVER, 1, "the database cannot be reached: "),
        (NO_ADDRESS, 2, "GRIDLOOM_DATABASE_URL: expected an address"),
        ({"GRIDLOOM_PORT": "70000"}, 2, "GRIDLOOM_PORT: "),
        ({"GRIDLOOM_COLOUR": "red"}, 2, "GRIDLOOM_COLOUR: there is no such setting"),
    ]
    got = place.settled(*((("migrate",), more) for more, _, _ in wrong))
    for done, (_, code, sentence) in zip(got, wrong, strict=True):
        assert done.code == code
        assert done.sentence.startswith(sentence)


class TestMaking:
    def test_a_tenant_a_user_and_a_token_open_the_apis(self, place: Place, served: Running) -> None:
        tenant, user = place.each(
            ("tenant", "create", "north", "--name", "North e.V.", "--zone", "Europe/Berlin"),
            ("user", "create", "north", "Ann@example.org", "--role", "metering", "--password", "s3cret pass"),
        )
        assert (tenant.code, user.code) == (0, 0)
        assert tenant.output.startswith("tenant ")
        assert tenant.output.endswith(" (north)\n")
        assert user.output.startswith("user ")
        made = place.run("token", "create", "north", "service", "--scope", "metering.*", "--name", "cron")
        token = made.output.removesuffix("\n")
        assert token.startswith("glt_")
        assert token.split() == [token]
        with httpx.Client(base_url=served.url) as client:
            bearer = {"authorization": f"Bearer {token}"}
            assert client.get("/api/sensors/types", headers=bearer).status_code == 200
            assert client.get("/api/sensors/types").status_code == 401
            body = {"login": "ann@example.org", "password": "s3cret pass"}
            signed_in = client.post("/api/users/token", json=body)
            assert signed_in.status_code == 200
            own = {"authorization": f"Bearer {signed_in.json()['token']}"}
            made_there = client.post("/api/sensors", params={"client_cid": 1, "name": "x"}, headers=own)
            assert made_there.status_code == 201

    def test_a_token_of_a_user_has_the_users_rights_and_may_end(self, place: Place, served: Running) -> None:
        *_, made, endless = place.each(
            ("tenant", "create", "east"),
            ("user", "create", "east", "bob", "--role", "metering-reader", "--password", "x"),
            ("token", "create", "east", "metering", "--login", "bob", "--days", "1"),
            ("token", "create", "east", "metering", "--login", "bob", "--days", "0"),
        )
        assert endless.code == 2
        assert "--days" in endless.said
        with httpx.Client(base_url=served.url, headers={"authorization": f"Bearer {made.output.strip()}"}) as client:
            assert client.get("/api/sensors/types").status_code == 200
            assert client.post("/api/sensors", params={"client_cid": 1, "name": "x"}).status_code == 403

    def test_what_cannot_be_made_is_said_in_a_sentence(self, place: Place) -> None:
        place.each(("tenant", "create", "west"), ("user", "create", "west", "eve", "--password", "x"))
        wrong: list[tuple[tuple[str, ...], int, str]] = [
            (("tenant", "create", "west"), 1, "There is a tenant west already."),
            (("tenant", "create", "No Slug"), 1, "A slug has small letters, digits and dashes, at most 40."),
            (("tenant", "create", "mars", "--zone", "Mars/Base"), 1, "'Mars/Base' is no time zone"),
            (("user", "create", "nowhere", "x", "--password", "x"), 1, "There is no tenant nowhere."),
            (("user", "create", "west", "EVE", "--password", "x"), 1, "There is a user with this login already."),
            (
                ("user", "create", "west", "z", "--password", "x", "--role", "king"),
                1,
                "There is no role king; there are",
            ),
            (("token", "create", "west", "coin", "--scope", "*"), 1, "There is no token kind coin; there are"),
            (("token", "create", "west", "service", "--login", "nobody"), 1, "There is no user nobody."),
            (("token", "create", "west", "service"), 2, "say what it may do: `--scope …`"),
        ]
        for done, (_, code, sentence) in zip(place.each(*(each for each, _, _ in wrong)), wrong, strict=True):
            assert done.code == code
            assert done.sentence.startswith(sentence)


class TestImporting:
    HEADER = "ean,signal,time,value"

    def file(self, place: Place, *rows: str, name: str = "readings.csv") -> str:
        path = place.var.parent / name
        path.write_text("\n".join([self.HEADER, *rows, ""]))
        return str(path)

    def test_counts_are_said_and_a_repetition_stores_nothing(self, place: Place) -> None:
        rows = [f"54144882000000001{n},132,2026-02-02T0{hour}:00:00Z,0.{hour}" for n in range(2) for hour in range(5)]
        load = (
            "import",
            "readings",
            self.file(place, *rows, name="[odd] name.csv"),
            "--tenant",
            "meters",
            "--client",
            "3",
        )
        _, first, again = place.each(("tenant", "create", "meters"), load, load)
        assert (first.code, again.code) == (0, 0)
        assert "10 rows: 10 stored, 0 stood already, 2 sensors made" in first.said
        assert "10 rows: 0 stored, 10 stood already, 0 sensors made" in again.said

    def test_what_cannot_be_read_is_said(self, place: Place) -> None:
        file = self.file(place, "541448820000000011,132,2026-02-02T03:00:00Z,[red]much[/red]")
        _, row, tenant, missing, client = place.each(
            ("tenant", "create", "wrong"),
            ("import", "readings", file, "--tenant", "wrong"),
            ("import", "readings", file, "--tenant", "none"),
            ("import", "readings", str(place.var / "nothing.csv")),
            ("import", "readings", file, "--client", "-1"),
            COLUMNS="300",
        )
        assert (row.code, row.sentence) == (1, "row 2: '[red]much[/red]' is no value.")
        assert (tenant.code, tenant.sentence) == (1, "There is no tenant none.")
        assert (missing.code, "does not exist" in missing.said) == (2, True)
        assert (client.code, "--client" in client.said) == (2, True)


class TestSettling:
    def test_a_tenant_without_communities_has_nothing_to_settle(self, place: Place) -> None:
        command = ("settle", "--from", "2026-03-01", "--to", "2026-03-31", "--tenant", "calm")
        _, done = place.each(("tenant", "create", "calm"), command)
        assert done.code == 0
        assert done.said.endswith("0 operations settled, 0 without an active meter in this period\n")

    def test_a_period_or_a_cluster_that_cannot_be_used_is_said(self, place: Place) -> None:
        period = ("settle", "--from", "2026-03-31", "--to", "2026-03-01", "--tenant", "quiet")
        days = ("settle", "--from", "2026-03-31", "--to", "soon", "--tenant", "quiet")
        right = ("settle", "--from", "2026-03-01", "--to", "2026-03-31", "--tenant", "quiet")
        _, backwards, unread, cluster = place.settled(
            (("tenant", "create", "quiet"), {}),
            (period, {}),
            (days, {}),
            (right, {"GRIDLOOM_DASK_ADDRESS": "tcp://127.0.0.1:1"}),
        )
        assert (backwards.code, backwards.sentence) == (
            1,
            "The period must end on or after its first day, before today, and last 400 days at most.",
        )
        assert (unread.code, "--to" in unread.said) == (2, True)
        assert (cluster.code, "GRIDLOOM_FILES_URL" in cluster.said) == (1, True)


class TestServing:
    """On an embedded server, as a newcomer starts it."""

    @pytest.fixture
    def var(self, tmp_path: Path) -> Path:
        return tmp_path / "var"

    def test_a_first_run_says_where_everything_is_ends_with_ctrl_c_and_keeps_its_data(self, var: Path) -> None:
        first = Running(var).wait("Try it:")
        token = first.output.rsplit("Bearer ", 1)[1].split('"')[0]
        bearer = {"authorization": f"Bearer {token}"}
        for name in API_NAMES:
            (line,) = [line for line in first.output.splitlines() if line.startswith(f"{name} ")]
            assert f"{first.url}/docs/{name}" in line
        with httpx.Client(base_url=first.url, headers=bearer) as client:
            assert client.get("/").status_code == 200
            assert client.get("/health/ready").status_code == 200
            made = client.post("/api/sensors", params={"client_cid": 99, "name": "kept"})
            assert made.status_code == 201
        assert (var / "demo.json").stat().st_mode & 0o777 == 0o600
        self.refuses_a_second(var, first)
        database = postmaster(var)
        assert database in processes_of(var)
        assert first.end(signal.SIGINT) == 0
        assert processes_of(var) == []

        shown = json.loads((var / "demo.json").read_text())
        demo = gridloom(var, "demo")
        assert all(str(value) in demo.stdout for value in shown.values())
        again = Running(var).wait("Try it:")
        assert token in again.output
        with httpx.Client(base_url=again.url, headers=bearer) as client:
            assert client.get("/api/sensors/99.1").json()["name"] == "kept"
        assert again.end(signal.SIGTERM) == 0
        assert processes_of(var) == []
        assert not (var / "postgres" / "data" / "postmaster.pid").exists()

    def refuses_a_second(self, var: Path, first: Running) -> None:
        """While one runs, another one on the same folder says who has it, and hinders nothing."""
        second = gridloom(var, "run", "--port", "0")
        assert second.returncode == 1
        assert second.stderr.startswith("gridloom: ")
        assert f"pid {first.process.pid}" in second.stderr
        assert "Traceback" not in second.stderr
        assert httpx.get(f"{first.url}/health/ready").status_code == 200

    def test_ctrl_c_during_the_start_leaves_nothing_behind(self, var: Path) -> None:
        starting = Running(var)
        while not (var / "postgres" / "data" / "postmaster.pid").exists():
            assert starting.process.poll() is None
        assert starting.end(signal.SIGTERM) == 0
        assert processes_of(var) == []
        server = EmbeddedServer(var / "postgres").start()
        server.stop()

    def test_a_port_that_is_taken_is_said(self, place: Place) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            done = place.run("run", "--no-demo", "--port", str(port), code=1)
        assert done.sentence.startswith("the server did not start")
        assert "address already in use" in done.said

    def test_the_work_behind_the_requests_runs_alone(self, place: Place) -> None:
        worker = Running(place.var, "--only", "worker", more=place.more).wait("works in the background")
        assert worker.url == ""
        assert worker.end(signal.SIGINT) == 0

    def test_the_door_for_charge_points_opens_alone(self, place: Place) -> None:
        door = Running(place.var, "--only", "ocpp", more=place.more).wait("expects charge points at ws://127.0.0.1:")
        port = int(door.output.rsplit("127.0.0.1:", 1)[1].split("/", 1)[0])
        refused = httpx.get(f"http://127.0.0.1:{port}/ocpp/NOBODY")
        assert refused.status_code in (400, 426)
        assert door.end(signal.SIGINT) == 0

    def test_a_port_for_charge_points_that_is_taken_is_said(self, place: Place) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = str(other.getsockname()[1])
            more = dict(place.more) | {"GRIDLOOM_OCPP_PORT": port}
            done = gridloom(place.var, "run", "--no-demo", "--port", "0", more=more)
        assert done.returncode == 1
        assert f"charge points cannot be listened for on 127.0.0.1:{port}: Address already in use." in done.stderr
        assert "GRIDLOOM_OCPP_PORT" in done.stderr
        assert "Traceback" not in done.stderr


def test_nothing_of_the_callers_settings_reaches_a_command(tmp_path: Path) -> None:
    """What the tests above rest on."""
    known = environment(tmp_path / "var")
    assert set(known) == {"PATH", "HOME", "LC_ALL", "GRIDLOOM_VAR"}
