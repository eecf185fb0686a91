"""What this module refuses."""

from gridloom.communities.faults import Refused


class CommunityGone(Refused):
    """The community was deleted meanwhile."""

    code = "community_gone"
    number = 10002


class DeletedAlready(Refused):
    """Somebody else deleted the community first."""

    code = "community_deleted_already"
    number = 10012


class NoMember(Refused):
    """Who should leave or be sent away does not belong to the community."""

    code = "no_member"
    number = 10005


class LastAdminStays(Refused):
    """A community is never without an administrator."""

    code = "last_admin_stays"
    number = 10006


class NobodyToAppoint(Refused):
    """Whose role should change does not belong to the community."""

    code = "nobody_to_appoint"
    number = 10010


class LastAdminKeepsRole(Refused):
    """The last administrator cannot become something else."""

    code = "last_admin_keeps_role"
    number = 10011


class OtherCommunity(Refused):
    """Only the community in which the request is made can be deleted."""

    code = "other_community"
    number = 10013
