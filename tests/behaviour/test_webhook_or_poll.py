"""A run beside a receiver on its store: woken by deliveries, it asks seldom; without them it loses nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import httpx
import pytest

from specstep_flows.webhooks import Receiver, WebhookDelivery, sign_webhook
from specstep_flows.webhooks.listener import ListeningServer
from tests.kit.api import op
from tests.kit.bench import Bench

#: A Normal generation by the pages.
SECONDS = {"Fast": 720.0, "Normal": 720.0, "Extensive": 720.0, "Researcher": 720.0}
LOOK = op("get_generation")


@attrs.define
class Received:
    """What a receiver got, and what its callback does."""

    deliveries: list[WebhookDelivery] = attrs.field(factory=list)
    then: Callable[[WebhookDelivery], None] = lambda _: None

    def take(self, delivery: WebhookDelivery) -> None:
        self.deliveries.append(delivery)
        self.then(delivery)


@contextlib.contextmanager
def receiving(bench: Bench, received: Received) -> Iterator[tuple[Receiver, ListeningServer, str]]:
    """A receiver on the bench's store, which the service delivers to."""
    secrets: list[str] = []
    now = bench.sandbox.clock.now
    with (
        Receiver(received.take, lambda: secrets, store=bench.state, now=now) as receiver,
        ListeningServer(receiver) as server,
        httpx.Client(base_url=bench.sandbox.url, headers={"Authorization": f"Bearer {bench.key}"}) as http,
    ):

        def call(operation: str, **more: Any) -> Any:
            return http.request(*operation.split(), **more).json()

        (key,) = call(op("list_api_keys"))["keys"]
        body = {"url": f"http://127.0.0.1:{server.port}/hook", "events": ["generation.state_changed"]}
        secrets.append(call(op("create_webhook", key["id"]), json=body)["signing_secret"])
        bench.sandbox.requests.clear()
        yield receiver, server, secrets[0]


def noticed_after(bench: Bench) -> float:
    """How long after its end the generation was seen to have ended."""
    (run,) = bench.generations
    late: float = bench.record().history[-1]["at"] - run.events[-1].at
    return late


@pytest.mark.parametrize("is_async", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["sync", "async"])
def test_an_end_is_noticed_at_once_with_a_third_of_the_requests(new_bench: Any, is_async: bool) -> None:
    """In a whole run, the interview and the download included; every change of state is in the record."""
    alone = new_bench(is_async=is_async, clarifications=(), profile_seconds=SECONDS)
    alone.judge(alone.attempt(), questions=())

    woken, received = new_bench(is_async=is_async, clarifications=(), profile_seconds=SECONDS), Received()
    with receiving(woken, received):
        woken.judge(woken.attempt(), questions=())

    assert 3 * len(woken.sandbox.requests) <= len(alone.sandbox.requests)
    assert 8 * woken.sandbox.requests.count(LOOK) <= alone.sandbox.requests.count(LOOK)
    assert noticed_after(woken) <= 1.0
    (run,) = woken.generations
    seen = {look["state"] for look in woken.record().history}
    assert {event.to_state for event in run.events} <= seen
    assert len(received.deliveries) == len(run.events)


#: What a run of two messages asks for whoever reports its generation: nothing in it waits for the generation. Of a
#: turn's job no event tells (walkthrough, step 7.5).
REST_OF_A_RUN = (
    ("get_me", "get_capabilities", "start_interview"),
    ("submit_turn", "get_turn_job", "submit_turn", "get_turn_job", "complete_interview"),
    ("list_generations", "start_generation"),
    ("get_package_zip",),
)
#: And what a wait of which everything is told asks for: a look when it begins, what has to be acted on, and the end.
WAITS = {
    "plain": ("get_generation", "get_generation", "get_generation_events"),
    "question": (
        *("get_generation", "get_generation", "get_clarifications", "answer_clarifications"),
        *("get_generation", "get_generation", "get_generation_events"),
    ),
    # Where there is a limit, a delivery that names no cost yet is looked up, and the safety net's look is not put off.
    "limit": (*["get_generation"] * 4, "get_generation_events"),
}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAITS)
def test_the_wait_of_four_minutes_is_a_third_and_the_rest_is_what_every_run_asks_for(new_bench: Any, way: str) -> None:
    """A run of 4 minutes has 12 requests that no delivery can spare, more than a third of the 29 without a receiver.

    So the bound is that of the requests that wait for the generation, and the others are these. (Runs of 12 and 32
    minutes: ``test_watch.py``.)
    """
    seconds = dict.fromkeys(SECONDS, 240.0)
    chosen = {"profile_seconds": seconds} | ({} if way == "question" else {"clarifications": ()})
    questions = {} if way == "question" else {"questions": ()}
    limit = {"max_cost_usd": 50.0} if way == "limit" else {}
    alone, woken = new_bench(**chosen), new_bench(**chosen)
    alone.judge(alone.attempt(**limit), **questions)
    with receiving(woken, Received()):
        woken.judge(woken.attempt(**limit), **questions)

    rest = [op(name) for part in REST_OF_A_RUN for name in part]
    waits = []
    for bench in (alone, woken):
        sent = [request.operation for request in bench.sandbox.requests if request.server == "api"]
        assert [*sent[:10], sent[-1]] == rest
        waits.append(sent[10:-1])
    assert waits[1] == [op(name) for name in WAITS[way]]
    assert 3 * len(waits[1]) <= len(waits[0])


@pytest.mark.slow
def test_a_question_is_answered_as_soon_as_it_is_asked(new_bench: Any) -> None:
    """And what follows is noticed by its delivery as well."""
    bench, received = new_bench(profile_seconds=SECONDS), Received()
    with receiving(bench, received):
        bench.judge(bench.attempt())

    (run,) = bench.generations
    asked = next(event.at for event in run.events if event.to_state == "PausedAwaitingClarification")
    seen = next(look["at"] for look in bench.record().history if look["state"] == "PausedAwaitingClarification")
    assert seen - asked <= 1.0
    assert noticed_after(bench) <= 1.0
    assert bench.sandbox.requests.count(LOOK) <= 12


@pytest.mark.slow
@pytest.mark.parametrize("trouble", ["dead", "raises", "gone", "forged"])
def test_without_deliveries_nothing_is_lost(new_bench: Any, trouble: str) -> None:
    """Its receiver died without a word, its callback fails, it was closed, or only strangers write to it."""
    bench, received = new_bench(clarifications=(), profile_seconds=SECONDS), Received()
    statuses: list[int] = []
    with receiving(bench, received) as (receiver, server, _):
        if trouble == "dead":
            server.__exit__(None, None, None)
            receiver._deliveries.serve("dead", 3600.0)
        elif trouble == "gone":
            receiver.close()
            server.__exit__(None, None, None)
        elif trouble == "raises":
            received.then = lambda _: 1 / 0  # type: ignore[assignment]
        else:
            bench.sandbox.state.subscriptions.clear()
            send = bench.clock.sleep

            def sleep(seconds: float) -> None:
                send(seconds)
                if len(statuses) < 20:
                    (run,) = bench.generations or (None,)
                    about = {"event": "generation.failed", "generation": {"id": run and run.id, "state": "Failed"}}
                    forged = sign_webhook(about, "whsec_guessed", now=bench.clock.now())
                    statuses.append(receiver.receive(forged.body, forged.headers).status)

            bench.clock.sleep = sleep
        bench.judge(bench.attempt(), questions=())

    assert noticed_after(bench) <= (120.0 if trouble in ("dead", "forged") else 31.0)
    assert set(statuses) <= {400}
    assert bool(received.deliveries) == (trouble == "raises")
    if trouble == "raises":
        # The run is woken by what arrives, whatever the application makes of it.
        assert noticed_after(bench) <= 1.0
