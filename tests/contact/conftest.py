"""An account with something in it, and contacts with it: over HTTP, or with what it answered there, changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import httpx
import pytest

from specstep_flows import ProposedDefaults, RunStore, Settings, SpecStep
from specstep_flows.contact.asking import Contact, ask
from specstep_flows.contact.contract import contract
from specstep_flows.engine.effects import Reply, Send
from specstep_flows.engine.refusals import refusal
from specstep_flows.sandbox import Sandbox, SandboxOptions
from tests.kit.front import Change, Front, Seen

SPEED = 100_000.0
Meet = Callable[..., tuple[Contact, Front]]


def settings_for(sandbox: Sandbox, url: str) -> Settings:
    return Settings(api_key=sandbox.api_key, api_url=url, clock_speed=SPEED)


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox in which a run was carried out."""
    package = tmp_path_factory.mktemp("contact") / "package.zip"
    # At this speed, the package's address would be good for a few milliseconds.
    with Sandbox(speed=SPEED, options=SandboxOptions(url_seconds=1e9)) as sandbox:
        with SpecStep(settings=settings_for(sandbox, sandbox.url), store=RunStore.in_memory()) as specstep:
            specstep.run("A shop.", profile="Fast", on_question=ProposedDefaults(), output=package)
        yield sandbox


@pytest.fixture
def meet(account: Sandbox) -> Meet:
    """A contact over HTTP, through changes of the answers."""

    def contact(*changes: Change) -> tuple[Contact, Front]:
        with (
            Front(account.url, *changes) as front,
            SpecStep(settings=settings_for(account, front.url), store=RunStore.in_memory()) as specstep,
        ):
            return specstep._drive(ask(contract())), front

    return contact


@pytest.fixture(scope="session")
def recorded(account: Sandbox) -> dict[str, Seen]:
    """Every answer of such a contact, by its path."""
    seen: dict[str, Seen] = {}
    with (
        Front(account.url, lambda one: seen.update({one.path: deepcopy(one)})) as front,
        SpecStep(settings=settings_for(account, front.url), store=RunStore.in_memory()) as specstep,
    ):
        specstep._drive(ask(contract()))
    return seen


@pytest.fixture
def replay(recorded: dict[str, Seen]) -> Callable[..., Contact]:
    """The same contact without a service, with its answers changed."""

    def contact(*changes: Change) -> Contact:
        flow, value, failure = ask(contract()), None, None
        while True:
            try:
                effect = flow.send(value) if failure is None else flow.throw(failure)
            except StopIteration as done:
                found: Contact = done.value
                return found
            answer = _answered(effect, recorded, changes)
            value, failure = (None, answer) if isinstance(answer, Exception) else (answer, None)

    return contact


def _answered(effect: Any, recorded: dict[str, Seen], changes: tuple[Change, ...]) -> Any:
    if not isinstance(effect, Send):
        return None
    # One that fails makes room for others, which were not asked when this was recorded.
    unknown = Seen(effect.request.path, 500, {}, {"type": "NOT_RECORDED"})
    seen = deepcopy(recorded.get(effect.request.path, unknown))
    for change in changes:
        change(seen)
    body = b"" if seen.document is None else json.dumps(seen.document).encode()
    reply = Reply(seen.status, httpx.Headers(seen.headers), body)
    return refusal(effect.request, reply, 0.0) if seen.status >= 400 else effect.parse(reply)
