"""``specstep diff``: what differs between two packages, wherever they are."""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

import typer

from specstep_flows import errors
from specstep_flows._json import as_json
from specstep_flows._paths import home_path
from specstep_flows._text import plain_line
from specstep_flows.callbacks import looks_like_a_path
from specstep_flows.cli.arguments import find_run
from specstep_flows.cli.exits import DONE, FAILED, USAGE
from specstep_flows.cli.output import changes_lines
from specstep_flows.cli.session import Call, open_client, open_store
from specstep_flows.cli.verbs import verb
from specstep_flows.runs.opening import at_service

if TYPE_CHECKING:
    from specstep_flows.client import SpecStep
    from specstep_flows.models import PackageChanges
    from specstep_flows.package.compare import Tree
    from specstep_flows.runs.records import RunRecord

#: A file with this in it has no lines to show.
NOT_TEXT: Final = b"\0"
#: What diff(1) writes below a last line without an end.
NO_LINE_END: Final = "\\ No newline at end of file"
_LINE: Final = re.compile(rb"[^\n]*\n|[^\n]+")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@verb
def diff(
    call: Call,
    before: Annotated[
        str,
        typer.Argument(metavar="BEFORE", help="A folder, a zip, or the id of a run, a generation or a package."),
    ],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="The same.")],
    patch: Annotated[bool, typer.Option("--patch", "-p", help="Show the lines that differ, too.")] = False,
) -> int:
    """Show what differs between two packages.

    A line for each file: A was added, D removed, M changed. As with diff(1), the exit code is 0 where nothing differs,
    1 where something does, and 2 or more for trouble. What is on this machine is compared where it is; anything else
    is downloaded for the moment, which costs nothing.
    """
    from specstep_flows.package.compare import changes_between, trees

    call.least_failure = USAGE
    with contextlib.ExitStack() as stack:
        old, new = trees(_package(call, stack, before), _package(call, stack, after))
        changes = changes_between(old, new)
        lines = [line for name in _names(changes) for line in _patch(old, new, name)] if patch else []
    text = "\n".join([*changes_lines(changes), *map(_visible, lines)])
    document = {"code": "different" if changes else "same", **as_json(changes)}
    if patch:
        document["patch"] = "".join(f"{line}\n" for line in lines)
    call.verdict = FAILED if changes else DONE
    call.finish(text or None, document)
    if not changes:
        call.terminal.say("Nothing differs.")
    return call.verdict


def _package(call: Call, stack: contextlib.ExitStack, name: str) -> Path:
    """Where a package is, downloaded for now if it is nowhere on this machine.

    Raises:
        UsageError, RunNotFound: there is no such package.
    """
    if not name:
        raise errors.UsageError("A package has no empty name: is a variable not set? Nothing was sent.")
    path = home_path(name)
    if os.path.lexists(path):
        return path
    if looks_like_a_path(name) or os.path.dirname(name):
        raise errors.UsageError(f"There is no file or folder {name}. Nothing was sent.")
    identifier = _as_id(name)
    with open_store(call) as store:
        if identifier is None:
            record: RunRecord | None = find_run(store, name)
        else:
            record = next((one for one in store.all() if _has(one, identifier)), None)
    if record is not None:
        if len(record.packages) > 1 and identifier in (None, record.generation_id):
            files = ", ".join(str(package["file"]) for package in record.packages)
            raise errors.UsageError(
                f"Run {record.run_id} has {len(record.packages)} packages: name one by its file or an id of its own "
                f"({files}). Nothing was sent."
            )
        if identifier is None:
            identifier = record.package_id or record.generation_id
        known = None if identifier is None else record.file_of(identifier)
        for place in () if known is None else (known[0], None if record.packages else record.unpacked_to):
            if place is not None and os.path.exists(place):
                return Path(place)
    if identifier is None:
        raise errors.UsageError(f"Run {name} has no package yet. Nothing was sent.")
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="specstep-diff-")))
    with open_client(call) as client:
        if record is not None:
            at_service(record, client.settings.api_url)
        try:
            return client.download_package(identifier, output=folder).path
        except errors.NotFound:
            return client.download_package(_package_id(client, identifier), output=folder).path


def _has(record: RunRecord, identifier: UUID) -> bool:
    return identifier in record.generation_ids or record.file_of(identifier) is not None


def _package_id(client: SpecStep, generation_id: UUID) -> UUID:
    """The package of a generation. Raises ``UsageError`` where it is not complete, ``NotFound`` where there is none."""
    try:
        return client.get_package_of(generation_id).id
    except errors.NotFound:
        generation = client.get_generation(generation_id)
        if generation.is_complete:
            raise
        raise errors.UsageError(
            f"Generation {generation_id} is {generation.state}, so it has no package to compare. Nothing was changed."
        ) from None


def _as_id(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None


def _names(changes: PackageChanges) -> list[str]:
    return sorted({*changes.added, *changes.removed, *changes.changed})


def _patch(old: Tree, new: Tree, name: str) -> list[str]:
    """The lines of one file that differ, as ``diff -u`` has them: of bytes, since texts that look alike may differ."""
    contents = [tree.read(name) if name in tree.files else None for tree in (old, new)]
    shown = plain_line(name)
    if any(content is not None and NOT_TEXT in content for content in contents):
        return ["", f"Binary files {shown} differ"]
    before, after = (_LINE.findall(content or b"") for content in contents)
    first = f"a/{shown}" if name in old.files else "/dev/null"
    second = f"b/{shown}" if name in new.files else "/dev/null"
    lines = [""]
    for line in difflib.diff_bytes(difflib.unified_diff, before, after, first.encode(), second.encode()):
        lines.append(line.removesuffix(b"\n").decode("utf-8", "backslashreplace"))
        if not line.endswith(b"\n"):
            lines.append(NO_LINE_END)
    return lines


def _visible(line: str) -> str:
    """The line with its control characters as ``cat -v`` has them: two lines that differ in one look different."""
    return _CONTROLS.sub(lambda found: f"^{chr(ord(found[0]) ^ 64)}", line)
