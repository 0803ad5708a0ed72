"""The schema: made once and only added to, so that workers of two versions work side by side, or one is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from specstep_flows import errors
from specstep_flows.fleet import schema
from specstep_flows.fleet.database import Database
from specstep_flows.fleet.store import FLEET_COLUMNS, PostgresStore
from specstep_flows.runs.records import RunRecord
from specstep_flows.runs.rows import COLUMNS
from tests.kit.postgres import Postgres


def record(run_id: str) -> RunRecord:
    """A new run."""
    return RunRecord(run_id, "http://127.0.0.1:1", 1.0, 1.0, messages=("A portal.",))


def set_version(database: Database, server: Postgres, major: int, minor: int) -> None:
    """As another version's ``init`` leaves it."""
    server.execute(f"UPDATE {database.table('meta')} SET major = %s, minor = %s", [major, minor])


def test_every_column_of_a_record_has_its_place(database: Database, server: Postgres) -> None:
    """And no column is anybody's guess: those of a fleet are named."""
    found = server.execute(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = %s AND table_name = 'runs'",
        [database.schema],
    )
    kinds = {str(name): kind for name, kind in found}

    assert {*COLUMNS, *FLEET_COLUMNS} <= kinds.keys()
    assert {kinds[name] for name in COLUMNS} == {"text", "double precision"}


def test_a_newer_schema_is_refused_with_a_sentence_and_not_touched(own_schema: Database, server: Postgres) -> None:
    """By a store, and by an older ``init``."""
    PostgresStore(own_schema).create(record("one"))
    set_version(own_schema, server, schema.VERSION[0] + 1, 0)
    for door in (PostgresStore, schema.init):
        with pytest.raises(errors.StoreUnreadable, match=r"newer version of specstep-flows.*upgrade") as raised:
            door(own_schema)
        assert "secret-of-tests" not in str(raised.value)

    assert schema.version_of(own_schema) == (schema.VERSION[0] + 1, 0)
    assert server.execute(f"SELECT run_id FROM {own_schema.table('runs')}") == [("one",)]


def test_a_worker_of_the_version_before_keeps_working(own_schema: Database, server: Postgres) -> None:
    """What a newer minor version added has a default, and stays as the newer one wrote it."""
    before = PostgresStore(own_schema)
    before.create(record("one"))
    runs = own_schema.table("runs")
    server.execute(f"ALTER TABLE {runs} ADD COLUMN colour text NOT NULL DEFAULT 'null'")
    set_version(own_schema, server, schema.VERSION[0], schema.VERSION[1] + 1)
    server.execute(f"UPDATE {runs} SET colour = '\"red\"'")
    after = PostgresStore(own_schema)
    for store in (before, after):
        let_go = store.hold("one")
        assert store.update("one", {"stage": "interview"}).stage == "interview"
        let_go()
    after.create(record("two"))

    assert server.execute(f"SELECT run_id, colour FROM {runs} ORDER BY run_id") == [("one", '"red"'), ("two", "null")]
    assert schema.init(own_schema) == (schema.VERSION[0], schema.VERSION[1] + 1)
    before.close()
    after.close()


@pytest.mark.slow
def test_an_older_schema_wants_init_and_keeps_what_is_in_it(
    own_schema: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only ``specstep fleet init`` changes it, and any number of times, from several hosts at once."""
    store = PostgresStore(own_schema)
    store.create(record("one"))
    monkeypatch.setattr(schema, "VERSION", (schema.VERSION[0], schema.VERSION[1] + 1))
    with pytest.raises(errors.StoreUnreadable, match="run `specstep fleet init` with this version"):
        PostgresStore(own_schema)
    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(schema.init, [own_schema] * 4)) == {schema.VERSION}

    assert PostgresStore(own_schema).get("one") == record("one")


def test_a_database_without_a_schema_is_refused_with_what_to_do(server: Postgres) -> None:
    """Nothing is made without being asked for."""
    database = Database(server.url, "test_not_there")
    with pytest.raises(errors.StoreUnreadable, match="specstep fleet init"):
        PostgresStore(database)
    assert schema.version_of(database) is None
    database.close()
    assert server.execute("SELECT count(*) FROM pg_namespace WHERE nspname = 'test_not_there'") == [(0,)]


def test_a_schema_that_is_somebody_elses_is_refused(server: Postgres) -> None:
    """That of an application with a queue of its own, say, whose tables have the names of ours."""
    name = "test_of_a_shop"
    server.execute(f"CREATE SCHEMA {name}")
    for table in ("orders", "procrastinate_jobs", "runs"):
        server.execute(f"CREATE TABLE {name}.{table} (id integer)")
    database = Database(server.url, name)
    try:
        with pytest.raises(errors.StoreError, match=r"orders, procrastinate_jobs, runs.*SPECSTEP_FLEET_SCHEMA"):
            schema.init(database)
    finally:
        database.close()
        server.execute(f"DROP SCHEMA {name} CASCADE")


def test_a_schema_that_an_administrator_has_made_is_its_owners(server: Postgres) -> None:
    """Who need not be allowed to make others; anybody else is told whose business it is."""
    name, owner, other = "test_of_an_owner", "test_owner", "test_other"
    for role in (owner, other):
        server.execute(f"CREATE ROLE {role} LOGIN")
    server.execute(f"CREATE SCHEMA {name} AUTHORIZATION {owner}")
    mine, others = (Database(server.url.replace("postgres:secret-of-tests", role), name) for role in (owner, other))
    try:
        assert schema.init(mine) == schema.VERSION
        assert schema.init(mine) == schema.VERSION
        server.execute(f"GRANT USAGE ON SCHEMA {name} TO {other}")
        server.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {name} TO {other}")
        with pytest.raises(errors.StoreError, match=r"permission denied.*`specstep fleet init` is for the owner"):
            schema.init(others)
    finally:
        mine.close()
        others.close()
        server.execute(f"DROP SCHEMA {name} CASCADE")
        for role in (owner, other):
            server.execute(f"DROP OWNED BY {role}")
            server.execute(f"DROP ROLE {role}")
