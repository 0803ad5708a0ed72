"""The exit codes, and which failure ends with which."""

from __future__ import annotations

from typing import Final

from specstep_flows import errors

DONE: Final = 0
FAILED: Final = 1
USAGE: Final = 2
DETACHED: Final = 3
AUTHENTICATION: Final = 4
QUESTION: Final = 5
QUOTA: Final = 6
NETWORK: Final = 7
INTEGRITY: Final = 8
#: A worker of a fleet lost its session with the database: it is to be started again.
SESSION_LOST: Final = 70
INTERRUPTED: Final = 130

#: The first class that fits decides, so that a class stands before its bases.
_CODES: Final[tuple[tuple[type[errors.SpecStepError], int], ...]] = (
    (errors.SettingsError, USAGE),
    (errors.WrongState, FAILED),
    (errors.UsageError, USAGE),
    (errors.RunBusy, DETACHED),
    (errors.RunNotFound, USAGE),
    (errors.RunConflict, USAGE),
    (errors.StoreUnreadable, USAGE),
    (errors.StoreError, USAGE),
    (errors.AuthenticationError, AUTHENTICATION),
    (errors.PermissionDenied, AUTHENTICATION),
    (errors.QuotaExceeded, QUOTA),
    (errors.PlanRequired, QUOTA),
    (errors.ConcurrencyCapReached, QUOTA),
    (errors.BudgetExceeded, QUOTA),
    (errors.BadRequest, USAGE),
    (errors.NotFound, USAGE),
    (errors.Conflict, FAILED),
    (errors.RequestError, NETWORK),
    (errors.AnswersNeeded, QUESTION),
    # As wherever else a prompt is declined.
    (errors.NotConfirmed, USAGE),
    (errors.Detached, DETACHED),
    (errors.OutputError, USAGE),
    (errors.DownloadError, NETWORK),
    (errors.PackageError, INTEGRITY),
)


def exit_code(error: errors.SpecStepError) -> int:
    """The exit code that says what kind of failure it was."""
    if isinstance(error, errors.StoreError) and error.run_id is not None and type(error) is errors.StoreError:
        # The record could not be written in the middle of a run: it stops there, and can be resumed.
        return DETACHED
    if isinstance(error, errors.TurnFailed) and error.is_retryable:
        # It was submitted again as often as makes sense; later it may well be answered.
        return NETWORK
    return next((code for kind, code in _CODES if isinstance(error, kind)), FAILED)
