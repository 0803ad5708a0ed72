"""The contract is valid OpenAPI and keeps the rules of the house.

The validator checks that it is OpenAPI 3.1 at all. The rules below it are ours: the linters for OpenAPI that
are well kept do not come from PyPI, and these rules are mostly about our own marks.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

KINDS = {"read", "keyed", "idempotent", "unsafe", "harmless"}
VERBS = {
    *("amend", "answer", "authorize", "cancel", "commit", "complete", "create", "delete", "deliver", "disable"),
    *("download", "enable", "explain", "finish", "get", "list", "pause", "preview", "purge", "rename", "request"),
    *("restore", "resume", "retry", "rotate", "search", "set", "start", "submit", "subscribe", "sync", "test"),
    *("update", "upload"),
}
MARKS = {
    *(
        "x-added",
        "x-added-values",
        "x-also-called",
        "x-anonymous",
        "x-assumption",
        "x-catch-all",
        "x-cookie-only",
        "x-costs",
        "x-default",
        "x-destroys",
    ),
    *(
        "x-enum-descriptions",
        "x-goes-by",
        "x-if-wrong",
        "x-kind",
        "x-known-values",
        "x-may-be-left-out",
        "x-mcp",
        "x-unfinished",
        "x-own-id",
        "x-needs-target",
        "x-no-api-key",
        "x-problem-codes",
    ),
    *("x-rate-limit", "x-rollups", "x-seen", "x-steering", "x-terminal", "x-tested-by"),
    *("x-under-any-name", "x-used-by", "x-waits-for", "x-was"),
}
SENTENCE = re.compile(r"^[A-Z0-9`].*[.]$", re.DOTALL)


def test_contract_is_valid_openapi(contract: Any) -> None:
    """The document is OpenAPI 3.1."""
    errors = [f"{'/'.join(map(str, each.path))}: {each.message}" for each in _validator(contract).iter_errors()]

    assert not errors
    assert contract.document["openapi"].startswith("3.1.")


def test_examples_fit_their_schemas(contract: Any) -> None:
    """Every example, of a schema, a property or a body, is valid under the schema that it stands for."""
    wrong: list[str] = []
    for place, node in contract.walk():
        if not isinstance(node.get("examples"), (list, dict)):
            continue
        if isinstance(node["examples"], list):
            schema, values = {key: value for key, value in node.items() if key != "examples"}, node["examples"]
        else:
            schema, values = node["schema"], [each["value"] for each in node["examples"].values()]
        checker = OAS31Validator(
            {**schema, "components": contract.document["components"]},
            format_checker=OAS31Validator.FORMAT_CHECKER,
        )
        wrong.extend(f"{'/'.join(place)}: {error.message}" for value in values for error in checker.iter_errors(value))

    assert not wrong


def test_operation_ids_are_verb_and_noun(contract: Any) -> None:
    """Each operation has an id of its own, in snake_case, that begins with a verb and goes on with a noun."""
    ids = [operation["operationId"] for operation in contract.operations.values()]
    odd = [each for each in ids if not re.fullmatch(r"[a-z]+(_[a-z]+)+", each) or each.split("_")[0] not in VERBS]

    assert [each for each, times in Counter(ids).items() if times > 1] == []
    assert odd == []


def test_operations_are_told_in_full(contract: Any) -> None:
    """Each operation has a summary, a description, one tag that is described, and a decision on security."""
    tags = {each["name"] for each in contract.document["tags"]}
    wrong = [
        name
        for name, operation in contract.operations.items()
        if not operation.get("summary")
        or operation["summary"].endswith(".")
        or not SENTENCE.match(operation.get("description", ""))
        or len(operation.get("tags", ())) != 1
        or operation["tags"][0] not in tags
        or "security" not in operation
    ]

    assert not wrong
    assert {operation["tags"][0] for operation in contract.operations.values()} == tags


def test_every_operation_has_a_kind(contract: Any) -> None:
    """What may be sent again is decided by the kind, so no operation is without one; and a GET only reads."""
    wrong = [
        name
        for name, operation in contract.operations.items()
        if operation.get("x-kind") not in KINDS
        or (name.startswith("DELETE") and operation["x-kind"] != "idempotent")
        or (name.startswith("GET") and operation["x-kind"] != "read" and "oauth-callback" not in name)
    ]

    assert not wrong


#: What changes something and takes nothing away that could not be put back. What is new is to be decided for.
DESTROYS_NOTHING = {
    *("amend_feedback", "answer_clarifications", "authorize_external_connector", "commit_doc_migration"),
    *("commit_external_connector", "complete_interview", "create_addendum", "create_api_key", "create_bug_report"),
    *("create_extra_usage_checkout", "create_feedback", "create_organization", "create_support_ticket"),
    *("create_webhook", "deliver_package", "disable_extra_usage", "enable_extra_usage", "explain_package"),
    *("finish_external_connector_oauth", "pause_generation", "rename_generation", "request_data_export"),
    *("restore_generation", "restore_interview", "restore_package", "resume_generation", "retry_generation"),
    *("start_generation", "start_interview", "submit_turn", "subscribe_to_status", "sync_external_connector"),
    *("test_webhook", "update_api_key_scopes", "update_generation", "update_notification_preferences"),
    *("update_retention_preference", "update_source_control_preferences", "upload_reference_document"),
}


def test_what_destroys_says_what_is_lost(contract: Any) -> None:
    """Each deletion, cancellation and rotation does, and nothing else that changes something is left undecided."""
    changing = {one["operationId"]: name for name, one in contract.operations.items() if one["x-kind"] != "read"}
    lost = {one["operationId"]: one["x-destroys"] for one in contract.operations.values() if "x-destroys" in one}

    assert set(changing) - set(lost) == DESTROYS_NOTHING
    assert set(lost) <= set(changing)
    assert not [each for each in lost.values() if not SENTENCE.match(each)]
    assert not [
        each
        for each, name in changing.items()
        if each not in lost and (name.startswith("DELETE") or each.startswith(("cancel_", "purge_", "rotate_")))
    ]


def test_only_a_turn_is_keyed(contract: Any) -> None:
    """An operation is keyed exactly when it takes an Idempotency-Key."""
    for name, operation in contract.operations.items():
        takes_key = any(each["name"] == "Idempotency-Key" for each in contract.parameters(name))

        assert (operation["x-kind"] == "keyed") == takes_key, name


def test_failures_are_told_as_problems(contract: Any) -> None:
    """Each operation that a caller can get wrong says so with a problem; only the 401 has no body."""
    wrong: list[str] = []
    for name, operation in contract.operations.items():
        failures = {status: contract.answer(name, status) for status in operation["responses"] if status >= "400"}
        for status, answer in failures.items():
            media = list(answer.get("content", ()))
            if media != ([] if status == "401" else ["application/problem+json"]):
                wrong.append(f"{name}: {status}")
        can_fail = operation["security"] or contract.parameters(name) or "requestBody" in operation
        if can_fail and not any("content" in answer for answer in failures.values()):
            wrong.append(f"{name}: no problem")
        if ("401" in failures) != bool(operation["security"]):
            wrong.append(f"{name}: 401")
        if ("429" in failures) != (operation.get("x-rate-limit") is not None):
            wrong.append(f"{name}: 429")
        if "requestBody" in operation and operation["requestBody"]["required"] and "400" not in failures:
            wrong.append(f"{name}: 400")
        if any(status not in failures for status in operation.get("x-problem-codes", ())):
            wrong.append(f"{name}: words of an error that it does not have")

    assert not wrong


def test_path_parameters_are_declared(contract: Any) -> None:
    """The parameters of a path are the ones in its braces, and every one of them is required."""
    wrong: list[str] = []
    for name in contract.operations:
        declared = {each["name"]: each for each in contract.parameters(name) if each["in"] == "path"}
        if declared.keys() != set(re.findall(r"{(\w+)}", name)) or not all(
            each["required"] for each in declared.values()
        ):
            wrong.append(name)

    assert not wrong


def test_everything_is_described(contract: Any) -> None:
    """Schemas, properties, parameters, headers, answers, request bodies and marks are told in sentences."""
    components = contract.document["components"]
    things = {
        **{f"{part}.{name}": each for part in components for name, each in components[part].items()},
        **{
            f"{name}.{member}": each
            for name, schema in components["schemas"].items()
            for member, each in schema.get("properties", {}).items()
        },
        **{f"{name}: {each['name']}": each for name in contract.operations for each in contract.parameters(name)},
        **{
            f"{name}: {status}": contract.answer(name, status)
            for name, operation in contract.operations.items()
            for status in operation["responses"]
        },
        **{
            f"{name}: body": operation["requestBody"]
            for name, operation in contract.operations.items()
            if "requestBody" in operation
        },
    }
    silent = [name for name, each in things.items() if not SENTENCE.match(each.get("description", ""))]
    values = [
        f"{name}.{value}"
        for name, schema in contract.schemas.items()
        for value, said in schema.get("x-enum-descriptions", {}).items()
        if value not in schema["enum"] or not SENTENCE.match(said)
    ]

    assert not silent
    assert not values


def test_marks_are_ours_and_well_formed(contract: Any) -> None:
    """No mark is misspelled; an assumption is a sentence, a date is a date that the description repeats."""
    wrong: list[str] = []
    for place, node in contract.walk():
        where = "/".join(place)
        wrong.extend(f"{where}: {key}" for key in node if key.startswith("x-") and key not in MARKS)
        if "x-assumption" in node and not SENTENCE.match(node["x-assumption"]):
            wrong.append(f"{where}: x-assumption is no sentence")
        date = node.get("x-added")
        if date is not None and (not re.fullmatch(r"2026-\d\d-\d\d", date) or date not in node["description"]):
            wrong.append(f"{where}: x-added")
        if node.get("x-steering", True) is not True:
            wrong.append(f"{where}: x-steering is true or absent")
        if not set(node.get("x-waits-for", ())) <= set(node.get("enum", ())):
            wrong.append(f"{where}: x-waits-for names other values than the enum")

    assert not wrong


def test_steering_marks_are_on_answers_only(contract: Any) -> None:
    """A flow steers by what it is told, so no field that only requests carry is marked."""
    asked = _reachable(contract, requests=True)
    told = _reachable(contract, requests=False)
    marked = {
        name
        for name, schema in contract.schemas.items()
        if any(each.get("x-steering") for each in schema.get("properties", {}).values())
    }

    assert marked
    assert marked <= told
    assert not marked & asked


def test_no_object_is_in_requests_and_answers_alike(contract: Any) -> None:
    """Reading is lenient and sending is strict, so no object schema serves both; enums may."""
    shared = {
        name
        for name in _reachable(contract, requests=True) & _reachable(contract, requests=False)
        if contract.schemas[name].get("type") == "object"
    }

    assert not shared


def test_no_component_is_unused(contract: Any) -> None:
    """Every schema, parameter, header and answer under components is referred to, but for security schemes."""
    used = {node["$ref"] for _, node in contract.walk() if "$ref" in node}
    unused = [
        f"{part}/{name}"
        for part, members in contract.document["components"].items()
        if part != "securitySchemes"
        for name in members
        if f"#/components/{part}/{name}" not in used
    ]
    schemes = {name for operation in contract.operations.values() for each in operation["security"] for name in each}

    assert not unused
    assert schemes == contract.document["components"]["securitySchemes"].keys()


def test_no_schema_is_written_inline(contract: Any) -> None:
    """Objects and enums stand under components, with a name: what a generator would call them is no name."""
    inline = [
        "/".join(place)
        for place, node in contract.walk()
        if ("properties" in node and node.get("type") == "object") or isinstance(node.get("enum"), list)
        if place[:2] != ("components", "schemas") or len(place) != 3
    ]

    assert not inline


def test_names_differ_in_more_than_case(contract: Any) -> None:
    """Two schemas or two operations never end in one file: their names differ with case and `_` taken away."""
    for names in (contract.schemas, [each["operationId"] for each in contract.operations.values()]):
        folded = Counter(name.replace("_", "").lower() for name in names)

        assert [name for name, times in folded.items() if times > 1] == []


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_reads_and_deletions_have_no_body(contract: Any, method: str) -> None:
    """A GET or DELETE takes no body, which many servers and proxies drop."""
    assert not [name for name, each in contract.operations.items() if name.startswith(method) and "requestBody" in each]


def _validator(contract: Any) -> OpenAPIV31SpecValidator:
    return OpenAPIV31SpecValidator(contract.document)


def _reachable(contract: Any, *, requests: bool) -> set[str]:
    """The schemas that requests carry, or the ones that answers carry, at any depth.

    What a webhook delivers is for us an answer: we read it and never send it.
    """
    roots: list[Any] = []
    for operation in contract.operations.values():
        if requests:
            roots.extend(operation[part] for part in ("requestBody", "parameters") if part in operation)
        else:
            roots.extend(contract.follow(each) for each in operation["responses"].values())
    if not requests:
        roots.append(contract.document["webhooks"])
    found: set[str] = set()
    while roots:
        for _, node in contract.walk(roots.pop()):
            part, _, name = node.get("$ref", "").rpartition("/")
            if part == "#/components/schemas" and name not in found:
                found.add(name)
                roots.append(contract.schemas[name])
    return found
