"""Everything that the public pages name has its place in the contract.

The names stand under tests/facts, written down from the pages; here they are looked up in
openapi/documented.yaml. Each test gathers all that is missing, so that one run shows the whole list.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "bearer": [{"bearerAuth": []}],
    "anonymous": [],
    "cookie": [{"sessionCookie": []}],
    "person": [{"bearerAuth": []}, {"sessionCookie": []}],
    "both": [{"bearerAuth": []}, {"sessionCookie": []}],
}
MARKS = {"anonymous": "x-anonymous", "cookie": "x-cookie-only", "person": "x-no-api-key"}
SAMPLE_TYPES = {
    "Guid": {"type": "string", "format": "uuid"},
    "int": {"type": "integer"},
    "decimal": {"type": "number"},
    "bool": {"type": "boolean"},
    "DateTimeOffset": {"type": "string", "format": "date-time"},
    "string": {"type": "string"},
}

Facts = Callable[[str], Any]


def test_every_operation_is_there_under_its_name(contract: Any, facts: Facts) -> None:
    """All 112 operations are there and no other, each with the id, tag and kind that code relies on."""
    expected = {
        name.replace("{*", "{"): (each["id"], each["tag"], each["kind"]) for name, each in facts("operations").items()
    }
    found = {name: (each["operationId"], *each["tags"], each["x-kind"]) for name, each in contract.operations.items()}

    assert found == expected
    assert len(found) == 112


def test_every_operation_says_who_may_call_it(contract: Any, facts: Facts) -> None:
    """Anonymous operations, and those that no API key may call, are marked so; all others take a bearer."""
    wrong: list[str] = []
    for name, each in facts("operations").items():
        operation = contract.operation(name)
        marks = {mark for mark in MARKS.values() if operation.get(mark)}
        expected = {MARKS[each["who"]]} if each["who"] in MARKS else set()
        if operation["security"] != SECURITY[each["who"]] or marks != expected:
            wrong.append(name)

    assert not wrong


def test_every_field_of_an_answer_is_there(contract: Any, facts: Facts) -> None:
    """Each field that the pages show in an answer is a property of its schema."""
    missing: list[str] = []
    for name, fact in facts("answers").items():
        schema = contract.row_schema(name) if "list_of" in fact else contract.answer_schema(name, fact.get("status"))
        for place in fact.get("list_of") or fact["body"]:
            if contract.field(schema, place.rstrip("?")) is None:
                missing.append(f"{name}: {place}")

    assert not missing


def test_what_may_be_null_in_an_answer_may_be_so_here(contract: Any, facts: Facts) -> None:
    """A field that the pages call null or absent at times is nullable, or need not be there."""
    strict = []
    for name, fact in facts("answers").items():
        schema = contract.row_schema(name) if "list_of" in fact else contract.answer_schema(name, fact.get("status"))
        for place in fact.get("list_of") or fact["body"]:
            if not place.endswith("?"):
                continue
            place = place.removesuffix("?")
            required = place.rpartition(".")[2] in contract.parent(schema, place).get("required", ())
            if required and not contract.may_be_null(contract.field(schema, place)):
                strict.append(f"{name}: {place}")

    assert not strict


def test_every_field_of_a_request_is_there(contract: Any, facts: Facts) -> None:
    """Each field that the pages show in a request body is there, and required unless they call it optional."""
    wrong: list[str] = []
    for name, fact in facts("requests").items():
        for place in fact.get("body", ()):
            schema = contract.request_schema(name)
            bare = place.removesuffix("?")
            if contract.field(schema, bare) is None:
                wrong.append(f"{name}: {bare} is missing")
                continue
            required = bare.rpartition(".")[2] in contract.parent(schema, bare).get("required", ())
            optional = place.endswith("?")
            if required and optional:
                wrong.append(f"{name}: {bare} is required")
            if not required and not optional and not contract.may_be_null(contract.field(schema, bare)):
                wrong.append(f"{name}: {bare} is not required")

    assert not wrong


def test_request_bodies_have_their_media_type(contract: Any, facts: Facts) -> None:
    """Uploads are forms, other bodies are JSON, and what the pages call bodiless has none."""
    wrong: list[str] = []
    for name, fact in facts("requests").items():
        body = contract.operation(name).get("requestBody")
        if fact.get("bodiless"):
            if body is not None:
                wrong.append(name)
        elif ("body" in fact or "media" in fact) and list(body["content"]) != [fact.get("media", "application/json")]:
            wrong.append(name)

    assert not wrong


def test_limits_of_request_fields_are_there(contract: Any, facts: Facts) -> None:
    """A length that the pages limit is limited here to the same number."""
    wrong: list[str] = []
    for name, fact in facts("requests").items():
        for place, longest in fact.get("longest", {}).items():
            field = contract.field(contract.request_schema(name), place)
            if longest not in (field.get("maxLength"), field.get("maxItems")):
                wrong.append(f"{name}: {place}")

    assert not wrong


def test_every_query_parameter_and_header_is_there(contract: Any, facts: Facts) -> None:
    """Each parameter is there with its default, its ceiling and its words; no other query parameter is."""
    wrong: list[str] = []
    for name, fact in facts("requests").items():
        parameters = {each["name"]: each for each in contract.parameters(name) if each["in"] in ("query", "header")}
        if parameters.keys() != {*fact.get("query", ()), *fact.get("headers", ())}:
            wrong.append(f"{name}: {sorted(parameters)}")
            continue
        for parameter, said in fact.get("query", {}).items():
            found = parameters[parameter]
            schema = contract.follow(found["schema"])
            words = {*schema.get("enum", ()), *found["description"].replace(",", " ").replace("`", " ").split()}
            if said.get("default") != found.get("x-default"):
                wrong.append(f"{name}: the default of {parameter}")
            if said.get("max") != schema.get("maximum"):
                wrong.append(f"{name}: the ceiling of {parameter}")
            if not words.issuperset(said.get("words", ())):
                wrong.append(f"{name}: the words of {parameter}")
    unknown = [
        name
        for name in contract.operations
        if name not in facts("requests") and any(each["in"] == "query" for each in contract.parameters(name))
    ]

    assert not wrong
    assert not unknown


def test_closed_sets_have_exactly_their_values(contract: Any, facts: Facts) -> None:
    """An enum of the contract has the values of the pages, all of them and no other."""
    found = {name: schema["enum"] for name, schema in contract.schemas.items() if "enum" in schema}
    assumed = [name for name, schema in contract.schemas.items() if "enum" in schema and "x-assumption" in schema]

    assert {name: values for name, values in found.items() if name in facts("enums")["sets"]} == facts("enums")["sets"]
    assert found.keys() - facts("enums")["sets"].keys() <= set(assumed)


def test_open_sets_have_the_values_seen_so_far(contract: Any, facts: Facts) -> None:
    """Where a set is open, the words that the pages show are listed as known."""
    wrong: list[str] = []
    for place, words in facts("enums")["open"].items():
        node = contract.document["components"]
        for step in place.split("."):
            node = node[step]
        if node["x-known-values"] != words:
            wrong.append(place)

    assert not wrong


def test_kinds_of_evidence_say_what_they_hold(contract: Any, facts: Facts) -> None:
    """Each kind of typed evidence is described with the key that its JSON has to hold."""
    told = contract.schemas["TypedEvidenceKind"]["x-enum-descriptions"]
    missing = [kind for kind, key in facts("enums")["evidence_keys"].items() if f"`{key}`" not in told[kind]]

    assert not missing


def test_filter_words_stand_for_their_states(contract: Any, facts: Facts) -> None:
    """What in_progress leaves out is told by the contract, and so are the states that end a generation."""
    states = contract.schemas["GenerationState"]

    assert states["x-rollups"]["in_progress"] == facts("enums")["rollups"]["in_progress"]
    assert states["x-terminal"] == facts("enums")["terminal_states"]
    assert {"Refining", "Paused", "PausedAwaitingClarification"}.isdisjoint(states["x-rollups"]["in_progress"])


def test_every_error_has_its_status_and_its_words(contract: Any, facts: Facts) -> None:
    """Each error that the pages name is an answer of its operation, with the words that tell it from others."""
    missing: list[str] = []
    for name, errors in facts("errors").items():
        operation = contract.operation(name)
        for status, words in errors.items():
            if str(status) not in operation["responses"]:
                missing.append(f"{name}: {status}")
            told = operation.get("x-problem-codes", {}).get(str(status), [])
            missing.extend(f"{name}: {status} {word}" for word in words if word not in told)

    assert not missing


def test_every_success_has_its_status_and_its_headers(contract: Any, facts: Facts) -> None:
    """Each success that the pages name is an answer of its operation, with the headers that they name."""
    missing: list[str] = []
    for name, successes in facts("statuses").items():
        for status, headers in successes.items():
            if str(status) not in contract.operation(name)["responses"]:
                missing.append(f"{name}: {status}")
                continue
            there = contract.answer(name, status).get("headers", {})
            missing.extend(f"{name}: {status} {header}" for header in headers if header not in there)

    assert not missing


def test_headers_are_where_the_pages_put_them(contract: Any, facts: Facts) -> None:
    """Rate limits, quota, retry and the 401 challenge carry their headers on each answer concerned."""
    fact = facts("headers")
    missing: list[str] = []
    for name, operation in contract.operations.items():
        limited = operation.get("x-rate-limit") in ("standard", "kickoff")
        for status in operation["responses"]:
            headers = contract.answer(name, status).get("headers", {}).keys()
            expected = set()
            if limited and (status < "400" or status == "429"):
                expected.update(fact["every_limited_answer"])
            if status == "429":
                expected.update(fact["too_many_requests"])
            if status == "401":
                expected.update(fact["unauthorized"])
            if status == "402":
                expected.update(fact["quota_exceeded"])
            if name == "POST /v1/interviews/{id}/turns" and status == "409":
                expected.update(fact["turn_in_flight"])
            missing.extend(f"{name}: {status} {header}" for header in sorted(expected - headers))

    assert not missing


def test_kickoffs_have_a_counter_of_their_own(contract: Any, facts: Facts) -> None:
    """Exactly the operations that start generations count as kickoffs."""
    kickoffs = {name for name, operation in contract.operations.items() if operation.get("x-rate-limit") == "kickoff"}

    assert kickoffs == set(facts("headers")["kickoffs"])


def test_idempotency_key_has_its_form(contract: Any, facts: Facts) -> None:
    """A turn takes an Idempotency-Key of the length and the characters that the pages state."""
    fact = facts("headers")["idempotency_key"]
    parameters = {each["name"]: each for each in contract.parameters("POST /v1/interviews/{id}/turns")}
    schema = parameters["Idempotency-Key"]["schema"]

    assert schema["maxLength"] == fact["longest"]
    assert schema["pattern"] == f"^[{fact['characters']}]{{1,{fact['longest']}}}$"


def test_problem_has_its_members(contract: Any, facts: Facts) -> None:
    """A problem document has the members of the standard and the service's own."""
    assert set(facts("headers")["problem_members"]) <= contract.schemas["Problem"]["properties"].keys()


def test_webhook_delivery_has_its_headers_and_its_body(contract: Any, facts: Facts) -> None:
    """What a receiver gets is told with the four headers and the three members that the pages show."""
    fact = facts("headers")
    delivery = contract.document["webhooks"]["generationEvent"]["post"]
    body = contract.follow(delivery["requestBody"]["content"]["application/json"]["schema"])

    assert [each["name"] for each in delivery["parameters"]] == fact["webhook"]
    assert list(body["properties"]) == fact["webhook_body"]


def test_dates_are_told_where_something_was_added(contract: Any, facts: Facts) -> None:
    """Each thing that the pages date carries that date."""
    wrong: list[str] = []
    for date, phrases in facts("dates").items():
        for place in (place for places in phrases.values() for place in places):
            if " /" in place:
                found = contract.operation(place).get("x-added")
            else:
                schema, _, member = place.partition(".")
                node = contract.schemas[schema]
                if member and "enum" in node:
                    found = node.get("x-added-values", {}).get(member)
                else:
                    found = (node["properties"][member] if member else node).get("x-added")
            if found != date:
                wrong.append(f"{place}: {found} instead of {date}")

    assert not wrong


def test_fields_have_the_types_of_the_official_sample(contract: Any, facts: Facts) -> None:
    """A field that the C# sample types has the same type here, and is nullable where it is so there."""
    wrong: list[str] = []
    for name, fields in facts("sample_types").items():
        for field, typed in fields.items():
            schema = contract.field(contract.schemas[name], field)
            bare = contract.without_null(contract.follow(schema))
            kind = typed.rstrip("?")
            if kind.endswith("[]"):
                fits = bare["type"] == "array"
            elif kind not in SAMPLE_TYPES:
                fits = bare["type"] == "object"
            else:
                types = bare["type"] if isinstance(bare["type"], list) else [bare["type"]]
                expected = SAMPLE_TYPES[kind]
                fits = expected["type"] in types and bare.get("format") == expected.get("format")
            required = field in contract.schemas[name].get("required", ())
            if not fits or (typed.endswith("?") and required and not contract.may_be_null(schema)):
                wrong.append(f"{name}.{field}: {typed}")

    assert not wrong


def test_numbers_are_told(contract: Any, facts: Facts) -> None:
    """Each number that the pages state is told where the contract describes the thing."""
    missing: list[str] = []
    components = contract.document["components"]
    for fact in facts("numbers"):
        place = fact["at"]
        if place == "WebhookDelivery":
            node: Any = contract.document["webhooks"]
        elif " /" in place:
            node = contract.operation(place)
        else:
            name, _, member = place.partition(".")
            node = next(
                components[part][name] for part in ("schemas", "responses", "headers") if name in components[part]
            )
            node = node["properties"][member] if member else node
        if fact["says"] not in _text_of(node):
            missing.append(f"{place}: {fact['says']}")

    assert not missing


def _text_of(node: Any) -> str:
    """All that a node says, at any depth, as one text."""
    if isinstance(node, dict):
        return " ".join(_text_of(each) for each in node.values())
    if isinstance(node, list):
        return " ".join(_text_of(each) for each in node)
    return str(node)
