"""Bytes → an OpenAPI document, or a sentence that says what they are instead; and the references inside it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import yaml

from regeneration.errors import Notes, RegenerationError
from regeneration.text import shown

MOST_BYTES: Final = 16_000_000
MOST_VALUES: Final = 1_500_000
DEEPEST_NESTING: Final = 200


def parse_document(content: bytes, origin: str) -> JsonObject:
    """Read an OpenAPI 3.0 or 3.1 document in JSON.

    Args:
        content: the bytes as they came.
        origin: what to call their source in a message, free of secrets.

    Raises:
        RegenerationError: they are something else, in a sentence that says what.
    """
    if len(content) > MOST_BYTES:
        raise RegenerationError(
            f"{origin} gives more than {MOST_BYTES // 1_000_000} MB; no API needs that to describe itself."
        )
    stripped = content.removeprefix(b"\xef\xbb\xbf").strip()
    if not stripped:
        raise RegenerationError(f"{origin} gives an empty answer.")
    if stripped[:1] == b"<":
        raise RegenerationError(_what_html_is(stripped, origin))
    document = _load(stripped, origin)
    if not isinstance(document, dict):
        raise RegenerationError(f"{origin} gives JSON that is not an object, so it is not an OpenAPI document.")
    _bound(document, origin)
    _check_kind(document, origin)
    return document


def load_documented(path: Path) -> JsonObject:
    """Read the contract by hand.

    Raises:
        RegenerationError: it is not there, or no YAML.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506
    except FileNotFoundError:
        raise RegenerationError("openapi/documented.yaml is missing; every name comes from it.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RegenerationError(f"openapi/documented.yaml is not YAML: {shown(str(error), 200)}") from None
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        raise RegenerationError("openapi/documented.yaml is not an OpenAPI document: it has no paths.")
    return document


def _load(content: bytes, origin: str) -> object:
    try:
        return json.loads(content.decode("utf-8"), object_pairs_hook=_without_doubles, parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise RegenerationError(f"{origin} gives something that is not UTF-8 text, so it is not JSON.") from None
    except RecursionError:
        raise RegenerationError(
            f"{origin} gives JSON nested deeper than {DEEPEST_NESTING} levels; it is not read."
        ) from None
    except _DoubledKey as doubled:
        raise RegenerationError(
            f"{origin} gives JSON with the key {shown(str(doubled))} twice in one object."
        ) from None
    except json.JSONDecodeError as error:
        if error.pos >= len(content.decode("utf-8")) - 1 or error.msg.startswith("Unterminated"):
            raise RegenerationError(
                f"{origin} gives JSON that breaks off after {len(content):,} bytes; pull again."
            ) from None
        if re.match(rb"---", content) or re.search(rb"(?m)^(openapi|swagger)\s*:", content):
            raise RegenerationError(f"{origin} gives YAML; give the JSON form of the document.") from None
        raise RegenerationError(
            f"{origin} gives something that is not JSON (line {error.lineno}): {error.msg}."
        ) from None
    except ValueError as error:
        raise RegenerationError(f"{origin} gives something that is not JSON: {shown(str(error))}.") from None


class _DoubledKey(Exception):
    """A key stands twice in one JSON object: an operation could hide behind another."""


def _without_doubles(pairs: list[tuple[str, Any]]) -> JsonObject:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _DoubledKey(key)
            seen.add(key)
    return found


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON value")


def _what_html_is(content: bytes, origin: str) -> str:
    text = content[:20_000].decode("utf-8", "replace").lower()
    if "swagger" in text or "<?xml" in text[:60]:
        return f"{origin} gives a page or XML instead of the JSON document; give the URL of the JSON itself."
    if any(word in text for word in ("sign in", "log in", "login", "password")):
        return f"{origin} gives a login page instead of the document; check SPECSTEP_API_KEY and the URL."
    if "loading" in text:
        return f"{origin} gives a page that is still loading instead of the document; give the URL of the JSON itself."
    return f"{origin} gives an HTML page instead of the document."


def _bound(document: JsonObject, origin: str) -> None:
    """Refuse what is too deep or too much to be looked at, whatever it says."""
    values, waiting = 0, [document]
    level: list[Any] = waiting
    for _ in range(DEEPEST_NESTING):
        inner: list[Any] = []
        for value in level:
            found = value.values() if isinstance(value, dict) else value
            values += len(value)
            inner += [child for child in found if isinstance(child, dict | list)]
        if values > MOST_VALUES:
            raise RegenerationError(f"{origin} gives a document of more than {MOST_VALUES:,} values; it is not read.")
        if not inner:
            return
        level = inner
    raise RegenerationError(f"{origin} gives JSON nested deeper than {DEEPEST_NESTING} levels; it is not read.")


def _check_kind(document: JsonObject, origin: str) -> None:
    if "swagger" in document:
        raise RegenerationError(
            f"{origin} gives a Swagger {shown(str(document['swagger']), 10)} document; "
            "OpenAPI 3.0 or 3.1 is needed, which every service that still emits Swagger 2.0 can emit too."
        )
    stated = document.get("openapi")
    if not isinstance(stated, str):
        raise RegenerationError(
            f"{origin} gives JSON that is not an OpenAPI document: it doesn't say which version of OpenAPI it is."
        )
    if not re.fullmatch(r"3\.[01](\.\d+)?(-[\w.]+)?", stated):
        raise RegenerationError(
            f"{origin} gives OpenAPI {shown(stated, 20)}; the generator takes 3.0 and 3.1. Ask the server for one of "
            "these, or raise the generator's version once it takes this one."
        )
    if not isinstance(document.get("paths"), dict) or not document["paths"]:
        raise RegenerationError(f"{origin} gives an OpenAPI document without any path.")


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
