"""One kickoff, whatever happens: driven by hand, with a service that loses answers and commits late."""

from __future__ import annotations

import contextlib
import json
from typing import Any
from uuid import UUID

import attrs
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from specstep_flows import errors, events, gateway
from specstep_flows.engine.effects import Reply, Sleep
from specstep_flows.flows.kickoff import kick_off, known_to, settle_intent, settle_kickoff
from specstep_flows.flows.snapshot import Kickoff, find_new, take_snapshot
from specstep_flows.runs.records import Intent, RunRecord
from tests.kit.stage import Stage

INTERVIEW, INTAKE = UUID(int=1), UUID(int=2)
SETTLE = 90.0


class Service:
    """Starts generations; each kickoff may lose its answer, and be carried out at once, later, or never."""

    def __init__(self, script: Any) -> None:
        #: For each kickoff: None (answered), or the seconds after which it is carried out although the answer is lost
        #: (negative: never); with a status before them, that is what it is answered with.
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
            answer, delay = fate if isinstance(fate, tuple) else (None, fate)
            if delay >= 0:
                self.start(now + delay)
            return errors.ConnectionLost("cut") if answer is None else replied(answer)
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


#: What a service, or a front door before it, may answer to a request that was carried out all the same.
REFUSALS = (400, 402, 403, 404, 405, 408, 409, 410, 413, 415, 422, 425, 429, 451, 499, 500, 502, 503, 504, 599)


def replied(status: int) -> Reply:
    """A refusal; a 409 says that it clears by itself."""
    headers = httpx.Headers({"content-type": "application/json"} | ({"retry-after": "5"} if status == 429 else {}))
    return Reply(status, headers, json.dumps({"type": "X", "retryable": status == 409}).encode())


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


def command(acting: Stage, known: Any = None) -> UUID | None:
    """One command that starts the generation, or goes on where an earlier one ended; None if it gives up."""
    intent = acting.record.intent if acting.record is not None else None
    try:
        if intent is None:
            return acting.play(kick_off(kickoff(), known))  # type: ignore[no-any-return]
        found: UUID | None = acting.play(settle_intent(kickoff(), intent))
        if found is None:
            found = acting.play(kick_off(kickoff(), known_to(intent), after=intent))
        return found
    except (errors.OutcomeUnknown, errors.RequestError):
        return None


def recorded(stage: type[Stage], service: Service) -> Stage:
    """A stage with a run's record, which keeps the intents as the engine does."""
    acting = stage(service)
    acting.record = RunRecord("r", "http://127.0.0.1:1", 0.0, 0.0)
    service.stage = acting
    return acting


@pytest.mark.parametrize(
    ("deaths", "sent"),
    [((), [2, 4]), ((1,), [1, 2, 4]), ((1, 2), [1, 2, 3, 5]), ((2,), [2, 3, 5]), ((3,), [2, 3, 4, 6])],
)
def test_whoever_follows_a_death_sends_one_more_and_whoever_was_told_two(
    stage: type[Stage], deaths: tuple[int, ...], sent: list[int]
) -> None:
    """Every answer is lost; at some requests the process dies with it. Each command is followed by the next."""
    service = Service([-1.0] * 9)
    acting, found = recorded(stage, service), []

    def answer(request: Any) -> Any:
        reply = service(request)
        if request.operation == "start_generation" and service.kickoffs in deaths:
            raise KeyboardInterrupt
        return reply

    acting.service = answer
    for _ in sent:
        with contextlib.suppress(KeyboardInterrupt):
            assert command(acting, ()) is None
        found.append(service.kickoffs)
    assert found == sent


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.none() | st.floats(-1.0, SETTLE - 1.0), max_size=5))
def test_one_generation_comes_of_any_number_of_lost_answers(stage: type[Stage], script: Any) -> None:
    """As long as the service carries a request out within the settle time, one generation is started and adopted.

    A command sends two requests at most; the one after it goes on.
    """
    service = Service(script)
    acting = recorded(stage, service)
    found = None
    for _ in range(6):
        before = service.kickoffs
        found = command(acting)
        assert service.kickoffs - before <= 2
        if found is not None:
            break

    assert service.committed == 1
    assert found == service.rows[0][1]
    assert acting.remembered["generation_id"] == found


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.none() | st.sampled_from(REFUSALS), st.floats(-1.0, 890.0)), min_size=6, max_size=6))
def test_one_command_never_pays_three_times(stage: type[Stage], script: Any) -> None:
    """Whatever the service answers, and however much later than it promises it carries out what it did not confirm."""
    service = Service(script)
    acting = recorded(stage, service)
    command(acting)

    assert service.committed <= 2


@pytest.mark.parametrize("status", REFUSALS)
def test_a_refusal_that_was_carried_out_is_found_and_not_followed_by_a_second(stage: type[Stage], status: int) -> None:
    """Whatever the first answer was, the list is read before anything else is sent, or the command ends."""
    service = Service([(status, 0.0)])
    acting = recorded(stage, service)
    while command(acting, known=()) is None:
        acting.now += 1.0
        known = {row[1] for row in service.rows}
        # A run that is started again adopts what its interview has.
        assert acting.play(find_new(kickoff(), acting.play(take_snapshot(kickoff())))) in known
        break

    assert service.kickoffs == service.committed == 1


@pytest.mark.parametrize("late", [240.0, 600.0])
def test_a_service_that_is_slower_than_the_settle_time_is_paid_twice_at_most(stage: type[Stage], late: float) -> None:
    """The settle time grows with each request, in the command that resumes as well."""
    service = Service([late] * 9)
    acting = recorded(stage, service)
    for _ in range(4):
        if command(acting) is not None:
            break

    assert service.kickoffs == 2


def test_what_may_be_paid_twice_is_told(stage: type[Stage]) -> None:
    """The first of two requests was carried out late: the second may be as well, and nobody else would see it."""
    service = Service([SETTLE + 30.0, -1.0])
    _, acting = perform(stage, service, kick_off(kickoff()))

    assert any("carried out both: cancel one" in str(event) for event in acting.told)


def test_what_nothing_places_stops_a_request_that_was_refused_for_now(stage: type[Stage]) -> None:
    """A 429, and then a new generation of which the service says neither interview nor intake: it may be this one."""
    service = Service([(429, 0.0)])
    service.names_interview = False

    def silent(request: Any) -> Any:
        return (404, {}) if request.operation == "get_generation" else service(request)

    service.stage = acting = stage(silent)
    with pytest.raises(errors.OutcomeUnknown):
        acting.play(kick_off(kickoff(), known=()))
    assert service.kickoffs == 1


def test_a_rate_limit_that_others_use_up_is_waited_out_however_often(stage: type[Stage]) -> None:
    """Other machines have the same key: refused four times, each time looked for, and started in the end."""
    service = Service([(429, -1.0)] * 4)
    found, acting = perform(stage, service, kick_off(kickoff()))

    assert found == service.rows[0][1]
    assert service.kickoffs == 5
    # Between any three requests lies a quarter of an hour, in which a refusal would show that was carried out.
    assert acting.now - 1_000.0 >= 1_800.0


class Full(Service):
    """As many generations run as the plan allows; each of ``ends`` is when one of them ends."""

    def __init__(self, *ends: float, cap: int = 1, carries_out: bool = False) -> None:
        super().__init__([])
        self.ends, self.cap, self.carries_out = ends, cap, carries_out

    @property
    def others(self) -> int:
        return sum(1_000.0 + end > self.stage.now for end in self.ends)

    def __call__(self, request: Any) -> Any:
        if request.operation == "start_generation" and self.others >= self.cap:
            self.kickoffs += 1
            if self.carries_out:
                self.start(self.stage.now)
            return 409, {"type": "CONCURRENCY_CAP_REACHED", "detail": "All are running"}
        status, rows = super().__call__(request)
        if request.operation == "list_generations":
            rows += [
                {"id": str(UUID(int=500 + n)), "state": state, "interview_id": str(UUID(int=77))}
                for n, state in enumerate(["Drafting"] * self.others + ["Complete"] * (len(self.ends) - self.others))
            ]
        return status, rows


def cap_notices(acting: Stage) -> list[str]:
    """What was said of the wait for a place."""
    return [event.message for event in acting.told if isinstance(event, events.Notice) and "place" in event.message]


@pytest.mark.parametrize("ends", [(5.0,), (100.0,), (7_000.0,), (50_000.0,)])
def test_a_place_is_waited_for_and_told_once(stage: type[Stage], ends: tuple[float, ...]) -> None:
    """However long it takes; no more requests are sent than a sign of a place gives reason for."""
    service = Full(*ends)
    found, acting = perform(stage, service, kick_off(kickoff(waits=True)))

    assert found is not None
    assert service.committed == 1
    assert 1_000.0 + ends[0] <= acting.now <= 1_000.0 + ends[0] + 960.0
    assert service.kickoffs <= 2 + 2 * (acting.now - 1_000.0) / 900.0
    assert len(cap_notices(acting)) == 1
    assert "wait=False" in cap_notices(acting)[0]


def test_a_place_that_becomes_free_is_taken_soon(stage: type[Stage]) -> None:
    """The list shows that one of them has ended."""
    service = Full(100.0, 90_000.0, cap=2)
    _, acting = perform(stage, service, kick_off(kickoff(waits=True)))

    assert acting.now <= 1_000.0 + 100.0 + 31.0
    assert service.kickoffs == 2


def test_a_kickoff_that_the_cap_refused_and_that_was_carried_out_is_found(stage: type[Stage]) -> None:
    """The list is read before it is sent again."""
    service = Full(100.0, carries_out=True)
    found, _ = perform(stage, service, kick_off(kickoff(waits=True)))

    assert found == service.rows[0][1]
    assert (service.kickoffs, service.committed) == (1, 1)


def test_who_does_not_wait_for_a_place_fails_at_once(stage: type[Stage]) -> None:
    """Nothing was started."""
    service = Full(100.0)
    acting = stage(service)
    service.stage = acting
    with pytest.raises(errors.ConcurrencyCapReached, match="been started"):
        acting.play(kick_off(kickoff()))
    assert (acting.now, service.kickoffs, cap_notices(acting)) == (1_000.0, 1, [])


def test_where_nobody_runs_there_is_nobody_to_wait_for(stage: type[Stage]) -> None:
    """A cap that no end of a generation can clear is told within the hour."""
    service = Full(cap=0)
    acting = stage(service)
    service.stage = acting
    with pytest.raises(errors.ConcurrencyCapReached):
        acting.play(kick_off(kickoff(waits=True)))
    assert acting.now <= 1_000.0 + 3_700.0


def test_a_second_kickoff_waits_until_the_settle_time_is_over(stage: type[Stage]) -> None:
    """The request was never carried out: it is sent again, but not before 90 s of an empty list."""
    service = Service([-1.0])
    _, acting = perform(stage, service, kick_off(kickoff()))

    assert service.kickoffs == 2
    assert acting.now - 1_000.0 >= SETTLE


def test_a_definite_refusal_is_not_settled_but_raised(stage: type[Stage]) -> None:
    """A 402 is looked into once, so that what is said of the money is known."""
    service = Service([])
    acting = stage(lambda request: (402, {"type": "QUOTA_EXCEEDED"}) if request.method == "POST" else service(request))
    service.stage = acting

    with pytest.raises(errors.QuotaExceeded, match="nothing seems to have been started"):
        acting.play(kick_off(kickoff(), known=()))
    assert acting.count("list_generations") == acting.count("list_deleted_generations") == 1


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


def test_a_kickoff_that_fails_for_good_says_that_nobody_knows(stage: type[Stage]) -> None:
    """Two requests that were lost: that is all, and neither is said to have started nothing."""
    service = Service([-1.0] * 6)

    with pytest.raises(errors.OutcomeUnknown, match="is not known, so nothing more is sent") as caught:
        perform(stage, service, kick_off(kickoff()))
    assert service.kickoffs == 2
    assert "No generation was started" not in caught.value.message


def test_a_refusal_after_a_lost_answer_may_be_about_what_that_started(stage: type[Stage]) -> None:
    """The second request meets the plan's cap, since the first, which nobody answered, is running by now."""
    service = Service([SETTLE + 1.0, (409, -1.0)])

    def capped(request: Any) -> Any:
        answer = service(request)
        if isinstance(answer, Reply) and answer.status == 409:
            acting.now += 10.0
            return 409, {"type": "CONCURRENCY_CAP_REACHED", "retryable": True}
        return answer

    service.stage = acting = stage(capped)

    assert acting.play(kick_off(kickoff())) == service.rows[0][1]
    assert service.kickoffs == 2


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
        acting.play(settle_kickoff(kickoff(), (), passed=SETTLE + 1.0))


def test_what_a_restarted_machine_cannot_be_sure_of_may_have_been_deleted_too(stage: type[Stage]) -> None:
    """An intent of yesterday, on a machine that has been up for 20 seconds: it waits, and trusts no closed bin."""
    service = Service([])
    service.stage = acting = stage(closed_bin(service))

    with pytest.raises(errors.OutcomeUnknown, match="may not list the deleted ones"):
        acting.play(settle_kickoff(kickoff(), (), passed=20.0, by_clock=86_400.0))
    assert acting.now - 1_000.0 >= SETTLE - 20.0


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
        perform(stage, service, settle_kickoff(kickoff(), ()))
    assert set(caught.value.candidates) == new


def test_an_intent_from_before_the_clock_was_set_back_is_still_settled(stage: type[Stage]) -> None:
    """A time in the future counts as now: the wait is the settle time, not for ever."""
    service = Service([])
    found, acting = perform(stage, service, settle_intent(kickoff(), Intent("start_generation", 9_000_000.0)))

    assert found is None
    assert SETTLE <= acting.now - 1_000.0 <= SETTLE + 20


@pytest.mark.parametrize("days", [24, 26])
def test_what_may_have_left_the_bin_is_a_question_for_a_person(stage: type[Stage], days: int) -> None:
    """What was deleted is kept for 30 days: after that an empty list does not mean that nothing was started."""
    intent = Intent("start_generation", 1_000.0 - days * 86400)
    service = Service([])

    if days < 25:
        assert perform(stage, service, settle_intent(kickoff(), intent))[0] is None
    else:
        with pytest.raises(errors.OutcomeUnknown, match="26 days ago"):
            perform(stage, service, settle_intent(kickoff(), intent))
    assert service.kickoffs == 0


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

    assert stage(paged).play(settle_kickoff(kickoff(), ())) == UUID(int=9)


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
    assert acting.play(settle_kickoff(kickoff(), sorted(snapshot.known)[5:])) is None
    assert acting.count("get_generation") == 5
