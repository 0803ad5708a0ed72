"""``specstep api``: every operation of the API by its name, JSON in and out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from specstep_flows import errors
from specstep_flows._json import as_json, read_own_json
from specstep_flows._paths import home_path
from specstep_flows.cli import any_operation
from specstep_flows.cli.agreement import Confirmed, agree_to_lose, agree_to_pay
from specstep_flows.cli.arguments import Upload
from specstep_flows.cli.cancelling import Cancellation
from specstep_flows.cli.output import show_table
from specstep_flows.cli.session import Call, open_client_for
from specstep_flows.cli.verbs import verb
from specstep_flows.gateway._operations import OPERATIONS, Operation
from specstep_flows.gateway.any_operation import operation_names


def complete_operation(incomplete: str) -> list[str]:
    """Names of operations for shell completion."""
    return [name for name in operation_names() if name.startswith(incomplete)]


@verb
def api(
    call: Call,
    operation: Annotated[
        str | None,
        typer.Argument(
            metavar="[OPERATION]",
            help="The operation's name; without one, all are listed.",
            autocompletion=complete_operation,
        ),
    ] = None,
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME=VALUE]...",
            help="Its arguments: name=text, name:=JSON, or name=@file, for the path, the query and the body.",
        ),
    ] = None,
    body: Annotated[
        str | None, typer.Option("--body", metavar="FILE", help="The whole JSON body, from a file or - for stdin.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the answer to a file.")
    ] = None,
    describe: Annotated[bool, typer.Option("--describe", help="Only list what the operation takes.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the --output file.")] = False,
    yes: Confirmed = False,
) -> int:
    """Call any operation of the API.

    The answer is written to stdout as JSON. Limits, retries and errors are the same as everywhere else. Operations that
    cost or destroy something need --yes, or a yes on a terminal; anonymous ones, such as get_status_summary, need no
    key. `specstep api OPERATION --describe` lists what an operation takes.
    """
    if operation is None:
        return _list(call)
    module = any_operation.find(operation)
    # From here on under its own name: it may have been written with dashes.
    operation = module.__name__.rpartition(".")[2]
    if describe:
        return _describe(call, operation, module)
    given = _arguments(arguments or [])
    whole = any_operation.read_json_body(Upload.read(body).text(), Path(body)) if body is not None else None
    if any_operation.marked(operation, "redirects"):
        raise errors.UsageError(f"{operation} answers with a signed URL, which is not shown; use `specstep download`.")
    output = None if output is None else home_path(output)
    if output is not None:
        from specstep_flows.package.disk import check_place, refuse_taken

        refuse_taken(output, force, "; --force overwrites it. Nothing was sent.")
        check_place(output)
    if not call.terminal.is_interactive:
        _agree(call, OPERATIONS.get(operation), operation, "", yes)
    bound = any_operation.bind(operation, given, body=whole)
    with open_client_for(call, operation) as client:
        if operation == "cancel_generation":
            cancellation = Cancellation(call, client, str(bound.arguments["id"]))
            cancellation.look()
            cancellation.agree(yes)
        else:
            _agree(call, bound.stated, operation, bound.ids, yes)
        answer = bound.send(client)
    _write(call, operation, answer, output)
    return 0


def _agree(call: Call, stated: Operation | None, operation: str, ids: str, yes: bool) -> None:
    """Ask before what costs or destroys, and before what only a pulled document describes, unless it only reads."""
    if stated is None:
        return
    what = (stated.about[:1].upper() + stated.about[1:]) + (f" ({ids})" if ids else "")
    if stated.costs:
        agree_to_pay(call, what, yes)
    elif stated.destroys:
        agree_to_lose(call, what, stated.destroys, yes)
    elif operation not in OPERATIONS and stated.kind != "read":
        unknown = "This version does not know what it does: it may cost money or destroy something."
        agree_to_lose(call, f"Send {operation} ({ids})" if ids else f"Send {operation}", unknown, yes)


def _list(call: Call) -> int:
    known = sorted(operation_names().items(), key=lambda pair: (pair[1], pair[0]))
    notes = {name: "browser only" for name, _ in known if any_operation.marked(name, "cookie_only")}
    for mark in ("costs", "destroys"):
        notes |= {name: mark for name, _ in known if name not in notes and any_operation.marked(name, mark)}
    if call.json:
        operations = [{"name": name, "tag": tag, "note": notes.get(name)} for name, tag in known]
        call.terminal.document({"operations": operations})
    else:
        show_table(call, ("OPERATION", "ABOUT", "NOTE"), [(name, tag, notes.get(name, "")) for name, tag in known])
    return 0


def _describe(call: Call, operation: str, module: Any) -> int:
    found = any_operation.parameters(module)
    stated = OPERATIONS.get(operation)
    lost = "" if stated is None else stated.destroys or ("You will be charged." if stated.costs else "")
    lines = [(one.name, one.kind, one.place, "required" if one.is_required else "") for one in found]
    if call.json or not lines:
        text = f"{operation} takes no arguments."
        call.finish(text, {"operation": operation, "parameters": as_json(found), "asks_first": lost or None})
    else:
        show_table(call, ("NAME", "TYPE", "WHERE", ""), lines)
    if lost:
        call.terminal.say(f"It asks first, or needs --yes: {lost}")
    return 0


def _arguments(words: list[str]) -> dict[str, Any]:
    """``name=text``, ``name:=JSON`` and ``name=@file``."""
    given: dict[str, Any] = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign or not name.rstrip(":"):
            raise errors.UsageError(f"{word!r} is not an argument: write name=value. Nothing was sent.")
        if name.endswith(":"):
            try:
                given[name[:-1]] = read_own_json(value)
            except ValueError as error:
                raise errors.UsageError(f"{name[:-1]}: this is not JSON ({error}). Nothing was sent.") from None
        elif value.startswith("@"):
            given[name] = Upload.read(value[1:])
        else:
            given[name] = value
    return given


def _write(call: Call, operation: str, answer: Any, output: Path | None) -> None:
    if output is not None:
        content = answer if isinstance(answer, bytes) else (json.dumps(answer, indent=2) + "\n").encode()
        try:
            output.write_bytes(content)
        except OSError as error:
            raise errors.UsageError(f"{output} cannot be written ({error.strerror}).") from None
        call.finish(str(output), {"operation": operation, "file": str(output)}, is_exact=True)
    elif call.json:
        is_bytes = isinstance(answer, bytes)
        call.terminal.document(
            {"operation": operation, "answer": answer.decode("utf-8", "replace") if is_bytes else answer}
        )
    elif isinstance(answer, bytes):
        call.terminal.result_bytes(answer)
    elif answer is not None:
        call.terminal.result(json.dumps(answer, indent=2))
