"""The one door before something costs or destroys: a question on a terminal, ``--yes`` elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from specstep_flows import errors
from specstep_flows.gateway._operations import OPERATIONS

if TYPE_CHECKING:
    from specstep_flows.cli.session import Call

#: For what destroys; what pays has ``options.Yes``.
Confirmed: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Skip the confirmation prompt.")]


def agree(call: Call, what: str, yes: bool) -> None:
    """Ask for agreement to pay. Raises ``UsageError`` without it; nothing was sent then."""
    unasked = f"{what}, and there is no terminal to ask on: add --yes. Nothing was sent."
    _ask(call, f"{what}. Continue?", unasked, "sent", yes)


def agree_to_lose(call: Call, what: str, lost: str, yes: bool) -> None:
    """Ask before something is destroyed: ``what`` as a command ("Cancel run tea"), ``lost`` as a sentence.

    Raises:
        UsageError: without agreement; nothing was sent then.
    """
    question = f"{what}? {lost}"
    _ask(call, question, f"{question} There is no terminal to ask on: add --yes. Nothing was changed.", "changed", yes)


def agree_to_operation(call: Call, operation: str, what: str, yes: bool) -> None:
    """The same for an operation of the API, with what the contract says is lost by it."""
    agree_to_lose(call, what, OPERATIONS[operation].destroys, yes)


def _ask(call: Call, question: str, unasked: str, declined: str, yes: bool) -> None:
    if yes:
        return
    if not call.terminal.is_interactive:
        raise errors.UsageError(unasked)
    if not call.terminal.confirm(question):
        raise errors.UsageError(f"Declined, so nothing was {declined}.")
