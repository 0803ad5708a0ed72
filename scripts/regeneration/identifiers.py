"""Parameters and properties whose Python names would clash in generated code, which the generator doesn't always see."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Final

from openapi_python_client import strings

from regeneration.folding import reachable, roots_of
from regeneration.graph import Contract, Node, Operation, Parameter, Slot
from regeneration.stops import Notes
from regeneration.text import shown

PREFIX: Final = "field_"

RESERVED: Final = frozenset(
    {
        "additional_keys", "additional_properties", "asyncio_detailed", "cast", "cls", "cookies", "d", "field_dict",
        "from_dict", "headers", "params", "prop", "prop_dict", "prop_name", "quote", "src_dict", "sync_detailed",
        "to_dict", "to_multipart",
    }
)  # fmt: skip
"""Names that the generator's templates use themselves, beside the builtins and keywords that it knows about."""


def reserve_template_names() -> None:
    """Make the generator treat :data:`RESERVED` as it treats keywords: a name gets an underscore at its end."""
    strings.RESERVED_WORDS |= RESERVED


def python_name(wire_name: str) -> str:
    """What the generator calls a property or a parameter, as Python compares it."""
    reserve_template_names()
    return unicodedata.normalize("NFKC", strings.PythonIdentifier(wire_name, PREFIX))


def fit_identifiers(contract: Contract, notes: Notes) -> None:
    """Leave out, with a note, what can't have a Python name of its own: in place.

    Of several properties that would share a name, the first keeps it; the others stay readable and can be sent through
    ``additional_properties``. An operation whose required parameter can't be an argument is not generated.
    """
    for operation in list(contract.operations.values()):
        parameters = _fit_parameters(operation, notes)
        if parameters is None:
            del contract.operations[operation.key]
        else:
            operation.parameters = parameters
    for node in reachable(roots_of(contract)):
        if node.properties:
            node.properties = _fit_properties(node, notes)


def _fit_properties(node: Node, notes: Notes) -> dict[str, Slot]:
    kept: dict[str, Slot] = {}
    taken: dict[str, str] = {}
    for name, slot in node.properties.items():
        identifier = python_name(name)
        other = taken.setdefault(identifier, name)
        if other != name:
            notes.add(
                f"The properties {shown(other)} and {shown(name)} of one object would both be called {identifier}; "
                "the second is in additional_properties."
            )
            continue
        kept[name] = slot
    for name, slot in kept.items():
        if slot.node.kind == "array" and _temporaries(python_name(name)) & taken.keys():
            kept[name] = replace(slot, node=Node())
    return kept


def _fit_parameters(operation: Operation, notes: Notes) -> list[Parameter] | None:
    kept: list[Parameter] = []
    taken = {_argument(parameter) for parameter in operation.path_parameters}
    if len(taken) < len(operation.path_parameters):
        notes.not_generated(operation.title, "two parameters of its path would have the same name", operation.key)
        return None
    if operation.requests:
        taken |= _temporaries("body") | {"body"}
    for parameter in operation.parameters:
        identifier = _argument(parameter)
        if identifier in taken:
            reason = f"its {parameter.where} parameter {shown(parameter.name)} would be called like another argument"
            if parameter.required:
                notes.not_generated(operation.title, reason, operation.key)
                return None
            notes.add(f"{operation.title}: {reason}; it was left out.")
            continue
        taken |= _temporaries(identifier) | {identifier, f"json_{identifier}"}
        kept.append(parameter)
    return kept


def _argument(parameter: Parameter) -> str:
    """The name of an argument; the generator calls two of them after their place."""
    identifier = python_name(parameter.name)
    return f"{identifier}_{parameter.where}" if identifier in ("client", "url") else identifier


def _temporaries(identifier: str) -> set[str]:
    """The variables that generated code needs to go through a list."""
    return {f"{identifier}_item", f"{identifier}_item_data"}
