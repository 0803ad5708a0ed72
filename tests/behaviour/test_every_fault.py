"""Every fault at every request of a whole run: it ends right, or with an error from which it resumes.

Each request that changes something meets each fault with both clients; each read with one of them, in turns.

A fault befalls one request; edits of answers, which are how a service drifts, befall that request and all later ones
of its kind. Whatever happens: one interview in use, each turn once and in order, one kickoff, no answer lost, the
right bytes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from specstep_flows import errors
from specstep_flows.sandbox import Fault
from tests.kit.api import op
from tests.kit.bench import DOCUMENT, Bench

#: Every request of a whole run. Of those that come often, the first two.
STEPS = (
    (op("get_me"), 1),
    (op("get_capabilities"), 1),
    (op("start_interview"), 1),
    (op("list_reference_documents"), 1),
    (op("upload_reference_document"), 1),
    (op("submit_turn"), 1),
    (op("get_turn_job"), 1),
    (op("submit_turn"), 2),
    (op("get_turn_job"), 2),
    (op("complete_interview"), 1),
    (op("get_interview"), 1),
    (op("list_generations"), 1),
    (op("start_generation"), 1),
    (op("get_generation"), 1),
    (op("get_generation"), 2),
    (op("get_clarifications"), 1),
    (op("answer_clarifications"), 1),
    (op("get_generation_events"), 1),
    (op("get_package_zip"), 1),
    ("GET /blob/{name}", 1),
)

#: What can befall any request; all but the edits of answers befall it once.
FAULTS: dict[str, dict[str, Any]] = {
    "reset before": {"kind": "reset"},
    "reset after": {"kind": "reset", "commit": True},
    "stall before": {"kind": "stall"},
    "stall after": {"kind": "stall", "commit": True},
    "408 before": {"kind": "status", "status": 408},
    "408 after": {"kind": "status", "status": 408, "commit": True},
    "429": {"kind": "status", "status": 429},
    "429 for a while": {"kind": "status", "status": 429, "retry_after": 7},
    "429 for a fraction": {"kind": "status", "status": 429, "retry_after": "1.5"},
    "429 until a date": {"kind": "status", "status": 429, "retry_after": "date+30"},
    "500 before": {"kind": "status", "status": 500},
    "500 after": {"kind": "status", "status": 500, "commit": True},
    "502 before": {"kind": "html", "status": 502},
    "502 after": {"kind": "html", "status": 502, "commit": True},
    "503 for a while": {"kind": "status", "status": 503, "retry_after": 20},
    "503 after": {"kind": "html", "status": 503, "commit": True},
    "504 before": {"kind": "html", "status": 504},
    "504 after": {"kind": "html", "status": 504, "commit": True},
    "several 504 after": {"kind": "html", "status": 504, "commit": True, "times": 3},
    "late by 4 s": {"kind": "late_commit", "seconds": 4},
    "late by 60 s": {"kind": "late_commit", "seconds": 60},
    "late by 60 s, thrice": {"kind": "late_commit", "seconds": 60, "times": 3},
    "cut in the body": {"kind": "truncated", "keep": 0.5},
    "reset in the body": {"kind": "truncated", "keep": 0.9, "hard": True},
    "half the JSON": {"kind": "malformed"},
    "nothing": {"kind": "empty"},
    "login page before": {"kind": "html", "status": 200},
    "login page after": {"kind": "html", "status": 200, "commit": True},
    "restart before": {"kind": "restart", "seconds": 20},
    "restart after": {"kind": "restart", "seconds": 20, "commit": True},
    "unknown fields": {"kind": "unknown_fields", "times": None},
    "400 page": {"kind": "html", "status": 400},
    "403 page": {"kind": "html", "status": 403},
    "403 page after": {"kind": "html", "status": 403, "commit": True},
    "several 403 pages": {"kind": "html", "status": 403, "times": 3},
    "404 page": {"kind": "html", "status": 404},
    "409 page": {"kind": "html", "status": 409},
    "421 page": {"kind": "html", "status": 421},
    "425 without a page": {"kind": "status", "status": 425},
    "451 page": {"kind": "html", "status": 451},
    "401": {"kind": "status", "status": 401},
}
#: The artifact's name comes a moment after the interview's end, so that the interview has to be read as well.
LATE_ARTIFACT = 3.0


def timeout_for(fault: dict[str, Any]) -> float:
    """Real seconds for a request: few where one is never answered, else so many that a busy machine is no fault."""
    return 0.2 if fault["kind"] in ("stall", "late_commit") else 20.0


def begin(bench: Bench) -> Path:
    """A reference document to attach."""
    bench.folder.mkdir(exist_ok=True)
    document = bench.folder / "notes.md"
    document.write_bytes(DOCUMENT)
    return document


def judge(bench: Bench, result: Any) -> None:
    """As the bench judges, and the document attached once, whatever the way there."""
    bench.judge(result)
    interview = bench.sandbox.state.interviews[str(result.interview_id)]
    assert [document.content for document in interview.documents.values()] == [DOCUMENT]


def test_the_steps_are_all_there_are(bench: Bench) -> None:
    """The list of steps above has every operation that a whole run sends."""
    bench.sandbox.options.intake_artifact_delay = LATE_ARTIFACT
    bench.attempt(attachments=[begin(bench)])

    sent = {request.operation for request in bench.sandbox.requests}
    assert {operation for operation, _ in STEPS} == sent


def clients_for(step: tuple[str, int], fault: str) -> tuple[bool, ...]:
    """Whether the client is async, for each client that meets a fault at a step."""
    if not step[0].startswith("GET "):
        return (False, True)
    return ((STEPS.index(step) + list(FAULTS).index(fault)) % 2 == 1,)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("operation", "nth"), STEPS)
def test_every_fault_at_every_step(
    new_bench: Any, request: pytest.FixtureRequest, operation: Any, nth: Any, fault: Any
) -> None:
    """One fault at one request costs at most a resume, never a second kickoff, a turn or an answer."""
    for is_async in clients_for((operation, nth), fault):
        bench = new_bench(
            is_async=is_async, request_timeout=timeout_for(FAULTS[fault]), intake_artifact_delay=LATE_ARTIFACT
        )
        rule = bench.sandbox.faults.add(Fault(operation, nth=nth, **FAULTS[fault]))

        result = bench.persist(attachments=[begin(bench)])

        assert rule.fired > 0
        judge(bench, result)
        assert all(isinstance(error, errors.AuthenticationError) == (fault == "401") for error in bench.errors)
        # A page of the front door among reads is passing.
        assert len(bench.errors) <= (0 if "page" in fault and operation.startswith("GET /v1") else 1)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("operation", "nth"), [(op("list_generations"), 2), (op("list_deleted_generations"), 1)])
def test_every_fault_while_a_lost_kickoff_is_looked_for(new_bench: Any, operation: str, nth: int, fault: Any) -> None:
    """The answer to the kickoff is lost, and what is read to settle that is hindered too: still one kickoff."""
    for is_async in (False, True):
        bench = new_bench(is_async=is_async, request_timeout=timeout_for(FAULTS[fault]))
        bench.sandbox.faults.add(Fault(op("start_generation"), "reset", commit=True))
        rule = bench.sandbox.faults.add(Fault(operation, nth=nth, **FAULTS[fault]))

        result = bench.persist(attachments=[begin(bench)])

        assert rule.fired > 0
        judge(bench, result)
