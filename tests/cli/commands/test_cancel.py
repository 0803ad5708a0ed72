"""``specstep cancel``: stopping for good."""

from __future__ import annotations

import contextlib
import json
import os
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from specstep_flows._text import money
from specstep_flows.runs.store import RunStore
from specstep_flows.sandbox import Failure, Fault, Pause, SandboxOptions
from tests.kit.api import COST, op
from tests.kit.pseudo_terminal import at_terminal, enter, fast_sandbox, finish
from tests.kit.screens import Screen, watch

CANCEL = op("cancel_generation")
QUESTION = re.compile(
    r"Cancel run tea \(A shop for tea\.?\)\? \$(\d\.\d\d) is already spent and stays spent; no package will be made\. "
    r"\[y/N\] "
)


def test_cancel_is_the_users_own_word(specstep: Any, sandbox: Any, elsewhere: str) -> None:
    """`cancel` stops it with the reason; whoever goes on with it, or cancels again, gets 1."""
    specstep("adopt", elsewhere, "--run-id", "mine")

    cancelled = specstep("cancel", "mine", "--reason", "Wrong brief.", "--json", "--yes")
    status = specstep("show", "mine", "--json").document["status"]
    resumed = specstep("resume", "mine")
    downloaded = specstep("download", "mine")
    again = specstep("cancel", "mine")

    assert cancelled.document["generation"]["state"] == "Cancelled"
    assert status == "cancelled"
    assert (resumed.code, downloaded.code) == (1, 1)
    assert again.code == 1
    (request,) = sandbox.requests.matching(op("cancel_generation"))[:1]
    assert json.loads(request.body) == {"reason": "Wrong brief."}


def test_cancelling_waits_for_no_hold_and_what_waits_says_so(specstep: Any, sandbox: Any, elsewhere: str) -> None:
    """A reading earned the hold. The next reading keeps to it, with a word on stderr."""
    sandbox.faults.add(Fault(op("get_generation"), "status", status=429, retry_after="Fri, 31 Dec 9999 23:59:59 GMT"))
    refused = specstep("generation", "show", elsewhere)
    began = sandbox.clock.now()
    cancelled = specstep("cancel", elsewhere, "--json", "--yes")
    took = sandbox.clock.now() - began
    shown = specstep("generation", "show", elsewhere)

    assert refused.code == 7
    assert (cancelled.document["generation"]["state"], took) == ("Cancelled", 0.0)
    assert shown.code == 0
    assert "The service's rate limit is used up. Next try in 1h." in shown.err
    assert sandbox.clock.now() - began <= 3600.0


def test_what_is_looked_for_before_it_is_cancelled_waits_for_no_hold_either(specstep: Any, sandbox: Any) -> None:
    """The kickoff's answer was lost, and so was what was read to settle it: the run costs, and has no id here."""
    never = "Fri, 31 Dec 9999 23:59:59 GMT"
    sandbox.faults.add(Fault(op("start_generation"), "reset", commit=True))
    sandbox.faults.add(Fault(op("list_generations"), "status", status=429, nth=3, retry_after=never))
    left = specstep("run", "A shop.", "--yes", "--profile", "Fast", "--run-id", "tea")
    began = sandbox.clock.now()
    cancelled = specstep("cancel", "tea", "--yes")

    assert left.code == 7
    assert cancelled.code == 0
    assert sandbox.clock.now() == began
    (generation,) = sandbox.state.generations.values()
    assert generation.state == "Cancelled"


@pytest.fixture
def paid(specstep: Any, sandbox: Any, one_question: SandboxOptions) -> str:
    """A run that has cost something and waits for an answer."""
    assert specstep("run", "A shop for tea.", "--yes", "--profile", "Fast", "--run-id", "tea").code == 5
    return "tea"


def test_a_person_is_asked_with_the_runs_name_and_what_is_spent(specstep: Any, sandbox: Any, paid: str) -> None:
    """What was paid for is not thrown away on anything but a yes."""
    for typed in ("n\n", "\n", "", "tea\n", "yess\n"):
        result = specstep("cancel", paid, typed=typed)

        (spent,) = QUESTION.findall(result.err)
        assert float(spent) > 0
        assert (result.code, result.out) == (2, "")
        assert "Declined, so nothing was changed." in result.err
    assert sandbox.requests.count(CANCEL) == 0


def test_a_yes_cancels(specstep: Any, sandbox: Any, paid: str) -> None:
    """The run's own id is the result, and what it has cost is said once more."""
    result = specstep("cancel", paid, typed="y\n")

    assert (result.code, result.out) == (0, "tea\n")
    assert re.search(r"Run tea is cancelled\. \$0\.\d\d was spent; no package will be made\.", result.err)
    assert sandbox.requests.count(CANCEL) == 1
    assert specstep("show", paid, "--json").document["status"] == "cancelled"


def test_off_a_terminal_it_needs_yes(specstep: Any, sandbox: Any, paid: str) -> None:
    """Refused before any request, in words or as a document."""
    before = len(sandbox.requests)
    told = specstep("cancel", paid)
    document = specstep("generation", "cancel", paid, "--json").document

    assert (told.code, told.out) == (2, "")
    assert "Cancel run tea (A shop for tea" in told.err
    assert "add --yes. Nothing was changed." in told.err
    assert (document["code"], document["exit_code"], document["run_id"]) == ("usage", 2, "tea")
    assert len(sandbox.requests) == before
    assert specstep("cancel", paid, "--yes").code == 0


@pytest.mark.parametrize(
    "verb", [("cancel",), ("generation", "cancel"), ("generation", "pause"), ("forget", "--force")]
)
@pytest.mark.parametrize("typed", [None, "y\n"])
def test_a_beginning_is_not_enough(
    specstep: Any, sandbox: Any, paid: str, verb: tuple[str, ...], typed: str | None
) -> None:
    """Prefixes are for looking. What was meant is named, and typed again in full."""
    before = len(sandbox.requests)
    agreed = [] if "pause" in verb else ["--yes"]
    result = specstep(*verb, "te", *agreed, typed=typed)

    assert result.code == 2
    assert "There is no run called te. Give the whole id here, not only how it begins: tea." in result.err
    assert len(sandbox.requests) == before
    assert specstep("show", "te").code == 0


def test_by_the_id_of_its_generation(specstep: Any, sandbox: Any, paid: str) -> None:
    """Whoever names the generation is answered with the generation."""
    identifier = specstep("show", paid, "--json").document["generation_id"]

    asked = specstep("cancel", identifier, typed="n\n")
    done = specstep("cancel", identifier, "--yes")

    assert f"Cancel generation {identifier} (A shop for tea" in " ".join(asked.err.split())
    assert done.out == f"{identifier}\n"


class TestStates:
    """A run in each state: there is something to cancel, or it is said plainly that there is not."""

    @pytest.fixture
    def run(self, specstep: Any) -> Any:
        """Begins run tea with these options."""

        def begin(*more: str) -> None:
            specstep("run", "A shop for tea.", "--yes", "--profile", "Fast", "--run-id", "tea", *more)

        return begin

    def test_done(self, specstep: Any, sandbox: Any, run: Any) -> None:
        """The record alone says it, so nothing is asked of anybody."""
        run()
        before = len(sandbox.requests)
        for how in ({}, {"typed": "y\n"}):
            result = specstep("cancel", "tea", **how)

            assert (result.code, result.out) == (1, "")
            assert result.err == "Run tea is already complete; there is nothing to cancel. $1.10 was spent.\n"
        document = specstep("cancel", "tea", "--json").document
        assert (document["code"], document["run_id"], document["resume_command"]) == ("conflict", "tea", None)
        assert len(sandbox.requests) == before

    def test_completed_meanwhile(self, specstep: Any, sandbox: Any, run: Any) -> None:
        """The record does not know it yet; the package is still to be downloaded."""
        run("--timeout", "30")
        sandbox.clock.advance(600)
        result = specstep("cancel", "tea", "--yes")

        assert result.code == 1
        assert "Run tea is already complete; there is nothing to cancel. $1.10 was spent." in result.err
        assert "specstep resume tea" in result.err
        assert sandbox.requests.count(CANCEL) == 0

    def test_completed_while_the_question_was_read(self, specstep: Any, sandbox: Any, run: Any) -> None:
        """The service's refusal is told in the same words."""
        run("--timeout", "30")
        sandbox.faults.add(Fault(CANCEL, "status", status=409, problem_type="GENERATION_ALREADY_TERMINAL"))
        sandbox.faults.add(Fault(op("get_generation"), "edit", nth=2, set={"state": "Complete", "progress": 100}))
        result = specstep("cancel", "tea", "--yes")

        assert result.code == 1
        assert "Run tea is already complete; there is nothing to cancel." in result.err
        assert "409" not in result.err

    def test_retried_while_the_question_was_read(
        self, specstep: Any, sandbox: Any, run: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The failed one cannot be cancelled any more, and it is not said that nothing goes on."""
        run("--timeout", "30")
        other = UUID(int=9)

        def agree(call: Any, what: str, *_: object) -> None:
            with contextlib.closing(RunStore(Path(os.environ["SPECSTEP_STATE"]))) as store:
                store.update("tea", {"generation_id": other})

        monkeypatch.setattr("specstep_flows.cli.cancelling.agree_to_lose", agree)
        result = specstep("cancel", "tea", typed="y\n")

        assert result.code == 1
        assert f"Run tea continued with generation {other} in the meantime, so nothing was cancelled" in result.err
        assert sandbox.requests.count(CANCEL) == 0

    def test_failed(self, specstep: Any, sandbox: Any, options: SandboxOptions, run: Any) -> None:
        """What has failed costs no more."""
        options.failures = (Failure(),)
        run()
        result = specstep("cancel", "tea", typed="y\n")

        assert result.code == 1
        assert "Run tea has already failed; there is nothing to cancel. $" in result.err
        assert "resume" not in result.err

    def test_cancelled_twice(self, specstep: Any, sandbox: Any, paid: str) -> None:
        """The second time there is nothing to do."""
        specstep("cancel", paid, "--yes")
        again = specstep("cancel", paid, "--yes")

        assert again.code == 1
        assert "Run tea is already cancelled; there is nothing to cancel. $0." in again.err
        for verb in (["cancel"], ["generation", "pause"], ["answer", "--defaults"]):
            assert "specstep resume" not in specstep(*verb, "tea").err

    def test_paused(self, specstep: Any, sandbox: Any, options: SandboxOptions, run: Any) -> None:
        """What somebody paused can be cancelled."""
        options.pauses = (Pause(),)
        run("--no-wait")
        result = specstep("cancel", "tea", typed="y\n")

        assert result.code == 0
        assert "Cancel run tea" in result.err

    def test_not_begun(self, specstep: Any, sandbox: Any, run: Any) -> None:
        """Before its generation there is nothing to cancel, and nothing was charged: it is not asked for either."""
        sandbox.faults.add(Fault(op("submit_turn"), "status", status=400, times=None))
        run()
        for how in ({"typed": ""}, {}):
            result = specstep("cancel", "tea", *([] if how else ["--yes"]), **how)

            assert result.code == 1
            assert "Run tea has no generation yet, so there is nothing to cancel and nothing was charged." in result.err
            assert "[y/N]" not in result.err

    def test_while_another_process_may_be_about_to_pay(self, specstep: Any, sandbox: Any, run: Any) -> None:
        """Then it is not said that there is nothing to cancel."""
        sandbox.faults.add(Fault(op("submit_turn"), "status", status=400, times=None))
        run()
        store = RunStore(Path(os.environ["SPECSTEP_STATE"]))
        let_go = store.hold("tea")
        try:
            result = specstep("cancel", "tea", "--yes", "--json")
        finally:
            let_go()
            store.close()

        assert (result.code, result.document["code"]) == (3, "run_busy")

    @pytest.mark.parametrize("kind", ["status", "reset", "malformed"])
    def test_what_cannot_be_read_keeps_nobody_from_cancelling(
        self, specstep: Any, sandbox: Any, paid: str, kind: Any
    ) -> None:
        """The name and the cost are then those of the record."""
        sandbox.faults.add(Fault(op("get_generation"), kind, times=4))
        result = specstep("cancel", paid, typed="y\n")

        assert "is already spent and stays spent" in " ".join(result.err.split())
        assert sandbox.requests.count(CANCEL) >= 1
        (generation,) = sandbox.state.generations.values()
        assert generation.state == "Cancelled"

    def test_what_could_not_be_cancelled_is_said_to_go_on(self, specstep: Any, sandbox: Any, paid: str) -> None:
        """A failure of the service says nothing of the money by itself."""
        sandbox.faults.add(Fault(CANCEL, "status", status=503, times=None))
        result = specstep("cancel", paid, "--yes")

        (generation,) = sandbox.state.generations.values()
        assert result.code == 7
        assert f"Generation {generation.id} is still {generation.state}." in result.err
        assert f"Run {paid} may still be running and billing: cancel it again." in result.err

    def test_a_cost_that_is_not_known_is_not_made_up(self, specstep: Any, sandbox: Any, elsewhere: str) -> None:
        """No amount in the question."""
        sandbox.faults.add(Fault(op("get_generation"), "missing", fields=(COST,), times=None))
        result = specstep("cancel", elsewhere, typed="n\n")

        assert "? What is already spent stays spent; no package will be made. [y/N]" in " ".join(result.err.split())
        assert "$" not in result.err

    @pytest.mark.parametrize("answers", ["parent", "child"])
    def test_a_fan_out_is_cancelled_as_a_whole(
        self, specstep: Any, sandbox: Any, options: SandboxOptions, one_question: SandboxOptions, answers: Any
    ) -> None:
        """Whatever the kickoff answered with, none of its generations goes on costing."""
        options.researcher_answer = answers
        left = specstep("run", "A shop for tea.", "--yes", "--profile", "Researcher", "--run-id", "tea")
        result = specstep("cancel", "tea", "--yes")

        assert (left.code, result.code) == (5, 0)
        assert {generation.state for generation in sandbox.state.generations.values()} == {"Cancelled"}

    def test_what_a_fan_out_has_cost_is_one_figure(
        self, specstep: Any, sandbox: Any, options: SandboxOptions, tmp_path: Path
    ) -> None:
        """Whoever left it early, and cancels later: as it is told, shown, listed, reported and receipted."""
        options.profile_seconds = dict.fromkeys(options.profile_seconds, 6000)
        left = specstep("run", "A shop.", "--yes", "--profile", "Researcher", "--run-id", "tea", "--timeout", "30")
        sandbox.clock.advance(600)
        cancelled = specstep("cancel", "tea", "--yes")
        shown = specstep("show", "tea", "--json").document
        specstep("report", "tea", "-o", tmp_path / "tea.html")
        receipt = json.loads((tmp_path / "tea-receipt.json").read_text("utf-8"))

        assert (left.code, cancelled.code) == (3, 0)
        told = re.search(r"\$[0-9.]+(?= was spent)", cancelled.err)
        assert told is not None
        assert money(shown["total_cost_usd"]) == money(receipt["cost"]["total_usd"]) == told[0]
        assert f"  {told[0]}  " in specstep("runs").out
        assert "$-" not in (tmp_path / "tea.html").read_text("utf-8")

    @pytest.mark.parametrize("nth", [1, 2, 3])
    def test_one_of_a_fan_out_that_cannot_be_cancelled(
        self, specstep: Any, sandbox: Any, options: SandboxOptions, one_question: SandboxOptions, nth: int
    ) -> None:
        """The others are cancelled all the same, it is named as running, and a second try finds what goes on."""
        options.researcher_answer = "child"
        specstep("run", "A shop for tea.", "--yes", "--profile", "Researcher", "--run-id", "tea")
        sandbox.faults.add(Fault(CANCEL, "status", nth=nth, status=403))
        first = specstep("cancel", "tea", "--yes")
        (left,) = [run for run in sandbox.state.generations.values() if run.state != "Cancelled"]
        second = specstep("cancel", "tea", "--yes")
        third = specstep("cancel", "tea", "--yes")

        assert first.code not in (0, 1)
        assert f"Of run tea, generation {left.id} may still be running and billing: cancel it again." in first.err
        assert (second.code, left.state) == (0, "Cancelled")
        assert third.code == 1
        assert "Run tea is already cancelled; there is nothing to cancel." in third.err

    def test_a_fan_out_whose_others_were_never_seen_here(
        self, specstep: Any, sandbox: Any, options: SandboxOptions
    ) -> None:
        """The process ended with its kickoff: the list knows the others."""
        options.researcher_answer = "child"
        sandbox.faults.add(Fault(op("list_generations"), "status", nth=3, status=403))
        left = specstep("run", "A shop for tea.", "--yes", "--profile", "Researcher", "--run-id", "tea")
        assert len(specstep("show", "tea", "--json").document["generation_ids"]) == 1
        sandbox.faults.clear()
        result = specstep("cancel", "tea", "--yes")

        assert (left.code == 0, result.code) == (False, 0)
        assert [run.state for run in sandbox.state.generations.values()] == ["Cancelled"] * 3


def test_the_api_s_own_name_asks_the_same(specstep: Any, sandbox: Any, paid: str) -> None:
    """With the run's name and cost, found by the generation."""
    identifier = specstep("show", paid, "--json").document["generation_id"]
    declined = specstep("api", "cancel_generation", f"id={identifier}", typed="n\n")
    agreed = specstep("api", "cancel_generation", f"id={identifier}", "--yes")

    assert f"Cancel generation {identifier} (A shop for tea" in " ".join(declined.err.split())
    assert "is already spent" in " ".join(declined.err.split())
    assert (declined.code, agreed.code, sandbox.requests.count(CANCEL)) == (2, 0, 1)


@pytest.mark.slow
@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_at_a_real_terminal(tmp_path: Path, width: int) -> None:
    """The question fits every width, is broken between words, and a plain Enter keeps the run."""
    with fast_sandbox() as sandbox, at_terminal(sandbox, tmp_path) as start:
        child = start("run", "# A shop for tea", "--yes", "--run-id", "tea", "--on-question", "detach")
        assert finish(child) == 5
        for key, code, state in (("", 2, "PausedAwaitingClarification"), ("y", 0, "Cancelled")):
            child = start("cancel", "tea", width=width)
            screen = Screen(width)
            watch(child, screen, lambda rows: any("[y/N]" in row for row in rows))
            assert QUESTION.fullmatch(" ".join(" ".join(screen.rows).split()) + " "), screen.text
            assert not any(row.endswith(("[y/", "[y", "[")) for row in screen.rows)
            enter(child, key)
            assert finish(child) == code
            (generation,) = sandbox.state.generations.values()
            assert generation.state == state
