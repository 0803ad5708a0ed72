"""A policy from a YAML or JSON file: answers by exact question, by rules, and by default.

::

    answers:                                  # exact questions, in the service's words
      "Should the API expose REST endpoints, or render server-side HTML forms?":
        Server-rendered forms; no REST in v1.
    rules:                                    # the first one that matches answers the question
      - pattern: (?i)which database           # a regular expression found in the question
        answer: PostgreSQL 16.
      - agent: architect                      # who asks, in any case; * and ? as in file names
        section: docs/02-architecture/*       # what it is about; everything in a rule must match
        use: proposed                         # what the agent proposes ...
        answer: Keep it simple.               # ... or this if it proposes nothing
    default:                                  # for every other question; a string, or as in a rule
      use: proposed
      answer: Use your best judgment for v1.

Exact questions come first, then the rules in their order, then the default; one that matches but has no answer (the
agent proposes nothing) is skipped. If a question has no answer, none is sent. Every value is read as a string: ``yes``
and ``3.10`` need no quotes.
"""

from __future__ import annotations

import fnmatch
import functools
import json
import re
import time
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from specstep_flows._json import storable
from specstep_flows._paths import home_path
from specstep_flows._positions import Items, Node, Pairs, Text, parse_json, parse_yaml
from specstep_flows.errors import AnswersError
from specstep_flows.models import Answer, Clarification

if TYPE_CHECKING:
    import regex

__all__ = ["AnswersFile"]

#: Time limit for all patterns on all questions of one pause; far more than a sensible pattern needs.
MATCH_SECONDS: Final = 10.0
#: An escape, or (not in the group) a brace that begins no repetition.
_LITERAL_BRACE: Final = re.compile(r"(\\N\{[^}]*\}|\\.)|\{(?![0-9]*,?[0-9]*\})", re.DOTALL)
_LARGEST_BYTES: Final = 1 << 20
_MATCHERS: Final = ("question", "pattern", "agent", "section")
_RESULTS: Final = ("answer", "use")
#: The name of the default in the run's record.
_DEFAULT: Final = "default"


@attrs.frozen
class _Rule:
    """Which questions a rule matches, and its answer. The default is a rule that matches every question."""

    place: str
    answer: str | None
    uses_proposal: bool = False
    question: str | None = None
    pattern: str | None = None
    agent: str | None = None
    section: str | None = None
    #: Where its answer came from, if that is not this file.
    source: str | None = None

    def __str__(self) -> str:
        return " and ".join(f"{name} {value!r}" for name, value in self.matchers().items())

    def matchers(self) -> dict[str, str]:
        """What must match, by its name in the file."""
        return {name: value for name in _MATCHERS if (value := getattr(self, name)) is not None}

    def fits(self, asked: Clarification, is_found: bool) -> bool:
        """Whether the rule matches a question; ``is_found``: whether its pattern was found."""
        return (
            (self.question is None or _same_question(self.question, asked.question))
            and (self.pattern is None or is_found)
            and (self.agent is None or fnmatch.fnmatchcase((asked.agent or "").casefold(), self.agent.casefold()))
            and (self.section is None or fnmatch.fnmatchcase(asked.section or "", self.section))
        )

    def text(self, asked: Clarification) -> str | None:
        """The answer, if there is one."""
        proposed = (asked.proposed_default or "").strip()
        return proposed if self.uses_proposal and proposed else self.answer


class AnswersFile:
    """A policy from a file; pass it as ``on_question``. The module's docstring describes the format."""

    def __init__(self, name: str, rules: Sequence[_Rule]) -> None:
        self.name = name
        self._rules = tuple(rules)
        self._used: set[int] = set()
        self._was_asked = False

    @classmethod
    def load(cls, path: str | Path) -> AnswersFile:
        """Read a file; ``.json`` is JSON, anything else YAML.

        Raises:
            AnswersError: it cannot be read or parsed, or its content is invalid; the message has line and column.
        """
        path = home_path(path)
        try:
            with path.open("rb") as file:
                content = file.read(_LARGEST_BYTES + 1)
        except OSError as error:
            raise AnswersError(f"The answers file {path} cannot be read ({error.strerror}).") from error
        if len(content) > _LARGEST_BYTES:
            raise AnswersError(f"The answers file {path} is too large (more than {_LARGEST_BYTES:,} bytes).")
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            column = error.start - content.rfind(b"\n", 0, error.start)
            raise AnswersError(f"{path}, line {line}, column {column}: this is not UTF-8 text.") from error
        return cls.parse(text, str(path), is_json=path.suffix.lower() == ".json")

    @classmethod
    def parse(cls, text: str, name: str = "answers", *, is_json: bool = False) -> AnswersFile:
        """Read the content of an answers file. ``name`` is its name in messages and in the run's record."""
        root = parse_json(text, name) if is_json else parse_yaml(text, name)
        if isinstance(root, Text) and root.value is None:
            raise AnswersError(f"{name} contains no answers.")
        parts = _mapping(root, name, ("answers", "rules", "default"), "an answers file")
        rules = [*_exact_rules(parts.get("answers"), name), *_listed_rules(parts.get("rules"), name)]
        if "default" in parts:
            rules.append(_default_rule(parts["default"], name))
        if not rules:
            raise AnswersError(f"{name} contains no answers.")
        return cls(name, rules)

    @classmethod
    def from_data(cls, text: str, name: str) -> AnswersFile:
        """What ``as_data`` gave, as JSON; a rule of it may say where its answer came from (``source``)."""
        data = json.loads(text)
        sources = [rule.pop("source", None) for rule in data.get("rules", ())]
        file = cls.parse(json.dumps(data), name, is_json=True)
        listed = zip(file._rules, (*sources, None), strict=False)
        return cls(name, [attrs.evolve(rule, source=source) for rule, source in listed])

    def as_data(self) -> dict[str, Any]:
        """The rules as an answers file in JSON has them, in their order: what another process can read again."""
        data: dict[str, Any] = {}
        for rule in self._rules:
            answer = {"answer": rule.answer} if rule.answer is not None else {}
            source = {"source": rule.source} if rule.source is not None else {}
            said = {**rule.matchers(), **({"use": "proposed"} if rule.uses_proposal else {}), **answer, **source}
            if rule.place == _DEFAULT:
                data["default"] = said
            else:
                data.setdefault("rules", []).append(said)
        return data

    def __call__(self, questions: Sequence[Clarification]) -> list[Answer]:
        """The answers from the file; a question that nothing matches is left out.

        Raises:
            AnswersError: a pattern takes too long for a question.
        """
        self._was_asked = self._was_asked or bool(questions)
        found = self._found_patterns([question.question for question in questions])
        given = []
        for position, asked in enumerate(questions):
            for number, rule in enumerate(self._rules):
                text = rule.text(asked) if rule.fits(asked, found[number][position]) else None
                if text:
                    self._used.add(number)
                    given.append(Answer(asked.question, text, rule.source or f"{self.name}, {rule.place}"))
                    break
        return given

    def unused(self) -> list[str]:
        """A sentence for each rule (but the default) that answered no question, if there were any questions."""
        if not self._was_asked:
            return []
        return [
            f"{self.name}, {rule.place}: not used so far: the rule for {rule}."
            for number, rule in enumerate(self._rules)
            if number not in self._used and rule.place != _DEFAULT
        ]

    def _found_patterns(self, texts: Sequence[str]) -> list[list[bool]]:
        """For each rule, in which texts its pattern is found. All together have ``MATCH_SECONDS``."""
        end = time.monotonic() + MATCH_SECONDS
        return [
            [rule.pattern is not None and self._is_found(rule, text, end) for text in texts] for rule in self._rules
        ]

    def _is_found(self, rule: _Rule, text: str, end: float) -> bool:
        try:
            left = max(end - time.monotonic(), 0.001)
            return _compiled(str(rule.pattern)).search(text, concurrent=True, timeout=left) is not None
        except TimeoutError:
            raise AnswersError(
                f"{self.name}, {rule.place}: the pattern {rule.pattern!r} takes too long on a question. Avoid "
                "repetition within repetition, such as (a|aa)+."
            ) from None


@functools.lru_cache(maxsize=1024)
def _compiled(pattern: str) -> regex.Pattern[str]:
    """A pattern for the search of ``regex``, which has a time limit and lets other threads work; ``re`` has neither.

    What a pattern means is what Python's ``re`` says: braces that are no repetition are not ``regex``'s fuzzy matching.

    Raises:
        re.error, OverflowError, RecursionError: it is not a regular expression.
    """
    import regex

    re.compile(pattern)
    try:
        return regex.compile(_LITERAL_BRACE.sub(lambda found: found[1] or "\\{", pattern))
    except regex.error as error:
        raise re.error(str(error)) from None


def _same_question(one: str, other: str) -> bool:
    """Whether two strings are the same question, apart from line breaks, spaces and Unicode form."""
    return _plain(one) == _plain(other)


@functools.lru_cache(maxsize=1024)
def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", storable(text)).split())


def _wrong(node: Node, name: str, what: str) -> AnswersError:
    return AnswersError(f"{name}, {node.place}: {what}")


def _pairs(node: Node, name: str, what: str) -> Iterator[tuple[str, Node, Node]]:
    """The entries of a mapping, with their keys as strings. A duplicate key is refused."""
    seen: set[str] = set()
    if not isinstance(node, Pairs):
        raise _wrong(node, name, f"{what} must be `name: value` pairs.")
    for key, value in node.pairs:
        if not isinstance(key, Text) or key.value is None:
            raise _wrong(key, name, "a name must be a string.")
        if _plain(key.value) in seen:
            raise _wrong(key, name, f"{key.value!r} appears twice.")
        seen.add(_plain(key.value))
        yield key.value, key, value


def _mapping(node: Node, name: str, known: Sequence[str], what: str) -> dict[str, Node]:
    found = {}
    for key, key_node, value in _pairs(node, name, what):
        if key not in known:
            import difflib

            near = difflib.get_close_matches(key, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else f" Known are {', '.join(known)}."
            raise _wrong(key_node, name, f"{what} has no {key!r}.{hint}")
        found[key] = value
    return found


def _text(node: Node, name: str, what: str) -> str:
    if not isinstance(node, Text) or not (node.value or "").strip():
        raise _wrong(node, name, f"{what} must be a string that is not empty.")
    return (node.value or "").strip()


def _exact_rules(node: Node | None, name: str) -> Iterator[_Rule]:
    if node is None:
        return
    for question, key, value in _pairs(node, name, "answers"):
        yield _Rule(key.place, _text(value, name, "an answer"), question=question)


def _listed_rules(node: Node | None, name: str) -> Iterator[_Rule]:
    if node is None:
        return
    if not isinstance(node, Items):
        raise _wrong(node, name, "rules must be a list.")
    for item in node.items:
        yield _rule(item, name)


def _rule(node: Node, name: str) -> _Rule:
    parts = _mapping(node, name, (*_MATCHERS, *_RESULTS), "a rule")
    matchers = {key: _text(parts[key], name, key) for key in _MATCHERS if key in parts}
    if not matchers:
        raise _wrong(
            node, name, f"a rule must say which questions it is for, by {', '.join(_MATCHERS[:-1])} or {_MATCHERS[-1]}."
        )
    if "pattern" in matchers:
        try:
            _compiled(matchers["pattern"])
        except (re.error, OverflowError, RecursionError) as error:
            raise _wrong(parts["pattern"], name, f"this is not a valid regular expression ({error}).") from None
    answer, uses_proposal = _result(parts, node, name)
    return _Rule(node.place, answer, uses_proposal, *(matchers.get(key) for key in _MATCHERS))


def _default_rule(node: Node, name: str) -> _Rule:
    if isinstance(node, Text):
        return _Rule(_DEFAULT, _text(node, name, "the default"))
    parts = _mapping(node, name, _RESULTS, "the default")
    return _Rule(_DEFAULT, *_result(parts, node, name))


def _result(parts: Mapping[str, Node], node: Node, name: str) -> tuple[str | None, bool]:
    """The answer, and whether the agent's proposal comes first."""
    if "use" in parts and _text(parts["use"], name, "use") != "proposed":
        raise _wrong(parts["use"], name, "use must be proposed, for what the agent proposes.")
    if "use" not in parts and "answer" not in parts:
        raise _wrong(node, name, "there is no answer here: add `answer: …`, `use: proposed`, or both.")
    return (_text(parts["answer"], name, "an answer") if "answer" in parts else None), "use" in parts
