"""What this module refuses."""

from gridloom.communities.faults import Refused


class NoKey(Refused):
    """The community has no key with this id."""

    code = "no_key"
    number = 40000


class NoKeyToChange(Refused):
    """The key that should change is none of the community."""

    code = "no_key_to_change"
    number = 40005


class KeyInUse(Refused):
    """A sharing operation follows the key or waits for its approval."""

    code = "key_in_use"
    number = 40009
