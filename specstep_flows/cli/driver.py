"""Driving a run from the command: reporting, asking, confirming the payment, and writing the result."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

import attrs

from specstep_flows import errors, events
from specstep_flows._course import Duration, course
from specstep_flows._paths import shell_word
from specstep_flows._text import duration, money
from specstep_flows.cli import exits
from specstep_flows.cli.drafts import Drafts
from specstep_flows.cli.estimate import read_before_paying
from specstep_flows.cli.interrupts import InterruptibleClock, Interrupts
from specstep_flows.cli.output import changes_lines, package_document, result_document
from specstep_flows.cli.questions import Person, chosen_mode, load_answers, make_policy
from specstep_flows.cli.session import open_client
from specstep_flows.cli.wording import in_options
from specstep_flows.runs.records import changed_options
from specstep_flows.states import DEFAULT_PROFILE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from specstep_flows.cli.options import OnQuestion, Progress, RunningOptions
    from specstep_flows.cli.progress.log import Mode, Reporter
    from specstep_flows.cli.session import Call
    from specstep_flows.client import SpecStep
    from specstep_flows.models import PackageOnDisk, RunResult
    from specstep_flows.runs.records import RunRecord
    from specstep_flows.settings import Settings

#: So many files that an update has changed are named.
MOST_CHANGES: Final = 20


@attrs.define(eq=False)
class Driver:
    """One process's part in a run.

    ``yes``: paying was agreed to. ``is_free``: it costs nothing (a sandbox inside this process).
    """

    call: Call
    client: SpecStep
    interrupts: Interrupts
    clock: InterruptibleClock
    mode: Mode
    on_question: OnQuestion
    answers: Path | None = None
    timeout: float | None = None
    yes: bool = False
    is_free: bool = False
    #: The brief's source and length, in the process that was given it.
    brief: str | None = None
    #: Whether the package goes to stdout.
    is_piped: bool = False
    #: Wraps the reporter: a conversation, which hands over to it when there is something to watch.
    around: Callable[[Reporter], Reporter] | None = None
    #: Receives the events of work outside the run, such as the upload of a document in the conversation.
    on_other: Callable[[events.Event], None] | None = None

    def drive(self, go: Callable[..., RunResult]) -> int:
        """Run ``go`` (the client's ``run`` or ``resume``) with this process's reporter, policy and confirmation."""
        from specstep_flows.cli.progress.log import make_reporter

        reporter = make_reporter(self.mode, self.call.terminal, self.clock, self._conversation)
        if self.around is not None:
            reporter = self.around(reporter)
        file = load_answers(self.answers)
        drafts = Drafts(self.call, self.client)
        policy = make_policy(
            self.on_question, file, lambda: Person(self.call.terminal, self.interrupts, reporter.paused, drafts)
        )

        def tell(event: events.Event) -> None:
            if isinstance(event, events.RunOpened):
                self.call.run_id = event.run_id
            if self.is_free and isinstance(event, events.KeyVerified) and self.mode != "events":
                return  # a sandbox inside this process has no key that anybody would know of
            if not isinstance(event, events.Uploading):
                # In the middle of a request: an interrupt takes effect behind it, or when its grace is over.
                self.interrupts.check()
            reporter(events.Notice(in_options(event.message)) if isinstance(event, events.Notice) else event)

        try:
            with self.call.terminal.held(), reporter, self.interrupts.told_by(reporter.detaching):
                result = go(
                    on_question=policy,
                    confirm=None if self.is_free else lambda record: self._confirm(record, reporter),
                    on_event=tell,
                    timeout=self.timeout,
                )
        except errors.GenerationFailed as error:
            if error.run_id is not None:
                self.call.next_retry = self.client.store.get(error.run_id).next_retry
            raise
        finally:
            for sentence in file.unused() if file is not None else ():
                self.call.terminal.tell(sentence)
        return self._finish(result)

    def download(self, go: Callable[[], PackageOnDisk]) -> int:
        """Download a package that no run manages, with this process's reporter."""
        from specstep_flows.cli.progress.log import make_reporter

        reporter = make_reporter(self.mode, self.call.terminal, self.clock)

        def tell(event: events.Event) -> None:
            self.interrupts.check()
            reporter(event)

        self.on_other = tell
        try:
            with reporter, self.interrupts.told_by(reporter.detaching):
                package = go()
        finally:
            self.on_other = None
        if self.mode == "events":
            self.call.terminal.document({"event": "finished", **package_document(package)})
        else:
            self._finish_packages([package.path], package_document(package))
        return exits.DONE

    def _conversation(self, generation_id: Any) -> Any:
        return self.client.get_conversation(generation_id, take=3)

    def _confirm(self, record: RunRecord, reporter: Reporter) -> bool:
        """Whether to pay, with what a person should know first."""
        terminal = self.call.terminal
        if self.yes and terminal.is_quiet:
            return True
        profile = record.options.profile or DEFAULT_PROFILE
        lines, _ = read_before_paying(self.client, profile)
        if self.brief is not None and not record.generation_ids:
            lines.insert(0, f"{self.brief}.")
        with reporter.paused():
            for line in lines:
                terminal.tell(line)
            if self.yes:
                return True
            if not terminal.is_interactive:
                more = "more " if record.may_have_cost else ""
                raise errors.UsageError(
                    f"There is no terminal to confirm the payment on: add --yes. Nothing {more}was paid for."
                )
            limit = record.options.max_cost_usd
            stops = f"it is cancelled above {money(limit)}" if limit else "no spending limit is set"
            again = " again" if record.generation_ids else ""
            with self.interrupts.idle():
                agreed = terminal.confirm(f"Start a {profile} generation{again}? You will be charged; {stops}.")
        if agreed:
            # Nobody who resumes this run is asked the same again.
            self.client.store.update(
                record.run_id, {"options": changed_options(record.options, {"remember": {"yes": True}})}
            )
        return agreed

    def _finish(self, result: RunResult) -> int:
        """The ending: where the package is, what it cost, how long it took, and what to do next."""
        call, terminal = self.call, self.call.terminal
        if self.mode == "events":
            terminal.document({"event": "finished", **result_document(result)})
        else:
            # A fan-out has several packages: a line for each.
            self._finish_packages((result.path, *result.further_paths), result_document(result))
        record = self.client.store.get(result.run_id)
        if self.is_piped:
            # It is nowhere on disk any more, so resuming the run would download it again, to the working folder.
            options = changed_options(record.options, {"output": None})
            record = self.client.store.update(result.run_id, {"file": None, "packages": (), "options": options})
        took = course(record.history, generation_id=record.generation_id).duration
        self._tell_changes(result)
        tell_ending(call, result.cost_usd, took, f"report {result.run_id}", is_free=self.is_free)
        return exits.DONE

    def _tell_changes(self, result: RunResult) -> None:
        """What an update has changed, as far as a screen is long."""
        changes, say = result.changes, self.call.terminal.say
        if changes is None or self.is_piped:
            return
        counts = ((len(changes.added), "added"), (len(changes.removed), "removed"), (len(changes.changed), "changed"))
        told = ", ".join(f"{count} {word}" for count, word in counts if count)
        say(f"Files: {told or 'none has changed'} since {result.before}")
        lines = changes_lines(changes)
        for line in lines[:MOST_CHANGES]:
            say(f"  {line}")
        if len(lines) > MOST_CHANGES:
            say(f"  … and {len(lines) - MOST_CHANGES} more")
        if lines:
            words = f"diff {shell_word(result.before or '')} {shell_word(result.path)} --patch"
            say(f"Compare: {self.call.command(words)}")

    def _finish_packages(self, paths: Sequence[Path], document: Mapping[str, Any]) -> None:
        """Write the paths to stdout, or the package; they are told on stderr only where stdout is read elsewhere."""
        if self.is_piped:
            from specstep_flows.cli import piped

            piped.write(self.call, *paths)
            return
        self.call.finish("\n".join(map(str, paths)), document, is_exact=True)
        if self.call.json or not self.call.terminal.is_result_in_view:
            for path in paths:
                self.call.terminal.say(f"Saved {path}")


def tell_ending(call: Call, cost_usd: float | None, took: Duration, next_words: str, *, is_free: bool = False) -> None:
    """The last lines of what ended well: its cost, its time, and the next command."""
    if cost_usd is not None:
        free = "; this was a sandbox, so nothing was charged" if is_free else ""
        call.terminal.say(f"Cost: {money(cost_usd)}{free}")
    if took.seconds:
        call.terminal.say(f"Time: {took.parts or duration(took.seconds)}")
    call.terminal.say(f"Next: {call.command(next_words)}")


@contextlib.contextmanager
def open_driver(
    call: Call,
    mode: Mode,
    settings: Settings,
    options: RunningOptions,
    *,
    is_free: bool = False,
) -> Iterator[Driver]:
    """A driver with a client, a clock and signal handling of its own."""
    with Interrupts() as interrupts:
        clock = interrupts.clock(settings.clock_speed)

        def tell_other(event: events.Event) -> None:
            if driver.on_other is not None:
                driver.on_other(event)

        with open_client(call, clock, settings, tell_other) as client:
            driver = Driver(
                call=call,
                client=client,
                interrupts=interrupts,
                clock=clock,
                mode=mode,
                on_question=chosen_mode(options.on_question, call.terminal, is_sandbox=is_free),
                answers=options.answers,
                timeout=options.timeout,
                yes=options.yes,
                is_free=is_free,
            )
            yield driver


def chosen_progress(call: Call, progress: Progress, events: bool) -> Mode:
    """What ``--progress`` and ``--events`` say together. Raises ``UsageError``."""
    if events and call.json:
        raise errors.UsageError("--events and --json both write to stdout: choose one.")
    call.writes_events = events
    return "events" if events else progress.value
