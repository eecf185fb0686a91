"""A key names bytes of one tenant and nothing else."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridloom.kernel.files.keys import BadKey, checked, key_of, tenant_of

SAFE = string.ascii_letters + string.digits + "_=@+-"
segments = st.text(SAFE, min_size=1, max_size=20)


@given(st.integers(1, 2**31 - 1), st.lists(segments, min_size=1, max_size=4))
def test_a_key_leads_back_to_its_tenant(tenant, parts):
    key = key_of(tenant, *parts)
    assert key.split("/") == [str(tenant), *parts]
    assert tenant_of(key) == tenant


@given(st.text(max_size=30), st.text(max_size=30))
def test_whatever_is_given_a_key_stays_inside_the_folder_of_its_tenant(left, right):
    try:
        key = key_of(7, left, right)
    except BadKey:
        return
    assert key.startswith("7/")
    assert not set(key) - set(SAFE + "./")
    assert all(segment and not segment.startswith(".") for segment in key.split("/"))


@pytest.mark.parametrize(
    "key",
    [
        "",
        "7",
        "7/",
        "/7/a",
        "0/a",
        "07/a",
        "-7/a",
        "x/a",
        "7//a",
        "7/../8/a",
        "7/..",
        "7/.hidden",
        "7/a/../../8",
        "7/a\\b",
        "7/a#1",
        "7/a%2Fb",
        "7/a b",
        "7/é",
        "7/a\n",
        "7/a\0",
        "7/" + "a" * 201,
        "7" + "/a" * 450,
    ],
)
def test_a_key_that_leads_elsewhere_is_refused(key):
    with pytest.raises(BadKey):
        checked(key)
