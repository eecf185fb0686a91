"""`gridloom doctor`: what it finds, and that it says how to mend it."""

import base64
import os
import secrets
import socket
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from gridloom import doctor, runtime
from gridloom.doctor import Finding, examine
from gridloom.kernel.security.sealing import Sealer

GOOD, LOOK, BAD = 0, 1, 2


@pytest.fixture(autouse=True)
def healthy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: str) -> Path:
    """A configuration with nothing wrong in it; its folder."""
    for name in [name for name in os.environ if name.startswith("GRIDLOOM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("GRIDLOOM_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("GRIDLOOM_PORT", "0")
    monkeypatch.setenv("GRIDLOOM_OCPP_PORT", "0")
    monkeypatch.setattr(doctor, "FREE_BYTES", 1)
    return tmp_path / "var"


def found(monkeypatch: pytest.MonkeyPatch, **variables: str) -> list[Finding]:
    for name, value in variables.items():
        monkeypatch.setenv(name if name == "DATABASE_URL" else f"GRIDLOOM_{name}", value)
    return list(examine())


def wrong(findings: list[Finding]) -> list[Finding]:
    return [each for each in findings if each.weight != GOOD]


def test_a_good_configuration_is_found_good(monkeypatch: pytest.MonkeyPatch, healthy: Path) -> None:
    findings = found(monkeypatch)
    assert wrong(findings) == []
    texts = [each.what for each in findings]
    assert texts[0].startswith("Python 3.")
    assert texts[1] == "settings can be read"
    for part in (
        "can be written", "GB free under", "will be made at the first start", " is free", " answers",
        "graph definitions can be used", "weather from files only", "calculations in this process",
    ):  # fmt: skip
        assert any(part in text for text in texts), part
    assert all(each.mend == "" for each in findings)
    assert not healthy.exists()


def test_a_setting_that_cannot_be_used_ends_the_examination_with_what_it_is_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = "The settings are DATABASE_URL, GRIDLOOM_DATABASE_URL, GRIDLOOM_DATABASE_POOL,"
    proxies = "GRIDLOOM_TRUSTED_PROXIES: Addresses or networks whose forwarding headers are believed."
    sender = "GRIDLOOM_MAIL_FROM: Sender of mail: `Name <address>`; needed with mail_url."
    for variables, told, mend in [
        ({"PROT": "1"}, "GRIDLOOM_PROT: there is no such setting", known),
        ({"PORT": "x"}, "GRIDLOOM_PORT: Expected `int`", "GRIDLOOM_PORT: Port of the API; 0 takes a free one."),
        ({"LOG_LEVEL": "loud"}, "GRIDLOOM_LOG_LEVEL: Invalid enum value", "Set GRIDLOOM_LOG_LEVEL."),
        ({"TRUSTED_PROXIES": "proxy"}, "GRIDLOOM_TRUSTED_PROXIES: expected addresses or networks", proxies),
        ({"MAIL_URL": "smtp://mail.example.org"}, "GRIDLOOM_MAIL_FROM: expected a sender such as", sender),
    ]:
        with monkeypatch.context() as patched:
            findings = found(patched, **variables)
        assert [each.weight for each in findings] == [GOOD, BAD]
        assert told in findings[1].what
        assert findings[1].mend.startswith(mend)
        assert findings[1].mend == mend or mend == known


def test_a_folder_that_cannot_be_written_is_bad(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    [finding] = [
        each for each in found(monkeypatch, VAR=str(tmp_path / "file" / "var")) if "cannot be written" in each.what
    ]
    assert finding.weight == BAD
    assert finding.what == f"{tmp_path}/file/var cannot be written"
    assert "Set GRIDLOOM_VAR to a folder of yours" in finding.mend


def test_little_room_on_the_disk_is_worth_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "free")  # noqa: PYI024 - as the standard library answers
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: usage(500_000_000))
    monkeypatch.setattr(doctor, "FREE_BYTES", 1_000_000_000)
    [finding] = wrong(found(monkeypatch))
    assert (finding.weight, finding.what.partition(" under")[0]) == (LOOK, "0.5 GB free")
    assert "PostgreSQL stops when the disk is full" in finding.mend


# --- keys -------------------------------------------------------------------------------------------------------------


def test_a_key_that_can_be_read_is_good(monkeypatch: pytest.MonkeyPatch, healthy: Path) -> None:
    healthy.mkdir()
    Sealer.from_file(healthy / runtime.KEY_FILE)
    assert "the master key can be read" in [each.what for each in found(monkeypatch)]
    key = base64.b64encode(b"k" * 32).decode()
    findings = found(monkeypatch, SECRET_KEY=key)
    assert wrong(findings) == []
    assert key not in str(findings)


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 1000])
def test_a_damaged_key_is_bad(monkeypatch: pytest.MonkeyPatch, healthy: Path, content: bytes) -> None:
    healthy.mkdir()
    file = healthy / runtime.KEY_FILE
    file.write_bytes(content)
    file.chmod(0o600)
    [finding] = wrong(found(monkeypatch))
    assert finding.weight == BAD
    assert finding.mend == "Put the key back: sealed secrets cannot be read without it."
    assert file.read_bytes() == content


@pytest.mark.parametrize("key", ["x", "s3cret-key-that-is-not-base64!", base64.b64encode(b"k" * 31).decode()])
def test_a_key_that_is_none_is_bad_and_not_shown(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    [finding] = wrong(found(monkeypatch, SECRET_KEY=key))
    assert finding.weight == BAD
    assert "GRIDLOOM_SECRET_KEY: expected 32 bytes in base64" in finding.what
    assert "s3cret" not in str(finding)


# --- the port ---------------------------------------------------------------------------------------------------------


def test_a_port_that_is_taken_is_worth_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        [finding] = wrong(found(monkeypatch, PORT=str(port)))
    assert finding.weight == LOOK
    assert finding.what == f"127.0.0.1:{port} cannot be listened on (Address already in use)"
    assert "GRIDLOOM_PORT" in finding.mend
    assert wrong(found(monkeypatch, PORT=str(port))) == []


def test_an_address_of_another_machine_cannot_be_listened_on(monkeypatch: pytest.MonkeyPatch) -> None:
    findings = wrong(found(monkeypatch, HOST="192.0.2.1", OCPP_HOST="127.0.0.1", PUBLIC_URL="https://x.example"))
    assert [each.weight for each in findings] == [LOOK]
    assert "192.0.2.1:0 cannot be listened on" in findings[0].what


# --- the database -----------------------------------------------------------------------------------------------------


def test_without_an_address_the_embedded_server_is_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    findings = list(examine())
    assert wrong(findings) == []
    assert "no DATABASE_URL: the embedded PostgreSQL will be used" in [each.what for each in findings]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:s3cret@127.0.0.1:1/db",
        "postgresql://ada:s3cret@nowhere.invalid:5432/db",
        "postgresql://ada:s3cret@127.0.0.1:port/db",
        "postgresql://ada:s3cret@127.0.0.1:1/db?no_such_option=1",
    ],
)
def test_a_database_that_cannot_be_reached_is_bad_and_its_password_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    [finding] = wrong(found(monkeypatch, DATABASE_URL=url))
    assert finding.weight == BAD
    assert finding.what.startswith("the database cannot be reached: ")
    assert finding.mend.startswith("Check host, port, name and password in DATABASE_URL")
    assert "s3cret" not in str(finding)


def test_a_wrong_password_is_bad(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    url = make_url(database_url).set(password="s3cret")
    [finding] = wrong(found(monkeypatch, DATABASE_URL=url.render_as_string(hide_password=False)))
    assert finding.weight == BAD
    assert "s3cret" not in str(finding)


@pytest.fixture
def weak(database_url: str) -> Iterator[str]:
    """The address with a login that may do nothing."""
    name, password = f"weak_{secrets.token_hex(4)}", secrets.token_hex(8)
    user = sql.Identifier(name)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(user, sql.Literal(password)))
        try:
            yield make_url(database_url).set(username=name, password=password).render_as_string(hide_password=False)
        finally:
            connection.execute(sql.SQL("DROP ROLE {}").format(user))


def test_a_login_that_may_not_make_schemas_is_told_what_to_grant(monkeypatch: pytest.MonkeyPatch, weak: str) -> None:
    name, database = make_url(weak).username, make_url(weak).database
    [finding] = wrong(found(monkeypatch, DATABASE_URL=weak))
    assert (finding.weight, finding.what) == (BAD, f"{name} may not create schemas")
    assert finding.mend == f"GRANT CREATE ON DATABASE {database} TO {name};"


class Server:
    """A server of another kind than the tests have."""

    def __init__(self, version: int, rights: tuple[Any, ...], extensions: set[str]) -> None:
        self.info = namedtuple("info", "server_version dbname")(version, "shop")  # type: ignore[call-arg]  # noqa: PYI024
        self._rights = rights
        self._extensions = extensions

    def execute(self, statement: str) -> Any:
        rows = [(name,) for name in self._extensions] if "pg_available_extensions" in statement else [self._rights]
        return namedtuple("cursor", "fetchone fetchall")(lambda: rows[0], lambda: rows)  # type: ignore[call-arg]  # noqa: PYI024


NEEDED = {"pg_trgm", "btree_gist", "unaccent"}
FULL = ("ada", False, True, True, False)


def told(server: Server) -> list[tuple[int, str]]:
    return [(each.weight, each.what) for each in doctor._server(server)]  # type: ignore[arg-type]


def test_a_server_of_yesterday_is_bad() -> None:
    assert told(Server(140012, FULL, NEEDED)) == [(BAD, "PostgreSQL 14 is too old")]
    assert told(Server(150000, FULL, NEEDED)) == [(GOOD, "PostgreSQL 15 answers")]
    assert told(Server(180003, FULL, NEEDED)) == [(GOOD, "PostgreSQL 18 answers")]


@pytest.mark.parametrize(
    ("is_super", "may_roles", "may_create", "has_role", "expected"),
    [
        (True, False, False, False, []),
        (False, True, True, False, []),
        (False, False, True, True, []),
        (False, False, True, False, ["the role gridloom_tenant is missing and cannot be made by this user"]),
        (False, True, False, False, ["ada may not create schemas"]),
        (False, False, False, False, [
            "ada may not create schemas", "the role gridloom_tenant is missing and cannot be made by this user"]),
    ],
)  # fmt: skip
def test_every_right_that_is_missing_is_told(
    is_super: bool, may_roles: bool, may_create: bool, has_role: bool, expected: list[str]
) -> None:
    found = told(Server(170000, ("ada", is_super, may_roles, may_create, has_role), NEEDED))
    assert found[1:] == [(BAD, text) for text in expected]


def test_every_extension_that_is_missing_is_told() -> None:
    assert told(Server(170000, FULL, {"pg_trgm", "plpgsql"}))[1:] == [
        (BAD, "the extensions btree_gist, unaccent are not installed")
    ]


# --- the rest ---------------------------------------------------------------------------------------------------------


def test_graphs_that_cannot_be_used_are_bad_and_hide_nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "graphs").mkdir()
    (tmp_path / "graphs" / "broken.json").write_text("{")
    findings = found(monkeypatch, GRAPHS_FOLDER=str(tmp_path / "graphs"))
    [finding] = wrong(findings)
    assert finding.weight == BAD
    assert finding.what.startswith("The graph definitions: ")
    assert "weather from files only" in [each.what for each in findings]


def test_a_check_that_breaks_hides_none_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Path) -> Any:
        raise RuntimeError("no disk at all")

    monkeypatch.setattr(doctor.shutil, "disk_usage", broken)
    findings = found(monkeypatch)
    assert [(each.weight, each.what) for each in wrong(findings)] == [
        (BAD, "Room on the disk: RuntimeError: no disk at all")
    ]
    assert len(findings) >= 9


def test_a_server_open_to_others_without_a_proxy_is_worth_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    everywhere = "0.0.0.0"
    [finding] = wrong(found(monkeypatch, HOST=everywhere, OCPP_HOST="127.0.0.1"))
    assert (finding.weight, finding.what) == (LOOK, f"{everywhere} is open to others, without TLS")
    assert "GRIDLOOM_PUBLIC_URL" in finding.mend
    assert wrong(found(monkeypatch, PUBLIC_URL="https://api.example.org")) == []


def test_a_short_secret_of_the_gateway_is_worth_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    [finding] = wrong(found(monkeypatch, GATEWAY_SECRET="s3cret"))
    assert (finding.weight, finding.what) == (LOOK, "GRIDLOOM_GATEWAY_SECRET is short")
    assert wrong(found(monkeypatch, GATEWAY_SECRET="s" * 20)) == []


def test_partners_outside_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    findings = found(
        monkeypatch,
        OUTBOUND_PRIVATE="true",
        OPEN_METEO_URL="https://weather.example",
        DASK_ADDRESS="tcp://scheduler:8786",
    )
    assert [(each.weight, each.what) for each in wrong(findings)] == [(LOOK, "webhooks may call private addresses")]
    texts = [each.what for each in findings]
    assert "weather from https://weather.example" in texts
    assert "calculations on tcp://scheduler:8786" in texts


def test_charge_points_without_tls_where_others_listen_are_worth_a_look(
    monkeypatch: pytest.MonkeyPatch, healthy: Path, tmp_path: Path
) -> None:
    assert not healthy.exists()
    with monkeypatch.context() as patched:
        [finding] = [each for each in found(patched, OCPP_HOST="0.0.0.0") if each.weight != GOOD]
        assert finding.weight == 1
        assert "without TLS" in finding.what
        assert "GRIDLOOM_OCPP_CERTIFICATE" in finding.mend
    missing = str(tmp_path / "missing.pem")
    with monkeypatch.context() as patched:
        bad = wrong(found(patched, OCPP_CERTIFICATE=missing, OCPP_KEY=missing))
        assert [(each.weight, each.what) for each in bad] == [(BAD, f"{missing} cannot be read")] * 2
    with monkeypatch.context() as patched:
        [_, refused] = found(patched, OCPP_CERTIFICATE=missing)
        assert refused.what.startswith("GRIDLOOM_OCPP_CERTIFICATE: expected certificate and key")
    with monkeypatch.context() as patched:
        patched.setattr(doctor, "find_spec", lambda _: None)
        [finding] = wrong(found(patched, NATS_URL="nats://127.0.0.1:4222"))
        assert (finding.weight, finding.mend) == (BAD, "`pip install gridloom[nats]`")


def test_a_port_for_charge_points_that_is_taken_is_worth_a_look(monkeypatch: pytest.MonkeyPatch, healthy: Path) -> None:
    assert not healthy.exists()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        [finding] = wrong(found(monkeypatch, OCPP_PORT=str(port)))
    assert finding.weight == 1
    assert finding.what == f"127.0.0.1:{port} cannot be listened on (Address already in use)"
    assert "GRIDLOOM_OCPP_PORT" in finding.mend
