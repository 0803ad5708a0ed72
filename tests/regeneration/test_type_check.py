"""Which modules of the hand-written package have to wait for the new client before they are type-checked."""

from __future__ import annotations

from pathlib import Path

import pytest
from regeneration.type_check import dependents

BASE = {
    "__init__.py": "from flows.top import top",
    "gateway/__init__.py": "",
    "gateway/reads.py": "import httpx\nfrom specstep_client.models import Widget",
    "top.py": "import json, rich.text\nfrom flows.gateway.reads import read",
    "states.py": "import enum",
}


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    """A package whose `__init__`, `top` and `gateway.reads` depend on the client."""
    for name, source in BASE.items():
        (tmp_path / "flows" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "flows" / name).write_text(source)
    return tmp_path / "flows"


def test_what_depends_on_the_client(flows: Path) -> None:
    """What imports the client waits, and what imports that; the rest of what these import need not."""
    waiting, imported = dependents(flows)

    assert waiting == {flows / name for name in ("__init__.py", "gateway/reads.py", "top.py")}
    assert imported == {"httpx", "json", "rich.text"}


@pytest.mark.parametrize(
    "source",
    [
        "import specstep_client",
        "import specstep_client.models.widget as widget",
        "from specstep_client import models",
        "def later():\n    from specstep_client.models import Widget",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import specstep_client",
        "import flows.gateway.reads",
        "from flows.gateway import reads",
        "from flows import states",
        "import flows.states",
        "from . import states",
        "from .gateway.reads import read",
        "if",
    ],
)
def test_every_way_to_depend(flows: Path, source: str) -> None:
    """However a module says it; where it cannot be told, it waits."""
    (flows / "more.py").write_text(source)

    assert flows / "more.py" in dependents(flows)[0]


@pytest.mark.parametrize(
    "source",
    ["", "import httpx", "from flows.states import State", "from flows.gateway import __doc__", "# specstep_client"],
)
def test_what_does_not_depend(flows: Path, source: str) -> None:
    """A module that imports a package does not wait for another module of it, nor for a word in a comment."""
    (flows / "more.py").write_text(source)

    assert flows / "more.py" not in dependents(flows)[0]
