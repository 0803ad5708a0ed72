"""``specstep package …``: packages at the service, by hand."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest

from specstep_flows.cli.terminal import Terminal
from specstep_flows.sandbox import Fault
from tests.kit.api import op
from tests.kit.front import Front, Seen
from tests.kit.platforms import POSIX_ONLY
from tests.kit.tiers import one_in


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


def test_lists_without_an_envelope(
    specstep: Any, sandbox: Any, complete: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pages do not show how lists come: a bare array has the same rows, and what is no list is not an empty one."""
    _, package = complete
    lists: list[tuple[str, ...]] = [("list",), ("files", package), ("search", "tea"), ("audiences",)]
    found = [specstep("package", *words).out for words in lists]

    def bare(seen: Seen) -> None:
        if isinstance(seen.document, dict):
            (seen.document,) = (value for value in seen.document.values() if isinstance(value, list))

    def gone(seen: Seen) -> None:
        seen.document = {"message": "OK"}

    with Front(sandbox.url, bare) as front:
        monkeypatch.setenv("SPECSTEP_API_URL", front.url)
        assert [specstep("package", *words).out for words in lists] == found
    with Front(sandbox.url, gone) as front:
        monkeypatch.setenv("SPECSTEP_API_URL", front.url)
        refused = specstep("package", "files", package)

    assert (refused.code, refused.out) == (7, "")
    assert "contains no list" in refused.err


def test_what_costs_at_a_package(specstep: Any, sandbox: Any, complete: tuple[str, str]) -> None:
    """An addendum and an explanation need a yes; the addendum's signed address is shown nowhere."""
    _, package = complete
    addendum = ("package", "addendum", package, "--title", "French", "--description", "Add French.")

    refused = [specstep(*addendum).code, specstep("package", "explain", package, "investor").code]
    made = specstep(*addendum, "--yes", "--json")
    listed = specstep("package", "addenda", package)
    explained = specstep("package", "explain", package, "investor", "--yes")

    assert refused == [2, 2]
    assert made.document["code"] == "done"
    assert "sig=" not in made.out + made.err
    assert made.document["addendum"]["addendum_id"] in listed.out
    assert explained.code == 0
    assert explained.out
    assert "investor" in specstep("package", "explanations", package).out
    assert "investor" in specstep("package", "audiences").out


@pytest.mark.parametrize(
    "fault",
    [
        Fault(op("create_addendum"), "reset", commit=True),
        Fault(op("create_addendum"), "html", commit=True),
        Fault(op("create_addendum"), "empty", commit=True),
        Fault(op("create_addendum"), "edit", set={"addendum_id": ""}),
    ],
    ids=["reset", "page", "empty", "nameless"],
)
def test_an_addendum_whose_answer_is_lost_is_not_asked_for_twice(
    specstep: Any, sandbox: Any, complete: tuple[str, str], fault: Fault
) -> None:
    """Whether it was made cannot be told from the answer: the list of addenda tells it."""
    _, package = complete
    sandbox.faults.add(fault)
    lost = specstep("package", "addendum", package, "--title", "French", "--description", "Add French.", "--yes")

    assert lost.code == 0, lost.err
    assert "Checking whether the addendum was drafted" in lost.err
    assert [addendum.id for addendum in sandbox.state.packages[package].addenda] == [lost.out.strip()]
    assert sandbox.requests.count(op("create_addendum")) == 1
    assert "French" in specstep("package", "addenda", package).out


@pytest.mark.parametrize("more", [("--output", "told.odt"), ("--output", "told.pdf", "--format", "md")])
def test_an_explanation_is_not_saved_in_a_folder_that_was_meant_as_a_file(
    specstep: Any, sandbox: Any, complete: tuple[str, str], home: Path, more: tuple[str, ...]
) -> None:
    """Nothing is paid for what could not be saved as it was meant."""
    refused = specstep("package", "explain", complete[1], "investor", *more, "--yes")

    assert (refused.code, refused.out) == (2, "")
    assert "--output a name that ends in .md" in refused.err
    assert sandbox.requests.count(op("explain_package")) == 0
    assert not (home / more[1]).exists()


@pytest.mark.parametrize("is_doubtful", [False, True])
@pytest.mark.parametrize(
    ("words", "operation", "change"),
    [
        (("addendum", "{}", "--title", "T", "--description", "D."), "create_addendum", "the package's id, the title"),
        (("explain", "{}", "astronauts"), "explain_package", "specstep package audiences"),
    ],
    ids=["addendum", "explain"],
)
def test_after_a_definite_refusal_the_same_command_is_not_offered_again(
    specstep: Any,
    sandbox: Any,
    complete: tuple[str, str],
    words: tuple[str, ...],
    operation: str,
    change: str,
    is_doubtful: bool,
) -> None:
    """It says what can be changed; unless an answer before it was lost, which the same command settles."""
    _, package = complete
    if is_doubtful:
        sandbox.faults.add(Fault(op(operation), "reset"))
    sandbox.faults.add(Fault(op(operation), "status", status=400))
    refused = specstep("package", *(word.format(package) for word in words), "--yes", "--json")

    assert refused.code == 2
    assert ("To continue: specstep package" in refused.err) is is_doubtful
    assert (refused.document["resume_command"] is not None) is is_doubtful
    assert (change in refused.err) is not is_doubtful


def test_the_same_command_again_shows_what_was_paid_for(
    specstep: Any, sandbox: Any, complete: tuple[str, str], home: Path
) -> None:
    """An addendum from a file, whose first line is its title; its zip, and another one with --again."""
    _, package = complete
    (home / "french.md").write_text("# Localize French\n\nEvery page.\n")
    command = ("package", "addendum", package, "french.md", "--yes", "--output", "out", "--unpack", "--json")
    made, again = specstep(*command), specstep(*command)
    other = specstep(*command, "--again")
    here = specstep("package", "addendum", package, "french.md", "--yes", "--unpack", "--json")

    assert made.document["addendum"]["title"] == "Localize French"
    assert again.document == {**made.document, "addendum": again.document["addendum"]}
    assert sorted(path.name for path in Path(made.document["unpacked_to"]).iterdir())[0] == "background.md"
    assert Path(here.document["unpacked_to"]).parent == home
    assert "nothing is paid. --again pays for another one" in again.err
    assert other.document["addendum"]["addendum_id"] != made.document["addendum"]["addendum_id"]
    assert sandbox.requests.count(op("create_addendum")) == 2
    assert "Cost: $0.45" in made.err
    assert "Cost:" not in again.err


@pytest.mark.parametrize("form", one_in(4, ["pdf", "md", "txt", "docx"]))
def test_an_explanation_is_saved(specstep: Any, sandbox: Any, complete: tuple[str, str], form: str) -> None:
    """It is paid for once, whatever it is saved as; one that is there is downloaded without paying."""
    _, package = complete
    made = specstep("package", "explain", package, "security", "--output", f"told.{form}", "--yes")
    kept = specstep("package", "download-explanation", package, "security", "--format", form)
    missing = specstep("package", "download-explanation", package, "investor")

    assert Path(made.out.strip()).name == f"told.{form}"
    assert Path(kept.out.strip()).name == f"specstep-explanation-security.{form}"
    assert Path(made.out.strip()).read_bytes() == Path(kept.out.strip()).read_bytes()
    assert sandbox.requests.count(op("explain_package")) == 1
    assert missing.code == 2
    assert missing.err.startswith(f"Explanation of package {package} was not found")


@pytest.mark.parametrize(
    "arguments",
    [
        ("addendum", "{package}", "Add Welsh.", "--output", "taken.zip"),
        ("addendum", "{package}", "Add Welsh.", "--output", "other.zip", "--unpack"),
        ("explain", "{package}", "engineering-manager", "--output", "taken.pdf"),
    ],
    ids=["zip", "folder", "explanation"],
)
def test_an_output_that_is_taken_is_refused_before_it_is_paid_for(
    specstep: Any, sandbox: Any, complete: tuple[str, str], home: Path, arguments: tuple[str, ...]
) -> None:
    """What cannot be saved is not paid for first."""
    (home / "taken.zip").write_text("mine")
    (home / "taken.pdf").write_text("mine")
    (home / "other").mkdir()
    (home / "other" / "mine.md").write_text("mine")
    told = specstep("package", *(argument.format(package=complete[1]) for argument in arguments), "--yes")

    assert told.code == 2, told.err
    assert "--force" in told.err
    assert sandbox.requests.count(op("create_addendum")) + sandbox.requests.count(op("explain_package")) == 0


def test_the_command_that_continues_says_all_that_was_said(
    specstep: Any, sandbox: Any, complete: tuple[str, str]
) -> None:
    """Whoever copies it pays no more, and gets no less."""
    options = ("--output", "lost.zip", "--unpack", "--force", "--max-cost", "0.6")
    sandbox.faults.add(Fault(op("list_addenda"), "status", status=403, times=1))
    told = specstep("package", "addendum", complete[1], "Add Gaelic text.", *options, "--yes", "--json")

    assert told.code == 4
    assert told.document["resume_command"].partition("'Add Gaelic text.' ")[2] == (f"--text {' '.join(options)} --yes")


def test_what_may_cost_more_than_the_limit_is_not_sent(specstep: Any, sandbox: Any, complete: tuple[str, str]) -> None:
    """The price is the pages'."""
    told = specstep("package", "addendum", complete[1], "Add French.", "--max-cost", "0.3", "--yes", "--json")

    assert (told.code, told.document["code"]) == (6, "budget")
    assert sandbox.requests.count(op("create_addendum")) == 0


def test_a_person_is_asked_only_for_what_is_to_be_paid(specstep: Any, sandbox: Any, complete: tuple[str, str]) -> None:
    """Off a terminal nothing is sent without a yes; what is there is shown without a question."""
    _, package = complete
    before = len(list(sandbox.requests))
    refused = specstep("package", "addendum", package, "Add French.")
    assert len(list(sandbox.requests)) == before
    declined = specstep("package", "addendum", package, "Add French.", typed="n\n")
    agreed = specstep("package", "addendum", package, "Add French.", typed="y\n")
    shown = specstep("package", "addendum", package, "Add French.", typed="")

    assert (refused.code, declined.code, agreed.code, shown.code) == (2, 2, 0, 0)
    assert "It costs about $0.50" in declined.err
    assert shown.out == agreed.out
    assert sandbox.requests.count(op("create_addendum")) == 1


ADDENDUM = ("addendum", "{package}", "--title", "French", "--description", "Add French.", "--yes")
EXPLANATION = ("explain", "{package}", "investor", "--yes")


@pytest.mark.parametrize("is_carried_out", [True, False])
@pytest.mark.parametrize(
    ("arguments", "operation", "kept"),
    [
        (ADDENDUM, op("create_addendum"), "addenda"),
        (EXPLANATION, op("explain_package"), "explanations"),
    ],
)
def test_what_costs_and_is_refused_for_now_is_looked_for_before_it_is_sent_again(
    specstep: Any,
    sandbox: Any,
    complete: tuple[str, str],
    arguments: tuple[str, ...],
    operation: str,
    kept: str,
    is_carried_out: bool,
) -> None:
    """A 429 waits as it says; what it carried out all the same is found and not paid for a second time."""
    _, package = complete
    sandbox.faults.add(Fault(operation, "status", status=429, retry_after=5, commit=is_carried_out))
    told = specstep("package", *(word.format(package=package) for word in arguments))

    made = getattr(sandbox.state.packages[package], kept)
    assert len(made) == 1
    assert sandbox.requests.count(operation) == (1 if is_carried_out else 2)
    assert told.code == 0, told.err
    assert told.out


@pytest.mark.parametrize("is_carried_out", [True, False])
def test_a_migration_that_is_refused_for_now_is_looked_for_in_the_list_of_packages(
    specstep: Any, sandbox: Any, home: Path, is_carried_out: bool
) -> None:
    """Its file is sent whole both times."""
    operation = op("commit_doc_migration")
    with zipfile.ZipFile(home / "docs.zip", "w") as archive:
        archive.writestr("README.md", "# Tea\n")
    sandbox.faults.add(Fault(operation, "status", status=429, retry_after=5, commit=is_carried_out))
    told = specstep("api", "commit-doc-migration", "file=@docs.zip", "--yes")

    assert told.code == (1 if is_carried_out else 0), told.err
    assert len(sandbox.state.packages) == 1
    assert sandbox.requests.count(operation) == (1 if is_carried_out else 2)


def test_what_no_list_shows_is_never_sent_again(specstep: Any, sandbox: Any, complete: tuple[str, str]) -> None:
    """A delivery that was refused for now: whether it was carried out all the same, only a person can see."""
    sandbox.faults.add(Fault(op("deliver_package"), "status", status=429, retry_after=5, commit=True))
    told = specstep("package", "deliver", complete[1])

    assert told.code == 7
    assert "not sent again" in told.err
    assert sandbox.requests.count(op("deliver_package")) == 1


def test_a_page_in_place_of_an_answer_is_no_delivery(specstep: Any, sandbox: Any, complete: tuple[str, str]) -> None:
    """A sign-in page with status 200 says nothing of a pull request: that is told, and nothing is sent again."""
    sandbox.faults.add(Fault(op("deliver_package"), "html", status=200))
    told = specstep("package", "deliver", complete[1])

    assert (told.code, told.out) == (7, "")
    assert "with an HTML page" in told.err
    assert sandbox.requests.count(op("deliver_package")) == 1


def test_a_hostile_text_does_not_reach_the_terminal(specstep: Any, sandbox: Any, complete: tuple[str, str]) -> None:
    """What the service sends cannot steer a terminal; a program gets it as it is."""
    sandbox.faults.add(
        Fault(
            op("list_packages"), "edit", times=None, set={"packages.*.project_name": "\x1b]0;own\x07Tea\u202e\x1b[2J"}
        )
    )

    shown = specstep("package", "list", tty_out=True)
    document = specstep("package", "list", "--json")

    assert "\x1b" not in shown.out
    assert "\u202e" not in shown.out
    assert "Tea" in shown.out
    assert "\x1b" not in document.out
    assert document.document["packages"][0]["project_name"].startswith("\x1b]0;own")


class Killed(BaseException):
    """The end of a process, which is no exception for anybody."""


@pytest.mark.parametrize("way", ["addendum", "migrate", "regenerate", "update"])
def test_whoever_is_killed_before_the_result_is_written_does_not_pay_again(
    specstep: Any, sandbox: Any, complete: tuple[str, str], home: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """The same command with ``--again`` shows what was paid for; only then it means another one."""
    generation, package = complete
    with zipfile.ZipFile(home / "docs.zip", "w") as archive:
        archive.writestr("readme.md", "# Tea")
    intake = sandbox.state.generations[generation].intake_id
    words, operation = {
        "addendum": (("package", "addendum", package, "Add French."), "create_addendum"),
        "migrate": (("package", "migrate", "docs.zip"), "commit_doc_migration"),
        "regenerate": (("generation", "update", generation, "--intake", intake), "update_generation"),
        "update": (("update", generation, "Add French."), "update_generation"),
    }[way]

    def paid(*, dies: bool = False) -> int:
        with monkeypatch.context() as patched:
            if dies:
                patched.setattr(Terminal, "result", die)
            try:
                ended = specstep(*words, "--again", "--yes")
                assert ended.code == 0, ended.err
            except Killed:
                assert dies
        return int(sandbox.requests.count(op(operation)))

    def die(*_: Any, **__: Any) -> None:
        raise Killed

    assert [paid(dies=True), paid(dies=True), paid(), paid()] == [1, 1, 1, 2]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk here that is always full")
def test_a_result_that_a_full_disk_did_not_take_is_not_paid_for_again(
    sandbox: Any, complete: tuple[str, str], home: Path
) -> None:
    """Nobody was told of it, so the command that the failure names, with its ``--again``, still means that one."""
    command = [sys.executable, "-m", "specstep_flows.cli", "package", "addendum", complete[1], "Add French.", "--again"]

    def paid(out: Any) -> tuple[int, int, str]:
        done = subprocess.run([*command, "--yes"], stdout=out, stderr=subprocess.PIPE, text=True, check=False)
        return done.returncode, sandbox.requests.count(op("create_addendum")), done.stderr

    with Path("/dev/full").open("w", encoding="utf-8") as full:
        code, times, told = paid(full)
    shown, another = paid(subprocess.PIPE), paid(subprocess.PIPE)

    assert (code, times) == (1, 1)
    assert f"To continue: specstep package addendum {complete[1]} 'Add French.' --text --again --yes" in told
    assert shown[:2] == (0, 1)
    assert another[:2] == (0, 2)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk here that is always full")
def test_a_file_that_a_full_disk_does_not_take_is_told(sandbox: Any, complete: tuple[str, str], home: Path) -> None:
    """What is written as bytes fails as any other result does: with a sentence, and not as a bug."""
    words = ["package", "file", complete[1], "README.md"]
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "specstep_flows.cli", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.returncode == 1
    assert done.stderr.startswith("The result could not be written to stdout (No space left on device).")


def test_a_change_is_given_once(specstep: Any, sandbox: Any, complete: tuple[str, str]) -> None:
    """Which of two texts would be paid for is not guessed."""
    refused = specstep("package", "addendum", complete[1], "Add French.", "--description", "Add Dutch.", "--yes")

    assert refused.code == 2
    assert "CHANGE and --description" in refused.err
    assert sandbox.requests.count(op("create_addendum")) == 0


def test_a_command_to_copy_is_right_for_words_that_begin_with_a_dash(
    specstep: Any, sandbox: Any, complete: tuple[str, str], home: Path
) -> None:
    """A text or a file of that name is no option where the command is typed as it was printed."""
    (home / "-change.md").write_text("Add Dutch.")
    for words in (["--text", "--", "-1 button"], ["--", "-change.md"]):
        sandbox.faults.clear()
        sandbox.faults.add(Fault(op("create_addendum"), "status", status=503, times=None))
        told = specstep("package", "addendum", complete[1], "--yes", *words)
        sandbox.faults.clear()
        command = told.err.rpartition("To continue: specstep ")[2].strip()
        done = specstep(*shlex.split(command))

        assert done.code == 0, done.err
        assert done.out.strip() == sandbox.state.packages[complete[1]].addenda[-1].id


@POSIX_ONLY
def test_whoever_stops_what_is_paid_for_is_told_that_it_may_be(
    sandbox: Any, complete: tuple[str, str], start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while an addendum is drafted, which nothing at the service stops."""
    sandbox.faults.add(Fault(op("create_addendum"), "stall", commit=True))
    requests, started = type(sandbox.requests), threading.Event()
    keep = requests.add

    def add(kept: Any, row: Any) -> None:
        keep(kept, row)
        if kept.count(op("create_addendum")):
            started.wait()
            process.send_signal(signal.SIGINT)

    monkeypatch.setattr(requests, "add", add)
    process = start(["package", "addendum", complete[1], "Add French.", "--yes"])
    started.set()
    out, err = process.communicate()

    assert (process.returncode, out) == (130, "")
    assert "Stopped. It may be carried out and paid for all the same; the same command looks first." in err
    assert "To continue: specstep package addendum" in err
