"""A brief pasted at any moment of an interview, in a pseudo-terminal: it is in the record once, whole and in order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import pytest

from specstep_flows import RunStore
from specstep_flows.runs.records import RunRecord
from specstep_flows.sandbox import ClarificationRound, Fault, Question, Sandbox
from tests.kit.api import op
from tests.kit.pseudo_terminal import at_terminal, enter, fast_sandbox, finish, say, send, users_turns
from tests.kit.screens import Screen, watch
from tests.kit.tiers import one_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Start = Callable[..., pexpect.spawn]

#: 200 lines as a person has them in a file: headings, blank lines, lists, code with tabs, long lines, other scripts,
#: and lines that would be commands if they were typed.
BRIEF = "\n".join(
    line
    for number in range(20)
    for line in (
        f"# Part {number}: what the portal does",
        "",
        f"Shop owners put a short link on their receipts ({number}). " + "Customers say what they liked. " * 8,
        f"/status is a path of the API, and {number} is a number.",
        "/done",
        "",
        f"- a list, 顧客 {number}",
        f"\tmake part-{number}",
        "  trailing spaces  ",
        "",
    )
).rstrip("\n")
assert BRIEF.count("\n") == 198

#: How terminals send a paste.
WAYS = {
    "marked, CR": ("\r", True),
    "marked, LF": ("\n", True),
    "marked, CRLF": ("\r\n", True),
    "unmarked, CR": ("\r", False),
    "unmarked, CRLF": ("\r\n", False),
}


def paste(child: pexpect.spawn, way: str) -> None:
    """Paste the brief as a terminal does, in pieces as large as it takes."""
    end, is_marked = WAYS[way]
    text = BRIEF.replace("\n", end)
    child.delaybeforesend = None
    child.send(f"\x1b[200~{text}\x1b[201~" if is_marked else text)
    child.delaybeforesend = 0.05


def seen_whole(child: pexpect.spawn) -> None:
    """The end of the brief is drawn, and what belongs to it is quiet."""
    child.expect_exact("part-19")
    child.expect_exact("trailing spaces")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A service on loopback whose clock runs fast."""
    with fast_sandbox() as running:
        yield running


@pytest.fixture
def start(sandbox: Sandbox, tmp_path: Path) -> Iterator[Start]:
    """Starts ``specstep`` in a pseudo-terminal."""
    with at_terminal(sandbox, tmp_path) as spawn:
        yield spawn


def pasted_before_the_prompt(start: Start, sandbox: Sandbox, way: str) -> list[str]:
    """Before anything is printed; where the terminal marks pastes, as soon as it was asked to.

    Before the command has the terminal, that itself makes two ends of each CRLF.
    """
    child = start("interview", "--run-id", "mine")
    if WAYS[way][1] or WAYS[way][0] == "\r\n":
        child.expect_exact("\x1b[?2004h")
    paste(child, way)
    child.expect_exact("/help lists the commands.")
    assert users_turns(sandbox) == []
    seen_whole(child)
    send(child)
    child.expect_exact("Who will use it")
    return [BRIEF]


def pasted_at_the_prompt(start: Start, sandbox: Sandbox, way: str) -> list[str]:
    """Where it is expected."""
    child = start("interview", "--run-id", "mine")
    child.expect_exact("> ")
    paste(child, way)
    seen_whole(child)
    assert users_turns(sandbox) == []
    send(child)
    child.expect_exact("Who will use it")
    return [BRIEF]


def pasted_while_the_agent_answers(start: Start, sandbox: Sandbox, way: str) -> list[str]:
    """It is a draft, and no part of the message that is being answered."""
    sandbox.options.turn_seconds = 60
    child = start("interview", "--run-id", "mine")
    say(child, "A portal.")
    child.expect_exact("takes your turn back")
    paste(child, way)
    seen_whole(child)
    child.expect_exact("Who will use it")
    child.expect_exact("part-19")
    assert users_turns(sandbox) == ["A portal."]
    send(child)
    child.expect_exact("Which systems")
    return ["A portal.", BRIEF]


def pasted_into_a_message(start: Start, sandbox: Sandbox, way: str) -> list[str]:
    """In the middle of what is being typed, which goes on behind it."""
    child = start("interview", "--run-id", "mine")
    child.expect_exact("> ")
    enter(child, "I begin.")
    child.expect_exact("\n")
    child.send("Here it is: ")
    child.expect_exact("Here it is:")
    paste(child, way)
    seen_whole(child)
    child.send("<- so far")
    child.expect_exact("<- so far")
    send(child)
    child.expect_exact("Who will use it")
    return [f"I begin.\nHere it is: {BRIEF}<- so far"]


def pasted_after_edit(start: Start, sandbox: Sandbox, way: str) -> list[str]:
    """The editor has had the terminal, and the prompt has it again."""
    child = start("interview", "--run-id", "mine", EDITOR="sh -c 'echo From the editor. > $0'")
    child.expect_exact("> ")
    enter(child, "/edit")
    child.expect_exact("You: From the editor.")
    paste(child, way)
    child.expect_exact("Who will use it")
    seen_whole(child)
    assert users_turns(sandbox) == ["From the editor."]
    send(child)
    child.expect_exact("Which systems")
    return ["From the editor.", BRIEF]


MOMENTS = [
    pasted_at_the_prompt,
    pasted_before_the_prompt,
    pasted_while_the_agent_answers,
    pasted_into_a_message,
    pasted_after_edit,
]


@pytest.mark.parametrize(
    ("moment", "way"), one_in(len(MOMENTS) * len(WAYS), [(moment, way) for way in WAYS for moment in MOMENTS])
)
def test_a_pasted_brief_is_in_the_record_once_whole_and_in_order(
    moment: Callable[..., list[str]], way: str, start: Start, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Whenever it is pasted and however the terminal sends it; nothing of it is sent before Enter, or acted on."""
    expected = moment(start, sandbox, way)

    assert users_turns(sandbox) == expected
    assert [turn.message for turn in recorded(tmp_path).turns] == expected


def recorded(folder: Path) -> RunRecord:
    """The one run that is stored."""
    store = RunStore(folder / "state")
    (record,) = store.all()
    store.close()
    return record


@pytest.mark.slow
@pytest.mark.parametrize(
    ("way", "kind"), [("marked, CR", "xterm"), ("unmarked, CR", "xterm"), ("unmarked, CR", "dumb")]
)
def test_a_paste_is_one_answer(way: str, kind: str, start: Start, sandbox: Sandbox, tmp_path: Path) -> None:
    """At an agent's question, too: all of it, and only when Enter is pressed."""
    child = start("run", "A portal.", "--yes", "--profile", "Fast", "-o", "portal.zip", TERM=kind)
    child.expect_exact("Ctrl-C leaves the question for later.")
    child.expect_exact("Answer (Enter accepts the proposal): ")
    paste(child, way)
    seen_whole(child)
    (generation,) = sandbox.state.generations.values()
    assert not generation.answers
    enter(child)
    child.expect_exact("Next: specstep report")
    assert finish(child) == 0
    assert list(generation.answers.values()) == [BRIEF.strip()]
    assert [answer["answer"] for answer in recorded(tmp_path).answers] == [BRIEF.strip()]


@pytest.mark.slow
def test_what_was_typed_before_a_question_answers_none(start: Start, sandbox: Sandbox) -> None:
    """Neither whether to pay nor what an agent asks: there it is a draft, which Enter sends."""
    child = start("run", "A portal.", "--profile", "Fast", "-o", "portal.zip")
    child.send("y\rForms\ronly.\r")
    child.expect_exact("[y/N] ")
    child.expect([pexpect.TIMEOUT, pexpect.EOF], timeout=1)
    assert not sandbox.state.generations
    enter(child, "y")
    child.expect_exact("Answer (Enter accepts the proposal): ")
    child.expect_exact("only.")
    child.expect([pexpect.TIMEOUT, pexpect.EOF], timeout=1)
    (generation,) = sandbox.state.generations.values()
    assert not generation.answers
    enter(child)
    child.expect_exact("Next: specstep report")
    assert finish(child) == 0
    assert list(generation.answers.values()) == ["y\nForms\nonly."]


@pytest.mark.slow
@pytest.mark.parametrize("paste", ["y\r", "y\r\n", "yes\r\r", "\x1b[200~y\r\x1b[201~", "text\ry\r", "\ry\r"])
def test_a_paste_never_says_yes(paste: str, start: Start, sandbox: Sandbox) -> None:
    """Nor does it say no: it is on the prompt until somebody presses Enter."""
    child = start("run", "A portal.", "--profile", "Fast", "-o", "portal.zip")
    child.expect_exact("[y/N] ")
    child.send(paste)
    child.expect_exact("y")
    child.expect([pexpect.TIMEOUT, pexpect.EOF], timeout=1)
    assert child.isalive()
    assert not sandbox.state.generations
    child.send("\x03")
    assert finish(child) == 3


@pytest.mark.slow
def test_a_no_may_be_typed_by_a_program(start: Start, sandbox: Sandbox) -> None:
    """It sends Enter along with the text. A no is one then; of a yes it is said what it waits for."""
    child, screen = start("run", "A portal.", "--run-id", "mine", width=80), Screen(80, 40)
    watch(child, screen, lambda rows: rows and rows[-1].endswith("[y/N]"))
    child.send("y\r")
    watch(child, screen, lambda rows: any("not entered yet: press Enter." in row for row in rows))
    assert not sandbox.state.generations
    child.send("\x15No\r")
    assert finish(child) == 2
    assert not sandbox.state.generations


@pytest.mark.slow
def test_what_was_not_sent_is_there_when_the_interview_is_continued(
    start: Start, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Ctrl-C, /quit, a closed window: the draft is the run's, and once it is sent it is nobody's draft any more."""
    child = start("interview", "--run-id", "mine")
    child.expect_exact("/help lists the commands.")
    paste(child, "marked, CR")
    seen_whole(child)
    child.sendintr()
    child.expect_exact("Your unsent text is kept with the run.")
    assert finish(child) == 3
    assert users_turns(sandbox) == []

    child = start("resume", "mine")
    child.expect_exact("/help lists the commands.")
    seen_whole(child)
    send(child)
    child.expect_exact("Who will use it")
    child.expect_exact("> ")
    child.send("half a")
    child.expect_exact("half a")
    child.kill(1)
    child.expect_exact("Your unsent text is kept")
    assert finish(child) == 3

    child = start("resume", "mine")
    child.expect_exact("/help lists the commands.")
    child.expect_exact("half a")
    child.send(" message")
    child.expect_exact("message")
    send(child)
    child.expect_exact("Which systems")
    child.expect_exact("> ")
    enter(child, "/quit")
    assert finish(child) == 3
    assert users_turns(sandbox) == [BRIEF, "half a message"]
    assert not recorded(tmp_path).options.remember.get("drafts")


@pytest.mark.slow
def test_what_the_service_refused_is_there_to_be_changed(start: Start, sandbox: Sandbox, tmp_path: Path) -> None:
    """A message that it does not take is the draft of whoever continues, not sent again as it is."""
    sandbox.faults.add(Fault(op("submit_turn"), "status", status=400))
    child = start("interview", "--run-id", "mine")
    child.expect_exact("/help lists the commands.")
    child.send("A portal")
    child.expect_exact("A portal")
    send(child)
    child.expect_exact("Your unsent text is kept with the run.")
    assert finish(child) == 2

    child = start("resume", "mine")
    child.expect_exact("/help lists the commands.")
    child.expect_exact("A portal")
    child.send(" for shops")
    child.expect_exact("for shops")
    send(child)
    child.expect_exact("Who will use it")
    child.expect_exact("> ")
    enter(child, "/quit")
    assert finish(child) == 3
    assert users_turns(sandbox) == ["A portal for shops"]


@pytest.mark.slow
def test_answers_that_were_not_sent_are_there_when_the_run_is_resumed(
    start: Start, sandbox: Sandbox, tmp_path: Path
) -> None:
    """All are sent or none: who leaves at the second question has the first one's answer, and half the second's."""
    sandbox.options.clarifications = (
        ClarificationRound(
            (Question("REST, or forms?", proposed_default=None), Question("Which database?", proposed_default=None))
        ),
    )
    child = start("run", "A portal.", "--yes", "--profile", "Fast", "--run-id", "mine")
    child.expect_exact("Answer: ")
    enter(child)
    child.expect_exact("This question has no proposal, so it needs an answer.")
    child.expect_exact("Answer: ")
    enter(child, "Forms, because")
    child.expect_exact("Question 2 of 2")
    child.expect_exact("Answer: ")
    child.send("Post")
    child.expect_exact("Post")
    child.sendintr()
    child.expect_exact("Your unsent text is kept with the run.")
    assert finish(child) == 3

    child = start("answer", "mine")
    child.expect_exact("Answer: ")
    child.expect_exact("because")
    enter(child)
    child.expect_exact("Question 2 of 2")
    child.expect_exact("Answer: ")
    child.expect_exact("Post")
    enter(child, "gres")
    child.expect_exact("specstep resume mine")
    assert finish(child) == 0
    (generation,) = sandbox.state.generations.values()
    assert list(generation.answers.values()) == ["Forms, because", "Postgres"]
    assert not recorded(tmp_path).options.remember.get("drafts")


@pytest.mark.slow
def test_what_can_no_longer_be_sent_is_shown(start: Start, sandbox: Sandbox) -> None:
    """The agent ends the interview while something is typed: it stays in sight, and answers nothing else."""
    sandbox.options.agent_completes_after = 1
    sandbox.options.turn_seconds = 60
    child = start("interview", "--run-id", "mine")
    say(child, "A portal.")
    child.expect_exact("takes your turn back")
    child.send("And one more thing")
    child.expect_exact("And one more thing")
    child.expect_exact("The interview is complete.")
    child.expect_exact("Not sent:\r\nAnd one more thing\r\n")
    child.expect_exact("[y/N] ")
    child.sendintr()
    assert finish(child) == 3


@pytest.mark.slow
@pytest.mark.parametrize("moment", [pasted_at_the_prompt, pasted_while_the_agent_answers, pasted_before_the_prompt])
def test_a_terminal_that_can_do_little_loses_nothing_either(
    moment: Callable[..., list[str]], sandbox: Sandbox, tmp_path: Path
) -> None:
    """It marks no pastes and draws no prompt; lines that arrive at once are one paste, and a draft is called so."""
    with at_terminal(sandbox, tmp_path) as spawn:

        def start(*arguments: str) -> pexpect.spawn:
            return spawn(*arguments, TERM="dumb")

        expected = moment(start, sandbox, "unmarked, CR")
    assert users_turns(sandbox) == expected


@pytest.mark.slow
def test_a_line_that_the_terminal_cuts_off_is_told(sandbox: Sandbox, tmp_path: Path) -> None:
    """One that can do little hands on 4,095 bytes of a line: the message waits, and the editor mends it."""
    line = "x" * 6000
    with at_terminal(sandbox, tmp_path) as start:
        child = start("interview", "--run-id", "mine", TERM="dumb", EDITOR=f"sh -c 'echo {line} > $0'")
        child.expect_exact("> ")
        child.send(f"{line}\rsecond\r")
        child.expect_exact("/edit mends it.")
        child.expect([pexpect.TIMEOUT], timeout=1)
        assert users_turns(sandbox) == []
        enter(child, "/edit")
        child.expect_exact("Who will use it")
    assert users_turns(sandbox) == [line]


@pytest.mark.slow
def test_an_answer_that_the_terminal_cuts_off_is_not_sent_by_itself(sandbox: Sandbox, tmp_path: Path) -> None:
    """It is said, and an empty line accepts what there is."""
    with at_terminal(sandbox, tmp_path) as start:
        child = start("run", "A portal.", "--yes", "--profile", "Fast", "-o", "portal.zip", TERM="dumb")
        child.expect_exact("Answer (Enter accepts the proposal): ")
        child.send("x" * 6000 + "\r")
        child.expect_exact("the end of one is missing.")
        child.expect_exact("An empty line accepts it.")
        child.expect([pexpect.TIMEOUT], timeout=1)
        (generation,) = sandbox.state.generations.values()
        assert not generation.answers
        enter(child)
        assert finish(child) == 0
    assert list(generation.answers.values()) == ["x" * 4095]
