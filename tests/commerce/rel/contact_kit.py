"""What tests about contacts ask for."""

from typing import Any

from tests.commerce.kit import done
from tests.suites.client import Caller


async def versions(caller: Caller, contact: dict[str, Any]) -> list[str]:
    url = f"/rel/contacts/{contact['id']}/versions"
    found = await done(caller, "GET", url, "/rel/contacts/{contact}/versions")
    return [each["version"] for each in found]


async def read(caller: Caller, contact: dict[str, Any], version: str | None = None) -> dict[str, Any]:
    params = {"version": version} if version else {}
    found: dict[str, Any] = await done(
        caller, "GET", f"/rel/contacts/{contact['id']}", "/rel/contacts/{contact}", params=params
    )
    return found


async def count(caller: Caller) -> int:
    return int((await caller.get("/rel/contacts")).headers["x-count"])
