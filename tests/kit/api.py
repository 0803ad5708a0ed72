"""What the contract calls the API's operations, so that tests quote no path that may move.

`op("get_generation")` is `GET /v1/generations/{id}`, as the pages and the sandbox write it.
"""

from __future__ import annotations

import re

from specstep_flows.gateway._operations import OPERATIONS


def op(name: str, *values: object) -> str:
    """Method and path of an operation by its name in the contract; with values, in place of the path's parameters."""
    return f"{OPERATIONS[name].method} {path_of(name, *values)}"


def path_of(name: str, *values: object) -> str:
    """The path of an operation; with values, in place of its parameters."""
    template = OPERATIONS[name].path
    if not values:
        return template
    given = list(values)
    filled = re.sub(r"\{[^}]+\}", lambda _: str(given.pop(0)), template)
    assert not given, f"{template} has fewer parameters"
    return filled
