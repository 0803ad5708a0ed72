"""Runs of one machine that become a fleet's: whatever ends that in the middle, one of the two has them, never both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import pytest

from specstep_flows import SpecStep, errors
from specstep_flows.fleet.desk import Desk
from specstep_flows.fleet.files import FileStore
from specstep_flows.fleet.store import PostgresStore
from specstep_flows.fleet.sweep import sweep
from specstep_flows.fleet.take_over import take_over
from specstep_flows.models import RunOptions
from specstep_flows.runs.records import Intent, RunRecord
from specstep_flows.runs.store import RunStore
from specstep_flows.settings import Settings
from tests.kit import postgres

URL = "http://127.0.0.1:9"
PAID = UUID(int=7)
#: What a handover writes, in this order.
EFFECTS: list[tuple[type, str]] = [
    (RunStore, "plan_handover"),
    (PostgresStore, "create"),
    (RunStore, "hand_over"),
    (Desk, "open_taken"),
    (RunStore, "end_handover"),
]


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def desk(database: Any) -> Iterator[Desk]:
    """A fleet without a run."""
    desk = Desk(database, Settings(api_url=URL))
    yield desk
    if "store" in desk.__dict__:
        desk.store.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    """A store of one machine, with one run of which nothing was paid for."""
    with_one = RunStore(tmp_path / "state")
    with_one.create(record("tea"))
    yield with_one
    with_one.close()


def record(run_id: str, **more: Any) -> RunRecord:
    return RunRecord(run_id, URL, 1.0, 1.0, messages=("A shop.",), **more)


def rows(desk: Desk) -> list[Any]:
    """Every run of the fleet, with its status."""
    query = "SELECT run_id, status FROM runs ORDER BY run_id"
    return desk.database.run(lambda connection: connection.execute(query).fetchall())


def ids(store: RunStore) -> list[str]:
    return [one.run_id for one in store.all()]


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch, desk: Desk, store: RunStore) -> Callable[[int, bool], None]:
    """An import that ends before an effect, or right after it."""

    def kill(number: int, is_after: bool) -> None:
        kind, name = EFFECTS[number]
        carry_out = getattr(kind, name)

        def dying(*arguments: Any, **more: Any) -> None:
            if is_after:
                carry_out(*arguments, **more)
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(kind, name, dying)
            with pytest.raises(Killed):
                take_over(desk, store, "team-a")

    return kill


KILLS = [(number, is_after) for number in range(len(EFFECTS)) for is_after in (False, True)]


@pytest.mark.parametrize(("number", "is_after"), KILLS)
def test_at_no_moment_can_both_drive_it_and_the_next_import_carries_on(
    desk: Desk, store: RunStore, killed: Callable[[int, bool], None], number: int, is_after: bool
) -> None:
    """Killed at each effect: no worker drives what the machine still has, and nothing is lost."""
    killed(number, is_after)
    sweep(desk.database)
    is_open = rows(desk) == [("tea", "open")]

    assert not (is_open and ids(store))
    assert ids(store) or rows(desk)
    take_over(desk, store, "team-a")
    assert (ids(store), rows(desk), store.handovers()) == ([], [("tea", "open")], {})
    assert desk.get("tea").record == attrs.evolve(record("tea"))
    # Carried on with once more, it changes nothing.
    assert take_over(desk, store, "team-a") == []


@pytest.mark.parametrize(("number", "is_after"), KILLS[:5])
def test_what_was_paid_for_here_after_that_is_what_the_fleet_gets(
    desk: Desk, store: RunStore, killed: Callable[[int, bool], None], number: int, is_after: bool
) -> None:
    """A machine that still has the run may drive it: the copy that the fleet has by then is made again."""
    killed(number, is_after)
    store.update("tea", {"generation_id": PAID, "generation_ids": (PAID,)})

    take_over(desk, store, "team-a")

    assert desk.get("tea").generation_id == PAID
    assert (ids(store), rows(desk)) == ([], [("tea", "open")])


#: From the effect on that deletes it here.
GONE = [kill for kill in KILLS if kill >= (2, True)]


@pytest.mark.parametrize(("number", "is_after"), GONE)
def test_what_was_handed_over_is_never_begun_here_again(
    desk: Desk, store: RunStore, killed: Callable[[int, bool], None], number: int, is_after: bool
) -> None:
    """The same command pays nothing, nor does any other that would begin or adopt it; each says who has it."""
    killed(number, is_after)
    finishes = "specstep fleet (import|show) tea"

    with SpecStep("sf_" + 40 * "a", api_url=URL, store=store) as client:
        acts: list[Callable[[], object]] = [
            lambda: client.run("A shop.", run_id="tea"),
            lambda: client.resume("tea"),
            lambda: client.update(PAID, "A bar.", run_id="tea"),
            lambda: client.find_generation_of("tea"),
            lambda: store.create(record("tea", generation_id=PAID)),
            lambda: store.update("tea", {"stage": "done"}),
            lambda: store.forget("tea"),
        ]
        for act in acts:
            with pytest.raises(errors.RunConflict, match=finishes):
                act()
    take_over(desk, store, "team-a")
    with pytest.raises(errors.RunConflict, match="specstep fleet show tea"):
        store.get("tea")
    assert (ids(store), rows(desk)) == ([], [("tea", "open")])


def test_the_same_import_again_changes_nothing(desk: Desk, store: RunStore) -> None:
    """By its name; whatever has become of the run meanwhile. Another fleet does not have it, and says so."""
    take_over(desk, store, "team-a")
    desk.database.run(lambda connection: connection.execute("UPDATE runs SET status = 'done'"))

    assert [run.status for run in take_over(desk, store, "team-b", ["tea"])] == ["done"]
    assert (rows(desk), desk.get("tea").key) == ([("tea", "done")], "team-a")
    desk.database.run(lambda connection: connection.execute("DELETE FROM runs"))
    with pytest.raises(errors.RunConflict, match="another fleet"):
        take_over(desk, store, "team-a", ["tea"])


def test_what_was_forgotten_here_after_that_is_not_driven_by_the_fleet(
    desk: Desk, store: RunStore, killed: Callable[[int, bool], None]
) -> None:
    """It may have been paid for and be over."""
    killed(1, True)
    store.forget("tea")

    assert take_over(desk, store, "team-a") == []
    assert (rows(desk), store.handovers()) == ([], {})


def test_what_was_finished_here_after_that_stays_here(
    desk: Desk, store: RunStore, killed: Callable[[int, bool], None]
) -> None:
    """There is nothing left to drive."""
    killed(1, True)
    store.update("tea", {"stage": "done"})

    assert take_over(desk, store, "team-a") == []
    assert (ids(store), rows(desk), store.handovers()) == (["tea"], [], {})


def test_nothing_touches_a_run_that_is_on_its_way(
    desk: Desk, store: RunStore, killed: Callable[[int, bool], None]
) -> None:
    """Not answered, cancelled, resumed or woken before it is the fleet's."""
    store.update("tea", {"generation_id": PAID, "generation_state": "PausedAwaitingClarification"})
    killed(2, True)

    acts: list[Callable[[], object]] = [
        lambda: desk.answer("tea", {"Q?": "A."}),
        lambda: desk.cancel("tea"),
        lambda: desk.resume("tea"),
    ]
    for act in acts:
        with pytest.raises(errors.UsageError, match="importing"):
            act()
    sweep(desk.database)
    assert rows(desk) == [("tea", "importing")]


@pytest.mark.slow
def test_another_fleet_does_not_open_what_is_on_its_way_to_this_one(
    desk: Desk, store: RunStore, killed: Callable[[int, bool], None]
) -> None:
    """It has no such run, and says so; this fleet carries on."""
    killed(2, True)
    with postgres.schema() as elsewhere:
        other = Desk(elsewhere, Settings(api_url=URL))
        with pytest.raises(errors.RunConflict, match="another fleet"):
            take_over(other, store, "team-a")

    assert [run.run_id for run in take_over(desk, store, "team-a")] == ["tea"]


@pytest.mark.slow
def test_a_fleet_that_was_left_behind_never_drives_an_old_copy(
    desk: Desk, store: RunStore, killed: Callable[[int, bool], None]
) -> None:
    """The first import to one fleet ends early, then the run goes to another one."""
    killed(1, True)
    with postgres.schema() as elsewhere:
        take_over(Desk(elsewhere, Settings(api_url=URL)), store, "team-a")

    assert take_over(desk, store, "team-a") == []
    assert rows(desk) == [("tea", "importing")]


def test_what_is_open_is_taken_and_what_is_over_is_left(desk: Desk, store: RunStore) -> None:
    """A failed run that has requested another attempt is open; a clock of this machine says nothing to others."""
    store.create(record("done", stage="done"))
    store.create(record("failed", generation_id=UUID(int=2), generation_state="Failed"))
    again = Intent("retry_generation", 100.0, {}, boot="this machine", up=5.0)
    store.create(record("again", generation_id=UUID(int=3), generation_state="Failed", intent=again))

    taken = take_over(desk, store, "Team_A")

    assert sorted(run.run_id for run in taken) == ["again", "tea"]
    assert {run.key for run in taken} == {"team-a"}
    assert sorted(ids(store)) == ["done", "failed"]
    intent = desk.get("again").record.intent
    assert intent is not None
    assert (intent.up, intent.boot) == (None, None)
    assert intent.sent_at > 1e9


def test_one_that_is_in_use_stays(desk: Desk, store: RunStore, tmp_path: Path) -> None:
    """Its lock is held by whoever drives it."""
    other = RunStore(tmp_path / "state")
    let_go = other.hold("tea")
    with pytest.raises(errors.RunBusy):
        take_over(desk, store, "team-a")
    let_go()
    other.close()
    assert (ids(store), rows(desk)) == (["tea"], [])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"api_url": "http://127.0.0.1:10"}, "is at http://127.0.0.1:10"),
        ({"options": RunOptions(interview=True)}, "held by a person"),
        ({"options": RunOptions(continues={"generation_id": str(PAID)})}, "updates a package"),
        ({"stage": "done"}, "is done"),
        ({"attachments": ("/nowhere/a.md",)}, "SPECSTEP_FLEET_FILES"),
    ],
)
def test_what_cannot_be_driven_elsewhere_is_refused_and_stays(
    desk: Desk, store: RunStore, more: dict[str, Any], said: str
) -> None:
    """With a sentence; the store and the fleet are as they were."""
    store.create(attrs.evolve(record("other"), **more))
    with pytest.raises(errors.UsageError, match=said):
        take_over(desk, store, "team-a", ["other"])
    assert (sorted(ids(store)), rows(desk), store.handovers()) == (["other", "tea"], [], {})


def test_a_run_of_the_same_id_in_the_fleet_is_another_one(desk: Desk, store: RunStore) -> None:
    """Neither is changed."""
    desk.store.create(record("tea", cost_usd=2.0), key_name="team-b")
    with pytest.raises(errors.RunConflict, match="already a run called tea"):
        take_over(desk, store, "team-a")
    assert (ids(store), desk.get("tea").cost_usd, store.handovers()) == (["tea"], 2.0, {})


def test_documents_that_are_not_sent_yet_come_along(desk: Desk, store: RunStore, tmp_path: Path) -> None:
    """By their digests, among the fleet's files; and the package goes there as well."""
    (tmp_path / "notes.md").write_text("What we know.")
    options = RunOptions(output=str(tmp_path / "p.zip"), unpack=True)
    store.create(record("other", attachments=(str(tmp_path / "notes.md"),), options=options))
    desk.files = FileStore(tmp_path / "files")

    (taken,) = take_over(desk, store, "team-a", ["other"])

    (name,) = taken.record.attachments
    digest, own = name.removeprefix("content:").split("/")
    assert desk.files.get_content(digest, own).read_text("utf-8") == "What we know."
    assert (taken.record.options.output, taken.record.options.unpack) == (None, False)
    desk.files.close()
