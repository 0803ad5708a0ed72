"""A fan-out profile: one kickoff, several generations, all of them watched and downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from specstep_flows import RunStore, SpecStep, errors, events
from specstep_flows.package.disk import RunFiles
from specstep_flows.sandbox import Failure, Fault, Sandbox
from tests.kit.api import COST, op

BRIEF = "A portal for feedback."


@pytest.fixture(autouse=True)
def quick(sandbox: Sandbox) -> None:
    """Children of a minute or two: what is watched is the same, and there are fewer looks."""
    sandbox.options.profile_seconds = {"Fast": 60, "Normal": 90, "Extensive": 120, "Researcher": 120}


def answered(questions: Any) -> Any:
    return {question.question: "No." for question in questions}


@pytest.fixture(params=["parent", "child"])
def answer(request: pytest.FixtureRequest, sandbox: Sandbox) -> Any:
    """Whose id the kickoff answers with, which the pages leave open."""
    sandbox.options.researcher_answer = request.param
    return request.param


def test_every_child_is_watched_answered_and_downloaded(
    client: Any, sandbox: Sandbox, answer: Any, tmp_path: Path
) -> None:
    """One kickoff is paid for; three packages are on disk, each whole, and the run knows all of them."""
    told: list[Any] = []
    result = client.run(
        BRIEF, profile="Researcher", run_id="fan", output=tmp_path, on_event=told.append, on_question=answered
    )

    assert sandbox.requests.count(op("start_generation")) == 1
    paths = [result.path, *result.further_paths]
    assert len(set(paths)) == 3
    assert all(path.is_file() for path in paths)
    assert result.cost_usd == pytest.approx(10.0)
    assert len(result.answers) == 3
    children = {row.id for row in client.list_generations() if row.review_profile != "Researcher"}
    assert {answer.generation_id for answer in result.answers} == children
    record = client.store.get("fan")
    assert record.is_finished
    assert [item["file"] for item in record.packages] == [str(path) for path in paths]
    assert set(record.generation_ids) == {row.id for row in client.list_generations()}
    watched = {event.generation.id for event in told if isinstance(event, events.GenerationProgress)}
    assert watched == set(record.generation_ids)


def test_a_clock_that_is_set_back_stops_no_look(
    sandbox: Sandbox, turned: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine's clock goes back by an hour while the children are watched: nothing waits for that hour to pass."""
    clock = turned(sandbox)
    monkeypatch.setattr(clock, "now", lambda: sandbox.clock.now() - (3600 if len(clock.slept) > 8 else 0))
    with SpecStep(sandbox.api_key, api_url=sandbox.url, store=RunStore.in_memory(), clock=clock) as specstep:
        specstep.run(BRIEF, profile="Researcher", output=tmp_path, on_question=answered)

    assert max(clock.slept) <= 60
    assert sum(clock.slept) < 1800


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_process_that_dies_over_a_package_that_is_on_disk(
    client: Any, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: int
) -> None:
    """The file is there under its name, and nobody lived to say so: it is known again, and nothing is refused."""
    real = RunFiles.size
    sizes: list[Any] = []

    def die(self: Any, path: Any) -> Any:
        sizes.append(path)
        if len(sizes) == which + 1:
            raise errors.Detached("Stopped here.")
        return real(self, path)

    with monkeypatch.context() as patch:
        patch.setattr(RunFiles, "size", die)
        with pytest.raises(errors.Detached):
            client.run(BRIEF, profile="Researcher", run_id="fan", output=tmp_path, on_question=answered)
    assert sizes[-1].is_file()
    result = client.resume("fan", on_question=answered)

    assert sorted(tmp_path.glob("*.zip")) == sorted([result.path, *result.further_paths])
    assert len(result.further_paths) == 2


def test_packages_of_one_name_are_numbered(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """The first has the name that was asked for."""
    result = client.run(BRIEF, profile="Researcher", output=tmp_path / "portal.zip", on_question=answered)

    assert [path.name for path in (result.path, *result.further_paths)] == [
        "portal.zip",
        "portal-2.zip",
        "portal-3.zip",
    ]


def test_a_finished_fan_out_is_not_downloaded_twice(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """Called again it looks, and finds everything there."""
    first = client.run(BRIEF, profile="Researcher", run_id="fan", output=tmp_path, on_question=answered)
    links = sandbox.requests.count(op("get_package_zip"))
    again = client.resume("fan", on_question=answered)

    assert again.further_paths == first.further_paths
    assert sandbox.requests.count(op("get_package_zip")) == links
    assert sandbox.requests.count(op("start_generation")) == 1


def test_children_that_are_listed_late_are_found_all_the_same(
    client: Any, sandbox: Sandbox, answer: Any, tmp_path: Path
) -> None:
    """A replica may lag behind the kickoff's answer."""
    sandbox.options.visible_after_seconds = 100
    result = client.run(BRIEF, profile="Researcher", output=tmp_path, on_question=answered)

    assert len(result.further_paths) == 2


def test_a_child_that_ends_takes_no_other_with_it(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """What is complete is downloaded, and what is not is told."""
    told = []

    def tell(event: Any) -> None:
        told.append(event)
        if not isinstance(event, events.GenerationProgress):
            return
        generation = event.generation
        if generation.review_profile == "Normal" and generation.state == "Drafting":
            sandbox.state.generations[str(generation.id)].cancel(sandbox.clock.now(), "by hand")

    result = client.run(BRIEF, profile="Researcher", output=tmp_path, on_event=tell, on_question=answered)

    assert len(result.further_paths) == 1
    assert any("cannot be retried by itself" in event.message for event in told if isinstance(event, events.Notice))


def test_a_fan_out_of_which_nothing_is_complete_has_failed(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """Then there is nothing to download."""
    sandbox.options.failures = (Failure(),)
    with pytest.raises(errors.GenerationFailed):
        client.run(BRIEF, profile="Researcher", output=tmp_path, on_question=answered)


def test_the_limit_holds_for_all_together(client: Any, sandbox: Sandbox, answer: Any, tmp_path: Path) -> None:
    """Each child alone stays below it; the sum does not, and everything is cancelled."""
    with pytest.raises(errors.BudgetExceeded) as caught:
        client.run(BRIEF, profile="Researcher", output=tmp_path, max_cost_usd=2.0, on_question=answered)

    assert caught.value.spent_usd is not None
    assert caught.value.spent_usd > 2.0
    assert {row.state for row in client.list_generations()} == {"Cancelled"}


@pytest.mark.parametrize("kind", ["missing", "nulls", "retype"])
def test_the_limit_is_held_by_the_rows_costs_where_the_status_has_none(
    client: Any, sandbox: Sandbox, tmp_path: Path, kind: Any
) -> None:
    """No status body tells a cost, and the list rows do: together they pass the limit, and everything is cancelled."""
    sandbox.faults.add(Fault(op("get_generation"), kind, fields=(COST,), times=None))
    with pytest.raises(errors.BudgetExceeded):
        client.run(BRIEF, profile="Researcher", output=tmp_path, max_cost_usd=8.5, on_question=answered)

    assert "Cancelled" in {row.state for row in client.list_generations()}


def test_a_forecast_past_the_limit_is_told_once(client: Any, sandbox: Sandbox, answer: Any, tmp_path: Path) -> None:
    """No child's forecast passes the limit by itself; the sum does, and warns before anything is stopped."""
    told: list[str] = []

    def tell(event: Any) -> None:
        if isinstance(event, events.Notice) and "forecast" in event.message:
            told.append(event.message)

    with pytest.raises(errors.BudgetExceeded):
        client.run(BRIEF, profile="Researcher", output=tmp_path, max_cost_usd=9.0, on_event=tell, on_question=answered)

    assert len(told) == 1
    assert "your limit is $9.00" in told[0]


def test_a_question_without_an_answer_leaves_the_run_to_be_resumed(
    client: Any, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Nothing is lost: whoever resumes answers, and goes on with all of them."""
    with pytest.raises(errors.AnswersNeeded):
        client.run(BRIEF, profile="Researcher", run_id="fan", output=tmp_path)

    result = client.resume("fan", on_question=answered)
    assert len(result.further_paths) == 2
    assert sandbox.requests.count(op("start_generation")) == 1


def test_a_question_of_one_does_not_say_that_nothing_is_spent(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """The others work on, and are paid for, while nobody answers."""
    with pytest.raises(errors.AnswersNeeded) as caught:
        client.run(BRIEF, profile="Researcher", run_id="fan", output=tmp_path)
    with pytest.raises(errors.AnswersNeeded) as alone:
        client.run(BRIEF, profile="Fast", run_id="one", output=tmp_path)

    assert caught.value.message.endswith(
        "It costs nothing while it waits. The other generations of the run continue, and cost."
    )
    assert alone.value.message.endswith("It costs nothing while it waits.")


def test_all_packages_arrive_before_one_is_unpacked(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """A folder that came into use after it was checked refuses the unpacking, and no package that was paid for."""

    def in_use(questions: Any) -> Any:
        (tmp_path / "out").mkdir(exist_ok=True)
        (tmp_path / "out" / "mine.txt").write_text("mine")
        return answered(questions)

    asked = {"profile": "Researcher", "run_id": "fan", "output": tmp_path / "out.zip", "on_question": in_use}

    with pytest.raises(errors.OutputError):
        client.run(BRIEF, unpack=True, **asked)
    assert sorted(path.name for path in tmp_path.glob("*.zip")) == ["out-2.zip", "out-3.zip", "out.zip"]
    assert len(client.store.get("fan").packages) == 3

    result = client.resume("fan", unpack=False)
    assert (result.path, len(result.further_paths)) == (tmp_path / "out.zip", 2)
    assert len([request for request in sandbox.requests if request.path.endswith("/zip")]) == 3


@pytest.mark.parametrize("change", ["output", "force"])
def test_the_same_output_again_is_no_other_one(client: Any, sandbox: Sandbox, tmp_path: Path, change: str) -> None:
    """What arrived is kept, and is not taken for somebody else's file."""
    sandbox.faults.add(Fault(op("get_package_zip"), "status", nth=2, status=403))
    with pytest.raises(errors.SpecStepError):
        client.run(BRIEF, profile="Researcher", run_id="fan", output=tmp_path, on_question=answered)
    changes: dict[str, Any] = {"output": tmp_path} if change == "output" else {"force": True}

    result = client.resume("fan", **changes)

    assert len({result.path, *result.further_paths}) == 3
    fetched = [request.path for request in sandbox.requests if request.path.startswith("/blob")]
    assert len(fetched) == len(set(fetched)) == 3


def test_the_limit_is_held_before_anybody_is_asked(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """A resumed run that is past its limit is cancelled, though a question waits that nobody answers."""
    with pytest.raises(errors.AnswersNeeded):
        client.run(BRIEF, profile="Researcher", run_id="fan", output=tmp_path)

    with pytest.raises(errors.BudgetExceeded):
        client.resume("fan", max_cost_usd=0.01)
    assert {row.state for row in client.list_generations()} == {"Cancelled"}
