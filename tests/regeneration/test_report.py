"""The drift report as a page and as notes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from regeneration.align import align
from regeneration.names import NamesLock
from regeneration.report import report_on

from specstep_flows.sandbox.document import openapi_document
from tests.kit.regeneration.disguises import ASPNET, disguised, plain

Json = Any
ROOT = Path(__file__).parents[2]


def test_damaged_document_of_before(small: Json) -> None:
    """A document pulled before that cannot be read any more hinders no new one; the report says so."""
    pulled = disguised(small, ASPNET)
    aligned = align(small, pulled, NamesLock())

    report = report_on(aligned, json.dumps(pulled).encode(), b"<html>")

    assert report.last_to_pulled == []
    assert any("could not be compared: openapi/pulled.json gives an HTML page" in note for note in report.notes)


def test_page_is_inert(small: Json) -> None:
    """Nothing that a document says becomes markup, a link or a mention on the page of a pull request."""
    pulled = disguised(small, ASPNET)
    evil = "x](http://evil.example) <img src=x> @team #1 `code` | **b** \\ [a]"
    pulled["paths"]["/v1/new"] = {
        "get": {
            "responses": {
                "200": {
                    "description": "",
                    "content": {
                        "application/json": {
                            "schema": {"type": "object", "properties": {evil: {"type": "string"}, "\u202e": {}}}
                        }
                    },
                }
            }
        }
    }
    next(s for s in pulled["components"]["schemas"].values() if "weight" in s.get("properties", {}))["properties"][
        evil
    ] = {"type": "string", "enum": [evil]}

    page = report_on(align(small, pulled, NamesLock()), json.dumps(pulled).encode(), None).page()

    for line in page.splitlines():
        outside = "".join(line.split("`")[::2])
        assert not any(mark in outside for mark in ("](", "<img", "@team", "**b"))
        assert line.count("`") % 2 == 0


@pytest.mark.slow
def test_page_is_a_pull_request_body() -> None:
    """Of a document that differs everywhere and breaks little, a reviewer reads short lines; the rest is folded."""
    documented = yaml.load((ROOT / "openapi" / "documented.yaml").read_text("utf-8"), yaml.CSafeLoader)
    pulled = openapi_document("http://127.0.0.1:1")

    report = report_on(align(documented, pulled, NamesLock()), json.dumps(pulled).encode(), None)

    page = report.page()
    at_once = re.sub(r"<details>.*?</details>", "", page, flags=re.DOTALL)
    assert len(report.documented_to_pulled) > 500
    assert len([line for line in at_once.splitlines() if line]) < 20
    assert max(map(len, at_once.splitlines())) < 200
    assert max(map(len, page.splitlines())) < 400


def test_misfits_come_first(small: Json) -> None:
    """What the check of the flows says stands before what the documents say."""
    pulled = plain(small)
    pulled["components"]["schemas"]["Widget"]["properties"].pop("label")
    report = report_on(align(small, pulled, NamesLock()), json.dumps(pulled).encode(), None)
    report.misfits = ["GET /v1/widgets: it does not fit"]

    page = report.page()

    assert page.index("it does not fit") < page.index("field gone")


def test_news_come_first(small: Json) -> None:
    """Once a document was pulled before, what is new since then stands before what was known."""
    pulled = plain(small)
    pulled["components"]["schemas"]["Widget"]["properties"].pop("label")
    before = json.dumps(plain(small)).encode()

    page = report_on(align(small, pulled, NamesLock()), json.dumps(pulled).encode(), before).page()

    assert page.index("## From the document pulled before") < page.index("## From the documented contract")


def test_classes_renamed_by_the_first_pull(small: Json) -> None:
    """What changed in the client is not said to be news of a document while none was pulled before."""
    client = align(small, None, NamesLock()).document
    pulled = plain(small)
    pulled["components"]["schemas"]["WidgetRow"]["properties"]["state"] = {"type": "string", "enum": ["Done"]}

    page = report_on(align(small, pulled, NamesLock()), json.dumps(pulled).encode(), None, client).page()

    assert "document pulled before" not in page
    assert page.index("## From the client before to this one") < page.index("class renamed")


def test_alternatives_are_named(small: Json) -> None:
    """What is one of several things is told as these: by their names, or by their first fields."""
    pulled = plain(small)
    properties = pulled["components"]["schemas"]["Widget"]["properties"]
    answer = {"type": "object", "properties": {"colour": {"type": "string"}, "taste": {"type": "string"}}}
    properties["weight"] = {"oneOf": [{"type": "string"}, answer]}

    found = report_on(align(small, pulled, NamesLock()), json.dumps(pulled).encode(), None).documented_to_pulled

    details = {change.detail for change in found if change.place.endswith(".weight")}
    assert details == {"number became object with colour, taste or string"}
