"""``specstep_flows/gateway/_operations.py``: what the documented contract says of sending each operation."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from regeneration.document import JsonObject
from regeneration.errors import RegenerationError
from regeneration.paths import METHODS
from regeneration.project import child_environment

KINDS: Final = ("read", "keyed", "idempotent", "unsafe", "harmless")

#: Extensions of the contract that are true or absent → the field of the table.
_MARKS: Final = {
    "x-costs": "costs",
    "x-anonymous": "anonymous",
    "x-cookie-only": "cookie_only",
    "x-catch-all": "catch_all",
}

_HEAD: Final = '''"""What sending each operation means, as the API's contract says it.

Made from openapi/documented.yaml by scripts/regenerate.py; never edited.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import attrs

if TYPE_CHECKING:
    from specstep_flows.engine.effects import Kind


@attrs.frozen
class Operation:
    """What the API's contract says of one operation."""

    method: str
    path: str
    #: What sending it twice would mean.
    kind: Kind
    #: Which of the service's two rolling limits it counts against.
    bucket: Literal["standard", "kickoff"] = "standard"
    #: It costs money.
    costs: bool = False
    #: It needs no key.
    anonymous: bool = False
    #: It wants a browser's session; a key gets 403.
    cookie_only: bool = False
    #: It answers with a redirect.
    redirects: bool = False
    #: The last parameter of its path is a path itself, so its slashes stay slashes.
    catch_all: bool = False
    #: What is lost by it, in a sentence; empty where nothing is.
    destroys: str = ""
    #: What it does, in words: ``cancel a generation``.
    about: str = ""


#: Every documented operation by its name.
OPERATIONS: Final[dict[str, Operation]] = {
'''


def operations_table(documented: JsonObject) -> str:
    """The text of the module, before it is formatted.

    Raises:
        RegenerationError: an operation has no kind, or one that nobody knows.
    """
    rows: dict[str, str] = {}
    for path, item in documented["paths"].items():
        for method in METHODS:
            if method in item:
                rows[str(item[method].get("operationId"))] = _row(method.upper(), path, item[method])
    return _HEAD + "".join(f"    {name!r}: {rows[name]},\n" for name in sorted(rows)) + "}\n"


def write_operations_table(documented: JsonObject, target: Path) -> None:
    """Write the module, formatted as ruff formats the rest of the package."""
    target.write_text(operations_table(documented), encoding="utf-8")
    ruff = [str(Path(sys.executable).parent / "ruff"), "format", "--no-cache", "--isolated", "--line-length=120", "-q"]
    run = subprocess.run([*ruff, str(target)], env=child_environment(), capture_output=True, text=True, check=False)
    if run.returncode:
        raise RegenerationError(f"ruff can't format the table of operations: {run.stderr.strip()[:300]}")


def _row(method: str, path: str, operation: JsonObject) -> str:
    kind = operation.get("x-kind")
    if kind not in KINDS:
        raise RegenerationError(f"openapi/documented.yaml: {method} {path} needs an x-kind: one of {', '.join(KINDS)}.")
    arguments = [repr(method), repr(path), repr(kind)]
    if operation.get("x-rate-limit") == "kickoff":
        arguments.append("bucket='kickoff'")
    said = [field for mark, field in _MARKS.items() if operation.get(mark) is True]
    if any(str(status).startswith("3") for status in operation.get("responses", {})):
        said.append("redirects")
    words = {"destroys": operation.get("x-destroys", ""), "about": _as_clause(operation.get("summary", ""))}
    values = [*(f"{field}=True" for field in said), *(f"{field}={text!r}" for field, text in words.items() if text)]
    return f"Operation({', '.join([*arguments, *values])})"


def _as_clause(summary: str) -> str:
    """``Cancel a generation`` as it stands inside a sentence."""
    return summary[:1].lower() + summary[1:]
