"""The knobs: what is read, what is refused, and how it is told."""

from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridloom.settings import PREFIX, Settings, SettingsError

FIELDS = {field.encode_name: field for field in msgspec.structs.fields(Settings)}


def loaded(**variables: str) -> Settings:
    return Settings.load({PREFIX + name: value for name, value in variables.items()})


def refusal(**variables: str) -> str:
    with pytest.raises(SettingsError) as caught:
        loaded(**variables)
    return str(caught.value)


def test_every_knob_has_a_default_that_works() -> None:
    assert Settings.load({}) == Settings()
    assert Settings().database_url is None
    assert (Settings().host, Settings().port) == ("127.0.0.1", 8000)


def test_every_knob_says_what_it_is_for() -> None:
    for name, field in FIELDS.items():
        metas = [meta for meta in get_args(field.type) if isinstance(meta, msgspec.Meta)]
        assert name == "log_level" or (metas and metas[0].description), name


def test_every_knob_is_turned_somewhere() -> None:
    root = Path(__file__).parent.parent / "src" / "gridloom"
    source = "\n".join(path.read_text() for path in root.rglob("*.py") if path.name != "settings.py")
    source += (root / "settings.py").read_text().partition("@property")[2]  # what several knobs say together
    assert [name for name in FIELDS if f".{name}" not in source] == []


def test_variables_are_read_as_what_they_mean() -> None:
    found = loaded(
        PORT="9000", HOST="192.0.2.7", OUTBOUND_PRIVATE="true", GRAPH_SECONDS="1.5", LOG_FORMAT="json", VAR="/srv/x"
    )
    assert (found.port, found.host, found.outbound_private) == (9000, "192.0.2.7", True)
    assert (found.graph_seconds, found.log_format, found.var_path) == (1.5, "json", Path("/srv/x"))


def test_lists_are_separated_by_commas() -> None:
    found = loaded(TRUSTED_PROXIES=" 10.0.0.0/8, ::1 ,,192.0.2.1", CORS_ORIGINS="https://a.example,https://*.b.example")
    assert found.trusted_proxies == ["10.0.0.0/8", "::1", "192.0.2.1"]
    assert found.cors_origins == ["https://a.example", "https://*.b.example"]
    assert loaded(TRUSTED_PROXIES=" , ").trusted_proxies == []


def test_an_empty_variable_is_none() -> None:
    assert loaded(PORT="", SECRET_KEY="", TRUSTED_PROXIES="", NO_SUCH_THING="") == Settings()


def test_what_the_command_says_wins_over_the_environment() -> None:
    environment = {"GRIDLOOM_PORT": "9000", "GRIDLOOM_HOST": "::1"}
    found = Settings.load(environment, port=9001, host=None)
    assert (found.port, found.host) == (9001, "::1")


def test_the_usual_name_of_the_database_counts_unless_ours_is_given() -> None:
    url, ours = "postgresql://a@b/c", "postgresql://d@e/f"
    assert Settings.load({"DATABASE_URL": url}).database_url == url
    assert Settings.load({"DATABASE_URL": ""}).database_url is None
    assert Settings.load({"DATABASE_URL": url, "GRIDLOOM_DATABASE_URL": ours}).database_url == ours


def test_variables_of_others_are_left_alone() -> None:
    assert (
        Settings.load({"PORT": "1", "OTHER_GRIDLOOM_PORT": "x", "GRIDLOOMPORT": "x", "gridloom_port": "x"})
        == Settings()
    )


def test_every_unknown_variable_is_named_at_once() -> None:
    told = refusal(PROT="9000", DATABSE_URL="x", PORT="9000")
    assert told == ("GRIDLOOM_DATABSE_URL, GRIDLOOM_PROT: there is no such setting; `gridloom doctor` lists them all.")


WRONG = [
    ("PORT", "65536"), ("PORT", "-1"), ("PORT", "http"), ("PORT", "80.5"), ("DATABASE_POOL", "1"), ("DATABASE_POOL", "201"),
    ("RATE_PER_SUBJECT", "0"), ("RATE_PER_ADDRESS", "0"), ("LOGINS_PER_MINUTE", "0"), ("WORKER_CONCURRENCY", "201"),
    ("LOG_FORMAT", "xml"), ("LOG_LEVEL", "loud"), ("OUTBOUND_PRIVATE", "perhaps"), ("GRAPH_SECONDS", "0"),
    ("GRAPH_SECONDS", "nan"), ("GRAPH_SECONDS", "inf"),
    ("TRUSTED_PROXIES", "10.0.0.0/8,proxy"), ("TRUSTED_PROXIES", "10.0.0.0/99"), ("CORS_ORIGINS", "portal.example.org"),
    ("CORS_ORIGINS", "https://*"), ("PUBLIC_URL", "api.example.org"), ("PUBLIC_URL", "ftp://x"), ("PUBLIC_URL", "https://"),
    ("PUBLIC_URL", "https://x/?a=b"), ("DATABASE_URL", "mysql://a@b/c"), ("DATABASE_URL", "host=a dbname=b"),
    ("DATABASE_URL", "postgresql+asyncpg://a@b/c"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG, ids=range(len(WRONG)))
def test_a_value_that_cannot_be_used_is_told_by_its_variable(name: str, value: str) -> None:
    told = refusal(**{name: value})
    assert told.startswith(f"{PREFIX}{name}: "), told
    assert told.endswith("."), told
    assert "$" not in told


def test_a_secret_is_never_told() -> None:
    told = refusal(DATABASE_URL="mysql://ada:s3cret@db/c")
    assert "s3cret" not in told


GOOD = [
    ("PORT", "0"), ("PORT", "65535"), ("DATABASE_POOL", "2"), ("DATABASE_POOL", "200"), ("GRAPH_SECONDS", "0.001"),
    ("TRUSTED_PROXIES", "10.0.0.1/8"), ("TRUSTED_PROXIES", "2001:db8::/32"), ("CORS_ORIGINS", "*"),
    ("CORS_ORIGINS", "http://localhost:3000"), ("PUBLIC_URL", "https://api.example.org/"), ("PUBLIC_URL", "http://[::1]:8000"),
    ("PUBLIC_URL", "https://example.org/gridloom"), ("DATABASE_URL", "postgres://a:b@c:5433/d?sslmode=require"),
    ("DATABASE_URL", "postgresql:///d?host=/run/postgresql"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), GOOD, ids=range(len(GOOD)))
def test_a_value_at_the_edge_is_taken(name: str, value: str) -> None:
    found = getattr(loaded(**{name: value}), name.lower())
    assert str(found) == value or found == [value]


@given(st.sampled_from(sorted(FIELDS)), st.text(st.characters(exclude_characters="\x00", codec="utf-8"), max_size=20))
def test_whatever_is_said_is_a_setting_or_a_sentence_that_names_the_variable(name: str, value: str) -> None:
    try:
        found: Any = loaded(**{name.upper(): value})
    except SettingsError as error:
        assert str(error).startswith(f"{PREFIX}{name.upper()}: ")
    else:
        assert isinstance(found, Settings)


def test_the_folder_is_absolute_and_home_is_understood(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert Settings().var_path == tmp_path / "var"
    assert Settings(var="~/data").var_path == tmp_path / "home" / "data"


def test_settings_never_change() -> None:
    with pytest.raises(AttributeError):
        Settings().port = 1  # type: ignore[misc]


def test_a_mail_server_without_a_sender_is_told_by_the_sender_alone() -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(MAIL_URL="smtp://mail.example.org")
    assert str(caught.value) == "GRIDLOOM_MAIL_FROM: expected a sender such as `Sunny Street <mail@example.org>`."
    assert caught.value.field == "mail_from"
    assert (
        loaded(MAIL_URL="smtp://mail.example.org", MAIL_FROM="Sunny <a@example.org>").mail_from
        == "Sunny <a@example.org>"
    )
