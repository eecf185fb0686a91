"""Jobs about stations, run by a real worker."""

from pathlib import Path

import pytest
from tests.charging.csms.support import charger, opened, station
from tests.charging.ocpp.support import until

from gridloom.app import Roles
from gridloom.charging.csms.jobs import call_station, tidy
from gridloom.charging.csms.public import NoAnswer408, NotConnected424, Refused406, calls_after, refused
from gridloom.charging.ocpp.public import Answered, Busy, Offline, Rejected, TimedOut
from gridloom.kernel.database.pool import Database
from gridloom.kernel.jobs import Context


async def test_a_call_after_the_commit_is_made_once_and_none_after_a_rollback(
    database_url: str, db: Database, tenant: int, tmp_path: Path
) -> None:
    number = await station(db, tenant, f"AFTER-{tenant}")
    async with (
        opened(database_url, tmp_path, roles=Roles.OCPP | Roles.WORKER) as central,
        charger(central, f"AFTER-{tenant}") as point,
    ):
        await point.boot()
        with pytest.raises(RuntimeError, match="changed its mind"):
            async with central.database.tenant(tenant) as tx:
                await calls_after(tx, number, "Reset", {"type": "Hard"})
                raise RuntimeError("changed its mind")
        async with central.database.tenant(tenant) as tx:
            await calls_after(tx, number, "UnlockConnector", {"connectorId": 1})
            assert point.commands == []
        await until(lambda: bool(point.commands), seconds=20)
    assert point.commands == [("UnlockConnector", {"connector_id": 1})]


async def test_a_call_that_reaches_nobody_is_logged_and_over(
    database_url: str, db: Database, tenant: int, tmp_path: Path
) -> None:
    number = await station(db, tenant, f"LOST-{tenant}")
    async with opened(database_url, tmp_path, roles=Roles.API) as central:
        context = Context(db, "call", 1, 1, tenant_id=tenant, resources=central.services)
        assert await call_station.function(context, charge_point_id=number, action="ClearCache", payload={}) is None
        await tidy.function(Context(db, "tidy", 2, 1, resources=central.services))


def test_each_outcome_has_its_fault() -> None:
    told = [
        (Rejected("InternalError"), Refused406), (Busy(), Refused406), (Answered({"status": "Rejected"}), Refused406),
        (TimedOut(sent=True), NoAnswer408), (Offline(sent=False), NotConnected424),
    ]  # fmt: skip
    for outcome, fault in told:
        assert type(refused(outcome)) is fault
        assert refused(outcome).status == int(fault.__name__[-3:])
        assert type(refused(outcome, only=406)) is Refused406
    assert str(refused(TimedOut(sent=True), only=406)) == "The charge point did not answer in time."
    assert str(refused(Offline(sent=False), only=406)) == "The charge point is not connected."
    assert str(refused(Answered({"status": "Rejected"}))) == "The charge point answered Rejected."
