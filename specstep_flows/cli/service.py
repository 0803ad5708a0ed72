"""What verbs about single operations share: one request, its answer as a table or as facts, and a yes before it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specstep_flows import errors
from specstep_flows.cli.opening import open_client_for
from specstep_flows.cli.tables import facts, table, terminal_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from specstep_flows.cli.verbs import Call

__all__ = ["agree", "ask_object", "ask_service", "rows_of", "show_facts", "show_rows"]


def ask_service(call: Call, operation: str, **arguments: Any) -> Any:
    """Carry one operation out; its answer as JSON has it. Arguments that are None are left out."""
    from specstep_flows.cli.operations import perform

    with open_client_for(call, operation) as client:
        return perform(client, operation, {name: value for name, value in arguments.items() if value is not None})


def ask_object(call: Call, operation: str, needed: str, **arguments: Any) -> dict[str, Any]:
    """The same where the answer is an object that names ``needed``. Raises ``UnexpectedResponse`` where it does not."""
    answer = ask_service(call, operation, **arguments)
    if not isinstance(answer, dict) or not answer.get(needed):
        raise errors.UnexpectedResponse(
            f"The service took {operation}, and its answer names no {needed}.", operation=operation, field=needed
        )
    return answer


def agree(call: Call, what: str, yes: bool) -> None:
    """Have somebody agree to pay. Raises ``UsageError`` when nobody does; nothing was sent then."""
    if yes:
        return
    if not call.terminal.is_interactive:
        raise errors.UsageError(f"{what}, and nobody can be asked here: add --yes. Nothing was sent.")
    if not call.terminal.confirm(f"{what}. Go on?"):
        raise errors.UsageError("Not agreed to, so nothing was sent.")


def rows_of(document: Any) -> list[dict[str, Any]]:
    """The rows of a list, in whatever envelope: an array, or the first array in an object."""
    if isinstance(document, dict):
        document = next((value for value in document.values() if isinstance(value, list)), [])
    return [row for row in document if isinstance(row, dict)] if isinstance(document, list) else []


def show_rows(call: Call, answer: Any, columns: Sequence[str], name: str) -> int:
    """A list as a table of these columns, or whole with ``--json``, under ``name``."""
    found = rows_of(answer)
    if call.json:
        call.terminal.document({name: found})
    elif found:
        heads = [column.replace("_", " ").upper() for column in columns]
        rows = [["" if row.get(column) is None else row[column] for column in columns] for row in found]
        call.terminal.result(table(heads, rows, width=terminal_width() if call.terminal.is_result_shown else None))
    else:
        call.terminal.say("None.")
    return 0


def show_facts(call: Call, answer: Any, name: str) -> int:
    """An object as ``name: value`` lines, or whole with ``--json``, under ``name``; anything else shows nothing."""
    answer = answer if isinstance(answer, dict) else {}
    call.finish(facts((key.replace("_", " "), value) for key, value in answer.items()) or None, {name: answer})
    return 0
