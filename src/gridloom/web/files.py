"""Files by signed, expiring links: whoever has the link may open the file, until it ends."""

import re
from typing import Any
from uuid import UUID

from litestar import Request, get
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.response import Stream

from gridloom.kernel.database.pool import Database
from gridloom.kernel.errors import Fault
from gridloom.kernel.files.library import Files
from gridloom.kernel.http.call import Services
from gridloom.kernel.security.headers import FILE_POLICY

_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")


def file_routes(services: Services) -> list[Any]:
    """The one route that hands out bytes."""

    @get("/files/{tenant:int}/{file_id:uuid}/{name:str}", include_in_schema=False)
    async def download(
        request: Request[Any, Any, Any], tenant: FromPath[int], file_id: FromPath[UUID], name: FromPath[str]
    ) -> Stream:
        """The name is for people; the signature is over tenant, file and end."""
        del name
        query = request.query_params
        try:
            return await _stream(
                services,
                tenant,
                file_id,
                query.get("expires", ""),
                query.get("signature", ""),
                request.headers.get("range"),
            )
        except Fault as fault:
            raise HTTPException(status_code=fault.status, detail=fault.message) from None

    return [download]


async def _stream(
    services: Services, tenant: int, file_id: UUID, expires: str, signature: str, wanted: str | None
) -> Stream:
    files = services.part(Files)
    files.check_link(tenant, file_id, expires, signature)
    async with services.part(Database).tenant(tenant, read_only=True) as tx:
        file = await files.find(tx, file_id)
    part = _RANGE.fullmatch(wanted or "")
    if part and part[2] and int(part[2]) < int(part[1]):
        part = None  # no range at all (RFC 9110, section 14.1.1)
    start = int(part[1]) if part else 0
    end = int(part[2]) + 1 if part and part[2] else None
    if part and start >= file.size_bytes:
        raise HTTPException(
            status_code=416, detail="There is nothing there.", headers={"Content-Range": f"bytes */{file.size_bytes}"}
        )
    opened = await files.open(file, start=start, end=end)
    headers = {
        "Content-Disposition": file.disposition,
        "Content-Security-Policy": FILE_POLICY,
        "Content-Length": str(opened.end - opened.start),
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=300",
    }
    if part:
        headers["Content-Range"] = f"bytes {opened.start}-{opened.end - 1}/{file.size_bytes}"
    return Stream(opened, status_code=206 if part else 200, media_type=file.media_type, headers=headers)
