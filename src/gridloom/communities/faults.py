"""What this API refuses, each with the number its clients know.

A fault says which sentence of `texts.py` the caller reads; without one it is the sentence of its number.
"""

from typing import ClassVar

from gridloom.kernel.errors import Fault, Forbidden, Unauthenticated


class Refused(Fault):
    """A rule of the business, or something that is not there: both are 400 here."""

    number: ClassVar[int] = 1
    says: ClassVar[str] = ""


class CommunityMissing(Refused):
    """The request does not say in which community it is meant."""

    code = "community_missing"
    number = 5


class UserMissing(Refused):
    """The operation is about the caller's own account, and the caller is no user."""

    code = "user_missing"
    number = 6
    says = "user_missing"


class NotInCommunity(Unauthenticated):
    """The caller does not belong to the community that the request names, or there is none of that id."""

    code = "not_in_community"
    number: ClassVar[int] = 5
    says: ClassVar[str] = "not_in_community"


class WrongPassword(Unauthenticated):
    """Login and password do not go together."""

    code = "wrong_password"
    number: ClassVar[int] = 6
    says: ClassVar[str] = "wrong_password"


class RoleTooLow(Forbidden):
    """The caller's role in this community does not allow it."""

    code = "role_too_low"
    number: ClassVar[int] = 4
