"""Errors: one tree, drawn as it is, that crosses processes and names no control characters."""

from __future__ import annotations

import ast
import copy
import pickle
import re
from pathlib import Path

import pytest

from specstep_flows import errors
from specstep_flows.models import Clarification

CLASSES = {name: getattr(errors, name) for name in errors.__all__}


def test_every_error_is_one_of_ours() -> None:
    """``except SpecStepError`` catches everything that is raised on purpose."""
    assert [name for name, each in CLASSES.items() if not issubclass(each, errors.SpecStepError)] == []


def test_the_tree_in_the_docstring_is_the_tree_of_classes() -> None:
    """A reader chooses what to catch by the drawing."""
    drawn: dict[str, str] = {}
    above: list[str] = ["SpecStepError"]
    for branch, name in re.findall(r"^    ((?:│   |    )*[├└]── )(\w+)", errors.__doc__ or "", re.MULTILINE):
        depth = len(branch) // 4
        above[depth:] = [name]
        drawn[name] = above[depth - 1]

    assert {"SpecStepError", *drawn} == {*CLASSES}
    assert {name: CLASSES[name].__base__.__name__ for name in drawn} == drawn


@pytest.mark.parametrize(
    "error",
    [
        errors.NotConnected("Nobody is there.", operation="start_interview"),
        errors.UnexpectedResponse("No id.", operation="get_generation", field="id"),
        errors.BudgetExceeded("Too much.", limit_usd=0.5, spent_usd=0.6),
        errors.NotFound("Gone.", operation="get_package", status=410, members={"detail": "Gone."}),
        errors.TurnFailed("No reply.", error_code="TIMEOUT", is_retryable=True),
        errors.InterviewEnded("Abandoned.", is_final=False),
        errors.RunNotFound("There is no run 'x'."),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_crosses_processes_whole(error: errors.SpecStepError) -> None:
    """A pool of processes hands errors back by pickling them: class, message and every attribute arrive."""
    error.run_id = "portal"
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(other) is type(error)
        assert (str(other), vars(other)) == (str(error), vars(error))


@pytest.mark.parametrize("kind", CLASSES.values(), ids=CLASSES)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_error_can_be_moved_and_copied(kind: type[errors.SpecStepError], protocol: int) -> None:
    """Whatever is required to make one, and whatever was added to it since."""
    more = {"limit_usd": 0.5} if kind is errors.BudgetExceeded else {}
    error = kind("It broke.", **more)
    error.add("Nothing was sent.")
    error.run_id = "portal"
    error.questions = (Clarification("Which?"),)  # type: ignore[attr-defined]

    for other in (pickle.loads(pickle.dumps(error, protocol)), copy.copy(error), copy.deepcopy(error)):
        assert (type(other), str(other), vars(other), other.args) == (kind, str(error), vars(error), error.args)


def test_errors_name_no_option_of_the_command() -> None:
    """No sentence outside the command has one of its options, but in a whole command to copy."""
    package = Path(errors.__file__).parent
    modules = {path.relative_to(package): path for path in package.rglob("*.py")}
    found: list[str] = []
    whole: set[int] = set()
    for name, path in modules.items():
        if name.parts[0] in ("cli", "sandbox") or name.name in ("outcome.py", "hero.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr) and ast.unparse(node).startswith("f'specstep "):
                whole |= {id(part) for part in node.values}
            elif isinstance(node, ast.JoinedStr | ast.Constant) and isinstance(getattr(node, "value", ""), str):
                text = "" if id(node) in whole else re.sub(r"`specstep [^`]*`?", "", ast.unparse(node))
                found += [f"{name}:{node.lineno}: {text}"] if re.search(r"(?<![\w-])--[a-z]{2}", text) else []

    assert found == []
