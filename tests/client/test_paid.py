"""What costs and is part of no run, through both clients."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from specstep_flows import ProposedDefaults, RunStore, Settings, SpecStep, errors
from specstep_flows.sandbox import Fault, Sandbox
from tests.kit.api import op
from tests.kit.tiers import one_in


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Two files of existing documents."""
    with ZipFile(tmp_path / "docs.zip", "w") as zipped:
        zipped.writestr("README.md", "# Tea\n")
        zipped.writestr("notes/vision.md", "A shop.\n")
    return tmp_path / "docs.zip"


@pytest.mark.parametrize("commit", one_in(2, [True, False]))
def test_a_migration_whose_answer_is_lost_is_made_once(
    client: Any, sandbox: Sandbox, archive: Path, commit: bool
) -> None:
    """Its package is found by its files; another archive of the same account is not taken for it."""
    client.commit_migration(archive, target_path_overrides={"README.md": "docs/start.md"})
    sandbox.faults.add(Fault(op("commit_doc_migration"), "reset", commit=commit))
    made = client.commit_migration(archive)
    again = client.commit_migration(archive)

    assert list(sandbox.state.packages)[1:] == [str(made.package_id)]
    assert again == made
    assert (made.migration_id is None) == commit
    assert client.commit_migration(archive, again=True).package_id != made.package_id


def test_a_migration_that_was_refused_and_is_made_later_is_not_made_twice(
    client: Any, sandbox: Sandbox, archive: Path
) -> None:
    """The call ended with the refusal, and nothing was there yet. Another one like it was there before."""
    client.commit_migration(archive)
    sandbox.faults.add(Fault(op("commit_doc_migration"), "late_commit", status=403, seconds=60))
    with pytest.raises(errors.PermissionDenied):
        client.commit_migration(archive, again=True)
    client.options["clock"].sleep(90.0)
    made = client.commit_migration(archive, again=True)

    assert list(sandbox.state.packages)[1:] == [str(made.package_id)]


def test_a_migration_whose_files_claim_one_place_is_refused(client: Any, sandbox: Sandbox, archive: Path) -> None:
    """Nothing was made, so nothing is recorded: with other overrides, or none, it is asked for as if for the first
    time."""
    with pytest.raises(errors.Conflict, match="DOC_MIGRATION_UNRESOLVED_CONFLICTS"):
        client.commit_migration(archive, target_path_overrides={"README.md": "docs/01-product/01-vision.md"})

    assert client.commit_migration(archive).classified_count == 2
    assert sandbox.requests.count(op("commit_doc_migration")) == 2


def test_an_archive_that_the_service_would_refuse_is_not_sent(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """One that is larger than 16 MB, and one that is not there."""
    (tmp_path / "large.zip").write_bytes(bytes((16 << 20) + 1))
    for name in ("large.zip", "missing.zip"):
        with pytest.raises(errors.UsageError, match=name):
            client.commit_migration(tmp_path / name)

    assert sandbox.requests.count(op("commit_doc_migration")) == 0


def test_two_who_ask_for_the_same_at_once_pay_once(client: Any, sandbox: Sandbox, archive: Path) -> None:
    """The second comes while the first is about to send, and is told so."""
    package = client.commit_migration(archive).package_id
    busy: list[str] = []

    def come_too(record: Any) -> bool:
        with pytest.raises(errors.RunBusy, match="has sent nothing") as caught:
            client.add_addendum(package, "French", "Add French.")
        busy.append(caught.value.message)
        return client.add_addendum(package, "German", "Add German.") is not None

    client.add_addendum(package, "French", "Add French.", confirm=come_too)

    assert len(busy) == 1
    assert [one.title for one in sandbox.state.packages[str(package)].addenda] == ["German", "French"]


def test_what_was_refused_and_carried_out_is_not_forgotten(client: Any, sandbox: Sandbox, archive: Path) -> None:
    """Where it cannot be told, the same request looks again, and sends nothing."""
    package = client.commit_migration(archive).package_id
    sandbox.faults.add(Fault(op("create_addendum"), "status", status=429, retry_after=30, commit=True))
    sandbox.faults.add(Fault(op("list_addenda"), "edit", set={"addenda.*.description": None}, times=None))
    for _ in range(3):
        with pytest.raises(errors.OutcomeUnknown):
            client.add_addendum(package, "French", "Add French.")

    assert sandbox.requests.count(op("create_addendum")) == 1


def test_whoever_stops_waiting_after_a_refusal_does_not_pay_again(sandbox: Sandbox, archive: Path, turned: Any) -> None:
    """What was refused for now may have been carried out: the next call looks first, however the one before ended."""
    settings = Settings(api_key=sandbox.api_key, api_url=sandbox.url)
    with SpecStep(settings=settings, clock=turned(sandbox), store=RunStore.in_memory()) as client:
        sandbox.faults.add(Fault(op("commit_doc_migration"), "status", status=429, retry_after=30, commit=True))
        with pytest.raises(errors.WaitTimeout):
            client.with_options(timeout=10).commit_migration(archive)
        made = client.commit_migration(archive)

    assert [str(made.package_id)] == list(map(str, sandbox.state.packages))
    assert sandbox.requests.count(op("commit_doc_migration")) == 1


def test_a_step_that_is_declined_leaves_nothing(client: Any, sandbox: Sandbox, archive: Path) -> None:
    """The library has no terminal: False says no, and who waits for the answer in vain is told before."""
    package = client.commit_migration(archive).package_id
    with pytest.raises(errors.Detached, match="Not confirmed"):
        client.explain_package(package, "investor", confirm=lambda record: False)

    async def agree(record: Any) -> bool:
        return True

    if client.kind == "sync":
        with pytest.raises(errors.UsageError, match="coroutine"):
            client.explain_package(package, "investor", confirm=agree)
    else:
        assert client.explain_package(package, "investor", confirm=agree).cached is False
        assert client.explain_package(package, "investor").cached is True, "the second call cost nothing"
    assert sandbox.requests.count(op("explain_package")) == (client.kind != "sync")


@pytest.mark.slow
def test_an_update_by_a_generation_s_id(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """No run need know the generation: its package is downloaded beside the new one."""
    first = client.run("A shop for tea.", profile="Fast", on_question=ProposedDefaults(), output=tmp_path / "tea.zip")
    client.store.forget(first.run_id)
    made = client.update(first.generation_id, "Add French.", on_question=ProposedDefaults(), output=tmp_path / "new")

    assert made.before == tmp_path / "new" / f"{first.generation_id}.zip"
    assert made.before.read_bytes() == first.path.read_bytes()
    assert made.changes.changed
    assert client.resume(made.run_id).changes == made.changes
    client.delete_generation(first.generation_id)
    assert client.update(first.generation_id, "Add French.", on_question=ProposedDefaults()).run_id == made.run_id
    with pytest.raises(errors.NotFound):
        client.update(first.generation_id, "Add German.", on_question=ProposedDefaults())


@pytest.mark.slow
def test_an_update_by_hand_is_shown_and_not_paid_for_again(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """Whatever became of the generation; ``again`` pays for another."""
    first = client.run("A shop for tea.", profile="Fast", on_question=ProposedDefaults(), output=tmp_path / "tea.zip")
    interview = client.start_interview()
    client.say(interview.id, "Add French.")
    intake = client.complete_interview(interview.id).intake_artifact_id
    second = client.update_generation(first.generation_id, intake)
    client.cancel_generation(second)

    assert client.update_generation(first.generation_id, intake) == second
    third = client.update_generation(first.generation_id, intake, again=True)
    assert third != second
    assert client.update_generation(first.generation_id, intake, again=True) not in (second, third)
    assert sandbox.requests.count(op("update_generation")) == 3
