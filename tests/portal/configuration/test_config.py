"""Setting a portal up, reading it, closing it."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from tests.portal.configuration.whole_config import COMMON, INTERNAL, PROVIDER, PUBLIC_PROVIDER, WHOLE
from tests.portal.kit import CUSTOMERS, INSTALLERS, Admin, Desk, User, new_domain, public, refused

from gridloom.kernel.security.sealing import Sealer
from gridloom.portal.configuration import secrets

GIVEN = {
    "org_settings": {"canary": {"enabled": False}, "notracking": {"enabled": True}},
    "feature_flags": {},
    "grants": [],
}


async def stored(admin: Admin, portal: dict[str, Any]) -> dict[str, Any]:
    """The row behind a portal, and its secrets in the open."""
    number = UUID(portal["portal_id"])
    async with admin.desk.database.tenant(admin.tenant) as tx:
        row = await tx.one("SELECT * FROM portal.portal WHERE id = :id", id=number)
    assert row is not None
    sealer = admin.desk.application.services.part(Sealer)
    return dict(row) | {"secrets": secrets.opened(sealer, admin.tenant, number, row["sealed"])}


async def test_a_portal_is_made_once_and_written_again_later(admin: Admin) -> None:
    domain = new_domain()
    first = await admin.upsert({"domain": domain})
    assert first.status_code == 201
    made = first.json()
    assert made == {
        "domain": domain, "enabled": True, "portal_id": made["id"], "id": made["id"], "origin": CUSTOMERS,
        "organization_id": str(admin.tenant), "identity_providers": [], **GIVEN,
    }  # fmt: skip
    again = await admin.upsert({"domain": domain, "name": "Customers"})
    assert (again.status_code, again.json()) == (200, made | {"name": "Customers"})
    by_id = await admin.upsert({"domain": domain, "name": "Clients"}, portal_id=made["id"])
    assert (by_id.status_code, by_id.json()) == (200, made | {"name": "Clients"})
    assert await admin.count("portal.portal") == 1


async def test_every_field_is_written_and_read_back(admin: Admin) -> None:
    domain = new_domain()
    answer = await admin.upsert({"domain": domain, "epilot_domain": f"own.{domain}", **WHOLE})
    assert answer.status_code == 201, answer.text
    found = answer.json()
    assert found == {
        **COMMON, "domain": domain, "epilot_domain": f"own.{domain}", "portal_id": found["id"], "id": found["id"],
        "origin": CUSTOMERS, "organization_id": str(admin.tenant), "identity_providers": [PUBLIC_PROVIDER], **GIVEN,
    }  # fmt: skip
    assert (await admin.read()).json() == found
    kept = (await stored(admin, found))["internal"]
    assert kept == INTERNAL | {"extensions": [{"id": "meter-app", "status": "enabled"}]}


async def test_what_is_read_can_be_written_back_and_changes_nothing(admin: Admin) -> None:
    first = (await admin.upsert({"domain": new_domain(), **WHOLE})).json()
    before = await stored(admin, first)
    providers = [each | {"provider_type": "OIDC"} for each in first["identity_providers"]]
    again = await admin.upsert(first | {"identity_providers": providers})
    assert (again.status_code, again.json()) == (200, first)
    after = await stored(admin, first)
    hidden = after["secrets"].providers["works"]
    assert (hidden.client_secret, hidden.mobile_client_secret) == ("s3cret-1", "s3cret-3")
    for name in ("common", "internal", "domain", "enabled"):
        assert after[name] == before[name]


async def test_a_field_that_is_left_out_stays_and_one_that_is_there_replaces(admin: Admin) -> None:
    first = (await admin.upsert({"domain": new_domain(), **WHOLE})).json()
    bare = (await admin.upsert({"domain": first["domain"]})).json()
    assert bare == first
    change = {"images": {"welcomeBanner": "b"}, "allowed_portal_entities": [], "pages": {}}
    assert (await admin.upsert({"domain": first["domain"], **change})).json() == first | change


async def test_what_the_server_gives_is_not_taken_from_a_body(admin: Admin, portal: dict[str, Any]) -> None:
    given = {"origin": "OTHER", "portal_id": "mine", "id": "mine", "organization_id": "0", "unheard_of": 1}
    answer = await admin.upsert({"domain": portal["domain"], **given})
    assert (answer.status_code, answer.json()) == (200, portal)


async def test_providers_are_replaced_as_a_whole(admin: Admin) -> None:
    domain = new_domain()
    other = {"display_name": "Town & Country!", "provider_type": "OIDC"}

    async def after(providers: list[Any]) -> list[dict[str, Any]]:
        answer = await admin.upsert({"domain": domain, "identity_providers": providers})
        assert answer.status_code in (200, 201), answer.text
        found: list[dict[str, Any]] = answer.json()["identity_providers"]
        return found

    assert await after([PROVIDER, other]) == [
        PUBLIC_PROVIDER,
        {"slug": "town-country", "display_name": other["display_name"]},
    ]
    assert [each["slug"] for each in await after([other])] == ["town-country"]
    assert (await admin.upsert({"domain": domain})).json()["identity_providers"][0]["slug"] == "town-country"
    assert await after([]) == []
    assert (await stored(admin, (await admin.read()).json()))["secrets"] == secrets.Secrets()


async def test_a_secret_of_a_provider_is_kept_only_when_that_is_said(admin: Admin) -> None:
    domain = new_domain()
    first = (await admin.upsert({"domain": domain, "identity_providers": [PROVIDER]})).json()
    without = {**PROVIDER, "oidc_config": {**PUBLIC_PROVIDER["oidc_config"], "has_client_secret": False}}
    again = (await admin.upsert({"domain": domain, "identity_providers": [without]})).json()
    assert again["identity_providers"][0]["oidc_config"]["has_client_secret"] is False
    assert (await stored(admin, first))["secrets"].providers["works"].client_secret is None


async def test_two_providers_of_one_slug_are_refused(admin: Admin, portal: dict[str, Any]) -> None:
    answer = await admin.upsert({"domain": portal["domain"], "identity_providers": [PROVIDER, PROVIDER]})
    refused(answer, 400, "identity_providers.1.slug")
    assert (await admin.read()).json() == portal


async def test_a_hook_is_chosen_kept_and_cleared(admin: Admin, portal: dict[str, Any]) -> None:
    hook = {"app_id": "a", "extension_id": "e", "hook_id": "h"}

    async def after(hooks: dict[str, Any]) -> Any:
        answer = await admin.upsert({"domain": portal["domain"], "extension_hooks": hooks})
        assert answer.status_code == 200
        return (await stored(admin, portal))["internal"]["extension_hooks"]

    assert await after({"costDataRetrieval": hook, "priceDataRetrieval": hook}) == {
        "costDataRetrieval": hook, "priceDataRetrieval": hook,
    }  # fmt: skip
    assert await after({"costDataRetrieval": None}) == {"priceDataRetrieval": hook}
    assert await after({}) == {"priceDataRetrieval": hook}


async def test_no_secret_is_in_the_open_anywhere_in_the_row(admin: Admin) -> None:
    found = (await admin.upsert({"domain": new_domain(), **WHOLE})).json()
    row = await stored(admin, found)
    hidden = row.pop("secrets")
    assert hidden.options == {"meter-app": {"key": "s3cret-4"}}
    assert hidden.access_token == "a secret for admins"
    assert hidden.providers["works"] == secrets.ProviderSecrets("s3cret-1", "s3cret-3", "s3cret-tester", "s3cret-2")
    assert "s3cret" not in str(row)
    assert "a secret" not in str(row)


async def test_secrets_of_one_portal_open_in_no_other(admin: Admin) -> None:
    found = (await admin.upsert({"domain": new_domain(), **WHOLE})).json()
    row = await stored(admin, found)
    sealer = admin.desk.application.services.part(Sealer)
    with pytest.raises(ValueError, match="altered"):
        secrets.opened(sealer, admin.tenant + 1, row["id"], row["sealed"])


@pytest.mark.parametrize("viewer", ["the public", "a portal user"])
async def test_only_admins_read_the_access_token(admin: Admin, viewer: str) -> None:
    whole = (await admin.upsert({"domain": new_domain(), **WHOLE})).json()
    if viewer == "the public":
        answer = await public(admin.desk, whole["domain"])
    else:
        user = await admin.user(whole)
        answer = await admin.desk.call("GET", "/v2/portal/config", await user.access())
    assert answer.json() == {name: value for name, value in whole.items() if name != "accessToken"}
    assert "s3cret" not in answer.text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"domain": None}, "domain"),
        ({"domain": ""}, "domain"),
        ({"domain": "no spaces here"}, "domain"),
        ({"domain": "x" * 64 + ".org"}, "domain"),
        ({"epilot_domain": "a b"}, "epilot_domain"),
        ({"enabled": "yes"}, "enabled"),
        ({"design_id": "x"}, "design_id"),
        ({"self_registration_setting": "MAYBE"}, "self_registration_setting"),
        ({"auth_settings": {"preferred_sso_providers": ["Not A Slug"]}}, "auth_settings.preferred_sso_providers.0"),
        ({"identity_providers": [{"display_name": "x"}]}, "identity_providers.0.provider_type"),
        ({"identity_providers": [{**PROVIDER, "slug": "No Slug"}]}, "identity_providers.0.slug"),
        ({"allowed_file_extensions": {"programs": ["exe"]}}, "allowed_file_extensions.programs"),
        ({"pages": {"home": {"slug": "home"}}}, "pages"),
        ({"extensions": [{"id": "x", "status": "broken"}]}, "extensions.0.status"),
        ({"entity_edit_rules": [{"changes_allowed": 1.5}]}, "entity_edit_rules.0.changes_allowed"),
        ({"name": "a\x00b"}, "name"),
        ({"name": None}, "name"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_changes(
    admin: Admin, portal: dict[str, Any], wrong: dict[str, Any], said: str
) -> None:
    refused(await admin.upsert({"domain": portal["domain"], "config": "new", **wrong}), 400, said)
    assert (await admin.read()).json() == portal
    refused(await admin.upsert({"domain": new_domain(), **wrong}, INSTALLERS), 400, said)
    assert await admin.count("portal.portal") == 1


async def test_an_origin_has_to_be_named(admin: Admin, desk: Desk) -> None:
    refused(await desk.call("POST", "/v2/portal/portal", admin.token, json={"domain": new_domain()}), 400, "origin")
    refused(await desk.call("DELETE", "/v2/portal/config", admin.token), 400, "origin")
    refused(await admin.upsert({"domain": new_domain()}, ""), 400, "origin")
    refused(await admin.upsert([], CUSTOMERS), 400)


async def test_an_id_has_to_be_that_of_a_portal_of_the_origin(desk: Desk, admin: Admin, portal: dict[str, Any]) -> None:
    other = await desk.admin(desk.other_tenant)
    foreign = await other.portal()
    for number in (foreign["id"], "01990000-0000-7000-8000-000000000009", "x"):
        refused(await admin.upsert({"domain": new_domain()}, portal_id=number), 400, "portal_id")
    refused(await admin.upsert({"domain": new_domain()}, INSTALLERS, portal_id=portal["id"]), 400, "origin")
    assert (await other.read()).json() == foreign
    assert (await admin.read()).json() == portal


async def test_writing_one_origin_twice_at_once_makes_one_portal(admin: Admin) -> None:
    answers = await asyncio.gather(*(admin.upsert({"domain": new_domain()}) for _ in range(3)))
    assert sorted(each.status_code for each in answers) == [200, 200, 201]
    assert await admin.count("portal.portal") == 1


async def test_admins_name_the_origin_where_there_are_several(admin: Admin, portal: dict[str, Any]) -> None:
    assert (await admin.read()).json() == portal
    second = await admin.portal(INSTALLERS)
    refused(await admin.read(), 400, "origin")
    assert (await admin.read(origin=CUSTOMERS)).json() == portal
    assert (await admin.read(origin=INSTALLERS)).json() == second
    refused(await admin.read(origin="OTHER"), 404)


async def test_an_organisation_without_portals_reads_none(desk: Desk, portal: dict[str, Any]) -> None:
    other = await desk.admin(desk.other_tenant)
    refused(await other.read(), 404)
    refused(await other.read(origin=CUSTOMERS), 404)
    refused(await other.delete(), 404)
    assert (await public(desk, portal["domain"])).status_code == 200


async def test_a_user_reads_the_own_portal_and_no_other(
    admin: Admin, desk: Desk, portal: dict[str, Any], ada: User
) -> None:
    await admin.portal(INSTALLERS)
    token = await ada.access()
    path = "/v2/portal/config"
    assert (await desk.call("GET", path, token)).json() == portal
    assert (await desk.call("GET", path, token, params={"origin": CUSTOMERS})).json() == portal
    refused(await desk.call("GET", path, token, params={"origin": INSTALLERS}), 403)


async def test_a_user_sets_nothing_up(desk: Desk, portal: dict[str, Any], admin: Admin, ada: User) -> None:
    token, query = await ada.access(), {"origin": CUSTOMERS}
    body = {"domain": new_domain()}
    refused(await desk.call("POST", "/v2/portal/portal", token, params=query, json=body), 403)
    refused(await desk.call("DELETE", "/v2/portal/config", token, params=query), 403)
    assert (await admin.read()).json() == portal


async def test_an_admin_needs_the_scope(desk: Desk, portal: dict[str, Any], admin: Admin) -> None:
    reader = await desk.admin(scopes=("portal.configuration:read",))
    assert (await reader.read()).json() == portal
    refused(await reader.upsert({"domain": new_domain()}), 403)
    refused(await reader.delete(), 403)
    stranger = await desk.admin(scopes=("metering.*",))
    refused(await stranger.read(), 403)
    assert (await admin.read()).json() == portal


@pytest.mark.parametrize("token", [None, "glp_wrong", "a.b.c"])
@pytest.mark.parametrize(("method", "path"), [
    ("POST", "/v2/portal/portal"), ("GET", "/v2/portal/config"), ("DELETE", "/v2/portal/config"),
])  # fmt: skip
async def test_nobody_sets_up_or_reads_without_a_token(
    desk: Desk, admin: Admin, portal: dict[str, Any], method: str, path: str, token: str | None
) -> None:
    answer = await desk.call(method, path, token, params={"origin": CUSTOMERS}, json={"domain": new_domain()})
    refused(answer, 401)
    assert (await admin.read()).json() == portal


async def test_a_closed_portal_is_gone_and_its_origin_free(admin: Admin, desk: Desk, portal: dict[str, Any]) -> None:
    assert (await admin.delete()).status_code == 204
    refused(await admin.read(), 404)
    refused(await public(desk, portal["domain"]), 404)
    refused(await admin.delete(), 404)
    again = await admin.upsert({"domain": portal["domain"]})
    assert again.status_code == 201
    assert again.json()["id"] != portal["id"]


async def test_every_write_is_in_the_trail_without_secrets(admin: Admin) -> None:
    found = (await admin.upsert({"domain": new_domain(), **WHOLE})).json()
    await admin.delete()
    async with admin.desk.database.tenant(admin.tenant) as tx:
        rows = await tx.all("SELECT action, object_id, detail::text AS detail FROM audit.entry ORDER BY id")
    assert [(row["action"], row["object_id"]) for row in rows] == [
        ("upsertPortal", found["id"]),
        ("deletePortal", found["id"]),
    ]
    assert "secret" not in rows[0]["detail"].replace("has_client_secret", "")
