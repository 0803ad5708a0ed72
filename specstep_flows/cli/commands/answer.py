"""``specstep answer``: the questions of a paused generation, answered from any process."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Annotated

import typer

from specstep_flows._json import as_json
from specstep_flows.cli import exits
from specstep_flows.cli.arguments import id_as_named, locate
from specstep_flows.cli.drafts import Drafts
from specstep_flows.cli.failures import tell
from specstep_flows.cli.interrupts import Detach, Interrupts
from specstep_flows.cli.options import Answers, RunOrGeneration
from specstep_flows.cli.progress.state import answered_words
from specstep_flows.cli.questions import Person, in_order, load_answers, question_lines
from specstep_flows.cli.session import Call, open_client
from specstep_flows.cli.verbs import verb
from specstep_flows.states import is_fan_out, is_one_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from specstep_flows.client import SpecStep
    from specstep_flows.models import Clarification
    from specstep_flows.runs.records import RunRecord


@verb
def answer(
    call: Call,
    run: RunOrGeneration,
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--answer", "-a", metavar="TEXT", help="The answer to the next question; once for each, in order."
        ),
    ] = None,
    answers: Answers = None,
    defaults: Annotated[
        bool, typer.Option("--defaults", help="Take what the agents propose, where nothing else answers.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--list", help="Only show the questions.")] = False,
) -> int:
    """Answer a generation's questions.

    All of them, or none is sent. On a terminal you are asked each one; elsewhere the answers come from --answer,
    --answers or --defaults. The generation then resumes shortly, and `specstep resume` keeps watching.
    If no question is waiting, it exits with 1.
    """
    file = load_answers(answers)
    settings = call.settings()
    with Interrupts() as interrupts, open_client(call, interrupts.clock(settings.clock_speed), settings) as client:
        generation_id, record = locate(call, client, run)
        if dry_run:
            return _show(call, generation_id, _pending(client, generation_id, record))
        person = None
        if call.terminal.is_interactive:
            person = Person(call.terminal, interrupts, contextlib.nullcontext, Drafts(call, client))
        policy = in_order(given or [], file, defaults, person)
        try:
            if record is not None:
                accepted = client.answer(record.run_id, policy)
            else:
                accepted = client.answer_questions(generation_id, policy)
        except Detach:
            call.continued_by = "answer"
            raise
        waiting = [] if accepted else _pending(client, generation_id, record)
        for sentence in file.unused() if file is not None and accepted else ():
            call.terminal.tell(sentence)
    document = {"run_id": call.run_id, "generation_id": str(generation_id), "answers": as_json(accepted)}
    if accepted:
        call.finish(id_as_named(run, generation_id, record), {"code": "answered", **document})
        sent = f"{'Answer' if len(accepted) == 1 else 'Answers'} sent; the generation will resume shortly."
        for line in dict.fromkeys([*answered_words(accepted), sent]):
            call.terminal.say(call.terminal.line(line))
    elif waiting:
        call.finish(None, {"code": "answered", **document})
        call.terminal.say("These questions are already answered; the generation will resume shortly.")
    else:
        is_over = record is None or record.is_finished or is_one_of(record.generation_state, "failed", "cancelled")
        next_command = None if is_over else call.resume_command
        message = "No question is waiting for an answer, so nothing was sent."
        return tell(call, message, "no_question", exits.FAILED, next_command, document)
    if accepted and call.resume_command is not None:
        call.terminal.say(f"To keep watching: {call.resume_command}")
    return exits.DONE


def _pending(client: SpecStep, generation_id: UUID, record: RunRecord | None) -> list[Clarification]:
    """What is asked now, by each generation that the run's kickoff started."""
    asking = [generation_id]
    if record is not None and is_fan_out(record.options.profile):
        asking += [one for one in record.generation_ids if one not in asking]
    return [question for identifier in asking for question in client.get_questions(identifier)]


def _show(call: Call, generation_id: UUID, questions: Sequence[Clarification]) -> int:
    """The questions, and that they wait."""
    lines = [line for number, one in enumerate(questions, 1) for line in question_lines(one, number, len(questions))]
    call.finish(
        "\n".join(lines) if questions else None,
        {
            "code": "questions",
            "run_id": call.run_id,
            "generation_id": str(generation_id),
            "questions": as_json(questions),
        },
    )
    if not questions:
        call.terminal.say("No question is waiting for an answer.")
    return exits.QUESTION if questions else exits.DONE
