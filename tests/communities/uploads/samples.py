"""Files of consumption for the tests, and how tests send them and look at what became of them."""

import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from math import isnan
from pathlib import Path
from typing import Any

import httpx
import xlsxwriter
from tests.communities.kit import Community, Person

from gridloom.communities.uploads import long_csv, workbook
from gridloom.communities.uploads.content import Content, Line
from gridloom.core.series import public as series
from gridloom.kernel import clock

ROOT = "/sharing_operations/consumptions"
EAN, OTHER = "541448800000000009", "541448800000000016"
CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHEETS = ("Brut Rep", "Partagé Rep", "Net Rep")
TAKEN, FED = "Prélèvement (kWh)", "Injection (kWh)"
HEADER = "timestamp,ean,direction,gross,shared,net"

Row = Sequence[Any]


def grid(rows: Iterable[Row], ways: Sequence[str] = (TAKEN, FED), eans: Sequence[Any] = (EAN, EAN)) -> list[list[Any]]:
    """A sheet: two rows of headings, two of anything, and the values."""
    return [["Date", *ways], ["", *eans], ["", *("x" for _ in eans)], ["", *("u" for _ in eans)], *map(list, rows)]


GROSS = grid([["2026-03-01T00:00:00Z", 1.0, 0.0], ["2026-03-01T01:00:00Z", 2.0, 0.5]])
SHARED = grid([["2026-03-01T00:00:00Z", 0.4, 0.0], ["2026-03-01T01:00:00Z", 0.6, 0.2]])
NET = grid([["2026-03-01T00:00:00Z", 0.6, 0.0], ["2026-03-01T01:00:00Z", 1.4, 0.3]])


def book(*sheets: list[list[Any]], names: Sequence[str] = SHEETS) -> bytes:
    """A workbook; a cell that begins with `=` is a formula whose result is an error."""
    out = io.BytesIO()
    file = xlsxwriter.Workbook(out, {"in_memory": True})
    stamp = file.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for name, cells in zip(names, sheets or (GROSS, SHARED, NET), strict=False):
        sheet = file.add_worksheet(name)
        for y, row in enumerate(cells):
            for x, cell in enumerate(row):
                if isinstance(cell, datetime):
                    sheet.write_datetime(y, x, cell, stamp)
                elif isinstance(cell, str) and cell.startswith("="):
                    sheet.write_formula(y, x, cell, None, "#DIV/0!")
                elif cell not in ("", None):
                    sheet.write(y, x, cell)
    file.close()
    return out.getvalue()


def lines(*rows: str, header: str = HEADER, end: str = "\n") -> bytes:
    """A CSV."""
    return (end.join([header, *rows]) + end).encode()


def quarters(count: int, since: datetime = datetime(2026, 3, 1, tzinfo=UTC), step_min: int = 15) -> list[str]:
    """ISO texts of so many beginnings."""
    return [f"{since + timedelta(minutes=step_min * place):%Y-%m-%dT%H:%M:%SZ}" for place in range(count)]


def ms(text: str) -> int:
    return clock.to_ms(datetime.fromisoformat(text))


def read(raw: bytes, folder: Path, eans: Iterable[str] = (EAN, OTHER)) -> Content:
    """What a file says; a workbook is known by its first bytes."""
    path = folder / "sent"
    path.write_bytes(raw)
    content = Content(folder, eans)
    if raw.startswith((b"PK", b"\xd0\xcf")):
        workbook.read(path, content, folder)
    else:
        long_csv.read(path, content)
    content.check()
    return content


def said(content: Content, ean: str = EAN, direction: str = "consumption") -> list[tuple[Any, ...]]:
    """One series as (instant, gross, shared, net); None where nothing is said."""
    columns = content.columns(content.number[Line(ean, direction)])
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [(clock.from_ms(time), *(None if isnan(v) else v for v in values)) for time, *values in rows]


async def send(
    person: Person, community: Community, operation: Any, raw: bytes, name: str = "readings.csv", media: str = CSV,
    **headers: str,
) -> httpx.Response:  # fmt: skip
    return await person.call(
        "POST", ROOT, community, data={"id_sharing_operation": operation}, files={"file": (name, raw, media)},
        headers=headers,
    )  # fmt: skip


async def values(community: Community, ean: str, code: int) -> dict[str, float]:
    """What the grid operator said at a meter: time -> kWh."""
    async with community.world.database.tenant(community.tenant) as tx:
        (point,) = await series.find_points(tx, eids=[ean])
        found = await series.channels_for(tx, [(point.id, code)])
        if not found:
            return {}
        (channel,) = found.values()
        samples = series.prefer(
            await series.read(tx, channel, 0, ms("2030-01-01T00:00:00Z")), (series.Origin.MEASURED,)
        )
    return {
        f"{clock.from_ms(time):%m-%dT%H:%M}": value
        for time, value in zip(samples.time_ms.tolist(), samples.value.tolist(), strict=True)
    }


async def uploads(community: Community) -> list[tuple[Any, ...]]:
    """Versions, oldest first: version, name of the file, values, new ones, whether shared ones are in it."""
    async with community.world.database.tenant(community.tenant) as tx:
        rows = await tx.all(
            "SELECT u.version, f.name, u.value_count, u.new_count, u.is_settled FROM communities.upload u "
            "JOIN files.file f ON f.id = u.file_id ORDER BY u.sharing_operation_id, u.version"
        )
    return [tuple(row) for row in rows]


async def state(community: Community) -> dict[str, Any]:
    """Everything that an upload may touch, as numbers that change with it."""
    async with community.world.database.tenant(community.tenant) as tx:
        found = {
            name: await tx.scalar(f"SELECT count(*) FROM {name}")
            for name in ("series.reading", "series.channel", "files.file", "audit.entry", "jobs.progress")
        }
    return found | {"communities": await community.everything()}
