"""How the agent's words look on a terminal: Markdown where it can be drawn, plain text elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from specstep_flows._text import percent, plain_text, size, spaced

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from specstep_flows.cli.terminal import Terminal
    from specstep_flows.models import Interview, ReferenceDocument

#: Lines longer than this are hard to read, however wide the window is.
WIDEST: Final = 100
#: The signs that Markdown is drawn with.
_SIGNS: Final = "•▌━─│┏┓"


def show_reply(terminal: Terminal, reply: str) -> None:
    """The agent's turn, as Markdown."""
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.text import Text

    console = Console(stderr=True, markup=False, emoji=False, highlight=False)
    text = plain_text(reply, console.encoding or "ascii")
    try:
        _SIGNS.encode(console.encoding or "ascii")
        is_plain = not console.is_terminal or console.is_dumb_terminal
    except (UnicodeEncodeError, LookupError):
        is_plain = True
    if is_plain:
        terminal.tell(f"\nSpecStep:\n{text}\n")
        return
    console.print()
    console.print(Text("SpecStep", style="bold cyan"))
    # Links are written out: a terminal would show a link's words and lead elsewhere.
    console.print(Markdown(text, hyperlinks=False), width=min(console.width, WIDEST))
    console.print()


def status_lines(interview: Interview, run_id: str | None) -> Iterator[str]:
    """Where the interview stands."""
    said = sum(turn.is_users for turn in interview.turns)
    yield f"Run {run_id}, interview {interview.id}: {interview.status}."
    yield f"Turns: {said} of yours, {len(interview.turns) - said} of the agent's."
    full = interview.transcript_size
    if full is not None and full.percent_used is not None:
        amount = f" ({full.chars} of {full.max_chars} characters)" if full.chars is not None and full.max_chars else ""
        yield f"Transcript: {percent(full.percent_used)} full{amount}."
    yield f"Detected type: {spaced(interview.detected_type) if interview.detected_type else 'not known yet'}."


def document_lines(documents: Sequence[ReferenceDocument]) -> Iterator[str]:
    """The reference documents, numbered for /remove."""
    if not documents:
        yield "No reference documents."
    for number, document in enumerate(documents, 1):
        yield f"{number}. {document.name or document.id} ({size(document.size_bytes)})"
