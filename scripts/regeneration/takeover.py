"""What a difference between service and contract asks for: the line to change, who reads it, and the change."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any, Final

import yaml

from regeneration.errors import RegenerationError
from regeneration.project import Project
from specstep_flows.contact.compare import Difference

#: Kinds of differences that are a change of the contract and of nothing else.
MECHANICAL: Final = frozenset({"renamed", "envelope", "word", "null"})
#: Places in the hand-written package that are named.
MOST_READERS: Final = 3
_OTHERWISE: Final = {
    "status": "list the status in the contract",
    "media": "change the contract's content type and the gateway that reads it",
    "type": "change the type in the contract and how the gateway reads it",
    "format": "change the format in the contract and how the gateway reads it",
    "unit": "change what the header is taken for in specstep_flows/engine/limits.py, and the contract",
    "header": "the limiter counts by itself where the header is absent; take it out of the contract",
    "missing": "look for it in the answer; if it is gone, take it out of the contract and the gateway",
    "not offered": "the operation is not there; pull the document to see where it moved",
    "refused": "try it with a key that may, or mark it in the contract",
}


class Contract:
    """``documented.yaml`` as text, with the places of everything in it."""

    def __init__(self, path: Path) -> None:
        self.lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        #: Names that fields got.
        self.made: set[str] = set()
        self._root: Any = None
        self.read_again()

    def read_again(self) -> None:
        """Find the places again, after lines were changed."""
        self.lines = "".join(self.lines).splitlines(keepends=True)
        self._root = yaml.compose("".join(self.lines), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))

    def key(self, *place: str) -> Any:
        """The node of the last key of a place, and of its value; None where there is none."""
        found, value = None, self._root
        for part in place:
            entry = next((pair for pair in getattr(value, "value", ()) if isinstance(pair, tuple)
                          and pair[0].value == part), None)  # fmt: skip
            if entry is None:
                return None
            found, value = entry
        return found, value

    def of(self, name: str) -> Any:
        """The key and value of a schema, or of a field in it: ``Generation.package_id``, ``Package.files[].path``."""
        place = ["components", "schemas"]
        for number, part in enumerate(name.split(".")):
            inner = part.rstrip("[]")
            place += ["properties", inner] if number else [inner]
            place += ["items"] * part.count("[]")
        return self.key(*place)


def line_of(difference: Difference, contract: Contract, paths: dict[str, tuple[str, str]]) -> int:
    """The line of the contract that a difference is about; 0 where it has none."""
    found = contract.of(difference.name) if difference.name else None
    if found is None and difference.operation in paths:
        found = contract.key("paths", *paths[difference.operation])
    return found[0].start_mark.line + 1 if found is not None else 0


def readers(difference: Difference, project: Project) -> list[str]:
    """Where the hand-written package reads the field, or calls the operation: ``file:line``.

    A field is looked for where its schema is read, else where the operation is called: many have one of its name.
    """
    schema, _, field = difference.name.replace("[]", "").rpartition(".")
    calls = re.compile(rf"\b{re.escape(difference.operation)}\b")
    word = re.compile(rf"(\.|[\"']){re.escape(field)}\b") if schema else calls
    for owner in (re.compile(rf"\b{re.escape(schema.partition('.')[0])}\b"), calls) if schema else (calls,):
        found = []
        for path in sorted((project.flows / "gateway").glob("*.py")):
            if path != project.operations_table:
                lines = path.read_text(encoding="utf-8").splitlines()
                found += [f"{project.relative(path)}:{number}" for number in _inside(lines, owner, word)]
        if found:
            return found[:MOST_READERS]
    return []


def _inside(lines: list[str], owner: re.Pattern[str], word: re.Pattern[str]) -> list[int]:
    """The lines with a word, of those functions and classes that have another."""
    found = []
    for part in ast.parse("\n".join(lines)).body:
        numbers = range(part.lineno, (part.end_lineno or part.lineno) + 1)
        is_definition = isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if is_definition and any(owner.search(lines[number - 1]) for number in numbers):
            found += [number for number in numbers if word.search(lines[number - 1])]
    return found


def advice(difference: Difference, line: int, read_at: list[str]) -> str:
    """What is to be done about a difference, in a line."""
    where = f"openapi/documented.yaml:{line}" if line else "openapi/documented.yaml"
    if difference.kind == "new":
        return f"{where}: add it if it is of use"
    if difference.kind in MECHANICAL:
        done = {
            "renamed": f"rename {difference.documented} to {difference.observed}",
            "envelope": f"the list is {difference.observed}",
            "word": f"add {difference.observed} to the words",
            "null": "let it be null",
        }[difference.kind]
    else:
        done = _OTHERWISE.get(difference.kind, "change it in the contract")
    return f"{where}: {done}" + (f"; read at {', '.join(read_at)}" if read_at else "")


def write(differences: list[Difference], path: Path, today: str) -> list[Difference]:
    """Change the contract where that is mechanical; the differences that were taken over.

    Raises:
        RegenerationError: the contract would not be valid any more; it is left as it is.
    """
    contract = Contract(path)
    before = "".join(contract.lines)
    taken: list[Difference] = []
    # What is renamed is found by its old name until then.
    waiting = sorted(
        (one for one in differences if one.kind in MECHANICAL), key=lambda one: one.kind in ("renamed", "envelope")
    )
    while waiting:
        waiting, done = _pass(contract, waiting, today)
        taken += done
        contract.read_again()
    text = "".join(contract.lines)
    if text != before:
        try:
            yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
        except yaml.YAMLError as error:
            raise RegenerationError(f"{path.name} would not be valid YAML; it is left as it is ({error}).") from None
        path.write_text(text, encoding="utf-8")
    return taken


def _pass(contract: Contract, differences: list[Difference], today: str) -> tuple[list[Difference], list[Difference]]:
    """Make one change of each field, from the last one of the contract to the first, so that no line moves before it.

    What waits for the next pass, and what was taken over.
    """
    entries: dict[str, tuple[Any, Difference]] = {}
    waiting = []
    for difference in differences:
        entry = contract.of(difference.name)
        if difference.name in entries:
            waiting.append(difference)
        elif entry is not None:
            entries[difference.name] = (entry, difference)
    taken = []
    for entry, difference in sorted(entries.values(), key=lambda one: -one[0][0].start_mark.line):
        if _change(contract, difference, entry, today):
            taken.append(difference)
    return waiting, taken


def _change(contract: Contract, difference: Difference, entry: Any, today: str) -> bool:
    key, value = entry
    lines = contract.lines
    if not isinstance(value, yaml.MappingNode) or value.flow_style:
        return False
    if difference.kind in ("word", "null"):
        words = difference.observed.split(", ")
        is_changed = _add_words(lines, value, words) if difference.kind == "word" else _let_be_null(lines, value)
        if is_changed:
            _set(lines, entry, {"x-seen": f"'{today}'"})
        return is_changed
    new = difference.observed if difference.kind == "renamed" else difference.observed.rpartition(" ")[2]
    owner, _, old = difference.name.rpartition(".")
    if difference.observed == "a bare array" or not re.fullmatch(r"[A-Za-z_]\w*", new) or key.value != old:
        return False
    if contract.of(f"{owner}.{new}") is not None or f"{owner}.{new}" in contract.made:
        return False
    contract.made.add(f"{owner}.{new}")
    number, column = key.start_mark.line, key.start_mark.column
    rest = lines[number][key.end_mark.column :]
    lines[number] = f"{lines[number][:column]}{_plain(new)}{rest}"
    _drop(lines, value, "x-assumption")
    _rename_required(contract, owner, old, new)
    _set(lines, entry, {"x-was": _plain(old), "x-seen": f"'{today}'"})
    return True


def _plain(word: str) -> str:
    """A word as YAML's text, in quotes where it would be something else: ``no``, ``null``."""
    return word if isinstance(yaml.safe_load(word), str) else f"'{word}'"


def _set(lines: list[str], entry: Any, members: dict[str, str]) -> None:
    """Give a place some members, in place of those that it has of their names. Changes the numbers of lines."""
    key, value = entry
    for name in members:
        _drop(lines, value, name)
    indent = " " * value.start_mark.column
    lines.insert(key.start_mark.line + 1, "".join(f"{indent}{name}: {text}\n" for name, text in members.items()))


def _drop(lines: list[str], value: Any, name: str) -> None:
    """Take a member out: what was assumed is known now."""
    for key, inner in value.value:
        if key.value == name:
            # A folded text ends at the start of the next line that is no part of it.
            last = inner.end_mark.line if inner.end_mark.column == 0 else inner.end_mark.line + 1
            while last > key.start_mark.line + 1 and not lines[last - 1].strip():
                last -= 1
            for number in range(key.start_mark.line, max(last, key.start_mark.line + 1)):
                lines[number] = ""


def _rename_required(contract: Contract, owner: str, old: str, new: str) -> None:
    found = contract.of(owner)
    required = next((inner for key, inner in found[1].value if key.value == "required"), None)
    for one in required.value if required is not None else ():
        if one.value == old:
            # By the word and not by its place, which moves with each that is renamed in this line.
            word = re.compile(rf"(?<![\w-]){re.escape(old)}(?![\w-])")
            number = one.start_mark.line
            contract.lines[number] = word.sub(_plain(new), contract.lines[number], count=1)


def _add_words(lines: list[str], value: Any, words: list[str]) -> bool:
    enum = next((inner for key, inner in value.value if key.value == "enum"), None)
    if enum is None or not enum.value:
        return False
    known = {one.value for one in enum.value}
    words = [_plain(word) for word in words if re.fullmatch(r"[A-Za-z_-]+", word) and word not in known]
    if not words:
        return False
    last = enum.value[-1]
    number, column = last.end_mark.line, last.end_mark.column
    if enum.flow_style:
        lines[number] = f"{lines[number][:column]}, {', '.join(words)}{lines[number][column:]}"
    else:
        indent = re.match(r"\s*- ", lines[last.start_mark.line])
        assert indent is not None
        # As part of the same line, so that the numbers of the others stay.
        lines[last.start_mark.line] += "".join(f"{indent.group()}{word}\n" for word in words)
    return True


def _let_be_null(lines: list[str], value: Any) -> bool:
    members = {key.value: (key, inner) for key, inner in value.value}
    if "enum" in members:
        return False
    if "$ref" in members:
        key, inner = members["$ref"]
        number, start, end = key.start_mark.line, key.start_mark.column, inner.end_mark.column
        line = lines[number]
        lines[number] = f"{line[:start]}oneOf: [{{{line[start:end]}}}, {{type: 'null'}}]{line[end:]}"
        return True
    kind = members["type"][1] if "type" in members else None
    if kind is None:
        return False
    number, start, end = kind.start_mark.line, kind.start_mark.column, kind.end_mark.column
    if isinstance(kind.value, str):
        lines[number] = f"{lines[number][:start]}[{kind.value}, 'null']{lines[number][end:]}"
        return True
    if not kind.flow_style or any(one.value == "null" for one in kind.value) or kind.end_mark.line != number:
        return False
    lines[number] = f"{lines[number][: end - 1]}, 'null']{lines[number][end:]}"
    return True
