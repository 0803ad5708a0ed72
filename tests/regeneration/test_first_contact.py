"""scripts/first_contact.py: the ledger says what a service showed, and refuted means work that is laid out."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import first_contact
import pytest
import yaml
from regeneration.document import load_documented
from regeneration.ledger import Known, read_ledger
from regeneration.takeover import Contract

from specstep_flows import ProposedDefaults, RunStore, Settings, SpecStep
from specstep_flows.sandbox import Sandbox, SandboxOptions
from tests.kit.front import Change, Front, Seen, camel, everywhere
from tests.kit.tiers import one_in

ROOT = Path(__file__).parents[2]
SPEED = 100_000.0
Meet = Callable[..., dict[str, Known]]


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox in which a run was carried out; nobody else uses the machine's limits."""
    package = tmp_path_factory.mktemp("contact") / "package.zip"
    # At this speed, the package's address would be good for a few milliseconds.
    with Sandbox(speed=SPEED, options=SandboxOptions(url_seconds=1e9)) as sandbox:
        settings = Settings(api_key=sandbox.api_key, api_url=sandbox.url, clock_speed=SPEED)
        with SpecStep(settings=settings, store=RunStore.in_memory()) as specstep:
            specstep.run("A shop.", profile="Fast", on_question=ProposedDefaults(), output=package)
        yield sandbox


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checkout's files that the script reads and writes."""
    shutil.copytree(ROOT / "openapi", tmp_path / "openapi")
    shutil.copytree(ROOT / "specstep_flows" / "gateway", tmp_path / "specstep_flows" / "gateway")
    return tmp_path


@pytest.fixture
def meet(account: Sandbox, project: Path, monkeypatch: pytest.MonkeyPatch) -> Meet:
    """Run the script against the account through some changes; what the ledger then holds."""

    def run(*changes: Change, arguments: tuple[str, ...] = (), day: int = 1) -> dict[str, Known]:
        with Front(account.url, *changes) as front:
            monkeypatch.setenv("SPECSTEP_API_KEY", account.api_key)
            monkeypatch.setenv("SPECSTEP_API_URL", front.url)
            monkeypatch.setenv("SPECSTEP_CLOCK_SPEED", str(SPEED))
            assert first_contact.main(list(arguments), project, datetime(2026, 12, day, tzinfo=UTC)) == 0
            assert len(front.requests) <= 40
            assert {method for method, _ in front.requests} == {"GET"}
        return read_ledger(project / "openapi" / "assumptions.yaml")

    return run


def without_a_document(seen: Seen) -> None:
    if seen.path.endswith("/openapi.json"):
        seen.status, seen.document = 404, {"title": "Not Found"}


def renamed(seen: Seen) -> None:
    """``display_name`` of an account is called ``display`` in its answers, and in the document."""
    if isinstance(seen.document, dict) and "display_name" in seen.document:
        seen.document["display"] = seen.document.pop("display_name")


@pytest.mark.slow
def test_what_a_service_shows_is_written_down(meet: Meet, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Answers confirm, the document supports; the second time nothing changes, not even the day."""
    known = meet()

    assert known["Account.plan"] == Known("confirmed", "2026-12-01", "get_me")
    assert known["CreateApiKeyRequest.name"].state == "supported"
    assert known["submit_turn"].state == "assumed"
    assert not [name for name, one in known.items() if one.state == "refuted"]
    assert "0 refuted" in capsys.readouterr().err
    page = (project / "openapi" / "assumptions.md").read_text("utf-8")

    assert meet(day=2) == known
    assert (project / "openapi" / "assumptions.md").read_text("utf-8") == page


@pytest.mark.slow
def test_what_is_refuted_is_laid_out(meet: Meet, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The line of the contract, the place that reads it, what to do; and the ledger says what was seen."""
    known = meet(without_a_document, renamed)

    said = capsys.readouterr().err
    assert known["Account.display_name"].state == "refuted"
    assert "display (documented: display_name)" in known["Account.display_name"].seen
    contract = Contract(project / "openapi" / "documented.yaml")
    line = contract.of("Account.display_name")[0].start_mark.line + 1
    assert contract.lines[line - 1].strip() == "display_name:"
    assert f"openapi/documented.yaml:{line}: rename display_name to display" in said
    assert "read at specstep_flows/gateway/account.py:" in said
    assert "no document: " in said


@pytest.mark.slow
def test_taking_over_what_is_mechanical(meet: Meet, project: Path) -> None:
    """A field that is called otherwise gets its name, with the day and its old name; its assumption is known now."""
    known = meet(without_a_document, renamed, arguments=("--write",))

    contract = load_documented(project / "openapi" / "documented.yaml")
    fields = contract["components"]["schemas"]["Account"]["properties"]
    assert "display_name" not in fields
    assert fields["display"]["x-was"] == "display_name"
    assert fields["display"]["x-seen"] == "2026-12-01"
    assert "x-assumption" not in fields["display"]
    assert "Account.display_name" not in known
    # All else stands as it stood.
    before = yaml.load((ROOT / "openapi" / "documented.yaml").read_text("utf-8"), yaml.CSafeLoader)
    before["components"]["schemas"]["Account"]["properties"].pop("display_name")
    fields.pop("display")
    assert contract == before
    # And the service does now what the contract says.
    assert not [name for name, one in meet(without_a_document, renamed).items() if one.state == "refuted"]


@pytest.mark.slow
def test_nothing_of_the_account_is_written_down(
    meet: Meet, project: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A service full of marks, in another manner: the ledger, its page, the contract and what is said have none."""

    def marked(one: dict[str, Any]) -> dict[str, Any]:
        free = ("display_name", "email", "title", "plan", "detail", "name", "content")
        found = {camel(name): f"Zqx{value}" if name in free else value for name, value in one.items()}
        return {**found, "byCustomer": {"ZqxAda": {"ZqxShop": [1]}}}

    def wrapped(seen: Seen) -> None:
        if isinstance(seen.document, dict) and seen.status == 200:
            seen.document = {"data": seen.document}
        seen.headers |= {"X-Owner": "Zqx", "X-Quota-Zqx": "Zqx", "ETag": "Zqx"}

    caplog.set_level("DEBUG", "specstep_flows")
    known = meet(without_a_document, everywhere(marked), wrapped, arguments=("--write",))

    said = capsys.readouterr()
    written = [path.read_text("utf-8") for path in (project / "openapi").iterdir() if path.is_file()]
    for text in (said.out, said.err, caplog.text, *written):
        assert not re.findall(r"\w*zqx\w*", text, re.IGNORECASE)
    assert "answers come in data" in said.err
    assert known["Account.plan"].state == "confirmed"


@pytest.mark.parametrize("refusal", one_in(2, [401, 429]))
def test_a_service_that_refuses(
    account: Sandbox, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], refusal: int
) -> None:
    """It says so and changes nothing."""

    def refuse(seen: Seen) -> None:
        seen.status, seen.document = refusal, {"type": "REFUSED"}

    before = (project / "openapi" / "assumptions.yaml").read_text("utf-8")
    with Front(account.url, refuse) as front:
        monkeypatch.setenv("SPECSTEP_API_KEY", account.api_key)
        monkeypatch.setenv("SPECSTEP_API_URL", front.url)
        monkeypatch.setenv("SPECSTEP_CLOCK_SPEED", str(SPEED))
        assert first_contact.main([], project) == 1
        assert len(front.requests) <= 3
    assert "stopped: " in capsys.readouterr().err
    assert (project / "openapi" / "assumptions.yaml").read_text("utf-8") == before


def test_a_run_costs_and_needs_a_yes(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without it nothing is sent."""
    assert first_contact.main(["--with-run"], project) == 2
    assert "--yes" in capsys.readouterr().err


@pytest.mark.slow
def test_a_whole_run_settles_what_only_paying_shows(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is recorded, scrubbed, and what was sent and answered in it counts."""
    cassette = tmp_path / "run.yaml"
    # Not too fast: a signed address has to last until its download begins.
    with Sandbox(speed=1_000) as sandbox:
        monkeypatch.setenv("SPECSTEP_API_KEY", sandbox.api_key)
        monkeypatch.setenv("SPECSTEP_API_URL", sandbox.url)
        monkeypatch.setenv("SPECSTEP_CLOCK_SPEED", "1000")

        assert first_contact.main(["--with-run", "--yes", "--cassette", str(cassette)], project) == 0

    known = read_ledger(project / "openapi" / "assumptions.yaml")
    assert known["start_generation.202"].state == "confirmed"
    assert sandbox.api_key not in cassette.read_text("utf-8")
