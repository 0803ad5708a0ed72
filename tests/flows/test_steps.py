"""What costs and is part of no run, on a turned clock: each effect is a point where its process may end."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Any, cast
from uuid import UUID

import attrs
import pytest

from specstep_flows import errors, events
from specstep_flows._paths import part_of
from specstep_flows.engine import effects
from specstep_flows.flows import kickoff
from specstep_flows.flows.addendum import AddendumStep, add_addendum
from specstep_flows.flows.explanation import ExplanationStep, explain_package
from specstep_flows.flows.kickoff import update_generation
from specstep_flows.flows.migration import MigrationStep, commit_migration
from specstep_flows.flows.steps import Terms
from specstep_flows.runs.records import Intent, StepRecord
from tests.kit.disk import CONTENT, Disk
from tests.kit.stage import Killed, MortalStage
from tests.kit.tiers import one_in

PACKAGE, GENERATION, INTAKE = UUID(int=1), UUID(int=2), UUID(int=3)
#: When a request that was sent may still be carried out.
LATE = (0.0, 70.0)
TERMS = Terms()
PAID = ("create_addendum", "explain_package", "commit_doc_migration", "update_generation")


class Service:
    """An account with what was made in it, each from its moment on: a request may be carried out ``late``."""

    def __init__(self, late: float = 0.0) -> None:
        self.late = late
        self.now: Callable[[], float] = lambda: 0.0
        self.made: list[tuple[float, dict[str, Any]]] = []
        #: What the next paid requests are answered with; what is None is carried out.
        self.answers: list[Any] = []
        #: Whether one that is not answered is carried out all the same.
        self.commits = True
        #: Of which intake the generation is that is there.
        self.intake = UUID(int=9)

    def make(self, **row: Any) -> dict[str, Any]:
        row = {"id": str(UUID(int=100 + len(self.made))), **row}
        answer = self.answers.pop(0) if self.answers else None
        if answer is None or self.commits:
            self.made.append((self.now() + self.late, row))
        if answer is not None:
            raise Answered(answer)
        return row

    def rows(self) -> list[dict[str, Any]]:
        return [row for at, row in reversed(self.made) if at <= self.now()]

    def __call__(self, request: Any) -> Any:
        try:
            return self.answer(request)
        except Answered as answered:
            return answered.args[0]

    def answer(self, request: Any) -> Any:
        match request.operation:
            case "create_addendum":
                row = self.make(**request.json, cost_usd=0.45)
                return 200, {"addendum_id": row["id"], "download_url": "https://blob.test/a?sig=s", "cost_usd": 0.45}
            case "list_addenda":
                return 200, {"addenda": self.rows()}
            case "get_addendum_zip":
                return 200, {}
            case "explain_package":
                self.make(audience=request.json["audience"], model="m", cost_usd=0.05)
                return 200, {"markdown": "# Tea", "audience": "investor", "cost_usd": 0.05, "cached": False}
            case "list_explanations":
                return 200, {"explanations": self.rows()}
            case "commit_doc_migration":
                row = self.make(generation_id=None, version="1.0.0")
                return 200, {"package_id": row["id"], "version": "1.0.0"}
            case "list_packages":
                return 200, {"packages": self.rows()}
            case "list_deleted_packages":
                return 200, {"packages": []}
            case "preview_doc_migration":
                return 200, {"mapping": [{"source_path": "a.md", "target_path": "docs/a.md"}]}
            case "list_package_files":
                return 200, {"files": [{"path": "docs/a.md"}, {"path": "specstep.yaml"}]}
            case "update_generation" | "retry_generation":
                return 202, {"id": self.make(state="Queued", interview_id=None)["id"], "state": "Queued"}
            case "list_generations":
                own = {"id": str(GENERATION), "state": "Complete"}
                return 200, {"generations": [*self.rows(), own]}
            case "list_deleted_generations":
                return 200, {"generations": []}
            case "get_generation":
                intake = INTAKE if request.name != str(GENERATION) else self.intake
                return 200, {"id": request.name, "state": "Queued", "intake_id": str(intake)}
            case "download_explanation":
                return text("# Tea")
        raise AssertionError(request.operation)


class Answered(Exception):
    """What a request is answered with instead."""


def text(content: str) -> Any:
    import httpx

    from specstep_flows.engine.effects import Reply

    return Reply(200, httpx.Headers({"content-type": "text/markdown"}), content.encode())


def mortal(service: Service, record: StepRecord, now: float = 1_000.0, die_at: int = 0) -> MortalStage:
    """A stage of a step, whose clock is the service's, too."""
    acting = MortalStage(service, cast(Any, record), now, die_at)
    service.now = lambda: acting.now
    return acting


def step_of(acting: MortalStage) -> StepRecord:
    return cast(StepRecord, acting.record)


def addendum(terms: Terms = TERMS, title: str = "French") -> Any:
    return add_addendum(AddendumStep(PACKAGE, title, "Add French."), terms, None)


FLOWS: dict[str, Any] = {
    "create_addendum": addendum,
    "explain_package": lambda terms=TERMS: explain_package(ExplanationStep(PACKAGE, "investor"), terms),
    "commit_doc_migration": lambda terms=TERMS: commit_migration(MigrationStep("docs.zip", b"zip"), terms),
    "update_generation": lambda terms=TERMS: update_generation(GENERATION, INTAKE, 90.0, again=terms.again),
}


def wanted(operation: str = "create_addendum") -> StepRecord:
    return StepRecord.wanted(operation, {"of": "this"}, "http://127.0.0.1:1")


@pytest.mark.parametrize(("late", "operation"), one_in(3, [(late, operation) for late in LATE for operation in PAID]))
def test_a_step_survives_the_end_of_its_process_at_every_effect(operation: str, late: float) -> None:
    """Whatever the process had got to, the next one ends with what was paid for, once, and a third sends nothing."""
    whole = mortal(Service(), wanted(operation))
    result = whole.play(FLOWS[operation]())
    assert whole.passed > 6
    for die_at in range(1, whole.passed + 1):
        service = Service(late)
        first = mortal(service, wanted(operation), die_at=die_at)
        with pytest.raises(Killed):
            first.play(FLOWS[operation]())
        second = mortal(service, step_of(first), first.now)
        found = second.play(FLOWS[operation]())
        third = mortal(service, step_of(second), second.now)

        assert len(service.made) == 1, die_at
        assert _id(third.play(FLOWS[operation]())) == _id(found) == _id(result), die_at
        assert third.sent == [], die_at
        assert step_of(second).is_over, die_at
        assert step_of(second).intent is None, die_at


class InPlace(Service):
    """A service that makes the generation itself again, from the newer intake, and lists no other."""

    def answer(self, request: Any) -> Any:
        match request.operation:
            case "update_generation":
                self.make(state="Queued")
                return 202, {"id": str(GENERATION), "state": "Queued"}
            case "list_generations":
                return 200, {"generations": [{"id": str(GENERATION), "state": "Complete"}]}
            case "get_generation":
                state, intake = ("Queued", INTAKE) if self.rows() else ("Complete", self.intake)
                return 200, {"id": request.name, "state": state, "intake_id": str(intake)}
        return super().answer(request)


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("late", LATE)
def test_an_update_in_place_survives_the_end_of_its_process_at_every_effect(late: float, again: bool) -> None:
    """Whether an update makes another generation is not documented: this one may have the intake itself by now."""
    flow = partial(FLOWS["update_generation"], Terms(again=again))
    whole = mortal(InPlace(), wanted("update_generation"))
    assert whole.play(flow()) == GENERATION
    for die_at in range(1, whole.passed + 1):
        service = InPlace(late)
        first = mortal(service, wanted("update_generation"), die_at=die_at)
        with pytest.raises(Killed):
            first.play(flow())
        second = mortal(service, step_of(first), first.now)

        assert second.play(flow()) == GENERATION, die_at
        assert len(service.made) == 1, die_at
        assert step_of(second).is_over, die_at


@pytest.mark.parametrize("answer", ["lost", "refused"])
@pytest.mark.parametrize("commits", [True, False])
def test_an_update_in_place_is_settled_by_the_intake(answer: str, commits: bool, lost: errors.ConnectionLost) -> None:
    """Whether the answer was lost, or said that nothing was done."""
    service = InPlace()
    service.answers, service.commits = [lost if answer == "lost" else (429, {"retry_after_seconds": 5})], commits
    acting = mortal(service, wanted("update_generation"))

    assert acting.play(FLOWS["update_generation"]()) == GENERATION
    assert len(service.made) == 1
    assert acting.count("update_generation") == (1 if commits else 2)


@pytest.mark.parametrize("commits", [True, False])
def test_a_generation_that_had_the_intake_before_is_told_by_being_made(
    commits: bool, lost: errors.ConnectionLost
) -> None:
    """That it has the intake says nothing then."""
    service = InPlace()
    service.intake = INTAKE
    service.answers, service.commits = [lost], commits
    acting = mortal(service, wanted("update_generation"))

    assert acting.play(FLOWS["update_generation"]()) == GENERATION
    assert len(service.made) == 1
    assert acting.count("update_generation") == (1 if commits else 2)


@pytest.mark.parametrize("operation", ["retry_generation", "update_generation"])
def test_another_one_that_was_refused_and_carried_out_is_not_paid_for_again(operation: str) -> None:
    """With ``again`` nothing that is there already is taken for it, unless it has come since it was asked for."""
    service = Service()
    service.intake = INTAKE if operation == "retry_generation" else service.intake
    service.make(state="Queued", interview_id=None)
    service.answers = [(429, {"retry_after_seconds": 5})]
    flow = partial(retry_generation if operation == "retry_generation" else update, again=True)
    first = mortal(service, wanted(operation))

    def answer(request: Any) -> Any:
        if request.operation == "list_generations" and first.count(operation):
            raise Killed
        return service(request)

    first.service = answer
    with pytest.raises(Killed):
        first.play(flow())
    second = mortal(service, step_of(first), first.now)

    assert second.play(flow()) == UUID(int=101)
    assert step_of(first).intent is None
    assert second.count(operation) == 0


def update(*, again: bool) -> Any:
    return update_generation(GENERATION, INTAKE, 90.0, again=again)


def retry_generation(*, again: bool) -> Any:
    return kickoff.retry_generation(GENERATION, 90.0, again=again)


def _id(made: Any) -> Any:
    """What was made, without what only the first answer says."""
    match made:
        case UUID():
            return made
        case _ if hasattr(made, "audience"):
            return made.audience, made.markdown
        case _:
            return getattr(made, "package_id", None), getattr(made, "id", None)


@pytest.mark.parametrize(("operation", "least"), [("create_addendum", 60.0), ("explain_package", 90.0)])
def test_what_takes_its_time_gets_it(operation: str, least: float) -> None:
    """An addendum takes 30 seconds, an explanation up to 75: whoever is impatient with reads would lose the answer."""
    acting = mortal(Service(), wanted(operation))
    acting.play(FLOWS[operation]())

    assert [request.works_seconds >= least for request in acting.sent] == [False, True]


@pytest.mark.parametrize("commits", [True, False])
@pytest.mark.parametrize("operation", PAID)
def test_an_answer_that_is_lost_is_settled_by_the_list(
    operation: str, commits: bool, lost: errors.ConnectionLost
) -> None:
    """It is sent a second time only when the settle time has shown nothing."""
    service = Service()
    service.answers, service.commits = [lost], commits
    acting = mortal(service, wanted(operation))
    acting.play(FLOWS[operation]())

    assert len(service.made) == 1
    assert acting.count(operation) == (1 if commits else 2)
    assert (acting.now >= 1_090.0) is not commits


@pytest.mark.parametrize("operation", PAID)
def test_two_answers_that_are_lost_are_the_end(operation: str, lost: errors.ConnectionLost) -> None:
    """Nothing is sent on a guess; the next process looks first, and finds what has come meanwhile."""
    service = Service()
    service.answers, service.commits = [lost, lost], False
    acting = mortal(service, wanted(operation))
    with pytest.raises(errors.OutcomeUnknown, match="requested twice"):
        acting.play(FLOWS[operation]())
    assert acting.count(operation) == 2
    service.now = lambda: 0.0
    service.make(
        title="French",
        description="Add French.",
        audience="investor",
        generation_id=None,
        version="1.0.0",
        state="Queued",
    )
    later = mortal(service, step_of(acting), acting.now + 600.0)
    later.play(FLOWS[operation]())

    assert later.count(operation) == 0


@pytest.mark.parametrize("operation", PAID)
def test_a_list_that_cannot_be_read_is_not_an_empty_one(operation: str, lost: errors.ConnectionLost) -> None:
    """A page in its place says nothing, so nothing is sent again; the intent stays."""
    service = Service()
    service.answers = [lost]
    acting = mortal(service, wanted(operation))
    lists = ("list_addenda", "list_explanations", "list_packages", "list_generations")

    def answer(request: Any) -> Any:
        if request.operation in lists and acting.count(operation):
            return 200, {"note": "sign in"}
        return service(request)

    acting.service = answer
    with pytest.raises(errors.UnexpectedResponse):
        acting.play(FLOWS[operation]())

    assert acting.count(operation) == 1
    assert step_of(acting).intent is not None


@pytest.mark.parametrize("operation", ["create_addendum", "commit_doc_migration"])
def test_what_was_refused_and_carried_out_is_found_by_the_next_process(operation: str) -> None:
    """The process ended before it had looked. What is like it and was there before is another one."""
    service = Service()
    flow = partial(FLOWS[operation], Terms(again=True))
    mortal(service, wanted(operation)).play(flow())
    service.answers = [(429, {"retry_after_seconds": 5})]
    first = mortal(service, wanted(operation))

    def answer(request: Any) -> Any:
        if request.operation in ("list_addenda", "list_packages") and first.count(operation):
            raise Killed
        return service(request)

    first.service = answer
    with pytest.raises(Killed):
        first.play(flow())
    second = mortal(service, step_of(first), first.now)
    second.play(flow())

    assert step_of(first).intent is None
    assert second.count(operation) == 0
    assert len(service.made) == 2


@pytest.mark.parametrize("row", [{"title": "French"}, {}])
def test_what_appeared_since_a_refusal_and_may_be_it_is_named_by_the_next_process(row: dict[str, str]) -> None:
    """Nothing is sent on the guess that it is another one."""
    service = Service()
    service.make(**row)
    acting = mortal(service, attrs.evolve(wanted(), known=(str(UUID(int=100)),)))
    acting.play(addendum())
    assert acting.count("create_addendum") == 1

    service.make(**row)
    acting = mortal(service, attrs.evolve(wanted(), known=(str(UUID(int=100)), str(UUID(int=101)))))
    with pytest.raises(errors.OutcomeUnknown, match="specstep package addenda") as caught:
        acting.play(addendum(Terms(again=True)))
    assert caught.value.candidates == (UUID(int=102),)
    assert acting.count("create_addendum") == 0


@pytest.mark.parametrize(("status", "is_sent"), [(404, True), (403, False), (500, False)])
def test_a_recycle_bin_that_cannot_be_read_is_not_an_empty_one(status: int, is_sent: bool) -> None:
    """One that the service does not have holds nothing. Where the key may not see it, a person can say what to do."""
    service = Service()
    known = attrs.evolve(wanted("commit_doc_migration"), intent=Intent("commit_doc_migration", 1_000.0))
    acting = mortal(service, known, 1_200.0)
    acting.service = lambda request: (status, {}) if "deleted" in request.operation else service(request)
    if is_sent:
        acting.play(FLOWS["commit_doc_migration"]())
    else:
        with pytest.raises(errors.OutcomeUnknown if status == 403 else errors.ServerError):
            acting.play(FLOWS["commit_doc_migration"]())

    assert acting.count("commit_doc_migration") == is_sent
    assert (step_of(acting).intent is None) == is_sent


@pytest.mark.parametrize(("operation", "is_sent"), [("explain_package", True), ("commit_doc_migration", False)])
def test_a_request_of_weeks_ago_came_to_nothing_only_where_nothing_is_ever_deleted(
    operation: str, is_sent: bool
) -> None:
    """What was made and deleted is listed nowhere after 30 days. An explanation would be there."""
    service = Service()
    acting = mortal(service, attrs.evolve(wanted(operation), intent=Intent(operation, 1_000.0)), 3_000_000.0)
    if is_sent:
        acting.play(FLOWS[operation](), until=4_000_000.0)
    else:
        with pytest.raises(errors.OutcomeUnknown, match="days ago"):
            acting.play(FLOWS[operation](), until=4_000_000.0)

    assert acting.count(operation) == is_sent


@pytest.mark.parametrize("operation", ["create_addendum", "explain_package", "commit_doc_migration"])
def test_what_was_paid_for_and_cannot_be_recorded_is_not_said_not_to_be(operation: str) -> None:
    """The disk is full by now; the intent is there, so the next process finds what came of it."""
    service = Service()
    acting = mortal(service, wanted(operation))
    whole = acting.carry

    def carry(effect: Any) -> Any:
        if isinstance(effect, effects.Remember) and "result" in effect.changes:
            raise errors.StoreError("The disk is full.")
        return whole(effect)

    acting.carry = carry  # type: ignore[method-assign]
    with pytest.raises(errors.StoreError, match="all the same"):
        acting.play(FLOWS[operation]())
    later = mortal(service, step_of(acting), acting.now)
    later.play(FLOWS[operation]())

    assert (len(service.made), later.count(operation)) == (1, 0)


def test_what_the_service_has_already_is_shown_and_not_paid_for() -> None:
    """Another machine may have asked for it; spaces do not make another change of it."""
    service = Service()
    service.make(title=" Café", description="Add  French.\n")
    acting = mortal(service, wanted())
    made = acting.play(addendum(title=unicodedata.normalize("NFD", "Café")))

    assert made.id == UUID(int=100)
    assert acting.count("create_addendum") == 0
    assert ["again=True" in event.message for event in acting.told if isinstance(event, events.Notice)] == [True]


def test_another_one_is_paid_for_by_the_user_s_word_alone() -> None:
    """With ``again``, what is there is not taken for it."""
    service = Service()
    service.make(title="French", description="Add French.")
    made = mortal(service, wanted()).play(addendum(Terms(again=True)))

    assert made.id == UUID(int=101)


@pytest.mark.parametrize(
    ("row", "is_other"),
    [
        ({"title": "German", "description": "Add German."}, True),
        ({"title": "French", "description": "Add French, and"}, False),
        ({"title": "French.", "description": "Add French."}, False),
        ({"title": "FRENCH", "description": "add french"}, False),
        ({"title": "Fre...", "description": "Add Fr…"}, False),
        ({"title": "A translation", "description": "**Add** French"}, False),
        ({"title": "French"}, False),
        ({}, False),
    ],
)
def test_an_addendum_that_may_be_it_is_named_and_not_paid_for_again(
    row: dict[str, str], is_other: bool, lost: errors.ConnectionLost
) -> None:
    """Where the list does not say the whole change, whether it is this one cannot be told."""
    service = Service()
    service.answers, service.commits = [lost], False
    acting = mortal(service, wanted())
    appeared: list[int] = []

    def answer(request: Any) -> Any:
        if request.operation == "list_addenda" and acting.count("create_addendum") and not appeared:
            appeared.append(1)
            service.make(**row)
        return service(request)

    acting.service = answer
    if is_other:
        acting.play(addendum())
        assert acting.count("create_addendum") == 2
        return
    with pytest.raises(errors.OutcomeUnknown, match="specstep package addenda") as caught:
        acting.play(addendum())
    assert caught.value.candidates == (UUID(int=100),)
    assert acting.count("create_addendum") == 1


def test_an_addendum_that_the_service_writes_otherwise_is_found(lost: errors.ConnectionLost) -> None:
    """What is escaped for a page, or composed otherwise, is the same text."""
    service = Service()
    service.answers = [lost]
    acting = mortal(service, wanted())

    def answer(request: Any) -> Any:
        if request.operation == "list_addenda" and service.made:
            service.made[0][1].update(
                {"title": "R&amp;D&#x27;s final", "description": "Add &lt;b&gt;French&lt;/b&gt;."}
            )
        return service(request)

    acting.service = answer
    step = AddendumStep(PACKAGE, "R&D's \ufb01nal", "Add <b>French</b>.")
    made = acting.play(add_addendum(step, TERMS, None))

    assert made.id == UUID(int=100)
    assert acting.count("create_addendum") == 1


@pytest.mark.parametrize("form", ["/{}", "./{}"])
def test_the_files_of_a_migrated_package_are_told_however_their_paths_begin(
    form: str, lost: errors.ConnectionLost
) -> None:
    """The preview and the list of files need not write them alike."""
    service = Service()
    service.answers = [lost]
    acting = mortal(service, wanted("commit_doc_migration"))

    def answer(request: Any) -> Any:
        if request.operation == "list_package_files":
            return 200, {"files": [{"path": form.format(path)} for path in ("docs/a.md", "specstep.yaml")]}
        return service(request)

    acting.service = answer
    assert acting.play(FLOWS["commit_doc_migration"]()).package_id == UUID(int=100)
    assert acting.count("commit_doc_migration") == 1


def test_a_new_package_of_other_files_is_not_taken_for_the_migrated_one(lost: errors.ConnectionLost) -> None:
    """Somebody may have migrated something else at that moment, so neither is it taken nor is anything sent again."""
    service = Service()
    service.answers = [lost]
    acting = mortal(service, wanted("commit_doc_migration"))

    def answer(request: Any) -> Any:
        if request.operation == "list_package_files":
            return 200, {"files": [{"path": "docs/other.md"}, {"path": "specstep.yaml"}]}
        return service(request)

    acting.service = answer
    with pytest.raises(errors.OutcomeUnknown, match="specstep package list"):
        acting.play(FLOWS["commit_doc_migration"]())

    assert acting.count("commit_doc_migration") == 1


GIVEN_UP = (503, {"type": "EXPLAIN_TIMEOUT", "title": "Too slow", "status": 503})


def test_an_explanation_that_takes_too_long_is_tried_again() -> None:
    """That costs nothing, so it is not counted as paid for; each attempt is looked for first."""
    service = Service()
    service.answers, service.commits = [GIVEN_UP] * 4, False
    acting = mortal(service, wanted("explain_package"))
    acting.play(FLOWS["explain_package"]())

    sent = [request.operation for request in acting.sent]
    assert sent == ["list_explanations", *["explain_package", "list_explanations"] * 4, "explain_package"]
    assert len(service.made) == 1
    assert acting.now < 1_060.0


def test_an_explanation_that_always_takes_too_long_is_given_up() -> None:
    """After ten minutes; nothing seems to have been paid for."""
    service = Service()
    service.answers, service.commits = [GIVEN_UP] * 50, False
    acting = mortal(service, wanted("explain_package"))

    def answer(request: Any) -> Any:
        acting.now += 75.0 if request.operation == "explain_package" else 0.0
        return service(request)

    acting.service = answer
    with pytest.raises(errors.ServerError, match="EXPLAIN_TIMEOUT"):
        acting.play(FLOWS["explain_package"]())

    assert 1_500.0 < acting.now < 1_700.0
    assert not step_of(acting).may_have_cost


def test_that_word_says_nothing_of_another_request() -> None:
    """A kickoff that is answered with it may have been carried out."""
    service = Service()
    service.answers = [GIVEN_UP]
    acting = mortal(service, wanted("update_generation"))
    acting.play(FLOWS["update_generation"]())

    assert acting.count("update_generation") == len(service.made) == 1


def test_a_step_that_is_refused_again_and_again_does_not_keep_its_user_for_an_hour() -> None:
    """Two that may yet be carried out are under way, so the third would have to wait a quarter of an hour."""
    service = Service()
    service.answers, service.commits = [(429, {"retry_after_seconds": 5})] * 9, False
    acting = mortal(service, wanted())
    with pytest.raises(errors.RateLimited, match="seems to have been drafted"):
        acting.play(addendum())

    assert acting.count("create_addendum") == 2
    assert acting.now < 1_060.0


@pytest.mark.parametrize("limit", [0.49, 0.51])
def test_a_price_above_the_limit_is_not_paid(limit: float) -> None:
    """The price is the pages'; nothing was sent that costs."""
    service = Service()
    acting = mortal(service, wanted())
    if limit > 0.5:
        acting.play(addendum(Terms(max_cost_usd=limit)))
    else:
        with pytest.raises(errors.BudgetExceeded, match=r"\$0\.50"):
            acting.play(addendum(Terms(max_cost_usd=limit)))

    assert len(service.made) == (limit > 0.5)


def test_whoever_declines_pays_nothing() -> None:
    """And is asked only when something is to be paid: what is there already is shown."""
    service, asked = Service(), []

    def decline(record: StepRecord) -> bool:
        asked.append(record)
        return False

    with pytest.raises(errors.Detached, match="nothing was paid"):
        mortal(service, wanted()).play(addendum(Terms(decline)))
    assert len(asked) == 1
    service.make(title="French", description="Add French.")
    mortal(service, wanted()).play(addendum(Terms(decline)))
    assert len(asked) == 1


def test_an_explanation_is_saved_in_the_form_that_was_asked_for() -> None:
    """One that is there already is not fetched again; what is no PDF is not saved as one."""
    step = ExplanationStep(PACKAGE, "investor")
    service, disk = Service(), Disk()
    acting = mortal(service, wanted("explain_package"))
    explained = partial(explain_package, step, Terms(), disk)
    made = acting.play(explained("md"))
    # The process ended between the file's name and the end of its part.
    disk.files[part_of(made.saved.path)] = b"left"
    again = mortal(service, step_of(acting)).play(explained("md"))

    assert made.saved == attrs.evolve(again.saved)
    assert disk.files == {made.saved.path: b"# Tea"}
    assert acting.count("download_explanation") == 1
    with pytest.raises(errors.DamagedPackage):
        mortal(service, step_of(acting)).play(explained("pdf"))
    assert CONTENT not in disk.files.values()


@pytest.mark.parametrize(("title", "description"), [(" ", "x"), ("x", " "), ("x" * 201, "x"), ("x", "y" * 4001)])
def test_what_the_service_would_refuse_is_not_sent(title: str, description: str) -> None:
    """The pages say how long a title and a description may be."""
    with pytest.raises(errors.UsageError, match="Nothing was sent"):
        AddendumStep(PACKAGE, title, description)
