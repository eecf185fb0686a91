"""Meter values of both versions read into one form."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.charging.ocpp.generate import fullest, published, smallest

from gridloom.charging.ocpp.messages.framing import ID_LENGTH, read
from gridloom.charging.ocpp.messages.instants import instant
from gridloom.charging.ocpp.messages.samples import Sample, samples
from gridloom.charging.ocpp.messages.schemas import checks
from gridloom.charging.ocpp.messages.versions import Version

AT = "2026-03-29T03:15:00+02:00"
INSTANT = datetime(2026, 3, 29, 1, 15, tzinfo=UTC)


def of_16(**sampled: Any) -> Sample:
    """One sample of a 1.6 message."""
    return next(samples(Version.V16, {"meterValue": [{"timestamp": AT, "sampledValue": [sampled]}]}))


def of_201(**sampled: Any) -> Sample:
    """One sample of a 2.0.1 message."""
    return next(samples(Version.V201, {"meterValue": [{"timestamp": AT, "sampledValue": [sampled]}]}))


def test_what_is_not_said_has_the_standards_defaults() -> None:
    expected = Sample(INSTANT, "Energy.Active.Import.Register", Decimal(1234), "Wh", None, "Sample.Periodic", "Outlet")
    assert of_16(value="1234") == of_201(value=1234) == expected


@pytest.mark.parametrize(
    ("sent", "unit", "value", "base"),
    [
        ("1.2345", "kWh", "1234.5", "Wh"), ("7.4", "kW", "7400", "W"), ("230.10", "V", "230.10", "V"),
        ("21", "Celcius", "21", "Celsius"), ("1,5", "kW", "1500", "W"), (" 12 ", "A", "12", "A"), ("1e3", "Wh", "1000", "Wh"),
        ("-5", "kvarh", "-5000", "varh"),
    ],
)  # fmt: skip
def test_kilo_units_become_base_units_without_rounding(sent: str, unit: str, value: str, base: str) -> None:
    sample = of_16(value=sent, unit=unit, measurand="Power.Active.Import")
    assert (sample.value, sample.unit, sample.text) == (Decimal(value), base, None)


@pytest.mark.parametrize("sent", ["", "abc", "NaN", "Infinity", "1.2.3", "1e99", "9" * 50, "--1", "0x1F"])
def test_a_value_that_is_no_number_is_kept_as_text_and_not_as_a_value(sent: str) -> None:
    assert (of_16(value=sent).value, of_16(value=sent).text) == (None, sent)


def test_signed_data_travels_untouched() -> None:
    signed = of_16(value="OCMF|{...}|...", format="SignedData")
    assert (signed.value, signed.signed) == (None, "OCMF|{...}|...")
    data = {"signedMeterData": "abc", "signingMethod": "", "encodingMethod": "", "publicKey": ""}
    both = of_201(value=Decimal("1.5"), signedMeterValue=data)
    assert (both.value, both.signed) == (Decimal("1.5"), "abc")


def test_the_power_of_ten_of_201_is_applied_exactly() -> None:
    assert of_201(value=Decimal("1.234"), unitOfMeasure={"unit": "kWh", "multiplier": 0}).value == Decimal(1234)
    assert of_201(value=1234, unitOfMeasure={"unit": "Wh", "multiplier": -3}).value == Decimal("1.234")
    assert of_201(value=1, unitOfMeasure={"unit": "W", "multiplier": 10**9}).value is None


def test_the_samples_of_a_stop_are_read_too_and_messages_without_any_have_none() -> None:
    stop = {"transactionData": [{"timestamp": AT, "sampledValue": [{"value": "1"}, {"value": "2"}]}]}
    assert [each.value for each in samples(Version.V16, stop)] == [1, 2]
    assert list(samples(Version.V16, {})) == list(samples(Version.V201, {"eventType": "Ended"})) == []


@pytest.mark.parametrize(
    ("version", "action"),
    [
        (Version.V16, "MeterValues"), (Version.V16, "StopTransaction"), (Version.V201, "MeterValues"),
        (Version.V201, "TransactionEvent"),
    ],
)  # fmt: skip
def test_every_valid_form_of_a_message_can_be_read(version: Version, action: str) -> None:
    schema = published(version)[action][0]
    assert len(list(samples(version, fullest(schema)))) >= 1
    assert list(samples(version, smallest(schema))) is not None


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12))
def test_the_same_number_means_the_same_in_both_versions(value: Decimal) -> None:
    assert of_16(value=str(value)).value == of_201(value=value).value == value


def test_instants_are_utc() -> None:
    assert instant("2026-01-01T00:00:00.123456Z") == datetime(2026, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)
    assert instant(AT).utcoffset() == INSTANT.utcoffset()


DATE_TIMES = checks(Version.V16).requests["MeterValues"]


def dated(text: str) -> dict[str, Any]:
    """A message with this date-time."""
    return {"connectorId": 1, "meterValue": [{"timestamp": text, "sampledValue": [{"value": "1"}]}]}


@given(st.datetimes(timezones=st.timezones()))
def test_a_date_time_that_the_schema_allows_can_be_read(moment: datetime) -> None:
    text = moment.isoformat()
    if DATE_TIMES.is_valid(dated(text)):
        # In UTC first: Python finds no instant of the hour that comes twice equal to one of another zone.
        assert instant(text) == moment.astimezone(UTC)


def test_odd_date_times_are_read_or_refused() -> None:
    assert instant("2016-12-31T23:59:60Z") == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert instant("2026-01-01t00:00:00.123456789z") == datetime(2026, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)
    for text in ("0000-01-01T00:00:00Z", "9999-12-31T23:59:59-05:00", "2026-01-01T00:00:00", "20260101T000000Z",
                 "2026-W01-1", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00,5Z", "2026-01-01 00:00:00Z"):  # fmt: skip
        assert not DATE_TIMES.is_valid(dated(text)), text


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")), st.sampled_from(Version))
def test_no_text_can_make_the_reader_raise(text: str, version: Version) -> None:
    message = read(text, version)
    assert len(getattr(message, "id", "")) <= ID_LENGTH


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(
    st.lists(st.sampled_from([2, 3, 4, 5, "a", "Heartbeat", "MeterValues", {}]) | json_values, max_size=6),
    st.sampled_from(Version),
)
def test_no_json_can_make_the_reader_raise(frame: list[Any], version: Version) -> None:
    import msgspec

    message = read(msgspec.json.encode(frame).decode(), version)
    assert len(getattr(message, "id", "")) <= ID_LENGTH
