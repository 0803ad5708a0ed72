"""Who answers the questions of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.kit.api import op

QUESTION = "REST endpoints, or forms?"
FAST = ("--yes", "--profile", "Fast")


@pytest.mark.usefixtures("one_question")
class TestQuestions:
    """A generation that asks."""

    def test_nobody_there_detaches(self, specstep: Any, sandbox: Any) -> None:
        """Off a terminal a question detaches with 5, shows the questions, and says how to answer and go on."""
        result = specstep("run", "A shop.", *FAST, "--run-id", "tea", "--json")

        assert result.code == 5
        document = result.document
        assert document["code"] == "answers_needed"
        assert document["questions"][0]["agent"] == "Architect"
        assert document["resume_command"] == "specstep resume tea"
        assert "specstep answer tea" in result.err

    @pytest.mark.parametrize("mode", ["detach", "fail"])
    def test_asked_to_leave_it(self, specstep: Any, sandbox: Any, mode: str) -> None:
        """Both leave the question open and nothing cancelled, with 5."""
        result = specstep("run", "A shop.", *FAST, "--on-question", mode)

        assert result.code == 5
        assert sandbox.requests.count(op("cancel_generation")) == 0

    def test_defaults(self, specstep: Any, sandbox: Any) -> None:
        """The proposed default is sent, and the result says which rule it came by."""
        result = specstep("run", "A shop.", *FAST, "--on-question", "defaults", "--json")

        (answer,) = result.document["answers"]
        assert (answer["question"], answer["answer"], answer["rule"]) == (QUESTION, "Forms.", "proposed default")
        assert answer["generation_id"] == result.document["generation_id"]

    def test_a_file_first(self, specstep: Any, sandbox: Any, home: Path) -> None:
        """The file answers what it can; a rule of it that matched nothing is said."""
        (home / "answers.yaml").write_text(
            "rules:\n  - {pattern: REST, answer: REST please}\n  - {pattern: database, answer: SQLite}\n"
        )

        result = specstep("run", "A shop.", *FAST, "--answers", "answers.yaml", "--on-question", "fail", "--json")

        assert result.code == 0
        assert result.document["answers"][0]["answer"] == "REST please"
        assert "not used so far: the rule for pattern 'database'" in result.err

    def test_a_resumed_run_keeps_its_options(self, specstep: Any, sandbox: Any) -> None:
        """What the run was told about questions and paying holds when it is resumed."""
        stopped = specstep("run", "A shop.", *FAST, "--run-id", "tea", "--on-question", "defaults", "--timeout", "20")
        resumed = specstep("resume", "tea")

        assert stopped.code == 3
        assert resumed.code == 0
