"""A run's options: one class, and no key that is none, wherever it comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import pytest

from specstep_flows import errors
from specstep_flows.models import RunChanges, RunOptions
from specstep_flows.runs.opening import find_update, new_run_id, open_run, reopen_run, run_options
from specstep_flows.runs.protocol import RunKeeper
from specstep_flows.runs.records import Intent, RunRecord
from tests.kit.run_stores import NewStore, overwrite

SERVICE = "http://127.0.0.1:1"


@pytest.fixture
def store(new_store: NewStore) -> RunKeeper:
    """A store of each kind."""
    return new_store()


def record(**options: Any) -> RunRecord:
    """A run that was just begun."""
    return RunRecord("r", SERVICE, 1.0, 1.0, messages=("A portal.",), options=run_options(**options))


@pytest.mark.parametrize(
    ("name", "near"),
    [("max_cost", "max_cost_usd"), ("retry", "retry_failed"), ("unpac", "unpack"), ("outputs", "output")],
)
def test_a_name_that_is_no_option_is_refused_with_the_nearest(store: RunKeeper, name: str, near: str) -> None:
    """From code, from whoever writes a record, and from a record: nothing is stored, and nothing ignored."""
    store.create(record())
    misspelt: Mapping[str, Any] = {name: 0.01}

    for use in (
        lambda: run_options(**misspelt),
        lambda: reopen_run(store, "r", SERVICE, misspelt),
        lambda: store.update("r", {"options": misspelt}),
    ):
        with pytest.raises(errors.UnknownOption, match=f"{name!r} is not an option of a run. Did you mean {near!r}"):
            use()
    assert store.get("r") == attrs.evolve(record(), updated_at=store.get("r").updated_at)

    overwrite(store, "r", "options", f'{{"{name}": 0.01}}')
    with pytest.raises(errors.UnknownOption, match=f"Did you mean {near!r}"):
        reopen_run(store, "r", SERVICE)


def test_a_name_that_is_like_none_lists_all() -> None:
    """An unknown option is a wrong argument as well, as for any function."""
    with pytest.raises(TypeError, match=r"The options are profile, project_type, .*max_cost_usd"):
        run_options(xyzzy=1)


#: Limits that limit nothing, or that would end a paid run at its first look.
NO_LIMITS = [0, -1, -0.0, float("nan"), float("inf"), float("-inf"), "5", "", True, False, 10**400, [5], {}, b"5"]


@pytest.mark.parametrize("limit", NO_LIMITS)
def test_a_limit_that_is_none_is_refused(store: RunKeeper, limit: Any) -> None:
    """Also when a run goes on; None lifts it."""
    store.create(record(max_cost_usd=5))

    with pytest.raises(errors.UsageError, match="more than 0 US dollars"):
        reopen_run(store, "r", SERVICE, {"max_cost_usd": limit})
    with pytest.raises(errors.UsageError, match="more than 0 US dollars"):
        run_options(max_cost_usd=limit)
    assert reopen_run(store, "r", SERVICE, {"max_cost_usd": None})[0].options.max_cost_usd is None


@pytest.mark.parametrize("retries", [-1, 1.5, float("nan"), float("inf"), "1", True, 10**400, [1]])
def test_a_number_of_retries_that_is_none_is_refused(store: RunKeeper, retries: Any) -> None:
    """Each costs again; 0 is a number of retries."""
    store.create(record(retry_failed=1))

    with pytest.raises(errors.UsageError, match=r"The number of retries( \(retry_failed\))? must be"):
        reopen_run(store, "r", SERVICE, {"retry_failed": retries})
    with pytest.raises(errors.UsageError, match=r"The number of retries( \(retry_failed\))? must be"):
        run_options(retry_failed=retries)
    assert reopen_run(store, "r", SERVICE, {"retry_failed": 0})[0].options.retry_failed == 0


@pytest.mark.parametrize("stored", ["0", "-5", "NaN", "Infinity", '"5"', "true", "1e400"])
def test_a_limit_in_a_record_that_is_none_is_shown_and_ends_no_run(store: RunKeeper, stored: str) -> None:
    """Whichever version or hand wrote it: the run goes on once it is given another one, or none."""
    store.create(record())
    overwrite(store, "r", "options", f'{{"profile": "Fast", "max_cost_usd": {stored}}}')

    known = store.get("r")
    assert known.options.max_cost_usd is None
    assert "max_cost_usd" in known.options.unknown
    doors: list[Callable[[], object]] = [
        lambda: reopen_run(store, "r", SERVICE),
        lambda: open_run(store, record(profile="Fast")),
    ]
    for again in doors:
        with pytest.raises(errors.UsageError, match=r"more than 0 US dollars.*in the run's record"):
            again()
    mended = reopen_run(store, "r", SERVICE, {"max_cost_usd": 2.5})[0].options
    assert (mended.max_cost_usd, mended.unknown) == (2.5, {})
    assert reopen_run(store, "r", SERVICE)[0].options == mended


def test_what_may_change_on_resuming_is_an_option(store: RunKeeper) -> None:
    """The TypedDict that type checkers read names options and nothing else."""
    assert set(RunChanges.__annotations__) == {field.name for field in attrs.fields(RunOptions)} - {
        "interview",
        "continues",
        "unknown",
    }


@pytest.mark.parametrize("name", ["profile", "project_type", "mirror_selection"])
def test_what_the_kickoff_was_sent_with_cannot_change_any_more(store: RunKeeper, name: str) -> None:
    """Until then it can."""
    store.create(record())
    assert getattr(reopen_run(store, "r", SERVICE, {name: "First"})[0].options, name) == "First"

    store.update("r", {"generation_id": UUID(int=1)})
    assert getattr(reopen_run(store, "r", SERVICE, {name: "First"})[0].options, name) == "First"
    with pytest.raises(errors.RunConflict, match=f"started with {name} 'First'"):
        reopen_run(store, "r", SERVICE, {name: "Second"})


def test_what_is_remembered_is_added_to(store: RunKeeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And an output is kept as an absolute path, for the process that resumes may work elsewhere."""
    monkeypatch.chdir(tmp_path)
    store.create(record(remember={"yes": True}))

    known, resumed = reopen_run(store, "r", SERVICE, {"output": "here.zip", "remember": {"answers": "a.yaml"}})

    assert resumed
    assert known.options == RunOptions(output=str(tmp_path / "here.zip"), remember={"yes": True, "answers": "a.yaml"})
    assert store.get("r").options == known.options


def test_the_same_call_again_goes_on_and_keeps_what_it_does_not_say(store: RunKeeper) -> None:
    """An interview that somebody holds stays one, and a limit stays."""
    open_run(store, record(max_cost_usd=5, interview=True))

    again, resumed = open_run(store, record(retry_failed=1))

    assert resumed
    assert again.options == RunOptions(max_cost_usd=5, interview=True, retry_failed=1)
    with pytest.raises(errors.RunConflict, match="another profile"):
        open_run(store, record(profile="Fast"))


def test_a_run_of_another_service_is_not_taken_up(store: RunKeeper) -> None:
    """The key would go to the wrong origin."""
    store.create(record())
    with pytest.raises(errors.RunConflict, match="SPECSTEP_API_URL"):
        reopen_run(store, "r", "https://specstep.com")


def test_another_update_is_begun_only_behind_one_that_is_over(store: RunKeeper) -> None:
    """A retry that may have been sent, and a package of a fan-out that is on its way, are not paid for once more."""
    given = record()
    wanted = attrs.evolve(given, options=attrs.evolve(given.options, continues={"generation_id": "g"}))
    first, is_there = find_update(store, wanted, None, True)
    assert not is_there
    assert find_update(store, wanted, None, False) == (first, False)
    store.create(attrs.evolve(first, options=attrs.evolve(first.options, profile="Fast")))
    intent = Intent("retry_generation", 1.0)
    for changes, is_over in (
        ({"generation_state": "Running"}, False),
        ({"generation_state": "Failed", "intent": intent}, False),
        ({"intent": None}, True),
        ({"stage": "package"}, False),
        ({"stage": "done"}, True),
    ):
        store.update(first.run_id, changes)
        found, is_there = find_update(store, wanted, None, True)
        assert is_there == (found.run_id == first.run_id) == (not is_over)
    # It goes on with the profile that it has.
    assert open_run(store, find_update(store, wanted, None, False)[0])[1]
    store.create(found)
    assert find_update(store, wanted, None, False) == find_update(store, wanted, None, True) == (found, True)
    other = find_update(store, attrs.evolve(wanted, run_id=first.run_id, messages=("Tea.",)), first.run_id, False)[0]
    with pytest.raises(errors.RunConflict, match="another brief"):
        open_run(store, other)


def test_an_update_is_known_by_what_is_attached_and_not_by_where_it_is(store: RunKeeper, tmp_path: Path) -> None:
    """A document that was changed makes another update of it; one that was moved does not."""
    notes, moved = tmp_path / "notes.md", tmp_path / "elsewhere" / "notes.md"
    moved.parent.mkdir()

    def asked(path: Path) -> RunRecord:
        given = attrs.evolve(record(), attachments=(str(path),))
        options = attrs.evolve(given.options, continues={"generation_id": "g"})
        return find_update(store, attrs.evolve(given, options=options), None, False)[0]

    notes.write_text("As it was.")
    first = asked(notes)
    store.create(first)
    moved.write_text("As it was.")
    assert open_run(store, asked(moved)) == (store.get(first.run_id), True)
    assert store.get(first.run_id).attachments == (str(notes),)

    notes.write_text("As it is now.")
    assert asked(notes).run_id != first.run_id
    assert asked(moved).run_id == first.run_id


def test_run_ids_are_never_the_same() -> None:
    """The day, and enough chance."""
    assert len({new_run_id() for _ in range(1000)}) == 1000


def test_one_run_with_an_option_of_nobodys_hides_no_other(store: RunKeeper) -> None:
    """It is listed and kept as it is; only whoever goes on with it is told, with the nearest name."""
    store.create(record())
    store.create(attrs.evolve(record(), run_id="other"))
    overwrite(store, "r", "options", '{"max_cost": 0.01, "profile": "Fast"}')

    assert {known.run_id for known in store.all()} == {"r", "other"}
    with pytest.raises(errors.UnknownOption, match="Did you mean 'max_cost_usd'"):
        reopen_run(store, "r", SERVICE, {"unpack": True})
    with pytest.raises(errors.UnknownOption, match="Did you mean 'max_cost_usd'"):
        open_run(store, record(profile="Fast"))
    assert reopen_run(store, "other", SERVICE)[1]


def test_what_the_command_stored_before_is_remembered(store: RunKeeper) -> None:
    """Runs of an earlier version, or of an earlier process beside this one, go on: what was paid for is not lost."""
    store.create(record(remember={"yes": True}))
    old = '{"profile": "Fast", "yes": true, "question_mode": "defaults", "retry_failed": null, "max_cost_usd": 5}'
    overwrite(store, "r", "options", old)

    known, _ = reopen_run(store, "r", SERVICE)

    assert known.options == RunOptions("Fast", max_cost_usd=5, remember={"yes": True, "question_mode": "defaults"})


def test_none_is_as_good_as_nothing_said(store: RunKeeper) -> None:
    """Where an option has no None of its own, it means the default."""
    assert run_options(retry_failed=None, unpack=None, force=None, remember=None, profile=None) == RunOptions()


def test_a_turn_on_its_way_is_no_kickoff(store: RunKeeper) -> None:
    """Until a generation was asked for, its options can change."""
    store.create(attrs.evolve(record(), intent=Intent("submit_turn", 1.0)))
    assert reopen_run(store, "r", SERVICE, {"profile": "Fast"})[0].options.profile == "Fast"

    store.update("r", {"intent": Intent("start_generation", 1.0)})
    with pytest.raises(errors.RunConflict):
        reopen_run(store, "r", SERVICE, {"profile": "Normal"})


def test_only_another_output_is_chosen_again(store: RunKeeper, tmp_path: Path) -> None:
    """The place that was chosen stays while it is the same."""
    store.create(attrs.evolve(record(output=tmp_path), file=str(tmp_path / "p.zip")))

    assert reopen_run(store, "r", SERVICE, {"output": str(tmp_path), "force": True})[0].file == str(tmp_path / "p.zip")
    assert reopen_run(store, "r", SERVICE, {"output": tmp_path / "other.zip"})[0].file is None
