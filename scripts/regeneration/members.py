"""Names of the members of an enum: from the value alone, kept in the lock where two values would share one."""

from __future__ import annotations

from collections import defaultdict

from regeneration.locking import NamesLock
from regeneration.text import LONGEST_NAME, digest, words


def member_names(class_name: str, values: tuple[str | int, ...], lock: NamesLock) -> list[str]:
    """One distinct name for each value: ``PausedAwaitingClarification`` → ``PAUSED_AWAITING_CLARIFICATION``."""
    locked = lock.members.get(class_name, {})
    by_plain_name: dict[str, list[str | int]] = defaultdict(list)
    for value in sorted(values, key=str):
        by_plain_name[_plain(value)].append(value)
    names: dict[str | int, str] = {}
    for plain, sharing in by_plain_name.items():
        for number, value in enumerate(sharing):
            name = locked.get(str(value))
            if name is None:
                is_free = number == 0 and plain not in locked.values()
                name = plain if is_free else f"{plain}_{digest(str(value)).upper()}"
            names[value] = name
            if len(sharing) > 1 or name != plain:
                lock.members.setdefault(class_name, {}).setdefault(str(value), name)
    return [names[value] for value in values]


def _plain(value: str | int) -> str:
    if isinstance(value, int):
        return f"VALUE_NEGATIVE_{-value}" if value < 0 else f"VALUE_{value}"
    name = "_".join(words(value)).upper()
    if not name:
        return "EMPTY" if value == "" else f"VALUE_X{digest(value).upper()}"
    if len(name) > LONGEST_NAME:
        name = f"{name[:LONGEST_NAME].rstrip('_')}_X{digest(value).upper()}"
    return name if name[0].isalpha() else f"VALUE_{name}"
