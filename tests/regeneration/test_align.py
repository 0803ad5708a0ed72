"""Alignment: whatever a server calls things and however it says them, the client's names and code stay."""

from __future__ import annotations

import json
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from regeneration.align import align
from regeneration.emit import to_json
from regeneration.errors import RegenerationError
from regeneration.names import NamesLock

from tests.kit.regeneration.aligned import text_of
from tests.kit.regeneration.contracts import SMALL
from tests.kit.regeneration.disguises import ASPNET, SWASHBUCKLE, Disguise, disguised
from tests.kit.regeneration.wider import disguises, wider_documents
from tests.kit.tiers import one_in

Json = Any


@pytest.mark.parametrize(
    "disguise", one_in(4, [ASPNET, SWASHBUCKLE, evolve(ASPNET, inlined=1.0), evolve(SWASHBUCKLE, inlined=0.5)])
)
def test_other_emitters(contract: Json, disguise: Disguise) -> None:
    """The contract as other emitters write it, under other names, reordered and inlined, aligns to itself."""
    assert text_of(contract, disguised(contract, disguise)) == text_of(contract, None)


@pytest.mark.slow
@settings(max_examples=6)
@given(disguise=disguises)
def test_any_disguise_of_the_contract(contract: Json, disguise: Disguise) -> None:
    """No shuffling, renaming, inlining or null style changes what the contract aligns to."""
    assert text_of(contract, disguised(contract, disguise)) == text_of(contract, None)


@settings(max_examples=40)
@given(document=wider_documents(), disguise=disguises)
def test_any_disguise_of_what_nobody_documented(document: Json, disguise: Disguise) -> None:
    """What only a pulled document has gets the same names and code too, however the document says it."""
    plainly = disguised(document, Disguise(is_shuffled=False))

    assert text_of(SMALL, disguised(document, disguise)) == text_of(SMALL, plainly)


@pytest.mark.slow
@settings(max_examples=25)
@given(document=wider_documents())
def test_alignment_is_idempotent(document: Json) -> None:
    """An aligned document aligns to itself, and adds nothing to the lock."""
    first = align(SMALL, disguised(document, ASPNET), NamesLock())
    second = align(SMALL, json.loads(to_json(first.document)), first.lock)

    assert to_json(second.document) == to_json(first.document)
    assert second.lock.render() == first.lock.render()


def test_the_contract_is_idempotent(contract: Json) -> None:
    """The contract's alignment, pulled, is the same again."""
    first = text_of(contract, None)

    assert text_of(contract, json.loads(first)) == first


def test_documented_contract_must_be_usable(small: Json) -> None:
    """An operation id that two operations share, or a name that would be spelled differently, is refused by name."""
    small["paths"]["/v1/widgets"]["post"]["operationId"] = "list_widgets"
    small["components"]["schemas"]["widget_row"] = small["components"]["schemas"].pop("WidgetRow")
    small["components"]["schemas"]["WidgetList"]["properties"]["widgets"]["items"] = {
        "$ref": "#/components/schemas/widget_row"
    }

    with pytest.raises(RegenerationError) as stopped:
        align(small, None, NamesLock())

    assert "GET /v1/widgets and POST /v1/widgets share the operationId list_widgets" in str(stopped.value)
    assert "the schema widget_row would be generated as WidgetRow" in str(stopped.value)
