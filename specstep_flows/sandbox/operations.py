"""Which operations of the sandbox a fault is about: by name, by a path of theirs, or by a pattern."""

from __future__ import annotations

import difflib
import fnmatch
import re
from functools import cache

from specstep_flows.sandbox.blobs import blob_operation
from specstep_flows.sandbox.document import OPERATIONS, operation_of

BLOBS = "GET /blob/{name}"
#: What a parameter of a path can be: anything without a slash. A pattern's `*` may be anything.
_PART = "\0"


def operation_names() -> list[str]:
    """Every operation as the pages write it, and the blob server's."""
    return [*(operation.name for operation in OPERATIONS), BLOBS]


@cache
def fitting(match: str) -> frozenset[str]:
    """The operations that a rule may be about; none where no request could ever fit."""
    wanted = blanked(match)
    if "*" not in wanted:
        method, _, path = match.partition(" ")
        found = {name for name in operation_names() if blanked(name) == wanted}
        found |= {name for name in (operation_of(method, path), blob_operation(method, path)) if name is not None}
        return frozenset(found)
    # Within brackets and for a question mark, any letter will do.
    simple = re.sub(r"\[[^\]]*\]|\?", "\1", wanted)
    return frozenset(
        name
        for name in operation_names()
        if fnmatch.fnmatchcase(blanked(name), wanted)
        or ("{}" not in wanted and _meet(re.sub(r"\{[^*}]*\}", _PART, name.replace("{*path}", "*")), simple))
    )


def befallen(match: str) -> frozenset[str]:
    """The same. Raises ``ValueError``, with the nearest name, where there are none: a misspelt test would be green."""
    found = fitting(match)
    if not found:
        near = difflib.get_close_matches(match, operation_names(), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"nothing at the sandbox is called {match!r}{hint}")
    return found


def _meet(template: str, pattern: str) -> bool:
    """Whether some path fits both a template and a pattern."""

    @cache
    def from_here(i: int, j: int) -> bool:
        left, right = template[i : i + 1], pattern[j : j + 1]
        if not left and not right:
            return True
        if left in ("*", _PART) and left:
            may_take = right and (left == "*" or right != "/")
            if from_here(i + 1, j) or (may_take and from_here(i, j + 1)):
                return True
        if right == "*":
            return from_here(i, j + 1) or (bool(left) and from_here(i + 1, j))
        return bool(left and right) and (left == right or right == "\1") and from_here(i + 1, j + 1)

    return from_here(0, 0)


def blanked(name: str) -> str:
    """An operation without what its parameters are called."""
    return re.sub(r"\{[^}]*\}", "{}", name)
