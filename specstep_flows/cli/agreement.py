"""The one door before something costs or destroys: a question on a terminal, ``--yes`` elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import attrs
import typer

from specstep_flows import errors
from specstep_flows._text import money
from specstep_flows.gateway._operations import OPERATIONS

if TYPE_CHECKING:
    from specstep_flows.cli.session import Call
    from specstep_flows.runs.records import StepRecord

CHARGED: Final = "You will be charged."
#: What a person is told who stops a command after that: nothing at the service stops by it.
_UNDER_WAY: Final = {
    "sent": "Stopped. It may be carried out and paid for all the same",
    "made": "Stopped. It may be made all the same",
}

#: For what destroys; what pays has ``options.Yes``.
Confirmed: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Skip the confirmation prompt.")]


def agree_to_pay(
    call: Call, what: str, yes: bool, cost: str = CHARGED, *, undone: str = "sent", looks_first: bool = False
) -> None:
    """Ask before something is paid for: ``what`` as a command ("Retry generation 0195"), ``cost`` as a sentence.

    ``looks_first``: whether the same command settles what became of one that was stopped.

    Raises:
        UsageError: without agreement; nothing was ``undone`` then.
    """
    _ask(call, f"{what}? {cost}", undone, yes)
    call.stopped = f"{_UNDER_WAY[undone]}{'; the same command looks first' if looks_first else ''}."


def refuse_off_terminal(call: Call, what: str, yes: bool, cost: str = CHARGED, *, undone: str = "sent") -> None:
    """The same before anything at all is sent, where there is nobody to ask. Raises as ``agree_to_pay``."""
    if not call.terminal.is_interactive:
        _ask(call, f"{what}? {cost}", undone, yes)


@attrs.define
class Agreement:
    """Asks before something is paid for, only once it is known that it has to be. Raises as ``agree_to_pay``."""

    call: Call
    what: str
    yes: bool
    cost: str
    #: What did not happen without it: what only had to be looked at may have been sent.
    undone: str = "sent"
    #: Whether it was agreed to pay now.
    is_given: bool = attrs.field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        refuse_off_terminal(self.call, self.what, self.yes, self.cost, undone=self.undone)

    def __call__(self, record: StepRecord) -> bool:
        agree_to_pay(self.call, self.what, self.yes, self.cost, undone=self.undone, looks_first=True)
        self.is_given = True
        return True

    def tell(self, cost_usd: float | None) -> None:
        """Say what was paid, if anything was."""
        if self.is_given and cost_usd is not None:
            self.call.terminal.say(f"Cost: {money(cost_usd)}")


def agree_to_lose(call: Call, what: str, lost: str, yes: bool) -> None:
    """Ask before something is destroyed: ``what`` as a command ("Cancel run tea"), ``lost`` as a sentence.

    Raises:
        UsageError: without agreement; nothing was changed then.
    """
    _ask(call, f"{what}? {lost}", "changed", yes)


def agree_to_operation(call: Call, operation: str, what: str, yes: bool) -> None:
    """The same for an operation of the API, with what the contract says is lost by it."""
    agree_to_lose(call, what, OPERATIONS[operation].destroys, yes)


def _ask(call: Call, question: str, undone: str, yes: bool) -> None:
    if yes:
        return
    if not call.terminal.is_interactive:
        raise errors.UsageError(f"{question} There is no terminal to ask on: add --yes. Nothing was {undone}.")
    if not call.terminal.confirm(question):
        raise errors.UsageError(f"Declined, so nothing was {undone}.")
