"""How attempts are sent as the caller wants them, and how their responses and spans are handed out.

``wired`` comes between a flow's steps and the driver that performs them, so neither knows of it. A response is handed
out once its outcome is durable: whatever the callback does, nothing is paid for twice.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import logging
import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import attrs

from specstep_flows import errors
from specstep_flows._text import without_keys, without_secrets
from specstep_flows.engine.interpreter import Attempt, Block, Call
from specstep_flows.engine.leaving import Overdue
from specstep_flows.models import RawResponse
from specstep_flows.runs.records import RunRecord
from specstep_flows.states import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from specstep_flows.engine.effects import Reply, Request
    from specstep_flows.engine.interpreter import Steps
    from specstep_flows.engine.session import Session
    from specstep_flows.engine.wire import Span, Wire

R = TypeVar("R")
_log = logging.getLogger("specstep_flows")


def wired(steps: Steps[R], session: Session) -> Steps[R]:
    """The steps, with every attempt among them as the session's ``wire`` wants it."""
    assert session.wire is not None
    attempts = _Attempts(session.wire, session)
    value: Any = None
    failure: Exception | None = None
    try:
        while True:
            try:
                step = steps.send(value) if failure is None else steps.throw(failure)
            except StopIteration as stop:
                yield from attempts.told()
                result: R = stop.value
                return result
            except Exception as error:
                yield from attempts.told()
                if isinstance(error, errors.WaitTimeout) and attempts.unsettled is not None and session.record is None:
                    raise _unknown(attempts.unsettled) from None
                raise
            value, failure = None, None
            try:
                if isinstance(step, Attempt):
                    value = yield from attempts.send(step)
                    continue
                if not (isinstance(step, Block) and step.is_write):
                    # What came back is recorded by now.
                    yield from attempts.told()
                value = yield step
            except Exception as error:  # the step's, or the callback's
                failure = error
    finally:
        steps.close()


@attrs.define(eq=False)
class _Attempts:
    """The attempts of one flow: counted, measured, and their responses kept until they can be handed out."""

    wire: Wire
    session: Session
    #: The request that may have been paid for, while nobody knows what became of it.
    unsettled: Request | None = None
    _last: Request | None = None
    _number: int = 0
    _waiting: list[RawResponse] = attrs.field(factory=list)

    def send(self, step: Attempt) -> Steps[Reply]:
        request = step.request
        self._number = self._number + 1 if request is self._last else 1
        self._last = request
        before = self.unsettled
        if request.kind == "unsafe":
            self.unsettled = request
        tracer = self.wire.tracer
        span = None
        if tracer is not None:
            span = _unharmed(lambda: tracer.attempt(request, self._number, self.session.span))
        try:
            reply: Reply = yield _dressed(step, self.wire, self.session)
        except BaseException as error:
            if isinstance(error, errors.NotConnected | errors.UsageError | errors.RunTaken | Overdue):
                self.unsettled = before
            if isinstance(error, Overdue):
                self._number -= 1
            _end(span, error)
            raise
        if 400 <= reply.status < 500 and reply.status != 408:
            # A refusal says nothing of an earlier request whose answer was lost.
            self.unsettled = before
        _end(span, status=reply.status)
        if self.wire.on_response is not None:
            self._waiting.append(raw_response(request, reply, self._number))
        return reply

    def told(self) -> Steps[None]:
        waiting, self._waiting = self._waiting, []
        for response in waiting:
            assert self.wire.on_response is not None
            yield Call(self.wire.on_response, (response,))


def _unknown(request: Request) -> errors.OutcomeUnknown:
    """A time limit ended the search for what became of a request, and no record remembers that it was sent."""
    return errors.OutcomeUnknown(
        f"The time is over (`timeout`), and whether the request to {request.aim} was carried out is not known. Look "
        "before you send it again: it may have been paid for."
    )


def _dressed(step: Attempt, wire: Wire, session: Session) -> Attempt:
    """The attempt as it is sent. The request's own headers win."""
    request, timeout = step.request, step.timeout
    if wire.headers:
        request = attrs.evolve(request, headers={**wire.headers, **(request.headers or {})})
    if wire.request_timeout is not None:
        shared = session.shared
        wanted, usual = shared.real_seconds(wire.request_timeout), shared.real_timeout_of(request.works_seconds)
        # A shorter one than usual is what the overall deadline leaves.
        timeout = wanted if timeout >= usual else min(timeout, wanted)
    return attrs.evolve(step, request=request, timeout=timeout)


#: Under this name a run's record remembers in which trace it began.
TRACEPARENT: Final = "traceparent"


@contextlib.contextmanager
def traced_run(session: Session, *, resumed: bool, is_alone: bool) -> Iterator[None]:
    """A span for a run as long as this process is at it; the record has what continues its trace in another one."""
    record = session.record
    assert session.wire is not None
    assert session.wire.tracer is not None
    assert isinstance(record, RunRecord)
    known = record.options.remember.get(TRACEPARENT)
    begin = partial(
        session.wire.tracer.run,
        record.run_id,
        known if isinstance(known, str) else None,
        resumed=resumed,
        profile=record.options.profile,
        is_beside=not is_alone,
    )
    span = session.span = _unharmed(begin)
    failure: BaseException | None = None
    try:
        traceparent = None if span is None else _unharmed(lambda: span.traceparent)
        if known is None and is_alone and traceparent is not None:
            remember = {**record.options.remember, TRACEPARENT: traceparent}
            session.write({"options": attrs.evolve(record.options, remember=remember)})
        yield
    except BaseException as error:
        failure = error
        raise
    finally:
        now = session.record
        assert isinstance(now, RunRecord)
        _end(
            span,
            failure,
            generation_id=None if now.generation_id is None else str(now.generation_id),
            generation_state=now.generation_state,
            stage=now.stage,
            cost_usd=now.total_cost_usd,
        )


def _end(span: Span | None, error: BaseException | None = None, **facts: object) -> None:
    if span is not None:
        _unharmed(lambda: span.end(error, **facts))


def _unharmed(trace: Callable[[], R]) -> R | None:
    """What a tracer does, if it can: its failure is logged, and loses no answer to what was paid for."""
    try:
        return trace()
    except Exception as error:
        _log.warning("The tracer failed (%s).", type(error).__name__)
        return None


#: Headers of responses whose values are nobody's business.
_HIDDEN_HEADERS: Final = frozenset({"set-cookie", "set-cookie2", "mcp-session-id", "authorization", "cookie"})
_HIDDEN: Final = "REDACTED"
#: Types that a service gives to what it does not know, or did not think of.
_VAGUE: Final = frozenset({"", "text/plain", "text/html"})
#: What answers with a file of the user's own.
_FILES: Final = frozenset({"get_package_file", "download_explanation"})
#: Marks of encodings, spaces, and the zeros of the wider encodings.
_BEFORE_JSON: Final = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"
#: Members of JSON whose value is a secret, by how their name ends, without case and separators.
_SECRET_MEMBERS: Final = ("secret", "rawkey", "apikey", "token", "password", "signature")
#: A string, with its value if it is the name of another one. What has no end ends with the text: nothing is looked
#: through again and again.
_STRINGS: Final = re.compile(r'"((?:[^"\\]|\\.)*+)(?:"(?:(\s*+:\s*+)"((?:[^"\\]|\\.)*+)("|\\?\Z))?|(\\?\Z))', re.DOTALL)
_SIGNED: Final = re.compile(
    r"(?i)(?:[?&;]|\\u0026)(?:[a-z-]*(?:sig|signature|token|credential|key|expires)|se|sp|sv)(?:=|%3d)"
)


def raw_response(request: Request, reply: Reply, number: int) -> RawResponse:
    """A response for the caller's eyes: as it came, but for what is secret."""
    headers = tuple(
        (name, _HIDDEN if _is_hidden(name) else without_secrets(value, is_foreign=True))
        for name, value in reply.headers.multi_items()
    )
    content = reply.content
    if _is_json(request, reply):
        encoding, fault = _encoding_of(content)
        text = content.decode(encoding, fault)
        cleaned = _STRINGS.sub(_without_secret, text)
        content = content if cleaned == text else cleaned.encode(encoding, fault)
    return RawResponse(request.operation, request.method, reply.status, headers, content, number)


def _is_hidden(header: str) -> bool:
    return header.lower() in _HIDDEN_HEADERS or fold(header).endswith(_SECRET_MEMBERS)


def _is_json(request: Request, reply: Reply) -> bool:
    """Whether a body is JSON: it says so, or it begins so and is read as that. A file may hold anything."""
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if "json" in kind or (request.operation in _FILES and kind not in _VAGUE):
        return "json" in kind
    return reply.content.lstrip(_BEFORE_JSON)[:1] in (b"{", b"[")


def _encoding_of(content: bytes) -> tuple[str, str]:
    """How JSON is written, and how its bytes that are no text are kept; a mark of the encoding is a character of it."""
    found: str = json.detect_encoding(content)
    if found.startswith("utf-8"):
        return "utf-8", "surrogateescape"
    if found in ("utf-16", "utf-32"):
        found += "-le" if content.startswith(codecs.BOM_UTF16_LE) else "-be"
    return found, "replace"


def _without_secret(match: re.Match[str]) -> str:
    name, colon, value, end, open_end = match.groups()
    if colon is None:
        return f'"{_cut(name)}' + ('"' if open_end is None else open_end)
    if fold(name).endswith(_SECRET_MEMBERS):
        return f'"{name}"{colon}"{_HIDDEN}{end}'
    return f'"{name}"{colon}"{_cut(value, is_address=fold(name).endswith(("url", "uri", "location")))}{end}'


def _cut(value: str, *, is_address: bool = False) -> str:
    if is_address or _SIGNED.search(value):
        return without_secrets(value, is_foreign=True)
    return without_keys(value)
