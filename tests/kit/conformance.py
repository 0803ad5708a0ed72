"""Whether an answer is what the contract and the sandbox's own document say."""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import httpx
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from specstep_flows.sandbox.document import openapi_document, operation_of

CONTRACT = Path(__file__).parents[2] / "openapi" / "documented.yaml"


def blank(name: str) -> str:
    """An operation's name without the names of its parameters."""
    return re.sub(r"\{[^}]*\}", "{}", name)


@lru_cache
def document(name: str) -> dict[str, Any]:
    """The contract, or the document that the sandbox serves."""
    if name == "own":
        return openapi_document("http://127.0.0.1")
    loaded: dict[str, Any] = yaml.load(CONTRACT.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return loaded


@lru_cache
def operations(name: str) -> dict[str, dict[str, Any]]:
    """The document's operations by blanked name."""
    return {
        blank(f"{method.upper()} {path}"): operation
        for path, item in document(name)["paths"].items()
        for method, operation in item.items()
        if method in ("get", "post", "put", "patch", "delete")
    }


@cache
def validator(name: str, schema: str) -> Draft202012Validator:
    """A validator of one schema of a document."""
    components = document(name)["components"]
    return Draft202012Validator({**json.loads(schema), "components": components}, format_checker=FormatChecker())


def complaints(name: str, answer: httpx.Response) -> list[str]:
    """In which ways an answer differs from the document."""
    known = operation_of(answer.request.method, answer.request.url.path)
    assert known is not None
    responses = operations(name)[blank(known)]["responses"]
    stated = responses.get(str(answer.status_code))
    if stated is None:
        return [f"{known}: {answer.status_code} is not in the document {name}: {answer.text[:200]}"]
    root = document(name)
    if "$ref" in stated:
        stated = root["components"]["responses"][stated["$ref"].rpartition("/")[2]]
    media = answer.headers.get("content-type", "").partition(";")[0]
    if "content" not in stated:
        return [f"{known}: a body that is not in the document"] if answer.content and name == "documented" else []
    if media not in stated["content"]:
        return [f"{known}: {media} is not in the document {name}"]
    if "json" not in media:
        return []
    found = validator(name, json.dumps(stated["content"][media].get("schema", {}))).iter_errors(answer.json())
    return [f"{known} {answer.status_code} ({name}): {error.json_path}: {error.message[:300]}" for error in found]
