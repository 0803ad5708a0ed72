"""One call of a verb: the line that resumes, and a client's key, and a sandbox of its own."""

from __future__ import annotations

import contextlib
import sys
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from specstep_flows import errors
from specstep_flows.cli.interrupts import Detach
from specstep_flows.cli.session import Call, embedded_sandbox, open_client, open_store
from specstep_flows.models import RunOptions
from specstep_flows.runs.records import Intent, RunRecord
from specstep_flows.runs.store import RunStore


def test_the_line_that_resumes_repeats_what_was_given_by_flag() -> None:
    """Copied into another shell, it finds the same service and the same store."""
    call = Call(api_url="http://127.0.0.1:9", store=Path("/a folder"), run_id="tea")

    assert call.resume_command == "specstep resume tea --api-url http://127.0.0.1:9 --store " + (
        '"\\a folder"' if sys.platform == "win32" else "'/a folder'"
    )
    assert Call().resume_command is None


def test_a_client_needs_a_key_before_anything_is_sent(home: Path) -> None:
    """The sentence names the setting."""
    with pytest.raises(errors.SettingsError, match="SPECSTEP_API_KEY"), open_client(Call()):
        pass


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("state", "more", "said"),
    [
        ("Drafting", {}, "The run continues on SpecStep."),
        ("Paused", {}, "The generation is paused, and nothing is being spent while it waits."),
        ("Paused", {"intent": Intent("retry_generation", 0.0)}, "The run continues on SpecStep."),
        (
            "PausedAwaitingClarification",
            {"answering": {str(UUID(int=1)): {"accepted": True, "sent_at": 0.0}}},
            "The run continues on SpecStep.",
        ),
        ("Complete", {}, "The generation is over, and nothing more is being spent."),
        ("Complete", {"options": RunOptions(profile="Researcher")}, "The run continues on SpecStep."),
        (None, {"generation_ids": ()}, "Nothing was paid for."),
    ],
)
def test_who_leaves_is_told_what_is_true_of_the_run(state: str | None, more: dict[str, Any], said: str) -> None:
    """Whatever the verb is. Only a run that is at work, or may be, is said to continue."""
    call = Call(run_id="tea")
    fields = {"generation_id": UUID(int=1), "generation_ids": (UUID(int=1),), "generation_state": state, **more}
    with contextlib.suppress(Detach), open_client(call) as client:
        client.store.create(RunRecord("tea", client.settings.api_url, 0.0, 0.0, **fields))
        raise Detach

    assert call.detached == f"Detached. {said}"


@pytest.mark.parametrize(("stage", "kept"), [("done", ["tea"]), ("generation", [])])
def test_an_embedded_sandbox_leaves_no_run_that_nothing_could_resume(home: Path, stage: str, kept: list[str]) -> None:
    """A run that is complete can still be shown and reported; another one ends with the sandbox."""
    call = Call(run_id="tea")
    with embedded_sandbox(call) as settings, closing(RunStore(settings.state_folder())) as store:
        assert settings.api_url.startswith("http://127.0.0.1:")
        store.create(RunRecord("tea", settings.api_url, 0.0, 0.0, stage=stage))

    assert call.resume_command is None
    with open_store(call) as store:
        assert [record.run_id for record in store.all()] == kept
