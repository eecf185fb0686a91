"""Settlements through the API: what they freeze, that they never change, and how they explain a difference."""

import io
import zipfile
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import asyncpg
import polars as pl
import pytest
from python_calamine import CalamineWorkbook
from tests.communities.kit import Community, Person, World, refused
from tests.communities.settlements.kit import BEGIN, CONSUMERS, FED, ROOF, TAKEN, Village, quarters

from gridloom.communities import dates
from gridloom.core.series import codes
from gridloom.core.series import public as series
from gridloom.kernel import clock

ONE, TWO = CONSUMERS
SUNDAY = date(2026, 3, 29)
LAST = BEGIN + timedelta(days=3)


@pytest.fixture
async def village(world: World, ada: Person, street: Community) -> Village:
    """Two consumers and a roof: 0.3 kWh and 0.1 kWh a quarter hour, 0.2 kWh produced, shared half and half, for four days."""
    made = Village(world, ada, street)
    await made.set_up({ONE: 0.5, TWO: 0.5})
    count = sum(quarters(BEGIN + timedelta(days=n)) for n in range(4))
    for ean, code, amount in ((ONE, TAKEN, 0.3), (TWO, TAKEN, 0.1), (ROOF, FED, 0.2)):
        await made.write(ean, code, BEGIN, [amount] * count)
    return made


def sums(gross: float, shared: float, net: float, *injected: float) -> dict[str, float]:
    inj = injected or (0.0, 0.0, 0.0)
    return {"gross": gross, "shared": shared, "net": net, "inj_gross": inj[0], "inj_shared": inj[1], "inj_net": inj[2]}


async def test_a_settlement_says_what_was_given_to_whom(village: Village) -> None:
    found = await village.settle(BEGIN, LAST)
    # 96 + 96 + 92 + 96 quarter hours; each consumer is offered 0.1 kWh of every one.
    assert found["totals"] == sums(152.0, 76.0, 76.0, 76.0, 76.0, 0.0)
    assert [(each["member"]["id"], each["sums"]) for each in found["members"]] == [
        (village.members[ONE], sums(114.0, 38.0, 76.0)),
        (village.members[TWO], sums(38.0, 38.0, 0.0)),
        (village.members[ROOF], sums(0.0, 0.0, 0.0, 76.0, 76.0, 0.0)),
    ]
    assert (found["version"], found["missing_count"], found["sharing_rate"], found["self_sufficiency"]) == (
        1,
        0,
        1.0,
        0.5,
    )
    assert found["keys"][0]["id_key"] == village.key
    assert (found["date_start"], found["date_end"]) == ("2026-03-27T00:00:00Z", "2026-03-30T00:00:00Z")


async def test_each_line_is_a_meter_on_a_day_of_the_grid(village: Village) -> None:
    found = await village.settle(BEGIN, LAST)
    lines = await village.lines(found["id"])
    assert [(each["day"], each["EAN"]) for each in lines] == [
        (str(BEGIN + timedelta(days=n)), ean) for n in range(4) for ean in (ONE, TWO, ROOF)
    ]
    sunday = {each["EAN"]: each for each in lines if each["day"] == str(SUNDAY)}
    assert sunday[ONE]["sums"] == sums(27.6, 9.2, 18.4)
    assert sunday[ROOF]["sums"] == sums(0.0, 0.0, 0.0, 18.4, 18.4, 0.0)
    assert {each["missing_count"] for each in lines} == {0}
    assert sunday[ONE]["member_id"] == village.members[ONE]
    only = await village.do(
        "GET", f"/settlements/{found['id']}/lines", template="/settlements/{id}/lines", params={"EAN": TWO, "limit": 1}
    )
    assert [each["EAN"] for each in only] == [TWO]


async def test_running_again_without_a_change_is_the_same_run(village: Village) -> None:
    first, second = await village.settle(BEGIN, LAST), await village.settle(BEGIN, LAST)
    assert first == second
    assert len(await village.do("GET", "/settlements/")) == 1


async def test_a_late_reading_makes_the_next_version_and_keeps_the_first(village: Village) -> None:
    first = await village.settle(BEGIN, LAST)
    # The first quarter hour of Sunday: the second consumer took nothing after all, so the first may have no more than its half.
    await village.write(TWO, TAKEN, SUNDAY, [0.0])
    second = await village.settle(BEGIN, LAST)
    assert (second["version"], second["totals"]) == (2, sums(151.9, 75.9, 76.0, 76.0, 75.9, 0.1))
    again = await village.do("GET", f"/settlements/{first['id']}", template="/settlements/{id}")
    assert again == first
    assert [each["version"] for each in await village.do("GET", "/settlements/")] == [2, 1]


async def differences(village: Village, number: int, **params: Any) -> list[Any]:
    found: list[Any] = await village.do(
        "GET", f"/settlements/{number}/differences", template="/settlements/{id}/differences", params=params
    )
    return found


async def test_a_difference_is_told_by_meter_and_day_with_its_reason(village: Village) -> None:
    first = await village.settle(BEGIN, LAST)
    await village.write(TWO, TAKEN, SUNDAY, [0.0])
    second = await village.settle(BEGIN, LAST)
    two, roof = await differences(village, second["id"])
    assert (two["EAN"], two["day"], two["reasons"]) == (TWO, str(SUNDAY), ["readings"])
    assert (two["before"], two["after"]) == (sums(9.2, 9.2, 0.0), sums(9.1, 9.1, 0.0))
    assert (roof["EAN"], roof["reasons"]) == (ROOF, ["others"])
    assert (roof["before"]["inj_shared"], roof["after"]["inj_shared"]) == (18.4, 18.3)
    assert await differences(village, second["id"], id_other=first["id"]) == [two, roof]
    backwards = await differences(village, first["id"], id_other=second["id"])
    assert (backwards[0]["before"], backwards[0]["after"]) == (two["after"], two["before"])


async def test_another_key_and_another_holder_are_reasons(village: Village) -> None:
    await village.settle(BEGIN, LAST)
    await village.agree({ONE: 1.0}, SUNDAY)
    await village.hand_over(ROOF, village.members[ONE], LAST)
    second = await village.settle(BEGIN, LAST)
    found = {(each["EAN"], each["day"]): each for each in await differences(village, second["id"])}
    assert {day for _, day in found} == {str(SUNDAY), str(LAST)}
    assert found[ONE, str(SUNDAY)]["reasons"] == ["key"]
    assert found[ONE, str(SUNDAY)]["after"] == sums(27.6, 18.4, 9.2)
    assert found[TWO, str(SUNDAY)]["after"] == sums(9.2, 0.0, 9.2)
    assert found[ROOF, str(LAST)]["reasons"] == ["key", "member"] or found[ROOF, str(LAST)]["reasons"] == ["member"]
    assert found[ROOF, str(LAST)]["member_after"] == village.members[ONE]
    by_member = {each["member"]["id"]: each["sums"] for each in second["members"]}
    assert by_member[village.members[ONE]]["inj_gross"] == 19.2


async def test_the_first_version_has_nothing_to_be_compared_with(village: Village) -> None:
    first = await village.settle(BEGIN, LAST)
    other_period = await village.settle(BEGIN, SUNDAY)
    for params in ({}, {"id_other": first["id"]}, {"id_other": other_period["id"]}, {"id_other": 10**9}):
        answer = await village.manager.call(
            "GET", f"/settlements/{first['id']}/differences", village.community, template="/settlements/{id}/differences",
            params=params,
        )  # fmt: skip
        refused(answer, 400, 90003)


async def test_what_the_grid_operator_states_counts(village: Village) -> None:
    # The operator shared less with the first consumer than the key gives; the second one's half stays what it is.
    await village.write(ONE, 148, BEGIN, [0.05])
    await village.write(ONE, 150, BEGIN, [0.25])
    found = await village.settle(BEGIN, BEGIN)
    assert found["totals"]["shared"] == 19.15
    assert found["members"][0]["sums"] == sums(28.8, 9.55, 19.25)


async def test_a_missing_interval_is_counted_and_told(village: Village) -> None:
    await village.write(ONE, TAKEN, LAST + timedelta(days=1), [0.3] * 90)
    found = await village.settle(LAST, LAST + timedelta(days=1))
    lines = {(each["EAN"], each["day"]): each for each in await village.lines(found["id"])}
    later = str(LAST + timedelta(days=1))
    assert [lines[ean, later]["missing_count"] for ean in (ONE, TWO, ROOF)] == [6, 96, 96]
    assert found["missing_count"] == 198
    assert lines[ONE, later]["sums"] == sums(27.0, 0.0, 27.0)


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet"])
async def test_every_file_says_what_the_lines_say(village: Village, form: str) -> None:
    found = await village.settle(BEGIN, LAST)
    answer = await village.manager.call(
        "GET", f"/settlements/{found['id']}/download", village.community, template="/settlements/{id}/download",
        params={"format": form},
    )  # fmt: skip
    assert answer.status_code == 200
    name = f"settlement-{village.operation}-2026-03-27-2026-03-30-v1.{form}"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    match form:
        case "csv":
            table = pl.read_csv(io.BytesIO(answer.content), schema_overrides={"ean": pl.String})
            rows = table.select("day", "ean", "member", "shared_kwh").rows()
        case "xlsx":
            head, *body = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
            at = [head.index(each) for each in ("day", "ean", "member", "shared_kwh")]
            rows = [tuple(row[n] for n in at) for row in body]
        case _:
            rows = pl.read_parquet(io.BytesIO(answer.content)).select("day", "ean", "member", "shared_kwh").rows()
    assert len(rows) == 12
    first = rows[0]
    assert (str(first[0]), first[1], first[2], Decimal(str(first[3]))) == (str(BEGIN), ONE, "Member 11", Decimal("9.6"))
    assert sum(Fraction(str(row[3])) for row in rows) == 76


async def test_a_settlement_can_neither_be_changed_nor_deleted(village: Village) -> None:
    await village.settle(BEGIN, LAST)
    for command in (
        "UPDATE communities.settlement SET version = 9", "DELETE FROM communities.settlement",
        "UPDATE communities.settlement_line SET gross_kwh = 0", "DELETE FROM communities.settlement_line",
    ):  # fmt: skip
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with village.world.database.tenant(village.community.tenant) as tx:
                await tx.run(command)


@pytest.mark.parametrize(
    ("changes", "status", "number"),
    [
        ({"date_end": "2026-03-26"}, 400, 90002),
        ({"date_end": "2999-01-01"}, 422, 5005),
        ({"date_start": "2020-01-01"}, 400, 90002),
        ({"date_end": "2026-03-32"}, 422, 5005),
        ({"date_end": "tomorrow"}, 422, 5005),
        ({"date_start": 5}, 422, 5000),
        ({"id_sharing_operation": 10**9}, 400, 90001),
        ({"id_sharing_operation": "1"}, 422, 5001),
        ({"date_start": "2025-03-01", "date_end": "2025-03-02"}, 400, 90001),
    ],
)
async def test_what_cannot_be_settled_is_refused_and_leaves_nothing(
    village: Village, changes: dict[str, Any], status: int, number: int
) -> None:
    body = {"date_start": str(BEGIN), "date_end": str(LAST), "id_sharing_operation": village.operation, **changes}
    refused(await village.manager.call("POST", "/settlements/", village.community, json=body), status, number)
    assert await village.do("GET", "/settlements/") == []


async def test_another_community_does_not_find_it(village: Village, world: World) -> None:
    found = await village.settle(BEGIN, LAST)
    bob = await world.person()
    elsewhere = await world.community(bob, "Elsewhere")
    for part in ("", "/lines", "/differences", "/download"):
        answer = await bob.call(
            "GET", f"/settlements/{found['id']}{part}", elsewhere, template="/settlements/{id}" + part
        )
        refused(answer, 400, 90000)
    body = {"date_start": str(BEGIN), "date_end": str(LAST), "id_sharing_operation": village.operation}
    refused(await bob.call("POST", "/settlements/", elsewhere, json=body), 400, 90001)
    assert (await bob.call("GET", "/settlements/", elsewhere)).json()["data"] == []


async def test_without_an_operation_all_of_the_community_are_settled(village: Village) -> None:
    body = {"date_start": str(BEGIN), "date_end": str(LAST)}
    found = await village.do("POST", "/settlements/", json=body)
    assert [each["sharing_operation"]["id"] for each in found] == [village.operation]


async def test_a_factor_that_is_noted_late_makes_the_next_version_because_of_the_readings(village: Village) -> None:
    """The roof's register was read for a month; then somebody notes that it stands behind a transformer."""
    day = LAST + timedelta(days=1)
    for ean in CONSUMERS:
        await village.write(ean, TAKEN, day, [0.3] * 96)
    times = [clock.to_ms(dates.begin(day)) + 900_000 * n for n in range(97)]
    async with village.world.database.tenant(village.community.tenant) as tx:
        point = await series.ensure_point(tx, eid=ROOF)
        register = await series.ensure_channel(tx, point, codes.REGISTER_INJECTION, unit="kW.h", kind="register")
        await series.write(tx, series.Batch.of(register.id, times, [100 + n / 10 for n in range(97)]))
    first = await village.settle(day, day)
    assert (first["version"], first["totals"]["inj_gross"], first["totals"]["shared"]) == (1, 9.6, 9.6)
    async with village.world.database.tenant(village.community.tenant) as tx:
        factor = series.Period(factor=Fraction(4))
        assert await series.set_counters(tx, point.id, codes.REGISTER_INJECTION, [factor])
    second = await village.settle(day, day)
    assert (second["version"], second["totals"]["inj_gross"], second["totals"]["shared"]) == (2, 38.4, 38.4)
    assert await village.settle(day, day) == second
    found = {each["EAN"]: each["reasons"] for each in await differences(village, second["id"])}
    assert found == {ROOF: ["readings"], ONE: ["others"], TWO: ["others"]}


async def test_a_late_amount_between_register_counts_leaves_no_interval_missing(village: Village) -> None:
    day = LAST + timedelta(days=1)
    hours = [clock.to_ms(dates.begin(day)) + 3_600_000 * n for n in range(25)]
    async with village.world.database.tenant(village.community.tenant) as tx:
        point = await series.ensure_point(tx, eid=ONE)
        register = await series.ensure_channel(tx, point, codes.REGISTER_CONSUMPTION, unit="kW.h", kind="register")
        await series.write(tx, series.Batch.of(register.id, hours, [float(n) for n in range(25)]))
    await village.write(ONE, TAKEN, day, [0.5] * 4)
    for ean, code in ((TWO, TAKEN), (ROOF, FED)):
        await village.write(ean, code, day, [0.3] * 96)
    found = await village.settle(day, day)
    # The first hour is the amounts', the other 23 are the register's.
    assert {each["EAN"]: each["sums"]["gross"] for each in await village.lines(found["id"])}[ONE] == 25.0
    assert found["missing_count"] == 0


async def test_one_stray_value_of_a_roof_makes_only_its_own_day_expect_more(village: Village) -> None:
    first = await village.settle(BEGIN, LAST)
    assert first["missing_count"] == 0
    await village.write(ROOF, TAKEN, SUNDAY, [0.0])
    found = await village.settle(BEGIN, LAST)
    lines = {(each["EAN"], each["day"]): each["missing_count"] for each in await village.lines(found["id"])}
    assert {place: count for place, count in lines.items() if count} == {(ROOF, str(SUNDAY)): 91}
    assert found["missing_count"] == 91
    (roof,) = await differences(village, found["id"])
    assert (roof["EAN"], roof["day"], roof["reasons"]) == (ROOF, str(SUNDAY), ["readings", "missing"])


async def test_consumers_of_the_key_who_are_no_meter_inside_are_named(village: Village) -> None:
    assert (await village.settle(BEGIN, LAST))["unknown_consumers"] == []
    await village.agree({ONE: 0.5, "Mrs Éva": 0.3, "541448820000000999": 0.2}, SUNDAY)
    found = await village.settle(BEGIN, LAST)
    assert found["unknown_consumers"] == ["541448820000000999", "Mrs Éva"]
    before = await village.settle(BEGIN, SUNDAY - timedelta(days=1))
    assert before["unknown_consumers"] == []
    again = await village.do("GET", f"/settlements/{found['id']}", template="/settlements/{id}")
    assert again["unknown_consumers"] == found["unknown_consumers"]


async def test_the_workbook_has_the_digits_of_the_amounts_and_says_which_days_they_are(village: Village) -> None:
    await village.write(ONE, TAKEN, BEGIN, [0.9] * 11 + [79.4 - 0.3 * 84 - 9.9])
    found = await village.settle(BEGIN, BEGIN)
    answer = await village.manager.call(
        "GET", f"/settlements/{found['id']}/download", village.community, template="/settlements/{id}/download",
        params={"format": "xlsx"},
    )  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        sheet = packed.read("xl/worksheets/sheet1.xml").decode()
    assert "<v>79.4</v>" in sheet
    assert "79.40000" not in sheet
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    assert book.sheet_names == ["Settlement", "Notes"]
    days = book.get_sheet_by_name("Notes").to_python()[0]
    assert days[0] == "Days"
    assert days[1].startswith("Local days in Brussels (Europe/Brussels)")
