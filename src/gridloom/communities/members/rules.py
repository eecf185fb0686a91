"""What a member of each kind has to have. No I/O."""

from collections.abc import Iterator

from msgspec import UNSET

from gridloom.communities.members.schemas import COMPANY, INDIVIDUAL, MemberWrite

_OWN: dict[int, tuple[tuple[str, str], ...]] = {
    INDIVIDUAL: (
        ("first_name", "first_name"),
        ("nrn", "NRN"),
        ("email", "email"),
        ("social_rate", "social_rate"),
    ),
    COMPANY: (("vat_number", "vat_number"),),
}


def missing(given: MemberWrite) -> Iterator[str]:
    """The wire names of what a new member of this kind lacks."""
    nothing = (UNSET, None)
    for name, wire in _OWN[given.member_type]:
        if getattr(given, name) in nothing:
            yield wire
    if given.member_type == COMPANY and given.manager_id in nothing and given.manager in nothing:
        yield "manager"
