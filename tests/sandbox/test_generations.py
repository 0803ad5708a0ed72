"""Generations as a function of virtual time: states, questions, control, failure, lists."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from specstep_flows.sandbox import (
    ClarificationRound,
    ExtraState,
    Failure,
    HostRestart,
    Pause,
    ProviderRetry,
    Question,
)
from tests.kit.api import COST, STATE, op, path_of

ROUND = ClarificationRound((Question("One?"), Question("Two?", proposed_default=None, section=None)))


def kick_off(call: Any, profile: str = "Fast", **members: Any) -> Any:
    """Start a generation."""
    return call(op("start_generation"), json={"intake_id": call.artifact(), "review_profile": profile, **members})


def states(call: Any, run: str) -> Any:
    """Which states a generation has been in."""
    return [event.to_state for event in call.sandbox.state.generations[run].events]


@pytest.mark.parametrize(("profile", "minutes"), [("Fast", 4), ("Normal", 12), ("Extensive", 32)])
def test_documented_medians(start: Any, profile: str, minutes: Any) -> None:
    """A run without incident is worked on for the profile's documented median, to the second."""
    call = start()
    run = call.generation(profile)
    call.pass_time(5 + 60 * minutes - 1)
    assert call.status(run)[STATE] == "Delivering"
    call.pass_time(1)

    assert call.status(run)[STATE] == "Complete"


def test_states_in_order(start: Any) -> None:
    """Every documented state of a Normal run, in order, however seldom one looks."""
    call = start()
    run = call.generation("Normal")
    call.pass_time(10_000)

    review = ["SpecialistReview", "Reviewing"]
    last = ["FreshEyes", "RiskReview", "SecurityReview", "Assembling", "Refining", "Delivering", "Complete"]
    assert states(call, run) == ["Queued", "Drafting", *review, *review, *last]
    assert call.status(run)["completed_at"] == "2026-06-01T12:12:11.0000000+00:00"


def test_run_with_nothing_to_refine(start: Any) -> None:
    """Refining is skipped, and none of the summaries says anything."""
    call = start(refining=False)
    run = call.generation()
    call.pass_time(10_000)

    assert "Refining" not in states(call, run)
    assert call.status(run)["refinement_audit"] is None


def test_progress_cost_and_forecast(start: Any) -> None:
    """Progress and cost only climb; what remains is the forecast less the time at work."""
    call = start()
    run = call.generation()
    bodies = []
    for _ in range(18):
        bodies.append(call.status(run))
        call.pass_time(15)

    assert bodies[0]["billing_state"] == "NotStarted"
    assert bodies[0]["estimated_time_remaining_seconds"] is None
    for one, next_ in pairwise(bodies):
        assert one["progress_percent"] <= next_["progress_percent"]
        assert one[COST] <= next_[COST]
    assert bodies[4]["estimated_time_remaining_seconds"] == 240 - 55
    assert (bodies[-1]["progress_percent"], bodies[-1]["billing_state"]) == (100, "Complete")
    assert bodies[-1][COST] == call.sandbox.options.profile_cost_usd["Fast"]


def test_questions_are_all_or_nothing(start: Any) -> None:
    """All questions at once, word for word; what is missing is named, and nothing was taken."""
    call = start(clarifications=(ROUND,))
    run = call.generation()
    assert call(op("get_clarifications", run)).json() == {"state": "Queued", "clarifications": []}
    call.pass_time(120)

    pending = call(op("get_clarifications", run)).json()
    assert (pending["state"], len(pending["clarifications"])) == ("PausedAwaitingClarification", 2)
    assert pending["clarifications"][1]["proposedDefault"] is None
    partial = call(op("answer_clarifications", run), json={"answers": [{"question": "One?", "answer": "Yes."}]})
    assert (partial.status_code, "Two?" in partial.json()["detail"]) == (400, True)
    inexact = [{"question": "One?", "answer": "Yes."}, {"question": "two?", "answer": "No."}]
    assert call(op("answer_clarifications", run), json={"answers": inexact}).status_code == 400
    assert not call.sandbox.state.generations[run].answers


def test_answers_take_until_the_dispatchers_next_tick(start: Any) -> None:
    """After the answers the state stays, the questions are gone, and work goes on at the next tick."""
    call = start(clarifications=(ROUND,), dispatcher_tick_seconds=30)
    run = call.generation()
    call.pass_time(120)
    answers = [{"question": "One?", "answer": "Yes."}, {"question": "Two?", "answer": "No."}]

    taken = call(op("answer_clarifications", run), json={"answers": answers})

    assert (taken.status_code, taken.json()["status_url"]) == (202, path_of("get_generation", run))
    assert call.status(run)[STATE] == "PausedAwaitingClarification"
    assert call(op("get_clarifications", run)).json()["clarifications"] == []
    assert call(op("answer_clarifications", run), json={"answers": answers}).status_code == 400
    call.pass_time(30)
    assert call.status(run)[STATE] == "Drafting"
    call.pass_time(10_000)
    package = call.sandbox.state.packages[call.status(run)["package_id"]]
    assert b"**One?** Yes." in package.files["handoff.md"]


def test_failure_and_retry(start: Any) -> None:
    """A failure has a category and a reason; a retry is a new run of the same order, and a kickoff."""
    call = start(failures=(Failure("LlmContract", "No schema.", "Drafting", 0.5, on=(1,)),))
    run = kick_off(call, project_type="AiTool").json()["id"]
    call.pass_time(10_000)

    body = call.status(run)
    assert (body[STATE], body["failure_category"], body["failure_reason"]) == ("Failed", "LlmContract", "No schema.")
    again = call(op("retry_generation", run))
    assert (again.status_code, again.headers["location"]) == (202, path_of("get_generation", again.json()["id"]))
    other = call.sandbox.state.generations[again.json()["id"]]
    assert (other.intake_id, other.profile, other.project_type) == (body["intake_id"], "Fast", "AiTool")
    assert call(op("retry_generation", other.id)).status_code == 409


def test_provider_retry_and_host_restart_are_shown(start: Any) -> None:
    """While a provider is waited for nothing is earned; a host restart resets the retries and costs more."""
    call = start(provider_retries=(ProviderRetry(backoff_seconds=50),), host_restarts=(HostRestart(),))
    run = call.generation()
    call.pass_time(50)

    waiting = call.status(run)
    assert (waiting["billing_state"], waiting["retry_count"]) == ("PausedRetrying", 1)
    assert waiting["recoverable_error_category"] == "rate_limit"
    assert waiting["next_retry_at"] > waiting["last_retry_at"]
    call.pass_time(10_000)
    done = call.status(run)
    assert (done[STATE], done["host_restart_resume_count"], done["retry_count"]) == ("Complete", 1, 0)
    assert done[COST] > call.sandbox.options.profile_cost_usd["Fast"]


def test_pause_resume_cancel(start: Any) -> None:
    """A pause stops the clock of the work; a resumed run goes on where it was; a cancelled one is over."""
    call = start()
    run = call.generation()
    call.pass_time(45)
    before = call.status(run)
    assert call(op("pause_generation", run)).status_code == 204
    assert call(op("pause_generation", run)).status_code == 409
    call.pass_time(5000)

    paused = call.status(run)
    assert (paused[STATE], paused[COST]) == ("Paused", before[COST])
    assert call(op("resume_generation", run)).status_code == 204
    assert call.status(run)[STATE] == before[STATE]
    assert call(op("cancel_generation", run), json={"reason": "Enough."}).status_code == 204
    assert call(op("cancel_generation", run)).status_code == 409
    assert call.status(run)[STATE] == "Cancelled"
    assert call.sandbox.state.generations[run].events[-1].detail == "Enough."


def test_resume_that_does_not_go_on(start: Any) -> None:
    """The pages promise no work after a resume: the sandbox can be told to leave it at the state."""
    call = start(resume_continues=False, pauses=(Pause(),))
    run = call.generation()
    call.pass_time(200)
    assert call.status(run)[STATE] == "Paused"
    call(op("resume_generation", run))
    call.pass_time(10_000)

    assert call.status(run)[STATE] == "Drafting"


def test_delete_restore_and_purge(start: Any) -> None:
    """Only what has ended can be deleted, only what is deleted can be purged, and deleted runs are hidden."""
    call = start()
    run = call.generation()
    assert call(op("delete_generation", run)).status_code == 409
    call.pass_time(10_000)
    call(op("get_generation", run))

    assert [call(op("delete_generation", run)).status_code for _ in range(2)] == [204, 204]
    assert call(op("get_generation", run)).status_code == 404
    assert call(op("list_generations")).json() == {"generations": []}
    assert [row["id"] for row in call(op("list_deleted_generations")).json()["generations"]] == [run]
    assert call(op("restore_generation", run)).status_code == 204
    assert call(op("purge_generation", run)).status_code == 409


def test_in_progress_leaves_out_refining_and_both_paused_states(start: Any) -> None:
    """The roll-up that sounds like everything is not everything."""
    call = start(clarifications=(ClarificationRound((Question("One?"),), on=(1,)),))
    asking, paused, refining = (call.generation() for _ in range(3))
    call.pass_time(20)
    call(op("pause_generation", paused))
    run = call.sandbox.state.generations[refining]
    total = sum(step.seconds for step in run.steps[: [step.state for step in run.steps].index("Refining")])
    call.pass_time(run.created_at + total + 1 - call.sandbox.clock.now())
    late = call.generation()
    found = [row["id"] for row in call(op("list_generations") + "?status=in_progress").json()["generations"]]

    assert call.status(refining)[STATE] == "Refining"
    assert call.status(asking)[STATE] == "PausedAwaitingClarification"
    assert found == [late]
    both = call(op("list_generations") + "?status=paused").json()["generations"]
    assert {row["id"] for row in both} == {asking, paused}


def test_rows_have_no_forecast_no_billing_and_no_package(start: Any) -> None:
    """A list row has the cost and the stamps, and not what only the detail has."""
    call = start()
    call.generation()
    (row,) = call(op("list_generations")).json()["generations"]

    assert "cost_usd" in row
    assert not [name for name in row if name.startswith(("estimated_", "billing", "package"))]


def test_the_agents_steps_cost_together_what_the_generation_cost(start: Any) -> None:
    """Through a retry and a restart, however late one asks; delivering is no agent's work."""
    call = start(provider_retries=(ProviderRetry(),), host_restarts=(HostRestart(fraction=0.3),))
    run = call.generation("Normal")
    call.pass_time(10_000)
    steps = call(op("get_generation_conversation", run)).json()["items"]

    assert min(step["cost_usd"] for step in steps) > 0
    (delivering,) = [one for one in call.sandbox.state.generations[run].events if one.to_state == "Delivering"]
    assert sum(step["cost_usd"] for step in steps) == pytest.approx(delivering.spent_usd, abs=0.001)
    assert delivering.spent_usd == pytest.approx(call.status(run)[COST], rel=0.03)


def test_paging_and_order(start: Any) -> None:
    """Newest first unless told otherwise, in pages."""
    call = start()
    runs = [call.generation() for _ in range(4)]

    def ids(query: Any) -> Any:
        return [row["id"] for row in call(op("list_generations") + f"?{query}").json()["generations"]]

    assert ids("") == runs[::-1]
    assert ids("order=asc&limit=2&offset=1") == runs[1:3]
    assert ids("offset=9") == []
    assert call(op("list_generations") + "?limit=x").status_code == 400


def test_list_lag_and_bare_arrays(start: Any) -> None:
    """Lists may lag behind, and may be arrays."""
    call = start(visible_after_seconds=20, list_envelope="array")
    run = call.generation()

    assert call(op("list_generations")).json() == []
    call.pass_time(20)
    assert [row["id"] for row in call(op("list_generations")).json()] == [run]


def test_researcher_fans_out(start: Any) -> None:
    """One kickoff makes three children besides its parent; none of them can be retried by itself."""
    call = start(failures=(Failure(),))
    parent = kick_off(call, "Researcher").json()["id"]
    rows = call(op("list_generations")).json()["generations"]
    assert len(rows) == 4
    call.pass_time(10_000)

    for row in rows:
        assert call.status(row["id"])[STATE] == "Failed"
        assert call(op("retry_generation", row["id"])).status_code == 409
    assert call(op("get_usage")).json()["generations_used"] == 1
    assert parent in {row["id"] for row in rows}


def test_a_fan_outs_forecast_is_that_of_its_children(start: Any) -> None:
    """It takes as long as the longest of them, and costs what they cost together."""
    call = start()
    parent = kick_off(call, "Researcher").json()["id"]
    rows = call(op("list_generations")).json()["generations"]
    call.pass_time(60)
    forecasts = {row["id"]: call.status(row["id"]) for row in rows}
    whole = forecasts.pop(parent)

    assert whole["estimated_total_usd"] == sum(child["estimated_total_usd"] for child in forecasts.values())
    assert whole["estimated_duration_seconds"] == max(
        child["estimated_duration_seconds"] for child in forecasts.values()
    )


def test_researcher_parent_ends_with_its_last_child(start: Any) -> None:
    """The parent is complete when all children are, and has no package of its own."""
    call = start()
    parent = kick_off(call, "Researcher").json()["id"]
    call.pass_time(1000)
    assert call.status(parent)[STATE] not in ("Complete", "Failed")
    call.pass_time(1000)

    assert call.status(parent)[STATE] == "Complete"
    assert call(op("get_generation_package", parent)).status_code == 404
    assert len(call(op("list_packages")).json()["packages"]) == 3


@pytest.mark.parametrize(
    ("member", "value", "status"),
    [
        ("review_profile", "fast", 400),
        ("review_profile", 2, 202),
        ("review_profile", 9, 400),
        ("project_type", "Spaceship", 400),
        ("mirror_selection", "ClaudeMd", 202),
        ("schema_version", "9.9.9", 400),
        ("intake_id", "no", 400),
        ("intake_id", "01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04", 404),
    ],
)
def test_order_is_checked(start: Any, member: Any, value: Any, status: Any) -> None:
    """Enumerations by exact name or ordinal; an unknown artifact is not found."""
    call = start()

    assert kick_off(call, **{member: value}).status_code == status


def test_project_type_may_be_required(start: Any) -> None:
    """The minimal body of the pages names a project type; whether it must be there can be told."""
    call = start(require_project_type=True)

    assert kick_off(call).status_code == 400
    assert kick_off(call, project_type="WebApp").status_code == 202


def test_update_makes_the_next_version(start: Any) -> None:
    """An update takes over a complete run with a newer interview, and its package counts on."""
    call = start()
    run = call.generation()
    call.pass_time(10_000)
    newer = call.artifact("The same portal, for two languages.")
    call.status(run)

    other = call(op("update_generation", run), json={"intake_id": newer}).json()["id"]
    call.pass_time(10_000)

    assert call(op("get_generation_package", other)).json()["version"] == "1.1.0"
    assert call(op("get_generation_package", run)).json()["version"] == "1.0.0"


def test_strange_status_bodies(start: Any) -> None:
    """States nobody has seen, and shown fields that are missing, null or of another type."""
    call = start(
        extra_states=(ExtraState(),),
        status_overrides={"progress_percent": "many", "billing_state": None},
        status_missing=frozenset({"phase_detail"}),
        package_id_in_status=False,
    )
    run = call.generation()
    call.pass_time(10_000)

    body = call.status(run)
    assert "Translating" in states(call, run)
    assert (body["progress_percent"], body["billing_state"], body["package_id"]) == ("many", None, None)
    assert "phase_detail" not in body
    assert call(op("get_generation_package", run)).json()["generation_id"] == run


def test_durations_may_vary(start: Any) -> None:
    """A test can give each kickoff its own duration; the forecast stays the median."""
    call = start(duration=lambda profile, nth: 100 * nth)
    first, second = call.generation(), call.generation()
    call.pass_time(110)

    assert call.status(first)[STATE] == "Complete"
    assert call.status(second)[STATE] != "Complete"
    assert call.status(second)["estimated_duration_seconds"] == 240


def test_a_heading_is_the_projects_name_and_no_part_of_its_description(start: Any) -> None:
    """A page that shows both says nothing twice."""
    call = start()
    artifact = call.artifact("# A shop for tea\n\nGreen tea,\nand cups.")
    run = call(op("start_generation"), json={"intake_id": artifact, "review_profile": "Fast"}).json()

    assert call.status(run["id"])["description"] == "Green tea, and cups."


def test_a_plan_may_lack_a_profile(start: Any) -> None:
    """Free has no Extensive: 400 with the word for it, and nothing is started or counted; Pro has all."""
    call = start(plan="Free")
    order = {"intake_id": call.artifact(), "review_profile": "Extensive"}

    refused = call(op("start_generation"), json=order)

    assert (refused.status_code, refused.json()["type"]) == (400, "FEATURE_NOT_ALLOWED")
    assert "Extensive" in refused.json()["detail"]
    assert call(op("get_usage")).json()["generations_used"] == 0
    assert call(op("start_generation"), json={**order, "review_profile": "Normal"}).status_code == 202
    assert start().generation("Extensive")


def test_an_update_cannot_use_a_profile_that_the_plan_has_lost(start: Any) -> None:
    """What is refused is what the generation would be, however it is asked for."""
    call = start(plan="Trial", plan_profiles={"Trial": ("Extensive",)})
    first = call.generation("Extensive")
    call.pass_time(100_000)
    call.sandbox.options.plan = "Pilot"
    call.sandbox.options.plan_profiles = {"Trial": ("Extensive",), "Pilot": ("Fast",)}

    refused = call(op("update_generation", first), json={"intake_id": call.artifact()})

    assert (refused.status_code, refused.json()["type"]) == (400, "FEATURE_NOT_ALLOWED")
