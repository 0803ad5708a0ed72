"""Our own and the generated classes as JSON has them: for the store, for ``--json`` and for answers of the API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs


def as_json(value: Any) -> Any:
    """``value`` as JSON has it.

    A field that is kept out of an object's ``repr`` (a secret, something personal, a raw answer) is left out here, too.
    """
    if isinstance(value, UUID | Path):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_json(item) for item in value]
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if attrs.has(type(value)):
        return {field.name: as_json(getattr(value, field.name)) for field in attrs.fields(type(value)) if field.repr}
    return value
