"""Whatever another server decides where the pages are silent: a run ends well, and is paid for once."""

import pytest
from outsider.bench import Terminal, real_clock, run_library
from outsider.manners import MANNERS
from outsider.server import Stranger


@pytest.mark.parametrize("name", MANNERS)
@pytest.mark.parametrize("in_async", [False, True], ids=["sync", "async"])
def test_a_run_ends_well_in_every_manner(tmp_path, name, in_async):
    """The library brings the package home at the first sitting."""
    outcome = run_library(tmp_path, MANNERS[name], in_async=in_async)

    assert outcome.failures == []
    outcome.check()


@pytest.mark.slow
@pytest.mark.parametrize("name", MANNERS)
def test_the_command_ends_well_in_every_manner(tmp_path, name):
    """The real command, as a process: exit 0, one document on stdout, no traceback, no secret anywhere."""
    with Stranger(MANNERS[name], real_clock) as stranger:
        terminal = Terminal(tmp_path, stranger)

        terminal.check(terminal.run())
