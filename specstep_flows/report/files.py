"""Where a report and a receipt are written, and how: whole or not at all, and over no other file."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from specstep_flows import errors
from specstep_flows._paths import place_of, user_path, working_folder
from specstep_flows.report.page import RUN_MARK, page
from specstep_flows.report.receipt import receipt

if TYPE_CHECKING:
    from specstep_flows.report.collect import Collected
    from specstep_flows.runs.records import RunRecord

#: How a report's name ends.
_SUFFIX: Final = "-report"
_REPORT: Final = f"{_SUFFIX}.html"
#: Our pages name their run within this many characters.
_HEAD: Final = 30_000


def default_path(record: RunRecord, folder: Path | None = None) -> Path:
    """``NAME-report.html``: next to the package with its name; in another folder with the run's id.

    Another folder is the one that is given, and the working one where there is no package.
    """
    package = None if record.file is None else place_of(record.file)
    if folder is None and package is not None and os.path.isdir(package.parent):
        return package.with_name(f"{package.stem}{_REPORT}")
    return (folder or working_folder()) / f"{record.run_id}{_REPORT}"


def receipt_path(report: Path) -> Path:
    """The receipt's name next to its report: ``NAME-receipt.json`` for ``NAME-report.html`` or ``NAME.html``."""
    return report.with_name(f"{report.stem.removesuffix(_SUFFIX)}-receipt.json")


def write_report(collected: Collected, path: Path | str, *, force: bool = False) -> Path:
    """Write the page. One that is about the same run is replaced; anything else only with ``force``.

    Raises:
        OutputError: something else stands there, or the folder does not take it.
    """
    path = user_path(path)
    if not force and os.path.lexists(path) and _page_of(path) != collected.record.run_id:
        raise errors.OutputError(f"{path} already exists and is not a report of this run; `force=True` overwrites it.")
    _write(path, page(collected))
    return path


def write_receipt(collected: Collected, path: Path, *, force: bool = False) -> Path:
    """Write the receipt as JSON, as ``write_report`` writes the page."""
    check_receipt(collected, path, force=force)
    # What UTF-8 cannot hold is written as JSON's own escape, so that the name of a file is still that.
    _write(path, json.dumps(receipt(collected), indent=2, ensure_ascii=False) + "\n", unwritable="backslashreplace")
    return path


def check_receipt(collected: Collected, path: Path, *, force: bool = False) -> None:
    """Refuse a place for the receipt that something else has, before the page is written.

    Raises:
        OutputError: something else stands there.
    """
    if not force and os.path.lexists(path) and _receipt_of(path) != collected.record.run_id:
        raise errors.OutputError(f"{path} already exists and is not a receipt of this run; `force=True` overwrites it.")


def _page_of(path: Path) -> str | None:
    with contextlib.suppress(OSError):
        if not os.path.isfile(path):
            # A pipe, which would keep its reader waiting.
            return None
        with path.open(encoding="utf-8", errors="replace") as file:
            found = re.search(rf'<meta name="{RUN_MARK}" content="([^"]*)">', file.read(_HEAD))
        return found[1] if found else None
    return None


def _receipt_of(path: Path) -> str | None:
    with contextlib.suppress(OSError, ValueError, RecursionError):
        if not os.path.isfile(path):
            return None
        found = json.loads(path.read_text("utf-8"))
        if isinstance(found, dict) and isinstance(found.get("run_id"), str):
            run_id: str = found["run_id"]
            return run_id
    return None


def _write(path: Path, text: str, unwritable: str = "replace") -> None:
    """Under another name first, so that there is never half a file under its own."""
    try:
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".specstep-", suffix=".part")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors=unwritable, newline="\n") as file:
                file.write(text)
            os.chmod(beside, 0o666 & ~_umask())
            os.replace(beside, path)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise errors.OutputError(f"{path} cannot be written ({error.strerror}).") from None


def _umask() -> int:
    """What the user takes away from new files; a temporary file is made for its owner alone."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
