"""What every verb has in common."""

from __future__ import annotations

import pytest
import typer

from specstep_flows import errors
from specstep_flows.cli.interrupts import Detach
from specstep_flows.cli.session import Call
from specstep_flows.cli.verbs import common_options, guarded, verb


@verb
def example(call: Call, name: str) -> int | None:
    """Show a name."""
    raise errors.UsageError(f"No {name}.") if call.quiet else RuntimeError("sf_secret")


def test_a_verb_has_the_common_options_and_the_help_of_its_function() -> None:
    """Nobody states them a second time."""
    command = typer.main.get_command(example)

    assert command.help == "Show a name."
    assert {parameter.name for parameter in common_options()} <= {parameter.name for parameter in command.params}


def test_a_failure_is_an_exit_code_and_never_a_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of ours is told as it is; a bug by its name alone, since its text might hold anything."""
    monkeypatch.delenv("SPECSTEP_DEBUG", raising=False)
    command = typer.main.get_command(example)

    assert command.main(["x", "--quiet"], standalone_mode=False) == 2
    assert capsys.readouterr().err == "No x.\n"
    assert command.main(["x"], standalone_mode=False) == 1
    told = capsys.readouterr().err
    assert "RuntimeError" in told
    assert "sf_secret" not in told


def test_the_first_interrupt_detaches_and_another_is_130(capsys: pytest.CaptureFixture[str]) -> None:
    """With a run to resume the exit code is 3; without one there is nothing to detach from."""

    def detach() -> int:
        raise Detach

    def stop() -> int:
        raise KeyboardInterrupt

    assert guarded(Call(run_id="tea"), detach) == 3
    assert "To continue: specstep resume tea" in capsys.readouterr().err
    assert guarded(Call(), detach) == 130
    assert guarded(Call(run_id="tea"), stop) == 130
