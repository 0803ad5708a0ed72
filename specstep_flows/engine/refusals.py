"""From an HTTP status of 400 or above to a typed error, before any body is trusted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from specstep_flows import errors
from specstep_flows._text import plain_line
from specstep_flows.engine.retry import retry_after_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from specstep_flows.engine.effects import Reply, Request

__all__ = ["refusal"]

#: A sentence of the service's is shown, but not at any length.
LONGEST_DETAIL = 500


def refusal(request: Request, reply: Reply, wall_now: float) -> errors.APIError:
    """The error for an answer of 400 or above (more-facts: problem+json; the front door may answer HTML)."""
    problem = _problem(reply)
    word = _word(problem)
    detail = _explained(problem) or _plain_words(reply)
    status = reply.status
    said = f"{status}{f' {word}' if word else ''}" + (f": {detail}" if detail else "")
    common: dict[str, Any] = {
        "operation": request.operation,
        "status": status,
        "problem_type": word,
        "detail": detail,
        "members": problem,
        "retry_after": _retry_after(reply, problem, wall_now),
    }
    what = f"{request.method} {request.path}"
    # A definite refusal of what costs: a person wants to know that it cost nothing.
    ending = " Nothing was started." if request.bucket == "kickoff" else ""
    if status == 401:
        return errors.AuthenticationError(
            "The service refused the key (401). Check SPECSTEP_API_KEY; it is not tried again, because five refusals "
            "in five minutes lock this address out.",
            **common,
        )
    if status == 402 or (status == 403 and "QUOTA" in f"{word or ''} {detail or ''} {problem.get('code', '')}".upper()):
        quota = {name: reply.headers.get(f"x-quota-{name}") for name in ("tier", "limit", "used", "reset")}
        return errors.QuotaExceeded(_quota_sentence(said, quota), **quota, **common)
    if status == 403:
        return errors.PermissionDenied(f"This key may not do {what} ({said}).{ending}", **common)
    if status in (404, 410):
        return errors.NotFound(f"{what}: not there, or not yours ({said}).{ending}", **common)
    if status == 408 or status >= 500:
        return errors.ServerError(f"The service failed at {what} ({said}).", **common)
    if status == 409:
        if "CONCURRENCY" in f"{word or ''} {problem.get('code', '')}".upper():
            return errors.ConcurrencyCapReached(
                f"As many generations as your plan allows are running already ({said}). Nothing was started.",
                **common,
            )
        if problem.get("retryable") is True or (request.kind == "keyed" and common["retry_after"] is not None):
            return errors.Conflict(f"The service is still busy with an earlier {what} ({said}).", **common)
        if ending and word is None:
            ending = f" Perhaps as many generations as your plan allows are running.{ending}"
        return errors.Conflict(f"{what} does not fit the present state ({said}).{ending}", **common)
    if status == 429:
        back = common["retry_after"]
        when = f"; the service asks to come back in {back:.0f} seconds" if back else ""
        return errors.RateLimited(f"Too many requests: {what} was put off ({said}){when}.{ending}", **common)
    return errors.BadRequest(f"The service did not accept {what} ({said}).{ending}", **common)


def _problem(reply: Reply) -> Mapping[str, Any]:
    if b"{" not in reply.content[:64]:
        return {}
    try:
        document = json.loads(reply.content)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _word(problem: Mapping[str, Any]) -> str | None:
    """The machine-readable word: ``type`` if it is one, else ``code``, else the last part of a ``type`` URI."""
    kind, code = problem.get("type"), problem.get("code")
    if isinstance(kind, str) and kind and not kind.startswith(("http:", "https:", "about:")):
        return _as_word(kind.rpartition(":")[2])
    if isinstance(code, str) and code:
        return _as_word(code)
    if isinstance(kind, str) and kind.startswith(("http:", "https:")):
        return _as_word(kind.rstrip("/").rpartition("/")[2].partition("#")[0])
    return None


def _as_word(text: str) -> str | None:
    """What a program can branch on; anything else is no word."""
    return text[:80] if text and text.isascii() and text.isprintable() else None


def _explained(problem: Mapping[str, Any]) -> str | None:
    """The problem's own sentence, and what a validation problem of ASP.NET Core says of each field."""
    sentence = _sentence(problem.get("detail")) or _sentence(problem.get("title"))
    faults = problem.get("errors")
    if isinstance(faults, dict):
        faults = [f"{field}: {said}" for field, value in faults.items() if (said := _all_said(value))]
    return _sentence(": ".join(filter(None, (sentence, _all_said(faults, "; ")))))


def _all_said(value: Any, between: str = " ") -> str:
    """A sentence or a list of them as one; empty for anything else."""
    sentences = value if isinstance(value, list) else [value]
    return between.join(sentence for sentence in sentences if isinstance(sentence, str))


def _plain_words(reply: Reply) -> str | None:
    """What a service says that answers in plain text; a page of the front door's is nothing to show."""
    if reply.headers.get("content-type", "").partition(";")[0].strip().lower() != "text/plain":
        return None
    return _sentence(reply.content[: 4 * LONGEST_DETAIL].decode("utf-8", "replace"))


def _sentence(value: Any) -> str | None:
    if not isinstance(value, str) or not value.strip():
        return None
    text = plain_line(value).rstrip(".")
    return text if len(text) <= LONGEST_DETAIL else f"{text[:LONGEST_DETAIL]}…"


def _retry_after(reply: Reply, problem: Mapping[str, Any], wall_now: float) -> float | None:
    seconds = retry_after_seconds(reply.headers, wall_now)
    member = problem.get("retry_after_seconds")
    if seconds is None and isinstance(member, int | float) and not isinstance(member, bool) and member >= 0:
        return float(member)
    return seconds


def _quota_sentence(said: str, quota: Mapping[str, str | None]) -> str:
    parts = [f"{name} {_sentence(value)}" for name, value in quota.items() if value]
    numbers = f" ({', '.join(parts)})" if parts else ""
    return f"The quota of your plan is used up{numbers}; nothing was started. The service says {said}."
