"""A token is found by its digest; secrets are compared without haste."""

from hypothesis import given
from hypothesis import strategies as st

from gridloom.kernel.security.digests import DIGEST_SIZE, same, token_digest


def test_the_digest_of_a_token_never_changes():
    # Stored digests outlive releases: another value here would sign everybody out.
    assert token_digest("gl_example").hex() == "40502fcca4a9cae2c3d69bcc32a2720cdccf444c767c8b87b289bafb096c1ea6"
    assert (
        token_digest("gl_example", key=b"k" * 32).hex()
        == "17ad27628741052bfd4c3c05f78c6cc61333641b4d4c79a1ba2ea676e2860439"
    )


@given(st.text(), st.text())
def test_two_secrets_share_a_digest_only_when_they_are_the_same(left, right):
    assert len(token_digest(left)) == DIGEST_SIZE
    assert (token_digest(left) == token_digest(right)) == (left == right)
    assert token_digest(left) != token_digest(left, key=b"another")


@given(st.text(), st.text())
def test_secrets_compare_as_text_or_bytes(left, right):
    assert same(left, right) == same(left.encode(), right) == same(left, right.encode()) == (left == right)
    assert same(left, left)


def test_half_a_surrogate_pair_is_a_wrong_secret_and_no_crash():
    assert not same("\ud800", "secret")
    assert token_digest("\ud800") != token_digest("\ud801")
