"""Answering the questions that pause a generation (step 5.6): all or none, verbatim, and never the same ones twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import attrs

from specstep_flows import errors, events, gateway
from specstep_flows._json import storable
from specstep_flows._text import counted, duration
from specstep_flows.callbacks import Policy, PolicyAnswers
from specstep_flows.engine.effects import SOON, Ask, Now, Recall, Remember, Report, Sleep
from specstep_flows.models import Answer, Clarification
from specstep_flows.runs.records import TICK_SECONDS

if TYPE_CHECKING:
    from specstep_flows.runs.records import RunRecord

#: Give up after this many sendings in a row whose outcome is unknown; each is sent again after the settle time.
MOST_LOST: Final = 5
#: How often to look at a generation whose answers may or may not have arrived.
LOST_POLL_SECONDS: Final = 10.0


@attrs.define
class ClarificationAnswerer:
    """Answers one generation's questions. ``answering`` is what was sent last, as the run's record has it.

    After answers were accepted, the state stays paused until the service's next tick, so the same questions may still
    be there for a while. Answers whose outcome is unknown must not be sent again before the settle time is over. If the
    cost has grown since then, the same questions are a second round.
    """

    generation_id: UUID
    policy: Policy | None
    settle_seconds: float
    answering: Mapping[str, Any] | None = None
    #: The answers of this process that the service accepted.
    accepted: list[Answer] = attrs.field(factory=list, init=False)
    #: The questions changed before the answers arrived, so they must be read again.
    is_outdated: bool = attrs.field(default=False, init=False)
    _lost: int = attrs.field(default=0, init=False)
    _told: bool = attrs.field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        # The record keeps what was sent last to each of the run's generations.
        self.answering = (self.answering or {}).get(str(self.generation_id))

    @property
    def is_accepted(self) -> bool:
        """Whether the service accepted what was sent last, and has yet to continue."""
        return self.answering is not None and bool(self.answering["accepted"])

    async def answer(self, cost_usd: float | None = None) -> None:
        """Answer what is pending, if it was not answered before. ``cost_usd``: what the generation has cost by now.

        GET /v1/generations/{id}/clarifications, POST /v1/generations/{id}/clarifications/answers

        Raises:
            AnswersNeeded: the policy has no answer to at least one question; none was sent.
        """
        self.is_outdated = False
        now = await Now()
        if self.answering is not None and self.answering["sent_at"] > now:
            # The machine's clock was set back since: what is waited for begins again, and does not grow by as much.
            self.answering = {**self.answering, "sent_at": now}
        sent = self.answering
        if sent is not None and sent["accepted"] and now < sent["sent_at"] + TICK_SECONDS:
            return
        pending = await gateway.get_clarifications(self.generation_id)
        if not pending:
            # All answered: the service continues at its next tick.
            await self.note_resumed()
            return
        now = await Now()
        prior = self.answering
        if prior is not None and not {question.question for question in pending} <= set(prior["questions"]):
            prior = None
        if prior is not None and prior["accepted"]:
            # Long after the tick, and more has been spent since: the agents ask the same again.
            if now < prior["sent_at"] + self.settle_seconds:
                return
            if not _has_worked(prior.get("cost_usd"), cost_usd):
                await self._tell_once(now - prior["sent_at"])
                return
            prior = None
        if prior is not None:
            if now < prior["sent_at"] + self.settle_seconds:
                return
            answers = [Answer(**answer) for answer in prior["answers"]]
            wanted = {question.question for question in pending}
            answers = [answer for answer in answers if answer.question in wanted]
        else:
            await Report(events.QuestionsAsked(self.generation_id, tuple(pending)))
            answers = await self._ask(pending)
            now = await Now()
        await self._keep(answers, now, cost_usd, accepted=False)
        await self._send(answers, pending, cost_usd)

    async def _tell_once(self, seconds: float) -> None:
        if not self._told:
            self._told = True
            await Report(
                events.Notice(
                    f"The answers were accepted {duration(seconds)} ago, but the generation still waits. They "
                    "are not sent again; if this does not change, open the generation on the service's website."
                )
            )

    async def note_resumed(self) -> None:
        """Note that the generation no longer waits, so what was sent last has arrived."""
        if self.answering is not None:
            found = () if self.answering["accepted"] else self.answering["answers"]
            await self._remember(None, [Answer(**answer) for answer in found], latest=0.0 if found else SOON)

    async def _ask(self, pending: Sequence[Clarification]) -> list[Answer]:
        if self.policy is None:
            raise _needed(pending, pending)
        given: PolicyAnswers = await Ask(self.policy, (list(pending),))
        return checked_answers(pending, given)

    async def _send(self, answers: Sequence[Answer], pending: Sequence[Clarification], cost_usd: float | None) -> None:
        try:
            await gateway.answer_clarifications(self.generation_id, answers, pending)
        except (errors.BadRequest, errors.Conflict):
            # No longer paused, or the questions changed between reading and answering: the next look shows which.
            fresh = await gateway.get_clarifications(self.generation_id)
            await self._remember(None)
            if {question.question for question in fresh} == {question.question for question in pending}:
                raise
            self.is_outdated = bool(fresh)
        except errors.RequestError as error:
            self._lost += 1
            if not error.ambiguous:
                await self._remember(None)
            if not error.ambiguous or self._lost >= MOST_LOST:
                raise
            await Report(events.Notice(f"{error.message} Checking whether they arrived."))
        else:
            self._lost = 0
            now = await Now()
            await self._keep(answers, now, cost_usd, accepted=True)
            await Report(events.QuestionsAnswered(self.generation_id, tuple(answers)))

    async def _keep(self, answers: Sequence[Answer], now: float, cost_usd: float | None, *, accepted: bool) -> None:
        answering = {
            "questions": [answer.question for answer in answers],
            "answers": [attrs.asdict(answer) for answer in answers],
            "sent_at": now,
            "cost_usd": cost_usd,
            "accepted": accepted,
        }
        await self._remember(answering, answers if accepted else ())

    async def _remember(
        self, answering: Mapping[str, Any] | None, accepted: Sequence[Answer] = (), *, latest: float = 0.0
    ) -> None:
        """Record what was sent, and add what was accepted to the run's answers, to which others add as well."""
        self.answering = answering
        accepted = [attrs.evolve(answer, generation_id=self.generation_id) for answer in accepted]
        self.accepted += accepted
        record = await Recall()
        sent = dict(record.answering or {}) if record is not None else {}
        sent.pop(str(self.generation_id), None)
        if answering is not None:
            sent[str(self.generation_id)] = answering
        changes: dict[str, Any] = {"answering": sent or None}
        if accepted and record is not None:
            changes["answers"] = (*record.answers, *map(attrs.asdict, accepted))
            if not attrs.evolve(record, **changes).needs_answers:
                # What it stopped with, that somebody has to answer, is no longer true.
                changes["error"] = None
        await Remember(changes, latest)


def answers_in(record: RunRecord) -> tuple[Answer, ...]:
    """The answers that a run's record holds, in the order in which they were accepted."""
    return tuple(
        Answer(**{**answer, "generation_id": UUID(whose) if (whose := answer.get("generation_id")) else None})
        for answer in record.answers
    )


async def answer_pending(
    generation_id: UUID, policy: Policy, settle_seconds: float, answering: Mapping[str, Any] | None = None
) -> list[Answer]:
    """Answer a generation's pending questions, if there are any, and make sure that the answers arrive; those that did.

    Empty when nothing is pending, or when the service has the answers and has yet to continue.

    Raises:
        AnswersNeeded: a question has no answer; none was sent.
    """
    answerer = ClarificationAnswerer(generation_id, policy, settle_seconds, answering)
    while True:
        generation = await gateway.get_generation(generation_id)
        if generation.needs_answers:
            await answerer.answer(generation.running_cost_usd)
        else:
            await answerer.note_resumed()
        if answerer.is_outdated:
            continue
        if answerer.answering is None or answerer.answering["accepted"]:
            return answerer.accepted
        # They may have arrived: the state shows it, or they are sent again after the settle time.
        await Sleep(LOST_POLL_SECONDS)


def _has_worked(before_usd: float | None, now_usd: float | None) -> bool:
    """Whether the cost has grown in between; a generation that waits costs nothing."""
    return before_usd is not None and now_usd is not None and now_usd > before_usd


def _needed(missing: Sequence[Clarification], pending: Sequence[Clarification]) -> errors.AnswersNeeded:
    texts = "; ".join(f"{question.agent or 'an agent'} asks: {question.question}" for question in missing)
    needs = "needs" if len(missing) == 1 else "need"
    which = f"{counted(len(missing), 'question')} {needs} an answer"
    if len(missing) < len(pending):
        which = f"{len(missing)} of {len(pending)} questions {needs} an answer, so none was sent"
    return errors.AnswersNeeded(
        f"{which}; the generation is paused ({texts}). It costs nothing while it waits.",
        questions=pending,
    )


def checked_answers(pending: Sequence[Clarification], given: PolicyAnswers) -> list[Answer]:
    """One answer for each pending question, in their order and verbatim.

    Raises:
        AnswersNeeded: a question has no answer; all or nothing (walkthrough, step 5.6).
        AnswersError: the policy returned something other than answers.
    """
    if given is None:
        raise _needed(pending, pending)
    if isinstance(given, Mapping):
        by_text = {storable(question): Answer(storable(question), answer) for question, answer in given.items()}
    elif isinstance(given, Sequence) and all(isinstance(answer, Answer) for answer in given):
        by_text = {storable(answer.question): answer for answer in given}
    else:
        raise errors.AnswersError(
            f"The policy returned {type(given).__name__}, not answers: return a mapping of question to answer, or a "
            "list of Answer."
        )
    for answer in by_text.values():
        if not isinstance(answer.answer, str):
            raise errors.AnswersError(
                f"The answer to {answer.question!r} is {type(answer.answer).__name__}, not a string."
            )
    missing = [question for question in pending if not by_text.get(question.question, _NOTHING).answer.strip()]
    if missing:
        raise _needed(missing, pending)
    return [by_text[question.question] for question in pending]


_NOTHING = Answer("", "")


async def answer_questions(
    generation_id: UUID, answers: Mapping[str, str] | Sequence[Answer] | Policy, settle_seconds: float
) -> list[Answer]:
    """Answer every pending question by its text, or by a policy that is called with the questions; what was accepted.

    Raises:
        AnswersNeeded: a pending question has no answer; none was sent.
        UsageError: answers were given, and nothing is asked.
    """
    if callable(answers):
        return await answer_pending(generation_id, answers, settle_seconds)
    accepted = await answer_pending(generation_id, lambda _: answers, settle_seconds)
    if not accepted:
        raise errors.UsageError(f"Generation {generation_id} has no questions at the moment.")
    return accepted
