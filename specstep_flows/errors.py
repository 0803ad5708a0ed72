"""Every exception that specstep_flows raises. Messages say what happened, what it means for the money, what to do.

::

    SpecStepError
    ├── SettingsError               no key, a malformed key or URL, another invalid setting
    ├── UsageError                  an empty brief, an unknown profile, an unwritable folder
    │   ├── UnknownOption           a misspelt option of a run; also a TypeError
    │   ├── AnswersError            an answers file that does not parse, an unusable policy
    │   └── WrongState              what the run or generation is by now does not allow it
    ├── StoreError                  the run store
    │   ├── StoreUnreadable         damaged, or made by a newer version
    │   ├── RunNotFound
    │   ├── RunBusy                 another process drives this run
    │   │   └── RunTaken            it has taken it from this one, which stops
    │   └── RunConflict             this run id belongs to another brief
    ├── RequestError                a request failed
    │   ├── TransportError          no response at all
    │   │   ├── NotConnected        the connection was never made: nothing was sent
    │   │   └── ConnectionLost      reset, cut or timed out: it may have been carried out
    │   ├── UnexpectedResponse      a response that cannot be read: it may have been carried out
    │   └── APIError                the service responded with a status of 400 or above
    │       ├── BadRequest          400, 413, 415, 422
    │       ├── AuthenticationError 401
    │       ├── PermissionDenied    403
    │       ├── RefusedOnTheWay     a firewall's or proxy's page in the service's place: it may have been carried out
    │       ├── QuotaExceeded       402, or a 403 that says quota
    │       ├── PlanRequired        the plan does not include it, whatever the status
    │       ├── NotFound            404, 410
    │       ├── Conflict            409
    │       │   └── ConcurrencyCapReached
    │       ├── RateLimited         429
    │       └── ServerError         408 and every 5xx: it may have been carried out
    ├── OutcomeUnknown              a paid request may have been carried out, and the service could not tell
    ├── TurnFailed                  the service could not answer a turn of the interview
    ├── InterviewEnded              the interview ended without an intake artifact
    ├── GenerationFailed            the generation failed at the service
    ├── GenerationCancelled
    ├── BudgetExceeded              the reported cost exceeded the user's limit
    ├── Detached                    the run continues at the service; this process stopped watching
    │   ├── WaitTimeout             the overall deadline passed
    │   ├── GenerationPaused        the generation was paused
    │   ├── AnswersNeeded           a question waits for an answer
    │   └── NotConfirmed            the payment was not confirmed
    ├── PackageError
    │   ├── DownloadError           the download is incomplete; what arrived is kept
    │   │   └── SignedUrlExpired    the signed URL is no longer valid: ask for a new one
    │   ├── OutputError             it cannot be written where it should be
    │   ├── DamagedPackage          not a zip, truncated, or a checksum that does not match
    │   └── HostilePackage          an archive that would write outside its folder
    └── WebhookRejected             a delivery that is not from the service, or too old

No message, argument or attribute contains a key or a signed URL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from specstep_flows._text import plain_text, without_secrets

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
    "NotConfirmed",
    "NotConnected",
    "NotFound",
    "OutcomeUnknown",
    "OutputError",
    "PackageError",
    "PermissionDenied",
    "PlanRequired",
    "QuotaExceeded",
    "RateLimited",
    "RefusedOnTheWay",
    "RequestError",
    "RunBusy",
    "RunConflict",
    "RunNotFound",
    "RunTaken",
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
    "WrongState",
]


_CONTEXT: Final[Any] = vars(BaseException)["__context__"]


class SpecStepError(Exception):
    """Base class of all errors of this package. ``run_id`` is the run that can be resumed, if there is one."""

    #: A stable code for programs, as ``specstep --json`` prints it.
    code: str = "error"

    def __init__(self, message: str) -> None:
        # It may quote the service or a setting, so control characters are removed, and what looks like a secret.
        self.message = without_secrets(plain_text(message).replace("\n", " ").replace("\t", " "))
        super().__init__(self.message)
        self.run_id: str | None = None

    def add(self, sentence: str) -> None:
        """Append a sentence that only the caller knows: what it means for the money, or what to do next."""
        self.message = f"{self.message} {sentence}"

    def __str__(self) -> str:
        return self.message

    # What ``from None`` hides may quote a response or a file with a key. Tools that show it all the same do not get it.
    @property
    def __context__(self) -> BaseException | None:
        return None if self.__suppress_context__ else super().__context__

    @__context__.setter
    def __context__(self, context: BaseException | None) -> None:
        _CONTEXT.__set__(self, context)

    def __reduce__(self) -> tuple[Any, ...]:
        # Exception would call the class with the message alone, which not every error here accepts.
        return self.__class__.__new__, (self.__class__, *self.args), self.__dict__


class SettingsError(SpecStepError):
    """A key, a URL or another setting is missing or invalid; nothing was sent."""

    code = "settings"


class UsageError(SpecStepError):
    """The call cannot be carried out as requested; nothing was paid for."""

    code = "usage"


class UnknownOption(UsageError, TypeError):
    """A name that is not an option of a run, from code or a record: a misspelt limit must not pass for none."""


class AnswersError(UsageError):
    """An answers file that does not parse (the message gives line and column), or an unusable policy."""

    code = "answers"


class WrongState(UsageError):
    """What was asked for cannot be done with the run or the generation as it is: it is over, or has not come so far."""

    code = "wrong_state"


class StoreError(SpecStepError):
    """The run store could not do what was asked."""

    code = "store"


class StoreUnreadable(StoreError):
    """The store is damaged or was made by a newer version. It is not touched."""

    code = "store_unreadable"


class RunNotFound(StoreError):
    """The store has no run with that id."""

    code = "run_not_found"


class RunBusy(StoreError):
    """Another process is driving this run; the message says which."""

    code = "run_busy"


class RunTaken(RunBusy):
    """Another process has taken this run from the one that drove it, which stops and writes no more to its record."""

    code = "run_taken"


class RunConflict(StoreError):
    """The run id belongs to a run with another brief, profile or service, or to one that a fleet has by now."""

    code = "run_conflict"


class RequestError(SpecStepError):
    """A request to the service failed.

    ``operation`` is the operationId, and ``request`` the method and the path (``POST /v1/generations``), empty before
    anything was to be sent. ``ambiguous`` is true when the service may have carried the request out anyway,
    so that it must not simply be sent again if it costs money. ``is_doubtful`` is true when a request before it was not
    answered, and what came of that one is not known.
    """

    code = "request"
    ambiguous: bool = False
    is_doubtful: bool = False
    request: str = ""

    def __init__(self, message: str, *, operation: str = "") -> None:
        super().__init__(message)
        self.operation = operation


class TransportError(RequestError):
    """There was no response."""

    code = "network"


class NotConnected(TransportError):
    """The connection was never made (DNS, refused, TLS, a proxy): the service has not seen the request.

    ``patience`` is how many seconds trying again makes sense if the service has never responded: 0 where a setting has
    to be changed first (a name that cannot be resolved, a certificate that is not trusted, a proxy that refuses); None
    if it may well work in a moment.
    """

    code = "not_connected"

    def __init__(self, message: str, *, operation: str = "", patience: float | None = None) -> None:
        super().__init__(message, operation=operation)
        self.patience = patience


class ConnectionLost(TransportError):
    """The connection was lost, or the response did not arrive in time."""

    code = "connection_lost"
    ambiguous = True


class UnexpectedResponse(RequestError):
    """The service responded, but not in the form that its API document describes (``field`` names where)."""

    code = "unexpected_response"
    ambiguous = True

    def __init__(self, message: str, *, operation: str = "", field: str | None = None) -> None:
        super().__init__(message, operation=operation)
        self.field = field


class APIError(RequestError):
    """The service responded with a status of 400 or above.

    ``status`` is the HTTP status. If the body is ``application/problem+json``, ``problem_type`` is its machine-readable
    type (``VALIDATION_ERROR``), ``detail`` its text and ``members`` the whole document. ``retry_after`` is how many
    seconds the service asks to wait, if it does. ``is_foreign`` is true if the body is a page or a text, and not the
    service's JSON: something on the way may have answered in its place.
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
        is_foreign: bool = False,
    ) -> None:
        super().__init__(message, operation=operation)
        self.is_foreign = is_foreign
        self.status = status
        self.problem_type = problem_type
        self.detail = detail
        self.members: Mapping[str, Any] = members or {}
        self.retry_after = retry_after

    @property
    def is_retryable(self) -> bool:
        """Whether the problem document says ``retryable: true``."""
        return self.members.get("retryable") is True

    @property
    def is_not_offered(self) -> bool:
        """Whether the service does not have this operation. Only meaningful for a path without an id."""
        return self.status in (404, 405, 410, 501)


class BadRequest(APIError):
    """The service did not accept the request."""

    code = "bad_request"


class AuthenticationError(APIError):
    """The key was rejected. It is not tried again: five rejections in five minutes lock the IP address out.

    ``may_clear`` is true for a key that worked before: then the address may be locked out for a while.
    """

    code = "authentication"
    may_clear: bool = False


class PermissionDenied(APIError):
    """The key is valid, but not allowed to do this."""

    code = "permission"


class RefusedOnTheWay(APIError):
    """Something between here and the service refused the request: a firewall, a proxy, the service's front door.

    It says nothing about the key, and not whether the service has seen the request.
    """

    code = "refused_on_the_way"
    ambiguous = True


class QuotaExceeded(APIError):
    """The plan's quota is used up: ``tier``, ``limit``, ``used`` and ``reset`` are the ``X-Quota-*`` headers."""

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


class PlanRequired(APIError):
    """The account's plan does not include this (``FEATURE_NOT_ALLOWED``, ``…_TIER_REQUIRED``)."""

    code = "plan"


class NotFound(APIError):
    """It does not exist, or belongs to another account: the service does not tell these apart."""

    code = "not_found"


class Conflict(APIError):
    """The current state does not allow this."""

    code = "conflict"


class ConcurrencyCapReached(Conflict):
    """As many generations as the plan allows are running; nothing was started."""

    code = "concurrency_cap"


class RateLimited(APIError):
    """Too many requests for this key; ``retry_after`` is how long to wait, in seconds."""

    code = "rate_limited"


class ServerError(APIError):
    """The service or its front door failed. The request may have been carried out."""

    code = "server"
    ambiguous = True


class OutcomeUnknown(SpecStepError):
    """A request that costs money may have been carried out, and the service could not tell.

    ``candidates`` are the generations that it may have started, or the addenda or packages that it may have made.
    Nothing was sent again.
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
    """The interview cannot continue, or ended without an intake artifact; no generation was started.

    ``is_final`` is false if the artifact may still appear, so that the run can be resumed.
    """

    code = "interview_ended"

    def __init__(self, message: str, *, is_final: bool = True) -> None:
        super().__init__(message)
        self.is_final = is_final


class GenerationFailed(SpecStepError):
    """The generation failed at the service.

    ``category`` is the failure category (``HostRestart``, ``ReviewBudgetExhausted``, … or one that this version does
    not know); ``reason`` is the service's explanation; ``retry_makes_sense`` is whether the service's documentation
    says that running the same intake again is likely to help (None if it does not say).
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
    """The reported cost (``spent_usd``) exceeded the user's limit (``limit_usd``).

    ``is_final`` is false if a generation could not be cancelled, so that it continues and costs.
    """

    code = "budget"

    def __init__(
        self, message: str, *, limit_usd: float, spent_usd: float | None = None, is_final: bool = True
    ) -> None:
        super().__init__(message)
        self.limit_usd = limit_usd
        self.spent_usd = spent_usd
        self.is_final = is_final


class Detached(SpecStepError):
    """The run continues at the service and can be resumed; only this process stopped watching it."""

    code = "detached"


class WaitTimeout(Detached):
    """The overall deadline passed. Nothing is lost: the run can be resumed."""

    code = "timeout"


class GenerationPaused(Detached):
    """Somebody paused the generation; it waits to be resumed."""

    code = "paused"

    def __init__(self, message: str, *, generation: Generation | None = None) -> None:
        super().__init__(message)
        self.generation = generation


class AnswersNeeded(Detached):
    """The generation waits for answers to ``questions`` that the policy did not give. No answer was sent."""

    code = "answers_needed"

    def __init__(self, message: str, *, questions: Sequence[Clarification] = ()) -> None:
        super().__init__(message)
        self.questions = tuple(questions)


class NotConfirmed(Detached):
    """``confirm`` said no before something was to be paid for. What was begun stays, and can be resumed."""

    code = "not_confirmed"


class PackageError(SpecStepError):
    """The package could not be saved. There is no file under its final name."""

    code = "package"


class DownloadError(PackageError):
    """The download is incomplete. What arrived is kept in the ``.part`` file, and the next attempt continues there.

    ``may_clear`` is false where a setting has to be changed first, so that trying again at once is of no use.
    """

    code = "download"
    may_clear: bool = True


class SignedUrlExpired(DownloadError):
    """The storage host no longer accepts the signed URL; ask the service for a new one."""

    code = "url_expired"


class OutputError(PackageError):
    """The package cannot be written: the file exists, the disk is full, or the folder is not writable.

    No existing file was changed, and what was downloaded is kept.
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
