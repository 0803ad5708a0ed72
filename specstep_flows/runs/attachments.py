"""Reference documents on the user's disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specstep_flows import errors
from specstep_flows._json import storable
from specstep_flows._paths import can_be_read_again

if TYPE_CHECKING:
    from pathlib import Path


def read_attachment(path: Path) -> bytes:
    """The bytes of a reference document, which is read before anything is sent and again to be sent.

    Raises:
        UsageError: it cannot be read, is empty, or is a pipe, which can be read only once.
    """
    if not can_be_read_again(path):
        raise errors.UsageError(
            f"The reference document {path} is not a file but a pipe or a device, and a resumed run would have to read "
            "it again: save it as a file first. Nothing was sent."
        )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise errors.UsageError(f"The reference document {path} cannot be read ({error.strerror}).") from None
    except ValueError:
        raise errors.UsageError(f"The reference document {str(path)!r} has a name that no file has.") from None
    if not content:
        raise errors.UsageError(f"The reference document {path} is empty.")
    return content


def sent_name(path: Path) -> str:
    """The name under which a document is sent and listed: letters that UTF-8 cannot hold are replaced."""
    return str(storable(path.name))
