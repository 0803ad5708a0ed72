"""What ``specstep fleet check`` finds: each kind of unfit database, in a sentence that says what to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from specstep_flows import errors
from specstep_flows.fleet.check import check, refuse_pooler
from specstep_flows.fleet.database import Database
from specstep_flows.fleet.schema import init
from specstep_flows.fleet.store import PostgresStore
from specstep_flows.runs.records import RunRecord
from tests.kit.pooler import Pooler
from tests.kit.postgres import Postgres
from tests.kit.tiers import one_in


def found(database: Database, **more: Any) -> dict[str, str]:
    """What is not fit, but that the tests' server forgets what it has when it crashes."""
    return {one.name: one.text for one in check(database, **more) if not one.is_fit and "fsync" not in one.text}


def test_a_fit_database_is_found_fit_and_fsync_is_looked_at(database: Database) -> None:
    """Everything is looked at."""
    findings = check(database)

    assert found(database) == {}
    assert [one.name for one in findings] == [
        *("version", "encoding", "schema", "privileges", "durability", "clock", "keepalive", "pooler")
    ]
    assert "fsync is off" in next(one.text for one in findings if one.name == "durability")


@pytest.mark.parametrize("offset", one_in(2, [-300.0, 300.0]))
def test_a_clock_that_is_wrong_is_told(database: Database, offset: float) -> None:
    """By how much, and in which direction."""
    text = found(database, wall=lambda: time.time() + offset)["clock"]

    assert " 5m " in text
    assert ("ahead of" in text) == (offset > 0)


def test_a_pooler_in_transaction_mode_is_recognised(database: Database, server: Postgres) -> None:
    """Its connections are not the server's: another transaction is served by the one that ours was served by."""
    with Pooler(server.port) as pooler:
        through = Database(server.url.replace(str(server.port), str(pooler.port)), database.schema)
        unfit = found(through)
        through.close()
    assert set(unfit) == {"pooler"}
    assert "session mode" in unfit["pooler"]


def test_a_role_with_few_connections_is_not_taken_for_a_pooler(server: Postgres) -> None:
    """Those that it has are enough to see that they are the server's own; with a single one nobody can say."""
    role = "test_of_few"
    server.execute(f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 2")
    database = Database(server.url.replace("postgres:secret-of-tests", role))
    try:
        refuse_pooler(database)
        server.execute(f"ALTER ROLE {role} CONNECTION LIMIT 1")
        with pytest.raises(errors.StoreError, match="too many connections"):
            refuse_pooler(database)
    finally:
        server.execute(f"DROP ROLE {role}")


@pytest.mark.slow
def test_a_user_who_may_not_write_is_told_what_to_grant(own_schema: Database, server: Postgres) -> None:
    """Step by step; whoever has what is asked for can drive a run."""
    role, schema = f"{own_schema.schema}_worker", own_schema.schema
    server.execute(f"CREATE ROLE {role} LOGIN")
    worker = Database(server.url.replace("postgres:secret-of-tests", role), schema)
    try:
        assert "GRANT USAGE" in found(worker)["privileges"]
        server.execute(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
        server.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}")
        text = found(worker)["privileges"]
        assert "runs" in text
        assert "meta" not in text
        assert f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema}" in text
        server.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}")
        assert "workers_id_seq" in found(worker)["privileges"]
        server.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}")
        assert found(worker) == {}
        server.execute(f"REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} FROM PUBLIC")
        assert f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema}" in found(worker)["privileges"]
        server.execute(f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} TO {role}")
        assert found(worker) == {}
        store = PostgresStore(worker)
        store.create(RunRecord("one", "http://127.0.0.1:1", 1.0, 1.0))
        store.hold("one")
        assert store.update("one", {"stage": "interview"}).stage == "interview"
        assert store.make_limiter("scope", {"kickoff": 5}, 1.0).acquire("kickoff", 1000.0) == 0.0
        assert store.deliveries.claim("app", "d", "generation.completed", None, [], b"{}", 1.0) == "new"
        store.close()
    finally:
        worker.close()
        server.execute(f"DROP OWNED BY {role}")
        server.execute(f"DROP ROLE {role}")


UNREACHABLE: dict[str, Callable[[Postgres], str]] = {
    "nobody listens": lambda server: "postgresql://u:hush-hush@127.0.0.1:1/db",
    "no such database": lambda server: server.url.replace("/postgres", "/nowhere"),
}


@pytest.mark.parametrize("why", UNREACHABLE)
def test_a_database_that_cannot_be_reached_is_one_finding_without_a_password(why: str, server: Postgres) -> None:
    """Nothing is raised."""
    database = Database(UNREACHABLE[why](server))
    findings = check(database)

    assert [(one.name, one.is_fit) for one in findings] == [("connection", False)]
    assert not any(word in findings[0].text for word in ("hush-hush", "secret-of-tests"))


def test_a_database_without_our_tables_is_told_to_be_initialised(server: Postgres) -> None:
    """Nobody can be granted anything on a schema that is not there; whoever may not make it is told what to ask for."""
    role = "test_of_nothing"
    server.execute(f"CREATE ROLE {role} LOGIN")
    texts = []
    for user in ("postgres:secret-of-tests", role):
        database = Database(server.url.replace("postgres:secret-of-tests", user), "test_nothing_here")
        texts.append(found(database))
        database.close()
    server.execute(f"DROP ROLE {role}")

    for text in texts:
        assert "specstep fleet init" in text["schema"]
        assert "There is no schema test_nothing_here yet: `specstep fleet init`" in text["privileges"]
        assert "USAGE" not in text["privileges"]
    assert ["GRANT CREATE ON DATABASE" in text["privileges"] for text in texts] == [False, True]


def test_a_database_that_cannot_hold_every_text_is_refused(server: Postgres) -> None:
    """By `check`, and by `init` before anything is made: what was paid for could not be written down there."""
    name = "test_of_latin1"
    server.execute(f"CREATE DATABASE {name} ENCODING 'LATIN1' TEMPLATE template0")
    database = Database(server.url.removesuffix("postgres") + name)
    try:
        assert "LATIN1" in found(database)["encoding"]
        with pytest.raises(errors.StoreError, match=r"UTF8.*Nothing was changed"):
            init(database)
        assert "There is no schema" in found(database)["privileges"]
    finally:
        database.close()
        server.execute(f"DROP DATABASE {name}")


@pytest.mark.slow
def test_init_twice_changes_nothing(own_schema: Database) -> None:
    """Whoever deploys does it each time."""
    assert init(own_schema) == init(own_schema)
    assert found(own_schema) == {}
