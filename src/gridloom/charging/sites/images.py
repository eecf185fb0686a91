"""Pictures of locations: rows that point at files, shown as links."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import ARRAY, BigInteger, bindparam, func, select

from gridloom.charging.sites.schemas import Image
from gridloom.charging.sites.tables import GALLERY, MAIN, PIN, location_image
from gridloom.kernel.database.statement import Statement, sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.files.library import File, Files
from gridloom.kernel.files.tables import file
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.filters import Include

_FIELDS = [field.name for field in msgspec.structs.fields(File)]
_SMALL = file.alias("small")
_PICTURES = Statement(
    select(
        location_image.c.location_id,
        *[file.c[name].label(f"file_{name}") for name in _FIELDS],
        *[_SMALL.c[name].label(f"small_{name}") for name in _FIELDS],
    )
    .join(file, (file.c.tenant_id == location_image.c.tenant_id) & (file.c.id == location_image.c.file_id))
    .outerjoin(
        _SMALL, (_SMALL.c.tenant_id == location_image.c.tenant_id) & (_SMALL.c.id == location_image.c.thumbnail_id)
    )
    .where(location_image.c.location_id == func.any(bindparam("ids", type_=ARRAY(BigInteger))))
    .where(location_image.c.purpose == bindparam("purpose"))
    .order_by(location_image.c.position, location_image.c.id)
)
_UNHANG = sql("DELETE FROM charging.location_image WHERE location_id = :id RETURNING file_id, thumbnail_id")
_FORGET = sql("DELETE FROM files.file WHERE id = ANY(CAST(:ids AS uuid[]))")


def _pictures(purpose: str) -> Any:
    async def load(tx: Tx, ids: Sequence[Any], call: Call) -> Mapping[Any, list[Image]]:
        found: dict[Any, list[Image]] = {}
        for row in await tx.all(_PICTURES, ids=list(ids), purpose=purpose):
            found.setdefault(row["location_id"], []).append(await _image(row, call))
        return found

    return load


def _one_picture(purpose: str) -> Any:
    every = _pictures(purpose)

    async def load(tx: Tx, ids: Sequence[Any], call: Call) -> Mapping[Any, Image]:
        return {location: images[0] for location, images in (await every(tx, ids, call)).items()}

    return load


async def _image(row: Any, call: Call) -> Image:
    files = call.services.part(Files)
    original = File(**{name: row[f"file_{name}"] for name in _FIELDS})
    image = Image(original=await files.link(original, base_url=call.base_url), mime_type=original.media_type)
    if row["small_id"] is not None:
        small = File(**{name: row[f"small_{name}"] for name in _FIELDS})
        image.thumbnail = await files.link(small, base_url=call.base_url)
    return image


async def forget_images(tx: Tx, location_id: int) -> None:
    """Remove the pictures of a location that is going; their bytes are swept from the store later."""
    rows = await tx.all(_UNHANG, id=location_id)
    ids = [each for row in rows for each in row.values() if each is not None]
    if ids:
        await tx.run(_FORGET, ids=ids)


gallery_pictures, main_pictures = _pictures(GALLERY), _one_picture(MAIN)
GALLERY_INCLUDE = Include(load_with_call=gallery_pictures)
MAIN_INCLUDE = Include(load_with_call=main_pictures, empty=lambda: None)
PIN_INCLUDE = Include(load_with_call=_one_picture(PIN), empty=lambda: msgspec.UNSET)
