"""Every message that commands send is one that its version allows, whatever is said in it."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridloom.charging.commands import addresses, messages
from gridloom.charging.commands.checking import request_mistake
from gridloom.charging.commands.profile_schemas import ChargingProfile
from gridloom.charging.ocpp.messages.versions import Version
from gridloom.kernel.http.validation import convert

VERSIONS = st.sampled_from(list(Version))
EVSES = st.integers(1, 2**31 - 1)
NUMBERS = st.integers(1, 2**31 - 1)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is drawn
SECONDS = st.integers(0, 2**31 - 1)
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1, max_size=50)
LOCATIONS = st.sampled_from(("ftp://u:p@h.example/x", "https://10.0.0.5:8443/fw.bin", "sftp://[fd00::1]/in"))


def allowed(version: Version, message: messages.Message) -> None:
    assert request_mistake(version, message.action, message.payload) is None, message.payload


@given(version=VERSIONS, evse=EVSES, number=NUMBERS, at=MOMENTS, seconds=SECONDS, data=st.data())
def test_simple_messages(version: Version, evse: int, number: int, at: datetime, seconds: int, data: Any) -> None:
    draw = data.draw
    optional = st.none() | st.integers(0, 10)
    for place in (0, evse):
        for kind in ("Operative", "Inoperative"):
            allowed(version, messages.change_availability(version, kind, place))
        allowed(version, messages.composite_schedule(version, place, seconds))
        for asked in messages.TRIGGERS_16:
            allowed(version, messages.trigger(version, asked, place))
    for kind in ("hard", "soft"):
        allowed(version, messages.reset(version, kind))
    allowed(version, messages.CLEAR_CACHE)
    allowed(version, messages.LOCAL_LIST_VERSION)
    allowed(version, messages.unlock(version, evse))
    allowed(version, messages.data_transfer(draw(TEXTS), draw(st.none() | TEXTS), draw(st.none() | TEXTS)))
    allowed(version, messages.set_variable(version, draw(TEXTS), draw(TEXTS), component="C", instance="i", evse=evse))
    for token in ("04A2B3", "*R0000001"):
        allowed(version, messages.reserve(version, number, evse, token, at))
    location = draw(LOCATIONS)
    allowed(
        version, messages.diagnostics(version, number, location, draw(st.none() | MOMENTS), draw(st.none() | MOMENTS))
    )
    allowed(version, messages.log("SecurityLog", number, location, retries=draw(optional), interval_s=draw(optional)))
    for certificate, signature in ((None, None), ("c", "s")):
        message = messages.firmware(
            version, number, location, at, retries=draw(optional), interval_s=draw(optional), certificate=certificate,
            signature=signature,
        )  # fmt: skip
        allowed(version, message)
    purposes = st.sampled_from(("ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"))
    cleared = messages.clear_profile(
        version, number=draw(st.none() | NUMBERS), evse=draw(st.none() | EVSES), purpose=draw(st.none() | purposes),
        stack_level=draw(optional),
    )  # fmt: skip
    allowed(version, cleared)
    if version is Version.V201:
        allowed(version, messages.base_report(number))


TENTHS = st.integers(0, 100_000_000).map(lambda each: Decimal(each) / 10)


@st.composite
def profiles(draw: st.DrawFn) -> dict[str, Any]:
    """A body that the API takes."""
    starts = [0, *sorted(draw(st.sets(st.integers(1, 2**31 - 1), max_size=5)))]
    periods = [
        {"startPeriod": start, "limit": draw(TENTHS)} | draw(st.sampled_from(({}, {"numberPhases": 3})))
        for start in starts
    ]
    schedule: dict[str, Any] = {"chargingRateUnit": draw(st.sampled_from("AW")), "chargingSchedulePeriod": periods}
    maybe = {
        "duration": SECONDS,
        "startSchedule": MOMENTS.map(datetime.isoformat),
        "minChargingRate": TENTHS,
        "id": st.none(),
    }
    schedule |= {name: draw(values) for name, values in maybe.items() if draw(st.booleans())}
    body = {
        "stackLevel": draw(SECONDS), "chargingProfilePurpose": draw(st.sampled_from(("TxDefaultProfile", "TxProfile"))),
        "chargingProfileKind": "Recurring", "recurrencyKind": "Daily", "chargingSchedule": schedule,
    }  # fmt: skip
    if draw(st.booleans()):
        body |= {"validFrom": "2026-03-01T12:00:00+05:30", "validTo": "2026-03-01T12:00:01+05:30"}
    return body


@given(version=VERSIONS, number=NUMBERS, evse=EVSES, body=profiles())
def test_every_profile_that_is_taken_can_be_told(
    version: Version, number: int, evse: int, body: dict[str, Any]
) -> None:
    read = convert(
        msgspec.json.decode(msgspec.json.Encoder(decimal_format="number").encode(body)), ChargingProfile, where="body"
    )
    profile = read.plain()
    if body["chargingProfilePurpose"] == "TxProfile":
        profile["transactionId"] = "41"
    allowed(version, messages.set_profile(version, number, evse, profile))


@pytest.mark.parametrize(
    ("address", "is_good"),
    [
        ("ftp://files.example.org/in", True), ("sftp://u:p@10.0.0.5:2222/in", True), ("https://[fd00::1]/x", True),
        ("HTTP://h/x", True), ("file:///etc/passwd", False), ("gopher://h/x", False), ("//h/x", False), ("h/x", False),
        ("http://localhost/x", False), ("http://a.localhost/x", False), ("http://127.0.0.1/x", False),
        ("http://[::1]/x", False), ("http://169.254.169.254/x", False), ("http://0.0.0.0/x", False),
        ("http://224.0.0.1/x", False), ("http://h:99999/x", False), ("http://h:0/x", False), ("http://h/a b", False),
        ("http://h/ä", False), ("http://[::1", False), ("", False), ("http://h/\t", False),
    ],
)  # fmt: skip
def test_an_address_is_one_that_a_station_can_reach(address: str, is_good: bool) -> None:
    assert (addresses.upload_mistake(address) is None) == is_good
    assert (addresses.download_mistake(address) is None) == is_good


@given(
    st.text("abzAZ09._~:/?#[]@!$&'()*+,;=%- |{}<>^`\"\\", max_size=30), st.sampled_from(("ftp://", "https://h.example/", "sftp://u:p@")),
    MOMENTS,
)  # fmt: skip
def test_an_address_that_is_taken_can_be_told(rest: str, start: str, at: datetime) -> None:
    address = start + rest
    if addresses.upload_mistake(address) is None:
        for version in Version:
            allowed(version, messages.diagnostics(version, 1, address, None, None))
            message = messages.firmware(
                version, 1, address, at, retries=None, interval_s=None, certificate=None, signature=None
            )
            allowed(version, message)


def test_a_download_names_a_file() -> None:
    assert addresses.download_mistake("https://h.example/") is not None
    assert addresses.upload_mistake("https://h.example/") is None
    assert addresses.without_secrets("ftp://u:p@h.example:21/a?key=x#y") == "ftp://h.example:21/a"
