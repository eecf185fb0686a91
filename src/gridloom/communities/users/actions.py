"""The caller's own profile."""

from gridloom.communities.users import person, public
from gridloom.communities.users.faults import NoProfile
from gridloom.communities.users.schemas import User, UserUpdate
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.subject import Subject

TAG = ("Users",)


@action(
    "GET", "/users/", scope="communities.profile:read", answers={200: User}, name="get_users",
    writes=True, audited=False, tags=TAG,
)  # fmt: skip
async def profile(tx: Tx, subject: Subject) -> User:
    """The caller's profile.

    It is made when it is asked for first, with the e-mail address of the login (or of the gateway's `x-user-email`).
    """
    found = await public.up_to_date(tx, subject)
    return person.shown(found, await public.person_of(tx, subject, found))


@action(
    "PUT", "/users/", scope="communities.profile:write", answers={200: str}, faults=(NoProfile,), name="put_users",
    tags=TAG,
)  # fmt: skip
async def change_profile(tx: Tx, subject: Subject, body: UserUpdate) -> str:
    """Change the caller's profile; what is left out stays.

    National number and bank account are taken as they are, right or wrong. An address that is the same keeps its id.
    """
    found = await public.find(tx, subject)
    if found is None:
        raise NoProfile
    await person.change(tx, await public.person_of(tx, subject, found), body)
    return "success"
