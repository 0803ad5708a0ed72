"""Typed errors for responses with a status of 400 or above. The body is not trusted to be anything."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any, Final

from specstep_flows import errors
from specstep_flows._json import read_json
from specstep_flows._text import duration, plain_line, without_secrets
from specstep_flows.engine.retry import retry_after_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from specstep_flows.engine.effects import Reply, Request

#: The service's text is shown, up to this many characters.
LONGEST_DETAIL: Final = 500
#: The one failure that certainly costs nothing, and is worth another attempt (walkthrough, step 6.6).
EXPLANATION_GIVEN_UP: Final = ("explain_package", 503, "EXPLAIN_TIMEOUT")
#: Misdirected, too early: the service itself sends neither, whatever the body.
_OF_FRONT_DOORS: Final = frozenset({421, 425})
#: Statuses that say the same whoever sends them, and that flows act on.
_WHOEVER_SAYS_IT: Final = frozenset({401, 404, 408, 410, 429})
#: With a text instead of JSON, these are a front door's; in others it may be the service's own explanation.
_TEXT_OF_FRONT_DOORS: Final = frozenset({403, 451})
#: A word, and no sentence.
_WORD: Final = re.compile(r"[\w.-]+")
#: How the service would begin a text: with its own word.
_OWN_WORD: Final = re.compile(rb"[A-Z][A-Z0-9]+(_[A-Z0-9]+)*:")


def refusal(request: Request, reply: Reply, wall_now: float, key_source: str = "SPECSTEP_API_KEY") -> errors.APIError:
    """The error for a status of 400 or above (more-facts: problem+json; the front door may send HTML).

    ``key_source``: where to look for the key.
    """
    members = _problem(reply)
    problem = _with_error(members)
    word = _word(problem)
    detail = _explained(problem) or _plain_words(reply)
    status = reply.status
    said = f"{status}{f' {word}' if word else ''}" + (f": {detail}" if detail else "")
    common: dict[str, Any] = {
        "operation": request.operation,
        "status": status,
        "problem_type": word,
        "detail": detail,
        "members": members,
        "retry_after": _retry_after(reply, problem, wall_now),
    }
    what = request.aim
    foreign = _foreign_form(reply)
    common["is_foreign"] = foreign is not None
    if status == 401:
        return errors.AuthenticationError(
            "The service rejected the key (401): it is unknown, revoked or disabled, or somebody at your IP address "
            f"failed to sign in too often. Check {key_source}, or try again in five minutes. The key is not tried "
            "again now: five rejections in five minutes lock the address out.",
            **common,
        )
    if _is_quota(reply, foreign, f"{word} {detail} {problem.get('code')}"):
        quota = {name: reply.headers.get(f"x-quota-{name}") for name in ("tier", "limit", "used", "reset")}
        return errors.QuotaExceeded(_quota_sentence(said, quota), **quota, **common)
    if foreign is None and _is_of_plan(word, problem.get("code")):
        return errors.PlanRequired(
            f"Your plan does not let you {what} ({said}). Choose something that it includes, another review profile "
            "for example, or change the plan on the service's website.",
            **common,
        )
    if status in _OF_FRONT_DOORS or _is_of_front_door(status, foreign):
        return errors.RefusedOnTheWay(_on_the_way(request, status, foreign, detail), **common)
    if status == 403:
        return errors.PermissionDenied(f"This key is not allowed to {what} ({said}).", **common)
    if status in (404, 410):
        whose = f"{said}; {foreign}, so perhaps not the service's answer" if foreign else said
        if not request.thing:
            return errors.NotFound(f"The service has nothing where it was asked to {what} ({whose}).", **common)
        thing = request.thing[0].upper() + request.thing[1:]
        return errors.NotFound(f"{thing} was not found, or it belongs to another account ({whose}).", **common)
    if status == 408 or status >= 500:
        error = errors.ServerError(f"The service failed when asked to {what} ({said}).", **common)
        error.ambiguous = (request.operation, status, word) != EXPLANATION_GIVEN_UP
        return error
    if status == 409:
        if "CONCURRENCY" in f"{word} {problem.get('code')} {'' if problem else detail}".upper():
            return errors.ConcurrencyCapReached(
                f"Your plan's limit of concurrent generations is reached ({said}).", **common
            )
        if members.get("retryable") is True or (request.kind == "keyed" and common["retry_after"] is not None):
            return errors.Conflict(f"The service is still processing an earlier request to {what} ({said}).", **common)
        perhaps = ""
        if request.bucket == "kickoff" and foreign is None and word is None:
            perhaps = " Your plan's limit of concurrent generations may be reached."
        return errors.Conflict(f"The service cannot {what} in its current state ({said}).{perhaps}", **common)
    if status == 429:
        back = common["retry_after"]
        when = f"; the service asks to try again in {duration(back)}" if back else ""
        return errors.RateLimited(f"Too many requests: the one to {what} was not accepted ({said}){when}.", **common)
    return errors.BadRequest(f"The service did not accept the request to {what} ({said}).", **common)


def _foreign_form(reply: Reply) -> str | None:
    """What the body is instead of the service's JSON; None when it is JSON, or nothing."""
    content = reply.content.lstrip(b"\xef\xbb\xbf \t\r\n")
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content[:1] == b"<" or (content and "html" in kind):
        return "an HTML page"
    if not content or content[:1] in b'{["' or kind.endswith("json"):
        return None
    return None if _OWN_WORD.match(content) else "plain text"


def _is_quota(reply: Reply, foreign: str | None, said: str) -> bool:
    """Whether the plan's quota is used up. (A page without its numbers is a host's own bill.)"""
    if reply.status == 402:
        return foreign != "an HTML page" or any(name.startswith("x-quota-") for name in reply.headers)
    return reply.status == 403 and "QUOTA" in said.upper()


def _is_of_plan(*words: object) -> bool:
    """Whether one of the words says that the plan lacks something (walkthrough, errors page)."""
    return any(
        isinstance(word, str) and (word == "FEATURE_NOT_ALLOWED" or word.endswith("_TIER_REQUIRED")) for word in words
    )


def _is_of_front_door(status: int, foreign: str | None) -> bool:
    if status >= 500 or status in _WHOEVER_SAYS_IT:
        return False
    return foreign == "an HTML page" or (foreign is not None and status in _TEXT_OF_FRONT_DOORS)


def _on_the_way(request: Request, status: int, foreign: str | None, detail: str | None) -> str:
    form = f"{status}, {foreign}{f': {detail}' if detail else ''}" if foreign else f"{status}"
    advice = "If this stays, ask whoever runs the network."
    if request.method not in ("GET", "HEAD"):
        advice = (
            "If this stays, look at the text that was sent: a firewall may take code or markup in it for an attack. "
            "Whether the service has seen it is not known."
        )
    return (
        f"Something before the service refused the request to {request.aim} ({form}): a firewall or a proxy. "
        f"It says nothing about your key. {advice}"
    )


def _problem(reply: Reply) -> Mapping[str, Any]:
    if b"{" not in reply.content[:64]:
        return {}
    try:
        document = read_json(reply.content)
    except ValueError:
        return {}
    return _cleaned(document) if isinstance(document, dict) else {}


def _with_error(problem: Mapping[str, Any]) -> Mapping[str, Any]:
    """A problem with what its ``error`` says, as gateways and other frameworks than the service's write it."""
    error = problem.get("error")
    if isinstance(error, str):
        error = {"code" if _WORD.fullmatch(error) else "message": error}
    return {**error, **problem} if isinstance(error, dict) else problem


def _cleaned(value: Any) -> Any:
    """A value without signed addresses, as deep as ``read_json`` reads."""
    if isinstance(value, dict):
        return {without_secrets(name, is_foreign=True): _cleaned(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    return without_secrets(value, is_foreign=True) if isinstance(value, str) else value


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
    texts = map(_sentence, (problem.get(name) for name in ("detail", "title", "message", "error_description")))
    sentence = next(filter(None, texts), None)
    faults = problem.get("errors")
    if isinstance(faults, dict):
        faults = [f"{field}: {said}" for field, value in faults.items() if (said := _all_said(value))]
    return _sentence(": ".join(filter(None, (sentence, _all_said(faults, "; ")))))


def _all_said(value: Any, between: str = " ") -> str:
    """A string, or a list of strings joined; empty for anything else."""
    sentences = value if isinstance(value, list) else [value]
    return between.join(sentence for sentence in sentences if isinstance(sentence, str))


def _plain_words(reply: Reply) -> str | None:
    """The text of a plain-text response, or of a JSON string. An HTML page of the front door is not worth showing."""
    if reply.content[:1] == b'"':
        with contextlib.suppress(ValueError):
            return _sentence(read_json(reply.content[: 8 * LONGEST_DETAIL]))
    if reply.headers.get("content-type", "").partition(";")[0].strip().lower() != "text/plain":
        return None
    return _sentence(reply.content[: 4 * LONGEST_DETAIL].decode("utf-8", "replace"))


def _sentence(value: Any) -> str | None:
    if not isinstance(value, str) or not value.strip():
        return None
    text = without_secrets(plain_line(value), is_foreign=True).rstrip(".")
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
    return f"Your plan's quota is used up{numbers} ({said})."
