"""Which shapes are the same: partition refinement over a graph, so that recursion and inlining make no difference."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Final

from regeneration.graph import Contract, Node, Slot
from regeneration.stops import Stop

DEEPEST: Final = 300
MOST_WORK: Final = 8_000_000

Fingerprints = dict[int, str]
"""id of a node → a fingerprint that equal shapes share, whatever document they come from."""


def reachable(roots: Iterable[Slot]) -> list[Node]:
    """Every node that can be reached from ``roots``, each once."""
    found: dict[int, Node] = {}
    waiting = [slot.node for slot in roots]
    while waiting:
        node = waiting.pop()
        if id(node) not in found:
            found[id(node)] = node
            waiting.extend(child.node for _, child in children(node))
    return list(found.values())


def roots_of(contract: Contract) -> list[Slot]:
    """The places of a contract from which its shapes hang."""
    slots: list[Slot] = []
    for operation in contract.operations.values():
        slots += [parameter.slot for parameter in (*operation.path_parameters, *operation.parameters)]
        for body in (*operation.requests.values(), *operation.responses.values()):
            if body.slot is not None:
                slots.append(body.slot)
    return slots


def children(node: Node) -> list[tuple[str, Slot]]:
    """The places inside a shape, each with a label; the variants of a union share one, since order means nothing."""
    found = [(f".{name}", slot) for name, slot in node.properties.items()]
    if node.items is not None:
        found.append(("[]", node.items))
    if node.extra is not None:
        found.append(("{}", node.extra))
    found += [("|", slot) for slot in node.variants]
    return found


def fold(nodes: list[Node], *, label: Callable[[Node], object] | None = None) -> Fingerprints:
    """Give every node its fingerprint.

    Args:
        nodes: nodes, closed under :func:`children`.
        label: what else must be equal for two shapes to be the same.

    Raises:
        Stop: the shapes nest deeper, or are more entangled, than any real document's.
    """
    local = {id(node): _local(node, label(node) if label else None) for node in nodes}
    edges = {
        id(node): [(f"{name}{'?' if slot.nullable else ''}{'!' if slot.required else ''}", id(slot.node))
                   for name, slot in children(node)]
        for node in nodes
    }  # fmt: skip
    prints: Fingerprints = {key: _hash(text) for key, text in local.items()}
    distinct, work = len(set(prints.values())), 0
    for _ in range(DEEPEST):
        work += sum(1 + len(listed) for listed in edges.values())
        if work > MOST_WORK:
            break
        prints = {
            key: _hash(text + "".join(sorted({name + "\0" + prints[target] + "\n" for name, target in edges[key]})))
            for key, text in local.items()
        }
        now = len(set(prints.values()))
        if now == distinct:
            return prints
        distinct = now
    raise Stop(
        f"The document's schemas nest deeper than {DEEPEST} levels, or are entangled beyond what can be compared; "
        "it is not used."
    )


def _local(node: Node, label: object) -> str:
    return json.dumps([node.kind, node.type, node.format, node.values, label], ensure_ascii=True)


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
