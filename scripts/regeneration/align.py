"""Alignment as a whole: a documented and a pulled document in, the generator's input out."""

from __future__ import annotations

from attrs import define

from regeneration.document import JsonObject
from regeneration.emit import render
from regeneration.errors import Notes, RegenerationError
from regeneration.fit import fit_forms, fit_identifiers, simplify_unions
from regeneration.merge import combine
from regeneration.names import NamesLock, class_name, name_classes, name_operations
from regeneration.reader import read_contract
from regeneration.shapes import Contract, fold, reachable, roots_of


@define
class Aligned:
    """What alignment gives."""

    document: JsonObject
    #: The same, as a graph: merged and named.
    contract: Contract
    documented: Contract
    pulled: Contract | None
    #: The lock with what this alignment added to it.
    lock: NamesLock
    notes: Notes


def align(
    documented: JsonObject, pulled: JsonObject | None, lock: NamesLock, before: JsonObject | None = None
) -> Aligned:
    """Put the pulled document under the names of the documented one.

    Args:
        documented: the contract by hand.
        pulled: the document that a server serves; without one the documented contract is aligned with itself.
        lock: the names given before; it is not changed.
        before: the aligned document that the committed client was made of.

    Raises:
        RegenerationError: the documents cannot be used at all.
    """
    grown, notes = lock.copy(), Notes()
    here = read_contract(documented, Notes(), documented=True)
    _check_documented(here)
    there = read_contract(pulled, notes, known=here) if pulled is not None else None
    merged = combine(here, there)
    simplify_unions(merged)
    name_operations(merged, here, grown)
    fit_identifiers(merged, notes)
    fit_forms(merged, notes)
    simplify_unions(merged)  # again: what was left out may make two alternatives one
    prints = fold(reachable(roots_of(merged)), label=lambda node: (node.name, node.direction))
    names = name_classes(merged, here, prints, grown, before)
    document = render(merged, names, prints, grown)
    return Aligned(document, merged, here, there, grown if pulled is not None else lock, notes)


def _check_documented(contract: Contract) -> None:
    """The names that everything is called after must be there, be unique and survive the generator's spelling."""
    problems: list[str] = []
    seen: dict[str, str] = {}
    for operation in contract.operations.values():
        if not operation.operation_id or not operation.tag:
            problems.append(f"openapi/documented.yaml: {operation.title} needs an operationId and a tag.")
        other = seen.setdefault(operation.operation_id, operation.title)
        if other != operation.title:
            problems.append(
                f"openapi/documented.yaml: {other} and {operation.title} share the operationId "
                f"{operation.operation_id}; one would overwrite the other."
            )
    names = {node.name for node in reachable(roots_of(contract)) if node.name}
    problems += [
        f"openapi/documented.yaml: the schema {name} would be generated as {class_name(name)}; call it so."
        for name in sorted(names)
        if class_name(name) != name
    ]
    if problems:
        raise RegenerationError(problems)
