"""Local ``$ref``s of a document. A reference that leads out of it is never followed: it is noted and left untyped."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import unquote

from regeneration.stops import Notes
from regeneration.text import shown

LONGEST_CHAIN: Final = 64

JsonObject = dict[str, Any]


class Pointers:
    """Looks references up in one document."""

    def __init__(self, document: JsonObject, notes: Notes) -> None:
        self._document = document
        self._notes = notes
        self._found: dict[str, object] = {}

    def target(self, reference: str) -> object:
        """What a ``$ref`` points at; None, with a note, when it points nowhere in this document."""
        if reference not in self._found:
            self._found[reference] = self._look_up(reference)
        return self._found[reference]

    def resolved(self, value: object) -> JsonObject:
        """The object that a parameter, body, response or path item is, through its references; ``{}`` if none."""
        for _ in range(LONGEST_CHAIN):
            if not isinstance(value, dict):
                return {}
            reference = value.get("$ref")
            if not isinstance(reference, str):
                return value
            value = self.target(reference)
        self._notes.add("A chain of references never ends; what it stands for was read as absent.")
        return {}

    def _look_up(self, reference: str) -> object:
        if not reference.startswith("#"):
            self._notes.add(
                f"A reference leads out of the document ({shown(reference)}). It was not fetched; "
                "what it stands for was read as untyped."
            )
            return None
        value: object = self._document
        pointer = reference[1:]
        if pointer and not pointer.startswith("/"):
            self._notes.add(f"A reference by anchor is not understood ({shown(reference)}): read as untyped.")
            return None
        for token in pointer.split("/")[1:]:
            as_written = _step(value, _unescaped(token))
            value = as_written if as_written is not None else _step(value, _unescaped(unquote(token)))
            if value is None:
                self._notes.add(f"A reference points at nothing ({shown(reference)}): read as untyped.")
                return None
        return value


def _unescaped(token: str) -> str:
    return token.replace("~1", "/").replace("~0", "~")


def _step(value: object, token: str) -> object:
    if isinstance(value, dict):
        return value.get(token)
    if isinstance(value, list) and token.isdecimal() and len(token) < 9 and int(token) < len(value):
        found: object = value[int(token)]
        return found
    return None
