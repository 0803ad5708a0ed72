"""Options of single calls: time limits, headers and raw responses, for steps, runs and `call`, in both clients."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from specstep_flows import AsyncSpecStep, RunStore, SpecStep, errors
from specstep_flows.answers import ProposedDefaults
from specstep_flows.models import RawResponse
from specstep_flows.sandbox import Fault
from tests.kit.api import op


class Optioned:
    """Calls a client's methods through a view with options."""

    def __init__(self, client: Any, **options: Any) -> None:
        self.client, self.options = client, options

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            if self.client.kind == "sync":
                with SpecStep(self.client.key, **self.client.options) as opened:
                    return getattr(opened.with_options(**self.options), name)(*args, **kwargs)

            async def go() -> Any:
                async with AsyncSpecStep(self.client.key, **self.client.options) as opened:
                    return await getattr(opened.with_options(**self.options), name)(*args, **kwargs)

            return asyncio.run(go())

        return call


@pytest.mark.slow
def test_headers_go_with_every_request_of_a_step_a_call_and_a_run(client: Any, sandbox: Any, tmp_path: Path) -> None:
    """To the service, and never to the storage host."""
    options = {"headers": {"X-Request-Id": "7", "traceparent": "00-1-2-01"}}
    Optioned(client, **options).get_account()
    client.call("get_usage", headers={"X-Request-Id": "7", "traceparent": "x"})
    Optioned(client, **options).run("A shop.", output=tmp_path, on_question=ProposedDefaults())

    api = [request for request in sandbox.requests if request.server == "api"]
    assert len(api) > 10
    assert all({"x-request-id", "traceparent", "authorization"} <= set(request.header_names) for request in api)
    blobs = [request for request in sandbox.requests if request.server == "blob"]
    assert blobs
    assert not any("x-request-id" in request.header_names for request in blobs)


@pytest.mark.parametrize(
    "name",
    [
        *("Authorization", "authorization", "Proxy-Authorization", "X-Api-Key", "Api_Key", "Cookie", "Host"),
        *("X-Auth-Token", "Idempotency-Key", "idempotency_key", "X-HTTP-Method-Override", "X-Forwarded-Host", "Accept"),
        *("Content-Length", "Transfer-Encoding", "Ocp-Apim-Subscription-Key", "", "X Y", "X:Y", "X\nY", 7),
    ],
)
def test_headers_that_are_the_clients_own_are_refused(name: Any) -> None:
    """Before anything is sent, whatever the spelling."""
    with _nowhere() as client, pytest.raises(errors.UsageError, match="Nothing was sent"):
        client.with_options(headers={name: "1"})


@pytest.mark.parametrize("headers", [[("X-Note", "1")], "X-Note: 1", 7])
def test_headers_that_are_no_mapping_are_refused(headers: Any) -> None:
    """In a sentence, as all else."""
    with _nowhere() as client, pytest.raises(errors.UsageError, match="mapping of names to values"):
        client.with_options(headers=headers)


def _nowhere() -> SpecStep:
    return SpecStep("sf_a1b2c3d4e5f6g7h8", api_url="http://127.0.0.1:9", store=RunStore.in_memory())


@pytest.mark.parametrize("value", ["Bearer sf_a1b2c3d4e5f6g7h8", "oat_aaaaaaaaaaaaaaa1", "a\r\nHost: b", " a", "ä", 7])
def test_values_that_hold_a_key_or_another_header_are_refused(value: Any) -> None:
    """And the sentence does not repeat them."""
    with _nowhere() as client, pytest.raises(errors.UsageError, match="X-Note") as raised:
        client.with_options(headers={"X-Author": "ada", "X-Note": value})
    assert "a1b2c3" not in str(raised.value)


def test_a_timeout_ends_the_whole_call_with_its_attempts(client: Any, sandbox: Any) -> None:
    """However long it would have been tried again; by default it would have been minutes."""
    sandbox.faults.add(Fault(op("get_usage"), "status", status=503, times=None))
    before = sandbox.clock.now()

    with pytest.raises(errors.WaitTimeout):
        Optioned(client, timeout=10).get_usage()
    with pytest.raises(errors.WaitTimeout):
        client.call("get_usage", timeout="10s")

    assert 20 <= sandbox.clock.now() - before < 25


def test_a_timeout_while_a_kickoff_is_looked_for_leaves_no_guess(client: Any, sandbox: Any) -> None:
    """Nothing records a single step, so its caller is told that it may have been paid for."""
    interview = client.start_interview()
    client.say(interview.id, "A shop.")
    done = client.complete_interview(interview.id)
    sandbox.options.visible_after_seconds = 1000
    sandbox.faults.add(Fault(op("start_generation"), "reset", commit=True))

    with pytest.raises(errors.OutcomeUnknown, match="may have been paid for"):
        Optioned(client, timeout=10).start_generation(done)

    assert sandbox.requests.count(op("start_generation")) == 1


@pytest.mark.slow
def test_a_timeout_after_a_refused_kickoff_is_no_more_than_that(client: Any, sandbox: Any) -> None:
    """The limit of generations at a time says that nothing was started."""
    interview = client.start_interview()
    client.say(interview.id, "A shop.")
    done = client.complete_interview(interview.id)
    sandbox.faults.add(Fault(op("start_generation"), "status", status=429, retry_after=60, times=None))

    with pytest.raises(errors.WaitTimeout):
        Optioned(client, timeout=10).start_generation(done)


def test_a_timeout_before_a_kickoff_is_sent_is_no_more_than_that(client: Any, sandbox: Any) -> None:
    """What was refused was not paid for, and what is read costs nothing."""
    interview = client.start_interview()
    client.say(interview.id, "A shop.")
    done = client.complete_interview(interview.id)
    sandbox.faults.add(Fault(op("list_generations"), "status", status=503, times=None))

    with pytest.raises(errors.WaitTimeout):
        Optioned(client, timeout=10).start_generation(done)

    assert sandbox.requests.count(op("start_generation")) == 0


def test_a_request_timeout_is_of_one_attempt(client: Any, sandbox: Any) -> None:
    """It is real time; a call that is given up so is tried again as ever."""
    sandbox.faults.add(Fault(op("get_usage"), "stall"))

    assert Optioned(client, request_timeout=0.2).get_usage().limit == 500

    assert sandbox.requests.count(op("get_usage")) == 2


@pytest.mark.parametrize("wrong", [{"timeout": 0}, {"timeout": "soon"}, {"request_timeout": -1}, {"on_response": 7}])
def test_options_that_cannot_be_meant(wrong: Any) -> None:
    """Refused before anything is sent."""
    with _nowhere() as client, pytest.raises(errors.UsageError, match="Nothing was sent"):
        client.with_options(**wrong)


def test_each_response_is_handed_out_with_its_attempt(client: Any, sandbox: Any) -> None:
    """Refusals and those that are tried again, too; status, headers and the bytes as they came."""
    sandbox.faults.add(Fault(op("get_usage"), "status", status=503, problem_type="DOWN"))
    found: list[RawResponse] = []

    usage = Optioned(client, on_response=found.append).get_usage()

    assert [(one.operation, one.method, one.status, one.attempt) for one in found] == [
        ("get_usage", "GET", 503, 1),
        ("get_usage", "GET", 200, 2),
    ]
    assert found[0].json()["type"] == "DOWN"
    assert found[1].json() == usage.raw
    assert str(found[1].header("Content-Type")).startswith("application/json")


def test_what_is_secret_is_taken_out(client: Any, sandbox: Any) -> None:
    """New keys, signing secrets, signed addresses in headers and bodies; nothing else is touched."""
    found: list[RawResponse] = []
    watched = Optioned(client, on_response=found.append)
    key = sandbox.state.keys[next(iter(sandbox.state.keys))].id
    hook = {"url": "https://example.com/hook?tenant=7", "events": ["generation.completed"]}
    from specstep_client.models.create_webhook_request import CreateWebhookRequest

    made = watched.call("create_webhook", key, body=CreateWebhookRequest.from_dict(hook))

    text = found[-1].content.decode()
    assert made.signing_secret not in text
    assert '"signing_secret":"REDACTED"' in text
    assert found[-1].json()["events"] == ["generation.completed"]


@pytest.mark.slow
def test_a_callback_that_fails_pays_for_nothing_twice(client: Any, sandbox: Any, tmp_path: Path) -> None:
    """What it raises comes out of the call once the kickoff is recorded, and the run continues with its generation."""
    sandbox.options.clarifications = ()

    def fail(response: RawResponse) -> None:
        if response.operation == "start_generation":
            # What a sync client raises itself where it is given a coroutine.
            raise errors.UsageError("A callback returned a coroutine.")

    with pytest.raises(errors.UsageError, match="coroutine"):
        Optioned(client, on_response=fail).run("A shop.", run_id="r", output=tmp_path)
    record = client.store.get("r")
    assert record.generation_id is not None
    assert record.intent is None

    assert client.resume("r").path.exists()
    assert sandbox.requests.count(op("start_generation")) == 1


@pytest.mark.slow
def test_a_callback_that_fails_at_a_refused_kickoff_leaves_the_question_open(
    client: Any, sandbox: Any, tmp_path: Path
) -> None:
    """A 504 may have been carried out: whoever resumes looks for it first."""
    sandbox.options.clarifications = ()
    sandbox.faults.add(Fault(op("start_generation"), "status", status=504, commit=True))

    def fail(response: RawResponse) -> None:
        if response.status == 504:
            raise RuntimeError("not now")

    with pytest.raises(RuntimeError, match="not now"):
        Optioned(client, on_response=fail).run("A shop.", run_id="r", output=tmp_path)

    assert client.resume("r").path.exists()
    assert sandbox.requests.count(op("start_generation")) == 1


def test_a_coroutine_function_is_called_on_the_event_loop(sandbox: Any) -> None:
    """With ``AsyncSpecStep``; the sync client refuses it when it is given."""
    found: list[int] = []

    async def note(response: RawResponse) -> None:
        await asyncio.sleep(0)
        found.append(response.status)

    async def go() -> None:
        async with AsyncSpecStep(sandbox.api_key, api_url=sandbox.url, store=RunStore.in_memory()) as client:
            await client.with_options(on_response=note).get_account()

    asyncio.run(go())
    assert found == [200]
    with _nowhere() as client, pytest.raises(errors.UsageError, match="AsyncSpecStep"):
        client.with_options(on_response=note)


def test_options_add_up_and_the_client_stays_as_it_was(sandbox: Any) -> None:
    """A view of a view has both; closing one closes the client."""
    with SpecStep(sandbox.api_key, api_url=sandbox.url, store=RunStore.in_memory()) as client:
        client.with_options(headers={"X-One": "1"}).with_options(headers={"X-Two": "2"}).get_account()
        client.get_account()
        assert [{"x-one", "x-two"} <= set(request.header_names) for request in sandbox.requests] == [True, False]
        client.with_options(timeout=5).close()
        with pytest.raises(errors.UsageError, match="closed"):
            client.get_account()


def test_a_view_has_the_clients_store_and_closes_it(sandbox: Any, tmp_path: Path) -> None:
    """Whichever of them is used first."""
    with SpecStep(sandbox.api_key, api_url=sandbox.url, store=tmp_path) as client:
        view = client.with_options(timeout=60).with_options(headers={"X-A": "1"})
        assert view.get_account().plan == "Pro"
        assert view.store is client.store
        view.close()
        with pytest.raises(errors.StoreError):
            client.store.all()
