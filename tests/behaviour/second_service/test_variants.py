"""Whatever another server decides where the pages are silent: a run ends well, and is paid for once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from specstep_flows import SpecStep
from specstep_flows.runs.store import RunStore
from specstep_flows.settings import Settings
from tests.behaviour.second_service.bench import Terminal, TurnedClock, real_clock, run_library
from tests.behaviour.second_service.server import KEY, SecondService
from tests.behaviour.second_service.trouble import Trouble
from tests.behaviour.second_service.variants import VARIANTS
from tests.kit.api import op
from tests.kit.tiers import one_in

#: Those that a process is started for: together they have every answer that the others have one of.
TOLD_APART = [
    "plain",
    "spare",
    "by_location",
    "shouting",
    "text_numbers",
    "from_the_future",
    "late",
    "nothing_optional_501",
    "small_pages",
    "strict_type_hidden",
    "failing_job_with_reply",
    "with_key",
    "direct",
]


@pytest.mark.parametrize("name", one_in(4, VARIANTS))
def test_a_run_ends_well_in_every_variant(tmp_path: Path, name: Any) -> None:
    """The library downloads the package at the first attempt; every second variant runs on an event loop."""
    outcome = run_library(tmp_path, VARIANTS[name], in_async=list(VARIANTS).index(name) % 2 == 1)

    assert outcome.failures == []
    outcome.check()


@pytest.mark.slow
@pytest.mark.parametrize("name", TOLD_APART)
def test_the_command_ends_well_in_every_variant(tmp_path: Path, name: Any) -> None:
    """The real command, as a process: exit 0, one document on stdout, no traceback, no secret anywhere."""
    with SecondService(VARIANTS[name], real_clock) as service:
        terminal = Terminal(tmp_path, service)

        terminal.check(terminal.run())


@pytest.mark.parametrize("name", ["plain", "spare", "small_pages", "endless_page"])
def test_a_list_is_read_to_its_end(tmp_path: Path, name: str) -> None:
    """Pages of fifty, of five that say how many there are, and a service that gives its first page for ever."""
    variant, clock = VARIANTS[name], TurnedClock()
    with SecondService(variant, clock.now) as service:
        settings = Settings(api_key=KEY, api_url=service.url, state=tmp_path)
        with SpecStep(settings=settings, store=RunStore.in_memory(), clock=clock) as client:
            rows = client.list_generations()

    assert len({row.id for row in rows}) == min(variant.older_generations, 50 if variant.ignores_offset else 1000)


@pytest.mark.parametrize("name", ["plain", "spare", "snake_states"])
@pytest.mark.parametrize("kind", [None, "reset", pytest.param("late", marks=pytest.mark.slow)])
def test_a_reference_document_is_attached_once(tmp_path: Path, name: str, kind: str | None) -> None:
    """Uploaded as a form, and found again in a list whose rows have names of their own."""
    sketch = tmp_path / "sketch.yaml"
    sketch.write_text("screens: [inbox]\n")
    trouble = Trouble(op("upload_reference_document"), kind, after=True) if kind else None
    outcome = run_library(tmp_path, VARIANTS[name], trouble, attachments=[sketch])

    (interview,) = (one for one in outcome.service.world.interviews.values() if one.users())
    assert [(one.name, one.size) for one in interview.documents] == [("sketch.yaml", 17)]
    outcome.check()


#: Where each variant keeps the bytes.
BYTES = {
    "plain": "GET storage",
    "spare": "GET storage",
    "see_other": "GET /files/{id}.zip",
    "temporary": "GET storage",
    "permanent": op("get_package_zip") + "/content",
    "with_key": "GET /v1/packages/{id}/content",
    "direct": op("get_package_zip"),
}


@pytest.mark.parametrize("name", BYTES)
@pytest.mark.parametrize("times", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_a_download_that_breaks_off_is_downloaded(tmp_path: Path, name: Any, times: int) -> None:
    """With ranges or without, with a length or in chunks, with a strong, a weak or no ETag: the right bytes."""
    outcome = run_library(tmp_path, VARIANTS[name], Trouble(BYTES[name], "cut", after=True, times=times))

    assert outcome.failures == []
    outcome.check()
