"""Numbers and names of people: what is understood, what is kept as it is."""

from random import Random

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType
from schwifty import IBAN
from stdnum.be import vat as belgian_vat

from gridloom.core.parties import rules

COUNTRIES = sorted(phonenumbers.SUPPORTED_REGIONS)
FILLING = st.lists(st.sampled_from([" ", ".", "-", "/"]), max_size=3).map("".join)
DAYS = st.dates().map(lambda day: day.strftime("%y%m%d"))


def example_number(country: str, kind: int) -> phonenumbers.PhoneNumber | None:
    return phonenumbers.example_number_for_type(country, kind)


def with_filling(text: str, filling: list[str]) -> str:
    """The characters with something between them that people put there."""
    return "".join(each + filling[index % len(filling)] for index, each in enumerate(text)) if filling else text


def national_number(nine: str, *, born_since_2000: bool) -> str:
    """Nine digits with the two that check them (mod 97, with 2 in front for births since 2000)."""
    check = 97 - int(("2" if born_since_2000 else "") + nine) % 97
    return f"{nine}{check:02d}"


# --- phone numbers --------------------------------------------------------------------------------------------------------


@given(st.sampled_from(COUNTRIES), st.sampled_from([PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE]))
def test_a_number_dialled_at_home_is_the_one_dialled_from_abroad(country: str, kind: int) -> None:
    example = example_number(country, kind)
    if example is None or not phonenumbers.is_valid_number(example):
        return
    abroad = rules.phone(phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164), None)
    at_home = rules.phone(phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL), country)
    assert abroad is not None
    assert at_home is not None
    assert abroad.number == at_home.number
    assert abroad.number == f"+{example.country_code}{phonenumbers.national_significant_number(example)}"


@given(st.sampled_from(COUNTRIES))
def test_what_was_understood_is_understood_the_same_again(country: str) -> None:
    example = example_number(country, PhoneNumberType.MOBILE)
    if example is None or not phonenumbers.is_valid_number(example):
        return
    once = rules.phone(phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164), None)
    assert once is not None
    assert rules.phone(once.number, None) == once
    assert rules.phone(once.number, once.country) == once
    assert rules.phone(once.national, once.country) == once


@given(st.text(max_size=30), st.none() | st.text(max_size=3))
def test_any_text_is_a_number_in_e164_or_none(text: str, country: str | None) -> None:
    read = rules.phone(text, country)
    assert read is None or (read.number[0] == "+" and read.number[1:].isdecimal() and 4 <= len(read.number) <= 17)


@pytest.mark.parametrize(
    ("text", "country", "number", "national", "kind"),
    [
        ("0471 23 45 67", "BE", "+32471234567", "0471 23 45 67", "mobile"),
        ("+32 2 210 98 76", None, "+3222109876", "02 210 98 76", "fixed_number"),
        ("0800 12345", "be", "+3280012345", "0800 12 345", "toll-free"),
        ("06-12345678", "NL", "+31612345678", "06 12345678", "mobile"),
        ("+1 202 555 0123", "BE", "+12025550123", "(202) 555-0123", "mobile"),
    ],
)
def test_numbers_as_people_write_them(text: str, country: str | None, number: str, national: str, kind: str) -> None:
    read = rules.phone(text, country)
    assert read is not None
    assert (read.number, read.national, read.type) == (number, national, kind)


@pytest.mark.parametrize(("text", "country"), [("12", "BE"), ("0471234567", None), ("0471234567", "XX"), ("", "BE")])
def test_what_nobody_can_dial_is_no_number(text: str, country: str | None) -> None:
    assert rules.phone(text, country) is None


# --- VAT numbers ----------------------------------------------------------------------------------------------------------


@given(st.integers(200_000, 19_999_999), st.lists(FILLING, max_size=4), st.booleans())
def test_a_belgian_vat_number_checks_itself(first: int, filling: list[str], prefixed: bool) -> None:
    digits = f"{first:08d}{97 - first % 97:02d}"
    written = with_filling(("BE" if prefixed else "") + digits, filling)
    checked = rules.vat_number(written, None if prefixed else "be")
    assert checked == rules.Checked(("BE" if prefixed else "") + digits, belgian_vat.is_valid(digits))
    wrong = f"{first:08d}{(97 - first % 97) % 97 + 1:02d}"
    assert rules.vat_number(wrong, "BE").is_valid is False


@given(st.text(max_size=20))
def test_a_vat_number_cleaned_twice_is_cleaned_once(text: str) -> None:
    once = rules.vat_number(text)
    assert rules.vat_number(once.value) == once


@pytest.mark.parametrize(
    ("text", "country", "is_valid"),
    [
        ("NL 4495445.B.01", None, True),
        ("NL4495446B01", None, False),
        ("EL094259216", None, True),
        ("094259216", "GR", True),
        ("12-3456789", "US", None),
        ("", None, None),
    ],
)
def test_vat_numbers_of_other_countries(text: str, country: str | None, is_valid: bool | None) -> None:
    assert rules.vat_number(text, country).is_valid is is_valid


def test_the_letters_in_front_say_the_country_as_iso_has_it() -> None:
    assert [rules.vat_country(each) for each in ("be0403170701", "EL094259216", "XI123", "0403170701", "B", "")] == [
        "BE", "GR", "GB", None, None, None,
    ]  # fmt: skip


# --- bank accounts and national numbers -----------------------------------------------------------------------------------


@given(
    st.sampled_from(["BE", "NL", "DE", "FR", "LU", "AT"]), st.integers(min_value=0), st.lists(st.just(" "), max_size=3)
)
def test_a_generated_account_is_valid_however_it_is_spaced(country: str, seed: int, filling: list[str]) -> None:
    account = IBAN.random(country_code=country, random=Random(seed))
    checked = rules.iban(with_filling(account.compact.lower(), filling))
    assert checked == rules.Checked(account.compact, True)
    swapped = account.compact[:2] + f"{(int(account.compact[2:4]) + 1) % 98:02d}" + account.compact[4:]
    assert rules.iban(swapped).is_valid is False


@given(st.text(max_size=40))
def test_any_text_is_an_account_that_is_valid_or_not(text: str) -> None:
    once = rules.iban(text)
    assert once.is_valid in (True, False)
    assert rules.iban(once.value).is_valid == once.is_valid


@given(DAYS, st.integers(1, 997), st.booleans(), st.lists(FILLING, max_size=4))
def test_a_national_number_checks_itself(day: str, counter: int, born_since_2000: bool, filling: list[str]) -> None:
    if born_since_2000 and int(day[:2]) > 20:
        return
    nine = f"{day}{counter:03d}"
    number = national_number(nine, born_since_2000=born_since_2000)
    assert rules.national_number(with_filling(number, filling)) == rules.Checked(number, True)


@given(st.text(max_size=20))
def test_a_national_number_that_is_none_is_kept_as_it_is(text: str) -> None:
    checked = rules.national_number(text)
    assert checked.is_valid or checked.value in (text.strip(), "".join(each for each in text if each in "0123456789"))
    assert rules.national_number(checked.value) == checked


def test_a_mistyped_national_number_is_kept_and_said_to_be_wrong() -> None:
    assert rules.national_number("85.07.30-033.28") == rules.Checked("85073003328", True)
    assert rules.national_number("85.07.30-033.29") == rules.Checked("85073003329", False)
    assert rules.national_number("none yet") == rules.Checked("none yet", False)


# --- e-mail addresses -----------------------------------------------------------------------------------------------------


@given(st.text(max_size=30))
def test_the_key_of_an_address_is_its_own_key(text: str) -> None:
    assert rules.email_key(rules.email_key(text)) == rules.email_key(text)
    assert rules.email_key(f"  {text} ") == rules.email_key(text)


@pytest.mark.parametrize("text", ["ada@example.org", " Ada@Example.ORG ", "a+b@x", "ünï@bücher.example"])
def test_this_looks_like_an_address(text: str) -> None:
    assert rules.is_email(text)


@pytest.mark.parametrize("text", ["", "ada", "@x", "a@", "a b@x", "a@b@c", "a@" + "x" * 320])
def test_this_does_not(text: str) -> None:
    assert not rules.is_email(text)
