"""Whatever another server decides where the pages are silent: a run ends well, and is paid for once."""

import pytest
from outsider.bench import Terminal, TurnedClock, real_clock, run_library
from outsider.manners import MANNERS
from outsider.server import KEY, Stranger

from specstep_flows import SpecStep
from specstep_flows.runs import RunStore
from specstep_flows.settings import Settings

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


@pytest.mark.parametrize("name", MANNERS)
def test_a_run_ends_well_in_every_manner(tmp_path, name):
    """The library brings the package home at the first sitting; every second manner is met on an event loop."""
    outcome = run_library(tmp_path, MANNERS[name], in_async=list(MANNERS).index(name) % 2 == 1)

    assert outcome.failures == []
    outcome.check()


@pytest.mark.slow
@pytest.mark.parametrize("name", TOLD_APART)
def test_the_command_ends_well_in_every_manner(tmp_path, name):
    """The real command, as a process: exit 0, one document on stdout, no traceback, no secret anywhere."""
    with Stranger(MANNERS[name], real_clock) as stranger:
        terminal = Terminal(tmp_path, stranger)

        terminal.check(terminal.run())


@pytest.mark.parametrize("name", ["plain", "spare", "small_pages", "endless_page"])
def test_a_list_is_read_to_its_end(tmp_path, name):
    """Pages of fifty, of five that say how many there are, and a service that gives its first page for ever."""
    manner, clock = MANNERS[name], TurnedClock()
    with Stranger(manner, clock.now) as stranger:
        settings = Settings(api_key=KEY, api_url=stranger.url, state=tmp_path)
        with SpecStep(settings=settings, store=RunStore.in_memory(), clock=clock) as client:
            rows = client.list_generations()

    assert len({row.id for row in rows}) == min(manner.older_generations, 50 if manner.ignores_offset else 1000)
