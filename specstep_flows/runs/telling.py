"""What was asked for with ``again``, until whoever asked was told of it: asking again after a crash means the same one.

A record says that it is over before its result can be handed over. Whoever is killed in between and asks again, with
``again``, means what was paid for already. So a second record, a step's, says that nobody was told of the first.
"""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from specstep_flows import errors
from specstep_flows.runs.records import StepRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specstep_flows.runs.protocol import RunKeeper

#: What is told later, where somebody says when.
_LATER: Final[ContextVar[list[tuple[RunKeeper, str]] | None]] = ContextVar("later", default=None)


class NotHandedOver(errors.SpecStepError):
    """The work is done, and its result could not be handed over: whoever asks again means the same one."""


def _note(run_id: str) -> StepRecord:
    return StepRecord.wanted("untold", {"of": run_id}, "")


def keep_untold(store: RunKeeper, run_id: str) -> None:
    """Nobody was told of this run or step."""
    note = _note(run_id)
    if store.read_step(note.run_id) is None:
        store.add_step(note, run_id)


def is_untold(store: RunKeeper, run_id: str) -> bool:
    """Whether it may be that nobody was told of it."""
    return store.read_step(_note(run_id).run_id) is not None


def tell(store: RunKeeper, run_id: str) -> None:
    """Its result, or its failure, is about to be handed over; later where somebody says when (``told_at_end``)."""
    later = _LATER.get()
    if later is not None:
        later.append((store, run_id))
        return
    with contextlib.suppress(errors.StoreError):
        store.drop_step(_note(run_id).run_id, run_id)


@contextlib.contextmanager
def told_at_end() -> Iterator[None]:
    """What is made within counts as told at the end, after which a command has written its result."""
    made: list[tuple[RunKeeper, str]] = []
    token = _LATER.set(made)
    is_told = False
    try:
        yield
        is_told = True
    except NotHandedOver:
        raise
    except errors.SpecStepError:
        is_told = True
        raise
    finally:
        _LATER.reset(token)
        for store, run_id in made if is_told else ():
            tell(store, run_id)
