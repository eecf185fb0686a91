"""What this module refuses."""

from gridloom.communities.faults import Refused


class Gone(Refused):
    """The invitation was answered or withdrawn, or never was."""

    code = "invitation_gone"
    number = 30006
    says = "invitation_gone"


class EncodedGone(Gone):
    """The same where the member's data came along."""

    number = 30011


class ManagerGone(Gone):
    """The same of an invitation to manage."""

    number = 30000


class NothingToRefuse(Gone):
    """The member invitation to refuse is not there."""

    number = 30020


class NoManagingToRefuse(Gone):
    """The manager invitation to refuse is not there."""

    number = 30019


class NothingToCancel(Gone):
    """The member invitation to cancel is not there."""

    number = 30018


class NoManagingToCancel(Gone):
    """The manager invitation to cancel is not there."""

    number = 30017


class SomebodyElses(Refused):
    """The invitation is for another address than the caller's."""

    code = "somebody_elses_invitation"
    number = 30007
    says = "somebody_elses_invitation"


class EncodedSomebodyElses(SomebodyElses):
    """The same where the member's data came along."""

    number = 30012


class ManagerSomebodyElses(SomebodyElses):
    """The same of an invitation to manage."""

    number = 30001


class DataNeeded(Refused):
    """Nobody has written the member's data yet; the acceptance has to bring them."""

    code = "member_data_needed"
    number = 30008


class DataThere(Refused):
    """The invitation is for a member that is there already; no data are wanted."""

    code = "member_data_there"
    number = 30013


class AdminAlready(Refused):
    """An administrator does not become a manager by an invitation."""

    code = "admin_already"
    number = 30002


class ManagerAlready(Refused):
    """The caller manages the community already."""

    code = "manager_already"
    number = 30003
