"""One call of a verb: the line that resumes, and a client's key, and a sandbox of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from specstep_flows import errors
from specstep_flows.cli.session import Call, embedded_sandbox, open_client


def test_the_line_that_resumes_repeats_what_was_given_by_flag() -> None:
    """Copied into another shell, it finds the same service and the same store."""
    call = Call(api_url="http://127.0.0.1:9", store=Path("/a folder"), run_id="tea")

    assert call.resume_command == "specstep resume tea --api-url http://127.0.0.1:9 --store '/a folder'"
    assert Call().resume_command is None


def test_a_client_needs_a_key_before_anything_is_sent(home: Path) -> None:
    """The sentence names the setting."""
    with pytest.raises(errors.SettingsError, match="SPECSTEP_API_KEY"), open_client(Call()):
        pass


def test_an_embedded_sandbox_leaves_nothing_behind(home: Path) -> None:
    """Its runs end with the process, so none is offered to be resumed."""
    call = Call(run_id="tea")
    with embedded_sandbox(call) as settings:
        folder = settings.state_folder()
        assert settings.api_url.startswith("http://127.0.0.1:")

    assert not folder.exists()
    assert call.resume_command is None
