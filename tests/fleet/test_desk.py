"""What anybody of a fleet can ask for: what is submitted is there once, and nothing here sends anything."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest

from specstep_flows import errors
from specstep_flows.engine.limits import scope_of
from specstep_flows.fleet import refusals
from specstep_flows.fleet.database import Database
from specstep_flows.fleet.desk import Desk
from specstep_flows.fleet.files import FileStore
from specstep_flows.fleet.limits import PostgresLimiter
from specstep_flows.fleet.objects import ObjectFiles
from specstep_flows.fleet.run import write_questions
from specstep_flows.fleet.session import Session
from specstep_flows.fleet.statements import carry_out
from specstep_flows.models import Clarification
from specstep_flows.settings import Settings
from specstep_flows.webhooks import sign_webhook
from tests.kit.object_host import ObjectHost
from tests.kit.secrets import LogTrap

URL = "http://127.0.0.1:9"
SECRET = "whsec_of_the_fleet"
GENERATION, OTHER = UUID(int=7), UUID(int=8)
QUESTIONS = (Clarification("Which database?", proposed_default="SQLite."), Clarification("Which cloud?"))


@pytest.fixture
def desk(database: Any) -> Iterator[Desk]:
    """A process that is no worker and has no key."""
    desk = Desk(database, Settings(api_url=URL), secrets=SECRET)
    yield desk
    if "store" in desk.__dict__:
        desk.store.close()


def submit(desk: Desk, brief: Any = "A shop.", **more: Any) -> Any:
    """A submission, as the client makes it."""
    options = more.pop("options", {})
    given = {"key": "team-a", "run_id": "tea", "attachments": (), "answers": None, "policy": None, **more}
    return desk.submit(desk.submission(brief, options=options, **given))


def rows(desk: Desk, query: str, values: Any = ()) -> list[Any]:
    return desk.database.run(lambda connection: connection.execute(query, values).fetchall())


def change(desk: Desk, statement: str, values: Any = ()) -> None:
    desk.database.run(lambda connection: connection.execute(statement, values))


def put(desk: Desk, status: str, **columns: Any) -> None:
    """Have the run be at rest, or over, as a driver would, with nothing left in the queue."""
    questions = write_questions(QUESTIONS) if status == "question" else None
    columns = {"status": status, "questions": questions, **columns}
    sets = ", ".join(f"{name} = %s" for name in columns)
    change(desk, f"UPDATE runs SET {sets} WHERE run_id = 'tea'", list(columns.values()))
    change(desk, "DELETE FROM procrastinate_jobs")


def jobs(desk: Desk) -> list[str]:
    """The runs in the queue."""
    return [row[0] for row in rows(desk, "SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo'")]


class TestSubmitting:
    """One transaction, with the job that makes a worker look."""

    def test_from_two_hosts_at_once_it_is_one_run(self, desk: Desk, server: Any) -> None:
        """Each of them gets it; nobody fails."""
        hosts = [Database(server.url, desk.database.schema) for _ in range(4)]
        ready = Barrier(len(hosts))

        def one(database: Database) -> Any:
            host = Desk(database, desk.settings)
            statements = host.submission(
                "A shop.",
                key="TEAM_A",
                run_id="tea",
                attachments=(),
                answers={"Q?": "A."},
                policy=None,
                options={"profile": "Fast"},
            )
            ready.wait()
            return host.submit(statements)

        with ThreadPoolExecutor(len(hosts)) as pool:
            found = list(pool.map(one, hosts))
        for database in hosts:
            database.close()

        assert [(run.run_id, run.status, run.key) for run in found] == [("tea", "open", "team-a")] * len(hosts)
        assert (len(rows(desk, "SELECT 1 FROM runs")), jobs(desk)) == (1, ["tea"])

    @pytest.mark.parametrize(
        ("more", "part"),
        [
            ({"brief": "A bar."}, "another brief"),
            ({"brief": ["A shop.", "And tea."]}, "another brief"),
            ({"key": "team-b"}, "another key"),
            ({"policy": "house"}, "another policy"),
            ({"answers": {"Q?": "B."}}, "other answers"),
            ({"options": {"profile": "Fast"}}, "other options"),
            ({"options": {"max_cost_usd": 2.0}}, "other options"),
        ],
    )
    def test_another_job_with_the_same_id_is_refused_by_its_part(
        self, desk: Desk, more: dict[str, Any], part: str
    ) -> None:
        """And nothing is changed."""
        submit(desk)
        before = rows(desk, "SELECT runs::text FROM runs")
        with pytest.raises(errors.RunConflict, match=f"tea was submitted with {part}"):
            submit(desk, **more)
        assert rows(desk, "SELECT runs::text FROM runs") == before

    def test_another_service_or_other_documents_are_another_job(self, desk: Desk, tmp_path: Path) -> None:
        """By what is in the documents, wherever they are read."""
        desk.files = FileStore(tmp_path / "files")
        for folder, text in (("a", "One."), ("b", "One."), ("c", "Two.")):
            (tmp_path / folder).mkdir()
            (tmp_path / folder / "notes.md").write_text(text)
        submit(desk, attachments=tmp_path / "a" / "notes.md")
        assert submit(desk, attachments=tmp_path / "b" / "notes.md").run_id == "tea"
        with pytest.raises(errors.RunConflict, match="other attachments"):
            submit(desk, attachments=tmp_path / "c" / "notes.md")
        desk.settings = Settings(api_url="http://127.0.0.1:10")
        with pytest.raises(errors.RunConflict, match="another service"):
            submit(desk, attachments=tmp_path / "a" / "notes.md")
        desk.files.close()

    def test_what_a_worker_has_done_since_is_what_a_second_submission_gives(self, desk: Desk) -> None:
        """It is the same run, and it is not put into the queue again."""
        submit(desk)
        put(desk, "done", cost_usd="0.5")
        found = submit(desk)
        assert (found.status, found.cost_usd, jobs(desk)) == ("done", 0.5, [])

    def test_a_connection_that_died_while_it_was_idle_is_replaced(self, desk: Desk, server: Any) -> None:
        """The server was restarted, say: what was submitted is there once."""
        desk.store  # noqa: B018 - a connection is in the pool from here on
        server.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'specstep' "
            "AND pid <> pg_backend_pid()"
        )
        assert submit(desk).status == "open"
        assert jobs(desk) == ["tea"]

    @pytest.mark.parametrize(
        ("more", "error", "said"),
        [
            ({"key": "sf_live key"}, errors.SettingsError, "name of a key"),
            ({"run_id": "a b"}, errors.UsageError, "run id|run's id"),
            ({"policy": "no such name!"}, errors.UsageError, "no name of a policy"),
            ({"policy": "sf_0123456789abcdef0123456789"}, errors.UsageError, "never a key"),
            ({"run_id": "sf_0123456789abcdef0123456789"}, errors.UsageError, "form of an API key"),
            ({"policy": print}, errors.UsageError, "callable"),
            ({"answers": print}, errors.UsageError, "callable"),
            ({"answers": {}}, errors.AnswersError, "no answers"),
            ({"attachments": "/nowhere.md"}, errors.UsageError, "nowhere.md"),
            ({"options": {"max_cost_usd": -1}}, errors.UsageError, "max_cost"),
            ({"brief": ""}, errors.UsageError, "brief|message"),
        ],
    )
    def test_what_cannot_be_submitted_is_refused_before_anything_is_written(
        self, desk: Desk, more: dict[str, Any], error: type[Exception], said: str
    ) -> None:
        """In a sentence."""
        with pytest.raises(error, match=said) as raised:
            submit(desk, **more)
        assert "0123456789" not in str(raised.value)
        assert rows(desk, "SELECT 1 FROM runs") == []

    def test_a_package_that_would_land_elsewhere_is_refused_at_once(self, desk: Desk, tmp_path: Path) -> None:
        """Not half an hour later, at a worker."""
        desk.files = FileStore(tmp_path / "files")
        for options in ({"unpack": True}, {"output": tmp_path / "elsewhere.zip"}):
            with pytest.raises(errors.UsageError, match="Nothing was sent"):
                submit(desk, options=options)
        assert submit(desk, options={"output": tmp_path / "files" / "tea.zip"}).status == "open"
        desk.files.close()


class TestLooking:
    """Rows are read as they are wanted."""

    def test_pages_have_every_run_once_the_newest_first(self, desk: Desk) -> None:
        """Also where many came at the same moment."""
        names = [f"run-{number:03}" for number in range(30)]

        def make(connection: Any) -> None:
            for name in names:
                carry_out(
                    desk.submission(
                        "A.", key="a", run_id=name, attachments=(), answers=None, policy=None, options={}
                    )(),
                    connection,
                )

        desk.database.transact(make)
        change(desk, "UPDATE runs SET created_at = 1795991910.488514 WHERE run_id < 'run-020'")
        seen: list[str] = []
        last: Any = None
        while page := desk.page(last, None, None, 7):
            seen += [run.run_id for run in page]
            last = page[-1]
        assert sorted(seen) == names
        assert seen[10:] == sorted(names[:20], reverse=True)

    def test_only_those_that_are_wanted(self, desk: Desk) -> None:
        """By status and key; a status that there is not is refused."""
        submit(desk)
        submit(desk, run_id="bar", key="team-b")
        put(desk, "question")
        assert [run.run_id for run in desk.page(None, "question", None, 9)] == ["tea"]
        assert [run.run_id for run in desk.page(None, None, "TEAM_B", 9)] == ["bar"]
        with pytest.raises(errors.UsageError, match="no status 'running'"):
            desk.page(None, "running", None, 9)

    def test_a_row_that_cannot_be_read_names_its_run(self, desk: Desk) -> None:
        """Where many are listed, nobody could find it."""
        submit(desk)
        submit(desk, run_id="bar")
        change(desk, "UPDATE runs SET turns = 'torn' WHERE run_id = 'tea'")
        for look in (lambda: desk.get("tea"), lambda: desk.page(None, None, None, 9)):
            with pytest.raises(errors.StoreUnreadable, match="The row of run tea at"):
                look()
        assert desk.get("bar").status == "open"

    def test_an_unknown_run_is_refused_with_the_name_that_may_be_meant(self, desk: Desk) -> None:
        """By every verb."""
        submit(desk)
        acts: list[Callable[[str], Any]] = [
            desk.get,
            desk.cancel,
            desk.resume,
            lambda name: desk.answer(name, {"Q?": "A."}),
            lambda name: desk.package_url(name, 60),
        ]
        for act in acts:
            with pytest.raises(errors.RunNotFound, match=r"Did you mean 'tea'\? `specstep fleet runs`"):
                act("teas")

    def test_what_is_left_of_a_key_is_what_its_workers_counted(self, desk: Desk) -> None:
        """On the server's clock; a key that nobody has used yet has no figures."""
        submit(desk)
        submit(desk, run_id="bar", key="team-b")
        scope = scope_of("sf_a", URL)
        desk.database.run(lambda connection: refusals.verify(connection, "team-a", scope))
        clock = desk.store.make_clock(1.0)
        limiter = PostgresLimiter(desk.database, scope, clock=lambda: clock)
        for _ in range(5):
            limiter.acquire("kickoff", clock.now())
        limiter.acquire("standard", clock.now())

        team_a, team_b = desk.keys()

        standard, kickoff = team_a.rooms["standard"], team_a.rooms["kickoff"]
        assert (standard.left, standard.limit, standard.seconds) == (59, 60, 0.0)
        assert (kickoff.left, kickoff.limit) == (0, 5)
        assert 0 < kickoff.seconds <= 61
        assert (team_a.runs, team_b.runs, team_b.rooms) == ({"open": 1}, {"open": 1}, {})

    def test_a_refused_key_says_what_the_service_said(self, desk: Desk) -> None:
        """In the list of keys, at its runs, and as why they wait."""
        submit(desk)
        desk.database.run(lambda connection: refusals.refuse(connection, "team-a", "scope", "It was revoked."))
        session = Session(desk.database, capacity=1)
        change(desk, "UPDATE workers SET keys = '{team-a}', policies = '{defaults}' WHERE id = %s", [session.id])
        assert desk.keys()[0].refusal == desk.get("tea").key_refusal == "It was revoked."
        assert desk.waiting() == {"tea": "The key team-a is refused. It was revoked."}
        session.close()
        assert desk.waiting() == {"tea": "No worker has the key team-a."}

    def test_a_run_that_its_worker_left_to_others_says_so(self, desk: Desk) -> None:
        """Because nobody has its policy, or one of them has not, or of a failure that may clear."""
        submit(desk, policy="house")
        session = Session(desk.database, capacity=1)
        change(desk, "UPDATE workers SET keys = '{team-a}', policies = '{defaults}'")
        put(desk, "open", wake_at="2100-01-01")
        assert desk.waiting() == {"tea": "No worker with the key team-a has the policy house."}
        change(desk, "UPDATE workers SET policies = '{house}'")
        assert desk.waiting()["tea"].startswith("A worker has left it to others for ")
        put(desk, "open", wake_at="2100-01-01", failures=2)
        assert "may clear" in desk.waiting()["tea"]
        assert (list(desk.waiting("tea")), desk.waiting("another")) == (["tea"], {})
        session.close()


class TestActing:
    """What anybody can ask of a run, in whatever status it is."""

    def test_an_answer_from_a_process_without_a_key_wakes_the_run(self, desk: Desk) -> None:
        """A worker sends it; the newest answer comes first, and older rules stay."""
        submit(desk, answers={"Which database?": "Old.", "Which language?": "Python."})
        put(desk, "question")
        found = desk.answer("tea", {"Which database?": "PostgreSQL.", "Which cloud?": "None."})

        assert (found.status, found.questions, jobs(desk)) == ("open", (), ["tea"])
        rules = json.loads(rows(desk, "SELECT rules FROM runs")[0][0])["rules"]
        assert [(rule["question"], rule["answer"]) for rule in rules] == [
            ("Which database?", "PostgreSQL."),
            ("Which cloud?", "None."),
            ("Which database?", "Old."),
            ("Which language?", "Python."),
        ]

    @pytest.mark.parametrize("answers", [{"Which database?": "SQLite."}, {"Another?": "Yes."}])
    def test_a_question_without_an_answer_is_refused_and_nothing_is_stored(
        self, desk: Desk, answers: dict[str, str]
    ) -> None:
        """The run waits as before."""
        submit(desk)
        put(desk, "question")
        with pytest.raises(errors.AnswersError, match="nothing was stored"):
            desk.answer("tea", answers)
        assert rows(desk, "SELECT status, rules, woken FROM runs") == [("question", None, 0)]
        assert jobs(desk) == []

    @pytest.mark.parametrize(
        ("status", "answered", "cancelled", "resumed"),
        [
            ("open", True, True, True),
            ("question", True, True, True),
            ("paused", True, True, True),
            ("failed", False, False, True),
            ("done", False, False, False),
            ("cancelled", False, False, False),
            ("importing", False, False, False),
        ],
    )
    def test_what_can_be_done_with_a_run_depends_on_its_status(
        self, desk: Desk, status: str, answered: bool, cancelled: bool, resumed: bool
    ) -> None:
        """Whatever cannot is refused with a sentence that names it, and changes nothing."""
        submit(desk)
        acts: list[tuple[Callable[[], Any], bool]] = [
            (lambda: desk.answer("tea", {one.question: "A." for one in QUESTIONS}), answered),
            (lambda: desk.cancel("tea"), cancelled),
            (lambda: desk.resume("tea"), resumed),
        ]
        for act, can in acts:
            put(desk, status, wanted=None, generation_ids=json.dumps([str(GENERATION)]))
            if can:
                assert (act().status, jobs(desk)) == ("open", ["tea"])
                continue
            with pytest.raises(errors.UsageError, match=f"Run tea is {status}"):
                act()
            assert (desk.get("tea").status, desk.get("tea").wanted, jobs(desk)) == (status, None, [])

    @pytest.mark.parametrize("run_id", ["a\0b", "\ud800", "x" * 5000, "%s", ""])
    def test_what_is_no_name_of_a_run_is_the_name_of_none(self, desk: Desk, run_id: str) -> None:
        """Whatever PostgreSQL cannot hold among it; it is not for the database to refuse."""
        answers = {"a": "b"}
        acts: list[Callable[[str], Any]] = [desk.get, desk.cancel, desk.resume, lambda name: desk.answer(name, answers)]
        for act in acts:
            with pytest.raises(errors.RunNotFound):
                act(run_id)

    def test_answers_may_hold_what_utf_8_cannot(self, desk: Desk) -> None:
        """Half of a surrogate pair and a zero come back as they were given."""
        question, answer = "What \ud800?", "This: \0 \udfff"
        submit(desk, answers={question: answer})
        submit(desk, answers={question: answer})
        ((rules,),) = desk._rows("SELECT rules FROM runs", [])
        assert json.loads(rules)["rules"] == [{"question": question, "answer": answer}]

    @pytest.mark.parametrize(("state", "can"), [("Running", True), ("Failed", False), ("Complete", False)])
    def test_what_the_fleet_has_given_up_is_cancelled_if_the_service_still_makes_it(
        self, desk: Desk, state: str, can: bool
    ) -> None:
        """It costs until somebody cancels it."""
        submit(desk)
        own = json.dumps(str(GENERATION))
        put(desk, "failed", generation_id=own, generation_ids=f"[{own}]", generation_state=json.dumps(state))
        if can:
            assert (desk.cancel("tea").wanted, desk.get("tea").status) == ("cancel", "open")
        else:
            with pytest.raises(errors.UsageError, match="Run tea is failed"):
                desk.cancel("tea")

    def test_a_run_whose_kickoff_nobody_knows_of_is_not_woken_by_an_answer(self, desk: Desk) -> None:
        """To go on with it may be to pay again, which is what ``resume`` says."""
        submit(desk)
        put(desk, "paused", intent='{"operation": "start_generation", "sent_at": 1.0, "about": {}}')
        with pytest.raises(errors.UsageError, match="fleet resume tea"):
            desk.answer("tea", {"Which cloud?": "None."})
        assert (desk.get("tea").status, desk.resume("tea").status) == ("paused", "open")

    def test_a_run_that_names_no_key_is_nobodys_to_wake(self, desk: Desk) -> None:
        """It belongs to a client that somebody has made on the same database."""
        submit(desk)
        put(desk, "open", key_name=None)
        for act in (desk.cancel, desk.resume):
            with pytest.raises(errors.UsageError, match="names no key"):
                act("tea")
        assert SECRET not in repr(desk)

    def test_a_wish_to_cancel_is_seen_and_withdrawn_by_resume(self, desk: Desk) -> None:
        """Not by an answer or a delivery, which nobody meant so."""
        submit(desk)
        assert desk.cancel("tea").wanted == "cancel"
        put(desk, "failed")
        assert desk.resume("tea").wanted is None

    @pytest.mark.parametrize(
        "sent", [{}, {"interview_id": json.dumps(str(OTHER))}, {"intent": '{"operation": "x", "sent_at": 1}'}]
    )
    def test_what_has_sent_nothing_is_cancelled_without_a_worker(self, desk: Desk, sent: dict[str, str]) -> None:
        """Unless a worker has it in hand, or it has begun: then that is a worker's."""
        submit(desk)
        put(desk, "paused", **sent)
        let_go = desk.store.hold("tea")
        assert (desk.cancel("tea").status, desk.get("tea").wanted) == ("open", "cancel")
        let_go()
        assert desk.cancel("tea").status == ("open" if sent else "cancelled")

    def test_draining_goes_by_number_or_name_and_names_the_others(self, desk: Desk) -> None:
        """A name that two have is refused, and so is a process that is no worker."""
        sessions = [Session(desk.database, name, capacity=n) for name, n in (("a", 1), ("b", 1), ("b", 1), ("c", 0))]
        assert desk.drain("a").is_draining
        assert desk.drain(str(sessions[1].id)).id == sessions[1].id
        with pytest.raises(errors.UsageError, match="Several workers are called 'b'"):
            desk.drain("b")
        with pytest.raises(errors.UsageError, match="No worker is called 'c'"):
            desk.drain("c")
        assert [worker.is_draining for worker in desk.workers() if worker.capacity] == [True, True, False]
        for session in sessions:
            session.close()


class TestDeliveries:
    """A webhook wakes the run that it is about, on any host; nothing depends on it."""

    @staticmethod
    def deliver(desk: Desk, event: str = "generation.completed", at: float | None = None, **more: Any) -> int:
        body = {"event": event, "generation": {"id": str(more.pop("generation", GENERATION)), "state": "Complete"}}
        signed = sign_webhook(body, more.pop("secret", SECRET), now=time.time() if at is None else at, **more)
        return desk.receive(signed.body, signed.headers).status

    @pytest.fixture
    def resting(self, desk: Desk) -> Desk:
        """A run that waits for an answer of one of its two generations."""
        submit(desk)
        both = json.dumps([str(GENERATION), str(OTHER)])
        put(desk, "question", generation_id=json.dumps(str(GENERATION)), generation_ids=both)
        return desk

    @pytest.mark.parametrize("generation", [GENERATION, OTHER])
    def test_a_verified_one_wakes_its_run(self, resting: Desk, generation: UUID) -> None:
        """Somebody answered on the web, say; any generation of the run's will do."""
        assert self.deliver(resting, generation=generation) == 204
        assert (resting.get("tea").status, jobs(resting)) == ("open", ["tea"])

    def test_one_that_is_delivered_again_does_nothing_more(self, resting: Desk) -> None:
        """It is taken once, on whichever host."""
        self.deliver(resting, delivery_id="d-1")
        put(resting, "question")
        assert self.deliver(resting, delivery_id="d-1") == 204
        assert (resting.get("tea").status, jobs(resting)) == ("question", [])

    @pytest.mark.parametrize("more", [{"secret": "whsec_other"}, {"at": 1.0}])
    def test_forged_and_late_ones_change_nothing(self, resting: Desk, more: dict[str, Any]) -> None:
        """They are refused."""
        assert self.deliver(resting, **more) in (400, 401, 403)
        assert (resting.get("tea").status, jobs(resting)) == ("question", [])

    def test_being_told_of_the_question_does_not_wake_whoever_waits_for_its_answer(self, resting: Desk) -> None:
        """It would only look, and wait again. A generation of nobody here wakes nobody."""
        assert self.deliver(resting, "generation.paused_awaiting_clarification") == 204
        assert self.deliver(resting, generation=UUID(int=9)) == 204
        assert (resting.get("tea").status, jobs(resting)) == ("question", [])

    @pytest.mark.parametrize("status", ["open", "done", "failed", "cancelled", "importing"])
    def test_it_wakes_only_what_is_at_rest(self, resting: Desk, status: str) -> None:
        """Without a delivery everything is as it would be: the run is looked at, or it is over."""
        put(resting, status)
        self.deliver(resting)
        assert (resting.get("tea").status, jobs(resting)) == (status, [])

    def test_a_fleet_without_a_secret_says_which_variable_has_it(self, resting: Desk) -> None:
        """Nothing unverified is taken."""
        resting.secrets = None
        with pytest.raises(errors.SettingsError, match="SPECSTEP_FLEET_SECRETS"):
            self.deliver(resting)


class TestPackages:
    """Where a package is, and a link to it."""

    def finish(self, desk: Desk, file: str) -> None:
        submit(desk)
        put(desk, "done", stage=json.dumps("done"), file=json.dumps(file))

    def test_a_folder_has_no_links_and_says_where_the_package_is(self, desk: Desk, tmp_path: Path) -> None:
        """Neither has a run without one, nor a fleet without files."""
        self.finish(desk, str(tmp_path / "files" / "tea.zip"))
        with pytest.raises(errors.UsageError, match=r"tea\.zip"):
            desk.package_url("tea", 60)
        desk.files = FileStore(tmp_path / "files")
        with pytest.raises(errors.UsageError, match="folder"):
            desk.package_url("tea", 60)
        put(desk, "open", stage=json.dumps("watch"))
        with pytest.raises(errors.UsageError, match="no package yet"):
            desk.package_url("tea", 60)
        desk.files.close()

    def test_a_link_to_an_object_works_and_is_kept_nowhere(
        self, desk: Desk, object_host: ObjectHost, tmp_path: Path
    ) -> None:
        """It is signed, so it is in no row and no log."""
        desk.files = ObjectFiles("s3://bucket/fleet", scratch=tmp_path / "scratch", **object_host.options())
        (tmp_path / "p.zip").write_bytes(b"package")
        desk.files.place("tea.zip", tmp_path / "p.zip")
        self.finish(desk, str(desk.files.root / "tea.zip"))
        trap, root = LogTrap(), logging.getLogger()
        root.addHandler(trap)
        level = root.level
        root.setLevel(logging.DEBUG)
        try:
            link = desk.package_url("tea", 60)
        finally:
            root.removeHandler(trap)
            root.setLevel(level)

        import urllib.request

        with urllib.request.urlopen(link) as answer:
            assert answer.read() == b"package"
        signature = link.rpartition("ignature=")[2]
        assert len(signature) > 20
        everything = [
            row[0]
            for (table,) in rows(desk, "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
            for row in rows(desk, f"SELECT t::text FROM {table} t")
        ]
        assert not [text for text in (*everything, *trap.lines) if signature in text]
        desk.files.close()
