"""The answers to the questions of a fleet's run, put together on a host that sends nothing itself."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, cast

from specstep_flows import errors
from specstep_flows._json import as_json
from specstep_flows._text import counted
from specstep_flows.cli import exits
from specstep_flows.cli.drafts import Drafts
from specstep_flows.cli.interrupts import Interrupts
from specstep_flows.cli.questions import Person, in_order, load_answers, question_lines
from specstep_flows.cli.session import Call

if TYPE_CHECKING:
    from collections.abc import Sequence

    from specstep_flows.answers_file import AnswersFile
    from specstep_flows.client import SpecStep
    from specstep_flows.fleet import FleetRun


def rules_for(call: Call, run: FleetRun, given: Sequence[str], path: Path | None, defaults: bool) -> AnswersFile | None:
    """The answers to all questions that wait, and after them the file's rules; None where there is nothing to answer.

    Raises:
        UsageError: there are more answers than questions.
        AnswersError: the file is none, or nothing answers anything.
        AnswersNeeded: the input ended.
    """
    from specstep_flows.answers import FirstOf
    from specstep_flows.answers_file import AnswersFile

    file = load_answers(path)
    if not run.questions:
        return file
    with Interrupts() as interrupts:
        person = None
        if call.terminal.is_interactive:
            # Drafts are kept with a run of this machine.
            drafts = Drafts(Call(), cast("SpecStep", None))
            person = Person(call.terminal, interrupts, contextlib.nullcontext, drafts)
        found = FirstOf(in_order(given, file, defaults, person))(list(run.questions))
    if not found and file is None:
        raise errors.AnswersError(
            f"Nothing answers the {counted(len(run.questions), 'question')} of run {run.run_id}, so nothing was "
            f"stored. The first is: {run.questions[0].question} Give --answer, --answers or --defaults."
        )
    data = file.as_data() if file is not None else {}
    exact = [{"question": one.question, "answer": one.answer, "source": one.rule} for one in found]
    rules = {**data, "rules": [*exact, *data.get("rules", ())]}
    return AnswersFile.from_data(json.dumps(rules), "answers")


def show_questions(call: Call, run: FleetRun) -> int:
    """The questions, and that they wait."""
    total = len(run.questions)
    lines = [line for number, one in enumerate(run.questions, 1) for line in question_lines(one, number, total)]
    document = {"code": "questions", "run_id": run.run_id, "questions": as_json(run.questions)}
    call.finish("\n".join(lines) or None, document)
    if not lines:
        call.terminal.say("No question is waiting for an answer.")
    return exits.QUESTION if lines else exits.DONE
