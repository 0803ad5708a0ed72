"""Real documents of other ASP.NET services: every operation generated, importable and working."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from regeneration.align import align
from regeneration.document import parse_document
from regeneration.emit import to_json
from regeneration.names import NamesLock
from regeneration.paths import METHODS

from tests.kit.regeneration.clients import NOTHING_DOCUMENTED, generated, tried_out
from tests.kit.regeneration.disguises import SWASHBUCKLE, Disguise, disguised, plain

Json = Any
FOLDER = os.environ.get("SPECSTEP_ASPNET_DOCUMENTS")
DOCUMENTS = sorted(Path(FOLDER).glob("*.json")) if FOLDER else []

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DOCUMENTS, reason="did not run: SPECSTEP_ASPNET_DOCUMENTS names no folder with documents"),
]


@pytest.fixture(params=DOCUMENTS or [Path("none")], ids=lambda path: path.stem)
def document(request: pytest.FixtureRequest) -> Json:
    """Each of the documents."""
    return parse_document(request.param.read_bytes(), request.param.name)


def test_every_operation(document: Json, tmp_path: Path) -> None:
    """Every operation of the document is generated and works; none is even named with a reason."""
    aligned = generated(tmp_path, document)

    operations = sum(method in item for item in document["paths"].values() for method in METHODS)
    assert len(aligned.contract.operations) == operations
    assert aligned.notes.lost_operations == {}
    assert tried_out(tmp_path) == []


def test_disguised(document: Json) -> None:
    """Said in another way under other names, it gives the same."""
    expected = to_json(align(NOTHING_DOCUMENTED, plain(document), NamesLock()).document)
    for disguise in (SWASHBUCKLE, Disguise(nulls="any_of", inlined=0.3, seed=5)):
        disguised_document = json.loads(json.dumps(disguised(document, disguise)))
        assert to_json(align(NOTHING_DOCUMENTED, disguised_document, NamesLock()).document) == expected


def test_idempotent(document: Json) -> None:
    """Its alignment aligns to itself."""
    first = align(NOTHING_DOCUMENTED, document, NamesLock())
    second = align(NOTHING_DOCUMENTED, json.loads(to_json(first.document)), first.lock)

    assert to_json(second.document) == to_json(first.document)
