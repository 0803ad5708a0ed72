"""``names.lock.json``: the names of everything that only a pulled document has. It only grows."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from regeneration.stops import Stop


@dataclass(slots=True)
class NamesLock:
    """Role → name, for operations and schemas, and value → name for members of an enum that would collide."""

    operations: dict[str, dict[str, str]] = field(default_factory=dict)
    """``METHOD /path`` with parameters blanked → ``operation_id`` and ``tag``."""
    schemas: dict[str, str] = field(default_factory=dict)
    """``GET /v1/widgets/{} 200`` or ``Widget.parts[]`` → class name."""
    members: dict[str, dict[str, str]] = field(default_factory=dict)
    """Class name → value → member name."""

    def copy(self) -> NamesLock:
        """A lock that can grow without this one."""
        return NamesLock.parse(self.render())

    def render(self) -> str:
        """The text of the file."""
        parts = {"operations": self.operations, "schemas": self.schemas, "members": self.members}
        return json.dumps(parts, indent=2, sort_keys=True, ensure_ascii=True) + "\n"

    @staticmethod
    def parse(text: str) -> NamesLock:
        """Read the file.

        Raises:
            Stop: it is damaged; going on with an empty one would rename things.
        """
        try:
            parts = json.loads(text)
            operations, schemas, members = parts["operations"], parts["schemas"], parts["members"]
            if not all(isinstance(part, dict) for part in (operations, schemas, members)):
                raise TypeError
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise Stop(
                "openapi/names.lock.json can't be read. It keeps the names of generated classes; restore it from git."
            ) from error
        return NamesLock(operations, schemas, members)
