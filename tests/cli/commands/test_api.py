"""``specstep api``: any operation by its name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from specstep_flows.gateway._operations import OPERATIONS
from specstep_flows.sandbox import Fault
from tests.kit.api import op
from tests.kit.platforms import POSIX_ONLY

COOKIE_ONLY = {name for name, stated in OPERATIONS.items() if stated.cookie_only}
PAID = {name for name, stated in OPERATIONS.items() if stated.costs}

CONTRACT = Path(__file__).parents[3] / "openapi" / "documented.yaml"
MISSING = "01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04"


class TestApi:
    """Every operation by its name."""

    def test_all_are_listed(self, specstep: Any, untouched: None) -> None:
        """Without a name, all operations of the contract are listed, and which cost or want a browser."""
        listed = {row["name"]: row["note"] for row in specstep("api", "--json").document["operations"]}
        contract = {
            operation["operationId"]: operation
            for path in yaml.load(CONTRACT.read_text(encoding="utf-8"), yaml.CSafeLoader)["paths"].values()
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
        assert "only in a signed-in browser" in result.err

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
        """It works without a key, and the key is not sent where there is one, but for what only seems to need none."""
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
        (request,) = sandbox.requests.matching(op("upload_reference_document"))
        assert b'filename="notes.md"' in request.body

    def test_a_turn_has_a_key_of_its_own(self, specstep: Any, sandbox: Any) -> None:
        """A turn sent by hand is safe to send again, too."""
        interview_id = json.loads(specstep("api", "start_interview").out)["id"]
        sandbox.faults.add(Fault(op("submit_turn"), "reset", commit=True))

        result = specstep("api", "submit_turn", f"id={interview_id}", "message=Tea.")

        assert result.code == 0
        requests = sandbox.requests.matching(op("submit_turn"))
        assert len(requests) > 1
        assert len({request.idempotency_key for request in requests} - {None}) == 1

    def test_the_answer_in_a_file(self, specstep: Any, sandbox: Any, home: Path) -> None:
        """--output writes it, and overwrites nothing by itself."""
        first = specstep("api", "get_me", "-o", "me.json")
        second = specstep("api", "get_me", "-o", "me.json")
        forced = specstep("api", "get_me", "-o", "me.json", "--force")

        assert (first.code, second.code, forced.code) == (0, 2, 0)
        assert json.loads((home / "me.json").read_text("utf-8"))["display_name"]

    @pytest.mark.parametrize("output", ["a-file/below.json", "a" * 300, "a-folder", "dangling"])
    def test_a_file_that_cannot_be_written_is_found_before_anything_is_paid_for(
        self, specstep: Any, untouched: None, home: Path, output: str
    ) -> None:
        """The answer to what costs comes once."""
        (home / "a-file").write_text("mine")
        (home / "a-folder").mkdir()
        (home / "dangling").symlink_to("nowhere")
        force = [] if output == "dangling" else ["--force"]
        result = specstep("api", "start_generation", f"intake_id={MISSING}", "--yes", "-o", output, *force)

        assert result.code == 2
        assert "Nothing was" in result.err

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (["get_generashun"], "get_generation"),
            (["get_generation"], "needs id"),
            (["get_generation", "id=tea"], "not an id"),
            (["get_generation", f"id={MISSING}", "colour=red"], "has no parameter colour"),
            (["list_generations", "limit=many"], "not int"),
            (["list_generations", "limit"], "name=value"),
            (["submit_turn", f"id={MISSING}"], "needs message"),
            (["submit_turn", f"id={MISSING}", "message=x", "mesage=y"], "has no field mesage"),
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
        assert sandbox.requests.count(op("start_generation")) == 1


@pytest.mark.parametrize("depth", [101, 900, 60_000])
@pytest.mark.parametrize("way", ["argument", "body", "field"])
def test_json_of_the_users_without_end(specstep: Any, untouched: None, home: Path, way: str, depth: int) -> None:
    """It is sent as it is or not at all: exit code 2, and nothing is sent."""
    deep = "[" * depth + "]" * depth
    (home / "body.json").write_text(f'{{"message": {deep}}}')
    given = {"argument": [f"message:={deep}"], "body": ["--body", "body.json"], "field": ["message:=NaN"]}

    result = specstep("api", "create_feedback", *given[way], "--json")

    assert (result.code, result.document["code"]) == (2, "usage")
    assert "Nothing was sent" in result.err


@pytest.mark.parametrize(
    "output", ["link/x.json", pytest.param("~nobody-here/x.json", marks=POSIX_ONLY), "link", "a" * 300]
)
def test_an_output_that_cannot_be_written_is_refused_first(
    specstep: Any, sandbox: Any, home: Path, output: str
) -> None:
    """What costs is not sent where its answer would be lost."""
    (home / "link").symlink_to(home / "missing")

    result = specstep("api", "get_me", "--output", output)

    assert result.code == 2
    assert "bug" not in result.err
    assert list(home.iterdir()) == [home / "link"]
    assert len(sandbox.requests) == 0
