"""What a difference between service and contract asks for: the line to change, who reads it, and the change."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import yaml

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
        self.path = path
        self.lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
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
        """The key and value of a schema's field (``Generation.package_id``), or of a schema."""
        schema, _, field = name.partition(".")
        return self.key("components", "schemas", schema, *(("properties", field) if field else ()))


def line_of(difference: Difference, contract: Contract, paths: dict[str, tuple[str, str]]) -> int:
    """The line of the contract that a difference is about; 0 where it has none."""
    found = contract.of(difference.name) if difference.name else None
    if found is None and difference.operation in paths:
        found = contract.key("paths", *paths[difference.operation])
    return found[0].start_mark.line + 1 if found is not None else 0


def readers(difference: Difference, project: Project) -> list[str]:
    """Where the hand-written package reads the field, or calls the operation: ``file:line``."""
    field = difference.name.rpartition(".")[2] if "." in difference.name else ""
    word = re.compile(rf"(\.|[\"']){re.escape(field)}\b" if field else rf"\b{re.escape(difference.operation)}\b")
    found = []
    for path in sorted((project.flows / "gateway").glob("*.py")):
        if path != project.operations_table:
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if word.search(line):
                    found.append(f"{project.relative(path)}:{number}")
    return found[:MOST_READERS]


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
    """Change the contract where that is mechanical; the differences that were taken over."""
    taken = []
    for difference in differences:
        contract = Contract(path)
        entry = contract.of(difference.name) if difference.name else None
        if difference.kind in MECHANICAL and entry is not None and _change(contract, difference, entry, today):
            path.write_text("".join(contract.lines), encoding="utf-8")
            taken.append(difference)
    return taken


def _change(contract: Contract, difference: Difference, entry: Any, today: str) -> bool:
    key, value = entry
    lines = contract.lines
    if difference.kind == "word":
        return _add_words(lines, value, difference.observed.split(", "))
    if difference.kind == "null":
        return _let_be_null(lines, value)
    new = difference.observed if difference.kind == "renamed" else difference.observed.rpartition(" ")[2]
    if (difference.kind == "envelope" and "array" in difference.observed) or not re.fullmatch(r"[A-Za-z_]\w*", new):
        return False
    number, column = key.start_mark.line, key.start_mark.column
    _drop(lines, value, "x-assumption")
    old = key.value
    rest = lines[number][column + len(old) :]
    lines[number] = f"{lines[number][:column]}{new}{rest}"
    indent = " " * (column + 2)
    lines.insert(number + 1, f"{indent}x-was: {old}\n{indent}x-seen: '{today}'\n")
    _rename_required(contract, difference.name.partition(".")[0], old, new)
    return True


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


def _rename_required(contract: Contract, schema: str, old: str, new: str) -> None:
    found = contract.key("components", "schemas", schema, "required")
    for one in found[1].value if found is not None else ():
        if one.value == old:
            line = contract.lines[one.start_mark.line]
            column = one.start_mark.column
            contract.lines[one.start_mark.line] = line[:column] + new + line[column + len(old) :]


def _add_words(lines: list[str], value: Any, words: list[str]) -> bool:
    words = [word for word in words if re.fullmatch(r"[A-Za-z_]+", word)]
    enum = next((inner for key, inner in value.value if key.value == "enum"), None)
    if enum is None or not words or not enum.value:
        return False
    last = enum.value[-1]
    number, column = last.end_mark.line, last.end_mark.column
    if enum.flow_style:
        lines[number] = f"{lines[number][:column]}, {', '.join(words)}{lines[number][column:]}"
    else:
        indent = re.match(r"\s*- ", lines[last.start_mark.line])
        assert indent is not None
        lines.insert(last.start_mark.line + 1, "".join(f"{indent.group()}{word}\n" for word in words))
    return True


def _let_be_null(lines: list[str], value: Any) -> bool:
    kind = next((inner for key, inner in value.value if key.value == "type"), None)
    if kind is None or not isinstance(kind.value, str):
        return False
    number, column = kind.start_mark.line, kind.start_mark.column
    lines[number] = f"{lines[number][:column]}[{kind.value}, 'null']{lines[number][column + len(kind.value) :]}"
    return True
