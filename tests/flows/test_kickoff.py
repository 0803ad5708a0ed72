"""One kickoff, whatever happens: driven by hand, with a service that loses answers and commits late."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from specstep_flows import errors, gateway
from specstep_flows.engine.effects import Sleep
from specstep_flows.flows.kickoff import Kickoff, kick_off, settle_kickoff, take_snapshot
from tests.kit.stage import Stage

INTERVIEW, INTAKE = UUID(int=1), UUID(int=2)
SETTLE = 90.0


class Service:
    """Starts generations; each kickoff may lose its answer, and be carried out at once, later, or never."""

    def __init__(self, script: Any) -> None:
        #: For each kickoff: None (answered), or the seconds after which it is carried out although the answer is lost
        #: (negative: never).
        self.script = list(script)
        self.rows: list[tuple[float, UUID, UUID | None]] = []
        self.kickoffs = 0
        self.stage: Any = None
        self.deleted: list[UUID] = []
        self.names_interview = True

    def start(self, at: float) -> UUID:
        generation_id = UUID(int=1000 + len(self.rows))
        self.rows.append((at, generation_id, INTERVIEW))
        return generation_id

    def __call__(self, request: Any) -> Any:
        now = self.stage.now
        if request.operation == "start_generation":
            self.kickoffs += 1
            fate = self.script.pop(0) if self.script else None
            if fate is None:
                return 202, {"id": str(self.start(now)), "state": "Queued"}
            if fate >= 0:
                self.start(now + fate)
            return errors.ConnectionLost("cut")
        visible = [row for row in self.rows if row[0] <= now]
        if request.operation in ("list_generations", "list_deleted_generations"):
            deleted = request.operation == "list_deleted_generations"
            return 200, [
                {"id": str(id_), "state": "Queued"} | ({"interview_id": str(interview)} if self.names_interview else {})
                for _, id_, interview in visible
                if (id_ in self.deleted) == deleted
            ]
        if request.operation == "get_generation":
            return 200, {"id": request.path.rpartition("/")[2], "state": "Queued", "intake_id": str(INTAKE)}
        raise AssertionError(request.operation)

    @property
    def committed(self) -> int:
        return len(self.rows)


def kickoff(**more: Any) -> Kickoff:
    """A kickoff of the interview."""
    return Kickoff(
        send=lambda about, outcome: gateway.start_generation(INTAKE, profile="Fast", about=about, outcome=outcome),
        interview_id=INTERVIEW,
        intake_id=INTAKE,
        settle_seconds=SETTLE,
        outcome=lambda id_: {"generation_id": id_},
        **more,
    )


def perform(stage: type[Stage], service: Any, flow: Any) -> Any:
    """Play a flow against a service."""
    acting = stage(service)
    service.stage = acting
    return acting.play(flow), acting


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.none() | st.floats(-1.0, SETTLE - 1.0), max_size=5))
def test_one_generation_comes_of_any_number_of_lost_answers(stage: type[Stage], script: Any) -> None:
    """As long as the service carries a request out within the settle time, one generation is started and adopted."""
    service = Service(script)
    found, acting = perform(stage, service, kick_off(kickoff()))

    assert service.committed == 1
    assert found == service.rows[0][1]
    assert acting.remembered["generation_id"] == found


def test_a_second_kickoff_waits_until_the_settle_time_is_over(stage: type[Stage]) -> None:
    """The request was never carried out: it is sent again, but not before 90 s of an empty list."""
    service = Service([-1.0])
    _, acting = perform(stage, service, kick_off(kickoff()))

    assert service.kickoffs == 2
    assert acting.now - 1_000.0 >= SETTLE


def test_a_definite_refusal_is_not_settled_but_raised(stage: type[Stage]) -> None:
    """A 402 started nothing: no list is read for it."""
    service = Service([])
    acting = stage(lambda request: (402, {"type": "QUOTA_EXCEEDED"}) if request.method == "POST" else service(request))
    service.stage = acting

    with pytest.raises(errors.QuotaExceeded):
        acting.play(kick_off(kickoff(), known=()))
    assert acting.count("list_generations") == 0


def test_an_unreadable_list_is_not_an_empty_one(stage: type[Stage]) -> None:
    """The list cannot be read while a kickoff is open: nothing is sent again."""
    service = Service([0.0])

    def broken(request: Any) -> Any:
        return (200, {"message": "hello"}) if request.operation.startswith("list") else service(request)

    acting = stage(broken)
    service.stage = acting
    with pytest.raises(errors.UnexpectedResponse, match="whether it was started is not known yet"):
        acting.play(kick_off(kickoff(), known=()))
    assert service.kickoffs == 1


def test_a_kickoff_that_fails_for_good_says_that_it_started_nothing(stage: type[Stage]) -> None:
    """Six requests that the service lost: what became of the last is raised, with what it means for the money."""
    service = Service([-1.0] * 6)

    with pytest.raises(errors.ConnectionLost, match="No generation was started"):
        perform(stage, service, kick_off(kickoff()))
    assert service.kickoffs == 6


def closed_bin(service: Any) -> Any:
    """The service, with a recycle bin that this key may not look into."""

    def answer(request: Any) -> Any:
        if request.operation == "list_deleted_generations":
            return 403, {"type": "FORBIDDEN"}
        return service(request)

    return answer


def test_a_bin_that_is_closed_to_the_key_hinders_no_first_kickoff(stage: type[Stage]) -> None:
    """Nothing was sent yet, so nothing that was paid for can lie in there."""
    service = Service([])
    service.stage = acting = stage(closed_bin(service))

    assert acting.play(kick_off(kickoff())) == service.rows[0][1]


def test_a_bin_that_is_closed_to_the_key_is_not_an_empty_one(stage: type[Stage]) -> None:
    """An intent of yesterday, nothing live is there, and nobody can say what was deleted: nothing is sent again."""
    service = Service([])
    service.stage = acting = stage(closed_bin(service))

    with pytest.raises(errors.OutcomeUnknown, match="may not list the deleted ones"):
        acting.play(settle_kickoff(kickoff(), (), sent_at=acting.now - SETTLE - 1.0))


def test_what_was_watched_for_from_the_beginning_cannot_have_been_deleted_unseen(stage: type[Stage]) -> None:
    """The request never arrived, and the live ones were looked at all the time: it is sent again."""
    service = Service([-1.0])
    service.stage = acting = stage(closed_bin(service))

    assert acting.play(kick_off(kickoff())) == service.rows[0][1]
    assert service.kickoffs == 2


def test_what_is_live_is_found_without_the_bin(stage: type[Stage]) -> None:
    """The answer was lost, and the generation is there."""
    service = Service([20.0])
    service.stage = acting = stage(closed_bin(service))

    assert acting.play(kick_off(kickoff())) == service.rows[0][1]
    assert service.kickoffs == 1


def test_one_that_was_deleted_meanwhile_is_found_too(stage: type[Stage]) -> None:
    """The started generation may already be in the recycle bin."""
    service = Service([0.0])
    service.deleted = [UUID(int=1000)]
    found, _ = perform(stage, service, kick_off(kickoff()))

    assert found == UUID(int=1000)
    assert service.kickoffs == 1


def test_rows_that_name_no_interview_are_told_by_their_intake(stage: type[Stage]) -> None:
    """interview_id is missing in every row: the status body's intake_id decides."""
    service = Service([0.0])
    service.names_interview = False
    found, _ = perform(stage, service, kick_off(kickoff()))

    assert found == UUID(int=1000)
    assert service.kickoffs == 1


def test_generations_known_before_are_never_adopted(stage: type[Stage]) -> None:
    """What the interview had before is never taken for what was started now."""
    service = Service([])
    service.stage = stage(service)
    old = service.start(0.0)
    found, _ = perform(stage, service, kick_off(kickoff()))

    assert found != old
    assert service.kickoffs == 1


def test_several_new_ones_are_adopted_by_nobody(stage: type[Stage]) -> None:
    """Two new generations: which one this run started cannot be told, so none is adopted and none is started."""
    service = Service([])
    service.stage = stage(service)
    new = {service.start(0.0), service.start(0.0)}

    with pytest.raises(errors.OutcomeUnknown) as caught:
        perform(stage, service, settle_kickoff(kickoff(), (), 1_000.0))
    assert set(caught.value.candidates) == new


def test_an_intent_from_before_the_clock_was_set_back_is_still_settled(stage: type[Stage]) -> None:
    """A time in the future counts as now: the wait is the settle time, not for ever."""
    service = Service([])
    found, acting = perform(stage, service, settle_kickoff(kickoff(), (), 9_000_000.0))

    assert found is None
    assert SETTLE <= acting.now - 1_000.0 <= SETTLE + 20


def test_a_clock_that_is_set_forward_does_not_shorten_the_wait() -> None:
    """The machine learns the right time while a lost kickoff is still on its way: it is waited for all the same."""

    class Jumping(Stage):
        slept = 0.0

        def carry(self, effect: Any) -> Any:
            if isinstance(effect, Sleep):
                self.slept += effect.seconds
                self.now += 3600
            return super().carry(effect)

    kickoffs = []

    def service(request: Any) -> Any:
        if request.operation == "start_generation":
            kickoffs.append(request)
            return errors.ConnectionLost("cut")
        is_there = request.operation == "list_generations" and acting.slept >= 60
        return 200, [{"id": str(UUID(int=9)), "state": "Queued", "interview_id": str(INTERVIEW)}] if is_there else []

    acting = Jumping(service)
    assert acting.play(kick_off(kickoff())) == UUID(int=9)
    assert len(kickoffs) == 1


def test_a_list_of_many_pages_is_read_to_its_end(stage: type[Stage]) -> None:
    """The new one stands on the third page, and the service gives fewer rows a page than asked."""
    rows = [{"id": str(UUID(int=5000 + n)), "state": "Complete", "interview_id": str(UUID(int=77))} for n in range(60)]
    rows.append({"id": str(UUID(int=9)), "state": "Queued", "interview_id": str(INTERVIEW)})

    def paged(request: Any) -> Any:
        if request.operation == "list_deleted_generations":
            return 200, []
        offset = request.params["offset"]
        return 200, {"generations": rows[offset : offset + 25], "total": len(rows)}

    assert stage(paged).play(settle_kickoff(kickoff(), (), 1_000.0)) == UUID(int=9)


def test_without_an_interview_the_intake_tells_whose_a_row_is(stage: type[Stage]) -> None:
    """A kickoff of an intake alone, where every row names an interview: what it started is found all the same."""
    service = Service([0.0])
    alone = attrs.evolve(kickoff(), interview_id=None)
    found, _ = perform(stage, service, kick_off(alone))

    assert service.committed == 1
    assert found == service.rows[0][1]


def test_a_generation_that_nothing_places_is_neither_adopted_nor_paid_for_again(stage: type[Stage]) -> None:
    """Rows without interview, status bodies without intake: a new one stops the flow, an older one does not."""
    service = Service([0.0])
    service.names_interview = False
    service.start(0.0)

    def silent(request: Any) -> Any:
        status, body = answer if isinstance(answer := service(request), tuple) else (None, answer)
        if status is None:
            return body
        return status, {name: body[name] for name in body if name != "intake_id"} if isinstance(body, dict) else body

    acting = stage(silent)
    service.stage = acting
    with pytest.raises(errors.OutcomeUnknown) as caught:
        acting.play(kick_off(kickoff()))

    assert service.kickoffs == 1
    assert caught.value.candidates == (service.rows[1][1],)


def test_the_first_look_leaves_the_deleted_ones_out_where_rows_name_their_interview(stage: type[Stage]) -> None:
    """No generation of an interview can be deleted before its first kickoff; nameless rows might be anybody's."""
    service = Service([])
    service.rows.append((0.0, UUID(int=7), UUID(int=77)))
    snapshot, acting = perform(stage, service, take_snapshot(kickoff(), is_first=True))

    assert (snapshot.matching, acting.count("list_deleted_generations")) == (frozenset(), 0)

    service.names_interview = False
    _, acting = perform(stage, service, take_snapshot(kickoff(), is_first=True))

    assert acting.count("list_deleted_generations") == 1


@pytest.mark.parametrize("has_live", [False, True])
def test_a_kickoff_that_came_to_nothing_is_sent_again_whatever_was_deleted_before(
    stage: type[Stage], has_live: Any
) -> None:
    """The first look left out the bin, whose rows turn out to name no interview: they are older than a lost request."""
    service = Service([-1.0])
    service.stage = stage(service)
    service.deleted = [service.start(0.0), service.start(0.0)]
    if has_live:
        service.rows.append((0.0, UUID(int=7), UUID(int=77)))

    def hidden(request: Any) -> Any:
        service.names_interview = request.operation != "list_deleted_generations"
        return (404, {}) if request.operation == "get_generation" else service(request)

    acting = stage(hidden)
    service.stage = acting
    known = acting.play(take_snapshot(kickoff(), is_first=True)).known

    assert acting.play(kick_off(kickoff(), known)) == service.rows[-1][1]
    assert service.kickoffs == 2


def test_a_long_list_without_names_is_not_asked_about_row_by_row(stage: type[Stage]) -> None:
    """A service whose rows name no interview, and an account with hundreds of them: only the newest are looked into."""
    service = Service([])
    service.names_interview = False
    for _ in range(300):
        service.start(0.0)
    other = str(UUID(int=77))

    def answer(request: Any) -> Any:
        if request.operation == "get_generation":
            return 200, {"id": request.path.rpartition("/")[2], "state": "Complete", "intake_id": other}
        if request.params and request.params.get("offset"):
            return 200, []
        return service(request)

    service.stage = acting = stage(answer)
    snapshot = acting.play(take_snapshot(kickoff()))

    assert acting.count("get_generation") <= 20
    assert len(snapshot.known) == 300
    assert snapshot.matching == frozenset()

    acting.sent.clear()
    assert acting.play(settle_kickoff(kickoff(), sorted(snapshot.known)[5:], sent_at=acting.now)) is None
    assert acting.count("get_generation") == 5
