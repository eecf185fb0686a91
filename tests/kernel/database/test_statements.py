"""Statements: compiled once, filled by name."""

import pytest
from sqlalchemy import Integer, bindparam, column, select, table

from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import Statement, sql
from gridloom.kernel.database.transaction import statement

USERS = table("user", column("login"), column("failed_logins", Integer), schema="identity")


def test_arguments_follow_the_order_of_the_text_and_not_of_the_call() -> None:
    built = sql("SELECT :second, :first")
    assert built.text == "SELECT $1, $2"
    assert built.names == ("second", "first")
    assert built.arguments({"first": 1, "second": 2}) == [2, 1]


def test_a_name_that_was_not_given_is_null() -> None:
    assert sql("SELECT :here, :away").arguments({"here": 0}) == [0, None]


def test_a_name_that_the_statement_does_not_know_is_refused() -> None:
    with pytest.raises(KeyError, match="no parameter lgoin"):
        sql("SELECT :login").arguments({"lgoin": "ada"})


def test_a_default_of_the_construct_holds_until_a_value_is_given() -> None:
    built = Statement(select(USERS.c.login).where(USERS.c.failed_logins > bindparam("most", 3)))
    assert built.arguments({}) == [3]
    assert built.arguments({"most": 5}) == [5]


def test_a_false_or_empty_value_is_not_taken_for_a_missing_one() -> None:
    built = Statement(select(USERS.c.login).where(USERS.c.failed_logins > bindparam("most", 3)))
    assert built.arguments({"most": 0}) == [0]
    assert built.arguments({"most": None}) == [None]


def test_the_same_text_is_compiled_once() -> None:
    assert sql("SELECT 1 + :x") is sql("SELECT 1 + :x")
    assert statement("SELECT 1 + :x") is sql("SELECT 1 + :x")


def test_a_statement_is_taken_as_it_is() -> None:
    built = sql("SELECT 1")
    assert statement(built) is built
    assert statement(select(USERS.c.login)).text == 'SELECT identity."user".login \nFROM identity."user"'


async def test_a_name_used_twice_is_one_value(db: Database) -> None:
    async with db.system() as tx:
        assert await tx.scalar("SELECT CAST(:x AS integer) + CAST(:x AS integer) * 10", x=4) == 44


async def test_a_value_never_becomes_part_of_the_text(db: Database) -> None:
    hostile = "'; DROP TABLE identity.user; --"
    async with db.system() as tx:
        assert await tx.scalar("SELECT CAST(:x AS text)", x=hostile) == hostile
