"""The facts say what the public pages say, and leave out no name of theirs.

The pages are somebody else's text and no part of a clone. Where SPECSTEP_DOCS names the folder that they lie
in, these tests compare the two; where it does not, each test says that it did not run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

Facts = Callable[[str], Any]

# How far below the line that names an operation, empty lines counted, the pages go on about it, and how far
# above it they say what several operations have in common.
ABOUT = 24
ABOVE = 16
# The files whose names stand for something of the API; the others only quote the pages.
NAMING = ("answers", "requests", "enums", "errors", "statuses", "headers", "sample_types")
# How far the longest table of fields goes on below its heading.
TABLE = 50

NAME_SHAPES = {
    "snake_case": r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b",
    "UPPER_CASE": r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b",
    "camelCase": r"\b[a-z]+(?:[A-Z][a-z]+)+\b",
    "Header-Case": r"\b[A-Z][A-Za-z]*(?:-[A-Z][A-Za-z]+)+\b",
    "event.name": r"\b(?:generation|webhook)\.[a-z_]+\b",
}


def test_operations_are_the_ones_of_the_pages(pages: Any, facts: Facts) -> None:
    """The facts list exactly the operations of the pages, and the walkthrough names each of them."""
    operations = facts("operations")
    listed = {line for line in pages.operations if line}
    unnamed = [name for name in operations if not pages.about(name, 1)]

    assert operations.keys() == listed
    assert not unnamed


def test_fields_of_answers_stand_on_the_pages(pages: Any, facts: Facts) -> None:
    """Each field of an answer is named where the pages speak of its operation."""
    missing: list[str] = []
    for name, fact in facts("answers").items():
        text = _near(pages, fact.get("near", name), name)
        for place in fact.get("list_of") or fact["body"]:
            missing.extend(f"{name}: {step}" for step in _steps(place) if not _has(text, step))

    assert not missing


def test_fields_of_requests_stand_on_the_pages(pages: Any, facts: Facts) -> None:
    """Each field, parameter, header, default and ceiling of a request is named there too."""
    missing: list[str] = []
    for name, fact in facts("requests").items():
        text = pages.about(name, ABOUT) + pages.below(fact.get("near", name), ABOUT)
        for place in (*fact.get("body", ()), *fact.get("query", ()), *fact.get("headers", ())):
            missing.extend(f"{name}: {step}" for step in _steps(place) if not _has(text, step))
        for parameter, said in fact.get("query", {}).items():
            shown = re.search(rf"[?&]{parameter}=(\w+)", text)
            default = str(said.get("default", ""))
            if default and default not in (shown[1] if shown else "") and f"default {default}" not in text:
                missing.append(f"{name}: {parameter} is {default} by default")
            if "max" in said and f"max {said['max']}" not in text:
                missing.append(f"{name}: {parameter} is at most {said['max']}")
            missing.extend(f"{name}: {word}" for word in said.get("words", ()) if not _has(text, word))
        for place, longest in fact.get("longest", {}).items():
            if not re.search(rf"(?:≤|up to |capped at ){longest}\b|≤ {longest}\b", text):
                missing.append(f"{name}: {place} is at most {longest}")

    assert not missing


def test_words_of_sets_stand_on_the_pages(pages: Any, facts: Facts) -> None:
    """Each value of a set, closed or open, is a word of the pages."""
    enums = facts("enums")
    missing = [
        f"{name}: {word}"
        for part in ("sets", "open")
        for name, words in enums[part].items()
        for word in words
        if not _has(pages.text, word)
    ]

    assert not missing


def test_keys_of_typed_evidence_stand_on_the_pages(pages: Any, facts: Facts) -> None:
    """What the JSON of each kind of evidence has to hold is said so on the page."""
    missing = [
        kind
        for kind, key in facts("enums")["evidence_keys"].items()
        if not re.search(rf"\b{kind} (?:needs )?a (?:numeric|string) {key}\b", pages.walkthrough)
    ]

    assert not missing


def test_tables_of_sets_are_copied_whole(pages: Any, facts: Facts) -> None:
    """The two long tables, of states and of failure categories, have no row that the facts leave out."""
    sets = facts("enums")["sets"]
    tables = {
        "GenerationState": (r"^State Meaning$", r"^Generation response fields$"),
        "FailureCategory": (r"^failure_category When it fires$", r"^This enum is additive"),
    }
    for name, (begin, end) in tables.items():
        text = re.search(f"{begin}(.*?){end}", pages.walkthrough, re.MULTILINE | re.DOTALL)
        assert text is not None, name
        rows = re.findall(r"^([A-Z][A-Za-z]+) ", text[1], re.MULTILINE)

        assert rows == sets[name]


def test_roll_up_stands_on_the_pages(pages: Any, facts: Facts) -> None:
    """What in_progress stands for is what the pages list, in the same order."""
    states = facts("enums")["rollups"]["in_progress"]

    assert f"in_progress ({' / '.join(states)})" in pages.walkthrough


def test_statuses_and_words_of_errors_stand_on_the_pages(pages: Any, facts: Facts) -> None:
    """Each status that the facts give to an operation is near its name, and so are the words of its errors."""
    missing: list[str] = []
    for file in ("errors", "statuses"):
        for name, answers in facts(file).items():
            text = pages.about(name, ABOUT, above=ABOVE) + pages.samples
            for status, words in answers.items():
                if not _has(text, str(status)):
                    missing.append(f"{name}: {status}")
                missing.extend(f"{name}: {word}" for word in words if not _has(pages.text, word))

    assert not missing


def test_headers_and_members_stand_on_the_pages(pages: Any, facts: Facts) -> None:
    """Each header, member of a problem and part of a webhook is named by the pages."""
    fact = facts("headers")
    names = [name for part in fact.values() if isinstance(part, list) for name in part]
    missing = [name for name in names if not _has(pages.text, name.removeprefix("POST ")) and name not in pages.text]

    assert not missing
    assert f"1..{fact['idempotency_key']['longest']} chars" in pages.walkthrough
    assert f"[{fact['idempotency_key']['characters']}]" in pages.walkthrough


def test_dates_stand_on_the_pages(pages: Any, facts: Facts) -> None:
    """Each date stands within a few lines of what it dates, and no date of an addition is left out."""
    dates = facts("dates")
    missing = [
        f"{phrase}: {date}"
        for date, phrases in dates.items()
        for phrase in phrases
        if date not in pages.below(phrase, 5, above=5)
    ]
    added = re.findall(r"[Aa]dded (?:in v[\d.]+, )?(\d{4}-\d\d-\d\d)", pages.walkthrough)

    assert not missing
    assert set(added) <= dates.keys()


def test_types_stand_in_the_official_sample(pages: Any, facts: Facts) -> None:
    """Each field that the facts type is typed so in a record of the C# sample."""
    typed = set(re.findall(r'JsonPropertyName\("(\w+)"\)\] ([\w?]+(?:\[\])?)', pages.samples))
    said = {(field, kind) for fields in facts("sample_types").values() for field, kind in fields.items()}

    assert said == typed


def test_numbers_stand_on_the_pages(pages: Any, facts: Facts) -> None:
    """Each number stands on the pages among the words that the facts quote."""
    missing = [fact["page"] for fact in facts("numbers") if fact["page"] not in pages.text]

    assert not missing


def test_no_name_of_the_pages_is_left_out(pages: Any, facts: Facts) -> None:
    """Every word of the walkthrough that is shaped like a name is a fact, or listed as none with the reason."""
    known = {word for name in NAMING for word in _words(facts(name))}
    known.update(word for operation in facts("operations") for word in _words(operation))
    excused = facts("not_names").keys()
    shaped = {word for shape in NAME_SHAPES.values() for word in re.findall(shape, pages.walkthrough)}

    assert sorted(shaped - known - excused) == []
    assert sorted(excused & known) == []
    assert sorted(word for word in excused if not _has(pages.walkthrough, word)) == []


def _near(pages: Any, phrases: str, operation: str) -> str:
    """The text near an operation, or below the phrases that the fact gives instead."""
    if phrases == operation:
        return str(pages.about(operation, ABOUT))
    lines = TABLE if "fields" in phrases else ABOUT
    return "\n".join(pages.below(phrase, lines) for phrase in phrases.split("|")) + "\n" + str(pages.samples)


def _steps(place: str) -> list[str]:
    """The names in a place such as `residual[].path?`."""
    return [step.removesuffix("?").removesuffix("[]") for step in place.split(".")]


def _has(text: str, word: str) -> bool:
    """Whether the text has the word, and not merely as a part of another one."""
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None


def _words(node: Any) -> Iterator[str]:
    """All names in a file of facts: keys and strings, and the words that they are made of."""
    if isinstance(node, dict):
        for key, child in node.items():
            yield from _words(key)
            yield from _words(child)
    elif isinstance(node, list):
        for child in node:
            yield from _words(child)
    elif isinstance(node, str):
        yield node
        for shape in NAME_SHAPES.values():
            yield from re.findall(shape, node)
