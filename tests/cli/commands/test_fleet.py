"""``specstep fleet``: from any host with the database and nothing else; what costs or destroys asks first."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import pytest

from specstep_flows import errors
from specstep_flows.answers_file import AnswersFile
from specstep_flows.cli.fleet_views import complete_fleet_run
from specstep_flows.fleet.desk import Desk
from specstep_flows.fleet.session import Session
from specstep_flows.models import Clarification
from specstep_flows.runs.records import RunRecord
from specstep_flows.runs.store import RunStore
from tests.cli.conftest import Specstep
from tests.kit import postgres

URL = "http://127.0.0.1:9"


@attrs.define
class Rows:
    """What is in the fleet's database."""

    database: Any

    def change(self, statement: str, values: Any = ()) -> None:
        self.database.run(lambda connection: connection.execute(statement, values))

    def read(self, query: str) -> list[Any]:
        return self.database.run(lambda connection: connection.execute(query).fetchall())  # type: ignore[no-any-return]

    def ask(self, *questions: str) -> None:
        """Every run waits for answers to these."""
        asked = [{"question": one, "agent": None, "proposed_default": "As usual."} for one in questions]
        self.change("UPDATE runs SET status = 'question', questions = %s", [json.dumps(asked)])


@pytest.fixture
def rows(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rows]:
    """A fleet without a run, which the environment names, as on a host without a key."""
    with postgres.emptied() as database:
        monkeypatch.setenv("SPECSTEP_FLEET_URL", postgres.server().url)
        monkeypatch.setenv("SPECSTEP_FLEET_SCHEMA", database.schema)
        monkeypatch.setenv("SPECSTEP_API_URL", URL)
        yield Rows(database)


@pytest.fixture
def tea(rows: Rows, specstep: Specstep) -> Rows:
    """One run, submitted by the command."""
    done = specstep("fleet", "submit", "A shop for tea.", "--run-id", "tea", "--key", "Team_A", "--yes")
    assert (done.code, done.out) == (0, "tea\n")
    return rows


def test_a_shell_completes_the_fleets_runs(tea: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what each is; without a fleet there is nothing to offer, and nothing to say."""
    assert complete_fleet_run("t") == [("tea", "open")]
    assert complete_fleet_run("x") == []
    monkeypatch.delenv("SPECSTEP_FLEET_URL")
    assert complete_fleet_run("t") == []


SUBMIT = ("fleet", "submit", "A shop for tea.", "--run-id", "tea")


class TestSubmit:
    """It costs as ``run`` does."""

    def test_off_a_terminal_it_needs_yes_and_on_one_it_asks(self, rows: Rows, specstep: Specstep) -> None:
        """Without agreement nothing is in the queue."""
        unasked = specstep(*SUBMIT)
        declined = specstep(*SUBMIT, typed="n\n")
        assert (unasked.code, declined.code, rows.read("SELECT 1 FROM runs")) == (2, 2, [])
        assert "--yes" in unasked.err
        assert "you will be charged" in declined.err
        assert specstep(*SUBMIT, typed="y\n").out == "tea\n"

    def test_the_same_command_gives_the_same_run_and_another_is_refused(self, tea: Rows, specstep: Specstep) -> None:
        """With the part that differs, and without a command of this machine's that would continue it."""
        assert specstep(*SUBMIT, "--key", "team-a", "--yes").out == "tea\n"
        refused = specstep(*SUBMIT, "--key", "team-a", "--policy", "defaults", "--yes", "--json")
        assert refused.code == 2
        assert "another policy" in refused.document["message"]
        assert (refused.document["run_id"], refused.document["resume_command"]) == ("tea", None)
        assert len(tea.read("SELECT 1 FROM runs")) == 1

    @pytest.mark.parametrize("lost", ["submit", "waiting"])
    def test_what_was_submitted_and_not_told_is_submitted_once(
        self, rows: Rows, specstep: Specstep, monkeypatch: pytest.MonkeyPatch, lost: str
    ) -> None:
        """The database goes away before its answer arrives, or before the id is shown."""
        ask = getattr(Desk, lost)

        def lose(*more: Any) -> None:
            ask(*more)
            raise errors.StoreError("The connection is lost.")

        command = ("fleet", "submit", "A shop for tea.", "--yes")
        with monkeypatch.context() as away:
            away.setattr(Desk, lost, lose)
            done = specstep(*command, "--json")
        (name,) = rows.read("SELECT run_id FROM runs")[0]
        assert (done.code, done.document["run_id"]) == (2, name)
        assert f"--run-id {name}" in done.document["message"]
        assert specstep(*command, "--run-id", name).out == f"{name}\n"
        assert len(rows.read("SELECT 1 FROM runs")) == 1

    def test_it_takes_the_options_of_run(self, rows: Rows, specstep: Specstep, home: Path) -> None:
        """A file, further messages, answers, and what the kickoff is sent with."""
        (home / "brief.md").write_text("A bar.")
        (home / "answers.yaml").write_text("answers:\n  Which tea?: Green.\n")
        options = ["--profile", "Fast", "--max-cost", "$3", "--retry-failed", "1", "--answers", "answers.yaml"]
        done = specstep("fleet", "submit", "brief.md", "-m", "And beer.", *options, "--yes", "--json")

        record = done.document["run"]["record"]
        assert record["messages"] == ["A bar.", "And beer."]
        assert {record["options"][name] for name in ("profile", "max_cost_usd", "retry_failed")} == {"Fast", 3.0, 1}
        assert "Green." in rows.read("SELECT rules FROM runs")[0][0]

    def test_it_warns_of_a_profile_that_the_pages_do_not_name(self, rows: Rows, specstep: Specstep) -> None:
        """The service, which is not asked here, may accept it all the same."""
        done = specstep(*SUBMIT, "--profile", "Fsat", "--project-type", "webapp", "--mirror", "New", "--yes")
        assert (done.code, done.out) == (0, "tea\n")
        assert "Unknown review profile 'Fsat'. Did you mean 'Fast'?" in done.err
        assert "project type" not in done.err
        assert "mirror" not in done.err

    def test_it_says_when_nobody_will_drive_it(self, rows: Rows, specstep: Specstep) -> None:
        """A name of a key that no worker has is most often a slip."""
        done = specstep(*SUBMIT, "--key", "team-b", "--yes")
        assert "Run tea is open: No worker has the key team-b." in done.err
        assert "specstep fleet show tea" in done.err

    def test_it_says_when_nobody_will_answer_as_it_is_told(self, rows: Rows, specstep: Specstep) -> None:
        """A policy that no worker with the key has, with the one that was meant."""
        with contextlib.closing(Session(rows.database, "a worker", capacity=1)):
            rows.change("UPDATE workers SET keys = '{team-a}', policies = '{defaults,reviewed}'")
            done = specstep(*SUBMIT, "--key", "team-a", "--policy", "review", "--yes")
        assert "No worker with the key team-a has the policy review. Did you mean 'reviewed'?" in done.err


class TestLooking:
    """Tables for people, one document for programs."""

    def test_runs_says_why_one_is_not_driven(self, tea: Rows, specstep: Specstep) -> None:
        """And what is asked, once it is."""
        assert "No worker has the key team-a." in specstep("fleet", "runs").out
        document = specstep("fleet", "runs", "--status", "open", "--json").document
        (run,) = document["runs"]
        assert (run["run_id"], run["status"], run["key"], run["waiting_for"]) == (
            "tea",
            "open",
            "team-a",
            "No worker has the key team-a.",
        )
        assert "history" not in run["record"]
        tea.ask("Which database?", "Which cloud?")
        assert "2 questions: Which database?" in specstep("fleet", "runs").out

    @pytest.mark.slow
    def test_runs_can_be_chosen(self, tea: Rows, specstep: Specstep) -> None:
        """By status, key and number; a word that is none is refused."""
        specstep("fleet", "submit", "A bar for all.", "--run-id", "bar", "--yes")
        assert "tea" not in specstep("fleet", "runs", "--limit", "1").out
        assert "bar" not in specstep("fleet", "runs", "--key", "team-a").out
        assert specstep("fleet", "runs", "--status", "done").err == "No matching runs.\n"
        wrong = specstep("fleet", "runs", "--status", "running")
        assert (wrong.code, "running" in wrong.err) == (2, True)

    def test_show_has_everything(self, tea: Rows, specstep: Specstep) -> None:
        """An unknown id is refused with the one that may be meant."""
        shown = specstep("fleet", "show", "tea")
        assert "key:         team-a" in shown.out
        assert specstep("fleet", "show", "tea", "--json").document["record"]["messages"] == ["A shop for tea."]
        missing = specstep("fleet", "show", "teas")
        assert (missing.code, "'tea'" in missing.err) == (2, True)

    def test_nothing_yet_is_said(self, rows: Rows, specstep: Specstep) -> None:
        """For each list."""
        for verb, said in (("runs", "No runs yet."), ("workers", "No worker."), ("limits", "No run has named a key")):
            done = specstep("fleet", verb)
            assert (done.code, done.out) == (0, "")
            assert said in done.err

    @pytest.mark.slow
    def test_limits_and_workers(self, tea: Rows, specstep: Specstep) -> None:
        """What is left of both windows, whoever counted; and who works."""
        from specstep_flows.fleet.session import Session

        tea.change("INSERT INTO keys (name, scope, verified_at) VALUES ('team-a', 's', 1)")
        tea.change(
            "INSERT INTO limits (scope, bucket, leaves) VALUES ('s', 'kickoff', "
            "ARRAY[extract(epoch FROM now()) + 50]::double precision[])"
        )
        session = Session(tea.database, "house", capacity=7)
        limits, workers = specstep("fleet", "limits"), specstep("fleet", "workers")
        assert limits.out.splitlines()[1].split("  ")[:1] == ["team-a"]
        assert "60 of 60" in limits.out
        assert "4 of 5" in limits.out
        assert "0 of 7" in workers.out
        assert specstep("fleet", "limits", "--json").document["keys"][0]["rooms"]["kickoff"]["left"] == 4
        drained = specstep("fleet", "drain", "house", "--json").document
        assert drained["worker"]["is_draining"] is True
        assert "draining" in specstep("fleet", "workers").out
        session.close()

    @pytest.mark.slow
    def test_the_tables_are_made_by_init_alone(self, rows: Rows, specstep: Specstep) -> None:
        """What is wrong is said by check, with the exit code of a setting."""
        again = specstep("fleet", "init", "--json")
        assert (again.code, again.document["code"]) == (0, "done")
        checked = specstep("fleet", "check", "--json")
        names = {one["name"]: one["is_fit"] for one in checked.document["checks"]}
        assert names["schema"] is True
        # The tests' server writes nothing to disk.
        assert (names["durability"], checked.document["is_fit"], checked.code) == (False, False, 2)
        elsewhere = ("fleet", "check", "--database", "postgresql://nobody:pass-word@127.0.0.1:1/none")
        unreachable = specstep(*elsewhere)
        assert unreachable.code == 2
        assert "127.0.0.1:1" in unreachable.out
        assert "pass-word" not in unreachable.out + unreachable.err


class TestAnswer:
    """From any host, without a key."""

    def test_each_question_has_its_answer_or_nothing_is_stored(self, tea: Rows, specstep: Specstep) -> None:
        """By flag in order, from a file, or as the agents propose."""
        tea.ask("Which database?", "Which cloud?")
        listed = specstep("fleet", "answer", "tea", "--list")
        assert (listed.code, "Question 2 of 2" in listed.out) == (5, True)
        part = specstep("fleet", "answer", "tea", "-a", "PostgreSQL.")
        assert (part.code, tea.read("SELECT rules FROM runs")) == (2, [(None,)])
        assert specstep("fleet", "answer", "tea", "-a", "1", "-a", "2", "-a", "3").code == 2
        done = specstep("fleet", "answer", "tea", "-a", "PostgreSQL.", "--defaults", "--json")
        assert (done.code, done.document["run"]["status"]) == (0, "open")
        rules = json.loads(tea.read("SELECT rules FROM runs")[0][0])["rules"]
        assert [rule["answer"] for rule in rules] == ["PostgreSQL.", "As usual."]
        nothing = specstep("fleet", "answer", "tea", "--defaults", "--json")
        assert (nothing.code, nothing.document["code"]) == (1, "no_question")

    def test_without_any_answer_the_options_that_give_some_are_named(self, tea: Rows, specstep: Specstep) -> None:
        """Off a terminal, with the question."""
        tea.ask("Which database?")
        refused = specstep("fleet", "answer", "tea")
        assert refused.code == 2
        assert "The first is: Which database? Give --answer, --answers or --defaults" in refused.err

    def test_each_answer_says_where_it_came_from_as_that_of_a_plain_run(
        self, tea: Rows, specstep: Specstep, home: Path
    ) -> None:
        """What a file answers later has its place in what was stored."""
        tea.ask("Which database?", "Which cloud?", "Which tea?")
        (home / "answers.yaml").write_text("answers:\n  Which cloud?: None.\n")
        words = ("-a", "PostgreSQL.", "--defaults", "--answers", "answers.yaml")
        assert specstep("fleet", "answer", "tea", *words).code == 0

        rules = AnswersFile.from_data(tea.read("SELECT rules FROM runs")[0][0], "answers of tea")
        asked = [Clarification(text) for text in ("Which database?", "Which  cloud?", "Which tea?")]
        assert [one.rule for one in rules(asked)] == ["flag", "answers.yaml, line 2, column 3", "proposed default"]

    def test_what_was_answered_is_not_said_to_wait(self, tea: Rows, specstep: Specstep) -> None:
        """From then on it may cost; before that, that it waits is what it stopped with."""
        tea.ask("Which database?")
        tea.change("UPDATE runs SET error = %s", [json.dumps("1 question needs an answer; it costs nothing.")])
        assert "costs nothing" in specstep("fleet", "show", "tea").out
        done = specstep("fleet", "answer", "tea", "--defaults", "--json")
        assert done.document["run"]["record"]["error"] is None
        assert "costs nothing" not in specstep("fleet", "show", "tea").out

    @pytest.mark.slow
    def test_a_file_answers_later_questions_too(self, tea: Rows, specstep: Specstep, home: Path) -> None:
        """It is stored before there is any."""
        (home / "answers.yaml").write_text("default: {use: proposed}\n")
        assert specstep("fleet", "answer", "tea", "--answers", "answers.yaml").out == "tea\n"
        assert "proposed" in tea.read("SELECT rules FROM runs")[0][0]

    def test_on_a_terminal_a_person_is_asked(self, tea: Rows, specstep: Specstep) -> None:
        """Each question, with its proposal."""
        tea.ask("Which database?")
        done = specstep("fleet", "answer", "tea", typed="SQLite.\n")
        assert (done.code, "Proposed: As usual." in done.err) == (0, True)
        assert "SQLite." in tea.read("SELECT rules FROM runs")[0][0]


class TestCancel:
    """It destroys, so it asks."""

    def test_it_needs_agreement_and_names_what_is_spent(self, tea: Rows, specstep: Specstep) -> None:
        """What has a generation is a worker's to cancel, and resume withdraws the wish."""
        tea.change("UPDATE runs SET cost_usd = '0.48', generation_ids = %s", [json.dumps([str(UUID(int=7))])])
        refused = specstep("fleet", "cancel", "tea")
        assert (refused.code, "Cancel run tea (A shop for tea.)? $0.48 is already spent" in refused.err) == (2, True)
        done = specstep("fleet", "cancel", "tea", "--yes")
        assert (done.out, "A worker cancels" in done.err) == ("tea\n", True)
        assert "is to be cancelled" in specstep("fleet", "runs").out
        assert specstep("fleet", "resume", "tea", "--json").document["run"]["wanted"] is None

    def test_what_has_sent_nothing_is_cancelled_at_once(self, tea: Rows, specstep: Specstep) -> None:
        """No worker is needed; a second time there is nothing to cancel."""
        assert "is cancelled; nothing of it was sent" in specstep("fleet", "cancel", "tea", "--yes").err
        again = specstep("fleet", "cancel", "tea", "--yes")
        assert (again.code, "is cancelled, so there is nothing" in again.err) == (1, True)

    def test_what_is_over_is_not_asked_about(self, tea: Rows, specstep: Specstep) -> None:
        """With whatever is asked of it: the state does not allow it, which is exit code 1."""
        tea.change("UPDATE runs SET status = 'done', stage = '\"done\"', cost_usd = '1.1'")
        for words in ("cancel tea", "cancel tea --yes", "resume tea", "answer tea --answers answers.yaml"):
            Path("answers.yaml").write_text("default: {use: proposed}\n", "utf-8")
            refused = specstep("fleet", *words.split(), "--json")
            assert (words, refused.code, refused.document["code"]) == (words, 1, "wrong_state")
        assert "y/N" not in specstep("fleet", "cancel", "tea", typed="y\n").err


class TestImport:
    """Runs of this machine."""

    @pytest.fixture
    def store(self, home: Path) -> Iterator[RunStore]:
        store = RunStore(Path(os.environ["SPECSTEP_STATE"]))
        for name in ("one", "two"):
            store.create(RunRecord(name, URL, 1.0, 1.0, messages=("A shop.",)))
        yield store
        store.close()

    def test_it_needs_agreement_takes_what_it_can_and_says_what_is_left(
        self, rows: Rows, store: RunStore, specstep: Specstep
    ) -> None:
        """One is in use: the other is the fleet's, and the exit code is that of the one."""
        assert specstep("fleet", "import", "--key", "team-a").code == 2
        assert len(store.all()) == 2
        let_go = store.hold("two")
        done = specstep("fleet", "import", "--key", "team-a", "--yes")
        assert (done.code, done.out, "Run two is in use" in done.err) == (3, "one\n", True)
        let_go()
        last = specstep("fleet", "import", "--key", "team-a", "--yes", "--json")
        assert [run["run_id"] for run in last.document["runs"]] == ["two"]
        assert (store.all(), rows.read("SELECT count(*) FROM runs WHERE status = 'open'")) == ([], [(2,)])
        assert "no open run" in specstep("fleet", "import", "--yes").err

    def test_what_is_the_fleets_is_named_so_here_and_never_begun_again(
        self, rows: Rows, store: RunStore, specstep: Specstep, monkeypatch: Any
    ) -> None:
        """No request is sent, and nothing is done with a run whose id begins with that."""
        monkeypatch.setenv("SPECSTEP_API_KEY", f"sf_{'a' * 40}")
        store.create(attrs.evolve(store.get("two"), run_id="one-b"))
        done: dict[str, Any] = {"stage": "done", "generation_id": UUID(int=1), "generation_state": "Complete"}
        store.create(attrs.evolve(store.get("two"), run_id="tea", **done))
        assert specstep("fleet", "import", "one", "--yes").code == 0

        for words in (
            *("run A-shop. --text --yes --run-id one", "run A-shop. --text --dry-run --run-id one", "resume one --yes"),
            *("show one", "answer one --defaults", "cancel one --yes", "watch one", "download one", "report one"),
            *("update one A-bar. --text --yes", "update tea A-bar. --text --yes --run-id one", "forget one --yes"),
            "update tea A-bar. --text --dry-run --run-id one",
        ):
            refused = specstep(*words.split(), "--json")
            assert (words, refused.code, refused.document["code"]) == (words, 2, "run_conflict")
            assert "specstep fleet show one" in refused.document["message"]
        assert sorted(record.run_id for record in store.all()) == ["one-b", "tea", "two"]
        assert specstep("fleet", "import", "one", "--yes").out == "one\n"
        assert specstep("fleet", "import", "tea", "--yes").code == 1
        assert specstep("update", "two", "A bar.", "--yes").code == 1


@pytest.mark.parametrize("verb", ["init", "check", "runs", "work", "workers", "limits"])
def test_without_a_database_the_variable_is_named(home: Path, specstep: Specstep, verb: str) -> None:
    """In one sentence."""
    done = specstep("fleet", verb)
    assert (done.code, "SPECSTEP_FLEET_URL" in done.err) == (2, True)


#: A process in which the extra is not installed.
WITHOUT = """
import sys
sys.modules["psycopg"] = None
from specstep_flows.cli import main
for words in ("runs", "init", "submit A-shop. --text --yes", "work", "import --yes"):
    assert main(["fleet", *words.split()]) == 2
assert main(["fleet", "--help"]) == 0
"""


def test_without_the_extra_every_verb_names_it(home: Path) -> None:
    """And its help is there all the same."""
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    assert done.stderr.count("needs the extra `fleet`") == len(done.stderr.splitlines()) == 5
    assert "workers" in done.stdout


def test_what_a_worker_is_given_is_checked_first(rows: Rows, specstep: Specstep, monkeypatch: Any) -> None:
    """Its policies, its capacity, its keys."""
    for arguments, said in (
        (["--policy", "house"], "NAME=FILE"),
        (["--policy", "house=nothing.yaml"], "nothing.yaml"),
        (["--capacity", "0"], "from 1 to 10000"),
        ([], "SPECSTEP_KEY_<NAME>"),
    ):
        done = specstep("fleet", "work", *arguments)
        assert (done.code, said in done.err) == (2, True)
    monkeypatch.setenv("SPECSTEP_FLEET_CAPACITY", "many")
    assert "SPECSTEP_FLEET_CAPACITY" in specstep("fleet", "work").err


@pytest.mark.slow
def test_a_worker_ends_with_0_when_it_is_told_to_and_with_70_when_its_session_is_lost(
    rows: Rows,
    start: Callable[[Sequence[str]], subprocess.Popen[str]],
    monkeypatch: pytest.MonkeyPatch,
    specstep: Specstep,
) -> None:
    """What it does is on stderr, in lines with their time, and no key is in them."""
    monkeypatch.setenv("SPECSTEP_KEY_TEAM_A", "sf_secret_of_team_a")

    def started(name: str) -> subprocess.Popen[str]:
        process = start(["fleet", "work", "--name", name, "--health", "0", "--json"])
        assert process.stderr is not None
        lines = [process.stderr.readline() for _ in range(2)]
        assert "Probes are answered on port" in lines[0]
        assert lines[1].endswith("takes up to 200 runs, with team-a.\n")
        return process

    told, drained, lost = started("told"), started("drained"), started("lost")
    told.send_signal(signal.SIGTERM)
    assert specstep("fleet", "drain", "drained").code == 0
    number = rows.read("SELECT id FROM workers WHERE name = 'lost'")[0][0]
    postgres.server().execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE objid = %s", [number])

    for process in (told, drained):
        out, err = process.communicate()
        assert (process.returncode, json.loads(out)["code"]) == (0, "drained")
        assert "takes no more runs" in err
    out, err = lost.communicate()
    assert (lost.returncode, json.loads(out)["code"], json.loads(out)["exit_code"]) == (70, "session_lost", 70)
    assert "start it again" in err
    assert "sf_secret" not in out + err
