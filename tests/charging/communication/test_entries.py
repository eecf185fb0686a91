"""What becomes of frames, without a database: pairs, refusals, redaction."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.charging.communication.kit import NOON, asked, exchange, frame, station_at, told

from gridloom.charging.communication.entries import Entry, Pairing
from gridloom.charging.communication.frames import LONGEST_TEXT
from gridloom.charging.communication.redaction import LONGEST_SEARCHED, REDACTED, redacted, redacted_text
from gridloom.charging.ocpp.public import Frame, Station

CP, OTHER = station_at(1, 5), station_at(1, 6)


def all_of(*frames: Frame) -> list[Entry]:
    pairing = Pairing()
    return [entry for each in frames if (entry := pairing.take(each))]


def test_a_question_and_its_answer_are_one_entry() -> None:
    (entry,) = all_of(*exchange(CP, "Heartbeat", {}, {"currentTime": "2026-11-20T12:00:00Z"}))
    assert entry == Entry(
        NOON, 1, 5, True, "Heartbeat", "{}", response='{"currentTime":"2026-11-20T12:00:00Z"}'
    )  # fmt: skip


def test_what_we_ask_is_an_entry_that_went_out() -> None:
    (entry,) = all_of(
        frame(CP, [2, "9", "Reset", {"type": "Soft"}], incoming=False, action="Reset", message_id="9"),
        frame(CP, [3, "9", {"status": "Accepted"}], incoming=True, action="Reset", message_id="9"),
    )
    assert (entry.incoming, entry.command, entry.parameters) == (False, "Reset", '{"type":"Soft"}')
    assert (entry.response, entry.error) == ('{"status":"Accepted"}', None)


def test_questions_with_one_id_of_two_stations_and_of_both_sides_are_kept_apart() -> None:
    mine = frame(CP, [2, "1", "Reset", {}], incoming=False, action="Reset")
    answer = frame(CP, [3, "1", {"mine": 1}], incoming=True, action="Reset")
    found = all_of(
        asked(CP, "Heartbeat", {}), asked(OTHER, "Heartbeat", {}), mine, answer,
        told(OTHER, "Heartbeat", {"other": 1}), told(CP, "Heartbeat", {"first": 1}),
    )  # fmt: skip
    assert [(each.charge_point_id, each.incoming, each.response) for each in found] == [
        (5, False, '{"mine":1}'), (6, True, '{"other":1}'), (5, True, '{"first":1}'),
    ]  # fmt: skip


def test_a_call_error_is_told_as_an_error_without_a_response() -> None:
    answer = frame(CP, [4, "1", "NotSupported", "not here", {"why": 1}], incoming=False)
    (entry,) = all_of(asked(CP, "Reset", {}), answer)
    assert entry.response is None
    assert json.loads(entry.error or "") == {
        "errorCode": "NotSupported", "errorDescription": "not here", "errorDetails": {"why": 1},
    }  # fmt: skip


def test_an_answer_that_breaks_its_schema_is_an_error_with_what_was_said() -> None:
    wrong = frame(CP, [3, "9", {"status": 7}], incoming=True, message_id="9", problem="status: expected a text")
    (entry,) = all_of(frame(CP, [2, "9", "Reset", {}], incoming=False, action="Reset", message_id="9"), wrong)
    assert json.loads(entry.error or "") == {"problem": "status: expected a text", "response": {"status": 7}}


def test_an_answer_to_no_call_is_an_entry_of_its_own() -> None:
    (entry,) = all_of(frame(CP, [3, "77", {"a": 1}], incoming=True, message_id="77", problem="an answer to no call"))
    assert (entry.command, entry.parameters) == ("Unknown", '{"a":1}')
    assert json.loads(entry.error or "") == {"problem": "an answer to no call"}


def test_what_cannot_be_read_is_kept_with_the_refusal() -> None:
    noise = frame(CP, "hello", incoming=True, message_id="-1", problem="this is not JSON")
    (entry,) = all_of(noise, frame(CP, [4, "-1", "FormationViolation", "", {}], incoming=False, message_id="-1"))
    assert (entry.command, entry.parameters) == ("Unknown", '"hello"')
    assert json.loads(entry.error or "")["errorCode"] == "FormationViolation"


def test_a_message_that_is_ignored_is_an_entry_at_once() -> None:
    (entry,) = all_of(frame(CP, [9, "1"], incoming=True, message_id=None, problem="no such message type"))
    assert json.loads(entry.error or "") == {"problem": "no such message type"}


def test_a_question_without_an_answer_is_an_entry_after_a_minute_and_a_half() -> None:
    pairing = Pairing()
    assert pairing.take(asked(CP, "Heartbeat", {})) is None
    assert list(pairing.overdue(NOON + timedelta(seconds=89))) == []
    (entry,) = pairing.overdue(NOON + timedelta(seconds=90))
    assert json.loads(entry.error or "") == {"problem": "no answer"}
    assert (pairing.waiting, pairing.size) == (0, 0)


def test_a_question_that_comes_twice_before_it_is_answered_is_two_entries() -> None:
    first, second = {"n": 1}, {"n": 2}
    found = all_of(
        asked(CP, "DataTransfer", first), asked(CP, "DataTransfer", second), told(CP, "DataTransfer", {"a": 1}),
        told(CP, "DataTransfer", {"a": 2}),
    )  # fmt: skip
    assert [(each.parameters, each.response) for each in found] == [('{"n":1}', '{"a":1}'), ('{"n":2}', '{"a":2}')]


def test_nothing_that_waits_is_lost_at_the_end() -> None:
    pairing = Pairing()
    pairing.take(asked(CP, "Heartbeat", {}))
    pairing.take(asked(OTHER, "Heartbeat", {}))
    assert [each.charge_point_id for each in pairing.rest()] == [5, 6]


def test_texts_end_after_fifty_thousand_characters() -> None:
    (entry,) = all_of(*exchange(CP, "DataTransfer", {"data": "x" * 60_000}, {"data": "y" * 60_000}))
    assert len(entry.parameters) == len(entry.response or "") == LONGEST_TEXT == 50_000
    assert entry.parameters == '{"data":"' + "x" * 49_991


@pytest.mark.parametrize(
    ("question", "answer", "evse", "transaction"),
    [
        ({"connectorId": 2, "idTag": "A"}, {"transactionId": 17}, "2", "17"),
        ({"connectorId": 0}, {}, None, None),
        ({"evse": {"id": 3, "connectorId": 1}, "transactionInfo": {"transactionId": "t-1"}}, {}, "3", "t-1"),
        ({"evseId": 4}, {}, "4", None),
        ({"transactionId": 9, "meterStop": 1}, {}, None, "9"),
        ({"connectorId": "2", "transactionId": True}, {}, None, None),
    ],
)
def test_a_payload_says_which_evse_and_which_transaction(
    question: Any, answer: Any, evse: str | None, transaction: str | None
) -> None:
    (entry,) = all_of(*exchange(CP, "X", question, answer))
    assert (entry.evse, entry.transaction) == (evse, transaction)


def test_a_station_that_is_known_by_something_else_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="tenant and its charge point"):
        all_of(asked(Station("CP-1", key="CP-1"), "Heartbeat", {}))


SECRETS = [
    ({"key": "AuthorizationKey", "value": "hunter2"}, {"key": "AuthorizationKey", "value": REDACTED}),
    (
        {"configurationKey": [{"key": "AuthorizationKey", "readonly": False, "value": "hunter2"}, {"key": "A", "value": "1"}]},
        {"configurationKey": [{"key": "AuthorizationKey", "readonly": False, "value": REDACTED}, {"key": "A", "value": "1"}]},
    ),
    (
        {"setVariableData": [{"attributeValue": "hunter2", "variable": {"name": "BasicAuthPassword"}}]},
        {"setVariableData": [{"attributeValue": REDACTED, "variable": {"name": "BasicAuthPassword"}}]},
    ),
    (
        {"reportData": [{"variable": {"name": "Secret"}, "variableAttribute": [{"value": "hunter2"}]}]},
        {"reportData": [{"variable": {"name": "Secret"}, "variableAttribute": REDACTED}]},
    ),
    (
        {"connectionData": {"apn": {"apn": "net", "apnPassword": "hunter"}, "vpn": {"server": "v", "key": "k", "password": "p"}}},
        {
            "connectionData": {
                "apn": {"apn": "net", "apnPassword": REDACTED},
                "vpn": {"server": "v", "key": REDACTED, "password": REDACTED},
            }
        },
    ),
    ({"location": "ftp://me:hunter2@files.example/up"}, {"location": f"ftp://{REDACTED}@files.example/up"}),
    (
        {"location": "https://files.example/up?part=1&token=hunter2"},
        {"location": f"https://files.example/up?part=1&token={REDACTED}"},
    ),
    ({"data": '{"wifiPassword":"hunter2","a":1}'}, {"data": f'{{"wifiPassword":"{REDACTED}","a":1}}'}),
    ({"key": "WifiPSK", "value": "hunter2"}, {"key": "WifiPSK", "value": REDACTED}),
    ({"data": "user=me password=hunter2 mode=3"}, {"data": f"user=me password={REDACTED} mode=3"}),
    ({"data": "{password: hunter2}"}, {"data": f"{REDACTED} (19 characters)"}),
]  # fmt: skip


@pytest.mark.parametrize(("said", "kept"), SECRETS)
def test_what_is_secret_is_replaced(said: Any, kept: Any) -> None:
    assert redacted(said) == kept


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text("abcdef ", max_size=10),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abcdef", max_size=5), inner, max_size=3),
    )
)
def test_what_is_not_secret_stays_as_it_is(payload: Any) -> None:
    assert redacted(payload) == payload


@pytest.mark.parametrize("word", ["psk", "a.", "password ", "://", "?token=&"])
def test_of_a_very_long_text_only_its_length_is_kept(word: str) -> None:
    text = word * (LONGEST_SEARCHED // len(word) + 1)
    assert redacted({"data": text}) == {"data": f"{REDACTED} ({len(text)} characters)"}


def test_identifiers_of_cards_stay() -> None:
    said = {"idTag": "04A23B", "idToken": {"idToken": "04A23B", "type": "ISO14443"}, "groupIdToken": {"idToken": "g"}}
    assert redacted(said) == said


def test_of_a_text_that_speaks_of_a_secret_only_its_length_is_kept() -> None:
    assert redacted_text('[2,"1","X",{"password":"hunter2"') == f"{REDACTED} (32 characters)"
    assert redacted_text("[2,") == "[2,"
