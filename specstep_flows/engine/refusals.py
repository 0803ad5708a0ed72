"""Typed errors for responses with a status of 400 or above. The body is not trusted to be anything."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from specstep_flows import errors
from specstep_flows._text import duration, plain_line
from specstep_flows.engine.retry import retry_after_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from specstep_flows.engine.effects import Reply, Request

#: The service's text is shown, up to this many characters.
LONGEST_DETAIL = 500


def refusal(request: Request, reply: Reply, wall_now: float) -> errors.APIError:
    """The error for a status of 400 or above (more-facts: problem+json; the front door may send HTML)."""
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
    # A definite refusal of a paid request: say that it cost nothing.
    ending = " Nothing was started." if request.bucket == "kickoff" else ""
    if status == 401:
        return errors.AuthenticationError(
            "The service rejected the key (401). Check SPECSTEP_API_KEY. The key is not tried again: five rejections "
            "in five minutes lock your IP address out.",
            **common,
        )
    if status == 402 or (status == 403 and "QUOTA" in f"{word or ''} {detail or ''} {problem.get('code', '')}".upper()):
        quota = {name: reply.headers.get(f"x-quota-{name}") for name in ("tier", "limit", "used", "reset")}
        return errors.QuotaExceeded(_quota_sentence(said, quota), **quota, **common)
    if status == 403:
        return errors.PermissionDenied(f"This key has no permission for {what} ({said}).{ending}", **common)
    if status in (404, 410):
        return errors.NotFound(f"{what}: not found, or it belongs to another account ({said}).{ending}", **common)
    if status == 408 or status >= 500:
        return errors.ServerError(f"The service failed on {what} ({said}).", **common)
    if status == 409:
        if "CONCURRENCY" in f"{word or ''} {problem.get('code', '')}".upper():
            return errors.ConcurrencyCapReached(
                f"Your plan's limit of concurrent generations is reached ({said}). Nothing was started.", **common
            )
        if problem.get("retryable") is True or (request.kind == "keyed" and common["retry_after"] is not None):
            return errors.Conflict(f"The service is still processing an earlier {what} ({said}).", **common)
        if ending and word is None:
            ending = f" Your plan's limit of concurrent generations may be reached.{ending}"
        return errors.Conflict(f"The current state does not allow {what} ({said}).{ending}", **common)
    if status == 429:
        back = common["retry_after"]
        when = f"; the service asks to try again in {duration(back)}" if back else ""
        return errors.RateLimited(f"Too many requests: {what} was not accepted ({said}){when}.{ending}", **common)
    # Of a front door's page nobody knows what became of the request behind it.
    return errors.BadRequest(f"The service did not accept {what} ({said}).{ending if problem else ''}", **common)


def _problem(reply: Reply) -> Mapping[str, Any]:
    if b"{" not in reply.content[:64]:
        return {}
    try:
        document = json.loads(reply.content)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _word(problem: Mapping[str, Any]) -> str | None:
    """The machine-readable type: ``type`` if it is a word, else ``code``, else the last part of a ``type`` URI."""
    kind, code = problem.get("type"), problem.get("code")
    if isinstance(kind, str) and kind and not kind.startswith(("http:", "https:", "about:")):
        return _as_word(kind.rpartition(":")[2])
    if isinstance(code, str) and code:
        return _as_word(code)
    if isinstance(kind, str) and kind.startswith(("http:", "https:")):
        return _as_word(kind.rstrip("/").rpartition("/")[2].partition("#")[0])
    return None


def _as_word(text: str) -> str | None:
    """A word that a program can branch on, or None."""
    return text[:80] if text and text.isascii() and text.isprintable() else None


def _explained(problem: Mapping[str, Any]) -> str | None:
    """The problem's text, and the errors of each field in a validation problem of ASP.NET Core."""
    sentence = _sentence(problem.get("detail")) or _sentence(problem.get("title"))
    faults = problem.get("errors")
    if isinstance(faults, dict):
        faults = [f"{field}: {said}" for field, value in faults.items() if (said := _all_said(value))]
    return _sentence(": ".join(filter(None, (sentence, _all_said(faults, "; ")))))


def _all_said(value: Any, between: str = " ") -> str:
    """A string, or a list of strings joined; empty for anything else."""
    sentences = value if isinstance(value, list) else [value]
    return between.join(sentence for sentence in sentences if isinstance(sentence, str))


def _plain_words(reply: Reply) -> str | None:
    """The text of a plain-text response. An HTML page of the front door is not worth showing."""
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
    parts = [f"{'resets' if name == 'reset' else name} {_sentence(value)}" for name, value in quota.items() if value]
    numbers = f": {', '.join(parts)}" if parts else ""
    return f"Your plan's quota is used up{numbers} ({said}). Nothing was started."
