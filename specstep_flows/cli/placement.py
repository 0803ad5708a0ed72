"""Where each of the existing documents goes in a package: as the service proposes it, and as it was corrected."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

import attrs

from specstep_flows import errors
from specstep_flows._paths import home_path
from specstep_flows._positions import Pairs, Text, parse_json, parse_yaml
from specstep_flows._text import counted, did_you_mean, percent
from specstep_flows.package.archive import fault_of, spelled_alike

if TYPE_CHECKING:
    from specstep_flows._positions import Node
    from specstep_flows.models import MigrationMapping, MigrationPreview

#: Where the service keeps what has no place in a package (walkthrough, step 6.7).
UNCLASSIFIED: Final = "_source"
#: What the service adds itself.
MANIFEST: Final = "specstep.yaml"
#: A file of overrides is not larger.
LARGEST_BYTES: Final = 4 << 20


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
