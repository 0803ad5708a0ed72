"""Files given as arguments of an operation."""

from __future__ import annotations

import mimetypes
import sys
from pathlib import Path
from typing import Any

import attrs

from specstep_flows import errors

__all__ = ["Upload"]


@attrs.frozen
class Upload:
    """A file's content, and what it is called."""

    name: str
    content: bytes = attrs.field(repr=False)

    @classmethod
    def read(cls, name: str) -> Upload:
        """Read a file, or stdin for ``-``. Raises ``UsageError``."""
        if name == "-":
            return cls("stdin", sys.stdin.buffer.read())
        path = Path(name).expanduser()
        try:
            return cls(path.name, path.read_bytes())
        except OSError as error:
            raise errors.UsageError(f"{path} cannot be read ({error.strerror}). Nothing was sent.") from None

    def text(self) -> str:
        """The content as text. Raises ``UsageError``."""
        try:
            return self.content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise errors.UsageError(f"{self.name} is not UTF-8 text. Nothing was sent.") from None

    def describe(self, file: Any) -> None:
        """Give the generated client's file its name and its type."""
        file.file_name = self.name
        file.mime_type = mimetypes.guess_type(self.name)[0] or "application/octet-stream"
