"""Every exception that specstep_flows raises, as one tree. Each says what happened, what it means, what to do.

::

    SpecStepError
    ├── SettingsError               no key, a malformed key or URL, a setting that does not fit
    ├── UsageError                  an empty brief, an unknown profile, an unwritable folder
    │   └── AnswersError            an answers file that does not parse, a policy that does not fit
    ├── StoreError                  the run store
    │   ├── StoreUnreadable         damaged, or made by a newer version
    │   ├── RunNotFound
    │   ├── RunBusy                 another process drives this run
    │   └── RunConflict             this run id belongs to another brief
    ├── RequestError                a request did not get the answer that was hoped for
    │   ├── TransportError          no answer at all
    │   │   ├── NotConnected        the connection was never made: nothing was sent
    │   │   └── ConnectionLost      reset, cut or timed out: it may have been carried out
    │   ├── UnexpectedResponse      an answer that does not fit: it may have been carried out
    │   └── APIError                the service answered with a status of 400 or above
    │       ├── BadRequest          400, 413, 415, 422
    │       ├── AuthenticationError 401
    │       ├── PermissionDenied    403
    │       ├── QuotaExceeded       402, or a 403 that says quota
    │       ├── NotFound            404, 410
    │       ├── Conflict            409
    │       │   └── ConcurrencyCapReached
    │       ├── RateLimited         429
    │       └── ServerError         408 and every 5xx: it may have been carried out
    ├── OutcomeUnknown              a paid request may have been carried out, and reading could not settle it
    ├── TurnFailed                  the service could not answer a turn of the interview
    ├── InterviewEnded              no intake artifact can come of this interview
    ├── GenerationFailed            the service gave the generation up
    ├── GenerationCancelled
    ├── BudgetExceeded              the user's own limit was passed, by cost that was read
    ├── Detached                    the run goes on at the service; this process stopped watching
    │   ├── WaitTimeout             the overall deadline passed
    │   ├── GenerationPaused        somebody paused the generation
    │   └── AnswersNeeded           a question waits for an answer
    ├── PackageError
    │   ├── DownloadError           the bytes did not all arrive; what came is kept
    │   │   └── SignedUrlExpired    the download address is no longer valid: ask for a new one
    │   ├── DamagedPackage          not a zip, truncated, or a checksum that does not match
    │   └── HostilePackage          an archive that tries to write where it must not
    └── WebhookRejected             a delivery that is not the service's, or too old

No message, argument or attribute here ever holds a key or a signed URL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specstep_flows._text import plain_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from specstep_flows.models import Clarification, Generation

__all__ = [
    "APIError",
    "AnswersError",
    "AnswersNeeded",
    "AuthenticationError",
    "BadRequest",
    "BudgetExceeded",
    "ConcurrencyCapReached",
    "Conflict",
    "ConnectionLost",
    "DamagedPackage",
    "Detached",
    "DownloadError",
    "GenerationCancelled",
    "GenerationFailed",
    "GenerationPaused",
    "HostilePackage",
    "InterviewEnded",
    "NotConnected",
    "NotFound",
    "OutcomeUnknown",
    "OutputError",
    "PackageError",
    "PermissionDenied",
    "QuotaExceeded",
    "RateLimited",
    "RequestError",
    "RunBusy",
    "RunConflict",
    "RunNotFound",
    "ServerError",
    "SettingsError",
    "SignedUrlExpired",
    "SpecStepError",
    "StoreError",
    "StoreUnreadable",
    "TransportError",
    "TurnFailed",
    "UnexpectedResponse",
    "UnknownOption",
    "UsageError",
    "WaitTimeout",
    "WebhookRejected",
]


class SpecStepError(Exception):
    """Anything that this package raises on purpose. ``run_id`` names the run that it happened to, if any."""

    #: A stable word for programs, as ``specstep --json`` prints it.
    code: str = "error"

    def __init__(self, message: str) -> None:
        # What the service says may stand in it, so nothing of it can control a terminal.
        self.message = plain_text(message).replace("\n", " ").replace("\t", " ")
        super().__init__(self.message)
        self.run_id: str | None = None

    def add(self, sentence: str) -> None:
        """Say more: what it means for the money, or what to do next, which only a caller knows."""
        self.message = f"{self.message} {sentence}"

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        # Exception would call the class with the message alone, which not every error here accepts.
        return self.__class__.__new__, (self.__class__, *self.args), self.__dict__


class SettingsError(SpecStepError):
    """A key, a URL or another setting is missing or does not fit; nothing was sent."""

    code = "settings"


class UsageError(SpecStepError):
    """What was asked for cannot be done as asked; nothing was sent that costs."""

    code = "usage"


class UnknownOption(UsageError, TypeError):
    """A name that is not an option of a run, from code, a record or the settings file; a misspelt limit must not be lost."""


class AnswersError(UsageError):
    """An answers file that does not parse (the message gives line and column), or a policy that does not fit."""

    code = "answers"


class StoreError(SpecStepError):
    """The run store could not do what was asked."""

    code = "store"


class StoreUnreadable(StoreError):
    """The store is damaged or was made by a newer version. It is left as it is."""

    code = "store_unreadable"


class RunNotFound(StoreError):
    """No run of that id is in the store."""

    code = "run_not_found"


class RunBusy(StoreError):
    """Another process drives this run at the moment; the message says which."""

    code = "run_busy"


class RunConflict(StoreError):
    """The run id is taken by a run with another brief, profile or service."""

    code = "run_conflict"


class RequestError(SpecStepError):
    """A request to the service did not get the answer that was hoped for.

    ``operation`` is the operationId. ``ambiguous`` is true when the service may have carried the request out all
    the same, so that it must not simply be sent again if it costs.
    """

    code = "request"
    ambiguous: bool = False

    def __init__(self, message: str, *, operation: str = "") -> None:
        super().__init__(message)
        self.operation = operation


class TransportError(RequestError):
    """No answer came."""

    code = "network"


class NotConnected(TransportError):
    """The connection was never made (name look-up, refusal, TLS): the service has seen nothing."""

    code = "not_connected"


class ConnectionLost(TransportError):
    """The connection was cut, or the answer did not come in time."""

    code = "connection_lost"
    ambiguous = True


class UnexpectedResponse(RequestError):
    """The service answered, but not in the form that its pages or its API document give (``field`` names where)."""

    code = "unexpected_response"
    ambiguous = True

    def __init__(self, message: str, *, operation: str = "", field: str | None = None) -> None:
        super().__init__(message, operation=operation)
        self.field = field


class APIError(RequestError):
    """The service refused: a status of 400 or above, read as ``application/problem+json`` where it is that.

    ``status`` is the HTTP status; ``problem_type`` the machine-readable word to branch on (``VALIDATION_ERROR``);
    ``detail`` the service's sentence; ``members`` every member of the problem document; ``retry_after`` the seconds
    that the service asked to wait, if it did.
    """

    code = "api"

    def __init__(
        self,
        message: str,
        *,
        operation: str = "",
        status: int = 0,
        problem_type: str | None = None,
        detail: str | None = None,
        members: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, operation=operation)
        self.status = status
        self.problem_type = problem_type
        self.detail = detail
        self.members: Mapping[str, Any] = members or {}
        self.retry_after = retry_after

    @property
    def is_retryable(self) -> bool:
        """Whether the problem document itself says ``retryable: true``."""
        return self.members.get("retryable") is True

    @property
    def is_not_offered(self) -> bool:
        """Whether the service says, of an address that names no single thing, that it has no such operation."""
        return self.status in (404, 405, 410, 501)


class BadRequest(APIError):
    """The service did not accept what was sent."""

    code = "bad_request"


class AuthenticationError(APIError):
    """The key was refused. Never tried again: five refusals in five minutes lock the address out."""

    code = "authentication"


class PermissionDenied(APIError):
    """The key is good, but may not do this."""

    code = "permission"


class QuotaExceeded(APIError):
    """The plan's quota is used up: ``tier``, ``limit``, ``used`` and ``reset`` as ``X-Quota-*`` gave them."""

    code = "quota"

    def __init__(
        self,
        message: str,
        *,
        tier: str | None = None,
        limit: str | None = None,
        used: str | None = None,
        reset: str | None = None,
        **rest: Any,
    ) -> None:
        super().__init__(message, **rest)
        self.tier = tier
        self.limit = limit
        self.used = used
        self.reset = reset


class NotFound(APIError):
    """Not there, or another account's: the service does not tell these apart."""

    code = "not_found"


class Conflict(APIError):
    """The present state does not allow this."""

    code = "conflict"


class ConcurrencyCapReached(Conflict):
    """As many generations as the plan allows are running; nothing was started."""

    code = "concurrency_cap"


class RateLimited(APIError):
    """More requests than the key may send; ``retry_after`` says how long to wait, in seconds."""

    code = "rate_limited"


class ServerError(APIError):
    """The service or its front door failed. What was asked may have been carried out."""

    code = "server"
    ambiguous = True


class OutcomeUnknown(SpecStepError):
    """A request that costs may have been carried out, and reading the service could not settle it.

    ``candidates`` are the generations that may have come of it. Nothing was sent again.
    """

    code = "outcome_unknown"

    def __init__(self, message: str, *, candidates: Sequence[UUID] = ()) -> None:
        super().__init__(message)
        self.candidates = tuple(candidates)


class TurnFailed(SpecStepError):
    """The service could not answer a turn of the interview (``error_code``: INTERVIEW_TURN_TIMEOUT, …)."""

    code = "turn_failed"

    def __init__(self, message: str, *, error_code: str | None = None, is_retryable: bool | None = None) -> None:
        super().__init__(message)
        self.error_code = error_code
        self.is_retryable = is_retryable


class InterviewEnded(SpecStepError):
    """The interview cannot go on or did not yield an intake artifact; no generation was started.

    ``is_final`` is false where the service may still yield it, so that the run can be resumed.
    """

    code = "interview_ended"

    def __init__(self, message: str, *, is_final: bool = True) -> None:
        super().__init__(message)
        self.is_final = is_final


class GenerationFailed(SpecStepError):
    """The service gave the generation up.

    ``category`` is the failure category (``HostRestart``, ``ReviewBudgetExhausted``, …; a value that this version
    does not know stays as it is); ``reason`` the service's sentence; ``retry_makes_sense`` whether the service's
    pages say that running the same intake again is likely to help (None where they do not say).
    """

    code = "generation_failed"

    def __init__(
        self,
        message: str,
        *,
        generation: Generation | None = None,
        category: str | None = None,
        reason: str | None = None,
        retry_makes_sense: bool | None = None,
    ) -> None:
        super().__init__(message)
        self.generation = generation
        self.category = category
        self.reason = reason
        self.retry_makes_sense = retry_makes_sense


class GenerationCancelled(SpecStepError):
    """The generation was cancelled at the service."""

    code = "cancelled"

    def __init__(self, message: str, *, generation: Generation | None = None) -> None:
        super().__init__(message)
        self.generation = generation


class BudgetExceeded(SpecStepError):
    """The user's own limit was passed: ``spent_usd`` was read, ``limit_usd`` was set."""

    code = "budget"

    def __init__(self, message: str, *, limit_usd: float, spent_usd: float | None = None) -> None:
        super().__init__(message)
        self.limit_usd = limit_usd
        self.spent_usd = spent_usd


class Detached(SpecStepError):
    """The run goes on at the service and can be resumed; only this process stopped watching it."""

    code = "detached"


class WaitTimeout(Detached):
    """The overall deadline passed. Nothing is lost: the run can be resumed."""

    code = "timeout"


class GenerationPaused(Detached):
    """Somebody paused the generation; it waits for ``resume``."""

    code = "paused"

    def __init__(self, message: str, *, generation: Generation | None = None) -> None:
        super().__init__(message)
        self.generation = generation


class AnswersNeeded(Detached):
    """The generation waits for answers that the policy does not have (``questions``). None was sent."""

    code = "answers_needed"

    def __init__(self, message: str, *, questions: Sequence[Clarification] = ()) -> None:
        super().__init__(message)
        self.questions = tuple(questions)


class PackageError(SpecStepError):
    """The package could not be brought to its final name. Nothing stands under that name."""

    code = "package"


class DownloadError(PackageError):
    """Not all bytes arrived. What came is kept in the ``.part`` file, and the next attempt goes on from there."""

    code = "download"


class SignedUrlExpired(DownloadError):
    """The storage host no longer accepts the download address; a new one must be asked for."""

    code = "url_expired"


class OutputError(PackageError):
    """The place on disk will not take the package: the name is taken, the disk is full, the folder not writable.

    Nothing that stood there was changed, and what was downloaded is kept.
    """

    code = "output"


class DamagedPackage(PackageError):
    """Not a zip, truncated, or with a checksum that does not match."""

    code = "damaged_package"


class HostilePackage(PackageError):
    """An archive that would write outside its folder, over itself, or past the limits. Nothing was unpacked."""

    code = "hostile_package"


class WebhookRejected(SpecStepError):
    """A delivery that must not be trusted: a wrong signature, too old, or malformed. Answer it with a 4xx."""

    code = "webhook_rejected"
