"""Existing documents made into a package: where each file goes is shown, corrected, and agreed to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from specstep_flows import errors
from specstep_flows._json import as_json
from specstep_flows._paths import file_word, shell_word, working_folder
from specstep_flows._text import percent, plain_line
from specstep_flows.cli.agreement import Agreement
from specstep_flows.cli.output import say_table, show_table
from specstep_flows.cli.placement import Placement, load_overrides, wrong_place
from specstep_flows.cli.session import open_client, told_at_end
from specstep_flows.runs.attachments import read_archive

if TYPE_CHECKING:
    from specstep_flows.cli.session import Call
    from specstep_flows.client import SpecStep

HEADS: Final = ("FILE", "GOES TO", "TYPE", "LAYER", "SURE")
#: A path that needs no quotes in a file of overrides.
_BARE_IN_YAML: Final = re.compile(r"[A-Za-z_.][\w./-]*( [\w./-]+)*")
#: So many files that claim a place are named in a sentence.
MOST_NAMED: Final = 5


@attrs.frozen
class Wanted:
    """What was asked for on the command line."""

    archive: Path
    overrides: Path | None = None
    version: str | None = None
    project: str | None = None
    again: bool = False

    def command(self) -> str:
        """The same again, as it is typed."""
        options = {"--overrides": self.overrides, "--version": self.version, "--project": self.project}
        given = "".join(f" {flag} {shell_word(value)}" for flag, value in options.items() if value is not None)
        return f"package migrate {file_word(self.archive)}{given}{' --again' if self.again else ''} --yes"


def resolve(call: Call, placement: Placement) -> None:
    """Have a person say where the files go whose place no package can have, which file keeps each place that several
    claim, and where the others go.

    Raises:
        UsageError: nobody is there to be asked, or the input ended.
    """
    if not call.terminal.is_interactive:
        raise errors.UsageError(_unresolved(placement))
    while impossible := placement.impossible:
        row, wrong = impossible[0]
        source = plain_line(row.source_path)
        call.terminal.tell(f"{source} cannot go to {plain_line(placement.target(row))}: {wrong}.")
        placement.overrides[row.source_path] = _new_place(call, placement, row.source_path)
    for place in list(placement.conflicts):
        claiming = placement.conflicts.get(place)
        if claiming is None:
            continue
        call.terminal.tell(f"{len(claiming)} files claim {plain_line(place)}:")
        for number, row in enumerate(claiming, 1):
            sure = "" if row.confidence is None else f" ({row.layer or 'classified'}, {percent(100 * row.confidence)})"
            call.terminal.tell(f"  {number}  {plain_line(row.source_path)}{sure}", hang="     ")
        keeps = _choose(call, len(claiming))
        for number, row in enumerate(claiming, 1):
            if number != keeps:
                placement.overrides[row.source_path] = _new_place(call, placement, row.source_path)


def _choose(call: Call, count: int) -> int:
    while True:
        said = _asked(call, f"Which one goes there? [1-{count}] ")
        if said.isdecimal() and 1 <= int(said) <= count:
            return int(said)
        call.terminal.tell(f"Type a number from 1 to {count}.")


def _new_place(call: Call, placement: Placement, source: str) -> str:
    proposed = placement.proposal(source)
    while True:
        target = _asked(call, f"Where does {plain_line(source)} go? (Enter: {plain_line(proposed)}) ") or proposed
        wrong = wrong_place(target) or placement.taken(source, target)
        if wrong is None:
            return target
        call.terminal.tell(f"Not {plain_line(target)}: {wrong}.")


def _asked(call: Call, prompt: str) -> str:
    said = call.terminal.ask(prompt)
    if said is None:
        call.terminal.tell("")
        raise errors.UsageError("Nobody chose, so nothing was made.")
    return said.strip()


def _unresolved(placement: Placement) -> str:
    lines = []
    for place, claiming in placement.conflicts.items():
        names = [plain_line(row.source_path) for row in claiming]
        if len(names) > MOST_NAMED:
            names = [*names[:MOST_NAMED], f"{len(names) - MOST_NAMED} more"]
        lines.append(f"{', '.join(names[:-1])} and {names[-1]} claim {plain_line(place)}")
    impossible = placement.impossible
    found = [f"Several files claim one place: {'; '.join(lines)}."] if lines else []
    for row, wrong in impossible[:MOST_NAMED]:
        found.append(f"{plain_line(row.source_path)} cannot go to {plain_line(placement.target(row))}: {wrong}.")
    if len(impossible) > MOST_NAMED:
        found.append(f"Nor can {len(impossible) - MOST_NAMED} more.")
    losers = [row for row, _ in impossible] or next(iter(placement.conflicts.values()))
    loser = losers[-1].source_path
    return (
        f"{' '.join(found)} Say where they go in a file for --overrides, a line for each, such as "
        f"{_as_yaml(loser)}: {_as_yaml(placement.proposal(loser))}. Nothing was made."
    )


def _as_yaml(text: str) -> str:
    """A path as it is written in a file of overrides."""
    if _BARE_IN_YAML.fullmatch(text):
        return text
    marked = text.replace("\\", "\\\\").replace('"', '\\"')
    escaped = (letter if letter.isprintable() else f"\\U{ord(letter):08x}" for letter in marked)
    return f'"{"".join(escaped)}"'


def save_overrides(call: Call, archive: Path, overrides: dict[str, str]) -> Path:
    """Write what a person chose to a file, so that the same command means the same migration later."""
    import yaml

    number = 1
    while True:
        ending = "" if number == 1 else f"-{number}"
        path = working_folder() / f"{archive.stem}.overrides{ending}.yaml"
        try:
            with path.open("x", encoding="utf-8") as file:
                yaml.safe_dump(overrides, file, allow_unicode=True, sort_keys=True, width=10_000)
        except FileExistsError:
            number += 1
            continue
        except OSError as error:
            raise errors.UsageError(
                f"What you chose cannot be kept in {path} ({error.strerror}), so nothing was made."
            ) from None
        call.terminal.say(f"What you chose is kept in {shell_word(path)}, for --overrides.")
        return path


def migrate_documents(call: Call, wanted: Wanted, yes: bool) -> int:
    """Make the package; its id is the result."""
    corrections = _corrections(wanted)
    read_archive(wanted.archive)
    what = f"Make a package of {call.terminal.line(wanted.archive.name)}"
    agreement = Agreement(call, what, yes, "No generation is run.", undone="made")
    with open_client(call) as client, told_at_end(wanted.again):
        placement = _placement(client, wanted, corrections)
        if call.terminal.is_interactive:
            say_table(call, HEADS, placement.rows())
        if not placement.is_settled:
            resolve(call, placement)
            wanted = attrs.evolve(wanted, overrides=save_overrides(call, wanted.archive, placement.overrides))
        call.terminal.say(placement.summary())
        call.same_again = wanted.command()
        call.changeable = "the archive, the version or the project"
        made = client.commit_migration(
            wanted.archive,
            version=wanted.version,
            project_id=wanted.project,
            target_path_overrides=placement.overrides,
            again=wanted.again,
            confirm=agreement,
        )
        document = {"code": "done", "migration": as_json(made), "target_path_overrides": placement.overrides}
        call.finish(str(made.package_id), document)
    call.terminal.say(f"To have it: {call.command(f'download {made.package_id}')}")
    return 0


def show_migration(call: Call, wanted: Wanted) -> int:
    """Where each file would go is the result; nothing is made."""
    corrections = _corrections(wanted)
    with open_client(call) as client:
        placement = _placement(client, wanted, corrections)
    if call.json:
        preview = as_json(placement.preview)
        document = {"code": "dry_run", "preview": preview, "target_path_overrides": placement.overrides}
        impossible = [placement.target(row) for row, _ in placement.impossible]
        call.terminal.document(
            {
                **document,
                "conflicting_target_paths": list(placement.conflicts),
                "impossible_target_paths": impossible,
            }
        )
        return 0
    show_table(call, HEADS, placement.rows())
    call.terminal.say(placement.summary())
    if placement.conflicts:
        places = ", ".join(call.terminal.line(place) for place in placement.conflicts)
        call.terminal.say(f"Several files claim {places}: --overrides FILE says where they go.")
    for row, wrong in placement.impossible:
        target = call.terminal.line(placement.target(row))
        call.terminal.say(f"{call.terminal.line(row.source_path)} cannot go to {target}: {wrong}.")
    return 0


def _corrections(wanted: Wanted) -> dict[str, str]:
    """The corrections of a file, once everything that was given makes sense. Raises ``UsageError``."""
    from specstep_flows.flows.migration import check_version

    check_version(wanted.version)
    return {} if wanted.overrides is None else load_overrides(wanted.overrides)


def _placement(client: SpecStep, wanted: Wanted, corrections: dict[str, str]) -> Placement:
    placement = Placement(client.preview_doc_migration(wanted.archive))
    placement.correct(corrections, str(wanted.overrides))
    return placement
