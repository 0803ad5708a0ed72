"""Accounts with much in them, with nothing, and with other credentials: what is asked stays within its bounds."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from specstep_flows import RunStore, Settings, SpecStep, errors
from specstep_flows.contact.asking import MOST_REQUESTS, Contact, ask
from specstep_flows.contact.compare import compare
from specstep_flows.contact.contract import contract
from specstep_flows.sandbox import Sandbox, SandboxOptions
from tests.contact.conftest import SPEED
from tests.kit.api import path_of
from tests.kit.front import Change, Front, Seen

PERSON = "oat_person"


def meet(sandbox: Sandbox, key: str, *changes: Change) -> tuple[Contact, Front]:
    with (
        Front(sandbox.url, *changes) as front,
        SpecStep(
            settings=Settings(api_key=key, api_url=front.url, clock_speed=SPEED), store=RunStore.in_memory()
        ) as specstep,
    ):
        return specstep._drive(ask(contract())), front


def test_an_empty_account() -> None:
    """Nothing is listed: what is in a list is not asked for, and nothing differs."""
    with Sandbox(speed=SPEED) as sandbox:
        contact, front = meet(sandbox, sandbox.api_key)

    assert "nothing is listed" in contact.skipped["get_generation"]
    found = compare(contact, contract())
    assert not [one for one in found.differences if one.kind != "new"]
    assert {method for method, _ in front.requests} == {"GET"}


@pytest.mark.slow
def test_a_person_with_much_in_the_account() -> None:
    """Webhooks, feedback, bug reports: within the bound, what flows use first, each once, and nothing differs."""
    with Sandbox(speed=SPEED, options=SandboxOptions(keys={PERSON: "ada"})) as sandbox:
        with httpx.Client(base_url=sandbox.url, headers={"Authorization": f"Bearer {PERSON}"}) as person:
            key = person.post(path_of("create_api_key"), json={"name": "CI"}).json()["id"]
            hook = {"url": "http://127.0.0.1:9/", "events": ["generation.completed"]}
            report = {"title": "A bug", "description": "It hangs."}
            for path, body in ((path_of("create_webhook", key), hook), (path_of("create_bug_report"), report)):
                answer = person.post(path, json=body)
                assert answer.is_success, answer.text
        contact, front = meet(sandbox, PERSON)

    assert len(front.requests) == contact.requests <= MOST_REQUESTS - 1
    assert {"list_webhooks", "get_bug_report"} <= contact.answers.keys()
    found = compare(contact, contract())
    assert not [one for one in found.differences if one.kind != "new"]


@pytest.mark.slow
def test_a_key_that_may_little(replay: Callable[..., Contact]) -> None:
    """A 403 says nothing of what is assumed, and nothing else is left out for it."""

    def closed(seen: Seen) -> None:
        if seen.path != path_of("get_me"):
            seen.status, seen.document = 403, {"type": "FORBIDDEN"}

    found = compare(replay(closed), contract())

    assert not found.refuted
    assert {one.kind for one in found.differences} == {"refused"}


def test_a_package_whose_list_is_missing(replay: Callable[..., Contact]) -> None:
    """It is found by the generation that names it."""

    def gone(seen: Seen) -> None:
        if seen.path == path_of("list_packages"):
            seen.status, seen.document = 404, None

    assert replay(gone).answers["get_package"].status == 200


@pytest.mark.parametrize("status", [401, 429])
def test_a_key_that_is_refused_at_once(replay: Callable[..., Contact], status: int) -> None:
    """Nothing was seen: that is an error, and its text has nothing that the service says."""

    def refuse(seen: Seen) -> None:
        seen.status, seen.document = status, {"detail": "Zqx", "type": "Zqx"}

    with pytest.raises(errors.APIError) as refused:
        replay(refuse)
    assert "Zqx" not in str(refused.value)
