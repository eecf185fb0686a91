"""Asking stations about their variables, and telling them values."""

from collections.abc import Sequence

from gridloom.charging.commands import configuration, messages
from gridloom.charging.commands.checking import PASSWORDS
from gridloom.charging.commands.desk import Desk, Target
from gridloom.charging.ocpp.public import Payload, Version
from gridloom.charging.stations.public import keep_password, keep_variables
from gridloom.kernel import clock
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid
from gridloom.kernel.security.sealing import Sealer


async def sync(
    desk: Desk, target: Target, keys: Sequence[str] = (), *, at_boot: bool = False, only: int | None = 406
) -> int:
    """Read variables of a station; none named means all. Gives the number that whoever listens is told the result with.

    only: as for `Desk.ask`.

    Raises the fault of a station that does not answer or says no, and Invalid for names that nobody can place; then
    nothing is kept.
    """
    async with desk.transaction(target) as tx:
        number = await configuration.ask(tx, target.id, keys, at_boot=at_boot)
    async with desk.or_forget(target, configuration.forget, number):
        found = await _read(desk, target, keys, number, only)
    async with desk.transaction(target) as tx:
        if found is None:
            await configuration.wait(tx, number)
        else:
            await configuration.finish(tx, number, found, clock.now())
    return number


async def _read(
    desk: Desk, target: Target, keys: Sequence[str], number: int, only: int | None
) -> list[dict[str, object]] | None:
    """The variables, or None when they come in a report."""
    if target.version is Version.V16:
        return await _read_16(desk, target, keys, only)
    if keys:
        return await _read_201(desk, target, keys)
    answer = await desk.tell(target, messages.base_report(number), only=only)
    return [] if answer["status"] == "EmptyResultSet" else None


async def _read_16(desk: Desk, target: Target, keys: Sequence[str], only: int | None) -> list[dict[str, object]]:
    """As many at once as the station allows."""
    if not keys:
        return configuration.keys_16(await desk.ask(target, "GetConfiguration", {}, only=only))
    async with desk.transaction(target) as tx:
        at_once = await configuration.most_keys(tx, target.id) or len(keys)
    found: list[dict[str, object]] = []
    for first in range(0, len(keys), at_once):
        answer = await desk.ask(target, "GetConfiguration", {"key": list(keys[first : first + at_once])})
        found += configuration.keys_16(answer)
    return found


async def _read_201(desk: Desk, target: Target, keys: Sequence[str]) -> list[dict[str, object]]:
    async with desk.transaction(target) as tx:
        known, unknown = await configuration.places(tx, target.id, keys)
    if unknown:
        told = (
            "No component of this charge point is known to have this variable: write Component.Variable, or sync all."
        )
        raise Invalid(told, field=f"keys.{list(keys).index(unknown[0])}")
    asked = [messages.variable(each["name"], each["component"], each["instance"], each["evse_id"]) for each in known]
    answer: Payload = await desk.ask(target, "GetVariables", {"getVariableData": asked})
    return configuration.variables_201(answer)


async def set_variable(
    desk: Desk, target: Target, name: str, value: str, *, component: str = "", instance: str = "", evse: int = 0
) -> str:
    """Tell a station a value; gives what it said, `Accepted` and `RebootRequired` mean yes. Nothing is kept yet."""
    message = messages.set_variable(target.version, name, value, component=component, instance=instance, evse=evse)
    return messages.set_answer(target.version, await desk.ask(target, message.action, message.payload))


async def keep_value(
    tx: Tx, sealer: Sealer, charge_point: int, name: str, value: str, *, component: str = "", instance: str = "", evse: int = 0
) -> None:  # fmt: skip
    """Keep what a station took. A password becomes the one that it proves itself with, and is shown nowhere."""
    if name in PASSWORDS:
        await keep_password(tx, sealer, charge_point, value)
        return
    kept = {"name": name, "value": value, "component": component, "instance": instance, "evse_id": evse}
    await keep_variables(tx, charge_point, [kept], clock.now())
