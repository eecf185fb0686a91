"""A month of a cooperative, through the APIs alone: fifteen households and three roofs share what the sun gives.

Keys, meters and holders change in the middle of it, and a Sunday of 23 hours is in it. What is expected is reckoned anew from
the readings with fractions (`reckoning.py`). Ours is in whole micro-kWh: each share is the nearest whole one, and what the sum of
a quarter hour lacks or exceeds goes to one consumer, who is off by no more micro-kWh than there are consumers. Where nothing has
to be rounded, ours is the same number.
"""

import io
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from python_calamine import CalamineWorkbook
from tests.journeys.cooperative import (
    BRUSSELS,
    FED,
    METER,
    OPERATION,
    QUARTER,
    SHARED,
    TAKEN,
    Cooperative,
    begin,
    day_of,
    instant,
    ms,
    quarters,
)
from tests.journeys.march import (
    BAKERY,
    COUNTS,
    ENTERS,
    FIRST,
    HALF,
    HOUSES,
    JOINED,
    JOINS,
    KEYS,
    LAST,
    LEAVES,
    LEFT,
    MARCH,
    MOVED,
    MOVES,
    ONE_DAY,
    PROSUMER,
    REGISTER,
    ROOFS,
    SECOND,
    SENDS,
    SOLD,
    SUNDAY,
    Agreed,
    Month,
    Stay,
)
from tests.journeys.reckoning import MICRO, NAMES, Sums, micro, whole

WINDOW = {"date_start": str(FIRST), "date_end": str(LAST)}
# Half a micro-kWh, and the little by which an exact half may fall either way.
NEAREST = Fraction(1, 2) + Fraction(1, 1024)


async def test_a_month_is_shared_settled_and_corrected_to_the_last_digit(cooperative: Cooperative) -> None:
    month = Month()
    await gather(cooperative, month)
    sensors = await read_the_meters(cooperative, month)
    assert any(len(quarters(day)) == 92 for day in MARCH), "the month has no day of 23 hours"

    amounts = await consumption_is_what_the_key_gives(cooperative, month, MARCH)
    await the_operation_is_the_sum_of_its_meters(cooperative, month, amounts)
    await workbooks_say_the_same(cooperative)
    await both_apis_read_the_same_values_once(cooperative, month, sensors)

    first = await cooperative.settle(FIRST, LAST)
    lines = await settlement_is_the_sum_of_its_quarter_hours(cooperative, month, first, amounts)
    assert first["version"] == 1

    corrected = await correct(cooperative, month, sensors)
    amounts |= await consumption_is_what_the_key_gives(cooperative, month, corrected.days)
    second = await cooperative.settle(FIRST, LAST)
    assert second["version"] == 2
    changed = await settlement_is_the_sum_of_its_quarter_hours(cooperative, month, second, amounts)
    await differences_are_told(cooperative, second, lines, changed, corrected.reasons)

    late = await sell_and_agree_again(cooperative, month)
    amounts |= await consumption_is_what_the_key_gives(cooperative, month, late.days)
    third = await cooperative.settle(FIRST, LAST)
    final = await settlement_is_the_sum_of_its_quarter_hours(cooperative, month, third, amounts)
    await differences_are_told(cooperative, third, changed, final, late.reasons)

    for run, stood in ((first, lines), (second, changed)):
        assert await cooperative.call("GET", f"/settlements/{run['id']}", "/settlements/{id}") == run
        assert by_place(await cooperative.lines(run["id"])) == stood
    assert await cooperative.settle(FIRST, LAST) == third


async def gather(cooperative: Cooperative, month: Month) -> None:
    """Members, meters, the two keys, and what happens to meters in the month."""
    await cooperative.found("Quartier du soleil")
    for number, ean in enumerate(HOUSES):
        if number != BAKERY:
            month.members[ean] = await cooperative.individual(f"House {number}", f"house{number}@example.org")
    month.members["newcomer"] = await cooperative.individual("Newcomer", "new@example.org")
    month.members[HOUSES[BAKERY]] = await cooperative.company("Bakery")
    month.members["sun"] = await cooperative.company("Sun on Roofs")
    # A household with a roof, a company of roofs alone, and a company that takes and gives.
    owners = {ROOFS[0]: HOUSES[PROSUMER], ROOFS[1]: "sun", ROOFS[2]: HOUSES[BAKERY]}
    for ean in HOUSES:
        is_late = HOUSES.index(ean) in (ENTERS, JOINS)
        await cooperative.meter(ean, month.members[ean], date(2026, 1, 1), inside=not is_late)
    for ean, owner in owners.items():
        await cooperative.meter(ean, month.members[owner], FIRST, injects=True)

    await cooperative.agree("The first key", KEYS[0].wire, FIRST)
    await cooperative.agree("Another key", KEYS[1].wire, SECOND)
    await cooperative.enter(HOUSES[ENTERS], FIRST)
    await cooperative.enter(HOUSES[JOINS], JOINED)
    await cooperative.leave(HOUSES[LEAVES], LEFT)
    await cooperative.hand_over(HOUSES[MOVES], month.members["newcomer"], MOVED)

    whole_month = [each for each in HOUSES if HOUSES.index(each) not in (MOVES, LEAVES, JOINS)]
    month.stays = [
        *(Stay(ean, FIRST, LAST, ean) for ean in whole_month),
        *(Stay(ean, FIRST, LAST, owner) for ean, owner in owners.items()),
        Stay(HOUSES[MOVES], FIRST, MOVED - ONE_DAY, HOUSES[MOVES]),
        Stay(HOUSES[MOVES], MOVED, LAST, "newcomer"),
        Stay(HOUSES[LEAVES], FIRST, LEFT - ONE_DAY, HOUSES[LEAVES]),
        Stay(HOUSES[JOINS], JOINED, LAST, HOUSES[JOINS]),
    ]


async def read_the_meters(cooperative: Cooperative, month: Month) -> dict[int, Any]:
    """Most readings come as a file; one house sends its own, one does so for the second half, of one the register is read.

    Of the house that does both, one day comes both ways, with the same values.
    """
    sensors = {n: await cooperative.sensor(HOUSES[n], f"House {n}") for n in (COUNTS, HALF, SENDS)}
    till, since = SECOND, SECOND - ONE_DAY

    def in_file(ean: str, time: datetime) -> bool:
        return ean not in (HOUSES[COUNTS], HOUSES[SENDS]) and (ean != HOUSES[HALF] or time < begin(till))

    rows = [(time, ean) for ean, column in month.readings.items() for time in column if in_file(ean, time)]
    await send_file(cooperative, month, rows)
    for number, start in ((HALF, since), (SENDS, FIRST)):
        column = month.readings[HOUSES[number]]
        await cooperative.measure(
            sensors[number], TAKEN,
            [(time, Decimal(value) / MICRO) for time, value in column.items() if time >= begin(start)],
        )  # fmt: skip
    await cooperative.measure(sensors[COUNTS], REGISTER, list(registers(month.readings[HOUSES[COUNTS]])))
    # The same file once more says nothing new.
    before = await cooperative.community.everything()
    await send_file(cooperative, month, rows)
    assert await cooperative.community.everything() == before
    return sensors


def registers(column: Mapping[datetime, int]) -> Iterator[tuple[datetime, Decimal]]:
    """What the meter shows before each quarter hour, and after the last one."""
    shows = Decimal("12345.678")
    yield min(column), shows
    for time, value in sorted(column.items()):
        shows += Decimal(value) / MICRO
        yield time + QUARTER, shows


async def send_file(cooperative: Cooperative, month: Month, rows: Sequence[tuple[datetime, str]]) -> None:
    """A CSV with the clock on the wall in Brussels; no hour of this month comes twice there."""
    await cooperative.upload(
        (
            f"{time.astimezone(BRUSSELS):%Y-%m-%d %H:%M}", ean, "consumption" if ean in HOUSES else "injection",
            Decimal(month.readings[ean][time]) / MICRO,
        )
        for time, ean in rows
    )  # fmt: skip


async def consumption_is_what_the_key_gives(
    cooperative: Cooperative, month: Month, days: Sequence[date]
) -> dict[tuple[datetime, str], dict[str, int]]:
    """Every meter and quarter hour of these days, compared with what is reckoned; gives (time, EAN) -> micro-kWh by name."""
    found: dict[tuple[datetime, str], dict[str, int]] = {}
    times = [time for day in days for time in quarters(day)]
    known = {instant(time): time for time in times}
    window = {"date_start": str(min(days)), "date_end": str(max(days))}
    for ean, readings in month.readings.items():
        body = await cooperative.of_meter(ean, window, checked=ean in (HOUSES[0], ROOFS[0]))
        assert body["EAN"] == ean
        # What a file says of a meter counts on the days on which it is in the operation.
        inside = [day for day in span(min(days), max(days)) if ean in month.present(day)]
        shown = [instant(time) for day in inside for time in quarters(day)]
        assert body["timestamps"] == shown
        for place, text in enumerate(shown):
            if (time := known.get(text)) is None:
                continue
            now = {name: micro(body[name][place]) for name in NAMES}
            gross = readings[time]
            assert (now["gross"], now["inj_gross"]) == ((gross, 0) if ean in HOUSES else (0, gross)), (ean, text)
            assert (now["gross"], now["inj_gross"]) == (now["net"] + now["shared"], now["inj_net"] + now["inj_shared"])
            assert min(now.values()) >= 0
            found[time, ean] = now
    exact_count = compare(month, days, found)
    assert exact_count or days != MARCH, "there is no quarter hour of sharing in which nothing is rounded"
    return found


def compare(month: Month, days: Sequence[date], found: Mapping[tuple[datetime, str], Mapping[str, int]]) -> int:
    """Each step against fractions: within the rounding, the same where nothing is rounded, and the sums the same always.

    Gives in how many quarter hours something was shared and nothing was rounded.
    """
    exact_count = 0
    off: dict[tuple[str, date], Fraction] = defaultdict(Fraction)
    for time, step in month.steps(days):
        here = month.present(day_of(time))
        shared = {ean: found[time, ean]["shared"] for ean in HOUSES if ean in here}
        injected = {ean: found[time, ean]["inj_shared"] for ean in ROOFS}
        assert sum(shared.values()) == sum(injected.values()), time
        ours = {ean: Fraction(amount) for ean, amount in (shared | injected).items() if ean in here}
        exact = step.shared | step.injected
        if step.is_whole:
            assert ours == exact, time
            exact_count += any(exact.values())
        assert sum(abs(ours[ean] - amount) > NEAREST for ean, amount in step.shared.items()) <= 1, time
        for ean, amount in ours.items():
            difference = amount - exact[ean]
            assert abs(difference) <= len(step.shared), (time, ean)
            off[here[ean], day_of(time)] += difference
    for (member, day), difference in off.items():
        assert abs(difference) <= len(quarters(day)), (member, day)
    return exact_count


def span(first: date, last: date) -> list[date]:
    return [first + n * ONE_DAY for n in range((last - first).days + 1)]


async def the_operation_is_the_sum_of_its_meters(
    cooperative: Cooperative, month: Month, amounts: Mapping[tuple[datetime, str], Mapping[str, int]]
) -> None:
    body = await cooperative.of_operation(**WINDOW)
    times = [time for day in MARCH for time in quarters(day)]
    assert (body["id"], body["timestamps"]) == (cooperative.operation, [instant(time) for time in times])
    for place, time in enumerate(times):
        sums = Sums()
        for ean in month.present(day_of(time)):
            sums.add(amounts[time, ean])
        assert {name: micro(body[name][place]) for name in NAMES} == sums, time


async def workbooks_say_the_same(cooperative: Cooperative) -> None:
    """The downloads, read back, against the JSON of the same days, the Sunday of 23 hours among them."""
    window = {"date_start": str(SUNDAY - ONE_DAY), "date_end": str(SUNDAY)}
    of_roof = f"/meters/{ROOFS[2]}/consumptions"
    of_all = f"/sharing_operations/{cooperative.operation}/consumptions"
    for path, template in ((of_all, OPERATION), (of_roof, METER)):
        body = await cooperative.call("GET", path, template, params=window)
        raw = await cooperative.file(f"{path}/download", f"{template}/download", **window)
        book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        assert book.sheet_names == ["Consommations"]
        head, *rows = book.get_sheet_by_name("Consommations").to_python()
        assert head == [
            "Timestamp", "Gross", "Net", "Shared", "Injection Gross", "Injection Net", "Injection Shared",
        ]  # fmt: skip
        assert len(rows) == 96 + 92
        columns = ("timestamps", "gross", "net", "shared", "inj_gross", "inj_net", "inj_shared")
        json_rows = [
            [time, *map(float, values)] for time, *values in zip(*(body[name] for name in columns), strict=True)
        ]
        assert rows == json_rows


async def both_apis_read_the_same_values_once(
    cooperative: Cooperative, month: Month, sensors: Mapping[int, Any]
) -> None:
    """What came as a file and what came from a meter is one series, in which the day that came twice stands once."""
    since, till = begin(FIRST), begin(LAST + ONE_DAY)
    for number in (HALF, SENDS):
        column = month.readings[HOUSES[number]]
        data = await cooperative.measured(sensors[number], TAKEN, since, till)
        assert data["time"] == [ms(time) for time in sorted(column)]
        assert [micro(value) for value in data["value"]] == [column[time] for time in sorted(column)]
        assert len(set(data["acq"])) == (2 if number == HALF else 1)
    body = await cooperative.of_meter(HOUSES[COUNTS], WINDOW)
    shared = await cooperative.measured(sensors[COUNTS], SHARED, since, till)
    assert dict(zip(body["timestamps"], body["shared"], strict=True)) == {
        instant(datetime.fromtimestamp(time / 1000, BRUSSELS)): value
        for time, value in zip(shared["time"], shared["value"], strict=True)
    }
    assert (await cooperative.measured(sensors[COUNTS], FED, since, till))["time"] == []


def by_place(lines: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], Mapping[str, Any]]:
    found = {(each["EAN"], each["day"]): each for each in lines}
    assert len(found) == len(lines)
    return found


async def settlement_is_the_sum_of_its_quarter_hours(
    cooperative: Cooperative, month: Month, run: Mapping[str, Any],
    amounts: Mapping[tuple[datetime, str], Mapping[str, int]],
) -> dict[tuple[str, str], Mapping[str, Any]]:  # fmt: skip
    """Lines by meter and day, members and totals: exactly the sums of what the meters' consumption says."""
    lines = by_place(await cooperative.lines(run["id"]))
    places = {(ean, str(day)): member for day in MARCH for ean, member in month.present(day).items()}
    assert lines.keys() == places.keys()
    of_place: dict[tuple[str, str], Sums] = defaultdict(Sums)
    for (time, ean), each in amounts.items():
        if (place := (ean, str(day_of(time)))) in places:
            of_place[place].add(each)
    of_member: dict[int, Sums] = defaultdict(Sums)
    total = Sums()
    for place, member in places.items():
        line = lines[place]
        assert whole(line["sums"]) == of_place[place], place
        assert (line["member_id"], line["missing_count"]) == (month.members[member], 0), place
        of_member[month.members[member]].add(of_place[place])
        total.add(of_place[place])
    assert {each["member"]["id"]: whole(each["sums"]) for each in run["members"]} == of_member
    assert (whole(run["totals"]), run["missing_count"]) == (total, 0)
    assert total["shared"] == total["inj_shared"]
    rates = [Fraction(total["shared"], total[name]) for name in ("inj_gross", "gross")]
    assert [run["sharing_rate"], run["self_sufficiency"]] == [round(Decimal(float(each)), 6) for each in rates]
    return lines


class Changed(NamedTuple):
    """What was changed: on which days, and why the lines of some meters differ; any other's differ by those."""

    days: list[date]
    reasons: dict[tuple[str, str], list[str]]


async def correct(cooperative: Cooperative, month: Month, sensors: Mapping[int, Any]) -> Changed:
    """A meter sends one quarter hour again, and a file comes that corrects an hour of a house and of a roof on the Sunday."""
    day = MARCH[1]
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=BRUSSELS)
    sends, house, roof = HOUSES[SENDS], HOUSES[1], ROOFS[1]
    month.readings[sends][noon] += 512_345
    await cooperative.measure(sensors[SENDS], TAKEN, [(noon, Decimal(month.readings[sends][noon]) / MICRO)])
    hour = quarters(SUNDAY)[44:48]
    for time in hour:
        month.readings[house][time] += 250_001
        month.readings[roof][time] += 125_000
    # The file has the whole day of both, most of it as it was.
    await send_file(cooperative, month, [(time, ean) for ean in (house, roof) for time in quarters(SUNDAY)])
    changed = [(sends, day), (house, SUNDAY), (roof, SUNDAY)]
    return Changed([day, SUNDAY], {(ean, str(when)): ["readings"] for ean, when in changed})


async def sell_and_agree_again(cooperative: Cooperative, month: Month) -> Changed:
    """After the month: a house turns out to have been sold two days before its end, and a third key to hold on its last day."""
    sold, since = HOUSES[SOLD], LAST - ONE_DAY
    await cooperative.hand_over(sold, month.members["newcomer"], since)
    stay = next(each for each in month.stays if each.ean == sold)
    month.stays.remove(stay)
    month.stays += [stay._replace(last=since - ONE_DAY), stay._replace(first=since, member="newcomer")]
    third = Agreed(LAST, LAST, [("1", dict.fromkeys(HOUSES, "-1"))])
    await cooperative.agree("The third one", third.wire, LAST)
    month.keys = [*month.keys[:-1], month.keys[-1]._replace(last=since), third]
    reasons = {(ean, str(LAST)): ["key"] for ean in month.present(LAST)}
    return Changed([LAST], reasons | {(sold, str(since)): ["member"], (sold, str(LAST)): ["key", "member"]})


async def differences_are_told(
    cooperative: Cooperative,
    run: Mapping[str, Any],
    before: Mapping[tuple[str, str], Mapping[str, Any]],
    after: Mapping[tuple[str, str], Mapping[str, Any]],
    reasons: Mapping[tuple[str, str], Sequence[str]],
) -> None:
    """Every line that is not as it was, with its reason; nothing else."""
    told = await cooperative.call(
        "GET", f"/settlements/{run['id']}/differences", "/settlements/{id}/differences"
    )  # fmt: skip
    found = by_place(told)
    different = {place for place in before if before[place] != after[place]}
    assert found.keys() == different
    days = {day for _, day in reasons}
    assert {day for _, day in different} == days
    for place, each in found.items():
        old, new = before[place], after[place]
        assert (each["before"], each["after"]) == (old["sums"], new["sums"])
        assert (each["member_before"], each["member_after"]) == (old["member_id"], new["member_id"])
        assert each["reasons"] == reasons.get(place, ["others"]), place
    assert all(place in found for place, why in reasons.items() if why != ["key"])
    assert any(place in found for place in reasons)
