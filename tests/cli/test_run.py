"""``specstep run`` and ``resume``: what stands on which stream, what is sent, and how each end is told."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from specstep_client.api.generations import start_generation
from specstep_client.models.start_generation_request import StartGenerationRequest

from specstep_flows import RunStore, SpecStep
from specstep_flows.sandbox import Failure, Fault, SandboxOptions

KICKOFF = "POST /v1/generations"
TURN = "POST /v1/interviews/{id}/turns"
QUESTION = "REST endpoints, or forms?"
FAST = ("--yes", "--profile", "Fast")


def test_the_path_alone_is_on_stdout(specstep: Any, sandbox: Any, home: Path) -> None:
    """stdout holds the package's path and nothing else; everything for people is on stderr."""
    result = specstep("run", "A shop for tea.", *FAST)

    assert result.code == 0
    path = Path(result.out.rstrip("\n"))
    assert path.parent == home
    assert zipfile.is_zipfile(path)
    assert sandbox.requests.count(KICKOFF) == 1
    assert "Saved" in result.err


def test_the_id_comes_first(specstep: Any, sandbox: Any) -> None:
    """The first thing said is the run's id, whatever the mode of progress."""
    for number, mode in enumerate(
        (["--quiet"], ["--progress", "none"], ["--progress", "plain"], ["--json"], ["--events"])
    ):
        result = specstep("run", "A shop.", *FAST, "--run-id", f"run-{number}", *mode)

        assert result.err.splitlines()[0].startswith(f"Run run-{number}"), mode


def test_several_packages_are_several_lines(specstep: Any, sandbox: Any) -> None:
    """A profile that starts several generations brings several packages home, a path a line."""
    result = specstep("run", "A shop.", "--yes", "--profile", "Researcher", "--progress", "plain")

    assert result.code == 0, result.err
    paths = result.out.splitlines()
    assert len(paths) == len(set(paths)) > 1
    assert all(zipfile.is_zipfile(path) for path in paths)
    assert sandbox.requests.count(KICKOFF) == 1


def test_json_is_one_document(specstep: Any, sandbox: Any) -> None:
    """With --json, stdout is one document, schema_version first, with the ids, the path and the cost."""
    result = specstep("run", "A shop.", *FAST, "--json", "--run-id", "mine", "--unpack")

    document = result.document
    assert document["run_id"] == "mine"
    assert document["code"] == "done"
    assert Path(document["path"]).is_file()
    assert Path(document["unpacked_to"]).is_dir()
    assert document["cost_usd"] == pytest.approx(1.10)


def test_events_are_ndjson(specstep: Any, sandbox: Any) -> None:
    """With --events, every line of stdout is a document, and the last is the result."""
    result = specstep("run", "A shop.", *FAST, "--events")

    documents = [json.loads(line) for line in result.out.splitlines()]
    assert all(next(iter(document)) == "schema_version" for document in documents)
    names = [document["event"] for document in documents]
    assert names[0] == "run_opened"
    assert names[-1] == "finished"
    assert {"reply_received", "generation_started", "generation_progress", "package_saved"} <= set(names)
    progress = next(document for document in documents if document["event"] == "generation_progress")
    assert {"phase_detail", "running_cost_usd", "billing_state", "retry_count"} <= set(progress["generation"])


def test_the_last_event_tells_a_failure(specstep: Any, sandbox: Any) -> None:
    """Whoever reads the events alone learns how it ended, and how to go on."""
    result = specstep("run", "A shop.", *FAST, "--run-id", "tea", "--events", "--timeout", "20")

    last = json.loads(result.out.splitlines()[-1])
    assert result.code == 3
    assert (last["event"], last["code"], last["resume_command"]) == ("failed", "timeout", "specstep resume tea")


def test_events_and_json_exclude_each_other(specstep: Any, untouched: None) -> None:
    """--events and --json are one too many for one stdout."""
    result = specstep("run", "A shop.", *FAST, "--events", "--json")

    assert result.code == 2


@pytest.mark.parametrize("way", ["text", "file", "dash", "pipe", "messages"])
def test_ways_to_give_a_brief(specstep: Any, sandbox: Any, home: Path, way: str) -> None:
    """A text, a file's name, a dash, a pipe, and messages alone: each reaches the interview as it is."""
    (home / "brief.md").write_text("# Tea\n\nA shop for tea.\n", encoding="utf-8")
    given: dict[str, tuple[list[str], bytes]] = {
        "text": (["A shop for tea."], b""),
        "file": (["brief.md"], b""),
        "dash": (["-"], b"A shop for tea."),
        "pipe": ([], b"A shop for tea."),
        "messages": (["-m", "A shop for tea.", "-m", "And cake."], b""),
    }
    arguments, piped = given[way]

    result = specstep("run", *arguments, *FAST, piped=piped)

    assert result.code == 0
    bodies = [json.loads(request.body)["message"] for request in sandbox.requests.matching(TURN)]
    assert "A shop for tea." in bodies[0]
    assert len(bodies) == (2 if way == "messages" else 1)


@pytest.mark.parametrize(
    ("brief", "content", "says"),
    [
        ("missing.md", None, "There is no file missing.md"),
        ("docs/missing", None, "There is no file docs/missing"),
        ("", None, "empty"),
        ("  \n", None, "empty"),
        (".", None, "is a folder"),
        ("latin.txt", b"caf\xe9", "not UTF-8"),
        ("zeros.txt", b"\0\0", "not text"),
        ("empty.md", b"", "empty"),
    ],
)
def test_a_brief_that_is_none(
    specstep: Any, untouched: None, home: Path, brief: str, content: bytes | None, says: str
) -> None:
    """A missing file is never taken for a brief; what is no brief is refused in a sentence before anything is sent."""
    if content is not None:
        (home / brief).write_bytes(content)

    result = specstep("run", brief, "--yes", "--json")

    assert result.code == 2
    assert says in result.document["message"]


def test_no_brief_at_a_terminal(specstep: Any, sandbox: Any) -> None:
    """Without a brief a terminal is not waited on: the sentence says what to give."""
    result = specstep("run", typed="")

    assert result.code == 2
    assert "Say what is to be built" in result.err


def test_off_a_terminal_nothing_is_sent_without_yes(specstep: Any, untouched: None) -> None:
    """Without --yes, and nobody there to ask, the exit code is 2 before any request."""
    result = specstep("run", "A shop.", "--json")

    assert result.code == 2
    assert result.document["code"] == "usage"
    assert "--yes" in result.err


class TestAPersonAtATerminal:
    """Somebody who can be asked."""

    def test_yes_pays(self, specstep: Any, sandbox: Any) -> None:
        """The question comes with quota, estimate and limit, after the interview; a yes starts one generation."""
        result = specstep("run", "A shop.", "--profile", "Fast", "--max-cost", "5", typed="y\n")

        assert result.code == 0
        assert "Quota: 500 left" in result.err
        assert "Start a Fast generation now? It costs, stopped past $5. [y/N]" in result.err
        assert result.out.endswith(".zip\n")
        assert sandbox.requests.count(KICKOFF) == 1

    @pytest.mark.parametrize("typed", ["n\n", "\n", "maybe\n", ""])
    def test_anything_else_pays_nothing(self, specstep: Any, sandbox: Any, typed: str) -> None:
        """No, nothing, something else and the end of input all leave the run where it is: 3."""
        result = specstep("run", "A shop.", "--run-id", "tea", typed=typed)

        assert result.code == 3
        assert "Go on with: specstep resume tea" in result.err
        assert sandbox.requests.count(KICKOFF) == 0

    def test_a_yes_is_asked_for_once(self, specstep: Any, sandbox: Any) -> None:
        """Who agreed once is not asked again when the run is resumed."""
        sandbox.faults.add(Fault(KICKOFF, "status", status=402, problem_type="QUOTA_EXCEEDED"))

        stopped = specstep("run", "A shop.", "--profile", "Fast", "--run-id", "tea", typed="y\n")
        resumed = specstep("resume", "tea")

        assert (stopped.code, resumed.code) == (6, 0)

    @pytest.mark.usefixtures("one_question")
    def test_a_question_is_asked(self, specstep: Any, sandbox: Any) -> None:
        """Who asks, about what, why, and what is proposed; what is typed is the answer."""
        result = specstep("run", "A shop.", "--profile", "Fast", "--json", typed="y\nREST, please.\n")

        for words in ("Question 1 of 1, from Architect", QUESTION, "Why: Both are named.", "Proposed: Forms."):
            assert words in result.err
        (answer,) = result.document["answers"]
        assert (answer["question"], answer["answer"], answer["rule"]) == (QUESTION, "REST, please.", "person")

    @pytest.mark.usefixtures("one_question")
    def test_a_question_without_an_answer(self, specstep: Any, sandbox: Any) -> None:
        """The end of input answers nothing: 5."""
        assert specstep("run", "A shop.", "--profile", "Fast", typed="y\n").code == 5


class TestAccessToken:
    """With an oat_ token the service starts a generation by itself at the interview's end: the last turn pays."""

    @pytest.fixture
    def options(self) -> SandboxOptions:
        """A person's token is let in."""
        return SandboxOptions(clarifications=(), keys={"oat_person": "Ada"})

    def test_the_question_comes_before_the_first_turn(
        self, specstep: Any, sandbox: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A no leaves the interview without a turn."""
        monkeypatch.setenv("SPECSTEP_API_KEY", "oat_person")

        result = specstep("run", "A shop.", typed="n\n")

        assert result.code == 3
        assert sandbox.requests.count(TURN) == 0


def test_a_rehearsal_sends_nothing_that_costs(specstep: Any, sandbox: Any, home: Path) -> None:
    """--dry-run verifies the key and shows quota and plan, with reads alone, and leaves no run and no folder behind."""
    result = specstep("run", "A shop.", "--dry-run", "--json", "--output", "new-folder")

    assert result.code == 0
    document = result.document
    assert document["code"] == "dry_run"
    assert document["account"]["plan"] == "Pro"
    assert document["estimate"] is None
    assert {request.method for request in sandbox.requests} == {"GET"}
    assert not (home / "new-folder").exists()
    assert specstep("runs", "--json").document["runs"] == []


def test_the_estimate_is_one_request_however_many_generations_there_are(specstep: Any, sandbox: Any) -> None:
    """Only the newest page is read for it; the kickoff reads the whole list anew, since it must not be a second one."""
    sandbox.options.requests_per_minute = sandbox.options.kickoffs_per_minute = None
    with SpecStep(store=RunStore.in_memory(), limits={"standard": None, "kickoff": None}) as client:
        interview = client.start_interview()
        client.say(interview.id, "A shop.")
        intake = client.complete_interview(interview.id).intake_artifact_id
        for _ in range(55):
            client.call(start_generation, body=StartGenerationRequest(intake_id=intake))
        before = sandbox.requests.count("GET /v1/generations")
        assert len(client.list_generations()) == 55
        assert sandbox.requests.count("GET /v1/generations") == before + 2
    result = specstep("run", "A shop.", "--profile", "Fast", "--dry-run")

    assert "No estimate" in result.out
    assert sandbox.requests.count("GET /v1/generations") == before + 3


def test_the_estimate_is_the_users_own_past(specstep: Any, sandbox: Any) -> None:
    """Before paying, quota and an estimate from the user's own generations of that profile; none without any."""
    first = specstep("run", "A shop.", *FAST)
    second = specstep("run", "Another.", *FAST, "--dry-run")
    other = specstep("run", "Another.", "--profile", "Extensive", "--dry-run")

    assert "No estimate: none of your newest generations is a completed Fast one" in first.err
    assert "Quota: 500 left" in first.err
    assert "Estimate from your own last completed Fast generation: cost median $1.10" in second.out
    assert "Quota: 499 left" in second.out
    assert "No estimate: none of your newest generations is a completed Extensive one" in other.out


def test_the_same_run_id_again_pays_once(specstep: Any, sandbox: Any) -> None:
    """Running the same command again with the same id goes on with the run: one kickoff, the same package."""
    first = specstep("run", "A shop.", *FAST, "--run-id", "once")
    second = specstep("run", "A shop.", *FAST, "--run-id", "once")

    assert (first.code, second.code) == (0, 0)
    assert first.out == second.out
    assert sandbox.requests.count(KICKOFF) == 1
    assert sandbox.requests.count(TURN) == 1


def test_another_brief_under_the_same_id(specstep: Any, sandbox: Any) -> None:
    """A run id that belongs to another brief is refused."""
    specstep("run", "A shop.", *FAST, "--run-id", "once")

    result = specstep("run", "A zoo.", *FAST, "--run-id", "once", "--json")

    assert result.code == 2
    assert result.document["code"] == "run_conflict"


def test_an_unknown_profile(specstep: Any, sandbox: Any) -> None:
    """An unknown profile is refused with the accepted ones, before a turn is sent."""
    result = specstep("run", "A shop.", "--yes", "--profile", "fast")

    assert result.code == 2
    assert "Fast, Normal, Extensive, Researcher" in result.err
    assert "Go on with" not in result.err
    assert sandbox.requests.count(TURN) == 0


@pytest.mark.parametrize("extra", [[], ["--dry-run"]])
def test_an_output_that_cannot_be_written(specstep: Any, sandbox: Any, home: Path, extra: list[str]) -> None:
    """A folder that cannot be written is found before anything costs."""
    (home / "file").write_text("in the way")

    result = specstep("run", "A shop.", "--yes", "--output", "file/below", *extra)

    assert result.code == 2
    assert "cannot be written" in result.err
    assert sandbox.requests.count(KICKOFF) == 0


def test_nothing_is_overwritten(specstep: Any, sandbox: Any, home: Path) -> None:
    """A file under the package's name is kept, unless --force says otherwise."""
    (home / "tea.zip").write_text("mine")

    refused = specstep("run", "A shop.", *FAST, "-o", "tea.zip")
    kept = (home / "tea.zip").read_text()
    forced = specstep("run", "A shop.", *FAST, "-o", "tea.zip", "--force")

    assert refused.code == 2
    assert kept == "mine"
    assert forced.code == 0
    assert zipfile.is_zipfile(home / "tea.zip")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--max-cost", "0"], "no amount of money"),
        (["--max-cost", "-3"], "no amount of money"),
        (["--timeout", "soon"], "no length of time"),
        (["--timeout", "0"], "no length of time"),
        (["--run-id", "a b"], "run id"),
        (["--attach", "missing.pdf"], "cannot be read"),
        (["--answers", "missing.yaml"], "cannot be read"),
        (["--on-question", "guess"], "guess"),
        (["--progress", "loud"], "loud"),
        (["--bogus"], "--bogus"),
    ],
)
def test_arguments_that_do_not_fit(specstep: Any, untouched: None, arguments: list[str], says: str) -> None:
    """Each is one clear sentence, a document too with --json, exit code 2, and no request."""
    result = specstep("run", "A shop.", "--yes", "--json", *arguments)

    assert result.code == 2
    assert says in result.document["message"]
    assert says in result.err


@pytest.mark.parametrize("extra", [[], ["--dry-run"]])
def test_an_answers_file_that_does_not_parse(specstep: Any, untouched: None, home: Path, extra: list[str]) -> None:
    """Line and column are said, and nothing is sent."""
    (home / "answers.yaml").write_text("answers:\n  a: [\n")

    result = specstep("run", "A shop.", "--yes", "--answers", "answers.yaml", "--json", *extra)

    assert result.code == 2
    assert result.document["code"] == "answers"
    assert "line" in result.document["message"]
    assert "column" in result.document["message"]


@pytest.mark.usefixtures("one_question")
class TestQuestions:
    """A generation that asks."""

    def test_nobody_there_detaches(self, specstep: Any, sandbox: Any) -> None:
        """Off a terminal a question detaches with 5, shows the questions, and says how to answer and go on."""
        result = specstep("run", "A shop.", *FAST, "--run-id", "tea", "--json")

        assert result.code == 5
        document = result.document
        assert document["code"] == "answers_needed"
        assert document["questions"][0]["agent"] == "Architect"
        assert document["resume_command"] == "specstep resume tea"
        assert "specstep answer tea" in result.err

    @pytest.mark.parametrize("mode", ["detach", "fail"])
    def test_asked_to_leave_it(self, specstep: Any, sandbox: Any, mode: str) -> None:
        """Both leave the question open and nothing cancelled, with 5."""
        result = specstep("run", "A shop.", *FAST, "--on-question", mode)

        assert result.code == 5
        assert sandbox.requests.count("POST /v1/generations/{id}/cancel") == 0

    def test_defaults(self, specstep: Any, sandbox: Any) -> None:
        """The proposed default is sent, and the result says which rule it came by."""
        result = specstep("run", "A shop.", *FAST, "--on-question", "defaults", "--json")

        (answer,) = result.document["answers"]
        assert (answer["question"], answer["answer"], answer["rule"]) == (QUESTION, "Forms.", "proposed default")
        assert answer["generation_id"] == result.document["generation_id"]

    def test_a_file_first(self, specstep: Any, sandbox: Any, home: Path) -> None:
        """The file answers what it can; a rule of it that matched nothing is said."""
        (home / "answers.yaml").write_text(
            "rules:\n  - {pattern: REST, answer: REST please}\n  - {pattern: database, answer: SQLite}\n"
        )

        result = specstep("run", "A shop.", *FAST, "--answers", "answers.yaml", "--on-question", "fail", "--json")

        assert result.code == 0
        assert result.document["answers"][0]["answer"] == "REST please"
        assert "'database' answered no question" in result.err

    def test_a_resumed_run_keeps_its_options(self, specstep: Any, sandbox: Any) -> None:
        """What the run was told about questions and paying holds when it is resumed."""
        stopped = specstep("run", "A shop.", *FAST, "--run-id", "tea", "--on-question", "defaults", "--timeout", "20")
        resumed = specstep("resume", "tea")

        assert stopped.code == 3
        assert resumed.code == 0


def test_a_timeout_loses_nothing(specstep: Any, sandbox: Any) -> None:
    """--timeout ends the wait with 3 and the line that resumes; the run goes on and is paid once."""
    stopped = specstep("run", "A shop.", *FAST, "--run-id", "tea", "--timeout", "0.5m", "--json")
    resumed = specstep("resume", "tea")

    assert stopped.code == 3
    assert stopped.document["code"] == "timeout"
    assert "Go on with: specstep resume tea" in stopped.err
    assert resumed.code == 0
    assert sandbox.requests.count(KICKOFF) == 1


def test_resume_without_yes_does_not_pay(specstep: Any, sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that has yet to pay is not resumed by a script that did not agree to it."""
    stopped = specstep("run", "A shop.", "--profile", "Fast", "--run-id", "tea", "--timeout", "2", typed="")
    before = len(sandbox.requests)
    refused = specstep("resume", "tea")
    asked = len(sandbox.requests)
    agreed = specstep("resume", "tea", "--yes")

    assert stopped.code == 3
    assert refused.code == 2
    assert asked == before
    assert agreed.code == 0


@pytest.mark.parametrize(
    ("faults", "code", "word"),
    [
        ([Fault("GET /v1/me", "status", status=403, problem_type="FORBIDDEN")], 4, "permission"),
        ([Fault("GET /v1/me", "html", status=200, times=None)], 7, "unexpected_response"),
        ([Fault("POST /v1/interviews", "status", status=500, times=None)], 7, "server"),
        ([Fault("GET /blob/*", "zip_dotdot", times=None)], 8, "hostile_package"),
        ([Fault("GET /blob/*", "zip_not", times=None)], 8, "damaged_package"),
        ([Fault("POST /v1/generations", "status", status=402, problem_type="QUOTA_EXCEEDED")], 6, "quota"),
    ],
)
def test_what_goes_wrong_has_its_code(
    specstep: Any, sandbox: Any, home: Path, faults: list[Fault], code: int, word: str
) -> None:
    """Each kind of failure: its exit code, one or two sentences, a document, and nothing under a final name."""
    sandbox.faults.add(*faults)

    result = specstep("run", "A shop.", *FAST, "--json", "--run-id", "tea")

    assert result.code == code
    document = result.document
    assert (document["code"], document["exit_code"], document["run_id"]) == (word, code, "tea")
    assert "Traceback" not in result.err
    assert sandbox.api_key not in result.out + result.err
    assert not list(home.glob("*.zip"))


def test_a_refused_key(specstep: Any, sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 401 is exit code 4, and is not tried again."""
    monkeypatch.setenv("SPECSTEP_API_KEY", "sf_wrong")

    result = specstep("run", "A shop.", *FAST)

    assert result.code == 4
    assert len(sandbox.requests) == 1
    assert "sf_wrong" not in result.out + result.err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SPECSTEP_API_KEY", ""),
        ("SPECSTEP_API_KEY", "hello"),
        ("SPECSTEP_API_KEY", "sf_with space"),
        ("SPECSTEP_API_URL", "http://specstep.example"),
        ("SPECSTEP_API_URL", "specstep.com"),
        ("SPECSTEP_CONFIG", "missing.toml"),
        ("SPECSTEP_REQUEST_TIMEOUT", "soon"),
    ],
)
def test_settings_that_do_not_fit(
    specstep: Any, untouched: None, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """Nothing is sent, the exit code is 2, and the sentence names the setting and holds no key."""
    monkeypatch.setenv(name, value)

    result = specstep("run", "A shop.", *FAST, "--json")

    assert result.code == 2
    assert result.document["code"] == "settings"
    assert not value or value not in result.err or name != "SPECSTEP_API_KEY"


def test_a_service_that_is_not_there(specstep: Any, untouched: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused connection is tried again for a while, then told with 7; the run can be resumed."""
    monkeypatch.setenv("SPECSTEP_API_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("SPECSTEP_API_KEY", "sf_key")

    result = specstep("run", "A shop.", *FAST, "--run-id", "tea", "--json")

    assert result.code == 7
    assert result.document["resume_command"] == "specstep resume tea"


def test_a_budget_is_a_hard_stop(specstep: Any, sandbox: Any) -> None:
    """Cost that was read past --max-cost cancels the generation: 6, and what was spent is said."""
    result = specstep("run", "A shop.", *FAST, "--max-cost", "0.10", "--json")

    assert result.code == 6
    assert result.document["code"] == "budget"
    assert result.document["spent_usd"] > 0.10
    assert sandbox.requests.count("POST /v1/generations/{id}/cancel") == 1


class TestFailure:
    """A generation that the service gives up."""

    @pytest.fixture
    def options(self) -> SandboxOptions:
        """The first kickoff fails for a reason that is likely to clear."""
        return SandboxOptions(clarifications=(), failures=(Failure("HostRestart", on=(1,)),))

    def test_it_is_told(self, specstep: Any, sandbox: Any) -> None:
        """1, with the category, and the line that would run it again."""
        result = specstep("run", "A shop.", *FAST, "--run-id", "tea", "--json")

        assert result.code == 1
        assert result.document["category"] == "HostRestart"
        assert result.document["resume_command"] == "specstep resume tea --retry-failed 1"

    def test_it_is_run_again_where_asked_for(self, specstep: Any, sandbox: Any) -> None:
        """--retry-failed runs it again and brings the second one's package home."""
        result = specstep("run", "A shop.", *FAST, "--retry-failed", "1")

        assert result.code == 0
        assert sandbox.requests.count("POST /v1/generations/{id}/retry") == 1


def test_the_key_is_in_no_output(specstep: Any, sandbox: Any) -> None:
    """Neither stream, in no mode, holds the key or a signed URL."""
    for number, mode in enumerate((["--events"], ["--json"], ["--progress", "plain"])):
        result = specstep("run", "A shop.", *FAST, "--run-id", f"run-{number}", *mode)

        assert result.code == 0
        assert sandbox.api_key not in result.out + result.err
        assert "sig=" not in result.out + result.err
