"""Callers of the commerce API, and the things that most tests about people need."""

from collections.abc import Mapping
from typing import Any

import httpx
from tests.suites.client import Caller, Callers, answers

UNKNOWN = "01890000-0000-7000-8000-000000000000"
READ, WRITE = "rel:contacts:read", "rel:contacts:write"


async def caller_of(callers: Callers, *scopes: str, tenant: int | None = None) -> Caller:
    """A caller with these scopes, or with all of them."""
    return await callers.with_scopes("commerce", list(scopes) or ["*"], tenant)


async def stranger_of(callers: Callers) -> Caller:
    """A caller of the other tenant with every scope."""
    return await callers.with_scopes("commerce", ["*"], callers._other)


async def done(caller: Caller, method: str, url: str, path: str | None = None, **options: Any) -> Any:
    """The body of a successful answer, which has the documented form. path: as the document spells it."""
    answer = await caller.request(method, url, **options)
    assert answer.status_code in (200, 204), answer.text
    answers(caller.api, answer, method, path or url)
    return answer.json() if answer.content else None


async def address(caller: Caller, **fields: Any) -> dict[str, Any]:
    """A new address."""
    body = {"country_code": "BE", "thoroughfare": "Kerkstraat", "premise_number": 12, "locality": "Gent", **fields}
    made: dict[str, Any] = await done(caller, "POST", "/rel/addresses", json=body)
    return made


async def phone(caller: Caller, number: str = "+32471234567") -> dict[str, Any]:
    """A new phone number."""
    made: dict[str, Any] = await done(caller, "POST", "/rel/phonenumbers", json={"number": number})
    return made


async def contact(caller: Caller, email: str = "ada@example.org", **fields: Any) -> dict[str, Any]:
    """A contact that was written."""
    made: dict[str, Any] = await done(caller, "PUT", "/rel/contacts", json={"email": email, **fields})
    return made


async def organisation(caller: Caller, name: str = "Zon op Dak", **fields: Any) -> dict[str, Any]:
    """A new organisation."""
    made: dict[str, Any] = await done(caller, "POST", "/rel/organisations", json={"name": name, **fields})
    return made


def refused(answer: httpx.Response, *fields: str, label: str = "invalid", status: int = 400) -> None:
    """The answer is an error that names exactly these fields under a label."""
    body: Mapping[str, Any] = answer.json()
    assert answer.status_code == status, answer.text
    assert (body["code"], body["reference"]) == (status, answer.headers["x-request-id"]), answer.text
    assert body["errors"].get(label, []) == list(fields), answer.text
    if label == "invalid":
        assert body["errors"].get("invalid value", []) == list(fields)
