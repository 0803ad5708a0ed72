"""Pulls of API documents, each in a process of its own in a copy of the checkout: how long they take, and what memory.

The documents have other names than ours: one is as large as a big service's, one the largest that is still taken, in
bytes, operations and classes.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from attrs import frozen

Json = Any

ROOT = Path(__file__).parents[2]
LEFT_OUT = (".git", ".venv", ".*_cache", ".hypothesis", ".regeneration", "__pycache__", "build", "dist")
METHODS = ("get", "put", "post", "patch", "delete")
OPERATIONS, SCHEMAS = 150, 250
LONGEST_DOCUMENT = 15_900_000


@frozen
class Pulled:
    """What a pull came to."""

    seconds: float
    #: Of all of its processes together.
    cpu_seconds: float
    #: Of the largest of its processes.
    peak_mb: float
    #: How long each stage took, and the end.
    words: list[str]


@contextlib.contextmanager
def checkout(folder: Path) -> Iterator[Path]:
    """A copy of the checkout, so that ours stays as it is."""
    copied = folder / "checkout"
    shutil.copytree(ROOT, copied, ignore=shutil.ignore_patterns(*LEFT_OUT))
    yield copied
    shutil.rmtree(copied)


def pull(copied: Path, document: Path) -> Pulled:
    """Pull a document into a copy of the checkout, and put the copy back to what it was, but for what runs keep."""
    kept = copied.parent / "kept"
    for name in ("openapi", "generated"):
        shutil.copytree(copied / name, kept / name)
    words = copied.parent / "said.txt"
    command = [sys.executable, str(copied / "scripts" / "regenerate.py"), "--source", str(document)]
    environment = {**os.environ, "SPECSTEP_REGENERATION_CACHE": str(copied.parent / "kept-by-runs")}
    with words.open("wb") as said:
        start = time.perf_counter()
        process = subprocess.Popen(command, stderr=said, stdout=said, cwd=copied, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    for name in ("openapi", "generated"):
        shutil.rmtree(copied / name)
        (kept / name).rename(copied / name)
    kept.rmdir()
    lines = words.read_text(encoding="utf-8").splitlines()
    stages = [line for line in lines if re.match(r"[\d.]+ s: ", line)]
    end = next((line for line in lines if line.startswith("stopped: ")), lines[-1])
    peak = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1024)
    return Pulled(seconds, usage.ru_utime + usage.ru_stime, peak, [*stages, end])


def large() -> Json:
    """The documented contract as another would write it, with more of everything."""
    document = _renamed(yaml.safe_load((ROOT / "openapi" / "documented.yaml").read_text(encoding="utf-8")))
    schemas, paths = document["components"]["schemas"], document["paths"]
    missing = SCHEMAS - len(schemas)
    for number in range(missing):
        schemas[f"More{number}"] = _schema(number, f"More{(number + 1) % missing}")
    number = 0
    while count_operations(document) < OPERATIONS:
        paths[f"/v1/more/{number}/{{key}}"] = _item(number, number % missing)
        number += 1
    return document


def count_operations(document: Json) -> int:
    """How many operations a document has."""
    return sum(method in METHODS for item in document["paths"].values() for method in item)


def largest() -> Json:
    """As many operations and classes as are taken, and as many bytes."""
    document = large()
    for number in range(1_000):
        document["components"]["schemas"][f"Most{number}"] = _schema(number, f"Most{(number + 1) % 1_000}")
    for number in range(840):
        document["paths"][f"/v1/most/{number}/{{key}}"] = _item(number, number, "Most")
    missing = LONGEST_DOCUMENT - len(json.dumps(document))
    document["x-padding"] = ["x" * 90] * (missing // 94)
    return document


def _renamed(documented: Json) -> Json:
    def plain(value: Json, is_names: bool = False) -> Json:
        if isinstance(value, list):
            return [plain(entry) for entry in value]
        if not isinstance(value, dict):
            return value.replace("/schemas/", "/schemas/Api.") if isinstance(value, str) else value
        return {
            key: plain(entry, not is_names and key in ("properties", "schemas", "paths"))
            for key, entry in value.items()
            if is_names or not (str(key).startswith("x-") or key in ("operationId", "tags", "examples"))
        }

    said = plain(documented)
    said["components"]["schemas"] = {f"Api.{name}": schema for name, schema in said["components"]["schemas"].items()}
    return said


def _schema(number: int, other: str) -> Json:
    fields: Json = {f"field_{number}_{place}": {"type": "string", "format": "uuid"} for place in range(8)}
    return {"type": "object", "properties": {**fields, "next": {"$ref": f"#/components/schemas/{other}"}}}


def _item(number: int, schema: int, prefix: str = "More") -> Json:
    body = {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{prefix}{schema}"}}}}
    parameters = [
        {"name": f"query_{place}", "in": "query", "schema": {"type": "string"}} for place in range(number % 5)
    ]
    return {"post": {"parameters": parameters, "requestBody": body, "responses": {"200": {**body, "description": ""}}}}
