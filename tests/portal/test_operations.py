"""Who may call what: every operation says it by its security scheme."""

import pytest
from tests.portal.kit import Admin, Desk, User

from gridloom.kernel.http.operation import ANYONE, PUBLIC, Operation
from gridloom.portal.api import api
from gridloom.portal.security import ADMIN, EITHER, KINDS, USER

GUARDED = [each for each in api.operations if each.scope != PUBLIC]


@pytest.mark.parametrize("operation", GUARDED, ids=lambda each: each.name)
def test_every_operation_that_is_not_public_has_a_scheme(operation: Operation) -> None:
    assert operation.security
    assert set(operation.security) <= {ADMIN, USER, EITHER}


@pytest.mark.parametrize("operation", GUARDED, ids=lambda each: each.name)
@pytest.mark.parametrize("kind", ["portal-admin", "portal-user", "service"])
async def test_a_token_of_the_wrong_kind_is_refused_before_any_input_is_read(
    desk: Desk, admin: Admin, ada: User, operation: Operation, kind: str
) -> None:
    match kind:
        case "portal-admin":
            token = admin.token
        case "service":
            async with desk.database.tenant(desk.tenant) as tx:
                token = (await desk.identity.issue(tx, "service", scopes=["*"])).secret
        case _:
            token = await ada.access()
    headers = {"authorization": f"Bearer {token}"}
    answer = await desk.client.request(operation.method, operation.path, headers=headers, content=b"{")
    allowed = any(kind in KINDS[scheme] for scheme in operation.security or ())
    if allowed:
        assert answer.status_code not in (401, 403), answer.text
    else:
        assert answer.status_code == (401 if operation.scope == ANYONE else 403), answer.text


@pytest.mark.parametrize("operation", GUARDED, ids=lambda each: each.name)
async def test_nobody_calls_without_a_token(desk: Desk, operation: Operation) -> None:
    answer = await desk.call(operation.method, operation.path)
    assert (answer.status_code, list(answer.json())) == (401, ["message"])
