"""The conversation with the agent: a run's respondent, and its reporter until the generation starts."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

from specstep_flows import errors, events
from specstep_flows._text import counted, size
from specstep_flows.cli.drafts import MESSAGE, Drafts
from specstep_flows.cli.interrupts import NOTICE, write_notice
from specstep_flows.cli.interview.documents import Documents
from specstep_flows.cli.interview.editor import edited
from specstep_flows.cli.interview.keyboard import COMMANDS, UNDO, Command, make_keyboard
from specstep_flows.cli.interview.view import show_reply, status_lines

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from types import TracebackType

    from specstep_flows.cli.driver import Driver
    from specstep_flows.cli.progress.log import Reporter
    from specstep_flows.models import Interview
    from specstep_flows.runs.records import RunRecord

#: The pages name no limit for reference documents: past this one a person is warned.
LARGE_MEGABYTES: Final = 20.0
#: A wait this long is worth a line.
LONG_SECONDS: Final = 5.0
_NONE_PENDING: Final = f"No turn is pending. /{UNDO} works while the agent is answering."


class Conversation:
    """An interview at the terminal, or from a pipe.

    ``respond`` is the run's respondent; the object itself takes the run's events, and passes them to ``around``'s
    reporter once there is a generation to watch.
    """

    def __init__(self, driver: Driver, large_megabytes: float = LARGE_MEGABYTES) -> None:
        self._driver = driver
        self._terminal = driver.call.terminal
        self._client = driver.client
        self._keyboard = make_keyboard(self._terminal, driver.interrupts)
        self._inner: Reporter | None = None
        self._is_inner_open = False
        self._stack = contextlib.ExitStack()
        self._shown: str | None = None
        self._is_greeted = False
        self._interview: Interview | None = None
        self._is_pending = False
        self._is_complete = False
        self._is_undo_due = False
        #: What was typed and is on its way.
        self._sent = ""
        self._drafts = Drafts(driver.call, driver.client)
        self._documents = Documents(driver, large_megabytes)

    def around(self, inner: Reporter) -> Conversation:
        """This conversation, which hands over to ``inner`` when the generation starts."""
        self._inner = inner
        return self

    # The run's reporter

    def __enter__(self) -> Conversation:
        if self._keyboard.is_person:
            self._driver.clock.listen = self._listen
            self._keyboard.wait("Starting the interview.")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._driver.clock.listen = None
        self._keyboard.stop()
        if isinstance(error, errors.BadRequest) and self._is_pending and self._sent:
            # The service does not take it as it is, so it is there to be changed when the interview is continued.
            self._keyboard.take_in()
            self._keyboard.draft = "\n".join(filter(None, (self._sent, self._keyboard.draft)))
        self._documents.bar.close()
        self._stack.__exit__(kind, error, trace)

    def paused(self) -> AbstractContextManager[Any]:
        """Leave the terminal to a question."""
        return self._inner.paused() if self._inner is not None and self._is_inner_open else self._terminal.hidden()

    def detaching(self) -> None:
        """Acknowledge an interrupt."""
        if self._inner is not None and self._is_inner_open:
            self._inner.detaching()
        elif not self._keyboard.notify(NOTICE):
            write_notice()

    def take_over(self, opened: events.RunOpened) -> None:
        """Nothing: it tells of the run itself."""

    def __call__(self, event: events.Event) -> None:
        """Take an event of the run."""
        if self._inner is not None and self._is_inner_open:
            self._inner(event)
            return
        match event:
            case events.RunOpened():
                from specstep_flows.cli.progress.state import opened_words

                self._terminal.tell(opened_words(event))
            case events.TurnSubmitted():
                self._submitted(event)
            case events.ReplyReceived():
                self._is_pending = False
                self._keyboard.stop()
                self._show(event.reply)
                if self._keyboard.is_person and self._keyboard.overheard(0.0):
                    self._terminal.tell(f"Too late for /{UNDO}: the agent has answered.")
            case events.InterviewCompleted():
                self._completed(event)
            case events.Uploading():
                self._keyboard.stop()
                self._documents.bar.show(event)
            case events.DocumentAttached():
                self._documents.bar.close()
                self._terminal.say(f"Attached {event.name} ({size(event.size_bytes)}).")
            case events.Waiting() if event.seconds >= LONG_SECONDS:
                self._terminal.say(event.reason)
            case events.Notice():
                self._terminal.tell(event.message)
            case events.GenerationStarted():
                self._hand_over(event)

    def _submitted(self, event: events.TurnSubmitted) -> None:
        self._is_pending, self._is_undo_due = True, False
        self._sent = event.message if event.total is None else ""
        if event.total is not None:
            self._terminal.say(f"You: {event.message}")
        hint = f" /{UNDO} takes your turn back." if self._keyboard.is_person else ""
        sentence = f"The agent is answering.{hint}"
        if not self._keyboard.wait(sentence):
            self._terminal.say(sentence)

    def _completed(self, event: events.InterviewCompleted) -> None:
        self._is_pending = False
        self._keyboard.stop()
        self._terminal.say("The interview is complete.")
        left = event.unused_messages
        if left:
            self._terminal.tell(f"{counted(left, 'message')} of the brief not needed, and not sent.")
        typed = 0 if self._keyboard.is_person else self._keyboard.lines_left
        if typed:
            self._terminal.tell(f"{counted(typed, 'more line')} of input not sent.")
        self._is_complete = True
        self.keep_draft()

    def keep_draft(self) -> None:
        """What was typed and not sent is kept with the run, for whoever continues the interview, or shown."""
        if not self._keyboard.is_person:
            return
        self._keyboard.take_in()
        draft = self._keyboard.draft.strip("\n")
        self._keyboard.draft = ""
        run_id = self._driver.call.run_id
        if self._is_complete or run_id is None or self._driver.is_free:
            if draft.strip():
                self._terminal.tell(f"Not sent:\n{draft}")
        elif self._drafts.keep(MESSAGE, draft):
            self._terminal.tell("Your unsent text is kept with the run.")

    def _hand_over(self, event: events.GenerationStarted) -> None:
        self._driver.clock.listen = None
        if self._inner is None:
            return
        self._stack.enter_context(self._inner)
        self._is_inner_open = True
        if self._driver.call.run_id is not None:
            self._inner.take_over(events.RunOpened(self._driver.call.run_id, resumed=True))
        self._inner(event)

    def _show(self, reply: str | None) -> None:
        """The agent's words, once."""
        if reply and reply != self._shown:
            self._shown = reply
            with self._terminal.hidden():
                show_reply(self._terminal, reply)

    # The run's respondent

    def respond(self, reply: str | None, interview: Interview) -> str | None:
        """The next thing to say, or None to end the interview.

        Raises:
            Detached: the user leaves, or the input ends.
        """
        self._interview = interview
        self._is_pending = False
        self._show(reply)
        if not self._is_greeted and self._keyboard.is_person:
            self._is_greeted = True
            self._terminal.say("An empty line sends your message; /done ends the interview, /help lists the commands.")
            stored = self._drafts.get(MESSAGE)
            if stored:
                self._keyboard.take_in()
                self._keyboard.draft = "\n".join(filter(None, (stored, self._keyboard.draft)))
        while True:
            said = self._keyboard.message("> ", "  ")
            if isinstance(said, str) and self._keyboard.is_person:
                self._drafts.keep(MESSAGE, "")
            if said is None:
                self._check_end()
                return None
            if isinstance(said, str):
                return said
            if said == Command("done") and self._has_spoken(interview):
                self._keyboard.wait("Ending the interview.")
                return None
            text = self._carry_out(said, interview)
            if text is not None:
                return text

    def _check_end(self) -> None:
        """The end of input ends the interview where paying was agreed to beforehand; elsewhere it leaves it open."""
        if not self._keyboard.is_person and self._driver.yes:
            return
        self._terminal.say("")
        raise errors.Detached(
            "The input ended before the interview did. Nothing was paid for; continue it, or end it with /done."
        )

    def _has_spoken(self, interview: Interview) -> bool:
        if any(turn.is_users for turn in interview.turns):
            return True
        self._terminal.tell("Nothing has been said yet, so there is nothing to generate from.")
        return False

    def _carry_out(self, command: Command, interview: Interview) -> str | None:
        """Carry out a command; the message it yields, if any. Failures are shown, and the conversation continues."""
        if command.argument and command.is_known and not COMMANDS[command.name][0]:
            self._terminal.tell(f"/{command.name} takes no argument. To send it as text, start with a space.")
            self._keyboard.mend(command)
            return None
        try:
            match command.name:
                case "quit":
                    raise errors.Detached("You left the interview. Nothing was paid for, and nothing is lost.")
                case "edit":
                    return self._edit()
                case "attach":
                    self._documents.attach(command.argument, interview)
                case "documents":
                    self._documents.show(interview)
                case "remove":
                    self._documents.remove(command.argument, interview)
                case "status":
                    for line in status_lines(self._client.get_interview(interview.id), self._driver.call.run_id):
                        self._terminal.tell(line)
                case "undo-pending":
                    self._terminal.tell(_NONE_PENDING)
                case "help":
                    self._help()
                case "done":
                    pass
                case _:
                    self._terminal.tell(
                        f"Unknown command /{command.name} (see /help). To send it as text, start with a space."
                    )
                    self._keyboard.mend(command)
        except errors.Detached:
            raise
        except errors.SpecStepError as error:
            if command.name == "attach" and self._driver.yes and not self._keyboard.is_person:
                # Nobody is there to react, and the next step pays.
                raise errors.UsageError(
                    f"{error.message} The interview stays open, and nothing was paid for: continue it with "
                    f"`specstep resume {self._driver.call.run_id}`."
                ) from None
            self._terminal.tell(error.message)
        return None

    def _edit(self) -> str | None:
        """The message as the editor left it, shown as it is sent: the editor's window is gone."""
        text, obstacle = edited(self._terminal, self._keyboard.draft.rstrip("\n"))
        self._keyboard.draft = "" if obstacle is None else text
        if obstacle is not None:
            self._terminal.tell(obstacle)
            return None
        self._terminal.say("You: " + text.replace("\n", "\n     "))
        return text

    def _help(self) -> None:
        self._terminal.tell("An empty line sends your message.")
        for name, (argument, meaning) in COMMANDS.items():
            self._terminal.tell(f"  {f'/{name} {argument}':<17} {meaning}")

    # While the agent is answering

    def _listen(self, seconds: float) -> None:
        """Wait: /undo-pending takes effect at once, anything else that is typed is a draft."""
        if self._is_undo_due and self._take_back():
            return
        if self._keyboard.overheard(seconds):
            self._take_back()

    def _take_back(self) -> bool:
        """Cancel the job of the turn that is being answered; False when it has none yet."""
        if not self._is_pending:
            self._terminal.tell(_NONE_PENDING)
            return True
        run_id = self._driver.call.run_id
        turns = self._client.store.get(run_id).turns if run_id is not None else ()
        job_id = turns[-1].job_id if turns else None
        if job_id is None:
            if not self._is_undo_due:
                self._terminal.tell("Your turn has not reached the agent yet; it is taken back as soon as it has.")
            self._is_undo_due = True
            return False
        self._is_undo_due = False
        self._is_pending = False
        try:
            self._client.cancel_turn(job_id)
        except errors.Conflict:
            self._terminal.tell(f"Too late for /{UNDO}: the agent has answered.")
        except errors.SpecStepError as error:
            self._is_pending = True
            self._terminal.tell(error.message)
        else:
            self._keyboard.stop()
            self._terminal.say(
                "Your turn was taken back. The agent may still have seen it. The up arrow brings its text back."
            )
        return True


def is_open_interview(record: RunRecord) -> bool:
    """Whether this run's interview is held at the keyboard and not over yet."""
    return record.options.interview and not record.interview_complete and record.generation_id is None


def resume_interview(
    driver: Driver, record: RunRecord, changes: Mapping[str, Any], large_megabytes: float = LARGE_MEGABYTES
) -> int:
    """Resume an interview where it was left; one that is over continues as any run does."""
    driver.call.run_id = record.run_id
    return drive_interview(
        driver, lambda **given: driver.client.resume(record.run_id, **changes, **given), large_megabytes
    )


def drive_interview(driver: Driver, go: Any, large_megabytes: float) -> int:
    """Drive a run whose interview is held at the keyboard."""
    with driver.call.terminal.held():
        conversation = Conversation(driver, large_megabytes)
        driver.around = conversation.around
        try:
            return driver.drive(lambda **given: go(respondent=conversation.respond, **given))
        finally:
            conversation.keep_draft()
