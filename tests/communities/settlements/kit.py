"""A small sharing operation, made through the API, with readings in the series store."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from tests.communities.kit import Community, Person, World

from gridloom.communities import dates
from gridloom.core.series import codes
from gridloom.core.series import public as series
from gridloom.kernel import clock

ADDRESS = {"street": "Kerkstraat", "number": 1, "city": "Gent", "postcode": "9000"}
BEGIN = date(2026, 3, 27)
"""A Friday; the Sunday after it has 23 hours."""


class Village:
    """A sharing operation with consumers `54100…01`, `…02` and a roof `…09`, active from BEGIN on."""

    def __init__(self, world: World, manager: Person, community: Community) -> None:
        self.world = world
        self.manager = manager
        self.community = community
        self.operation = 0
        self.key = 0
        self.members: dict[str, int] = {}

    async def do(self, method: str, path: str, *, template: str | None = None, **options: Any) -> Any:
        answer = await self.manager.call(method, path, self.community, template=template or path, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def settle(self, first: date, last: date) -> Any:
        body = {"date_start": str(first), "date_end": str(last), "id_sharing_operation": self.operation}
        (found,) = await self.do("POST", "/settlements/", json=body)
        return found

    async def lines(self, number: int) -> list[Any]:
        found: list[Any] = await self.do(
            "GET", f"/settlements/{number}/lines", template="/settlements/{id}/lines", params={"limit": 200}
        )
        return found

    async def set_up(self, shares: Mapping[str, float], begin: date = BEGIN) -> None:
        """Members, meters, the key with one round of these shares, all active from `begin` on."""
        for ean in (*CONSUMERS, ROOF):
            await self._member(ean)
        await self.do("POST", "/sharing_operations/", json={"name": "Roofs", "type": 1})
        self.operation = (await self.do("GET", "/sharing_operations/"))[0]["id"]
        for ean in (*CONSUMERS, ROOF):
            await self._meter(ean, begin)
        await self.agree(shares, begin)

    async def agree(self, shares: Mapping[str, float], since: date) -> None:
        """Another key of one round, approved from this day on."""
        consumers = [{"name": ean, "energy_allocated_percentage": share} for ean, share in shares.items()]
        rounds = [{"number": 1, "energy_allocated_percentage": 1, "consumers": consumers}]
        await self.do("POST", "/keys/", json={"name": f"Key of {since}", "description": "", "iterations": rounds})
        self.key = max(each["id"] for each in await self.do("GET", "/keys/"))
        both = {"id_key": self.key, "id_sharing": self.operation}
        await self.do("POST", "/sharing_operations/key", json=both)
        await self.do("PATCH", "/sharing_operations/key", json={**both, "status": 1, "date": str(since)})

    async def hand_over(self, ean: str, member: int, since: date) -> None:
        """Another member holds the meter from this day on."""
        change = {
            "EAN": ean, "start_date": str(since), "member_id": member, "sharing_operation_id": self.operation, "status": 1,
            "rate": 1, "client_type": 1,
        }  # fmt: skip
        await self.do("PATCH", "/meters/data", json=change)

    async def write(self, ean: str, code: int, first: date, kwh: Sequence[float], *, origin: int = 1) -> None:
        """Quarter hours one after the other from the beginning of a day on."""
        begin = clock.to_ms(dates.begin(first))
        async with self.world.database.tenant(self.community.tenant) as tx:
            point = await series.ensure_point(tx, eid=ean)
            channel = await series.ensure_channel(tx, point, code, unit="kW.h", kind="interval", step_s=900)
            times = [begin + 900_000 * n for n in range(len(kwh))]
            await series.write(tx, series.Batch.of(channel.id, times, list(kwh), origin=origin))

    async def _member(self, ean: str) -> None:
        body = {
            "name": f"Member {ean[-2:]}", "member_type": 1, "status": 1, "iban": "BE68539007547034", "home_address": ADDRESS,
            "billing_address": ADDRESS, "first_name": "Ada", "NRN": "85.07.30-033.28", "email": f"m{ean}@example.org",
            "social_rate": False, "vat_number": "",
        }  # fmt: skip
        await self.do("POST", "/members/", json=body)
        found = await self.do("GET", "/members/", params={"name": body["name"]})
        self.members[ean] = found[0]["id"]

    async def _meter(self, ean: str, begin: date) -> None:
        period = {
            "start_date": str(begin), "status": 1, "rate": 1, "client_type": 1, "member_id": self.members[ean],
            "sharing_operation_id": self.operation,
        }  # fmt: skip
        if ean == ROOF:
            period |= {"injection_status": 1, "production_chain": 1}
        body = {
            "EAN": ean, "meter_number": f"N{ean[-2:]}", "address": ADDRESS, "tarif_group": 1, "phases_number": 1,
            "reading_frequency": 1, "initial_data": period,
        }  # fmt: skip
        await self.do("POST", "/meters/", json=body)


CONSUMERS = ("541448820000000011", "541448820000000028")
ROOF = "541448820000000097"
TAKEN, FED = codes.GROSS_CONSUMPTION, codes.GROSS_INJECTION


def quarters(day: date) -> int:
    """How many a day has: 92, 96 or 100."""
    return int((dates.end(day) - dates.begin(day)) / timedelta(minutes=15))
