"""Pictures of locations, as links to stored files."""

from typing import Any
from uuid import UUID

from tests.charging.kit import caller_of
from tests.charging.sites.kit import URL, make, stored
from tests.suites.client import Caller, Callers, answers

from gridloom.kernel.files.library import Files

PNG = b"\x89PNG\r\n\x1a\n"
ALL = ("images", "locationImage", "locationPin")


async def hang(
    caller: Caller, location: dict[str, Any], purpose: str, name: str, *, small: bool = False, at: int = 0
) -> UUID:
    """A stored picture, with a thumbnail where asked; there is no operation that uploads one."""
    files = caller.application.services.part(Files)
    async with caller.application.database.tenant(caller.tenant) as tx:
        original = await files.save(tx, PNG + name.encode(), name=name, media_type="image/png")
        thumbnail = await files.save(tx, PNG, name=f"small-{name}", media_type="image/png") if small else None
        await tx.run(
            "INSERT INTO charging.location_image (tenant_id, location_id, purpose, position, file_id, thumbnail_id) "
            "VALUES (:tenant, :location, :purpose, :position, :file, :small)",
            tenant=caller.tenant, location=location["id"], purpose=purpose, position=at, file=original.id,
            small=thumbnail.id if thumbnail else None,
        )  # fmt: skip
    return original.id


def names(images: list[dict[str, Any]]) -> list[str]:
    """The file names in the links."""
    return [image["original"].partition("?")[0].rpartition("/")[2] for image in images]


async def test_a_location_without_pictures(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await make(caller)
    answer = await caller.get(f"{URL}/{made['id']}", params=[("include[]", name) for name in ALL])
    assert answer.json()["data"] == {**made, "images": [], "locationImage": None}


async def test_each_picture_is_shown_where_it_belongs(callers: Callers) -> None:
    caller = await caller_of(callers)
    made, other = await make(caller), await make(caller)
    await hang(caller, made, "gallery", "second.png", at=2)
    await hang(caller, made, "gallery", "first.png", at=1, small=True)
    await hang(caller, made, "main", "main.png", small=True)
    await hang(caller, made, "pin", "pin.png")
    await hang(caller, other, "gallery", "other.png")
    assert await stored(caller, made) == made
    answer = await caller.get(f"{URL}/{made['id']}", params=[("include[]", name) for name in ALL])
    answers(caller.api, answer, "GET", f"{URL}/{{location}}")
    shown = answer.json()["data"]
    assert names(shown["images"]) == ["first.png", "second.png"]
    assert [set(image) for image in shown["images"]] == [
        {"original", "thumbnail", "mimeType"},
        {"original", "mimeType"},
    ]
    assert names([shown["locationImage"], shown["locationPin"]]) == ["main.png", "pin.png"]
    assert shown["locationImage"]["mimeType"] == "image/png"
    rows = (await caller.get(URL, params={"include[]": "images"})).json()["data"]
    assert [names(row["images"]) for row in rows] == [["first.png", "second.png"], ["other.png"]]


async def test_a_link_opens_the_picture_for_who_has_no_token(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await make(caller)
    await hang(caller, made, "pin", "pin.png")
    pin = (await stored(caller, made, **{"include[]": "locationPin"}))["locationPin"]
    async with caller.anonymous() as client:
        answer = await client.get(pin["original"])
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, PNG + b"pin.png", "image/png")


async def test_the_list_with_everything_costs_one_statement_an_include(callers: Callers) -> None:
    caller = await caller_of(callers)
    everything = ("chargingZones", "externalAppData", *ALL, "notes", "partnerIds")
    for _ in range(3):
        made = await make(caller)
        await hang(caller, made, "gallery", "a.png", small=True)
        await caller.post(f"{URL}/{made['id']}/notes", json={"summary": "x"})
    assert await caller.statements(URL) == 1
    assert await caller.statements(URL, dict.fromkeys(everything)) == 1 + len(everything)
