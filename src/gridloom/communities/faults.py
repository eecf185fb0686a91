"""What this API refuses, each with the number its clients know.

A fault says which sentence of `texts.py` the caller reads; without one it is the sentence of its number.
"""

from typing import ClassVar

from gridloom.kernel.errors import Fault, Forbidden, Unauthenticated


class Refused(Fault):
    """A rule of the business, or something that is not there: both are 400 here."""

    number: ClassVar[int] = 1
    says: str = ""


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
    says: str = "not_in_community"

    def __init__(self, named: str = "") -> None:
        """named: what the header says. Only digits are more likely the number of a community than its name here."""
        super().__init__()
        self.words = {"named": named}
        if named.isascii() and named.isdigit():
            self.says = "community_by_number"


class WrongPassword(Unauthenticated):
    """Login and password do not go together."""

    code = "wrong_password"
    number: ClassVar[int] = 6
    says: ClassVar[str] = "wrong_password"


class RoleTooLow(Forbidden):
    """The caller's role in this community does not allow it."""

    code = "role_too_low"
    number: ClassVar[int] = 4
    says: str = "role_too_low"

    def __init__(self, needed: str = "", has: str = "") -> None:
        """needed: the least role; has: the caller's. Without them the sentence names none."""
        super().__init__()
        self.words = {"needed": needed, "has": has}
        if not has:
            self.says = ""
