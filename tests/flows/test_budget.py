"""The user's limit: the sum of what was read stops a run, and a forecast only warns."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import attrs
import pytest

from specstep_flows import errors, events
from specstep_flows.flows.budget import Budget, check_before_paying
from specstep_flows.models import Generation
from specstep_flows.runs.records import RunRecord
from tests.kit.stage import Stage

PARENT, ONE, TWO = UUID(int=1), UUID(int=2), UUID(int=3)


class Service:
    """Generations that can be cancelled, and rows that name a cost."""

    def __init__(self, **rows: float | None) -> None:
        self.rows = {ONE: rows.get("one"), TWO: rows.get("two")}
        self.over: set[UUID] = set()
        self.cancelled: dict[UUID, str] = {}
        #: What is answered to each request to cancel.
        self.failure: Any = None

    def __call__(self, request: Any) -> Any:
        if request.operation == "list_generations":
            rows = [{"id": str(id_), "state": "Drafting", "cost_usd": cost} for id_, cost in self.rows.items()]
            return 200, rows
        id_ = UUID(request.path.split("/")[3])
        if request.operation == "cancel_generation":
            if id_ in self.over:
                return 409, {"type": "INVALID_STATE"}
            if self.failure is not None:
                return self.failure
            self.cancelled[id_] = request.json["reason"]
            return 200, {}
        return 200, {"id": str(id_), "state": "Cancelled" if id_ in self.cancelled else "Drafting"}


def seen(id_: UUID, cost: float | None = None, forecast: float | None = None, **more: Any) -> Generation:
    """A look at a generation."""
    state = more.pop("state", "Drafting")
    return Generation(id_, state, running_cost_usd=cost, estimated_total_usd=forecast, **more)


def hold(stage: type[Stage], budget: Budget, *looks: Generation, service: Service | None = None) -> Stage:
    """Read these looks, and hold the budget against all of them."""
    acting = stage(service or Service())
    for look in looks:
        acting.play(budget.read(look))
    acting.play(budget.hold(looks))
    return acting


def notices(acting: Stage) -> list[str]:
    """What was said."""
    return [event.message for event in acting.told if isinstance(event, events.Notice)]


def test_children_are_added_up_and_their_parent_is_not_added_to_them(stage: type[Stage]) -> None:
    """A parent's cost is that of its children; where theirs are missing, it stands for them."""
    parent = seen(PARENT, 5.0, review_profile="Researcher")
    budget = Budget()
    hold(stage, budget, parent, seen(ONE, 2.0), seen(TWO, 2.5))
    assert budget.cost_usd == 5.0

    hold(stage, budget, seen(ONE, 4.0))
    assert budget.cost_usd == 6.5


@pytest.mark.parametrize("state", ["Drafting", "Paused"])
def test_a_sum_past_the_limit_cancels_all_that_still_run(stage: type[Stage], state: str) -> None:
    """Each stays below the limit, and their sum does not. What is complete is left alone."""
    service = Service()
    done = seen(PARENT, 1.0, state="Complete")
    with pytest.raises(errors.BudgetExceeded, match=r"\$5\.00, more than your limit of \$4\.50") as caught:
        hold(stage, Budget(4.5), done, seen(ONE, 2.0, state=state), seen(TWO, 2.0), service=service)

    assert caught.value.spent_usd == 5.0
    assert set(service.cancelled) == {ONE, TWO}
    assert all("$4.50" in reason for reason in service.cancelled.values())


def test_earlier_generations_of_the_run_count(stage: type[Stage]) -> None:
    """A retry is held to what is left."""
    with pytest.raises(errors.BudgetExceeded):
        hold(stage, Budget(2.0, spent_before_usd=1.5), seen(ONE, 0.6))
    assert notices(hold(stage, Budget(2.0, spent_before_usd=1.5), seen(ONE, 0.4))) == []


def test_what_ended_by_itself_before_it_was_cancelled_ends_nothing(stage: type[Stage]) -> None:
    """The next look shows how it ended: its package may be there."""
    service = Service()
    service.over = {ONE}
    hold(stage, Budget(1.0), seen(ONE, 2.0), service=service)


@pytest.mark.parametrize(
    ("states", "raises"),
    [(["Cancelled"], True), (["Cancelled", "Failed"], True), (["Failed"], False), (["Complete", "Cancelled"], False)],
)
def test_a_resumed_run_says_why_it_was_cancelled(stage: type[Stage], states: list[str], raises: bool) -> None:
    """An earlier process cancelled it. A package that is there is not withheld."""
    looks = [seen(id_, 2.0, state=state) for id_, state in zip((ONE, TWO), states, strict=False)]
    if raises:
        with pytest.raises(errors.BudgetExceeded):
            hold(stage, Budget(1.0), *looks)
    else:
        hold(stage, Budget(1.0), *looks)


def test_the_list_row_names_the_cost_where_the_status_body_does_not(stage: type[Stage]) -> None:
    """Of each generation by itself; without a limit no request is spent on it."""
    with pytest.raises(errors.BudgetExceeded):
        hold(stage, Budget(3.0), seen(ONE), seen(TWO, 1.0), service=Service(one=2.5))

    acting = hold(stage, Budget(), seen(ONE), service=Service(one=2.5))
    assert acting.sent == []


def test_a_cost_that_cannot_be_read_is_said_once_for_each_state(stage: type[Stage]) -> None:
    """The limit cannot be checked, and what was read before still counts."""
    budget = Budget(3.0)
    hold(stage, budget, seen(ONE, 1.0))
    acting = stage(Service())
    for state in ("Drafting", "Drafting", "Reviewing", "Drafting"):
        acting.play(budget.read(seen(ONE, state=state)))

    assert ["Drafting" in message for message in notices(acting)] == [True, False]
    assert budget.cost_usd == 1.0


def test_forecasts_are_added_up_and_warn_once(stage: type[Stage]) -> None:
    """No forecast passes the limit by itself. A forecast stops nothing."""
    budget = Budget(5.0)
    acting = hold(stage, budget, seen(ONE, 0.1, 3.0), seen(TWO, 0.1, 3.0))
    assert [message[:45] for message in notices(acting)] == ["The service forecasts a total of $6.00, and y"]

    assert notices(hold(stage, budget, seen(ONE, 0.2, 3.0), seen(TWO, 0.2, 3.0))) == []


def test_nothing_is_started_when_the_limit_is_spent(stage: type[Stage]) -> None:
    """What the record says was spent, before and by the last generation, has reached the limit."""
    record = RunRecord("r", "http://127.0.0.1:1", 0.0, 0.0, spent_before_usd=1.0, cost_usd=0.5)
    with pytest.raises(errors.BudgetExceeded, match="nothing more is started"):
        stage(Service()).play(check_before_paying(1.5, record))
    stage(Service()).play(check_before_paying(1.5, attrs.evolve(record, cost_usd=0.4)))
    stage(Service()).play(check_before_paying(None, record))


@pytest.mark.parametrize("limit", [0, -5.0, float("nan"), float("inf"), "5", True])
def test_a_limit_that_limits_nothing_is_refused_wherever_it_comes_from(stage: type[Stage], limit: Any) -> None:
    """The last door: a limit of 0 would cancel at the first look, and nan never."""
    with pytest.raises(errors.UsageError):
        Budget(limit)
    with pytest.raises(errors.UsageError):
        stage(Service()).play(check_before_paying(limit, RunRecord("r", "http://127.0.0.1:1", 0.0, 0.0)))


FAILURES: list[Any] = [
    (502, {}),
    (500, {}),
    (403, {"type": "FORBIDDEN"}),
    (401, ""),
    (404, {}),
    (400, {}),
    (402, {}),
    (429, {}),
    errors.ConnectionLost("The connection was lost.", operation="cancel_generation"),
    errors.NotConnected("Could not connect.", operation="cancel_generation"),
    errors.WaitTimeout("The timeout has passed."),
    errors.StoreError("The disk is full."),
]


@pytest.mark.parametrize("failure", FAILURES, ids=str)
def test_a_cancellation_that_fails_does_not_hide_that_the_limit_was_passed(stage: type[Stage], failure: Any) -> None:
    """The limit, the cost, what goes on costing, why, and what to do; the run can be resumed to try again."""
    service = Service()
    service.failure = failure
    with pytest.raises(errors.BudgetExceeded) as caught:
        hold(stage, Budget(4.5), seen(ONE, 5.0), service=service)

    said = caught.value.message
    assert "has cost $5.00, more than your limit of $4.50" in said
    assert f"generation {ONE} is still running and billing" in said
    assert f"`specstep cancel {ONE}`" in said
    assert (caught.value.spent_usd, caught.value.limit_usd, caught.value.is_final) == (5.0, 4.5, False)


def test_one_that_cannot_be_cancelled_keeps_no_other_from_it(stage: type[Stage]) -> None:
    """All that run are asked to stop, and those that go on are named."""

    class Half(Service):
        def __call__(self, request: Any) -> Any:
            if request.operation == "cancel_generation" and str(ONE) in request.path:
                return 403, {"type": "FORBIDDEN"}
            return super().__call__(request)

    service = Half()
    with pytest.raises(errors.BudgetExceeded) as caught:
        hold(stage, Budget(4.5), seen(ONE, 3.0), seen(TWO, 3.0), service=service)

    assert set(service.cancelled) == {TWO}
    assert str(ONE) in caught.value.message
    assert str(TWO) not in caught.value.message


def test_a_cancellation_that_is_refused_again_and_again_is_told(stage: type[Stage]) -> None:
    """A conflict may mean that it has ended; when it still runs at the next look, it goes on costing."""
    service = Service()
    service.over = {ONE}
    budget = Budget(1.0)
    hold(stage, budget, seen(ONE, 2.0), service=service)
    with pytest.raises(errors.BudgetExceeded, match="is still running and billing"):
        hold(stage, budget, seen(ONE, 3.0), service=service)


def test_a_list_that_is_refused_leaves_the_limit_unchecked_and_the_run_watched(stage: type[Stage]) -> None:
    """As a cost that the row lacks: it is said, and a paid run is not left alone for it."""
    acting = stage(lambda request: (403, {"type": "FORBIDDEN"}))
    acting.play(Budget(3.0).read(seen(ONE)))
    assert ["cannot be checked" in message for message in notices(acting)] == [True]
