"""``specstep answer``: the questions of a paused generation, answered from any process."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Annotated, Any

import typer

from specstep_flows import errors
from specstep_flows.cli import exits
from specstep_flows.cli.options import Answers, RunOrGeneration
from specstep_flows.cli.verbs import Call, verb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from specstep_flows.cli.targets import Target
    from specstep_flows.client import SpecStep
    from specstep_flows.models import Answer, Clarification

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add this verb to the command."""
    verb(app)(answer)


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
    """Answer the questions of a generation.

    All of them, or none is sent. On a terminal each is asked; elsewhere the answers come from --answer, --answers or --defaults. The generation goes
    on at the service's next tick, and `specstep resume` goes on watching it.
    """
    from specstep_flows.cli.documents import plain
    from specstep_flows.cli.interrupts import Interrupts
    from specstep_flows.cli.opening import open_client
    from specstep_flows.cli.questions import load_answers, question_lines
    from specstep_flows.cli.targets import find_target

    file = load_answers(answers)
    settings = call.settings()
    with Interrupts() as interrupts, open_client(call, interrupts.clock(settings.clock_speed), settings) as client:
        target = find_target(client.store, run)
        call.run_id = target.record.run_id if target.record is not None else None
        if target.generation_id is None:
            raise errors.UsageError(f"Run {run} has no generation yet, so nothing is asked.")
        questions = client.get_questions(target.generation_id)
        document: dict[str, Any] = {"run_id": call.run_id, "generation_id": str(target.generation_id)}
        if dry_run or not questions:
            lines = [
                line for number, one in enumerate(questions, 1) for line in question_lines(one, number, len(questions))
            ]
            call.finish(
                "\n".join(lines) if questions else None,
                {"code": "questions", **document, "questions": plain(questions)},
            )
            if not questions:
                call.terminal.say("No question waits for an answer.")
            return exits.QUESTION if questions else exits.DONE
        if _is_answered(target, questions):
            call.finish(None, {"code": "answered", **document, "answers": []})
            call.terminal.say("These questions are answered; the service takes the answers up at its next tick.")
            return exits.DONE
        chosen = _choose(call, questions, given or [], file, defaults, interrupts)
        _send(client, target, chosen, interrupts.clock(settings.clock_speed).now())
        for sentence in file.unused() if file is not None else ():
            call.terminal.tell(sentence)
    call.finish(str(target.generation_id), {"code": "answered", **document, "answers": plain(chosen)})
    call.terminal.say(f"{len(chosen)} accepted; it goes on at the service's next tick.")
    if call.resume_command is not None:
        call.terminal.say(f"Go on watching with: {call.resume_command}")
    return exits.DONE


def _choose(
    call: Call, questions: Sequence[Clarification], given: Sequence[str], file: Any, defaults: bool, interrupts: Any
) -> list[Answer]:
    """An answer to every question. Raises ``AnswersNeeded`` when one has none."""
    from specstep_flows import models
    from specstep_flows.answers import FirstOf, ProposedDefaults, SyncPolicy
    from specstep_flows.cli.questions import Person
    from specstep_flows.flows.clarifications import checked_answers

    if len(given) > len(questions):
        raise errors.UsageError(
            f"{len(given)} answers for {len(questions)} question(s): one --answer for each, in order."
        )
    by_flag = [models.Answer(one.question, text, "flag") for one, text in zip(questions, given, strict=False)]
    policies: list[SyncPolicy] = [lambda _: by_flag]
    if file is not None:
        policies.append(file)
    if defaults:
        policies.append(ProposedDefaults())
    elif call.terminal.is_interactive:
        policies.append(Person(call.terminal, interrupts, contextlib.nullcontext))
    return checked_answers(questions, FirstOf(*policies)(questions))


def _send(client: SpecStep, target: Target, chosen: Sequence[Answer], now: float) -> None:
    """Send them; a managed run's record is told before and after, so that no later process answers the same again."""
    from specstep_flows.cli.documents import plain

    assert target.generation_id is not None
    record = target.record
    if record is None:
        client.answer_questions(target.generation_id, chosen)
        return
    try:
        let_go = client.store.hold(record.run_id)
    except errors.RunBusy:
        # Whoever drives it sees that it waits no longer.
        client.answer_questions(target.generation_id, chosen)
        return
    kept = plain(chosen)
    sent = {"questions": [one.question for one in chosen], "answers": kept, "sent_at": now, "accepted": False}
    try:
        client.store.update(record.run_id, {"answering": sent})
        try:
            client.answer_questions(target.generation_id, chosen)
        except errors.SpecStepError as error:
            if not (isinstance(error, errors.RequestError) and error.ambiguous):
                client.store.update(record.run_id, {"answering": record.answering})
            raise
        answers = (*client.store.get(record.run_id).answers, *kept)
        client.store.update(record.run_id, {"answering": {**sent, "accepted": True}, "answers": answers})
    finally:
        let_go()


def _is_answered(target: Target, questions: Sequence[Clarification]) -> bool:
    """Whether these were answered before, and the service has yet to take the answers up."""
    prior = target.record.answering if target.record is not None else None
    return (
        prior is not None and bool(prior["accepted"]) and {one.question for one in questions} <= set(prior["questions"])
    )
