"""Callers whom a gateway names: believed with the shared secret, and never without."""

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.communities.kit import Community, Person, World, refused

from gridloom.communities.gateway import claims
from gridloom.communities.roles import ROLES

SECRET = "shared-with-the-gateway"


def org(community: Community, *roles: str) -> str:
    return f"map[orgId:{community.auth_id} orgPath:/{community.id} roles:[{' '.join(roles)}]]"


class Gateway:
    """Speaks as the gateway does: three headers, its secret, the tenant."""

    def __init__(self, world: World, slug: str) -> None:
        self.world = world
        self.slug = slug

    def headers(self, user: str | None, *orgs: str, **more: str) -> dict[str, str]:
        found = {"x-gateway-secret": SECRET, "x-tenant": self.slug}
        found |= {"x-user-id": user} if user is not None else {}
        found |= {"x-user-orgs": ",".join(orgs)} if orgs else {}
        return found | {name.replace("_", "-"): value for name, value in more.items()}

    async def get(self, path: str, user: str | None, *orgs: str, **more: str) -> httpx.Response:
        return await self.world.client.get(path, headers=self.headers(user, *orgs, **more))


@pytest.fixture
async def gateway(world: World) -> Gateway:
    return Gateway(world, await slug_of(world, world.tenant))


async def slug_of(world: World, tenant: int) -> str:
    async with world.database.system() as tx:
        return str(await tx.scalar("SELECT slug FROM identity.tenant WHERE id = :id", id=tenant))


async def users_of(street: Community, ada: Person) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (await ada.call("GET", "/communities/users", street)).json()["data"]
    return listed


async def only_other(street: Community, ada: Person) -> int:
    """The profile of whoever is in the street beside ada."""
    (number,) = (await street.roles()).keys() - {await ada.profile()}
    return number


async def test_a_named_caller_has_the_role_that_the_gateway_says(
    gateway: Gateway, street: Community, ada: Person
) -> None:
    answer = await gateway.get("/communities/users", "kc-1", org(street, "MANAGER"), x_community_id=street.auth_id)
    assert answer.status_code == 200
    assert sorted(each["role"] for each in await users_of(street, ada)) == ["ADMIN", "MANAGER"]
    low = await gateway.get("/communities/users", "kc-2", org(street, "MEMBER"), x_community_id=street.auth_id)
    refused(low, 403, 4)


async def test_the_first_list_of_communities_holds_what_the_gateway_says(gateway: Gateway, street: Community) -> None:
    answer = await gateway.get("/communities/my-communities", "kc-1", org(street, "MEMBER", "ADMIN"))
    (only,) = answer.json()["data"]
    assert (only["id"], only["role"]) == (street.id, "ADMIN")


async def test_the_profile_has_the_address_that_the_gateway_says(gateway: Gateway) -> None:
    first = (await gateway.get("/users/", "kc-1", x_user_email="kc1@example.org")).json()["data"]
    assert first["email"] == "kc1@example.org"
    again = (await gateway.get("/users/", "kc-1")).json()["data"]
    assert again == first
    moved = (await gateway.get("/users/", "kc-1", x_user_email="new@example.org")).json()["data"]
    assert moved == first | {"email": "new@example.org"}
    nameless = (await gateway.get("/users/", "kc-2", x_user_email="not an address")).json()["data"]
    assert (nameless["email"], nameless["id"] != first["id"]) == ("", True)


async def test_a_role_counts_as_far_as_both_sides_say_it(gateway: Gateway, street: Community, ada: Person) -> None:
    path = "/communities/users"

    async def asked(role: str) -> int:
        answer = await gateway.get(path, "kc-1", org(street, role), x_community_id=street.auth_id)
        return answer.status_code

    assert await asked("ADMIN") == 200
    assert await asked("MEMBER") == 403
    number = await only_other(street, ada)
    change = {"id_user": number, "new_role": "MEMBER"}
    assert (await ada.call("PATCH", "/communities/", street, json=change)).status_code == 200
    assert await asked("ADMIN") == 403


async def test_who_was_sent_away_here_stays_away_whatever_the_gateway_says(
    gateway: Gateway, street: Community, ada: Person
) -> None:
    path, claimed = "/communities/users", org(street, "MANAGER")
    assert (await gateway.get(path, "kc-1", claimed, x_community_id=street.auth_id)).status_code == 200
    number = await only_other(street, ada)
    kicked = await ada.call("DELETE", f"/communities/kick/{number}", street, template="/communities/kick/{id_user}")
    assert kicked.status_code == 200
    refused(await gateway.get(path, "kc-1", claimed, x_community_id=street.auth_id), 401, 5)


async def test_what_is_missing_is_told(gateway: Gateway, street: Community) -> None:
    path = "/communities/users"
    refused(await gateway.get(path, None, org(street, "ADMIN"), x_community_id=street.auth_id), 400, 6)
    refused(await gateway.get(path, "kc-1", org(street, "ADMIN")), 400, 5)
    refused(await gateway.get(path, "kc-1", x_community_id=street.auth_id), 400, 5)
    refused(
        await gateway.get(path, "kc-1", "map[orgId:other orgPath:/x roles:[ADMIN]]", x_community_id=street.auth_id),
        401,
        5,
    )
    refused(await gateway.get(path, "kc-1", org(street, "OWNER"), x_community_id=street.auth_id), 401, 5)
    refused(await gateway.get("/users/", ""), 400, 6)


async def test_a_founder_is_known_by_the_gateway(gateway: Gateway, world: World) -> None:
    headers = gateway.headers("kc-1")
    answer = await world.client.post("/communities/", headers=headers, json={"name": "Moon Street"})
    assert answer.status_code == 200
    (only,) = (await gateway.get("/communities/my-communities", "kc-1")).json()["data"]
    assert (only["name"], only["role"]) == ("Moon Street", "ADMIN")


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", SECRET.upper()])
async def test_bare_headers_are_never_believed(
    gateway: Gateway, street: Community, world: World, secret: str | None
) -> None:
    headers = gateway.headers("kc-1", org(street, "ADMIN"), x_community_id=street.auth_id)
    del headers["x-gateway-secret"]
    headers |= {} if secret is None else {"x-gateway-secret": secret}
    refused(await world.client.get("/communities/users", headers=headers), 401, 6)
    refused(await world.client.get("/users/", headers=headers), 401, 6)
    async with world.database.tenant(world.tenant) as tx:
        assert await tx.scalar("SELECT count(*) FROM communities.profile WHERE external_id IS NOT NULL") == 0


async def test_a_user_with_a_token_cannot_dress_up(
    gateway: Gateway, street: Community, world: World, ada: Person
) -> None:
    member = await street.add("MEMBER")
    disguise = {"x-user-id": str(ada.user_id), "x-user-orgs": org(street, "ADMIN"), "x-tenant": gateway.slug}
    refused(await member.call("GET", "/communities/users", street, headers=disguise), 403, 4)
    profile = await member.call("GET", "/users/", headers={**disguise, "x-user-email": "boss@example.org"})
    assert profile.json()["data"]["email"] == member.email


async def test_another_tenants_community_is_not_taken_over(gateway: Gateway, world: World) -> None:
    foreign = await world.community(await world.person(tenant=world.other_tenant))
    answer = await gateway.get("/communities/users", "kc-1", org(foreign, "ADMIN"), x_community_id=foreign.auth_id)
    refused(answer, 401, 5)
    assert list((await foreign.roles()).values()) == ["ADMIN"]


async def test_an_unknown_tenant_is_refused(world: World) -> None:
    refused(await Gateway(world, "no-such-tenant").get("/users/", "kc-1"), 401, 6)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("map[orgId:a orgPath:/A roles:[ADMIN MEMBER]]", {"a": "ADMIN"}),
        ("[map[orgId:a orgPath:/A roles:[MEMBER]],map[orgId:b orgPath:/B x roles:[MANAGER]]]", {"a": "MEMBER"}),
        (
            "map[orgId:a orgPath: roles:[MEMBER]], map[orgId:b orgPath:/B roles:[MANAGER]]",
            {"a": "MEMBER", "b": "MANAGER"},
        ),
        ("map[orgId:a orgPath:/A roles:[MANAGER]],map[orgId:a orgPath:/A roles:[MEMBER]]", {"a": "MANAGER"}),
        ("map[orgId:a orgPath:/A roles:[]]", {}),
        ("map[orgId:a orgPath:/A roles:[admin]]", {}),
        ("", {}),
        ("nonsense", {}),
    ],
)
def test_the_list_of_communities_is_read(header: str, found: dict[str, str]) -> None:
    assert claims(header) == found


@given(st.dictionaries(st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True), st.sampled_from(ROLES), max_size=20))
def test_every_community_of_the_list_is_read(named: dict[str, str]) -> None:
    header = ",".join(f"map[orgId:{key} orgPath:/{key} roles:[{role}]]" for key, role in named.items())
    assert claims(header) == claims(f"[{header}]") == named


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text: str) -> None:
    assert set(claims(text).values()) <= set(ROLES)
