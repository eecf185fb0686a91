"""The portal that a newcomer finds."""

from tests.portal.kit import Admin, Desk, public, refused

from gridloom.portal.demo_data import fill


async def test_the_demo_portal_is_at_localhost(desk: Desk, admin: Admin) -> None:
    await fill(desk.application.services, desk.tenant)
    found = await public(desk, "localhost:8000")
    assert (found.status_code, found.json()["name"]) == (200, "Demo portal")
    assert found.json() == (await admin.read()).json()
    # Other tests of this worker share the installation: the domain is free again afterwards.
    assert (await admin.delete()).status_code == 204
    refused(await public(desk, "localhost"), 404)
