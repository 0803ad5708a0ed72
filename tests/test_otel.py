"""Spans of OpenTelemetry: one a run, one an attempt, one trace across processes, and nothing that is secret."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("opentelemetry.sdk", reason="did not run: opentelemetry-sdk is not installed")

from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from specstep_flows import AsyncSpecStep, RunStore, SpecStep, errors
from specstep_flows.otel import traced
from specstep_flows.sandbox import ClarificationRound, Fault, ManualClock, Question, Sandbox, SandboxOptions
from tests.kit.api import op, path_of


class Process:
    """A process of its own, as far as tracing and clients go: its own provider, its own client."""

    def __init__(self, sandbox: Sandbox, store: Path, clock: Any) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        client = SpecStep(sandbox.api_key, api_url=sandbox.url, store=store, clock=clock)
        self.client = traced(client, self.provider)

    def named(self, name: str) -> list[Any]:
        return [span for span in self.exporter.get_finished_spans() if span.name == name]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox whose generations ask nothing."""
    options = SandboxOptions(clarifications=(), requests_per_minute=None, kickoffs_per_minute=None)
    with Sandbox(options=options, clock=ManualClock()) as running:
        yield running


@pytest.mark.slow
def test_a_run_is_one_trace_across_processes(sandbox: Sandbox, tmp_path: Path, turned: Any) -> None:
    """The first is stopped by a time limit; the second continues its trace by what the record remembers."""
    first = Process(sandbox, tmp_path / "store", turned(sandbox))
    with first.client as specstep, pytest.raises(errors.WaitTimeout):
        specstep.run("A shop.", run_id="tea", profile="Fast", output=tmp_path, timeout=120)
    second = Process(sandbox, tmp_path / "store", turned(sandbox))
    with second.client as specstep:
        specstep.resume("tea")

    (begun,), (ended,) = first.named("specstep.run"), second.named("specstep.run")
    assert begun.parent is None
    assert ended.parent.span_id == begun.context.span_id
    for process, run in ((first, begun), (second, ended)):
        attempts: list[Any] = [span for span in process.exporter.get_finished_spans() if span is not run]
        assert len(attempts) > 3
        assert {span.parent.span_id for span in attempts} == {run.context.span_id}
        assert {span.context.trace_id for span in attempts} == {begun.context.trace_id}
    assert begun.attributes["specstep.run_id"] == ended.attributes["specstep.run_id"] == "tea"
    assert (begun.attributes["specstep.resumed"], ended.attributes["specstep.resumed"]) == (False, True)
    # That somebody stopped waiting is no error of the run.
    assert (begun.status.status_code, begun.attributes["error.type"]) == (StatusCode.UNSET, "WaitTimeout")
    assert ended.attributes["specstep.generation_state"] == "Complete"
    assert ended.attributes["specstep.stage"] == "done"
    assert ended.attributes["specstep.cost_usd"] == 1.10
    assert len(first.named("specstep.start_generation")) + len(second.named("specstep.start_generation")) == 1
    text = str([[span.to_json() for span in one.exporter.get_finished_spans()] for one in (first, second)])
    assert sandbox.api_key not in text
    assert "sig=" not in text
    assert "A shop" not in text


def test_each_attempt_is_a_span_of_its_own(sandbox: Sandbox, turned: Any) -> None:
    """With the operation, the status and how often it was sent before; what is current becomes the parent."""
    sandbox.faults.add(Fault(op("get_usage"), "status", status=503), Fault(op("get_usage"), "reset"))
    process = Process(sandbox, RunStore.in_memory(), turned(sandbox))  # type: ignore[arg-type]
    tracer = process.provider.get_tracer("application")

    with process.client as specstep, tracer.start_as_current_span("request") as outer:
        specstep.get_usage()

    attempts = process.named("specstep.get_usage")
    assert [span.attributes.get("http.response.status_code") for span in attempts] == [503, None, 200]
    assert [span.attributes.get("http.request.resend_count") for span in attempts] == [None, 1, 2]
    assert [span.attributes.get("error.type") for span in attempts] == ["503", "ConnectionLost", None]
    assert {span.parent.span_id for span in attempts} == {outer.get_span_context().span_id}
    assert attempts[0].attributes["http.request.method"] == "GET"
    assert attempts[0].attributes["url.template"] == path_of("get_usage")
    assert attempts[0].attributes["server.address"] == "127.0.0.1"


def test_what_fails_there_fails_nothing_here(sandbox: Sandbox, tmp_path: Path, turned: Any) -> None:
    """The answer to what was paid for must not get lost with its span."""

    class Broken(SpanProcessor):
        def on_start(self, span: Any, parent_context: Any = None) -> None:
            if span.name == "specstep.get_usage":
                raise RuntimeError("no place")

        def on_end(self, span: Any) -> None:
            raise RuntimeError("no disk")

    process = Process(sandbox, tmp_path / "store", turned(sandbox))
    process.provider.add_span_processor(Broken())
    with process.client as specstep:
        specstep.get_usage()
        specstep.run("A shop.", run_id="tea", output=tmp_path)
    (run,) = process.named("specstep.run")
    assert (run.status.status_code, run.attributes["specstep.stage"]) == (StatusCode.UNSET, "done")


@pytest.mark.slow
def test_a_resumed_run_links_what_it_is_part_of_here(sandbox: Sandbox, tmp_path: Path, turned: Any) -> None:
    """It stays in its own trace."""
    process = Process(sandbox, tmp_path / "store", turned(sandbox))
    with process.client as specstep:
        specstep.run("A shop.", run_id="tea", output=tmp_path)
        with process.provider.get_tracer("application").start_as_current_span("job") as job:
            specstep.resume("tea")

    first, second = process.named("specstep.run")
    assert second.context.trace_id == first.context.trace_id
    assert second.links[0].context.span_id == job.get_span_context().span_id


def test_a_failure_is_an_error_of_the_run(sandbox: Sandbox, tmp_path: Path, turned: Any) -> None:
    """With its code and the service's word for it."""
    sandbox.options.plan_profiles = {"Pro": ("Fast",)}
    process = Process(sandbox, tmp_path / "store", turned(sandbox))
    with process.client as specstep, pytest.raises(errors.PlanRequired):
        specstep.run("A shop.", profile="Extensive", output=tmp_path)

    (run,) = process.named("specstep.run")
    assert run.status.status_code is StatusCode.ERROR
    assert run.status.description == "plan 400 FEATURE_NOT_ALLOWED"
    assert run.attributes["error.type"] == "PlanRequired"


def test_a_run_whose_task_is_cancelled_has_no_error(sandbox: Sandbox, tmp_path: Path, turned: Any) -> None:
    """A web server that stops cancels its tasks; the runs go on at the service."""
    sandbox.options.clarifications = (ClarificationRound((Question("Which database?"),)),)
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))

    async def stopped() -> None:
        asked = asyncio.Event()

        async def wait_for_ever(_: Any) -> dict[str, str]:
            asked.set()
            await asyncio.Event().wait()
            return {}

        client = AsyncSpecStep(sandbox.api_key, api_url=sandbox.url, store=tmp_path / "store", clock=turned(sandbox))
        async with traced(client, provider) as specstep:
            task = asyncio.create_task(specstep.run("A shop.", on_question=wait_for_ever, output=tmp_path))
            await asked.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(stopped())
    (run,) = (span for span in exporter.get_finished_spans() if span.name == "specstep.run")
    assert run.status.status_code is StatusCode.UNSET
    assert [event.name for event in run.events] == ["specstep.detached"]


def test_a_refusal_that_quotes_the_brief_is_not_exported(sandbox: Sandbox, tmp_path: Path, turned: Any) -> None:
    """Traces go to other people than briefs do."""
    sandbox.options.plan_profiles = {"Pro": ("Fast",)}
    quoting = {"detail": "Too much is wanted of a portal of secrets."}
    sandbox.faults.add(Fault(op("start_generation"), "edit", set=quoting, times=None))
    process = Process(sandbox, tmp_path / "store", turned(sandbox))
    with process.client as specstep, pytest.raises(errors.PlanRequired, match="portal of secrets"):
        specstep.run("A portal of secrets.", profile="Extensive", output=tmp_path)

    assert "portal of secrets" not in "".join(span.to_json() for span in process.exporter.get_finished_spans())


@pytest.mark.slow
def test_nothing_is_imported_without_being_asked_for() -> None:
    """A client and a call load no module of OpenTelemetry."""
    code = (
        "import sys; from specstep_flows import SpecStep, RunStore\n"
        "client = SpecStep('sf_a1b2c3d4e5f6g7h8', api_url='http://127.0.0.1:9', store=RunStore.in_memory())\n"
        "client.with_options(headers={'X-A': '1'})\n"
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
