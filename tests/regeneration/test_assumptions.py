"""Every assumption of the contract is a row: with an id that stays, what it rests on, and how it can be tested."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from regeneration.assumptions import Assumption, assumptions_of, at
from regeneration.contact_facts import contact_facts, facts_of
from regeneration.document import JsonObject, load_documented
from regeneration.errors import RegenerationError
from regeneration.ledger import Known, ledger, ledger_page, read_ledger

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def documented() -> JsonObject:
    return load_documented(ROOT / "openapi" / "documented.yaml")


@pytest.fixture(scope="module")
def assumed(documented: JsonObject) -> list[Assumption]:
    return assumptions_of(documented)


def test_none_is_left_out(documented: JsonObject, assumed: list[Assumption]) -> None:
    """As many as the contract marks, each under an id of its own, each at the place that it names."""
    assert len(assumed) == json.dumps(documented).count('"x-assumption"')
    assert [name for name, times in Counter(one.id for one in assumed).items() if times > 1] == []
    for one in assumed:
        assert " ".join(at(documented, one.place)["x-assumption"].split()) == one.text


def test_how_they_can_be_tested(assumed: list[Assumption]) -> None:
    """By reading where a readable operation answers with it, by paying where only a run sends or gets it."""
    tests = {one.id: one.test for one in assumed}

    assert tests["Account.plan"] == tests["header.RateLimit-Reset"] == tests["GenerationList.generations"] == "read"
    assert tests["start_generation.202"] == tests["TurnMode"] == tests["StartGenerationRequest.has_ui"] == "pay"
    # One's own are listed, at ``/v1/feedback/me``.
    assert tests["Feedback.status"] == "read"
    # The id of a turn's job is nowhere listed: only who sent the turn can read it.
    assert tests["TurnJob.submission_id"] == "pay"
    assert tests["create_api_key.201"] == tests["SupportTicket.id"] == "document"
    assert tests["submit_turn"] == "never"


def test_what_the_code_does_when_one_is_wrong(assumed: list[Assumption]) -> None:
    """Every row says it; a field that a flow goes by stops it with its name, another list name changes nothing."""
    wrong = {one.id: one.if_wrong for one in assumed}

    assert all(wrong.values())
    assert "stops with a sentence" in wrong["Generation.package_id"]
    assert "under any name" in wrong["GenerationList.generations"]
    assert "speaker" in wrong["InterviewTurn.role"]


def test_the_committed_files_are_what_the_contract_gives(documented: JsonObject, assumed: list[Assumption]) -> None:
    """The ledger, its page, and the facts that the wheel carries."""
    known = read_ledger(ROOT / "openapi" / "assumptions.yaml")

    assert (ROOT / "openapi" / "assumptions.yaml").read_text("utf-8") == ledger(assumed, known)
    assert (ROOT / "openapi" / "assumptions.md").read_text("utf-8") == ledger_page(assumed, known)
    facts = ROOT / "specstep_flows" / "contact" / "contract.json"
    assert facts.read_text("utf-8") == contact_facts(documented)
    assert json.loads(facts.read_text("utf-8")) == facts_of(documented)


def test_what_was_found_out_stays(assumed: list[Assumption], tmp_path: Path) -> None:
    """A state, its day and what was seen go through the file unchanged; what is no assumption any more is dropped."""
    known = {
        "Account.plan": Known("refuted", "2026-12-01", "a | b"),
        "Gone.field": Known("confirmed", "2026-12-01", "x"),
    }
    path = tmp_path / "assumptions.yaml"
    path.write_text(ledger(assumed, known))

    again = read_ledger(path)

    assert again["Account.plan"] == known["Account.plan"]
    assert "Gone.field" not in again
    page = ledger_page(assumed, known)
    assert page.index("## Refuted") < page.index("## Untested")
    assert "2026-12-01: a \\| b" in page


@pytest.mark.parametrize("text", ["- a\n- b\n", "a: [", "a:\n  state: maybe\n", "\xff"])
def test_a_damaged_ledger_is_not_taken_for_an_empty_one(tmp_path: Path, text: str) -> None:
    """What was found out is not forgotten."""
    path = tmp_path / "assumptions.yaml"
    path.write_bytes(text.encode("latin-1"))

    with pytest.raises(RegenerationError):
        read_ledger(path)
