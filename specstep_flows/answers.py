"""Who answers a generation's questions (walkthrough, step 5.6): policies, to be given as ``on_question``.

A policy is called with the pending questions and gives back its answers. All or nothing: the service wants every
pending question answered, so when a policy leaves one out, none is sent. ``AnswersFile`` is a policy from a file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

import attrs

from specstep_flows.answers_file import AnswersFile
from specstep_flows.errors import AnswersNeeded
from specstep_flows.models import Answer, Clarification

__all__ = ["FALLBACK", "AnswersFile", "Detach", "Fail", "FirstOf", "ProposedDefaults"]

#: What the official samples answer where the agent proposes nothing (language-samples).
FALLBACK: Final = "Use your best judgment for v1."

#: A policy that answers at once: by question text, as answers, or None to leave the questions for later.
SyncPolicy: TypeAlias = Callable[[Sequence[Clarification]], Mapping[str, str] | Sequence[Answer] | None]


@attrs.frozen
class ProposedDefaults:
    """Take what the agent itself proposes, else ``fallback``; without a fallback such a question has no answer."""

    fallback: str | None = FALLBACK

    def __call__(self, questions: Sequence[Clarification]) -> list[Answer]:
        """An answer to each question that has a proposal or a fallback."""
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
    """Answer nothing: the generation stays paused, which costs nothing, and is answered later, from any process."""

    def __call__(self, questions: Sequence[Clarification]) -> None:
        """No answers."""


@attrs.frozen
class Fail:
    """Take a question for a failure, where a script must not wait for a person. The generation stays paused."""

    def __call__(self, questions: Sequence[Clarification]) -> None:
        """Raise ``AnswersNeeded``."""
        asked = "; ".join(question.question for question in questions)
        raise AnswersNeeded(
            f"The generation asks ({asked}), and this run was told to fail when it does. It stays paused and costs "
            "nothing while it waits for an answer.",
            questions=questions,
        )


class FirstOf:
    """Have each question answered by the first policy that has an answer to it: a file, say, and then the defaults."""

    def __init__(self, *policies: SyncPolicy) -> None:
        self._policies = policies

    def __call__(self, questions: Sequence[Clarification]) -> list[Answer]:
        """What the policies answer between them. A later one is called only with what the earlier ones left."""
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
