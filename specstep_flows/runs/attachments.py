"""Reference documents on the user's disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from specstep_flows import errors
from specstep_flows._json import storable
from specstep_flows._paths import can_be_read_again, user_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

#: Of existing documents that are to become a package (walkthrough, step 6.7).
LARGEST_ARCHIVE: Final = 16 << 20


def read_attachment(path: Path, what: str = "reference document") -> bytes:
    """The bytes of a reference document, which is read before anything is sent and again to be sent.

    Raises:
        UsageError: it cannot be read, is empty, or is a pipe, which can be read only once.
    """
    if not can_be_read_again(path):
        raise errors.UsageError(
            f"The {what} {path} is not a file but a pipe or a device, and a resumed run would have to read "
            "it again: save it as a file first. Nothing was sent."
        )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise errors.UsageError(f"The {what} {path} cannot be read ({error.strerror}).") from None
    except ValueError:
        raise errors.UsageError(f"The {what} {str(path)!r} has a name that no file has.") from None
    if not content:
        raise errors.UsageError(f"The {what} {path} is empty.")
    return content


def read_archive(path: Path | str) -> tuple[str, bytes]:
    """The name under which an archive of existing documents is sent, and its bytes.

    Raises:
        UsageError: it cannot be read, or is larger than the service takes.
    """
    path = user_path(path)
    content = read_attachment(path, "archive")
    if len(content) > LARGEST_ARCHIVE:
        raise errors.UsageError(
            f"The archive {path} has {len(content):,} bytes; the service takes at most {LARGEST_ARCHIVE:,}. Nothing "
            "was sent."
        )
    return sent_name(path), content


def sent_name(path: Path) -> str:
    """The name under which a document is sent and listed: letters that UTF-8 cannot hold are replaced."""
    return str(storable(path.name))


def check_names(documents: Sequence[Path]) -> None:
    """Refuse documents that are sent under the same name. Raises ``UsageError``."""
    names = [sent_name(path) for path in documents]
    if twice := {name for name in names if names.count(name) > 1}:
        raise errors.UsageError(
            f"Two reference documents are called {min(twice)}, and only its name would tell whether the second one has "
            "arrived: rename one. Nothing was sent."
        )
