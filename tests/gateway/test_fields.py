"""Our models as they are read from JSON: each is what the contract says, and takes whatever comes in its place."""

from __future__ import annotations

import ast
import re
import typing
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import pytest
import yaml

from specstep_flows import errors, models
from specstep_flows.gateway.fields import as_file, as_model, as_object, as_rows, read_model
from specstep_flows.gateway.reading import LARGEST_NUMBER
from tests.kit.api import field
from tests.kit.replies import reply

CONTRACT = yaml.load(
    (Path(__file__).parents[2] / "openapi" / "documented.yaml").read_text(encoding="utf-8"),
    getattr(yaml, "CSafeLoader", yaml.SafeLoader),
)
SCHEMAS = CONTRACT["components"]["schemas"]
#: Models whose schema in the contract has another name, or that hold what several say.
SCHEMA_OF = {
    "Addendum": "AddendumRow",
    "IntakeArtifact": "IntakeArtifactRow",
    "MigrationPreview": "DocMigrationPreview",
}
#: Fields of a model that are not the schema's own.
BESIDE = {"ApiKey": {"raw_key"}}
#: What reads one, given the model first.
READERS = {"read", "read_list", "_list", "as_model"}
HINTS = {"Mapping": Mapping, "UUID": UUID, "datetime": datetime}
ID = "01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04"
AT = datetime(2026, 5, 5, 23, 0, tzinfo=UTC)
#: A value as JSON has it, and as it is read.
SAMPLES: dict[Any, tuple[Any, Any]] = {
    str: ("A word nobody has seen", "A word nobody has seen"),
    int: (3, 3),
    float: (0.64, 0.64),
    bool: (True, True),
    UUID: (ID, UUID(ID)),
    datetime: ("2026-05-05T23:00:00.0000000Z", AT),
    Any: ({"from": 1}, {"from": 1}),
}

#: What may come in a field's place.
UNFIT: list[Any] = [None, [], {}, 10**400, "\ufffd", "2026-13-45", True, [[None]]]


def read_models() -> list[Any]:
    """The models that a method, or a flow of any operation, reads field by field, and those within them."""
    package = Path(models.__file__).parent
    names: set[str] = set()
    for path in [*(package / "_surface_async").glob("*.py"), package / "flows" / "calling.py"]:
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] in READERS:
                names |= set(re.findall(r"^models\.(\w+)$", ast.unparse(call.args[0])))
    found: dict[str, Any] = {}
    rest = [getattr(models, name) for name in sorted(names)]
    while rest:
        model = rest.pop()
        found[model.__name__] = model
        hints = typing.get_type_hints(model, localns=HINTS).values()
        rest += [inner for hint in hints for inner in typing.get_args(hint) if attrs.has(inner)]
    return list(found.values())


MODELS = read_models()


def sample(hint: Any) -> tuple[Any, Any]:
    """A value of a field's type, as JSON has it and as it is read."""
    members = [one for one in typing.get_args(hint) if one is not type(None)]
    if typing.get_origin(hint) is tuple:
        sent, read = sample(members[0])
        return [sent], (read,)
    if typing.get_origin(hint) is Mapping:
        sent, read = sample(members[1])
        return {"clarity": sent}, {"clarity": read}
    if members:
        return sample(members[0])
    if attrs.has(hint):
        return whole(hint)
    return SAMPLES[hint]


def whole(model: Any) -> tuple[dict[str, Any], Any]:
    """An object with every field of a model, and the model that it is."""
    hints = typing.get_type_hints(model, localns=HINTS)
    samples = {name: sample(hint) for name, hint in hints.items() if name != "raw"}
    sent = {name: value for name, (value, _) in samples.items()}
    raw = {"raw": sent} if "raw" in hints else {}
    return sent, model(**{name: value for name, (_, value) in samples.items()}, **raw)


def needed(model: Any) -> list[str]:
    """The fields without which an object is of no use."""
    return [one.name for one in attrs.fields(model) if one.default is attrs.NOTHING]


def differing(found: Any, expected: Any) -> set[str]:
    """The fields in which two objects differ."""
    return {one.name for one in attrs.fields(type(found)) if getattr(found, one.name) != getattr(expected, one.name)}


@pytest.mark.parametrize("model", MODELS)
def test_a_model_has_the_fields_of_the_contract(model: Any) -> None:
    """All of them, under their own names; one that need not be there is none that a model needs."""
    schema = SCHEMAS[SCHEMA_OF.get(model.__name__, model.__name__)]
    ours = {one.name for one in attrs.fields(model)} - {"raw"} - BESIDE.get(model.__name__, set())

    assert {field(model.__name__, name) for name in ours} == set(schema["properties"])
    assert {field(model.__name__, name) for name in needed(model)} <= set(schema.get("required", []))


@pytest.mark.parametrize("model", MODELS)
def test_every_field_is_read(model: Any) -> None:
    """As what it is: times aware and in UTC, ids as ids, words as they came; what is new is no reason to fail."""
    sent, expected = whole(model)

    assert read_model(model, sent, "an_operation") == expected
    assert read_model(model, {**sent, "new_of_tomorrow": {"deep": [1]}}, "an_operation") == expected


@pytest.mark.parametrize("model", MODELS)
def test_a_field_that_does_not_fit_costs_no_other(model: Any) -> None:
    """One at a time, and all at once: null, or of a type that it is not."""
    sent, expected = whole(model)
    must = needed(model)
    for unfit in UNFIT:
        for name in set(sent) - set(must):
            found = read_model(model, {**sent, name: unfit}, "an_operation")
            assert differing(found, expected) <= {name, "raw"}
        found = read_model(model, {name: sent[name] if name in must else unfit for name in sent}, "an_operation")
        assert [getattr(found, name) for name in must] == [getattr(expected, name) for name in must]
    assert read_model(model, {name: sent[name] for name in must}, "an_operation") == model(
        **{name: getattr(expected, name) for name in must}
    )


@pytest.mark.parametrize("model", [model for model in MODELS if needed(model)])
def test_a_field_that_is_needed_is_missed_by_name(model: Any) -> None:
    """In a sentence, with the operation."""
    sent, _ = whole(model)
    for name in needed(model):
        unfits: list[dict[str, Any]] = [{}, {name: None}, {name: []}]
        for unfit in unfits:
            with pytest.raises(errors.UnexpectedResponse, match=name):
                read_model(model, {key: value for key, value in sent.items() if key != name} | unfit, "an_operation")
    with pytest.raises(errors.UnexpectedResponse, match="an_operation"):
        read_model(model, [sent], "an_operation")


def test_an_item_that_cannot_be_read_is_left_out() -> None:
    """Of a list within an answer; a row of a list that was asked for is an error."""
    hits = [{"file_path": "a.md"}, {"rank": 1}, None, {"file_path": "b.md"}]

    found = read_model(models.PackageHit, {"package_id": ID, "files": hits}, "search_packages")

    assert [hit.file_path for hit in found.files] == ["a.md", "b.md"]
    rows = as_rows(models.SearchHit, "search_package", "results")
    assert [hit.file_path for hit in rows(reply({"query": "x", "results": hits[:1]}))] == ["a.md"]
    with pytest.raises(errors.UnexpectedResponse):
        rows(reply({"results": hits}))
    with pytest.raises(errors.UnexpectedResponse, match="no list"):
        rows(reply({"query": "x"}))


def test_a_number_too_large_is_read_as_the_largest() -> None:
    """As everywhere: arithmetic with it must not end in infinity."""
    found = read_model(models.PackageRow, {"id": ID, "total_cost_usd": 1e300}, "list_packages")

    assert found.total_cost_usd == LARGEST_NUMBER


@pytest.mark.parametrize(
    ("snippet", "text", "spans"),
    [
        ("a <mark>portal</mark> for <mark>all</mark>", "a portal for all", ("portal", "all")),
        ("none", "none", ()),
        ("<MARK>Portal</MARK>", "Portal", ("Portal",)),
        ("cut <mark>port", "cut port", ("port",)),
        ("al</mark> of <mark>all</mark>", "al of all", ("all",)),
        ("<mark>a <mark>b</mark></mark>", "a b", ("a b",)),
        ("<mark></mark>x", "x", ()),
        ("1 < 2 &lt; <b>3</b>", "1 < 2 &lt; <b>3</b>", ()),
        (None, "", ()),
    ],
)
def test_what_was_found_is_text_and_spans(snippet: str | None, text: str, spans: tuple[str, ...]) -> None:
    """The marks are taken out, and nothing else: what else looks like HTML is the file's own."""
    hit = models.SearchHit("a.md", snippet)

    assert hit.text == text
    assert tuple(hit.text[begin:end] for begin, end in hit.spans) == spans


def test_secrets_and_people_are_in_no_repr() -> None:
    """Nor in what ``--json`` and records make of an object."""
    shown = [
        models.ApiKey(UUID(ID), raw_key="sf_secret"),
        models.Webhook(UUID(ID), signing_secret="whsec_secret"),
        models.ExtraUsageCheckout("https://pay.example/secret"),
        models.DataExportRequest(UUID(ID), "completed", download_url="https://blob.example/secret"),
        models.BugReport(UUID(ID), account_email="secret@example.com"),
        models.WebhookTest(failure_reason="https://x.blob.example/a?sig=secret failed"),
    ]

    assert "secret" not in repr(shown)


def test_a_file_is_bytes_and_text() -> None:
    """Text whatever its bytes; a page or a redirect in its place is neither."""
    found = as_file("get_package_file", "a.md")(
        reply(b"\xef\xbb\xbf# A \xff", content_type="text/markdown; charset=utf-8")
    )

    assert (found.content[-1:], found.text, found.content_type) == (b"\xff", "# A \ufffd", "text/markdown")
    assert as_file("get_package_file", "a.html")(reply(b"<p>", content_type="text/html")).text == "<p>"
    for refused in (reply(b"<html>", content_type="text/html"), reply(b"", 302)):
        with pytest.raises(errors.UnexpectedResponse, match="get_package_file"):
            as_file("get_package_file", "a.md")(refused)
    with pytest.raises(errors.UnexpectedResponse, match="not a JSON object"):
        as_object("get_package_schema")(reply([1]))


def test_an_answer_without_a_body_is_a_success() -> None:
    """Of which nothing is known, unless something must be: who sends a delivery once more makes a second one."""
    assert as_model(models.PackageDelivery, "deliver_package")(reply(b"", 202)) == models.PackageDelivery()
    with pytest.raises(errors.UnexpectedResponse):
        as_model(models.ApiKey, "create_api_key")(reply(b"", 201))
    with pytest.raises(errors.UnexpectedResponse):
        as_model(models.PackageDelivery, "deliver_package")(reply(b"<html>", content_type="text/html"))


def test_a_secret_that_is_shown_once_is_not_lost_for_want_of_an_id() -> None:
    """Whose it is was asked for: the answer may say no more than the secret."""
    read = as_model(models.ApiKey, "rotate_api_key", {"id": ID})

    assert read(reply({"raw_key": "sf_new"})) == models.ApiKey(UUID(ID), raw_key="sf_new")
    assert read(reply({"id": None, "raw_key": "sf_new"})).id == UUID(ID)


def test_a_setting_that_was_made_is_not_said_to_be_another() -> None:
    """An answer without a body, or without the field, confirms what was sent; one that says otherwise is believed."""
    read = as_model(models.RetentionPreference, "update_retention_preference", {"default_retention_days": 90})
    shown = as_model(models.NotificationPreferences, "update_notification_preferences", {"email": False, "sms": None})

    for silent in (reply(b"", 204), reply(b"", 200), reply({}), reply({"message": "Saved."})):
        assert read(silent) == models.RetentionPreference(90)
    assert read(reply({"default_retention_days": None})) == models.RetentionPreference()
    assert read(reply({"default_retention_days": 30})) == models.RetentionPreference(30)
    assert (shown(reply({"sms": True})), shown(reply({"sms": True})).raw) == (
        models.NotificationPreferences(email=False, sms=True),
        {"sms": True},
    )


def test_the_models_that_are_read_are_found() -> None:
    """Those of lists, of single answers, and within others."""
    assert {"PackageRow", "Webhook", "Organization", "MigrationMapping", "TypedEvidence", "StatusIncident"} <= {
        model.__name__ for model in MODELS
    }
    assert len(MODELS) > 35
