"""What was asked for with ``again`` is another one only once whoever asked was told of the one before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from specstep_flows import errors
from specstep_flows.runs.store import RunStore
from specstep_flows.runs.telling import is_untold, keep_untold, tell, told_at_end


@pytest.fixture
def store() -> Iterator[RunStore]:
    """A store that knows of one."""
    store = RunStore.in_memory()
    keep_untold(store, "r")
    yield store
    store.close()


def test_it_is_told_when_it_is_handed_over(store: RunStore) -> None:
    """And then it is told for good, in this process or another."""
    assert is_untold(store, "r")
    assert not is_untold(store, "other")
    tell(store, "r")
    assert not is_untold(store, "r")


@pytest.mark.parametrize(
    ("failure", "is_told"), [(None, True), (errors.GenerationFailed("It failed."), True), (KeyboardInterrupt(), False)]
)
def test_a_command_says_when(store: RunStore, failure: BaseException | None, is_told: bool) -> None:
    """Behind its result, or with the failure that it tells; whoever is stopped before has told nothing."""
    try:
        with told_at_end():
            tell(store, "r")
            assert is_untold(store, "r")
            if failure is not None:
                raise failure
    except (errors.SpecStepError, KeyboardInterrupt):
        pass
    assert is_untold(store, "r") is not is_told
