"""Every field of every answer, gone, null, of another type or of a value that nobody has seen, for good: a service
drifts.

The fields are taken from the answers of a run without incident. Only what a run steers by may stop it, with an error
that names the field; the run goes on where it was once the service is itself again. Nothing is ever paid for twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from specstep_flows import errors
from specstep_flows.engine import drivers
from specstep_flows.engine.interpreter import Attempt
from specstep_flows.sandbox import Fault
from tests.kit.api import STATE, op
from tests.kit.bench import DOCUMENT, Bench

pytestmark = pytest.mark.slow

#: What a run cannot go on without: ids, states, the text of a question.
STEERING = {"id", STATE, "status", "question", "clarifications", "generations", "documents", "reference_documents"}
#: What it ends with: an answer that does not fit; a state of tomorrow, for ever; a question that was never asked.
STOPS = (errors.UnexpectedResponse, errors.WaitTimeout, errors.BadRequest)
KINDS = ("missing", "nulls", "retype", "unknown_enum")


def names(value: Any) -> Iterator[tuple[str, Any]]:
    """Every member of a document, at any depth."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield name, member
            yield from names(member)
    elif isinstance(value, list):
        for member in value:
            yield from names(member)


@pytest.fixture(scope="module")
def fields(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Each operation of a whole run that answers with JSON, with its fields and a value of each."""
    from specstep_flows.sandbox import ManualClock, Sandbox
    from tests.kit.bench import make_bench, options

    found: dict[str, dict[str, Any]] = {}
    with pytest.MonkeyPatch.context() as patch, Sandbox(options=options(), clock=ManualClock()) as sandbox:
        bench = make_bench(sandbox, tmp_path_factory.mktemp("fields"))
        bench.folder.mkdir(exist_ok=True)

        perform = drivers._perform

        def performing(step: Any, *more: Any) -> Any:
            answer = perform(step, *more)
            if isinstance(step, Attempt) and "json" in answer.headers.get("content-type", ""):
                found.setdefault(sandbox.requests[-1].operation or "", {}).update(names(json.loads(answer.content)))
            return answer

        patch.setattr(drivers, "_perform", performing)
        (bench.folder / "notes.md").write_bytes(DOCUMENT)
        bench.attempt(attachments=[bench.folder / "notes.md"])
    return found


OPERATIONS = (
    op("get_me"),
    op("get_capabilities"),
    op("start_interview"),
    op("list_reference_documents"),
    op("upload_reference_document"),
    op("submit_turn"),
    op("get_turn_job"),
    op("complete_interview"),
    op("list_generations"),
    op("start_generation"),
    op("get_generation"),
    op("get_generation_events"),
    op("get_clarifications"),
    op("answer_clarifications"),
)


def test_the_operations_are_all_that_answer_with_json(fields: Any) -> None:
    """The list above is that of a whole run."""
    assert set(fields) == set(OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_field_that_drifted_stops_a_run_only_where_it_steers(
    new_bench: Any, fields: Any, operation: Any, kind: Any
) -> None:
    """Those that are only shown all at once: the run ends right. The others in turn: it does, or names the field."""
    drifting = [name for name, value in fields[operation].items() if kind != "unknown_enum" or isinstance(value, str)]
    shown = tuple(name for name in drifting if name not in STEERING)
    for together in filter(None, (shown, *((name,) for name in drifting if name in STEERING))):
        _drift(new_bench(), operation, kind, together)


def _drift(bench: Bench, operation: str, kind: Any, together: tuple[str, ...]) -> None:
    bench.folder.mkdir(exist_ok=True)
    (bench.folder / "notes.md").write_bytes(DOCUMENT)
    attachments = [bench.folder / "notes.md"]
    bench.sandbox.faults.add(Fault(operation, kind, fields=together, times=None))
    where = f"{operation} with {together} {kind}"
    stopped: errors.SpecStepError | None = None
    try:
        result = bench.attempt(attachments=attachments, timeout=1800)
    except errors.SpecStepError as error:
        stopped = error
    except BaseException as error:
        error.add_note(where)
        raise
    if stopped is not None:
        assert STEERING.issuperset(together), f"{where}: {stopped}"
        assert isinstance(stopped, STOPS), where
        bench.sandbox.faults.clear()
        result = bench.attempt(attachments=attachments)
    try:
        bench.judge(result)
    except AssertionError as error:
        error.add_note(where)
        raise
