"""Rows in columns, facts under their names."""

from __future__ import annotations

import json

from specstep_flows.cli.output import facts, table
from specstep_flows.cli.terminal import document_text


def test_a_document_is_plain_ascii() -> None:
    """JSON is safe on any terminal, and the same document for programs."""
    text = document_text({"name": "T\u00e9\x1b\u202e", "kept": 1})

    assert text.isascii()
    assert list(json.loads(text)) == ["schema_version", "name", "kept"]
    assert json.loads(text)["name"] == "T\u00e9\x1b\u202e"


def test_tables_line_up_for_wide_letters() -> None:
    """Letters that take two columns, and marks that take none, do not push a column out of line."""
    text = table(("NAME", "COST"), [("\u8336\u5e97", "$1"), ("cafe\u0301", "$2")])

    assert text.splitlines() == ["NAME  COST", "\u8336\u5e97  $1", "cafe\u0301  $2"]
    assert facts([("name", "a\nb"), ("none", None)]) == "name: a b"
