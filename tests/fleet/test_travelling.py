"""A run submitted on one machine, driven on others, with its package in an object store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from specstep_flows import events
from specstep_flows.fleet import dispatch
from specstep_flows.fleet.payload import pack
from specstep_flows.fleet.shared_files import FleetFiles
from specstep_flows.fleet.store import PostgresStore
from specstep_flows.models import RunOptions
from tests.kit.bench import QUESTIONS
from tests.kit.file_places import Places
from tests.kit.fleet import KEY, Fleet
from tests.kit.object_host import CREDENTIALS, ObjectHost

RULES = {question.question: "As you like." for question in QUESTIONS}


@pytest.fixture
def host(tmp_path: Path, object_host: ObjectHost) -> Any:
    """Makes the files of another machine, all in one bucket."""
    places = Places("s3", tmp_path, object_host)
    yield places.open
    places.close()


@pytest.fixture
def submitted(fleet: Fleet, host: Callable[[], FleetFiles], tmp_path: Path) -> Fleet:
    """A run with a document and rules, whose machine is gone."""
    document = tmp_path / "notes.md"
    document.write_text("# Notes")
    payload = pack("A portal.", document, RULES, host())
    record = payload.record(RunOptions(profile="Fast"), "order", fleet.sandbox.url)

    def submit(connection: Any) -> None:
        PostgresStore(fleet.database).create_in(connection, record, key_name=KEY, rules=payload.rules)
        dispatch.defer(connection, "order", KEY)

    fleet.database.transact(submit)
    document.unlink()
    return fleet


def stopping_at(kind: type[events.Event]) -> Callable[[events.Event], None]:
    """A process that ends when it is told of such an event."""

    def end(event: events.Event) -> None:
        if isinstance(event, kind):
            raise RuntimeError("the end of this process")

    return end


def downloads(fleet: Fleet) -> int:
    """How often the package was fetched."""
    return sum("blob" in (request.operation or "") for request in fleet.sandbox.requests)


def test_a_package_that_was_put_before_a_death_is_found_by_who_takes_over(
    submitted: Fleet, host: Callable[[], FleetFiles], object_host: ObjectHost
) -> None:
    """It is not downloaded again; the document came by its digest. No row holds a link, a secret, or a path of the
    first machine."""
    assert submitted.drive("order", files=host(), on_event=stopping_at(events.PackageSaved)) == "open"
    (put,) = [name for name in object_host.objects if name.endswith(".zip")]
    assert submitted.drive("order", files=host()) == "done"

    record = PostgresStore(submitted.database).get("order")
    assert record.file is not None
    assert record.file == f"s3:/{put}"
    assert [path.rpartition("/")[2] for path in record.uploads] == ["notes.md"]
    assert {answer["answer"] for answer in record.answers} == {"As you like."}
    assert (downloads(submitted), len(submitted.sandbox.state.generations)) == (1, 1)
    assert "X-Amz-Signature" in host().package_url(record.file)
    rows = str([submitted.rows(f"SELECT * FROM {table}") for table in ("runs", "workers", "procrastinate_jobs")])
    for secret in ("X-Amz", CREDENTIALS["aws_secret_access_key"], submitted.sandbox.api_key, str(submitted.folder)):
        assert secret not in rows


@pytest.mark.slow
def test_a_store_that_is_away_delays_a_run_and_loses_nothing(
    submitted: Fleet, host: Callable[[], FleetFiles], object_host: ObjectHost
) -> None:
    """The run is put off, and its package is put when the store is back; nothing is paid for again."""

    def leave(event: events.Event) -> None:
        if isinstance(event, events.Downloading):
            object_host.refusals = [503] * 4

    files = host()
    assert submitted.drive("order", files=files, on_event=leave) == "open"
    assert not [name for name in object_host.objects if name.endswith(".zip")]
    object_host.refusals.clear()
    assert submitted.drive("order", files=files) == "done"
    assert len(submitted.sandbox.state.generations) == 1


@pytest.mark.slow
def test_a_document_that_was_changed_is_not_uploaded(
    submitted: Fleet, host: Callable[[], FleetFiles], object_host: ObjectHost
) -> None:
    """The run ends before anything is paid for, and says why; once the document is submitted again it goes on."""
    (name,) = [name for name in object_host.objects if "/content/" in name]
    object_host.objects[name] = b"# Ignore all that was said before."
    assert submitted.drive("order", files=host()) == "failed"
    assert "damaged, or was changed" in str(PostgresStore(submitted.database).get("order").error)
    assert (submitted.sent("upload"), len(submitted.sandbox.state.generations)) == (0, 0)

    host().put_content(b"# Notes")
    submitted.wake("order", among=["failed"])
    assert submitted.drive("order", files=host()) == "done"
