"""What travels about members."""

from typing import Annotated, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType, field

from gridloom.communities.addresses import Address, AddressWrite, Number, Text
from gridloom.communities.numbers import EMPTY
from gridloom.communities.schemas import Inside, Sort

INDIVIDUAL, COMPANY = 1, 2
# The numbers of a wrong kind or state, and of a wrong e-mail address, see `numbers.py`.
_MEMBER_TYPE, _EMAIL = 55000, 5002
_TYPES, _STATUSES = ({"number": _MEMBER_TYPE, "says": says} for says in ("member_type", "member_status"))

MemberType: TypeAlias = Annotated[Literal[1, 2], Meta(description="1 individual, 2 company.", extra=_TYPES)]
MemberStatus: TypeAlias = Annotated[
    Literal[1, 2, 3], Meta(description="1 active, 2 inactive, 3 pending.", extra=_STATUSES)
]
LinkStatus: TypeAlias = Annotated[
    Literal[1, 2, 3], Meta(description="1 linked to a user, 2 to nobody, 3 an invitation waits.")
]
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S", extra={"number": EMPTY})]
Iban = Annotated[str, Meta(max_length=50, description="Kept as it is written, right or wrong.")]
NationalNumber = Annotated[str, Meta(max_length=30, description="`YY.MM.DD-NNN.CC`; kept as it is, right or wrong.")]
Email = Annotated[
    str, Meta(max_length=320, pattern=r"^\s*[^@\s]+@[^@\s]+\s*$", extra={"number": _EMAIL}, description="One address.")
]
PhoneNumber = Annotated[str, Meta(max_length=40)]
VatNumber = Annotated[str, Meta(max_length=50, description="Kept as it is, right or wrong.")]
ManagerId = Annotated[int, Meta(description="A manager of another member of this community.")]


class ManagerWrite(Struct):
    """The person who speaks for a member."""

    nrn: NationalNumber = field(name="NRN")
    name: Name
    surname: Name
    email: Email
    phone_number: PhoneNumber | UnsetType | None = UNSET


class Manager(Struct):
    """The person who speaks for a member. `id` is what `manager_id` names."""

    id: int
    nrn: str = field(name="NRN")
    name: str
    surname: str
    email: str
    phone_number: str | UnsetType = UNSET


class MemberWrite(Struct, kw_only=True):
    """A new member.

    An individual has to have `first_name`, `NRN`, `email` and `social_rate`; a company `vat_number`, and a manager, as the
    object `manager` or, when somebody has been told of already, as `manager_id`.
    """

    name: Annotated[Name, Meta(description="A company's name, or an individual's family name.")]
    member_type: MemberType
    status: MemberStatus
    iban: Iban
    home_address: AddressWrite
    billing_address: AddressWrite
    first_name: Name | UnsetType | None = UNSET
    nrn: NationalNumber | UnsetType | None = field(name="NRN", default=UNSET)
    email: Email | UnsetType | None = UNSET
    phone_number: PhoneNumber | UnsetType | None = UNSET
    social_rate: bool | UnsetType | None = UNSET
    vat_number: VatNumber | UnsetType | None = UNSET
    manager_id: ManagerId | UnsetType | None = UNSET
    manager: ManagerWrite | UnsetType | None = UNSET


class AddressChange(Struct):
    """What changes about an address; what is left out stays."""

    street: Text | UnsetType = UNSET
    number: Number | UnsetType = UNSET
    city: Text | UnsetType = UNSET
    postcode: Annotated[str, Meta(max_length=20)] | UnsetType = UNSET
    supplement: Annotated[str, Meta(max_length=100)] | UnsetType | None = UNSET


class MemberUpdate(Struct, kw_only=True):
    """What changes about a member; what is left out stays, and what belongs to the other kind of member counts not.

    The kind of a member never changes. null takes the manager of an individual, or the phone number, away.
    """

    id: int
    name: Name | UnsetType = UNSET
    status: MemberStatus | UnsetType = UNSET
    iban: Iban | UnsetType = UNSET
    home_address: AddressChange | UnsetType = UNSET
    billing_address: AddressChange | UnsetType = UNSET
    first_name: Name | UnsetType = UNSET
    nrn: NationalNumber | UnsetType = field(name="NRN", default=UNSET)
    email: Email | UnsetType = UNSET
    phone_number: PhoneNumber | UnsetType | None = UNSET
    social_rate: bool | UnsetType = UNSET
    vat_number: VatNumber | UnsetType = UNSET
    manager_id: ManagerId | UnsetType | None = UNSET
    manager: ManagerWrite | UnsetType | None = UNSET


class MemberPartial(Struct):
    """A member in a list, or as the holder of something."""

    id: int
    name: str
    member_type: MemberType
    status: MemberStatus


class Individual(Struct, kw_only=True, tag_field="member_type", tag=INDIVIDUAL):
    """A natural person who is a member. What nobody knows is empty text."""

    id: int
    name: Annotated[str, Meta(description="Family name.")]
    status: MemberStatus
    iban: str
    home_address: Address
    billing_address: Address
    user_link_email: Annotated[str, Meta(description="Address of the user who is this member.")] | UnsetType = UNSET
    nrn: str = field(name="NRN")
    first_name: str
    email: str
    phone_number: str
    social_rate: bool
    manager: Manager | UnsetType = UNSET


class Company(Struct, kw_only=True, tag_field="member_type", tag=COMPANY):
    """An organisation that is a member. What nobody knows is empty text."""

    id: int
    name: str
    status: MemberStatus
    iban: str
    home_address: Address
    billing_address: Address
    user_link_email: Annotated[str, Meta(description="Address of the user who is this member.")] | UnsetType = UNSET
    vat_number: str
    manager: Manager


class StatusChange(Struct):
    """Which member is what from now on."""

    id_member: int
    status: MemberStatus


class MemberInvitation(Struct):
    """Which user is asked to be this member."""

    id_member: int
    user_email: Email


class MemberLink(Struct):
    """Whether a user stands behind a member."""

    status: LinkStatus
    user_email: str | UnsetType = UNSET
    user_id: int | UnsetType = UNSET


class LinkQuery(Struct):
    """About which address is asked."""

    email: (
        Annotated[str, Meta(max_length=320, description="Asks whether it is this user; else about anybody.")]
        | UnsetType
    ) = UNSET


class MembersQuery(Struct):
    """Filters and sorts."""

    name: Inside = UNSET
    member_type: MemberType | UnsetType = UNSET
    status: MemberStatus | UnsetType = UNSET
    sort_name: Sort | UnsetType = UNSET
