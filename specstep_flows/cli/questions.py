"""Who answers the agents' questions: a file, a person at the terminal, the proposed defaults, or nobody for now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from specstep_flows import errors
from specstep_flows._paths import home_path
from specstep_flows._text import counted
from specstep_flows.cli.options import OnQuestion
from specstep_flows.models import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from specstep_flows.answers_file import AnswersFile
    from specstep_flows.callbacks import Policy, SyncPolicy
    from specstep_flows.cli.drafts import Drafts
    from specstep_flows.cli.interrupts import Interrupts
    from specstep_flows.cli.terminal import Terminal
    from specstep_flows.models import Clarification


#: How the rule of an answer begins that a person gave at the terminal.
PERSON: Final = "person"


def chosen_mode(mode: OnQuestion | None, terminal: Terminal, *, is_sandbox: bool = False) -> OnQuestion:
    """The mode asked for; by default a person is asked if there is one; an unattended sandbox run takes defaults."""
    if mode is not None:
        return mode
    if terminal.is_interactive:
        return OnQuestion.ask
    return OnQuestion.defaults if is_sandbox else OnQuestion.detach


def load_answers(path: Path | None) -> AnswersFile | None:
    """The answers file, if one is named. Raises ``AnswersError`` with line and column."""
    if path is None:
        return None
    from specstep_flows.answers_file import AnswersFile

    return AnswersFile.load(home_path(path))


def make_policy(mode: OnQuestion, file: AnswersFile | None, person: Callable[[], Person]) -> Policy:
    """The policy for ``--answers`` and ``--on-question``: the file first, then what was chosen for the rest."""
    from specstep_flows import answers

    makers: dict[OnQuestion, Callable[[], SyncPolicy]] = {
        OnQuestion.ask: person,
        OnQuestion.defaults: answers.ProposedDefaults,
        OnQuestion.detach: answers.Detach,
        OnQuestion.fail: answers.Fail,
    }
    chosen = makers[mode]()
    return chosen if file is None else answers.FirstOf(file, chosen)


def in_order(given: Sequence[str], file: AnswersFile | None, defaults: bool, person: Person | None) -> SyncPolicy:
    """The flags first, in the order of the questions; then the file, then the proposals or a person."""
    from specstep_flows import answers

    def by_flag(questions: Sequence[Clarification]) -> list[Answer]:
        if len(given) > len(questions):
            raise errors.UsageError(
                f"{counted(len(given), 'answer')} for {counted(len(questions), 'question')}: one --answer for each, "
                "in order. None was sent."
            )
        return [Answer(one.question, text, "flag") for one, text in zip(questions, given, strict=False)]

    policies: list[SyncPolicy] = [by_flag]
    if file is not None:
        policies.append(file)
    if defaults:
        policies.append(answers.ProposedDefaults())
    elif person is not None:
        policies.append(person)
    return answers.FirstOf(*policies)


@attrs.frozen
class Person:
    """Asks at the terminal, while nothing else is drawn there."""

    terminal: Terminal
    interrupts: Interrupts
    paused: Callable[[], AbstractContextManager[Any]]
    drafts: Drafts

    def __call__(self, questions: Sequence[Clarification]) -> list[Answer]:
        """An answer to each. What was typed of them is kept until all are answered.

        Raises:
            AnswersNeeded: the input ended.
        """
        typed: dict[str, str] = {}
        answers = []
        with self.paused():
            try:
                for number, question in enumerate(questions, 1):
                    for line in question_lines(question, number, len(questions)):
                        self.terminal.tell(line)
                    self.terminal.tell("Ctrl-C leaves the question for later.")
                    typed[question.question] = self.drafts.get(question.question)
                    text = self._answer(question, typed[question.question])
                    if text is None:
                        self.terminal.tell("")
                        raise _left_for_later(questions)
                    typed[question.question] = "" if text[1] != PERSON else text[0]
                    answers.append(Answer(question.question, *text))
                typed = dict.fromkeys(typed, "")
            finally:
                unsent = self.terminal.take_draft()
                if unsent.strip() and typed:
                    typed[[*typed][-1]] = unsent
                kept = [self.drafts.keep(question, text) for question, text in typed.items()]
                if any(kept):
                    self.terminal.tell("Your unsent text is kept with the run.")
        return answers

    def _answer(self, question: Clarification, draft: str) -> tuple[str, str] | None:
        proposed = question.proposed_default
        prompt = "Answer (Enter accepts the proposal): " if proposed else "Answer: "
        while True:
            with self.interrupts.idle():
                text = self.terminal.ask(prompt, draft)
            if text is None:
                return None
            if text.strip():
                return text.strip(), PERSON
            if proposed:
                return proposed, f"{PERSON}: proposed default"
            self.terminal.tell("This question has no proposal, so it needs an answer.")


def _left_for_later(questions: Sequence[Clarification]) -> errors.AnswersNeeded:
    """The questions were on the screen a moment ago, and are not repeated."""
    needs = "needs" if len(questions) == 1 else "need"
    return errors.AnswersNeeded(
        f"{counted(len(questions), 'question')} {needs} an answer; the generation is paused. It costs nothing while it "
        "waits.",
        questions=questions,
    )


def question_lines(question: Clarification, number: int, total: int) -> Iterator[str]:
    """A question as a person should see it: who asks, about what, why, and what is proposed."""
    where = f" about {question.section}" if question.section else ""
    yield f"Question {number} of {total}, from {question.agent or 'an agent'}{where}:"
    yield f"  {question.question}"
    if question.why:
        yield f"  Why: {question.why}"
    if question.proposed_default:
        yield f"  Proposed: {question.proposed_default}"
