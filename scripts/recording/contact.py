"""A recorded run as answers that were seen, for settling what only a run shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from specstep_flows._json import read_json
from specstep_flows.contact.asking import Answer, Contact, headers_of, media_of, shape_of
from specstep_flows.contact.contract import Contract, Operation


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
    # A path without a parameter in this place (``deleted``) before one with it.
    for operation in sorted(contract.operations.values(), key=lambda one: one.path.count("{")):
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(operation.path))
        if operation.method == method and re.fullmatch(pattern, path):
            return operation
    return None


def _answer(operation: Operation, status: int, response: dict[str, Any]) -> Answer:
    headers = {name.lower(): values[0] for name, values in response["headers"].items() if values}
    text = response["body"].get("string") or ""
    answer = Answer(operation.name, status, headers_of(headers), media_of(headers) if text else "")
    expected = operation.bodies.get(str(status)) or operation.success
    if "json" in answer.media and text and expected is not None:
        answer.body = shape_of(read_json(text.encode() if isinstance(text, str) else text), expected)
    return answer
