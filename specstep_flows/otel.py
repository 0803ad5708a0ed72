"""OpenTelemetry: one span for a run, one for each attempt of a request. Needs the extra `otel` (opentelemetry-api).

::

    from specstep_flows import SpecStep
    from specstep_flows.otel import traced

    with traced(SpecStep()) as specstep:
        specstep.run("A portal for small shops.")

A run's ``traceparent`` is kept in its record, so whoever resumes it in another process continues the same trace. What
is exported, and where to, is for the application's OpenTelemetry SDK to say. No span holds a key, an address with a
query, or a word of what is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

import attrs

try:
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "OpenTelemetry needs the extra `otel` of specstep-flows: pip install '.[otel]' in a clone, or add [otel] to "
        "the wheel's name.",
        name=error.name,
    ) from None

from specstep_flows import errors
from specstep_flows._version import __version__
from specstep_flows.gateway._operations import OPERATIONS

if TYPE_CHECKING:
    from opentelemetry.context import Context

    from specstep_flows.client import SpecStep
    from specstep_flows.client_async import AsyncSpecStep
    from specstep_flows.engine.effects import Request
    from specstep_flows.engine.wire import Span

__all__ = ["OpenTelemetryTracer", "traced"]

Client = TypeVar("Client", "SpecStep", "AsyncSpecStep")

_PROPAGATOR: Final = TraceContextTextMapPropagator()


def traced(client: Client, tracer_provider: trace.TracerProvider | None = None) -> Client:
    """The client, with spans for its runs and its requests; ``tracer_provider`` is the global one by default."""
    return client.with_options(tracer=OpenTelemetryTracer(tracer_provider, client.settings.api_url))


@attrs.frozen
class _Span:
    """A span of OpenTelemetry as the engine ends it."""

    span: trace.Span

    @property
    def traceparent(self) -> str | None:
        """The W3C header; None where nothing records."""
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier, trace.set_span_in_context(self.span))
        return carrier.get("traceparent")

    def end(self, error: BaseException | None = None, **facts: object) -> None:
        """It is over. That somebody stopped waiting for a run (a cancelled task, Ctrl-C) is no error of it."""
        status = facts.pop("status", None)
        self.span.set_attributes(_attributes(facts))
        if isinstance(status, int):
            self.span.set_attribute("http.response.status_code", status)
        if error is not None:
            self.span.set_attribute("error.type", type(error).__name__)
        if isinstance(error, errors.Detached) or (error is not None and not isinstance(error, Exception)):
            self.span.add_event("specstep.detached")
        elif error is not None:
            self.span.set_status(trace.Status(trace.StatusCode.ERROR, _description(error)))
        elif isinstance(status, int) and status >= 400:
            self.span.set_attribute("error.type", str(status))
            self.span.set_status(trace.Status(trace.StatusCode.ERROR))
        self.span.end()


class OpenTelemetryTracer:
    """What ``with_options(tracer=…)`` takes; ``traced`` makes one."""

    def __init__(self, tracer_provider: trace.TracerProvider | None = None, api_url: str = "") -> None:
        self._tracer = trace.get_tracer("specstep_flows", __version__, tracer_provider)
        self._host = urlsplit(api_url).hostname

    def run(self, run_id: str, traceparent: str | None, **facts: object) -> _Span:
        """A span for a run as long as this process is at it, in the trace in which the run began.

        What is current here, another request of the application for example, is linked.
        """
        here = trace.get_current_span().get_span_context()
        context: Context | None = None
        links: list[trace.Link] = []
        if traceparent is not None:
            context = _PROPAGATOR.extract({"traceparent": traceparent})
            if here.is_valid and here.trace_id != trace.get_current_span(context).get_span_context().trace_id:
                links.append(trace.Link(here))
        attributes = _attributes({"run_id": run_id, **facts})
        return _Span(self._tracer.start_span("specstep.run", context, attributes=attributes, links=links))

    def attempt(self, request: Request, number: int, run: Span | None) -> _Span:
        """A span for one attempt, within the run's, or within what is current here."""
        context = trace.set_span_in_context(run.span) if isinstance(run, _Span) else None
        known = OPERATIONS.get(request.operation)
        attributes: dict[str, Any] = {
            "http.request.method": request.method,
            "url.template": request.path if known is None else known.path,
            "specstep.operation": request.operation,
        }
        if self._host:
            attributes["server.address"] = self._host
        if number > 1:
            attributes["http.request.resend_count"] = number - 1
        name = f"specstep.{request.operation}"
        return _Span(self._tracer.start_span(name, context, trace.SpanKind.CLIENT, attributes))


def _description(error: BaseException) -> str | None:
    """The error's code, and what the service called it. Its sentence may quote what was sent."""
    if isinstance(error, errors.APIError):
        return " ".join(filter(None, (error.code, str(error.status), error.problem_type)))
    return error.code if isinstance(error, errors.SpecStepError) else None


def _attributes(facts: dict[str, object]) -> dict[str, Any]:
    return {f"specstep.{name}": value for name, value in facts.items() if isinstance(value, str | int | float)}
