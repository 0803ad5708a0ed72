#!/usr/bin/env python3
"""Write docs/operations.md: which methods stand for each operation of the API; with --check, fail when it is old.

A method stands for every operation whose endpoint its docstring names. What no method stands for has a reason here.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from specstep_flows import AsyncSpecStep
from specstep_flows.gateway._operations import OPERATIONS
from specstep_flows.gateway.any_operation import operation_names

PAGE: Final = Path(__file__).parents[1] / "docs" / "operations.md"
ENDPOINT: Final = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) (/v\d+/[\w/{}-]*[\w}])(?![*…])")
#: Why no method stands for an operation; `call` carries each of them out.
REASONS: Final = {
    "authorize_external_connector": "connecting a folder takes a person who signs in to the provider in a browser",
    "finish_external_connector_oauth": "the provider sends the person's browser there",
    "commit_external_connector": "the end of connecting a folder in a browser",
    "sync_external_connector": "a button of the page on which the folder was connected",
    "delete_external_connector": "a button of the page on which the folder was connected",
}
HEAD: Final = """\
# Every operation

What each of the API's {count} operations is in Python. `SpecStep` has the methods as they are here; those of
`AsyncSpecStep` are awaited, and lists that are fetched page by page are iterated with `async for`. Where several
methods use an operation, the first does nothing else. Any operation can be called by its name, as in
`specstep.call("list_notifications")`, and `specstep api NAME` does so at a terminal.

Notes: *costs*: it is paid for, and never sent twice on a guess. *no key*: `SpecStep(anonymous=True)` may do it.
*browser*: the service refuses it to keys and tokens (`PermissionDenied`). *destroys*: what it takes away does not come
back, or not by itself.
"""


def blanked(endpoint: str) -> str:
    """An endpoint without the names of its parameters."""
    return re.sub(r"\{[^}]*\}", "{}", endpoint)


def methods() -> Mapping[str, list[str]]:
    """The methods that name each endpoint in their docstrings."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, method in inspect.getmembers(AsyncSpecStep, inspect.isfunction):
        if not name.startswith("_"):
            for verb, path in ENDPOINT.findall(inspect.getdoc(method) or ""):
                found[blanked(f"{verb} {path}")].append(name)
    return found


def stands_for(operation: str, found: Mapping[str, list[str]]) -> list[str]:
    """The methods of an operation, the one that does nothing else first."""
    stated = OPERATIONS[operation]
    named = dict.fromkeys(found.get(blanked(f"{stated.method} {stated.path}"), ()))

    def is_alone(name: str) -> bool:
        return len(ENDPOINT.findall(inspect.getdoc(getattr(AsyncSpecStep, name)) or "")) == 1

    return sorted(named, key=lambda name: (name != operation, not is_alone(name), name))


def page() -> Iterator[str]:
    """The page's lines."""
    found = methods()
    yield HEAD.format(count=len(OPERATIONS))
    tags: dict[str, list[str]] = defaultdict(list)
    for name, tag in operation_names().items():
        if name in OPERATIONS:
            tags[tag].append(name)
    for tag, names in tags.items():
        yield f"## {tag.replace('_', ' ').capitalize()}\n"
        yield "| Operation | Request | Methods | Notes |"
        yield "| --- | --- | --- | --- |"
        for name in sorted(names):
            stated = OPERATIONS[name]
            used = stands_for(name, found)
            notes = [
                note
                for note, applies in (
                    ("costs", stated.costs),
                    ("no key", stated.anonymous),
                    ("browser", stated.cookie_only),
                    ("destroys", bool(stated.destroys)),
                )
                if applies
            ]
            shown = ", ".join(f"`{method}`" for method in used) or f"`call`: {REASONS[name]}"
            yield f"| `{name}` | `{stated.method} {stated.path}` | {shown} | {', '.join(notes)} |"
        yield ""


def main(arguments: list[str]) -> int:
    """Write or check the page; the exit code."""
    wanted = "\n".join(page())
    if "--check" not in arguments:
        PAGE.write_text(wanted, encoding="utf-8")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != wanted:
        print(f"{PAGE} is not what the clients' docstrings say: run scripts/document_operations.py.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
