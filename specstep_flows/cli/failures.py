"""A failure as one or two sentences on stderr, as a document where one is wanted, and as an exit code."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

from specstep_flows import errors
from specstep_flows._json import as_json
from specstep_flows.cli import exits
from specstep_flows.cli.wording import in_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from specstep_flows.cli.session import Call

#: With these the run is over, or it was never the run that was meant.
_ENDS: Final = (
    errors.GenerationCancelled,
    errors.InterviewEnded,
    errors.BudgetExceeded,
    errors.RunNotFound,
    errors.RunConflict,
    errors.UsageError,
)
#: What programs may want to know of a failure, besides its code.
_DETAILS: Final = (
    "operation",
    "request",
    "status",
    "problem_type",
    "retry_after",
    "category",
    "retry_makes_sense",
    "spent_usd",
    "limit_usd",
    "questions",
    "candidates",
    "tier",
    "limit",
    "used",
    "reset",
)


def tell_error(call: Call, error: errors.SpecStepError) -> int:
    """Tell one of our errors; its exit code."""
    call.run_id = call.run_id or error.run_id
    found = {name: as_json(getattr(error, name, None)) for name in _DETAILS}
    details = {name: value for name, value in found.items() if value not in (None, [], "")}
    status = tell(call, error.message, error.code, exits.exit_code(error), _next_command(call, error), details)
    if _is_refused_for_good(call, error):
        call.terminal.tell(f"The same command would be refused again: change {call.changeable}.")
    if call.verbose and details.get("request"):
        call.terminal.tell(f"The request was: {details['request']}")
    return status


def tell_detached(call: Call) -> int:
    """Report that the first Ctrl-C detached."""
    if call.resume_command is None:
        return tell(call, "Stopped.", "interrupted", exits.INTERRUPTED)
    return tell(
        call,
        call.detached if call.run_id is not None else "Stopped; the part that was downloaded is kept.",
        "detached",
        exits.DETACHED,
        call.resume_command,
    )


def tell_mistake(call: Call, error: Exception) -> int:
    """Tell that we made a mistake. The error's own text is left out: it might hold anything."""
    return tell(
        call,
        f"Internal error ({type(error).__name__}). This is a bug in specstep. Set SPECSTEP_DEBUG=1 to see where.",
        "unexpected",
        exits.FAILED,
        call.resume_command,
    )


def tell(
    call: Call,
    message: str,
    code: str,
    status: int,
    next_command: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> int:
    """Tell any failure; its exit code, which is ``status`` unless a failure of this verb has a higher one."""
    terminal, status = call.terminal, max(status, call.least_failure)
    message = in_options(message)
    terminal.tell(message)
    if status == exits.QUESTION and call.resume_command is not None:
        terminal.tell(f"To answer: {call.command(f'answer {call.run_id}')}")
    if not call.is_resumable and status in (exits.DETACHED, exits.QUESTION):
        terminal.tell("The sandbox and its run ended with this process.")
    if next_command is not None:
        terminal.tell(f"To continue: {next_command}")
    if call.writes_events or (call.json and not terminal.is_documented):
        # The reader of stdout may have gone, or its disk be full, which may be the very failure.
        with contextlib.suppress(BrokenPipeError, errors.SpecStepError):
            terminal.document(
                {
                    **({"event": "failed"} if call.writes_events else {}),
                    "code": code,
                    "message": message,
                    "exit_code": status,
                    "run_id": call.run_id,
                    "resume_command": next_command,
                    **(details or {}),
                }
            )
    return status


def _is_refused_for_good(call: Call, error: errors.SpecStepError) -> bool:
    """Whether the service refused what a command asks for that pays and is no run, and nothing is to be settled."""
    is_refused = isinstance(error, errors.BadRequest | errors.NotFound) and not error.is_doubtful
    return is_refused and call.changeable is not None


def _next_command(call: Call, error: errors.SpecStepError) -> str | None:
    resume = call.resume_command
    if resume is None or _is_refused_for_good(call, error):
        return None
    if isinstance(error, _ENDS) and getattr(error, "is_final", True):
        return None
    if isinstance(error, errors.GenerationFailed):
        can_retry = error.retry_makes_sense and call.next_retry is not None
        return f"{resume} --retry-failed {call.next_retry}" if can_retry else None
    return resume
