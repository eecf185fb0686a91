"""What this module refuses."""

from gridloom.communities.faults import Refused


class NoProfile(Refused):
    """The caller never asked for their profile, so there is none to change."""

    code = "no_profile"
    number = 80002
