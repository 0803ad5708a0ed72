"""Policies that answer a generation's questions (walkthrough, step 5.6), to be passed as ``on_question``.

A policy is called with the pending questions and returns answers. The service wants all pending questions answered at
once, so if a policy leaves one out, none is sent. ``AnswersFile`` is a policy from a file.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import attrs

from specstep_flows.answers_file import AnswersFile
from specstep_flows.errors import AnswersError, AnswersNeeded
from specstep_flows.models import Answer, Clarification

__all__ = ["FALLBACK", "AnswersFile", "Detach", "Fail", "FirstOf", "ProposedDefaults"]

#: What the official samples answer when the agent proposes nothing (language-samples).
FALLBACK: Final = "Use your best judgment for v1."


@attrs.frozen
class ProposedDefaults:
    """Answer with what the agent proposes, or else with ``fallback``; without a fallback, leave the question open."""

    fallback: str | None = FALLBACK

    def __call__(self, questions: Sequence[Clarification]) -> list[Answer]:
        """Answer each question that has a proposal or a fallback."""
        given = []
        for question in questions:
            proposed = (question.proposed_default or "").strip()
            if proposed:
                given.append(Answer(question.question, proposed, "proposed default"))
            elif self.fallback:
                given.append(Answer(question.question, self.fallback, "fallback: the agent proposed nothing"))
        return given


@attrs.frozen
class Detach:
    """Answer nothing: the generation stays paused, which costs nothing, and can be answered later from any process."""

    def __call__(self, questions: Sequence[Clarification]) -> None:
        """No answers."""


@attrs.frozen
class Fail:
    """Fail when a question is asked, for scripts that must not wait for a person. The generation stays paused."""

    def __call__(self, questions: Sequence[Clarification]) -> None:
        """Raise ``AnswersNeeded``."""
        asked = "; ".join(question.question for question in questions)
        raise AnswersNeeded(
            f"The generation has a question ({asked}), and this run was told to fail on questions. The generation "
            "stays paused and costs nothing until it is answered.",
            questions=questions,
        )


class FirstOf:
    """Answer each question with the first policy that has an answer, for example a file and then the defaults."""

    def __init__(self, *policies: Callable[[list[Clarification]], Mapping[str, str] | Sequence[Answer] | None]) -> None:
        for policy in policies:
            if not callable(policy) or isinstance(policy, type) or inspect.iscoroutinefunction(policy):
                raise AnswersError(
                    f"FirstOf takes policies (functions that are not async, ProposedDefaults(), …), not {policy!r}."
                )
        self._policies = policies

    def __call__(self, questions: Sequence[Clarification]) -> list[Answer]:
        """Collect the answers. Each policy is called only with the questions that are still open."""
        given: dict[str, Answer] = {}
        for policy in self._policies:
            left = [question for question in questions if question.question not in given]
            if left:
                given |= {answer.question: answer for answer in _as_answers(policy(left))}
        return list(given.values())


def _as_answers(given: Mapping[str, str] | Sequence[Answer] | None) -> Sequence[Answer]:
    if given is None:
        return ()
    if isinstance(given, Mapping):
        return [Answer(question, answer) for question, answer in given.items()]
    return given
