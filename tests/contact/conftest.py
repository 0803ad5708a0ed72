"""An account with something in it, and a contact with whatever stands before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from specstep_flows import ProposedDefaults, RunStore, Settings, SpecStep
from specstep_flows.contact.asking import Contact, ask
from specstep_flows.contact.contract import contract
from specstep_flows.sandbox import Sandbox, SandboxOptions
from tests.kit.front import Change, Front


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox in which a run was carried out."""
    with Sandbox(options=SandboxOptions(), speed=100_000) as sandbox:
        settings = Settings(api_key=sandbox.api_key, api_url=sandbox.url, clock_speed=100_000)
        with SpecStep(settings=settings, store=RunStore.in_memory()) as specstep:
            specstep.run(
                "A shop.",
                profile="Fast",
                on_question=ProposedDefaults(),
                output=tmp_path_factory.mktemp("contact") / "a.zip",
            )
        yield sandbox


Meet = Callable[..., tuple[Contact, Front]]


@pytest.fixture
def meet(account: Sandbox) -> Meet:
    """A contact with the account, through changes of its answers."""

    def contact(*changes: Change) -> tuple[Contact, Front]:
        with Front(account.url, *changes) as front:
            settings = Settings(api_key=account.api_key, api_url=front.url, clock_speed=100_000)
            with SpecStep(settings=settings, store=RunStore.in_memory()) as specstep:
                return specstep._drive(ask(contract())), front

    return contact
