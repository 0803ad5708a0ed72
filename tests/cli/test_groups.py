"""The groups and ``api``: single operations of the service, by hand or by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from specstep_flows import SpecStep
from specstep_flows.cli import operations
from specstep_flows.gateway._operations import OPERATIONS
from specstep_flows.runs import RunStore
from specstep_flows.sandbox import Failure, Fault, SandboxOptions

CONTRACT = Path(__file__).parents[2] / "openapi" / "documented.yaml"
COOKIE_ONLY = {name for name, stated in OPERATIONS.items() if stated.cookie_only}
PAID = {name for name, stated in OPERATIONS.items() if stated.costs}
MISSING = "01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04"


@pytest.fixture
def client(sandbox: Any) -> Any:
    """A client that keeps no runs."""
    with SpecStep(store=RunStore.in_memory()) as client:
        yield client


@pytest.fixture
def interview(client: SpecStep) -> Any:
    """A complete interview."""
    interview = client.start_interview()
    client.say(interview.id, "A shop for tea.")
    return client.complete_interview(interview.id)


@pytest.fixture
def complete(client: SpecStep, interview: Any) -> tuple[str, str]:
    """A complete generation that no run manages, and its package."""
    started = client.start_generation(interview.intake_artifact_id, interview_id=interview.id, profile="Fast")
    generation = client.wait_for_generation(started)
    return str(generation.id), str(generation.package_id)


def test_generations(specstep: Any, sandbox: Any, complete: tuple[str, str]) -> None:
    """They are listed, shown, named, and their conversation and events read."""
    generation, _ = complete

    listed = specstep("generation", "list", "--state", "complete", "--json").document["generations"]
    none = specstep("generation", "list", "--state", "failed")
    shown = specstep("generation", "show", generation)
    named = specstep("generation", "name", generation, "Tea")
    conversation = specstep("generation", "conversation", generation, "--take", "2")
    events = specstep("generation", "events", generation)

    assert [row["id"] for row in listed] == [generation]
    assert (none.out, none.err) == ("", "No generations.\n")
    assert "state:" in shown.out
    assert named.code == 0
    assert len(conversation.out.splitlines()) == 2
    assert all(json.loads(line)["schema_version"] == 1 for line in events.out.splitlines())
    assert specstep("generation", "show", generation, "--json").document["generation"]["project_name"] == "Tea"


class TestRetry:
    """A generation that failed."""

    @pytest.fixture
    def options(self) -> SandboxOptions:
        """The first kickoff fails."""
        return SandboxOptions(clarifications=(), failures=(Failure(on=(1,)),))

    @pytest.fixture
    def failed(self, client: SpecStep, interview: Any) -> str:
        """Its id."""
        started = client.start_generation(interview.intake_artifact_id, interview_id=interview.id, profile="Fast")
        with pytest.raises(Exception, match="HostRestart"):
            client.wait_for_generation(started)
        return str(started)

    def test_it_costs(self, specstep: Any, sandbox: Any, failed: str) -> None:
        """Running it again needs a yes: by flag, or by hand, with quota and estimate shown first."""
        refused = specstep("generation", "retry", failed)
        declined = specstep("generation", "retry", failed, typed="n\n")
        agreed = specstep("generation", "retry", failed, "--yes")

        assert (refused.code, declined.code, agreed.code) == (2, 2, 0)
        assert "Quota:" in declined.err
        assert agreed.out.strip() != failed
        assert sandbox.requests.count("POST /v1/generations/{id}/retry") == 1

    def test_a_run_is_retried_as_a_run(self, specstep: Any, sandbox: Any, failed: str) -> None:
        """What a run manages is retried through the run, which no crash can double."""
        specstep("adopt", failed, "--run-id", "mine")

        result = specstep("generation", "retry", failed, "--yes")

        assert result.code == 2
        assert "specstep resume mine --retry-failed 1" in result.err


def test_update(specstep: Any, sandbox: Any, complete: tuple[str, str], interview: Any) -> None:
    """A generation is made anew from an intake, after a yes."""
    result = specstep("generation", "update", complete[0], "--intake", interview.intake_artifact_id, "-y", "-q")

    assert result.code == 0
    assert sandbox.requests.count("POST /v1/generations/{id}/update") == 1


def test_what_the_state_does_not_allow(specstep: Any, sandbox: Any, complete: tuple[str, str]) -> None:
    """A conflict is 1, with the service's own reason."""
    result = specstep("generation", "pause", complete[0], "--json")

    assert result.code == 1
    assert (result.document["code"], result.document["status"]) == ("conflict", 409)


def test_packages(specstep: Any, sandbox: Any, complete: tuple[str, str]) -> None:
    """They are listed, shown, looked into and searched."""
    _, package = complete

    listed = specstep("package", "list")
    shown = specstep("package", "show", package)
    files = specstep("package", "files", package, "--json").document["files"]
    content = specstep("package", "file", package, files[0]["path"])
    found = specstep("package", "search", "tea", "--package", package)
    everywhere = specstep("package", "search", "tea")

    assert package in listed.out
    assert "version:" in shown.out
    assert content.out
    assert "<mark>" not in found.out + everywhere.out
    assert package in everywhere.out


def test_what_costs_at_a_package(specstep: Any, sandbox: Any, complete: tuple[str, str]) -> None:
    """An addendum and an explanation need a yes; the addendum's signed address is shown nowhere."""
    _, package = complete
    addendum = ("package", "addendum", package, "--title", "French", "--description", "Add French.")

    refused = [specstep(*addendum).code, specstep("package", "explain", package, "investor").code]
    made = specstep(*addendum, "--yes", "--json")
    listed = specstep("package", "addenda", package)
    explained = specstep("package", "explain", package, "investor", "--yes")

    assert refused == [2, 2]
    assert "sig=" not in made.out + made.err
    assert made.document["addendum"]["addendum_id"] in listed.out
    assert explained.code == 0
    assert explained.out
    assert "investor" in specstep("package", "explanations", package).out
    assert "investor" in specstep("package", "audiences").out


@pytest.mark.parametrize(
    "fault",
    [
        Fault("POST /v1/packages/{id}/addenda", "reset", commit=True),
        Fault("POST /v1/packages/{id}/addenda", "html", commit=True),
        Fault("POST /v1/packages/{id}/addenda", "empty", commit=True),
        Fault("POST /v1/packages/{id}/addenda", "edit", set={"addendum_id": ""}),
    ],
    ids=["reset", "page", "empty", "nameless"],
)
def test_an_addendum_whose_answer_is_lost_is_not_asked_for_twice(
    specstep: Any, sandbox: Any, complete: tuple[str, str], fault: Fault
) -> None:
    """Whether it was made cannot be told from the answer: the sentence says so, and where to look before paying again."""
    _, package = complete
    sandbox.faults.add(fault)
    lost = specstep("package", "addendum", package, "--title", "French", "--description", "Add French.", "--yes")

    assert (lost.code, lost.out) == (7, "")
    assert f"`specstep package addenda {package}` shows whether" in lost.err
    assert sandbox.requests.count("POST /v1/packages/{id}/addenda") == 1
    assert "French" in specstep("package", "addenda", package).out


def test_a_page_in_place_of_an_answer_is_no_delivery(specstep: Any, sandbox: Any, complete: tuple[str, str]) -> None:
    """A sign-in page with status 200 says nothing of a pull request: that is told, and nothing is sent again."""
    sandbox.faults.add(Fault("POST /v1/packages/{id}/deliver", "html", status=200))
    told = specstep("package", "deliver", complete[1])

    assert (told.code, told.out) == (7, "")
    assert "with a page" in told.err
    assert sandbox.requests.count("POST /v1/packages/{id}/deliver") == 1


def test_a_hostile_text_does_not_reach_the_terminal(specstep: Any, sandbox: Any, complete: tuple[str, str]) -> None:
    """What the service sends cannot steer a terminal; a program gets it as it is."""
    sandbox.faults.add(
        Fault("GET /v1/packages", "edit", times=None, set={"packages.*.project_name": "\x1b]0;own\x07Tea\u202e\x1b[2J"})
    )

    shown = specstep("package", "list", tty_out=True)
    document = specstep("package", "list", "--json")

    assert "\x1b" not in shown.out
    assert "\u202e" not in shown.out
    assert "Tea" in shown.out
    assert "\x1b" not in document.out
    assert document.document["packages"][0]["project_name"].startswith("\x1b]0;own")


def test_webhooks(specstep: Any, sandbox: Any) -> None:
    """They are made, listed, given a new secret, tested and removed; the secret alone is on stdout."""
    (keys,) = json.loads(specstep("api", "list_api_keys").out).values()
    key = keys[0]["id"]

    made = specstep("webhook", "create", key, "https://example.com/hook", "--event", "generation.completed")
    (hook,) = specstep("webhook", "list", key, "--json").document["webhooks"]
    rotated = specstep("webhook", "rotate", key, hook["id"])
    tested = specstep("webhook", "test", key, hook["id"], "--json")
    deleted = specstep("webhook", "delete", key, hook["id"])
    plain_http = specstep("webhook", "create", key, "http://example.com/hook")

    assert len(made.out.split()) == len(rotated.out.split()) == 1
    assert made.out != rotated.out
    assert hook["url"] == "https://example.com/hook"
    assert tested.code == (0 if tested.document["delivery"]["success"] else 1)
    assert deleted.code == 0
    assert plain_http.code == 2


class TestApi:
    """Every operation by its name."""

    def test_all_are_listed(self, specstep: Any, untouched: None) -> None:
        """Without a name, all operations of the contract are listed, and which cost or want a browser."""
        listed = {row["name"]: row["note"] for row in specstep("api", "--json").document["operations"]}
        contract = {
            operation["operationId"]: operation
            for path in yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))["paths"].values()
            for operation in path.values()
            if isinstance(operation, dict) and "operationId" in operation
        }

        assert listed.keys() == contract.keys()
        assert {name for name, one in contract.items() if one.get("x-cookie-only")} == COOKIE_ONLY
        assert listed["start_generation"] == "costs"

    @pytest.mark.parametrize("name", sorted(COOKIE_ONLY))
    def test_what_wants_a_browser_is_refused(self, specstep: Any, untouched: None, name: str) -> None:
        """A sentence instead of a request that would get 403."""
        result = specstep("api", name)

        assert result.code == 2
        assert "only in a browser" in result.err

    def test_every_operation_can_be_described(self, untouched: None) -> None:
        """What each takes is read from the generated client."""
        for name in operations.names():
            if name not in COOKIE_ONLY:
                found = operations.parameters(operations.find(name))
                assert all(one.name.isidentifier() for one in found), name

    def test_reads(self, specstep: Any, sandbox: Any) -> None:
        """A read's answer is JSON on stdout, whole with --json."""
        plain = specstep("api", "get-usage")
        whole = specstep("api", "list_generations", "limit=5", "order=asc", "--json")

        assert json.loads(plain.out)
        assert whole.document["answer"]["generations"] == []

    def test_bodies(self, specstep: Any, sandbox: Any, home: Path) -> None:
        """A body is made of its fields, or given whole; numbers and null are read as such."""
        fields = specstep("api", "update_retention_preference", "default_retention_days=30")
        null = specstep("api", "update_retention_preference", "default_retention_days=null")
        (home / "body.json").write_text('{"default_retention_days": 7}')
        whole = specstep("api", "update_retention_preference", "--body", "body.json")
        typed = specstep("api", "update_retention_preference", "default_retention_days:=9")

        found = [json.loads(result.out)["default_retention_days"] for result in (fields, null, whole, typed)]
        assert found == [30, None, 7, 9]

    @pytest.mark.parametrize("name", sorted({*PAID, *(one.replace("_", "-") for one in PAID)}))
    def test_what_costs_asks_however_it_is_written(self, specstep: Any, untouched: None, name: str) -> None:
        """Off a terminal, without --yes: refused before a byte leaves, with dashes for underscores, too."""
        result = specstep("api", name, "id=01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04")

        assert result.code == 2
        assert "add --yes" in result.err

    @pytest.mark.parametrize("name", ["get_package_zip", "get-package-zip", "get-addendum-zip"])
    def test_a_signed_address_is_not_shown(self, specstep: Any, untouched: None, name: str) -> None:
        """Whoever holds it can fetch the package, so it is refused, and what to use instead is said."""
        result = specstep("api", name)

        assert result.code == 2
        assert "specstep download" in result.err

    @pytest.mark.parametrize(
        ("name", "arguments"),
        [
            ("get_status_summary", ()),
            ("get-status-uptime", ("days=30",)),
            ("get_status_history", ("limit=5",)),
            ("subscribe_to_status", ("email=someone@example.com",)),
            ("list_explain_audiences", ()),
            ("list_feedback_templates", ()),
            ("get_feedback_template", ("id=interview-quality", "version=v1.0.0")),
            ("get_capabilities", ()),
        ],
    )
    @pytest.mark.parametrize("has_key", [True, False])
    def test_what_is_anonymous_needs_no_key(
        self,
        specstep: Any,
        sandbox: Any,
        monkeypatch: pytest.MonkeyPatch,
        name: str,
        arguments: tuple[str, ...],
        has_key: bool,
    ) -> None:
        """It works without a key, and the key is not sent where there is one; but for what is only taken to need none."""
        if not has_key:
            monkeypatch.delenv("SPECSTEP_API_KEY")
        result = specstep("api", name, *arguments)

        assert result.code == 0, result.err
        assert json.loads(result.out) is not None
        (request,) = list(sandbox.requests)
        assert ("authorization" in request.header_names) == (has_key and name == "get_capabilities")

    def test_anything_else_without_a_key_is_refused_here(
        self, specstep: Any, untouched: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It would count as a failed authentication at the service."""
        monkeypatch.delenv("SPECSTEP_API_KEY")
        result = specstep("api", "get_usage")

        assert result.code == 2
        assert "SPECSTEP_API_KEY" in result.err

    def test_files(self, specstep: Any, sandbox: Any, home: Path, interview: Any) -> None:
        """A file is uploaded under its own name."""
        interview_id = json.loads(specstep("api", "start_interview").out)["id"]
        (home / "notes.md").write_text("# Notes\n")

        result = specstep("api", "upload_reference_document", f"interviewId={interview_id}", "file=@notes.md")

        assert result.code == 0, result.err
        (request,) = sandbox.requests.matching("POST /v1/interviews/{interviewId}/reference-documents")
        assert b'filename="notes.md"' in request.body

    def test_a_turn_has_a_key_of_its_own(self, specstep: Any, sandbox: Any) -> None:
        """A turn sent by hand is safe to send again, too."""
        interview_id = json.loads(specstep("api", "start_interview").out)["id"]
        sandbox.faults.add(Fault("POST /v1/interviews/{id}/turns", "reset", commit=True))

        result = specstep("api", "submit_turn", f"id={interview_id}", "message=Tea.")

        assert result.code == 0
        requests = sandbox.requests.matching("POST /v1/interviews/{id}/turns")
        assert len(requests) > 1
        assert len({request.idempotency_key for request in requests} - {None}) == 1

    def test_the_answer_in_a_file(self, specstep: Any, sandbox: Any, home: Path) -> None:
        """--output writes it, and overwrites nothing by itself."""
        first = specstep("api", "get_me", "-o", "me.json")
        second = specstep("api", "get_me", "-o", "me.json")
        forced = specstep("api", "get_me", "-o", "me.json", "--force")

        assert (first.code, second.code, forced.code) == (0, 2, 0)
        assert json.loads((home / "me.json").read_text())["display_name"]

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (["get_generashun"], "get_generation"),
            (["get_generation"], "needs id"),
            (["get_generation", "id=tea"], "not an id"),
            (["get_generation", f"id={MISSING}", "colour=red"], "knows no colour"),
            (["list_generations", "limit=many"], "not int"),
            (["list_generations", "limit"], "name=value"),
            (["submit_turn", f"id={MISSING}"], "needs message"),
            (["submit_turn", f"id={MISSING}", "message=x", "mesage=y"], "knows no mesage"),
            (["submit_turn", f"id={MISSING}", "message:=x"], "not JSON"),
            (["submit_turn", f"id={MISSING}", "--body", "missing.json"], "cannot be read"),
            (["start_generation", f"intake_id={MISSING}"], "add --yes"),
            (["get_package_zip", f"id={MISSING}"], "specstep download"),
        ],
    )
    def test_what_does_not_fit(self, specstep: Any, untouched: None, arguments: list[str], says: str) -> None:
        """Each is a sentence and exit code 2, before any request."""
        result = specstep("api", *arguments)

        assert result.code == 2
        assert says in result.err

    def test_what_costs_needs_a_yes(self, specstep: Any, sandbox: Any, interview: Any) -> None:
        """A kickoff by hand is sent after a yes, and once."""
        arguments = ("api", "start_generation", f"intake_id={interview.intake_artifact_id}", "review_profile=Fast")

        declined = specstep(*arguments, typed="\n")
        agreed = specstep(*arguments, typed="yes\n")

        assert (declined.code, agreed.code) == (2, 0)
        assert sandbox.requests.count("POST /v1/generations") == 1
