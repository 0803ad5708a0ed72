"""``specstep answer``: questions answered from another process."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from specstep_flows.cli.terminal import Terminal
from specstep_flows.sandbox import Fault
from tests.kit.api import op

QUESTION = "REST endpoints, or forms?"
FAST = ("--yes", "--profile", "Fast")
ANSWERS = op("answer_clarifications")


@pytest.mark.usefixtures("one_question")
class TestAnswer:
    """A run that waits for an answer."""

    @pytest.fixture
    def asked(self, specstep: Any, sandbox: Any) -> str:
        """The id of a run that left its question open."""
        assert specstep("run", "A shop.", *FAST, "--run-id", "tea").code == 5
        return "tea"

    def test_the_questions_are_shown(self, specstep: Any, asked: str) -> None:
        """--list shows agent, section, question, why and proposal, and sends nothing."""
        result = specstep("answer", asked, "--list")

        assert result.code == 5
        for words in ("Architect", "docs/02", QUESTION, "Both are named.", "Proposed: Forms."):
            assert words in result.out

    @pytest.mark.parametrize("way", ["flag", "file", "defaults", "typed", "enter"])
    def test_ways_to_answer(self, specstep: Any, sandbox: Any, home: Path, asked: str, way: str) -> None:
        """By flag, by file, by the proposals and by hand; then the run goes on to its package."""
        (home / "answers.json").write_text(json.dumps({"answers": {QUESTION: "REST."}}))
        given: dict[str, dict[str, Any]] = {
            "flag": {"arguments": ["--answer", "REST."]},
            "file": {"arguments": ["--answers", "answers.json"]},
            "defaults": {"arguments": ["--defaults"]},
            "typed": {"arguments": [], "typed": "\x20\x20REST.\n"},
            "enter": {"arguments": [], "typed": "\n"},
        }
        arguments = given[way].pop("arguments")

        answered = specstep("answer", asked, *arguments, "--json", **given[way])
        resumed = specstep("resume", asked, "--json")

        expected = "Forms." if way in ("defaults", "enter") else "REST."
        assert answered.document["answers"][0]["answer"] == expected
        assert resumed.document["answers"][0]["answer"] == expected
        if way not in ("typed", "enter"):
            assert re.search(rf"^Answered \(.*\): {expected}$", answered.err, re.MULTILINE)
        rule = {"flag": "flag", "file": "answers.json", "defaults": "proposed default", "typed": "person"}.get(
            way, "person"
        )
        assert rule in specstep("show", asked).out
        assert sandbox.requests.count(ANSWERS) == 1

    def test_a_run_that_was_answered_is_not_said_to_wait(self, specstep: Any, sandbox: Any, asked: str) -> None:
        """From the answer on money is spent again: no list has it among the questions, no sentence says it is free."""
        before = specstep("show", asked).out
        # Somebody who only watches learns of the question, too.
        watched = specstep("watch", asked)
        specstep("answer", asked, "-a", "REST.")

        asking = specstep("runs", "--status", "question")
        shown = specstep("show", asked)
        left = specstep("resume", asked, "--timeout", "20")
        later = specstep("show", asked)
        assert "It costs nothing while it waits" in before
        assert watched.code == 5
        assert "No matching runs" in asking.err
        assert specstep("runs", "--status", "generating").out.count(asked) == 1
        assert left.code == 3
        for text in (shown.out, later.out):
            assert re.search("^status: +generating$", text, re.MULTILINE)
            assert "costs nothing" not in text

    def test_who_leaves_a_question_is_told_that_it_waits(
        self, specstep: Any, sandbox: Any, asked: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nothing runs on, and the next step is the same command."""
        monkeypatch.setattr(Terminal, "ask", lambda *given, **more: signal.raise_signal(signal.SIGINT))
        left = specstep("answer", asked, typed="")

        assert left.code == 3
        assert "Detached. The generation is paused, and nothing is being spent while it waits.\n" in left.err
        assert left.err.endswith("To continue: specstep answer tea\n")
        assert sandbox.requests.count(ANSWERS) == 0

    def test_nobody_answers(self, specstep: Any, sandbox: Any, asked: str) -> None:
        """Without an answer, off a terminal or at the end of input, none is sent: 5."""
        for how in ({}, {"typed": ""}):
            assert specstep("answer", asked, **how).code == 5
        assert sandbox.requests.count(ANSWERS) == 0

    def test_more_answers_than_questions(self, specstep: Any, sandbox: Any, asked: str) -> None:
        """Two answers to one question are refused."""
        result = specstep("answer", asked, "-a", "one", "-a", "two")

        assert result.code == 2
        assert sandbox.requests.count(ANSWERS) == 0

    def test_an_answer_that_is_lost_is_settled_by_the_same_call(self, specstep: Any, sandbox: Any, asked: str) -> None:
        """When the answer's own answer is lost, the generation's state tells that it arrived; nothing is sent twice."""
        sandbox.faults.add(Fault(ANSWERS, "reset", commit=True))

        lost = specstep("answer", asked, "-a", "REST.")
        resumed = specstep("resume", asked, "--json")

        assert lost.code == 0
        assert "Answered (flag): REST." in lost.err
        assert "Answer sent; the generation will resume shortly." in lost.err
        assert resumed.document["answers"][0]["rule"] == "flag"
        assert sandbox.requests.count(ANSWERS) == 1

    def test_nothing_to_answer(self, specstep: Any, sandbox: Any, asked: str) -> None:
        """A generation that waits for nothing is told as that."""
        specstep("answer", asked, "-a", "REST.")
        specstep("resume", asked)

        result = specstep("answer", asked, "-a", "REST.")
        document = specstep("answer", asked, "-a", "REST.", "--json").document

        assert (result.code, result.out) == (1, "")
        assert "No question is waiting for an answer, so nothing was sent." in result.err
        assert "specstep resume" not in result.err
        assert (document["code"], document["exit_code"]) == ("no_question", 1)

    def test_there_is_nothing_to_download_yet(self, specstep: Any, sandbox: Any, asked: str) -> None:
        """`download` ends with 5 as well, and shows the question to programs."""
        result = specstep("download", asked, "--json")

        assert result.code == 5
        assert result.document["questions"][0]["question"] == QUESTION

    def test_watching_does_not_answer(self, specstep: Any, sandbox: Any, asked: str) -> None:
        """`watch` ends with 5 where an answer is due, and names the line that gives it."""
        result = specstep("watch", asked)

        assert result.code == 5
        assert "specstep answer tea" in result.err


@pytest.mark.usefixtures("one_question")
def test_a_question_cannot_steer_what_a_pipe_ends_in(specstep: Any, sandbox: Any) -> None:
    """The log of a CI run is shown on a terminal, too; a program that wants the very text asks for --json."""
    specstep("run", "A shop.", *FAST, "--run-id", "tea")
    hostile = "\x1b]0;own\x07Why\u202e\x1b[2J"
    sandbox.faults.add(Fault(op("get_clarifications"), "edit", times=None, set={"clarifications.*.why": hostile}))

    shown = specstep("answer", "tea", "--list")

    assert "Why: Why\n" in shown.out
    assert not {"\x1b", "\x07", "\u202e"} & set(shown.out)
    assert specstep("answer", "tea", "--list", "--json").document["questions"][0]["why"] == hostile
