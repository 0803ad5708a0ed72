"""``specstep run`` and ``resume``: what stands on which stream, what is sent, and how each end is told."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from specstep_flows.sandbox import Fault, SandboxOptions
from tests.kit.api import op
from tests.kit.tiers import one_in

KICKOFF = op("start_generation")
TURN = op("submit_turn")
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


def test_events_and_json_exclude_each_other(specstep: Any, untouched: None) -> None:
    """--events and --json are one too many for one stdout."""
    result = specstep("run", "A shop.", *FAST, "--events", "--json")

    assert result.code == 2


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
        assert "Brief: 'A shop.', 7 characters." in result.err
        assert "Quota: 500 of 500 generations left" in result.err
        assert "Start a Fast generation? You will be charged; it is cancelled above $5.00. [y/N]" in result.err
        assert result.out.endswith(".zip\n")
        assert sandbox.requests.count(KICKOFF) == 1

    @pytest.mark.parametrize("typed", ["n\n", "\n", "maybe\n", ""])
    def test_anything_else_pays_nothing(self, specstep: Any, sandbox: Any, typed: str) -> None:
        """No, nothing, something else and the end of input all leave the run where it is: 2, as at any prompt."""
        result = specstep("run", "A shop.", "--run-id", "tea", typed=typed)

        assert result.code == 2
        assert "To continue: specstep resume tea" in result.err
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

        assert result.code == 2
        assert sandbox.requests.count(TURN) == 0


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


@pytest.mark.parametrize("extra", [[], ["--dry-run"]])
@pytest.mark.parametrize(
    ("option", "says"),
    [
        (["--profile", "Fsat"], "Unknown review profile 'Fsat'. Did you mean 'Fast'? The service accepts Fast, Normal"),
        (["--project-type", "WebAp"], "Did you mean 'WebApp'?"),
        (["--mirror", "claude"], "Did you mean 'ClaudeMd'?"),
    ],
)
def test_what_the_service_does_not_accept_is_refused_first(
    specstep: Any, sandbox: Any, option: list[str], says: str, extra: list[str]
) -> None:
    """With the nearest name and all that are accepted, before a turn is sent; there is no run and nothing to resume."""
    result = specstep("run", "A shop.", "--yes", *option, *extra)

    assert result.code == 2
    assert says in result.err
    assert "specstep resume" not in result.err
    assert "Run 2" not in result.err
    assert sandbox.requests.count(TURN) == 0
    assert specstep("runs", "--json").document["runs"] == []


def test_a_choice_may_be_written_in_any_letters(specstep: Any, sandbox: Any) -> None:
    """The service gets its own spelling, and so does the record; the same command again is the same run."""
    options = ("--profile", "FAST", "--project-type", "web-app", "--mirror", "claudemd", "--run-id", "mine")
    first = specstep("run", "A shop.", "--yes", *options)
    again = specstep("run", "A shop.", "--yes", *options)

    assert (first.code, again.code) == (0, 0), again.err
    (generation,) = sandbox.state.generations.values()
    assert (generation.profile, generation.project_type) == ("Fast", "WebApp")
    options_kept = specstep("show", "mine", "--json").document["options"]
    assert [options_kept[name] for name in ("profile", "project_type", "mirror_selection")] == [
        "Fast",
        "WebApp",
        "ClaudeMd",
    ]


@pytest.mark.parametrize("way", one_in(3, ["key", "profile", "taken", "folder", "answers", "attach"]))
def test_a_refused_run_leaves_no_record(
    specstep: Any, sandbox: Any, home: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Whatever it was refused for: no run is announced, none is listed, and nothing is offered to be resumed."""
    (home / "taken.zip").write_text("mine")
    arguments = {
        "key": [],
        "profile": ["--profile", "Fsat"],
        "taken": ["-o", "taken.zip"],
        "folder": ["-o", "taken.zip/below"],
        "answers": ["--answers", "missing.yaml"],
        "attach": ["--attach", "missing.pdf"],
    }[way]
    if way == "key":
        monkeypatch.setenv("SPECSTEP_API_KEY", "sf_0123456789abcdef0123456789")
    result = specstep("run", "A shop.", "--yes", "--json", *arguments)

    assert result.code == (4 if way == "key" else 2)
    assert result.document["run_id"] is result.document["resume_command"] is None
    assert "Run 2" not in result.err
    assert "specstep resume" not in result.err
    assert specstep("runs", "--json").document["runs"] == []
    assert specstep("run", "A shop.", *FAST, "--run-id", "next").code == (4 if way == "key" else 0)


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
    kept = (home / "tea.zip").read_text("utf-8")
    forced = specstep("run", "A shop.", *FAST, "-o", "tea.zip", "--force")

    assert refused.code == 2
    assert kept == "mine"
    assert forced.code == 0
    assert zipfile.is_zipfile(home / "tea.zip")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--max-cost", "0"], "not an amount"),
        (["--max-cost", "-3"], "not an amount"),
        (["--timeout", "soon"], "not a duration"),
        (["--timeout", "0"], "not a duration"),
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


def test_a_timeout_loses_nothing(specstep: Any, sandbox: Any) -> None:
    """--timeout ends the wait with 3 and the line that resumes; the run goes on and is paid once."""
    stopped = specstep("run", "A shop.", *FAST, "--run-id", "tea", "--timeout", "0.5m", "--json")
    resumed = specstep("resume", "tea")

    assert stopped.code == 3
    assert stopped.document["code"] == "timeout"
    assert "To continue: specstep resume tea" in stopped.err
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


def test_where_no_place_is_free_one_is_waited_for_or_not(specstep: Any, sandbox: Any, elsewhere: str) -> None:
    """`--no-wait` ends with 6 at once; else it is told once, and the run comes home when there is a place."""
    sandbox.options.concurrency_cap = 1
    began = sandbox.clock.now()
    refused = specstep("run", "A shop.", *FAST, "--run-id", "tea", "--no-wait")
    assert (refused.code, "To continue: specstep resume tea" in refused.err) == (6, True)
    assert sandbox.clock.now() - began < 30

    done = specstep("resume", "tea", "--wait", "--yes")
    assert done.code == 0
    assert done.err.count("Waiting until there is a place") == 1
    assert len(sandbox.state.generations) == 2


@pytest.mark.parametrize(("flags", "seconds"), [((), 3600), (("--wait-paused", "10m"), 600), (("--no-wait",), 0)])
def test_a_pause_is_watched_for_as_long_as_was_said(
    specstep: Any, sandbox: Any, elsewhere: str, flags: tuple[str, ...], seconds: float
) -> None:
    """Then it ends with 3, the line that resumes the run, and the one that ends the pause."""
    specstep("adopt", elsewhere, "--run-id", "tea")
    specstep("generation", "pause", elsewhere)
    began = sandbox.clock.now()
    result = specstep("resume", "tea", *flags)

    assert result.code == 3
    assert seconds <= sandbox.clock.now() - began < seconds + 5
    assert "To continue: specstep resume tea" in result.err
    assert f"specstep generation resume {elsewhere}" in result.err
    assert result.err.count("was paused;") == (1 if seconds else 0)


def test_a_budget_is_a_hard_stop(specstep: Any, sandbox: Any) -> None:
    """Cost that was read past --max-cost cancels the generation: 6, and what was spent is said."""
    result = specstep("run", "A shop.", *FAST, "--max-cost", "0.10", "--json")

    assert result.code == 6
    assert result.document["code"] == "budget"
    assert result.document["spent_usd"] > 0.10
    assert sandbox.requests.count(op("cancel_generation")) == 1


@pytest.mark.parametrize("status", [401, 403, 400])
def test_a_budget_that_cannot_be_held_says_so(specstep: Any, sandbox: Any, status: int) -> None:
    """The exit code is that of the limit, not of the failure; what goes on costing and how to go on are told."""
    sandbox.faults.add(
        Fault(op("cancel_generation"), "status", status=status, times=None, retry_after=1e9, commit=False)
    )
    result = specstep("run", "A shop.", *FAST, "--max-cost", "0.10", "--run-id", "r")

    assert result.code == 6
    assert "more than your limit of $0.10" in result.err
    assert "is still running and billing" in result.err
    assert "specstep resume r" in result.err


def test_the_key_is_in_no_output(specstep: Any, sandbox: Any) -> None:
    """Neither stream, in no mode, holds the key or a signed URL."""
    for number, mode in enumerate((["--events"], ["--json"], ["--progress", "plain"])):
        result = specstep("run", "A shop.", *FAST, "--run-id", f"run-{number}", *mode)

        assert result.code == 0
        assert sandbox.api_key not in result.out + result.err
        assert "sig=" not in result.out + result.err


class TestStdout:
    """``--output -``: the zip itself is the result."""

    @pytest.fixture
    def pipe(self, specstep: Any, home: Path) -> Any:
        """Call the command as a process does, with stdout as bytes."""

        def call(*arguments: str) -> tuple[int, bytes, str]:
            result = specstep(*arguments)
            return result.code, result.raw, result.err

        return call

    def test_a_run_s_package_is_the_bytes_on_stdout(self, pipe: Any, specstep: Any, sandbox: Any, home: Path) -> None:
        """Whole and verified, nothing else beside it; nothing stays on disk, and the run is done."""
        code, out, err = pipe("run", "A shop.", *FAST, "--run-id", "tea", "--output", "-")

        assert code == 0, err
        assert zipfile.is_zipfile(io.BytesIO(out))
        assert list(home.iterdir()) == []
        assert not [path for path in home.parent.rglob("*") if path.suffix in (".zip", ".part")]
        shown = specstep("show", "tea", "--json").document
        assert (shown["status"], shown["file"], shown["options"]["output"]) == ("done", None, None)

        specstep("report", "tea", "--offline", "-o", home.parent / "tea.html")
        page = (home.parent / "tea.html").read_text(encoding="utf-8")
        assert "was written to stdout" in page
        assert "None." not in page

        again = specstep("download", "tea")
        assert again.code == 0
        assert Path(again.out.strip()).read_bytes() == out

    @pytest.mark.parametrize("name", one_in(3, ["tea", "generation", "package"]))
    def test_a_download_leaves_the_run_as_it_is(
        self, pipe: Any, specstep: Any, sandbox: Any, home: Path, name: str
    ) -> None:
        """By any of its ids; what is on disk already stays, and so does what is known of it."""
        specstep("run", "A shop.", *FAST, "--run-id", "tea", "-o", "tea.zip")
        before = specstep("show", "tea", "--json").document
        given = {"tea": "tea", "generation": before["generation_id"], "package": before["package_id"]}[name]
        code, out, err = pipe("download", given, "-o", "-")

        assert code == 0, err
        assert out == (home / "tea.zip").read_bytes()
        after = specstep("show", "tea", "--json").document
        seen = {"updated_at": None, "history": None}
        assert {**after, **seen} == {**before, **seen}
        assert len(specstep("runs", "--json").document["runs"]) == 1

    def test_a_generation_from_elsewhere_is_not_adopted(
        self, pipe: Any, specstep: Any, sandbox: Any, complete: tuple[str, str]
    ) -> None:
        """Its package goes to stdout, and that is all."""
        code, out, err = pipe("download", complete[0], "-o", "-")

        assert code == 0, err
        assert zipfile.is_zipfile(io.BytesIO(out))
        assert specstep("runs", "--json").document["runs"] == []

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (["--json"], "--json and --output - both write to stdout"),
            (["--events"], "--events and --output - both write to stdout"),
            (["--unpack"], "--unpack needs a folder"),
            (["--profile", "researcher"], "several packages"),
            ([], "several packages"),
        ],
    )
    def test_what_does_not_go_together_is_refused_first(
        self,
        specstep: Any,
        untouched: None,
        monkeypatch: pytest.MonkeyPatch,
        arguments: list[str],
        says: str,
    ) -> None:
        """Before anything is sent. What new runs are generated with unless told otherwise counts, too."""
        monkeypatch.setenv("SPECSTEP_PROFILE", "Fast" if arguments else "researcher")
        result = specstep("run", "A shop.", "--yes", "--output", "-", *arguments)

        assert result.code == 2
        assert says in result.err

    @pytest.mark.parametrize("verb", [["run", "A shop.", "--yes"], ["resume", "tea"], ["download", "tea"]])
    def test_a_terminal_is_never_written_to(self, specstep: Any, untouched: None, verb: list[str]) -> None:
        """The sentence shows how to redirect."""
        result = specstep(*verb, "--output", "-", tty_out=True)

        assert result.code == 2
        assert "add > package.zip" in result.err

    def test_verbs_that_wait_for_no_package_refuse_it(self, specstep: Any, sandbox: Any, elsewhere: str) -> None:
        """adopt makes a run, which has no stdout; and elsewhere a dash is no file."""
        for arguments in (["adopt", elsewhere, "-o", "-"], ["report", "tea", "-o", "-"]):
            assert specstep(*arguments).code == 2
        assert specstep("runs", "--json").document["runs"] == []

    def test_a_dry_run_says_where_it_would_go(self, specstep: Any, sandbox: Any) -> None:
        """To stdout."""
        assert "write the package to stdout" in specstep("run", "A shop.", "--dry-run", "-o", "-").out

    def test_a_detached_run_continues_to_stdout(self, pipe: Any, specstep: Any, sandbox: Any) -> None:
        """The line that resumes says so, and what it says works."""
        code, out, err = pipe("run", "A shop.", *FAST, "--run-id", "tea", "-o", "-", "--timeout", "20")
        assert (code, out) == (3, b"")
        assert "specstep resume tea --output -" in err

        code, out, err = pipe("resume", "tea", "--output", "-")
        assert code == 0, err
        assert zipfile.is_zipfile(io.BytesIO(out))
        assert sandbox.requests.count(KICKOFF) == 1

    def test_a_full_disk_behind_stdout_loses_nothing(
        self, specstep: Any, sandbox: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The package is kept and named, and resuming writes it."""

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr("specstep_flows.cli.piped.shutil.copyfileobj", full)
            patch.setattr("specstep_flows.cli.piped.abandon_stdout", lambda: None)
            result = specstep("run", "A shop.", *FAST, "--run-id", "tea", "-o", "-")
        kept = Path(re.findall(r"kept at (\S+\.zip)", result.err)[0])
        assert result.code == 2
        assert "specstep resume tea --output -" in result.err

        content = kept.read_bytes()
        again = specstep("resume", "tea", "-o", "-")
        assert (again.code, again.raw) == (0, content)
        assert not kept.exists()
