"""What the sections of the page are made of, and the section with the questions and answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from specstep_flows._html import EMPTY, Html, element, joined

if TYPE_CHECKING:
    from collections.abc import Iterable

    from specstep_flows.models import Clarification
    from specstep_flows.report.collect import Collected

#: Text of at most so many letters counts as short.
STILL_LETTERS: Final = 24


def section(identifier: str, title: str, *children: Html | None) -> Html:
    """A section with its heading; nothing when it has nothing to say."""
    body = joined(child for child in children if child)
    if not body:
        return EMPTY
    return element(
        "section",
        element("h2", title, id=f"{identifier}-title"),
        body,
        id=identifier,
        aria_labelledby=f"{identifier}-title",
    )


def table(
    heads: Iterable[str],
    rows: Iterable[Iterable[Any]],
    caption: str,
    *,
    is_named: bool = False,
    class_: str | None = None,
) -> Html:
    """A table that scrolls sideways on a narrow screen. With ``is_named`` a heading above says already what it is."""
    head = element("tr", *(element("th", name, scope="col") for name in heads))
    body = [element("tr", *(element("td", cell) for cell in row)) for row in rows]
    if not body:
        return EMPTY
    hidden = "unseen" if is_named else None
    whole = element(
        "table",
        element("caption", caption, class_=hidden),
        element("thead", head),
        element("tbody", *body),
        class_=class_,
    )
    return element("div", whole, class_="scroll", tabindex="0", role="group", aria_label=caption)


def still(text: str) -> str:
    """Text that is not broken into two lines if it is short: an amount, a duration."""
    return text.replace(" ", "\u00a0") if len(text) <= STILL_LETTERS else text


def questions(collected: Collected) -> Html:
    """Each question with its answer, by which rule it was answered, and of a fan-out which generation asked.

    What still waits for an answer comes first.
    """
    answers = collected.record.answers
    profiles = profiles_of(collected) if collected.family else {}
    pairs = [
        element(
            "div",
            element("dt", question.question),
            element(
                "dd",
                element("p", "Not answered yet."),
                element("p", _asked(question, profiles.get(str(generation_id))), class_="note"),
            ),
        )
        for generation_id, waiting in collected.questions.items()
        for question in waiting
    ]
    pairs += [
        element(
            "div",
            element("dt", answer.get("question")),
            element(
                "dd",
                element("p", answer.get("answer")),
                element("p", _origin(answer, profiles.get(answer.get("generation_id") or "")), class_="note"),
            ),
        )
        for answer in answers
    ]
    return element("dl", *pairs, class_="answers") if pairs else EMPTY


def _asked(question: Clarification, profile: str | None) -> str:
    default = question.proposed_default
    known = (f"Asked by {' of '.join(filter(None, (question.agent, profile)))}" if question.agent or profile else None,)
    return " · ".join(filter(None, (*known, f"Proposed default: {default}" if default else None)))


def _origin(answer: Mapping[str, Any], profile: str | None) -> str:
    rule = str(answer.get("rule") or "given")
    given = "Answered by you" if rule == "given" else f"Answered by: {rule}"
    return f"{given} · asked by {profile}" if profile else given


def unbroken(text: str) -> str:
    """A sentence whose durations are not broken into two lines."""
    return re.sub(r"(?<=\d[dhm]) (?=\d)", "\u00a0", text)


def profiles_of(collected: Collected) -> dict[str, str | None]:
    """The profile of each of the run's generations, by id."""
    known = (collected.generation, *collected.family)
    return {str(generation.id): generation.review_profile for generation in known if generation is not None}
