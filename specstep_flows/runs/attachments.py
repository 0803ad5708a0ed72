"""Reference documents on the user's disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specstep_flows import errors

if TYPE_CHECKING:
    from pathlib import Path


def read_attachment(path: Path) -> bytes:
    """The bytes of a reference document. Raises ``UsageError`` for what cannot be read or is empty."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise errors.UsageError(f"The reference document {path} cannot be read ({error.strerror}).") from None
    if not content:
        raise errors.UsageError(f"The reference document {path} is empty.")
    return content
