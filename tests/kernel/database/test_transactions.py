"""The statement, the transaction and the pool, on a real server."""

from gridloom.kernel.database.pool import Database


async def test_a_tenant_sees_its_own_rows_and_not_another_tenants(db: Database, tenant: int, other_tenant: int) -> None:
    insert = "INSERT INTO identity.user (tenant_id, login) VALUES (:tenant_id, :login) RETURNING id"
    async with db.tenant(other_tenant) as tx:
        await tx.scalar(insert, tenant_id=tx.tenant, login="theirs@example.org")
    async with db.tenant(tenant) as tx:
        await tx.scalar(insert, tenant_id=tx.tenant, login="ours@example.org")
        found = await tx.all("SELECT tenant_id, login FROM identity.user")
    assert [tuple(row) for row in found] == [(tenant, "ours@example.org")]
