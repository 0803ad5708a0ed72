"""Policies: who answers a generation's questions."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from specstep_flows.answers import FALLBACK, AnswersFile, Detach, Fail, FirstOf, ProposedDefaults
from specstep_flows.errors import AnswersNeeded
from specstep_flows.models import Answer, Clarification

API = Clarification(
    "Should the API expose REST endpoints, or render server-side HTML forms?",
    agent="Architect",
    section="docs/02-architecture/03-api-design.md",
    why="Two documents contradict each other.",
    proposed_default="server-rendered HTML forms",
)
STACK = Clarification("Which database should hold the feedback?", agent="Recommender")


def test_proposed_defaults_are_taken_with_the_samples_fallback() -> None:
    """What the official samples do: the agent's proposal, else their sentence; a blank proposal is none."""
    blank = Clarification("And this?", proposed_default="  ")
    assert ProposedDefaults()([API, STACK, blank]) == [
        Answer(API.question, "server-rendered HTML forms", "proposed default"),
        Answer(STACK.question, FALLBACK, "fallback: the agent proposed nothing"),
        Answer("And this?", FALLBACK, "fallback: the agent proposed nothing"),
    ]
    assert [answer.question for answer in ProposedDefaults(fallback=None)([API, STACK])] == [API.question]


def test_detach_gives_no_answer_and_fail_says_what_was_asked() -> None:
    """Neither sends anything; the second one makes a script stop."""
    assert Detach()([API]) is None
    with pytest.raises(AnswersNeeded, match="Which database") as caught:
        Fail()([API, STACK])
    assert caught.value.questions == (API, STACK)


def test_the_first_policy_with_an_answer_gives_it() -> None:
    """A file, then a person's function, then the defaults; each sees only what is left."""
    seen: list[list[Clarification]] = []

    def person(questions: Sequence[Clarification]) -> dict[str, str]:
        seen.append(list(questions))
        return {STACK.question: "SQLite"}

    file = AnswersFile.parse("answers: {'Anything else?': 'No'}", "a.yaml")
    other = Clarification("Anything else?")
    policy = FirstOf(file, person, Detach(), ProposedDefaults())
    assert {answer.question: answer.answer for answer in policy([API, STACK, other])} == {
        other.question: "No",
        STACK.question: "SQLite",
        API.question: "server-rendered HTML forms",
    }
    assert seen == [[API, STACK]]
    assert FirstOf(file)([API]) == []
