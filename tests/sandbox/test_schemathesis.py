"""Requests that schemathesis makes up from the contract: whatever is asked, the contract states the answer."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from tests.kit.api import op

schemathesis = pytest.importorskip("schemathesis", reason="did not run: schemathesis is not installed")

from hypothesis import HealthCheck, Phase, given, settings  # noqa: E402
from schemathesis import checks  # noqa: E402
from schemathesis.specs.openapi import checks as openapi_checks  # noqa: E402

from specstep_flows.sandbox import ManualClock, Sandbox, SandboxOptions  # noqa: E402

pytestmark = pytest.mark.slow

contract = schemathesis.openapi.from_path(Path(__file__).parents[2] / "openapi" / "documented.yaml")
OPERATIONS = [found.ok() for found in contract.get_all_operations()]

CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
]

BEYOND_THE_CONTRACT = {(op("cancel_generation"), 400)}
"""A body whose reason is no text. The pages do not say what is answered; ASP.NET answers so."""


class World:
    """A sandbox with something of everything in it, and the ids of that."""

    def __init__(self, sandbox: Sandbox, caller: Any) -> None:
        self.sandbox = sandbox
        self.key = {"Authorization": f"Bearer {sandbox.api_key}"}
        self.session = {"Cookie": f"specstep_session={sandbox.state.session}"}
        package = caller.package()
        interview = caller.interview("A portal.")
        turn = caller(op("submit_turn", interview), json={"message": "More."}).json()
        caller.pass_time(60)
        file = {"file": ("a.txt", b"a", "text/plain")}
        upload = op("upload_reference_document", interview)
        self.ids = {
            "interviews": interview,
            "generations": caller.generation(),
            "packages": package,
            "jobId": turn["job_id"],
            "interviewId": interview,
            "documentId": caller(upload, files=file).json()["id"],
            "path": "README.md",
            "version": "1.0.0",
            "provider": "onedrive",
        }
        self.turns = cycle((True, False))
        self.sessions = cycle((True, True, True, False))

    def headers(self, operation: Any) -> dict[str, str]:
        """The key; where only a session lets in, mostly that."""
        only_session = "sessionCookie" in str(operation.definition.raw.get("security"))
        return self.session if only_session and next(self.sessions) else self.key

    def aim(self, case: Any) -> None:
        """Point every other case at something that is there, as made-up ids never are."""
        if not next(self.turns):
            return
        for name in case.path_parameters or {}:
            real = self.ids.get(name) or (self.ids.get(case.path.split("/")[2]) if name == "id" else None)
            if real is not None:
                case.path_parameters[name] = real


@pytest.fixture(scope="module")
def world(caller_class: Any) -> Iterator[World]:
    """One sandbox for all cases, with nothing in the way of asking much."""
    options = SandboxOptions(
        clarifications=(),
        requests_per_minute=None,
        kickoffs_per_minute=None,
        monthly_quota=None,
        auth_failures=None,
    )
    with Sandbox(options=options, clock=ManualClock()) as sandbox:
        caller = caller_class(sandbox)
        yield World(sandbox, caller)
        caller.http.close()


# Not `contract.parametrize()`: with it all operations have one test id, and pytest-xdist runs one test of each id.
@pytest.mark.parametrize("operation", OPERATIONS, ids=[operation.label for operation in OPERATIONS])
def test_answers_conform(operation: Any, world: World) -> None:
    """Status, media type, headers and body are among those that the contract states for the operation."""

    @given(case=operation.as_strategy())
    @settings(
        max_examples=4,
        phases=[Phase.explicit, Phase.generate],
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    def any_request(case: Any) -> None:
        world.aim(case)
        answer = case.call(
            base_url=world.sandbox.url, headers=world.headers(operation), allow_redirects=False, timeout=10
        )
        if (operation.label, answer.status_code) not in BEYOND_THE_CONTRACT:
            case.validate_response(answer, checks=CHECKS)

    any_request()
