"""All steps in their order: pull → align → compare → generate → inspect → hold the flows against it → swap."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from regeneration.alignment import Aligned, align
from regeneration.documents import load_documented, parse_document
from regeneration.generation import check_tools, generate_client
from regeneration.inspecting import inspect_client
from regeneration.locking import NamesLock
from regeneration.project import PACKAGE, Project
from regeneration.rendering import to_json
from regeneration.stops import Stop
from regeneration.swapping import swap, workshop

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a run is asked for."""

    check: bool = False
    """Only say whether the committed files are what regeneration gives."""
    strict: bool = False
    """An operation of the document that can't be generated stops the run."""
    flows: bool = True
    """Hold ``specstep_flows`` against the new client."""


def regenerate(project: Project, wish: Wish, say: Say) -> list[str]:
    """Regenerate the client of a checkout.

    Returns:
        The files and folders that changed, or would change when only checked.

    Raises:
        Stop: something stands in the way; the working tree is as it was.
    """
    check_tools(project.pyproject)
    with workshop(project) as scratch:
        aligned = _align(project)
        say(f"aligned: {len(aligned.contract.operations)} operations")
        staged = _stage(project, scratch, aligned)
        say("generated")
        changed = {target: new for target, new in staged.items() if not same(target, new)}
        if not wish.check:
            swap(project, changed)
        return [project.relative(target) for target in changed]


def _align(project: Project) -> Aligned:
    lock = NamesLock.parse(project.lock.read_text(encoding="utf-8")) if project.lock.exists() else NamesLock()
    pulled = parse_document(project.pulled.read_bytes(), "openapi/pulled.json") if project.pulled.exists() else None
    return align(load_documented(project.documented), pulled, lock)


def _stage(project: Project, scratch: Path, aligned: Aligned) -> dict[Path, Path | None]:
    document = scratch / "aligned.json"
    document.write_text(to_json(aligned.document), encoding="utf-8")
    names = scratch / "names.lock.json"
    names.write_text(aligned.lock.render(), encoding="utf-8")
    client = scratch / "generated" / PACKAGE
    client.parent.mkdir()
    generate_client(document, project.settings, project.templates, client)
    for cache in client.rglob("__pycache__"):
        shutil.rmtree(cache)
    inspect_client(client, aligned.document)
    return {project.aligned: document, project.lock: names, project.client: client}


def same(target: Path, new: Path | None) -> bool:
    """Whether a file or folder is what would take its place; what interpreters leave in folders doesn't count."""
    if new is None or not target.exists():
        return new is None and not target.exists()
    if new.is_file():
        return target.is_file() and target.read_bytes() == new.read_bytes()
    ours, theirs = _files(target), _files(new)
    return ours.keys() == theirs.keys() and all(ours[name].read_bytes() == theirs[name].read_bytes() for name in ours)


def _files(folder: Path) -> dict[str, Path]:
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def stale(changed: list[str]) -> Stop:
    """What ``--check`` says when the committed files are not what regeneration gives."""
    return Stop([f"{name} is not what scripts/regenerate.py makes of openapi/." for name in changed])
