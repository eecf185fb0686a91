"""Finding a portal by its domain."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.portal.kit import INSTALLERS, Admin, Desk, new_domain, public, refused

from gridloom.portal.configuration.hosts import host_of


@pytest.mark.parametrize("spelling", ["{}", "  {}  ", "{}:8443", "https://{}", "https://{}:443/start?x=1", "{}."])
async def test_upper_case_a_port_and_an_address_make_no_difference(
    admin: Admin, desk: Desk, portal: dict[str, Any], spelling: str
) -> None:
    for domain in (portal["domain"], portal["domain"].upper()):
        assert (await public(desk, spelling.format(domain))).json() == portal


async def test_a_domain_is_written_as_it_is_and_found_by_its_host(admin: Admin, desk: Desk) -> None:
    made = await admin.portal(domain=f"https://München-{new_domain()}:8000/")
    assert made["domain"].startswith("https://München")
    host = host_of(made["domain"])
    assert host is not None
    assert host.startswith("xn--mnchen-")
    assert (await public(desk, host)).json() == made


async def test_a_second_domain_leads_to_the_same_portal(admin: Admin, desk: Desk) -> None:
    made = await admin.portal(epilot_domain=new_domain())
    assert (await public(desk, made["epilot_domain"])).json() == made
    again = (await admin.upsert({"domain": made["domain"], "epilot_domain": ""})).json()
    assert again == made | {"epilot_domain": ""}
    refused(await public(desk, made["epilot_domain"]), 404)


@pytest.mark.parametrize("domain", ["nobody.example.org", "no domain", "ö" * 80, "..", "x" * 300])
async def test_an_unknown_domain_leads_nowhere(desk: Desk, domain: str) -> None:
    refused(await public(desk, domain), 404)


async def test_a_domain_has_to_be_named(desk: Desk) -> None:
    refused(await desk.call("GET", "/v2/portal/public/config"), 400, "domain")
    refused(await public(desk, ""), 400, "domain")


@pytest.mark.parametrize("bearer", ["Bearer wrong", "Bearer a.b.c", "Basic x", "nonsense"])
async def test_a_bad_token_does_not_matter_to_the_public(desk: Desk, portal: dict[str, Any], bearer: str) -> None:
    query = {"domain": portal["domain"]}
    answer = await desk.call("GET", "/v2/portal/public/config", params=query, headers={"authorization": bearer})
    assert (answer.status_code, answer.json()) == (200, portal)


@pytest.mark.parametrize("field", ["domain", "epilot_domain"])
async def test_a_domain_belongs_to_one_portal_of_the_whole_installation(
    desk: Desk, admin: Admin, portal: dict[str, Any], field: str
) -> None:
    other = await desk.admin(desk.other_tenant)
    taken = {"domain": new_domain(), field: f"{portal['domain'].upper()}:9000"}
    refused(await other.upsert(taken), 400, field)
    refused(await other.read(), 404)
    refused(await admin.upsert(taken, INSTALLERS), 400, field)
    assert await admin.count("portal.portal") == 1
    assert (await public(desk, portal["domain"])).json() == portal


async def test_of_two_who_take_a_domain_at_once_one_gets_it(desk: Desk, admin: Admin) -> None:
    other, domain = await desk.admin(desk.other_tenant), new_domain()
    answers = await asyncio.gather(admin.upsert({"domain": domain}), other.upsert({"domain": domain}))
    assert sorted(each.status_code for each in answers) == [201, 400]
    winner = next(each.json() for each in answers if each.status_code == 201)
    assert (await public(desk, domain)).json() == winner


async def test_a_disabled_portal_gives_its_domain_away_and_may_come_too_late(desk: Desk, admin: Admin) -> None:
    mine = await admin.portal(enabled=False)
    refused(await public(desk, mine["domain"]), 404)
    other = await desk.admin(desk.other_tenant)
    theirs = (await other.upsert({"domain": mine["domain"]})).json()
    assert (await public(desk, mine["domain"])).json() == theirs
    refused(await admin.upsert({"domain": mine["domain"], "enabled": True}), 400, "domain")
    assert (await admin.read()).json() == mine
    await other.delete()
    opened = await admin.upsert({"domain": mine["domain"], "enabled": True})
    assert (await public(desk, mine["domain"])).json() == opened.json()


async def test_who_moves_leaves_the_old_domain(admin: Admin, desk: Desk, portal: dict[str, Any]) -> None:
    moved = (await admin.upsert({"domain": new_domain()})).json()
    refused(await public(desk, portal["domain"]), 404)
    assert (await public(desk, moved["domain"])).json() == moved


LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True).filter(
    lambda text: not text.startswith("xn--")
)


@given(st.lists(LABEL, min_size=1, max_size=4), st.integers(1, 65535))
def test_a_host_is_compared_without_case_port_and_dot(labels: list[str], port: int) -> None:
    name = ".".join(labels)
    for spelled in (name, name.upper(), f"{name}.", f"{name}:{port}", f"https://{name}/a?b#c"):
        assert host_of(spelled) == name


@given(st.text(max_size=60))
def test_what_is_a_host_stays_one(text: str) -> None:
    host = host_of(text)
    assert host is None or host_of(host) == host
