"""Declared resources of drivers."""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Literal

from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    BindParameter,
    Boolean,
    ColumnElement,
    Date,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    or_,
)

from gridloom.charging.drivers import checks, people, user_rows
from gridloom.charging.drivers.authorization_schemas import (
    OLD_METHODS,
    Authorization,
    Authorization10,
    Authorization20,
    Decision,
    Method,
)
from gridloom.charging.drivers.events import IdTagChanged, UserChanged
from gridloom.charging.drivers.schemas import (
    IdTag,
    IdTagPatch,
    IdTagWrite,
    RfidTag,
    RfidTagPatch,
    RfidTagWrite,
    TagStatus,
    TagType,
    UserGroup,
    UserGroupPatch,
    UserGroupWrite,
)
from gridloom.charging.drivers.tables import authorization, driver, id_tag, user_group
from gridloom.charging.drivers.uids import uid_key
from gridloom.charging.drivers.user_schemas import User, UserPatch, UserWrite
from gridloom.charging.drivers.users import Users
from gridloom.charging.gone import Gone, remains
from gridloom.charging.writing import ignored, text_or_none
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events.event import emit
from gridloom.kernel.http.filters import equals, one_or_many, since, until, when
from gridloom.kernel.http.pages import Pages
from gridloom.kernel.http.resource import Done, Named, Owner, Resource, Verb

_IGNORED = {"id": ignored, "created_at": ignored, "last_updated_at": ignored}


def _uid(given: str) -> Mapping[str, Any]:
    return {"uid": given.strip(), "uid_key": uid_key(given)}


def _of_partner(value: BindParameter[Any]) -> ColumnElement[bool]:
    """Decisions about users whom one partner brought."""
    mine = and_(driver.c.tenant_id == authorization.c.tenant_id, driver.c.id == authorization.c.driver_id)
    return exists().where(mine, driver.c.partner_id == value)


def _method_2_0(value: BindParameter[Any]) -> ColumnElement[bool]:
    """The second version finds addresses of cars as cards too, for that is what it shows them as."""
    return or_(authorization.c.method == value, and_(value == "id_tag", authorization.c.method == "mac_address"))


def _last_day(given: date | None) -> Mapping[str, Any]:
    """A card opens through the day that is written on it."""
    return {"expire_at": None if given is None else datetime.combine(given, time(23, 59, 59), UTC)}


async def tag_written(tx: Tx, done: Done, item: Any, _: Mapping[str, Any]) -> None:
    """Tell that a tag came, changed or went. The first version does not show whose it was; then the caller's says it."""
    gone = None
    if done == "deleted":
        mine = tx.subject.attributes.get("operator_id") if tx.subject is not None else None
        gone = Gone(operator_id=getattr(item, "operator_id", mine))
    emit(tx, IdTagChanged(id_tag_id=item.id, action=done, gone=gone))


async def user_written(tx: Tx, done: Done, item: Any, _: Mapping[str, Any]) -> None:
    """Tell that a driver came, changed or went."""
    gone = None
    if done == "deleted":
        gone = await remains(tx, "UserChangedNotification", item.operator_id, item)
    emit(tx, UserChanged(user_id=int(item.id), action=done, gone=gone))


user_groups = Resource(
    user_group,
    "user-groups/v1.0",
    item="userGroup",
    shows=UserGroup,
    creates=UserGroupWrite,
    updates=UserGroupPatch,
    scope="charging.user-groups",
    pages=Pages.CURSOR | Pages.NUMBER,
    owner=Owner(user_group.c.operator_id, "operator_id", "operatorId"),
    filters={
        "operatorId": one_or_many(user_group.c.operator_id),
        "noPartner": when(bool, lambda value: user_group.c.partner_id.is_(None) == value, Boolean()),
        "partnerId": equals(user_group.c.partner_id),
        "lastUpdatedAfter": since(user_group.c.updated_at),
        "lastUpdatedBefore": until(user_group.c.updated_at),
        "createdAfter": since(user_group.c.created_at),
        "createdBefore": until(user_group.c.created_at),
    },
    columns={"last_updated_at": user_group.c.updated_at},
    writes={"operator_id": user_rows.operator, "external_id": text_or_none("external_id"), "last_updated_at": ignored},
    on_write=checks.keep_partner,
    in_use=checks.StillInUse,
    tags=("resource / user-groups",),
    names={
        "list": Named("userGroupsListing"),
        "create": Named("userGroupCreate"),
        "read": Named("userGroupRead"),
        "update": Named("userGroupUpdate"),
        "delete": Named("userGroupDelete"),
    },
    documented={"list": (422,), "create": (422,), "update": (422,), "delete": (422,)},
)

id_tags = Resource(
    id_tag,
    "id-tags/v2.0",
    item="idTag",
    shows=IdTag,
    creates=IdTagWrite,
    updates=IdTagPatch,
    scope="charging.id-tags",
    pages=Pages.CURSOR | Pages.NUMBER,
    owner=Owner(id_tag.c.operator_id, "operator_id", "operatorId"),
    filters={
        "operatorId": one_or_many(id_tag.c.operator_id),
        "idTagUid": when(str, lambda value: id_tag.c.uid_key == value, Text(), uid_key),
        "idLabel": equals(id_tag.c.label),
        "userId": equals(id_tag.c.driver_id),
        "expireAt": since(id_tag.c.expire_at),
        "status": equals(id_tag.c.status, TagStatus),
        "type": equals(id_tag.c.type, TagType),
        "partnerId": when(int | None, id_tag.c.partner_id.is_not_distinct_from, BigInteger()),
        "lastUpdatedAfter": since(id_tag.c.updated_at),
        "lastUpdatedBefore": until(id_tag.c.updated_at),
    },
    columns={
        "id_tag_uid": id_tag.c.uid,
        "id_label": id_tag.c.label,
        "user_id": id_tag.c.driver_id,
        "last_updated_at": id_tag.c.updated_at,
    },
    writes={
        "operator_id": user_rows.operator,
        "id_tag_uid": _uid,
        "id_label": "label",
        "user_id": "driver_id",
        "external_id": text_or_none("external_id"),
        **_IGNORED,
    },
    taken={"uq_id_tag_tenant_id_operator_id_uid_key": "idTagUid"},
    on_write=checks.same_operator,
    emits=tag_written,
    tags=("resource / id tags",),
    names={
        "list": Named("idTagsListing"),
        "create": Named("idTagCreate"),
        "read": Named("idTagRead"),
        "update": Named("idTagUpdate"),
        "delete": Named("idTagDelete"),
    },
    documented={"list": (422,), "create": (422,), "update": (422,)},
)

# The same rows as the first version of the contract names them; it has no operators, types or partners.
_OLD_STATUS = Literal["active", "disabled", "suspended"]

rfid_tags = Resource(
    id_tag,
    "rfid-tags/v1.0",
    item="rfidTag",
    shows=RfidTag,
    creates=RfidTagWrite,
    updates=RfidTagPatch,
    scope="charging.id-tags",
    pages=Pages.CURSOR | Pages.NUMBER,
    owner=Owner(id_tag.c.operator_id, "operator_id", "operatorId"),
    filters={
        "rfidTagUid": id_tags.filters["idTagUid"],
        "rfidLabel": id_tags.filters["idLabel"],
        "userId": id_tags.filters["userId"],
        "expireAt": id_tags.filters["expireAt"],
        "status": when(
            _OLD_STATUS | TagStatus,
            lambda value: id_tag.c.status == value,
            Text(),
            lambda value: "enabled" if value == "active" else value,
        ),
        "type": id_tags.filters["type"],
    },
    columns={
        "rfid_tag_uid": id_tag.c.uid,
        "rfid_label": id_tag.c.label,
        "expire_at": cast(func.timezone("UTC", id_tag.c.expire_at), Date),
        "user_id": id_tag.c.driver_id,
        "last_updated_at": id_tag.c.updated_at,
    },
    writes={
        "operator_id": user_rows.operator,
        "rfid_tag_uid": _uid,
        "rfid_label": "label",
        "expire_at": _last_day,
        "user_id": "driver_id",
        **_IGNORED,
    },
    taken={"uq_id_tag_tenant_id_operator_id_uid_key": "rfidTagUid"},
    on_write=checks.same_operator,
    emits=tag_written,
    tags=("resource / rfids",),
    names={
        "list": Named("rfidTagsListingDeprecated", deprecated=True),
        "create": Named("rfidTagCreateDeprecated", deprecated=True),
        "read": Named("rfidTagReadDeprecated", deprecated=True),
        "update": Named("rfidTagUpdateDeprecated", deprecated=True),
        "delete": Named("rfidTagDeleteDeprecated", deprecated=True),
    },
    documented={"list": (422,), "create": (422,), "update": (422,)},
)


def _users(version: str, suffix: str, *, deprecated: bool) -> Users:
    """The five operations on users below one version's path; the versions differ in nothing but their names."""
    return Users(
        driver,
        f"users/{version}",
        item="user",
        title=f"User{suffix}",
        shows=User,
        creates=UserWrite,
        updates=UserPatch,
        scope="charging.users",
        pages=Pages.CURSOR | Pages.NUMBER,
        owner=Owner(driver.c.operator_id, "operator_id", "operatorId"),
        where=people.BEHIND,
        soft_delete=driver.c.deleted_at,
        filters=user_rows.FILTERS,
        includes=user_rows.INCLUDES,
        switches=user_rows.SWITCHES,
        columns=user_rows.COLUMNS,
        writes=user_rows.WRITES,
        taken={"uq_driver_email": "email"},
        emits=user_written,
        tags=("resource / users",),
        names={
            "list": Named(f"usersListing{suffix}", deprecated=deprecated),
            "create": Named(f"userCreate{suffix}", deprecated=deprecated),
            "read": Named(f"userRead{suffix}", deprecated=deprecated),
            "update": Named(f"userUpdate{suffix}", deprecated=deprecated),
            "delete": Named(f"userDelete{suffix}", deprecated=deprecated),
        },
        documented={"list": (422,), "create": (422,), "read": (422,), "update": (422,)},
    )


users = _users("v1.1", "V1_1", deprecated=False)
old_users = _users("v1.0", "", deprecated=True)


def _authorizations(
    version: str, shows: type[Struct], verbs: Sequence[Verb], names: Mapping[Verb, Named], **more: Any
) -> Resource:
    """The log of decisions below one version's path. It is filled by `public.record_authorization` and by nobody else."""
    return Resource(
        authorization,
        f"authorizations/{version}",
        item="authorization",
        title=f"Authorization{version[1:].replace('.', '_')}",
        shows=shows,
        verbs=verbs,
        scope="charging.authorizations",
        pages=Pages.CURSOR | Pages.NUMBER,
        owner=Owner(authorization.c.operator_id, "operator_id", "operatorId"),
        tags=("resource / authorizations",),
        names=names,
        **more,
    )


_METHOD = equals(authorization.c.method, Method)
_LOG_FILTERS = {
    "operatorId": one_or_many(authorization.c.operator_id),
    "createdAfter": since(authorization.c.created_at),
    "createdBefore": until(authorization.c.created_at),
    "lastUpdatedAfter": since(authorization.c.updated_at),
    "lastUpdatedBefore": until(authorization.c.updated_at),
    "status": equals(authorization.c.status, Decision),
    "method": _METHOD,
    "partnerId": when(int, _of_partner, BigInteger()),
}
_LOG_COLUMNS: dict[str, ColumnElement[Any]] = {
    "user_id": func.coalesce(authorization.c.driver_id, 0, type_=BigInteger()),
    "last_updated_at": authorization.c.updated_at,
}

authorizations = _authorizations(
    "v2.1",
    Authorization,
    ("list", "read"),
    {"list": Named("authorizationsListingV2_1"), "read": Named("authorizationReadV2_1")},
    filters=_LOG_FILTERS,
    columns={**_LOG_COLUMNS, "id_tag_uid": func.coalesce(authorization.c.id_tag_uid, "", type_=Text())},
    documented={"list": (404, 422)},
)

# The second version knows one method for cards and for the addresses of cars, in what it shows and in what it finds.
authorizations_2_0 = _authorizations(
    "v2.0",
    Authorization20,
    ("list", "read"),
    {
        "list": Named("authorizationsListing", deprecated=True),
        "read": Named("authorizationRead", deprecated=True),
    },
    filters={
        **_LOG_FILTERS,
        "method": dataclasses.replace(
            _METHOD,
            clause=lambda value: or_(
                _METHOD.clause(value), and_(value == "id_tag", authorization.c.method == "mac_address")
            ),
        ),
    },
    columns=_LOG_COLUMNS,
    values={"method": {"mac_address": "id_tag"}},
    documented={"list": (404, 422)},
)

# The first version knows no decision that is still open, and four methods; a card is one wherever it was held to a reader.
authorizations_1_0 = _authorizations(
    "v1.0",
    Authorization10,
    ("read",),
    {"read": Named("authorizationReadDeprecated", deprecated=True)},
    where=authorization.c.status != "pending",
    columns={
        **_LOG_COLUMNS,
        "rfid_tag_uid": authorization.c.id_tag_uid,
        "method": case(
            (and_(authorization.c.method == "roaming", authorization.c.id_tag_uid.is_not(None)), "rfid_tag"),
            else_=authorization.c.method,
        ),
    },
    values={"method": OLD_METHODS},
)
