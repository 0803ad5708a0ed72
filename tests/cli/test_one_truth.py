"""Whatever becomes of a run, its ending on the terminal, its record, its report and its receipt tell the same of it.

Random histories: questions, pauses, restarts and retries at random places, processes that stop watching and come back
late or never, somebody else who answers, resumes or cancels meanwhile, and every way to end. The sandbox knows what
truly happened, and its clock is turned.
"""

from __future__ import annotations

import itertools
import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from specstep_flows import SpecStep, errors
from specstep_flows._course import Duration
from specstep_flows._text import duration, money
from specstep_flows.answers import ProposedDefaults
from specstep_flows.runs.store import RunStore
from specstep_flows.sandbox import (
    ClarificationRound,
    Failure,
    HostRestart,
    ManualClock,
    Pause,
    ProviderRetry,
    Question,
    Sandbox,
    SandboxOptions,
)
from specstep_flows.states import is_terminal
from tests.cli.conftest import Specstep, point_to

WORK_SECONDS = 240
STATES = ("Drafting", "SpecialistReview", "Reviewing")
#: What takes place at a random point of the work.
PLACES = st.tuples(st.sampled_from(STATES), st.sampled_from((0.1, 0.37, 0.5, 0.93)))


@attrs.frozen
class Leg:
    """A process that watches for so long, how long nobody watches then, and what somebody else does meanwhile."""

    watched: float
    away: float = 0.0
    deed: str = "nothing"
    verb: str = "resume"


@attrs.frozen
class Story:
    """What happens to a run."""

    question: tuple[str, float] | None = None
    pause: tuple[str, float] | None = None
    restart: tuple[str, float] | None = None
    retry: tuple[str, float] | None = None
    failure: tuple[str, float] | None = None
    legs: tuple[Leg, ...] = ()
    #: The last word: it is left to end by itself, or cancelled by whom.
    ending: str = "itself"

    def options(self) -> SandboxOptions:
        def marks(kind: Any, place: tuple[str, float] | None, **more: Any) -> Any:
            return () if place is None else (kind(state=place[0], fraction=place[1], **more),)

        return SandboxOptions(
            clarifications=marks(
                ClarificationRound, self.question, questions=(Question("Forms?", proposed_default="Yes."),)
            ),
            pauses=marks(Pause, self.pause),
            host_restarts=marks(HostRestart, self.restart),
            provider_retries=marks(ProviderRetry, self.retry),
            failures=marks(Failure, self.failure, category="ReviewBudgetExhausted"),
            profile_seconds=dict.fromkeys(("Fast", "Normal", "Extensive", "Researcher"), WORK_SECONDS),
        )


LEGS = st.builds(
    Leg,
    st.sampled_from((15.0, 40.0, 110.0, 300.0)),
    st.sampled_from((0.0, 20.0, 170.0, 200.0, 5000.0)),
    st.sampled_from(("nothing", "answer", "resume", "cancel")),
    st.sampled_from(("resume", "watch")),
)
STORIES = st.builds(
    Story,
    question=st.none() | PLACES,
    pause=st.none() | PLACES,
    restart=st.none() | PLACES,
    retry=st.none() | PLACES,
    failure=st.none() | PLACES,
    legs=st.lists(LEGS, max_size=4).map(tuple),
    ending=st.sampled_from(("itself", "itself", "user", "somebody", "budget")),
)


@attrs.define
class World:
    """The command against a sandbox of its own, and somebody who uses the same account from elsewhere."""

    specstep: Specstep
    sandbox: Sandbox
    clock: ManualClock
    #: What was said last on stderr.
    said: str = ""

    @property
    def generation(self) -> Any:
        (generation,) = self.sandbox.state.generations.values()
        return generation

    def run(self, *arguments: object) -> None:
        self.said = self.specstep(*arguments, "--wait-paused", "1s").err

    def pass_time(self, seconds: float) -> None:
        self.generation.advance(self.clock.advance(seconds))

    def do(self, deed: str) -> None:
        """Somebody else acts, of whom the run's record knows nothing."""
        if not self.sandbox.state.generations:
            return
        with SpecStep(store=RunStore.in_memory()) as elsewhere:
            generation_id = self.generation.id
            try:
                if deed == "answer":
                    elsewhere.answer_questions(generation_id, ProposedDefaults())
                elif deed == "resume":
                    elsewhere.resume_generation(generation_id)
                elif deed == "cancel":
                    elsewhere.cancel_generation(generation_id)
            except errors.Conflict:
                pass

    def show(self) -> dict[str, Any]:
        return self.specstep("show", "tea", "--json").document

    def report(self, *flags: str) -> tuple[str, dict[str, Any]]:
        """The page and the receipt."""
        document = self.specstep("report", "tea", "--force", "--json", *flags).document
        return Path(document["report"]).read_text(encoding="utf-8"), json.loads(
            Path(document["receipt"]).read_text(encoding="utf-8")
        )


@contextmanager
def world(story: Story, specstep: Specstep, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    clock = ManualClock()
    with monkeypatch.context() as patch, Sandbox(options=story.options(), clock=clock) as sandbox:
        # Not by its port, which the next one may have again.
        patch.setenv("SPECSTEP_STATE", tempfile.mkdtemp(dir=folder))
        point_to(sandbox, patch)
        yield World(specstep, sandbox, clock)


def tell(there: World, story: Story) -> None:
    """Have the story happen, and check after each process that all tell the same."""
    limit = ["--max-cost", "0.4"] if story.ending == "budget" else []
    common = ("-y", "--on-question", "detach", *limit, "--output", "out.zip", "--force")
    verb: tuple[str, ...] = ("run", "A shop for tea.", "--run-id", "tea", "--profile", "Fast")
    for leg in story.legs or (Leg(1.0),):
        if leg.verb == "watch" and there.sandbox.state.generations:
            there.run("watch", "tea", "--timeout", leg.watched)
        else:
            there.run(*verb, *common, "--timeout", leg.watched)
        if there.sandbox.state.generations:
            agree(there, "--offline")
            there.pass_time(leg.away)
            there.do(leg.deed)
        verb = ("resume", "tea")
    if story.ending in ("user", "somebody"):
        there.run(*verb, *common, "--timeout", 60)
        if story.ending == "user" and there.sandbox.state.generations:
            there.specstep("cancel", "tea", "--yes")
        elif there.sandbox.state.generations:
            there.pass_time(70.0)
            there.do("cancel")
    for _ in range(4):
        there.do("resume")
        there.run("resume", "tea", "-y", "--on-question", "defaults")
        if there.sandbox.state.generations and is_terminal(there.generation.state):
            break


def agree(there: World, *flags: str) -> None:
    """The record, the list, the report and the receipt tell one state, one time and one cost, and sums add up."""
    told = there.show()
    page, receipt = there.report(*flags)
    shown = there.show()
    (row,) = there.specstep("runs", "--json").document["runs"]
    if "--offline" in flags:
        assert shown == told
    assert row["status"] == shown["status"]
    assert row["duration"] == shown["duration"] == receipt["duration"]
    assert row["generation_state"] == shown["generation_state"] == receipt["state"]
    assert row["cost_usd"] == shown["cost_usd"]
    assert receipt["cost"]["total_usd"] == pytest.approx(shown["cost_usd"])
    took = shown["duration"]
    parts = [took[name] for name in ("working_seconds", "waiting_seconds", "unwatched_seconds")]
    assert min(parts) >= 0.0
    assert sum(parts) == pytest.approx(took["seconds"])
    check_page(page, Duration(took["seconds"], took["waiting_seconds"], took["unwatched_seconds"]), shown["cost_usd"])
    assert words_of(took) in there.specstep("show", "tea").out


def words_of(took: dict[str, float]) -> str:
    return Duration(took["seconds"], took["waiting_seconds"], took["unwatched_seconds"]).words


def check_page(page: str, took: Duration, cost_usd: float) -> None:
    """The table's rows add up to its total, which is what the record has."""
    table = page[page.index('class="course"') : page.index("</table>", page.index('class="course"'))]
    body, _, foot = table.partition("<tfoot>")
    rows = [re.findall(r'<td class="number">(.*?)</td>', row) for row in body.split("<tr")[2:]]
    (seconds, usd) = re.findall(r'<td class="number">(.*?)</td>', foot)
    assert seconds.replace("\u00a0", " ") == duration(took.seconds)
    assert usd == money(cost_usd)
    costs = [float(row[1].lstrip("$")) for row in rows if len(row) == 2 and row[1]]
    assert sum(costs) == pytest.approx(float(usd.lstrip("$")), abs=1e-6)
    times = [row[0].replace("\u00a0", " ") for row in rows if len(row) == 2 and row[0]]
    if not any("h" in time or "d" in time for time in (*times, duration(took.seconds))):
        assert sum(map(seconds_in, times)) == round(took.seconds)
    if took.parts:
        assert took.parts in page.replace("\u00a0", " ")


def seconds_in(words: str) -> int:
    found = {unit: int(number) for number, unit in re.findall(r"(\d+)([ms])", words)}
    return 60 * found.get("m", 0) + found.get("s", 0)


def check_truth(there: World) -> None:
    """What the record has is what truly happened."""
    generation, shown = there.generation, there.show()
    stays = [(event.at, event.to_state) for event in generation.events]
    pauses = [(began, ended) for (began, state), (ended, _) in itertools.pairwise(stays) if state.startswith("Paused")]
    waited = sum(ended - began for began, ended in pauses)
    assert shown["generation_state"] == generation.state
    assert shown["duration"]["seconds"] == pytest.approx(generation.ended_at - generation.created_at, abs=0.01)
    assert shown["duration"]["waiting_seconds"] == pytest.approx(waited, abs=0.01)
    assert shown["duration"]["unwatched_seconds"] == 0.0
    assert shown["cost_usd"] == pytest.approx(generation.running_cost(there.clock.now()), abs=1e-4)


def hold(story: Story, specstep: Specstep, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with world(story, specstep, folder, monkeypatch) as there:
        tell(there, story)
        ending = there.said
        took = there.show()["duration"]
        check_truth(there)
        agree(there)
        agree(there, "--offline")
        if there.generation.state == "Complete":
            whole = Duration(took["seconds"], took["waiting_seconds"])
            assert f"Time: {whole.parts or duration(whole.seconds)}\n" in ending
            assert f"Cost: {money(there.show()['cost_usd'])}\n" in ending
        # What was told at the end is what the report, which asks the service once more, tells later.
        assert there.show()["duration"] == took


def test_one_history_with_everything_in_it(specstep: Specstep, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A question that is answered from elsewhere while nobody watches, a restart, a retry, and the package at last."""
    story = Story(
        question=("Drafting", 0.5),
        restart=("Reviewing", 0.5),
        retry=("SpecialistReview", 0.37),
        legs=(Leg(110.0, 5000.0, "answer"), Leg(40.0, 200.0)),
    )
    hold(story, specstep, home, monkeypatch)


def work_told(said: str) -> list[int]:
    """The work of each line of a log about a generation, in seconds."""
    found = re.findall(r"  ((?:\d+h ?)?(?:\d+m ?)?(?:\d+s)?)(?: \+ [\dhms ]+ waiting)?(?:,.*)?$", said, re.MULTILINE)
    return [seconds_in(words) for words in found if words]


def test_the_work_that_a_log_tells_never_goes_back(
    specstep: Specstep, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A question comes between two looks: what passed until the second one was not all work."""
    with world(Story(question=("Drafting", 0.9)), specstep, home, monkeypatch) as there:
        there.run("run", "A shop for tea.", "--run-id", "tea", "--profile", "Fast", "-y", "--on-question", "defaults")
        told, took = work_told(there.said), there.show()["duration"]

    assert len(told) > 5
    assert told == sorted(told)
    assert told[-1] == round(took["working_seconds"])


def test_a_run_that_was_retried_has_one_cost(specstep: Specstep, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The attempt that failed was paid for, too: the ending says what the list, the record and the report say."""
    options = SandboxOptions(clarifications=(), failures=(Failure(on=(1,)),))
    with Sandbox(options=options, clock=ManualClock()) as sandbox:
        point_to(sandbox, monkeypatch)
        specstep("run", "A shop for tea.", "--run-id", "tea", "--profile", "Fast", "-y")
        failed = specstep("show", "tea").out
        ending = specstep("resume", "tea", "--retry-failed", "1", "--json")
        shown, listed = specstep("show", "tea"), specstep("runs")
        receipt = json.loads(Path(specstep("report", "tea", "--json").document["receipt"]).read_text(encoding="utf-8"))
        told = specstep("show", "tea", "--json").document
    whole = ending.document["cost_usd"]

    assert "to continue:  specstep resume tea --retry-failed 1\n" in failed
    assert whole == pytest.approx(told["spent_before_usd"] + told["cost_usd"])
    assert told["total_cost_usd"] == receipt["cost"]["total_usd"] == whole
    assert f"Cost: {money(whole)}\n" in ending.err
    assert f"{money(whole)} ({money(told['spent_before_usd'])} of it for earlier attempts)" in shown.out
    assert money(whole) in listed.out


def test_the_command_for_another_retry_is_one_that_retries(
    specstep: Specstep, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--retry-failed counts from the run's beginning: what is said after a second failure starts a third attempt."""
    options = SandboxOptions(clarifications=(), failures=(Failure(),))
    with Sandbox(options=options, clock=ManualClock()) as sandbox:
        point_to(sandbox, monkeypatch)
        told = specstep("run", "A shop for tea.", "--run-id", "tea", "--profile", "Fast", "-y", "--json").document
        for number in (1, 2):
            assert told["resume_command"] == f"specstep resume tea --retry-failed {number}"
            assert f" {told['resume_command']}\n" in specstep("show", "tea").out
            page = Path(specstep("report", "tea", "--force", "--json").document["report"]).read_text(encoding="utf-8")
            assert told["resume_command"] in page
            told = specstep(*told["resume_command"].split()[1:], "-y", "--json").document

        assert len(sandbox.state.generations) == 3


@pytest.mark.slow
@settings(
    max_examples=25,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=STORIES)
@example(story=Story(ending="budget"))
@example(story=Story(question=("Drafting", 0.5), ending="somebody"))
@example(story=Story(pause=("Reviewing", 0.1), legs=(Leg(300.0, 5000.0, "resume"),), ending="user"))
def test_every_history_is_told_alike_everywhere(
    story: Story, specstep: Specstep, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One state, one duration, one cost, and sums that add up, whatever happened and whoever watched."""
    hold(story, specstep, home, monkeypatch)
