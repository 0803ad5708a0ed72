"""Existing documents made into a package: where each file goes is shown, corrected, and agreed to."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

import attrs

from specstep_flows import errors
from specstep_flows._json import as_json
from specstep_flows._paths import file_word, home_path, shell_word, working_folder
from specstep_flows._positions import Pairs, Text, parse_json, parse_yaml
from specstep_flows._text import counted, did_you_mean, percent, plain_line
from specstep_flows.cli.agreement import Agreement
from specstep_flows.cli.output import say_table, show_table
from specstep_flows.cli.session import open_client, told_at_end
from specstep_flows.package.archive import fault_of, spelled_alike
from specstep_flows.runs.attachments import read_archive

if TYPE_CHECKING:
    from specstep_flows._positions import Node
    from specstep_flows.cli.session import Call
    from specstep_flows.client import SpecStep
    from specstep_flows.models import MigrationMapping, MigrationPreview

#: Where the service keeps what has no place in a package (walkthrough, step 6.7).
UNCLASSIFIED: Final = "_source"
#: What the service adds itself.
MANIFEST: Final = "specstep.yaml"
HEADS: Final = ("FILE", "GOES TO", "TYPE", "LAYER", "SURE")
#: A file of overrides is not larger.
LARGEST_BYTES: Final = 4 << 20
#: A path that needs no quotes there.
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


@attrs.define
class Placement:
    """Where each file goes: what the preview proposes, and what was corrected, by source path."""

    preview: MigrationPreview
    overrides: dict[str, str] = attrs.field(factory=dict)

    def target(self, row: MigrationMapping) -> str:
        """Where a file goes now."""
        return self.overrides.get(row.source_path) or row.target_path or f"{UNCLASSIFIED}/{row.source_path}"

    @property
    def conflicts(self) -> dict[str, list[MigrationMapping]]:
        """Each place that several files claim, with them: one that is the same for them on some file system, too."""
        claims: dict[tuple[str, ...], list[MigrationMapping]] = {}
        for row in self.preview.mapping:
            claims.setdefault(spelled_alike(self.target(row)), []).append(row)
        return {self.target(rows[0]): rows for rows in claims.values() if len(rows) > 1}

    @property
    def impossible(self) -> list[tuple[MigrationMapping, str]]:
        """The files whose place no package can have, which could not be downloaded then, with the reason."""
        folders = {folder for row in self.preview.mapping for folder in _folders_of(self.target(row))}
        found = []
        for row in self.preview.mapping:
            wrong = _unusable(self.target(row))
            if wrong is None and spelled_alike(self.target(row)) in folders:
                wrong = "it is the folder of another file"
            if wrong is not None:
                found.append((row, wrong))
        return found

    @property
    def is_settled(self) -> bool:
        """Whether a package can be made."""
        return not self.conflicts and not self.impossible

    def taken(self, source: str, target: str) -> str | None:
        """Why a file cannot go there because of where others go; None if it can."""
        place, above = spelled_alike(target), _folders_of(target)
        for row in self.preview.mapping:
            if row.source_path == source:
                continue
            other = self.target(row)
            if spelled_alike(other) == place:
                return "another file goes there"
            if spelled_alike(other) in above or place in _folders_of(other):
                return "it would be a file and a folder"
        return None

    def proposal(self, source: str) -> str:
        """Where a file may go that has to go elsewhere: as it is called, as far as a package can have that."""
        letters = "".join("_" if fault_of(f"a{letter}a") else letter for letter in source)
        parts = [part for part in PurePosixPath(letters).parts if part != "/"]
        plain = PurePosixPath(UNCLASSIFIED, *(f"_{part}" if fault_of(part) else part for part in parts))
        if wrong_place(str(plain)) is not None:
            plain = PurePosixPath(UNCLASSIFIED, "file")
        number, found = 1, plain
        while self.taken(source, str(found)) is not None:
            number += 1
            found = plain.with_name(f"{plain.stem}-{number}{plain.suffix}")
        return str(found)

    def correct(self, corrections: dict[str, str], name: str) -> None:
        """Take over the overrides of a file called ``name``.

        Raises:
            UsageError: the archive has no such file, or a place is no path inside a package.
        """
        known = {row.source_path for row in self.preview.mapping}
        for source, target in corrections.items():
            if source not in known:
                raise errors.UsageError(
                    f"{name}: the archive has no file {source!r}.{did_you_mean(source, known)} Nothing was made."
                )
            if (wrong := wrong_place(target)) is not None:
                raise errors.UsageError(f"{name}: {source} cannot go to {target!r}: {wrong}. Nothing was made.")
        self.overrides |= corrections

    def rows(self) -> list[tuple[str, ...]]:
        """The table: each file, where it goes, and how sure that is."""
        claimed = {row.source_path for rows in self.conflicts.values() for row in rows}
        impossible = {row.source_path for row, _ in self.impossible}
        found: list[tuple[str, ...]] = []
        for row in self.preview.mapping:
            target, is_ours = self.target(row), row.source_path in self.overrides
            sure = "" if row.confidence is None or is_ours else percent(100 * row.confidence)
            wrong = " (claimed twice)" if row.source_path in claimed else ""
            wrong = " (not possible)" if row.source_path in impossible else wrong
            layer = "yours" if is_ours else row.layer or ""
            found.append((row.source_path, target + wrong, row.doc_type or "", layer, sure))
        return found

    def summary(self) -> str:
        """How many files there are, and how many have no place of their own."""
        unplaced = sum(self.target(row).startswith(f"{UNCLASSIFIED}/") for row in self.preview.mapping)
        kept = f"; {unplaced} kept as they are under {UNCLASSIFIED}/" if unplaced else ""
        moved = f"; {counted(len(self.overrides), 'correction')} of yours" if self.overrides else ""
        return f"{counted(len(self.preview.mapping), 'file')}{kept}{moved}."


def wrong_place(target: str) -> str | None:
    """Why a file cannot go there; None if it can."""
    path = PurePosixPath(target)
    if not target or target.endswith("/") or "\\" in target or any(ord(letter) < 32 for letter in target):
        return "it is not the path of a file"
    if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", target):
        return "it is not inside the package"
    if target == MANIFEST:
        return "the service writes that file itself"
    return "it is not written plainly" if str(path) != target else _unusable(target)


def _unusable(target: str) -> str | None:
    fault = fault_of(target)
    return None if fault is None else f"that name {fault}, so the package could not be downloaded"


def _folders_of(target: str) -> set[tuple[str, ...]]:
    place = spelled_alike(target)
    return {place[:depth] for depth in range(1, len(place))}


def load_overrides(path: Path) -> dict[str, str]:
    """The overrides of a file: a mapping of source to target path, in YAML, or JSON if its name ends in that.

    Raises:
        UsageError: it cannot be read, or is something else; where there is one, with line and column.
    """
    path = home_path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise errors.UsageError(f"The file of overrides {path} cannot be read ({error.strerror}).") from None
    if len(content) > LARGEST_BYTES:
        raise errors.UsageError(f"The file of overrides {path} is too large.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise errors.UsageError(f"The file of overrides {path} is not UTF-8 text.") from None
    root = parse_json(text, str(path)) if path.suffix.lower() == ".json" else parse_yaml(text, str(path))
    if not isinstance(root, Pairs):
        raise errors.UsageError(f"{path}: write one line for each file, such as notes/vision.md: docs/vision.md.")
    found: dict[str, str] = {}
    for key, value in root.pairs:
        source, target = _text_of(key, path), _text_of(value, path)
        if source in found:
            raise errors.UsageError(f"{path}, {key.place}: {source} is there twice.")
        found[source] = target
    return found


def _text_of(node: Node, path: Path) -> str:
    if not isinstance(node, Text) or not isinstance(node.value, str):
        raise errors.UsageError(f"{path}, {node.place}: this must be a path in quotes.")
    return node.value


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
