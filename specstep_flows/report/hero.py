"""The head of the page: what the run is, how it ended or where it is, why, and what to do next."""

from __future__ import annotations

import shlex
from datetime import UTC
from typing import TYPE_CHECKING, Final

import attrs

from specstep_flows._facts import Fact
from specstep_flows._html import EMPTY, Html, element
from specstep_flows._paths import ObjectUrl, place_of
from specstep_flows._text import counted, duration, money, size, spaced
from specstep_flows.report.sections import STILL_LETTERS, unbroken
from specstep_flows.states import is_one_of, is_terminal, retry_makes_sense

if TYPE_CHECKING:
    from specstep_flows._course import Course
    from specstep_flows.report.collect import Collected

#: Facts that the sentence under the title has said already.
_SAID: Final = frozenset({"why", "questions"})


@attrs.frozen
class Situation:
    """How a run ended or where it is: its tone, a sentence, what it means, and the command that continues it."""

    tone: str
    words: str
    meaning: str = ""
    command: str | None = None


def situation(collected: Collected) -> Situation:
    """Where the run is, in words, with the command to type next where there is one."""
    record, state = collected.record, collected.state
    resume = f"specstep resume {shlex.quote(record.run_id)}"
    if record.generation_id is None:
        if record.kickoff_intent is not None:
            words = "A generation was requested, and it is not known whether it started."
            return Situation("open", words, "Resuming finds out without paying twice:", resume)
        return Situation("open", "No generation was started.", f"{_last_error(collected)}To continue:", resume)
    if is_one_of(state, "failed"):
        return _failed(collected, resume)
    if is_one_of(state, "cancelled"):
        return Situation("bad", _cancelled(collected), "No package will be made. What was spent stays spent.")
    if record.is_finished:
        if len(collected.packages) > 1:
            words = f"All {len(collected.packages)} packages are complete and {_kept(collected.packages[0].file)}."
            return Situation("good", words, f"They are in {place_of(collected.packages[0].file).parent}.")
        if record.file is None:
            again = f"specstep download {record.run_id}"
            return Situation(
                "good", "The package is complete and was written to stdout.", "To download it again:", again
            )
        return Situation("good", f"The package is complete and {_kept(record.file)}.", f"It is at {record.file}.")
    if is_terminal(state):
        return Situation("open", "The package is ready at SpecStep.", "To download it:", resume)
    return _under_way(collected, resume)


def _kept(file: str) -> str:
    return "in the object store" if isinstance(place_of(file), ObjectUrl) else "on disk"


def _failed(collected: Collected, resume: str) -> Situation:
    generation = collected.generation
    last = collected.record.history[-1] if collected.record.history else {}
    category = generation.failure_category if generation else last.get("failure_category")
    reason = (generation.failure_reason if generation else None) or "no reason was given"
    words = f"The generation failed{f' ({category})' if category else ''}: {reason.rstrip('. ')}."
    helps = retry_makes_sense(category)
    if helps and collected.record.next_retry is None:
        return Situation("bad", words, "Generations of this profile cannot be retried: start a new run.")
    if helps:
        command = f"{resume} --retry-failed {collected.record.next_retry}"
        return Situation("bad", words, "A retry is likely to help. It is charged again:", command)
    if helps is None:
        return Situation("bad", words, "It is not known whether a retry helps.")
    return Situation("bad", words, "A retry is unlikely to help: change the brief or the profile.")


def _cancelled(collected: Collected) -> str:
    limit, spent = collected.record.options.max_cost_usd, collected.cost_usd
    if limit is not None and spent is not None and spent > limit:
        return f"Cancelled: the cost of {money(spent)} exceeded your limit of {money(limit)}."
    return "The generation was cancelled."


def _under_way(collected: Collected, resume: str) -> Situation:
    record, state = collected.record, collected.state
    if is_one_of(state, "PausedAwaitingClarification"):
        answer = f"specstep answer {shlex.quote(record.run_id)}"
        return Situation("open", "Waiting for your answers.", "Nothing is being spent meanwhile. To answer:", answer)
    if is_one_of(state, "paused"):
        command = f"specstep generation resume {record.generation_id}"
        return Situation(
            "open", "The generation was paused.", "Nothing is being spent meanwhile. To continue:", command
        )
    stage = f" ({spaced(state).lower()})" if state else ""
    when = "" if collected.generation is not None else " when it was last read"
    meaning = f"{_last_error(collected)}To watch it and download the package:"
    return Situation("open", f"The generation was running on SpecStep{when}{stage}.", meaning, resume)


def _last_error(collected: Collected) -> str:
    error = collected.record.error
    return f"{error.rstrip('. ')}. " if error else ""


def title_of(collected: Collected) -> str:
    """The project's name as a title: where it was taken from a heading in Markdown, without the mark of one."""
    return _without_mark(collected.title)


def _without_mark(text: str) -> str:
    return text.lstrip("# ") or text


def header(collected: Collected, found: Course) -> Html:
    """The title with its state, the situation, and the numbers that matter most."""
    first, *facts = (_fitting(fact, collected) for fact in collected.facts(found))
    now = situation(collected)
    description = collected.generation.description if collected.generation is not None else None
    named = [fact for fact in facts if fact.share is None and not fact.is_code and fact.label not in _SAID]
    cards = [fact for fact in named if len(fact.text) <= STILL_LETTERS]
    cards.append(_package(collected))
    lines = [fact for fact in named if len(fact.text) > STILL_LETTERS]
    return element(
        "header",
        element("p", "SpecStep run ", element("code", collected.record.run_id), class_="kicker"),
        element("h1", title_of(collected), " ", element("span", first.text, class_=f"badge {now.tone}")),
        _as_of(collected),
        _situation(now),
        element("p", _without_mark(description), class_="description") if description else EMPTY,
        element("p", "This run used a local sandbox: nothing was paid.", class_="banner")
        if collected.is_sandbox
        else EMPTY,
        element("dl", *map(_card, cards), class_="facts"),
        element("dl", *map(_line, lines), class_="more-facts") if lines else EMPTY,
    )


def _fitting(fact: Fact, collected: Collected) -> Fact:
    """A fact as its card shows it: the whole time with its parts below, the cost with the user's limit."""
    limit, took = collected.record.options.max_cost_usd, collected.course.duration
    if fact.label == "cost" and limit is not None:
        return attrs.evolve(fact, note=", ".join(filter(None, (fact.note, f"your limit {money(limit)}"))))
    if fact.label == "time" and took.parts:
        note = ", ".join(filter(None, (took.parts, fact.note)))
        return attrs.evolve(fact, text=duration(took.seconds), note=note)
    return fact


def _as_of(collected: Collected) -> Html:
    """When the state was read, where it may be another by now."""
    if collected.as_of is None or is_terminal(collected.state):
        return EMPTY
    return element("p", f"As of {collected.as_of.astimezone(UTC):%Y-%m-%d %H:%M} UTC", class_="note")


def _situation(now: Situation) -> Html:
    command = element("pre", element("code", now.command), class_="copy", tabindex="0") if now.command else EMPTY
    return element(
        "div",
        element("p", element("strong", now.words), *([" ", now.meaning] if now.meaning else [])),
        command,
        class_=f"situation {now.tone}",
    )


def _card(fact: Fact) -> Html:
    note = element("dd", unbroken(fact.note), class_="note") if fact.note else EMPTY
    return element("div", element("dt", fact.title), element("dd", unbroken(fact.text)), note)


def _line(fact: Fact) -> Html:
    return element("div", element("dt", fact.title), element("dd", fact.whole))


def _package(collected: Collected) -> Fact:
    """The size of all packages, and how many files are in those that could be read."""
    packages = collected.packages
    known = [package.contents for package in packages if package.contents is not None]
    note = counted(sum(len(contents.files) + contents.more_files for contents in known), "file") if known else None
    if note is not None and len(packages) > 1:
        note += f" in {len(packages)}"
    if packages:
        text = size(sum(package.size_bytes or 0 for package in packages))
    else:
        will_come = not is_one_of(collected.state, "failed", "cancelled")
        text = "not yet" if will_come else "none"
    return Fact("packages" if len(packages) > 1 else "package", text, 1, note)
