"""docs/operations.md: every operation of the API has methods in both clients, or a reason why it has none."""

from __future__ import annotations

import re
from pathlib import Path

import document_operations

from specstep_flows import AsyncSpecStep, SpecStep
from specstep_flows.gateway._operations import OPERATIONS
from tests.kit.api import op

ROOT = Path(__file__).parents[1]
ROWS = re.findall(
    r"^\| `(\w+)` \| `([A-Z]+ [^`]+)` \| (.*) \| (.*) \|$", (ROOT / "docs" / "operations.md").read_text("utf-8"), re.M
)


def test_the_page_is_what_the_docstrings_say() -> None:
    """A method that comes or goes changes it."""
    assert document_operations.main(["--check"]) == 0


def test_every_operation_has_a_method_or_a_reason() -> None:
    """Once, with its endpoint and what to mind."""
    assert sorted(name for name, *_ in ROWS) == sorted(OPERATIONS)
    assert len(OPERATIONS) >= 112
    for name, endpoint, methods, notes in ROWS:
        assert endpoint == op(name)
        assert ("costs" in notes) == OPERATIONS[name].costs
        assert ("no key" in notes) == OPERATIONS[name].anonymous
        if methods.startswith("`call`: "):
            assert methods == f"`call`: {document_operations.REASONS[name]}"
            continue
        assert name not in document_operations.REASONS
        for method in re.findall(r"`(\w+)`", methods):
            assert callable(getattr(SpecStep, method))
            assert callable(getattr(AsyncSpecStep, method))


def test_what_cannot_be_undone_says_so() -> None:
    """In the docstring of its method: what is lost, or that nothing brings it back."""
    said = re.compile(
        r"recycle bin|for good|Nothing brings it back|nobody can read it back|stops working at once|ends at once|"
        r"its secret is gone|Remove|Give up|Stop a generation"
    )
    found = document_operations.methods()
    for name, stated in OPERATIONS.items():
        for method in document_operations.stands_for(name, found)[:1]:
            if stated.destroys:
                assert said.search(getattr(SpecStep, method).__doc__ or ""), method


def test_who_may_not_call_an_operation_is_told() -> None:
    """In the docstring of its method: a browser's session, or that no key is needed."""
    found = document_operations.methods()
    for name, stated in OPERATIONS.items():
        for method in document_operations.stands_for(name, found)[:1]:
            if method == "get_capabilities":
                continue
            documented = " ".join((getattr(SpecStep, method).__doc__ or "").split())
            assert ("a key gets 403" in documented) == stated.cookie_only, method
            assert ("It needs no key" in documented) == stated.anonymous, method
