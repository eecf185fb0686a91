"""A location that goes, and what goes with it or keeps it."""

from tests.charging.kit import caller_of
from tests.charging.sites.kit import SITE, URL, make, stored
from tests.charging.sites.test_location_images import hang
from tests.suites.client import Caller, Callers, answers

LEFT = (
    "SELECT (SELECT count(*) FROM charging.charging_zone) AS zones, (SELECT count(*) FROM charging.note) AS notes, "
    "(SELECT count(*) FROM charging.location_image) AS images, (SELECT count(*) FROM files.file) AS files"
)


async def left(caller: Caller) -> dict[str, int]:
    async with caller.application.database.tenant(caller.tenant) as tx:
        row = await tx.one(LEFT)
    assert row is not None
    return dict(row)


async def furnished(caller: Caller) -> str:
    """The address of a location with a zone, a note and two pictures."""
    made = await make(caller)
    where = f"{URL}/{made['id']}"
    await caller.post(f"{where}/charging-zones", json={"name": "A", "status": "enabled"})
    await caller.post(f"{where}/notes", json={"summary": "x"})
    await hang(caller, made, "gallery", "a.png", small=True)
    await hang(caller, made, "pin", "pin.png")
    return where


async def test_zones_notes_and_pictures_go_with_their_location(callers: Callers) -> None:
    caller = await caller_of(callers)
    gone, kept = await furnished(caller), await furnished(caller)
    assert await left(caller) == {"zones": 2, "notes": 2, "images": 4, "files": 6}
    answer = await caller.delete(gone, params={"include[]": "notes"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert await left(caller) == {"zones": 1, "notes": 1, "images": 2, "files": 3}
    for below in ("", "/notes", "/charging-zones"):
        assert (await caller.get(gone + below)).status_code == 404
        assert (await caller.get(kept + below)).status_code == 200


async def test_a_location_that_another_row_points_at_stays_with_all_it_has(callers: Callers) -> None:
    caller = await caller_of(callers)
    where = await furnished(caller)
    number = int(where.rpartition("/")[2])
    before = await stored(caller, {"id": number})
    async with caller.application.database.system() as tx:
        await tx.run(
            "CREATE TABLE charging.stands_at (tenant_id int, location_id bigint, FOREIGN KEY (tenant_id, location_id) "
            "REFERENCES charging.location (tenant_id, id) ON DELETE RESTRICT)"
        )
        await tx.run(
            "INSERT INTO charging.stands_at VALUES (:tenant, :location)", tenant=caller.tenant, location=number
        )
    try:
        answer = await caller.delete(where)
        assert (answer.status_code, answer.json()) == (422, {"message": "This is still in use.", "errors": {}})
        answers(caller.api, answer, "DELETE", f"{URL}/{{location}}")
        assert await stored(caller, {"id": number}) == before
        assert await left(caller) == {"zones": 1, "notes": 1, "images": 2, "files": 3}
    finally:
        async with caller.application.database.system() as tx:
            await tx.run("DROP TABLE charging.stands_at")
    assert (await caller.delete(where)).status_code == 204
    assert await left(caller) == {"zones": 0, "notes": 0, "images": 0, "files": 0}


async def test_the_number_of_a_location_that_is_gone_is_free_again(callers: Callers) -> None:
    caller = await caller_of(callers)
    first = (await caller.post(URL, json=SITE)).json()["data"]
    assert (await caller.delete(f"{URL}/{first['id']}")).status_code == 204
    second = await caller.post(URL, json=SITE)
    assert second.status_code == 201
    assert second.json()["data"]["id"] != first["id"]
