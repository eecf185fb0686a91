"""Reading parties, addresses and phone numbers: one, many, or a page of them; now, or as they were."""


import msgspec
from sqlalchemy import Text, and_, cast
from sqlalchemy.sql.elements import ColumnElement

from gridloom.core.parties import rules, tables
from gridloom.core.parties.records import Address, Kind, Party, Phone
from gridloom.kernel.database.statement import sql
from gridloom.kernel.http.filters import one_or_many, when
from gridloom.kernel.http.resource import Resource

_NEWEST = (
    "SELECT CAST(v.snapshot AS text) AS snapshot FROM parties.party p "
    "JOIN parties.party_version v ON v.tenant_id = p.tenant_id AND v.id = p.version_id WHERE p.deleted_at IS NULL "
)
_BY_ID = sql(_NEWEST + "AND p.id = :id")
_BY_PUBLIC_ID = sql(_NEWEST + "AND p.public_id = :public_id AND p.kind = :kind")
_BY_EMAIL = sql(
    _NEWEST + "AND p.email_key = :key AND p.kind = :kind AND p.audience = coalesce(:audience, p.audience) "
    "ORDER BY p.id LIMIT 1"
)
_BY_USER = sql(_NEWEST + 'AND p.id = (SELECT party_id FROM identity."user" WHERE id = :user_id)')
_MANY = sql(_NEWEST + "AND p.id = ANY(CAST(:ids AS bigint[]))")
_MANY_PUBLIC = sql(_NEWEST + "AND p.public_id = ANY(CAST(:ids AS uuid[])) AND p.kind = :kind")
_IDS_OF_EMAILS = sql(
    "SELECT public_id FROM parties.party WHERE kind = :kind AND deleted_at IS NULL "
    "AND email_key = ANY(CAST(:keys AS text[]))"
)
_EXISTS = sql("SELECT id FROM parties.party WHERE public_id = :public_id AND kind = :kind")
_VERSIONS = sql(
    "SELECT id, number, changed_by, created_at FROM parties.party_version WHERE party_id = :party_id ORDER BY number DESC"
)
_AT_VERSION = sql(
    "SELECT CAST(v.snapshot AS text) AS snapshot FROM parties.party_version v "
    "JOIN parties.party p ON p.tenant_id = v.tenant_id AND p.id = v.party_id "
    "WHERE v.id = :version AND p.public_id = :public_id AND p.kind = :kind"
)
_AT_VERSIONS = sql(
    "SELECT id, CAST(snapshot AS text) AS snapshot FROM parties.party_version WHERE id = ANY(CAST(:ids AS uuid[]))"
)

_read = msgspec.json.Decoder(Party).decode


class _Stored(msgspec.Struct):
    """A party's newest snapshot, as a page reads it."""

    snapshot: str


def _pages_of(kind: Kind) -> Resource:
    party, version = tables.party, tables.party_version
    newest: ColumnElement[bool] = and_(
        version.c.tenant_id == party.c.tenant_id,
        version.c.id == party.c.version_id,
        party.c.kind == kind,
        party.c.deleted_at.is_(None),
    )
    return Resource(
        party,
        f"parties/{kind}",
        shows=_Stored,
        scope="parties",
        verbs=(),
        where=newest,
        columns={"snapshot": cast(version.c.snapshot, Text)},
        filters={
            "ids": one_or_many(party.c.public_id),
            "emails": when(
                list[str],
                one_or_many(party.c.email_key).clause,
                one_or_many(party.c.email_key).bind,
                lambda given: [rules.email_key(each) for each in given],
            ),
        },
    )


_PAGES: dict[Kind, Resource] = {"person": _pages_of("person"), "organisation": _pages_of("organisation")}
_ADDRESSES = Resource(
    tables.address, "parties/address", shows=Address, scope="parties", verbs=(),
    filters={"ids": one_or_many(tables.address.c.public_id), "numbers": one_or_many(tables.address.c.id)},
)  # fmt: skip
_PHONES = Resource(
    tables.phone_number, "parties/phone", shows=Phone, scope="parties", verbs=(),
    filters={"ids": one_or_many(tables.phone_number.c.public_id), "numbers": one_or_many(tables.phone_number.c.id)},
)  # fmt: skip
