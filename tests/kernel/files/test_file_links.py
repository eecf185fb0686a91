"""A link opens one file, for one purpose, until it expires; a name is only a name."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridloom.kernel import clock
from gridloom.kernel.files import links
from gridloom.kernel.files.links import LinkExpired, LinkInvalid

SECRET = b"s" * 32
FILE = UUID("01900000-0000-7000-8000-000000000001")
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
UNTIL = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def stopped():
    with clock.at(NOW) as it:
        yield it


def test_a_link_opens_its_file_until_it_expires(stopped):
    parts = urlsplit(links.signed_path(SECRET, 7, FILE, "Invoice 1.pdf", UNTIL))
    query = {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=True).items()}
    assert parts.path == f"/files/7/{FILE}/Invoice%201.pdf"
    assert query["expires"] == str(int(UNTIL.timestamp()))
    links.verify(SECRET, 7, FILE, **query)
    stopped.move(timedelta(minutes=59, seconds=59))
    links.verify(SECRET, 7, FILE, **query)
    stopped.move(timedelta(seconds=1))
    with pytest.raises(LinkExpired):
        links.verify(SECRET, 7, FILE, **query)


def test_the_signature_of_a_link_never_changes_between_releases():
    assert links.sign(SECRET, 7, FILE, UNTIL) == (1795179600, "nxDhzmv3NUrUy880AxFjry10plKTDnimZINfPMjG_rU")


@pytest.mark.parametrize(
    "change",
    [
        {"secret": b"t" * 32},
        {"tenant": 8},
        {"file": UUID("01900000-0000-7000-8000-000000000002")},
        {"expires": "1795179601"},
        {"expires": "1795179600 "},
        {"expires": "01795179600x"},
        {"expires": ""},
        {"expires": "-1"},
        {"expires": "1" * 13},
        {"signature": ""},
        {"signature": "é\ud800"},
        {"purpose": "write"},
    ],
)
def test_a_changed_link_is_refused(change):
    expires, signature = links.sign(SECRET, 7, FILE, UNTIL)
    given = {"secret": SECRET, "tenant": 7, "file": FILE, "expires": str(expires), "signature": signature}
    with pytest.raises(LinkInvalid):
        links.verify(**{**given, **change})


@given(st.data())
def test_no_other_signature_passes(data):
    expires, signature = links.sign(SECRET, 7, FILE, UNTIL)
    place = data.draw(st.integers(0, len(signature) - 1))
    other = data.draw(st.characters().filter(lambda char: char != signature[place]))
    with pytest.raises(LinkInvalid):
        links.verify(SECRET, 7, FILE, str(expires), signature[:place] + other + signature[place + 1 :])


def test_a_forged_link_does_not_learn_that_it_would_have_expired(stopped):
    stopped.move(timedelta(days=1))
    with pytest.raises(LinkInvalid):
        links.verify(SECRET, 7, FILE, str(int(UNTIL.timestamp())), "forged")


@given(st.text(max_size=400))
def test_a_name_keeps_no_folder_and_no_control_character(name):
    cleaned = links.clean_name(name)
    assert 0 < len(cleaned) <= 200
    assert not re.search(r"[/\\\x00-\x1f\x7f]", cleaned)
    assert cleaned not in {".", ".."}
    assert links.clean_name(cleaned) == cleaned


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("invoice.pdf", "invoice.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\a\\b.csv", "b.csv"),
        ("a\r\nSet-Cookie: x", "aSet-Cookie: x"),
        ("", "file"),
        ("...", "file"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("x" * 300, "x" * 200),
        ("Zähler \u202egnp.exe", "Zähler gnp.exe"),
    ],
)
def test_names_as_people_and_attackers_send_them(name, expected):
    assert links.clean_name(name) == expected


@given(st.text(max_size=100))
def test_a_disposition_fits_into_a_header_and_gives_the_name_back(name):
    value = links.attachment(name)
    assert re.fullmatch(r"attachment; filename=\"[ !#$&-\[\]-~]+\"; filename\*=UTF-8''[A-Za-z0-9%._~-]+", value)
    assert unquote(value.rpartition("''")[2]) == links.clean_name(name)


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [
        ("application/pdf", "inline"),
        ("IMAGE/PNG; x=1", "inline"),
        ("image/svg+xml", "attachment"),
        ("text/html", "attachment"),
        ("nonsense", "attachment"),
    ],
)
def test_only_what_can_run_no_script_is_shown_in_place(media_type, kind):
    assert links.disposition("a.b", media_type).partition(";")[0] == kind


@pytest.mark.parametrize(
    ("given_type", "expected"),
    [
        ("Text/CSV; charset=utf-8", "text/csv"),
        ("application/vnd.ms-excel", "application/vnd.ms-excel"),
        ("", "application/octet-stream"),
        ("text", "application/octet-stream"),
        ("text/html\r\nX: y", "application/octet-stream"),
    ],
)
def test_a_media_type_is_one_or_it_is_bytes(given_type, expected):
    assert links.clean_media_type(given_type) == expected
