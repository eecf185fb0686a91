"""The portal that a newcomer finds."""

from tests.portal.kit import Admin, Desk, public

from gridloom.portal.demo_data import fill


async def test_the_demo_portal_is_at_localhost_unless_another_one_is_there(desk: Desk, admin: Admin) -> None:
    other = await desk.admin(desk.other_tenant)
    await fill(desk.application.services, desk.tenant)
    await fill(desk.application.services, desk.other_tenant)
    at_localhost = await public(desk, "localhost:8000")
    assert (at_localhost.status_code, at_localhost.json()["name"]) == (200, "Demo portal")
    second = (await other.read()).json()
    assert second["domain"] == f"{desk.other_tenant}.localhost"
    assert (await public(desk, second["domain"])).json() == second
    for each in (admin, other):
        assert (await each.delete()).status_code == 204
