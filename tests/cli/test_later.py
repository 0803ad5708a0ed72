"""What is done to a run or a generation later, from another call: answer, adopt, watch, download, cancel."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from specstep_flows import SpecStep
from specstep_flows.runs import RunStore
from specstep_flows.sandbox import Fault

QUESTION = "REST endpoints, or forms?"
FAST = ("--yes", "--profile", "Fast")
ANSWERS = "POST /v1/generations/{id}/clarifications/answers"


@pytest.fixture
def elsewhere(sandbox: Any) -> str:
    """A generation that no run here manages."""
    with SpecStep(store=RunStore.in_memory()) as client:
        interview = client.start_interview()
        client.say(interview.id, "A shop for tea.")
        intake = client.complete_interview(interview.id).intake_artifact_id
        return str(client.start_generation(intake, interview_id=interview.id, profile="Fast"))


@pytest.mark.usefixtures("one_question")
class TestAnswer:
    """A run that waits for an answer."""

    @pytest.fixture
    def asked(self, specstep: Any, sandbox: Any) -> str:
        """The id of a run that left its question open."""
        assert specstep("run", "A shop.", *FAST, "--run-id", "tea").code == 5
        return "tea"

    def test_the_questions_are_shown(self, specstep: Any, asked: str) -> None:
        """--list shows agent, section, question, why and proposal, and sends nothing."""
        result = specstep("answer", asked, "--list")

        assert result.code == 5
        for words in ("Architect", "docs/02", QUESTION, "Both are named.", "Proposed: Forms."):
            assert words in result.out

    @pytest.mark.parametrize("way", ["flag", "file", "defaults", "typed", "enter"])
    def test_ways_to_answer(self, specstep: Any, sandbox: Any, home: Path, asked: str, way: str) -> None:
        """By flag, by file, by the proposals and by hand; then the run goes on to its package."""
        (home / "answers.json").write_text(json.dumps({"answers": {QUESTION: "REST."}}))
        given: dict[str, dict[str, Any]] = {
            "flag": {"arguments": ["--answer", "REST."]},
            "file": {"arguments": ["--answers", "answers.json"]},
            "defaults": {"arguments": ["--defaults"]},
            "typed": {"arguments": [], "typed": "\x20\x20REST.\n"},
            "enter": {"arguments": [], "typed": "\n"},
        }
        arguments = given[way].pop("arguments")

        answered = specstep("answer", asked, *arguments, "--json", **given[way])
        resumed = specstep("resume", asked, "--json")

        expected = "Forms." if way in ("defaults", "enter") else "REST."
        assert answered.document["answers"][0]["answer"] == expected
        assert resumed.document["answers"][0]["answer"] == expected
        rule = {"flag": "flag", "file": "answers.json", "defaults": "proposed default", "typed": "person"}.get(
            way, "person"
        )
        assert rule in specstep("show", asked).out
        assert sandbox.requests.count(ANSWERS) == 1

    def test_nobody_answers(self, specstep: Any, sandbox: Any, asked: str) -> None:
        """Without an answer, off a terminal or at the end of input, none is sent: 5."""
        for how in ({}, {"typed": ""}):
            assert specstep("answer", asked, **how).code == 5
        assert sandbox.requests.count(ANSWERS) == 0

    def test_more_answers_than_questions(self, specstep: Any, sandbox: Any, asked: str) -> None:
        """Two answers to one question are refused."""
        result = specstep("answer", asked, "-a", "one", "-a", "two")

        assert result.code == 2
        assert sandbox.requests.count(ANSWERS) == 0

    def test_an_answer_that_is_lost_is_settled_by_the_same_call(self, specstep: Any, sandbox: Any, asked: str) -> None:
        """When the answer's own answer is lost, the generation's state tells that it arrived; nothing is sent twice."""
        sandbox.faults.add(Fault(ANSWERS, "reset", commit=True))

        lost = specstep("answer", asked, "-a", "REST.")
        resumed = specstep("resume", asked, "--json")

        assert lost.code == 0
        assert "1 accepted" in lost.err
        assert resumed.document["answers"][0]["rule"] == "flag"
        assert sandbox.requests.count(ANSWERS) == 1

    def test_nothing_to_answer(self, specstep: Any, sandbox: Any, asked: str) -> None:
        """A generation that waits for nothing is told as that."""
        specstep("answer", asked, "-a", "REST.")
        specstep("resume", asked)

        result = specstep("answer", asked, "-a", "REST.")

        assert result.code == 0
        assert "No question waits" in result.err

    def test_there_is_nothing_to_download_yet(self, specstep: Any, sandbox: Any, asked: str) -> None:
        """`download` ends with 5 as well, and shows the question to programs."""
        result = specstep("download", asked, "--json")

        assert result.code == 5
        assert result.document["questions"][0]["question"] == QUESTION

    def test_watching_does_not_answer(self, specstep: Any, sandbox: Any, asked: str) -> None:
        """`watch` ends with 5 where an answer is due, and names the line that gives it."""
        result = specstep("watch", asked)

        assert result.code == 5
        assert "specstep answer tea" in result.err


def test_a_generation_from_elsewhere_becomes_a_run(specstep: Any, sandbox: Any, elsewhere: str, home: Path) -> None:
    """`adopt` writes the run's id, starts nothing, and `resume` brings the package home."""
    adopted = specstep("adopt", elsewhere, "--run-id", "mine", "--output", "tea.zip")
    again = specstep("adopt", elsewhere)
    resumed = specstep("resume", "mine")

    assert adopted.out == again.out == "mine\n"
    assert resumed.out == f"{home / 'tea.zip'}\n"
    assert sandbox.requests.count("POST /v1/generations") == 1


def test_watching_a_generation_from_elsewhere(specstep: Any, sandbox: Any, elsewhere: str) -> None:
    """`watch` follows it to its end, plain lines or events, and leaves no run behind."""
    plain = specstep("watch", elsewhere)
    events = specstep("watch", elsewhere, "--events")

    assert plain.code == 0
    assert plain.out == f"{elsewhere}\n"
    assert "Complete" in plain.err
    assert json.loads(events.out.splitlines()[-1])["generation"]["state"] == "Complete"
    assert specstep("runs", "--json").document["runs"] == []


def test_a_run_that_is_watched_knows_what_was_seen(specstep: Any, sandbox: Any, elsewhere: str) -> None:
    """`runs` shows the state and the cost of the last look, whoever looked; an answer is shown with its rule."""
    specstep("adopt", elsewhere, "--run-id", "mine")
    before = specstep("show", "mine", "--json").document
    specstep("watch", "mine")
    after = specstep("show", "mine", "--json").document

    assert (before["status"], after["status"]) == ("generating", "package")
    assert after["cost_usd"] > before["cost_usd"]


def test_watching_for_a_while(specstep: Any, sandbox: Any, elsewhere: str) -> None:
    """--timeout ends the watching with 3, not the generation."""
    result = specstep("watch", elsewhere, "--timeout", "20s", "--json")

    assert result.code == 3
    assert result.document["code"] == "timeout"
    assert specstep("watch", elsewhere).code == 0


def test_a_person_is_offered_to_adopt(specstep: Any, sandbox: Any, elsewhere: str) -> None:
    """At a terminal, a yes makes a run of what is watched."""
    specstep("watch", elsewhere, typed="y\n")

    (run,) = specstep("runs", "--json").document["runs"]
    assert run["generation_id"] == elsewhere


def test_download_of_anything(specstep: Any, sandbox: Any, elsewhere: str, home: Path) -> None:
    """A package comes home by its generation's id, by its own, and by the run's; elsewhere too when asked for."""
    early = specstep("download", elsewhere, "--json")
    specstep("watch", elsewhere)
    by_generation = specstep("download", elsewhere)
    package = specstep("package", "list", "--json").document["packages"][0]["id"]
    by_package = specstep("download", package, "-o", "elsewhere", "--unpack")
    run = specstep("runs", "--json").document["runs"][0]["run_id"]
    by_run = specstep("download", run)

    assert early.code == 3
    assert by_generation.out == f"{home / elsewhere}.zip\n"
    assert by_package.out == by_run.out == f"{home / 'elsewhere' / elsewhere}.zip\n"
    assert (home / "elsewhere" / elsewhere).is_dir()
    assert sandbox.requests.count("POST /v1/generations") == 1


@pytest.fixture
def migrated(specstep: Any, sandbox: Any, home: Path) -> str:
    """The id of a package that was made of documents that existed before."""
    with zipfile.ZipFile(home / "docs.zip", "w") as archive:
        archive.writestr("README.md", "# A shop")
    made = specstep("api", "commit_doc_migration", "file=@docs.zip", "--json")
    return str(made.document["answer"]["package_id"])


def test_download_of_migrated_documents(specstep: Any, home: Path, migrated: str) -> None:
    """A package that came of no generation comes by its own id: path, document and events as for any, and no run."""
    plain = specstep("download", migrated)
    again = specstep("download", migrated, "--json")
    document = specstep("download", migrated, "-o", "other.zip", "--unpack", "--json").document
    events = specstep("download", migrated, "--force", "--events").out.splitlines()

    assert plain.out == f"{home / migrated}.zip\n"
    assert "Saved" in plain.err
    assert again.code == 2
    assert "was not touched" in again.document["message"]
    assert again.document["resume_command"] is None
    assert document["path"] == str(home / "other.zip")
    assert (document["generation_id"], document["run_id"]) == (None, None)
    assert (home / "other" / "specstep.yaml").is_file()
    assert json.loads(events[-1])["event"] == "finished"
    assert specstep("runs", "--json").document["runs"] == []


def test_a_download_that_fails_names_the_line_that_goes_on(
    specstep: Any, sandbox: Any, home: Path, migrated: str
) -> None:
    """What no run manages is gone on with by the same command, and what came is kept."""
    sandbox.faults.add(Fault("GET /v1/packages/{id}/zip", "status", status=503, times=None))
    failed = specstep("download", migrated, "-o", "my docs.zip", "--json")
    sandbox.faults.clear()

    assert failed.code == 7
    assert failed.document["resume_command"] == f"specstep download {migrated} --output '{home / 'my docs.zip'}'"
    assert specstep("download", migrated, "-o", "my docs.zip").code == 0


def test_cancel_is_the_users_own_word(specstep: Any, sandbox: Any, elsewhere: str) -> None:
    """`cancel` stops it with the reason; whoever goes on with it, or cancels again, gets 1."""
    specstep("adopt", elsewhere, "--run-id", "mine")

    cancelled = specstep("cancel", "mine", "--reason", "Wrong brief.", "--json")
    status = specstep("show", "mine", "--json").document["status"]
    resumed = specstep("resume", "mine")
    downloaded = specstep("download", "mine")
    again = specstep("cancel", "mine")

    assert cancelled.document["generation"]["state"] == "Cancelled"
    assert status == "cancelled"
    assert (resumed.code, downloaded.code) == (1, 1)
    assert again.code == 1
    (request,) = sandbox.requests.matching("POST /v1/generations/{id}/cancel")[:1]
    assert json.loads(request.body) == {"reason": "Wrong brief."}


def test_paused_by_somebody(specstep: Any, sandbox: Any, elsewhere: str) -> None:
    """A generation that somebody paused is 3; `generation resume` says what it does not do."""
    specstep("adopt", elsewhere, "--run-id", "mine")
    specstep("generation", "pause", elsewhere)

    stopped = specstep("resume", "mine", "--json")
    again = specstep("generation", "resume", "mine")
    done = specstep("resume", "mine")

    assert stopped.code == 3
    assert stopped.document["code"] == "paused"
    assert "may take a while" in again.err
    assert done.code == 0


def test_an_id_of_another_account(specstep: Any, sandbox: Any) -> None:
    """A generation that is another account's, or nowhere: one sentence that says both."""
    for verb in ("watch", "adopt", "cancel", "download"):
        result = specstep(verb, "01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04", "--json")

        assert result.code == 2, verb
        assert "not there, or not yours" in result.document["message"]


def test_a_run_of_another_service(specstep: Any, sandbox: Any, monkeypatch: pytest.MonkeyPatch, elsewhere: str) -> None:
    """A run is only resumed at the service it belongs to."""
    specstep("adopt", elsewhere, "--run-id", "mine")
    monkeypatch.setenv("SPECSTEP_API_URL", "http://127.0.0.1:9")

    result = specstep("resume", "mine", "--json")

    assert result.code == 2
    assert "SPECSTEP_API_URL" in result.document["message"]


def test_a_run_that_another_process_drives(specstep: Any, sandbox: Any, elsewhere: str, home: Path) -> None:
    """A second process does not drive it, and says who does."""
    import os

    specstep("adopt", elsewhere, "--run-id", "mine")
    store = RunStore(Path(os.environ["SPECSTEP_STATE"]))
    let_go = store.hold("mine")
    try:
        result = specstep("resume", "mine", "--json")
    finally:
        let_go()
        store.close()

    assert result.code == 3
    assert result.document["code"] == "run_busy"
