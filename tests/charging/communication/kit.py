"""Frames as the protocol core makes them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from gridloom.charging.ocpp.public import Frame, Station, Version

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Key:
    """How a listener's implementation knows a station."""

    tenant: int
    charge_point_id: int


def station_at(tenant: int, charge_point_id: int, network_id: str = "CP-1") -> Station:
    return Station(network_id, key=Key(tenant, charge_point_id))


def frame(
    station: Station, message: Sequence[Any] | str, *, incoming: bool, action: str | None = None,
    message_id: str | None = "1", at: datetime = NOON, problem: str | None = None,
) -> Frame:  # fmt: skip
    text = message if isinstance(message, str) else json.dumps(message, separators=(",", ":"))
    return Frame(at, station, Version.V16, incoming, text, action, message_id, problem)


def asked(station: Station, action: str, payload: Any, *, number: str = "1", at: datetime = NOON) -> Frame:
    """The station asks."""
    return frame(station, [2, number, action, payload], incoming=True, action=action, message_id=number, at=at)


def told(station: Station, action: str, payload: Any, *, number: str = "1", at: datetime = NOON) -> Frame:
    """We answer it."""
    return frame(station, [3, number, payload], incoming=False, action=action, message_id=number, at=at)


def exchange(station: Station, action: str, payload: Any, answer: Any, **more: Any) -> list[Frame]:
    """A question of the station and our answer."""
    return [asked(station, action, payload, **more), told(station, action, answer, **more)]
