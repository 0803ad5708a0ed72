"""What a fleet leaves behind: no key, no password, no signed address in any row, any notification, any log."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from specstep_flows.fleet.database import Database
from specstep_flows.fleet.desk import Desk
from specstep_flows.fleet.objects import ObjectFiles
from specstep_flows.sandbox import Fault
from specstep_flows.settings import Settings
from specstep_flows.webhooks import sign_webhook
from tests.kit.api import op
from tests.kit.bench import QUESTIONS
from tests.kit.fleet import KEY, Fleet
from tests.kit.object_host import CREDENTIALS, ObjectHost
from tests.kit.postgres import Postgres
from tests.kit.secrets import LogTrap, Secrets

WRONG_KEY = "sf_wrong_0123456789abcdef"
SECRET = "whsec_c2VjcmV0LW9mLXRoZS1mbGVldA"
#: Channels of the queue that our workers listen to.
CHANNELS = (f"procrastinate_queue_v1#{KEY}", "procrastinate_queue_v1#team-b", "procrastinate_any_queue_v1")


@pytest.fixture
def trap() -> Iterator[LogTrap]:
    """All that is logged, at every level."""
    trap, root = LogTrap(), logging.getLogger()
    level = root.level
    root.addHandler(trap)
    root.setLevel(logging.DEBUG)
    yield trap
    root.removeHandler(trap)
    root.setLevel(level)


@pytest.fixture
def watched(shared: Database, server: Postgres) -> Iterator[Database]:
    """The database, whose server writes every statement into its log, with its values."""
    database = Database(f"{server.url}?options=-c%20log_statement%3Dall", shared.schema)
    yield database
    database.close()


def rows_of(database: Database) -> list[str]:
    """Every row of every table of the schema, the queue's among them, with bytes as text."""
    query = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"

    def read(connection: Any) -> list[str]:
        return [
            f"{table}: {[value.decode('latin-1') if isinstance(value, bytes) else value for value in row]}"
            for (table,) in connection.execute(query).fetchall()
            for row in connection.execute(f"SELECT * FROM {table}").fetchall()
        ]

    return database.run(read)


def delivery(generation_id: Any) -> Any:
    """A delivery with a signed address in it."""
    url = "https://blobs.example/x.zip?se=2026&sig=c2lnbmVkLXNlY3JldA"
    body = {"event": "generation.completed", "generation": {"id": str(generation_id), "package_url": url}}
    return sign_webhook(body, SECRET, now=time.time())


@pytest.mark.slow
def test_a_fleet_that_does_all_it_can_leaves_no_secret(
    fleet: Fleet,
    watched: Database,
    server: Postgres,
    object_host: ObjectHost,
    trap: LogTrap,
    tmp_path: Path,
) -> None:
    """Documents, a question, an answer, deliveries, a download that fails first, a refused key, a link for a reader."""
    files = ObjectFiles("s3://bucket/team a", scratch=tmp_path / "scratch", **object_host.options())
    fleet.database = watched
    written = (server.folder / "log").stat().st_size
    document = tmp_path / "notes.md"
    document.write_text("# Notes")
    desk = Desk(watched, Settings(api_url=fleet.sandbox.url), files, SECRET)

    def submit(run_id: str, key: str, **more: Any) -> None:
        options = {"profile": "Fast", "remember": {}}
        given = {"attachments": (), "answers": None, "policy": None, **more}
        desk.submit(desk.submission("A portal.", key=key, run_id=run_id, options=options, **given))

    keys = {KEY: fleet.sandbox.api_key, "team-b": WRONG_KEY}
    with psycopg.connect(server.url, autocommit=True) as listener:
        for channel in CHANNELS:
            listener.execute(f'LISTEN "{channel}"')
        submit("order", KEY, attachments=document)
        submit("refused", "team-b", policy="defaults")
        fleet.sandbox.faults.add(Fault("GET /blob/{name}", "status", status=403, times=1))
        fleet.sandbox.faults.add(Fault(op("get_package_zip"), "expired_url", times=1))
        assert fleet.drive("order", keys=keys, files=files) == "question"
        desk.answer("order", {question.question: "As you like." for question in QUESTIONS})
        signed = delivery(desk.get("order").generation_id)
        assert desk.receive(signed.body, signed.headers).status == 204
        assert fleet.drive("order", keys=keys, files=files) == "done"
        assert fleet.drive("refused", keys=keys, files=files) == "open"
        assert desk.keys()
        link = desk.package_url("order", 60.0)
        told = [one.payload for one in listener.notifies(timeout=0.2)]

    secrets = Secrets(
        {
            *(fleet.sandbox.api_key, WRONG_KEY, SECRET, SECRET.removeprefix("whsec_"), "X-Amz-Signature"),
            *(CREDENTIALS["aws_secret_access_key"], "secret-of-tests"),
        }
    )
    assert secrets.found_in([link]) == [link]
    log = (server.folder / "log").read_bytes()[written:].decode("latin-1")
    left = rows_of(watched)
    assert len(told) >= 3
    assert log.count("INSERT INTO") > 5
    assert {"runs", "keys", "deliveries", "limits"} <= {row.partition(":")[0] for row in left}
    assert trap.lines
    for texts in (left, told, log.splitlines(), trap.lines):
        assert secrets.found_in(texts) == []
    assert secrets.found_under(tmp_path) == []
    assert [
        name for name, content in object_host.objects.items() if secrets.found_in([name, content.decode("latin-1")])
    ] == []
    desk.store.close()
    files.close()
