"""A recorded run as answers that were seen, for settling what only a run shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from specstep_flows._json import read_json
from specstep_flows.contact.asking import Answer, Contact, list_of, looks, rows_of
from specstep_flows.contact.contract import Contract, Operation
from specstep_flows.contact.shapes import Shape, add

_KEPT: Final = ("location", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "content-type")


def contact_of(cassette: Path, contract: Contract) -> Contact:
    """The answers of a cassette by operation; of several answers of one operation the last success counts."""
    contact = Contact()
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for one in yaml.load(cassette.read_text(encoding="utf-8"), Loader=loader)["interactions"]:  # noqa: S506
        request, response = one["request"], one["response"]
        operation = _operation(request["method"], urlsplit(request["uri"]).path, contract)
        status = int(response["status"]["code"])
        if operation is not None and status < 400:
            contact.answers[operation.name] = _answer(operation, status, response)
            contact.requests += 1
    return contact


def _operation(method: str, path: str, contract: Contract) -> Operation | None:
    for operation in contract.operations.values():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(operation.path))
        if operation.method == method and re.fullmatch(pattern, path):
            return operation
    return None


def _answer(operation: Operation, status: int, response: dict[str, Any]) -> Answer:
    headers = {name.lower(): values[0] for name, values in response["headers"].items() if values}
    answer = Answer(operation.name, status, {name: looks(headers[name]) for name in _KEPT if name in headers})
    answer.media = headers.get("content-type", "").partition(";")[0].strip().lower()
    text = response["body"].get("string") or ""
    expected = operation.bodies.get(str(status))
    if "json" in answer.media and text and expected is not None:
        value = read_json(text.encode() if isinstance(text, str) else text)
        answer.body = Shape()
        found = list_of(expected)
        rows = rows_of(value)
        add(answer.body, {found[0]: rows} if found and rows is not None else value, expected)
    return answer
