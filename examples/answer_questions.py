"""A policy of your own: some questions you know the answer to, some a person answers, the rest the agents propose.

    python examples/answer_questions.py brief.md

A policy is a function from questions to answers. It is called again if the process dies before the answers have
arrived, and nothing is spent while a question is open.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from specstep_flows import Clarification, ProposedDefaults, SpecStep
from specstep_flows.answers import FirstOf

#: By a word of the question; the answers that are always the same in this house.
KNOWN = {"api": "Yes: REST with OpenAPI.", "database": "PostgreSQL 16.", "language": "English first."}


def known(questions: Sequence[Clarification]) -> dict[str, str]:
    """What is left out is left to the next policy."""
    return {
        question.question: answer
        for question in questions
        for word, answer in KNOWN.items()
        if word in question.question.casefold()
    }


def asked(questions: Sequence[Clarification]) -> dict[str, str]:
    """A person, where there is one; an empty line leaves it open."""
    if not sys.stdin.isatty():
        return {}
    answers = {
        question.question: input(f"{question.question}\n[{question.proposed_default}] ") for question in questions
    }
    return {question: answer for question, answer in answers.items() if answer}


def main(brief: Path) -> None:
    policy = FirstOf(known, asked, ProposedDefaults())
    with SpecStep() as specstep:
        result = specstep.run(brief, run_id=brief.stem, profile="Fast", on_question=policy, output=f"{brief.stem}.zip")
    for answer in result.answers:
        print(f"{answer.question}\n  {answer.answer} ({answer.rule})")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
