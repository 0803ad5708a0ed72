"""Connections to PostgreSQL: how they notice an end, and what is said of one that cannot be used."""

from __future__ import annotations

import contextlib
import os
from typing import Any

import psycopg
import pytest

from specstep_flows import errors
from specstep_flows.fleet.database import Database
from tests.kit.postgres import Postgres


@pytest.mark.parametrize(
    "url",
    ["postgresql://user:hush-hush@host:port/db?nothing=1", "https://user:hush-hush@host/", "hush-hush", "host=a b=c"],
)
def test_an_address_that_is_none_is_refused_without_being_quoted(url: str) -> None:
    """It may hold a password, wherever that stands."""
    with pytest.raises(errors.SettingsError) as raised:
        Database(url)
    assert "hush-hush" not in str(raised.value)


@pytest.mark.parametrize("password", ["hush/hush", "hush@hush", "12/hush", "hush/h@hush"])
def test_an_address_whose_password_is_not_encoded_is_refused_without_being_quoted(password: str) -> None:
    """libpq would take its parts for a host, a port or the name of a database, which are shown."""
    with pytest.raises(errors.SettingsError, match="%40") as raised:
        Database(f"postgresql://user:{password}@127.0.0.1:5432/db")
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize("url", ["postgresql://user:h%40sh%2Fhush@h/db", "host=h dbname=a@b", "postgresql://u@h/a@b"])
def test_an_address_that_can_be_read_is_taken(url: str) -> None:
    """However unusual its parts are."""
    assert Database(url).address.startswith("h:5432/")


def test_an_address_that_leaves_parts_to_the_environment_is_shown_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """As libpq fills them in."""
    monkeypatch.setenv("PGHOST", "db.example")
    monkeypatch.setenv("PGPORT", "6543")

    assert Database("postgresql:///orders").address == "db.example:6543/orders"


@pytest.mark.parametrize("name", ["", "Public", 'a"b', "a-b", "1a", "x" * 60])
def test_a_schema_has_a_plain_name(name: str) -> None:
    """It stands in statements."""
    with pytest.raises(errors.SettingsError, match="schema"):
        Database("postgresql://127.0.0.1/db", name)


def test_a_password_is_in_no_error(server: Postgres) -> None:
    """Neither as it was written nor as it is."""
    server.execute("DROP ROLE IF EXISTS somebody")
    for password in ("hush-hush", "h%40sh hush"):
        database = Database(f"postgresql://somebody:{password.replace(' ', '%20')}@127.0.0.1:{server.port}/nowhere")
        with pytest.raises(errors.StoreError) as raised:
            database.connect()
        assert "somebody" in str(raised.value)
        assert "hush" not in str(raised.value)
        assert "h@sh" not in repr(raised.value)


def test_why_there_is_no_connection_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, server: Postgres
) -> None:
    """At once where there never was one; the pool by itself tries for long, and then says only that it waited."""
    database = Database("postgresql://somebody:hush-hush@127.0.0.1:1/db")
    with pytest.raises(errors.StoreError, match="refused") as raised:
        database.run(lambda connection: None)
    assert "hush" not in str(raised.value)
    assert caplog.messages == []
    monkeypatch.setattr("specstep_flows.fleet.database.POOL_SECONDS", 0.1)
    database = Database(server.url, max_connections=1)
    database.run(lambda connection: None)
    monkeypatch.setattr(database, "_conninfo", "postgresql://somebody:hush-hush@127.0.0.1:1/db")
    with database.pool.connection(), pytest.raises(errors.StoreError, match="refused"):
        database.run(lambda connection: None)
    database.close()


def test_both_ends_of_every_connection_notice_a_host_that_vanishes(database: Database) -> None:
    """After 10 s and three probes, 5 s apart; the session's is not ended for its silence."""
    names = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout")
    with contextlib.closing(database.connect()) as session, database.pool.connection() as pooled:
        for connection in (session, pooled):
            shown = [connection.execute(f"SHOW {name}").fetchone() for name in names]
            assert shown == [("10",), ("5",), ("3",), ("25000",)]
            ours = connection.info.get_parameters()
            assert (ours["keepalives_idle"], ours["keepalives_interval"], ours["keepalives_count"]) == ("10", "5", "3")
            assert ours["tcp_user_timeout"] == "25000"
        quiet = session.execute("SHOW idle_session_timeout").fetchone(), session.execute("SHOW statement_timeout")
        assert (quiet[0], quiet[1].fetchone()) == (("0",), ("0",))


def test_what_is_written_is_on_the_disk_whatever_the_server_is_set_to(server: Postgres, database: Database) -> None:
    """A session of ours waits for it."""
    server.execute("ALTER ROLE postgres SET synchronous_commit = off")
    try:
        with contextlib.closing(database.connect()) as connection:
            assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
    finally:
        server.execute("ALTER ROLE postgres RESET synchronous_commit")


def test_a_child_of_a_fork_has_connections_of_its_own(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Web servers fork their workers after they have loaded the application."""
    parent: Any = database.pool
    here = os.getpid()
    monkeypatch.setattr("os.getpid", lambda: here + 1)
    child: Any = database.pool
    try:
        assert child is not parent
        assert database.run(lambda connection: connection.execute("SELECT 1").fetchone()) == (1,)
    finally:
        child.close()
        parent.close()


def test_a_statement_that_waits_for_what_never_comes_ends(database: Database) -> None:
    """A row that somebody keeps makes a failure, and no hang."""
    with database.pool.connection() as connection:
        assert connection.execute("SHOW statement_timeout").fetchone() == ("30s",)
    with pytest.raises(errors.StoreError, match="statement timeout"):
        database.transact(
            lambda connection: connection.execute("SET LOCAL statement_timeout = 20; SELECT pg_sleep(30)")
        )


@pytest.mark.parametrize("given", ["?client_encoding=latin1", ""])
def test_what_a_role_or_the_environment_is_set_to_changes_nothing(
    given: str, server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Roles are made for several programs; a fleet's texts may have any character, and its rows are written to by many.

    That holds for the connections of the queue, too.
    """
    role = "test_of_settings"
    server.execute(f"CREATE ROLE {role} LOGIN")
    for name, value in (
        ("lock_timeout", "1ms"),
        ("default_transaction_isolation", "serializable"),
        ("default_transaction_read_only", "on"),
    ):
        server.execute(f"ALTER ROLE {role} SET {name} = '{value}'")
    monkeypatch.setenv("PGCLIENTENCODING", "latin1")
    database = Database(server.url.replace("postgres:secret-of-tests", role) + given)
    names = ("lock_timeout", "transaction_isolation", "transaction_read_only", "client_encoding")
    try:
        with (
            contextlib.closing(database.connect()) as session,
            database.pool.connection() as pooled,
            contextlib.closing(psycopg.connect(database.conninfo)) as queue,
        ):
            for connection in (session, pooled, queue):
                shown = [(connection.execute(f"SHOW {name}").fetchone() or ("",))[0] for name in names]
                assert shown == ["0", "read committed", "off", "UTF8"]
                assert connection.execute("SELECT %s", ["✓ 🫖"]).fetchone() == ("✓ 🫖",)
    finally:
        database.close()
        server.execute(f"DROP ROLE {role}")
