"""The variables of stations: reading them, and keeping what was read. Whoever asked is told when all is there."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from gridloom.charging.commands.checking import PASSWORDS
from gridloom.charging.commands.uploads import SPOKEN_FOR
from gridloom.charging.ocpp.public import Payload
from gridloom.charging.stations.events import ConfigurationSynced
from gridloom.charging.stations.public import keep_variables
from gridloom.kernel import clock
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events import emit

PATIENCE = timedelta(minutes=30)
MOST_PARTS = 10_000
NO_REPORT = "The charge point did not report its configuration."

_ASK = sql(
    "INSERT INTO charging.configuration_request (tenant_id, charge_point_id, at_boot, keys, created_at, updated_at) "
    "VALUES (:tenant, :charge_point, :at_boot, :keys, :now, :now) RETURNING id"
)
_FORGET = sql("DELETE FROM charging.configuration_request WHERE id = :id AND status = 'asked'")
_WAIT = sql(
    "UPDATE charging.configuration_request SET status = 'waiting', updated_at = :now WHERE id = :id AND status = 'asked'"
)
_OPEN = sql(
    f"SELECT id, at_boot FROM charging.configuration_request WHERE id = :id AND {SPOKEN_FOR} "
    "AND status IN ('asked', 'waiting') FOR UPDATE"
)
_CLOSE = sql(
    "UPDATE charging.configuration_request SET status = :status, error = :error, updated_at = :now "
    "WHERE id = :id AND status IN ('asked', 'waiting') RETURNING charge_point_id, at_boot"
)
_PART = sql(
    "INSERT INTO charging.configuration_part (tenant_id, request_id, seq_no, is_last, variables) "
    "VALUES (:tenant, :request, :seq_no, :is_last, :variables) ON CONFLICT DO NOTHING"
)
_WHOLE = sql(
    "SELECT coalesce(count(*) = max(seq_no) FILTER (WHERE is_last) + 1, false) FROM charging.configuration_part "
    "WHERE request_id = :request"
)
_PARTS = sql("SELECT variables FROM charging.configuration_part WHERE request_id = :request ORDER BY seq_no")
_SWEEP = sql("DELETE FROM charging.configuration_part WHERE request_id = :request")
_LATE = sql(
    "SELECT id FROM charging.configuration_request WHERE status IN ('asked', 'waiting') AND created_at < :before "
    "ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED"
)
_PLACES = sql(
    "SELECT name, component, instance, evse_id FROM charging.configuration_variable WHERE charge_point_id = :charge_point "
    "AND component <> '' AND name = ANY(CAST(:names AS text[])) ORDER BY name, component, instance, evse_id"
)
_MOST_KEYS = sql(
    "SELECT value FROM charging.configuration_variable WHERE charge_point_id = :charge_point "
    "AND name = 'GetConfigurationMaxKeys' AND component = ''"
)
_RISE = sql(
    "UPDATE charging.charge_point SET hardware_enabled_security_profile = :most, updated_at = now() "
    "WHERE id = :charge_point AND hardware_enabled_security_profile IS DISTINCT FROM :most"
)


async def ask(tx: Tx, charge_point: int, keys: Sequence[str] = (), *, at_boot: bool = False) -> int:
    """Write down that a station is about to be asked for variables; gives the number of the request."""
    number: int = await tx.scalar(
        _ASK, tenant=tx.tenant, charge_point=charge_point, at_boot=at_boot, keys=list(keys), now=clock.now()
    )
    return number


async def forget(tx: Tx, number: int) -> None:
    """The station said no."""
    await tx.run(_FORGET, id=number)


async def wait(tx: Tx, number: int) -> None:
    """The station said yes; its report will come, or has come already."""
    await tx.run(_WAIT, id=number, now=clock.now())


async def finish(tx: Tx, number: int, variables: Sequence[Mapping[str, Any]], at: datetime) -> None:
    """The station has answered: keep the variables, tell whoever listens. Twice changes nothing."""
    row = await tx.one(_CLOSE, id=number, status="done", error=None, now=clock.now())
    if row is None:
        return
    await keep_variables(tx, row["charge_point_id"], variables, at)
    most = highest_profile(variables)
    if most is not None:
        await tx.run(_RISE, charge_point=row["charge_point_id"], most=most)
    told = [_told(each, at) for each in variables]
    _emit(tx, row, number, configuration=told)


async def fail(tx: Tx, number: int, error: str) -> None:
    """The station did not answer as it should have."""
    row = await tx.one(_CLOSE, id=number, status="failed", error=error, now=clock.now())
    if row is not None:
        await tx.run(_SWEEP, request=number)
        _emit(tx, row, number, error=error)


async def report(tx: Tx, charge_point: int, said: Payload, at: datetime) -> None:
    """A part of a report. The last one to come, in whatever order, completes it. What nobody asked for is not kept."""
    number, seq_no = said["requestId"], said["seqNo"]
    if not 0 <= seq_no < MOST_PARTS or await tx.one(_OPEN, id=number, charge_point=charge_point) is None:
        return
    await tx.run(
        _PART, tenant=tx.tenant, request=number, seq_no=seq_no, is_last=not said.get("tbc", False),
        variables=said.get("reportData", []),
    )  # fmt: skip
    if await tx.scalar(_WHOLE, request=number):
        parts = await tx.all(_PARTS, request=number)
        variables = list(unique(each for part in parts for data in part["variables"] for each in reported(data)))
        await finish(tx, number, variables, at)
        await tx.run(_SWEEP, request=number)


async def give_up(tx: Tx) -> int:
    """Reports that never became whole; gives how many."""
    rows = await tx.all(_LATE, before=clock.now() - PATIENCE)
    for row in rows:
        await fail(tx, row["id"], NO_REPORT)
    return len(rows)


async def places(tx: Tx, charge_point: int, keys: Iterable[str]) -> tuple[list[Mapping[str, Any]], list[str]]:
    """Where a station with OCPP 2.0.1 has variables of these names (or `Component.Variable`), and the names not known."""
    named = list(dict.fromkeys(keys))
    rows = await tx.all(_PLACES, charge_point=charge_point, names=[each for each in named if "." not in each])
    known = {row["name"] for row in rows}
    found: list[Mapping[str, Any]] = [dict(row) for row in rows]
    for each in named:
        component, dot, name = each.partition(".")
        if dot and component and name:
            found.append({"name": name, "component": component, "instance": "", "evse_id": 0})
            known.add(each)
    return found, [each for each in named if each not in known]


async def most_keys(tx: Tx, charge_point: int) -> int | None:
    """How many variables a station with OCPP 1.6 may be asked for at once; None when it has not said."""
    value = await tx.scalar(_MOST_KEYS, charge_point=charge_point)
    return int(value) if value is not None and value.isascii() and value.isdecimal() and int(value) else None


def keys_16(answer: Payload) -> list[dict[str, Any]]:
    """The variables in the answer to GetConfiguration; those without a value are not readable and are left out."""
    return [
        {"name": each["key"], "value": each["value"], "readonly": each["readonly"]}
        for each in answer.get("configurationKey") or []
        if "value" in each and each["key"] not in PASSWORDS
    ]


def variables_201(answer: Payload) -> list[dict[str, Any]]:
    """The variables in the answer to GetVariables, without those that the station does not give."""
    return [
        {**_place(each), "value": each["attributeValue"]}
        for each in answer["getVariableResult"]
        if each["attributeStatus"] == "Accepted"
        and "attributeValue" in each
        and each["variable"]["name"] not in PASSWORDS
    ]


def reported(data: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """The variable that a report tells, when it has a value now (the attribute `Actual`)."""
    if data["variable"]["name"] in PASSWORDS:
        return
    for attribute in data["variableAttribute"]:
        if attribute.get("type", "Actual") == "Actual" and "value" in attribute:
            limit = data.get("variableCharacteristics", {}).get("maxLimit")
            yield {
                **_place(data),
                "value": attribute["value"],
                "readonly": attribute.get("mutability", "ReadWrite") == "ReadOnly",
                "max_limit": int(limit) if limit is not None and abs(limit) < 2**31 else None,
            }


def unique(variables: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """What was told last of each variable."""
    return {
        (each["name"], each.get("component"), each.get("instance"), each.get("evse_id")): each for each in variables
    }.values()


def highest_profile(variables: Iterable[Mapping[str, Any]]) -> int | None:
    """The security profile up to which a station can rise; None when it does not speak of profiles.

    A station that has the variable has to know a password over TLS (2), as the standard asks of each; a limit says more.
    """
    for each in variables:
        if each["name"] == "SecurityProfile" and each["value"] in ("0", "1", "2", "3"):
            limit = each.get("max_limit")
            return min(3, limit) if limit is not None and limit >= 0 else max(2, int(each["value"]))
    return None


def _place(said: Mapping[str, Any]) -> dict[str, Any]:
    component, variable = said["component"], said["variable"]
    number = component.get("evse", {}).get("id", 0)
    return {
        "name": variable["name"],
        "component": component["name"],
        "instance": variable.get("instance", component.get("instance", "")),
        "evse_id": number if 0 <= number < 2**31 else 0,
    }


def _told(each: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    return {
        "key": each["name"], "value": each["value"], "readonly": each.get("readonly", False),
        "required": each.get("required", False), "timestamp": at, "lastUpdatedAt": at,
    }  # fmt: skip


def _emit(tx: Tx, row: Any, number: int, **said: Any) -> None:
    request = None if row["at_boot"] else number
    emit(tx, ConfigurationSynced(charge_point_id=row["charge_point_id"], request_id=request, **said))
