"""What this module refuses."""

from gridloom.communities.faults import Refused


class NoSuchMember(Refused):
    """There is no such member in the community."""

    code = "no_such_member"
    number = 50003
    says = "no_such_member"


class NothingToRemove(NoSuchMember):
    """The member to remove is not there."""

    number = 50001


class NothingToUnlink(NoSuchMember):
    """The member whose link should go is not there."""

    number = 50002


class NoStatusToSet(NoSuchMember):
    """The member whose status should change is not there."""

    number = 50004


class NobodyToInviteFor(NoSuchMember):
    """The member for whom a user is invited is not there."""

    number = 50006


class NothingToChange(NoSuchMember):
    """The member to change is not there."""

    number = 50008


class UnknownManager(Refused):
    """`manager_id` names no manager of this community."""

    code = "unknown_manager"
    number = 50000
    says = "unknown_manager"


class UnknownNewManager(UnknownManager):
    """The same in a change."""

    number = 50012


class NotLinked(Refused):
    """No user is this member, and none is invited."""

    code = "not_linked"
    number = 50002


class LinkedAlready(Refused):
    """A user is this member already."""

    code = "linked_already"
    number = 50007


class HoldsMeters(Refused):
    """The member holds a meter today or later."""

    code = "holds_meters"
    number = 50013
