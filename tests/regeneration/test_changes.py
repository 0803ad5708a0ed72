"""How what differs is judged: what is filled in, what only seems gone, what stops a run, and who is told."""

from __future__ import annotations

import copy
import json
from typing import Any
from uuid import UUID

import httpx
import pytest
from regeneration.align import align
from regeneration.names import NamesLock
from regeneration.report import Report, report_on
from specstep_client.models import GenerationRow

from specstep_flows import errors
from specstep_flows.engine.effects import Reply
from specstep_flows.gateway import reading
from tests.kit.api import op, path_of
from tests.kit.regeneration.checkouts import Checkout
from tests.kit.regeneration.disguises import ASPNET, disguised, plain
from tests.kit.regeneration.obstacles import obstacles
from tests.kit.tiers import one_in

Json = Any


def report_of(documented: Json, pulled: Json, before: Json | None = None) -> Report:
    """The drift report of a pull."""
    content, committed = json.dumps(pulled).encode(), json.dumps(before).encode() if before else None
    return report_on(align(documented, pulled, NamesLock()), content, committed)


def found(report: Report, comparison: str = "documented_to_pulled") -> set[tuple[str, str, str, str]]:
    return {
        (change.what, f"{change.operation} {change.place}".strip(), change.severity, change.detail)
        for change in getattr(report, comparison)
    }


def fields(document: Json, name: str) -> Json:
    return document["components"]["schemas"][name]["properties"]


class TestWhatStandsInTheWay:
    def test_operation_that_cannot_be_generated(self, small: Json) -> None:
        """An operation that the flows use and that cannot be generated stops the run as that, not as gone."""
        pulled = plain(small)
        content = pulled["paths"]["/v1/widgets"]["post"]["requestBody"]["content"]
        content["application/xml"] = content.pop("application/json")

        report = report_of(small, pulled)

        assert obstacles(report) == [
            "POST /v1/widgets is in the pulled document, but can't be generated: its body can only be sent as "
            "application/xml, which the generator doesn't know. It is used by run."
        ]

    @pytest.mark.parametrize(
        ("required", "named"), [(("kind", "kind"), "kind"), (("colour", "weight"), "colour or weight")]
    )
    def test_body_that_became_one_of_several(self, small: Json, required: tuple[str, str], named: str) -> None:
        """A request each alternative of which requires something new stops the run: what flows send fits none."""
        pulled = self.several(small, *required)

        assert obstacles(report_of(small, pulled)) == [
            f"POST /v1/widgets: body.{named} is new and required; each of its alternatives requires it; run don't send "
            "it."
        ]

    def test_body_that_may_be_something_else_too(self, small: Json) -> None:
        """One alternative that is as ever is enough."""
        assert obstacles(report_of(small, self.several(small, "colour", "label"))) == []

    def several(self, small: Json, *required: str) -> Json:
        """The body of an operation as one of several objects, each with something that is required beside the label."""
        pulled = plain(small)
        content = pulled["paths"]["/v1/widgets"]["post"]["requestBody"]["content"]["application/json"]
        made = pulled["components"]["schemas"]["MakeWidgetRequest"]
        content["schema"] = {
            "oneOf": [
                {**made, "properties": {name: {"type": "string"}, f"only_{number}": {"type": "string"},
                                        **made["properties"]}, "required": ["label", name]}
                for number, name in enumerate(required)
            ]
        }  # fmt: skip
        return pulled

    def test_argument_that_cannot_be_given(self, small: Json) -> None:
        """So does one with a parameter that must be sent and that cannot be an argument."""
        pulled = plain(small)
        listed = pulled["paths"]["/v1/widgets"]["get"]["parameters"]
        listed.append({"name": "Limit", "in": "query", "required": True, "schema": {"type": "string"}})

        [sentence] = obstacles(report_of(small, pulled))[:1]

        assert (
            "GET /v1/widgets is in the pulled document, but can't be generated: its query parameter Limit" in sentence
        )

    def test_answer_that_is_no_json_any_more(self, small: Json) -> None:
        """An answer that flows steer by and that is text now stops the run; an error that is text stops nothing."""
        pulled = plain(small)
        responses = pulled["paths"]["/v1/widgets/{id}"]["get"]["responses"]
        responses["200"]["content"] = {"text/plain": {"schema": {"type": "string"}}}

        assert obstacles(report_of(small, pulled)) == [
            "GET /v1/widgets/{id}: 200 is sent differently; json became text, and watch steer by what is in it."
        ]

    def test_answer_that_is_something_else_as_a_whole(self, small: Json) -> None:
        """So does an answer that is a list, or a number, where the flows need an object."""
        for schema, words in (
            ({"type": "array", "items": {"type": "string"}}, "array of string"),
            ({"type": "integer"}, "integer"),
        ):
            pulled = plain(small)
            responses = pulled["paths"]["/v1/widgets/{id}"]["get"]["responses"]
            responses["200"]["content"]["application/json"]["schema"] = schema

            assert obstacles(report_of(small, pulled)) == [
                f"GET /v1/widgets/{{id}}: 200 changed its type; object became {words}, and watch steer by it."
            ]

    def test_other_method(self, small: Json) -> None:
        """An operation that has another method now is told as moved."""
        pulled = plain(small)
        item = pulled["paths"]["/v1/widgets"]
        item["put"] = item.pop("post")

        assert obstacles(report_of(small, pulled)) == [
            "POST /v1/widgets is not in the pulled document any more; it looks like PUT /v1/widgets now. "
            "It is used by run."
        ]

    def test_list_that_moved(self, small: Json) -> None:
        """A list that moved is known by its rows."""
        pulled = plain(small)
        pulled["paths"]["/v1/things"] = {"get": pulled["paths"]["/v1/widgets"].pop("get")}

        assert "it looks like GET /v1/things now" in obstacles(report_of(small, pulled))[0]

    def test_what_differs_in_a_moved_operation(self, small: Json) -> None:
        """Both stop the run at once: that it moved, and what it does not answer any more."""
        pulled = plain(small)
        pulled["paths"]["/v2/widgets/{id}"] = pulled["paths"].pop("/v1/widgets/{id}")
        fields(pulled, "Widget")["status"] = fields(pulled, "Widget").pop("state")

        moved = [sentence for sentence in obstacles(report_of(small, pulled)) if "/v1/widgets/{id}" in sentence]

        assert moved == [
            "GET /v1/widgets/{id} is not in the pulled document any more; it looks like GET /v2/widgets/{id} now. "
            "It is used by watch.",
            "GET /v1/widgets/{id}: 200.state is gone, and watch steer by it; perhaps it is called status now.",
        ]

    @pytest.mark.parametrize(
        ("schemes", "said"),
        [
            ([{"type": "apiKey", "in": "header", "name": "X-Api-Key"}], "in the header X-Api-Key"),
            ([{"type": "apiKey", "in": "query", "name": "key"}], "in the query key"),
            ([{"type": "http", "scheme": "Basic"}], "by the HTTP scheme Basic"),
            (
                [{"type": "http", "scheme": "basic"}, {"type": "apiKey", "in": "cookie", "name": "c"}],
                "by the HTTP scheme basic or in the cookie c",
            ),
            ([{"type": "mutualTLS"}], "by a certificate"),
        ],
    )
    def test_key_that_is_sent_differently(self, small: Json, schemes: list[Json], said: str) -> None:
        """A key that must not be sent as a bearer's stops a run: every request would be refused."""
        pulled = plain(small)
        self.secure(pulled, *schemes)

        assert obstacles(report_of(small, pulled))[0] == (
            f"GET /v1/widgets: the key has to be sent differently; {said}; run send it as Authorization: Bearer."
        )

    def test_two_keys_at_once(self, small: Json) -> None:
        """A gateway's own key beside the bearer's is one that nobody sends."""
        pulled = plain(small)
        self.secure(pulled, {"type": "http", "scheme": "bearer"}, {"type": "apiKey", "in": "header", "name": "Ocp-Key"})
        pulled["security"] = [{"scheme0": [], "scheme1": []}]

        assert "in the header Ocp-Key" in obstacles(report_of(small, pulled))[0]

    @pytest.mark.parametrize(
        "schemes",
        [
            [{"type": "http", "scheme": "Bearer"}], [{"type": "oauth2", "flows": {}}], [{"type": "openIdConnect"}],
            [{"type": "apiKey", "in": "header", "name": "Authorization"}], [{}], [],
            [{"type": "apiKey", "in": "cookie", "name": "c"}, {"type": "http", "scheme": "bearer"}],
        ],
    )  # fmt: skip
    def test_key_that_is_sent_as_ever(self, small: Json, schemes: list[Json]) -> None:
        """One of several ways is enough; a scheme of which nothing is said is none that differs."""
        pulled = plain(small)
        self.secure(pulled, *schemes)

        assert found(report_of(small, pulled)) == set()

    def secure(self, pulled: Json, *schemes: Json) -> None:
        named = {f"scheme{number}": scheme for number, scheme in enumerate(schemes)}
        pulled["components"]["securitySchemes"] = named
        pulled["security"] = [{name: []} for name in named]

    @pytest.mark.parametrize("server", ["https://api.example/api", "/api", "https://api.example/api/v1"])
    def test_servers_below_a_path_that_paths_do_not_have(self, small: Json, server: str) -> None:
        """The paths are the documented ones without it, so that is taken; a note says that the document says more."""
        pulled = plain(small)
        pulled["servers"] = [{"url": server}]

        report = report_of(small, pulled)

        assert obstacles(report) == []
        assert [note for note in report.notes if "servers of the document are under /api" in note]

    def test_fields_that_an_operation_may_lack(self, small: Json) -> None:
        """Where flows go by a part alone of what is marked, the rest may be gone from that operation's answers, and the
        class that has most of it keeps the documented name."""
        small["paths"]["/v1/widgets"]["post"]["x-goes-by"] = ["id"]
        pulled = plain(small)
        slim: Json = {"type": "object", "properties": {"id": {"type": "string", "format": "uuid"}}}
        pulled["paths"]["/v1/widgets"]["post"]["responses"]["201"]["content"]["application/json"]["schema"] = slim

        components = align(small, pulled, NamesLock()).document["components"]["schemas"]

        assert obstacles(report_of(small, pulled)) == []
        assert "state" in components["Widget"]["properties"]
        assert set(components["WidgetInMakeWidget"]["properties"]) == {"id"}
        del slim["properties"]["id"]
        slim["properties"]["key"] = {"type": "integer"}
        assert obstacles(report_of(small, pulled)) == ["POST /v1/widgets: 201.id is gone, and run steer by it."]

    def test_values_that_flows_do_not_wait_for(self, small: Json) -> None:
        """They may go from an enum that flows steer by; the ones that are waited for may not."""
        small["components"]["schemas"]["WidgetState"]["x-waits-for"] = ["Done"]
        pulled = plain(small)
        before = copy.deepcopy(pulled)
        pulled["components"]["schemas"]["WidgetState"]["enum"] = ["Queued", "Done"]
        report = report_of(small, pulled, before)
        assert obstacles(report) == []
        assert {change.severity for change in report.last_to_pulled} == {"client"}
        pulled["components"]["schemas"]["WidgetState"]["enum"] = ["Queued"]

        sentences = obstacles(report_of(small, pulled))

        words = "200.state lost values that flows may wait for; Done; watch steer by it."
        assert f"GET /v1/widgets/{{id}}: {words}" in sentences


ROW = {"$ref": "#/components/schemas/GenerationRow"}
ROWS = {"type": "array", "items": ROW}
IDS = {"type": "array", "items": {"type": "string", "format": "uuid"}}


def holding(**properties: Json) -> Json:
    return {"type": "object", "properties": properties}


class TestLists:
    """Whether flows could still find the rows of a list; an answer of each form shows that they do, or do not."""

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("schema", "answer"),
        one_in(
            3,
            [
                (holding(items=ROWS, links=IDS), {"items": [], "links": []}),
                (holding(data=holding(generations=ROWS)), {"data": {"generations": []}}),
                (holding(generations={"type": "object", "additionalProperties": ROW}), {"generations": {}}),
                (holding(generations=holding(items=ROWS)), {"generations": {"items": []}}),
                (holding(generations=IDS), {"generations": [str(UUID(int=1))]}),
                (holding(generations={"type": "array", "items": ROWS}), {"generations": [[{}]]}),
                (holding(generations={"type": "array", "items": holding(row=ROW)}), {"generations": [{"row": {}}]}),
                (holding(generations={"type": "string"}), {"generations": ""}),
                (holding(total={"type": "integer"}), {"total": 1}),
                ({"type": "object", "additionalProperties": ROW}, {"a": {}}),
                (IDS, [str(UUID(int=1))]),
                ({"type": "string"}, ""),
            ],
        ),
    )
    def test_list_that_flows_could_not_read(self, contract: Json, schema: Json, answer: Json) -> None:
        """It stops a pull, whatever became of the other lists."""
        assert not is_read(answer)
        assert any(f"{op('list_generations')}: " in sentence for sentence in obstacles(self.pulled(contract, schema)))

    @pytest.mark.parametrize(
        ("schema", "answer"),
        [
            (ROWS, []),
            (holding(items=ROWS, total={"type": "integer"}), {"items": [], "total": 0}),
            (holding(generations=ROWS, links=IDS), {"generations": [], "links": []}),
            (holding(generations={"anyOf": [ROWS, {"type": "null"}]}), {"generations": []}),
            ({}, []),
        ],
    )
    def test_list_that_flows_can_read(self, contract: Json, schema: Json, answer: Json) -> None:
        """It stops nothing."""
        assert is_read(answer)
        assert obstacles(self.pulled(contract, schema)) == []

    @pytest.mark.parametrize(
        ("row", "field"),
        one_in(3, [
            ("GenerationRow", "cost_usd"), ("Generation", "running_cost_usd"), ("Generation", "intake_id"),
            ("Generation", "estimated_total_usd"), ("Interview", "turns"), ("TurnJob", "is_retryable"),
            ("InterviewTurn", "content"), ("InterviewRow", "id"), ("IntakeArtifactRow", "interview_id"),
            ("PackageFileList", "files"),
        ]),
    )  # fmt: skip
    def test_field_that_decides(self, contract: Json, row: str, field: str) -> None:
        """Without what decides about money, or about a run, or what could not be read without it, a pull stops."""
        pulled = plain(contract)
        fields(pulled, row)["renamed"] = fields(pulled, row).pop(field)
        if field == "files":
            fields(pulled, row)["more"] = IDS

        assert any(f".{field} is gone" in sentence for sentence in obstacles(report_of(contract, pulled)))

    def test_other_name_that_flows_know(self, contract: Json) -> None:
        """A field that flows find under another name, too, stops nothing under that name."""
        pulled = plain(contract)
        fields(pulled, "Interview")["messages"] = fields(pulled, "Interview").pop("turns")
        fields(pulled, "InterviewTurn")["text"] = fields(pulled, "InterviewTurn").pop("content")

        report = report_of(contract, pulled)

        assert obstacles(report) == []
        detail = "it is messages now, which flows know, too"
        assert ("field gone", f"{op('get_interview')} 200.turns", "client", detail) in found(report)

    def pulled(self, contract: Json, schema: Json) -> Report:
        pulled = plain(contract)
        answer = pulled["paths"][path_of("list_generations")]["get"]["responses"]["200"]
        answer["content"]["application/json"]["schema"] = schema
        return report_of(contract, pulled)


def is_read(answer: Json) -> bool:
    """Whether the gateway finds the rows of an answer."""
    reply = Reply(200, httpx.Headers(), json.dumps(answer).encode())
    try:
        rows = reading.rows(reply, GenerationRow, "list_generations", "generations")
    except errors.UnexpectedResponse:
        return False
    return all(isinstance(row.id, UUID) for row in rows)


@pytest.mark.parametrize("schema", [{}, {"type": "object"}])
def test_answer_without_a_schema_is_told_once(small: Json, schema: Json) -> None:
    """An answer that may be anything is not described; that its type is lost says the same."""
    pulled = plain(small)
    pulled["paths"]["/v1/widgets/{id}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"] = schema

    assert found(report_of(small, pulled)) == {
        ("answer not described", "GET /v1/widgets/{id} 200", "additive", "the documented one fills in")
    }


class TestContentTypes:
    @pytest.mark.parametrize(
        "names",
        [
            ["application/vnd.widgets.v1+json"], ["application/merge-patch+json"], ["application/problem+json"],
            ["application/vnd.a+json", "application/vnd.b+json"], ["text/plain"], ["application/json;v=2"],
        ],
    )  # fmt: skip
    def test_body_that_is_sent_as_something_else(self, small: Json, names: list[str]) -> None:
        """A request that may not be sent as application/json stops a run, since that is what flows send."""
        pulled = plain(small)
        self.send_as(pulled, *names)

        [sentence] = obstacles(report_of(small, pulled))

        assert sentence == (
            f"POST /v1/widgets: body has to be sent differently; application/json became {names[0]}; run send it."
        )

    @pytest.mark.parametrize(
        "names",
        [
            ["application/json; charset=utf-8"], ["*/*"], ["application/*"], ["application/*+json"], ["text/json"],
            ["application/vnd.widgets.v1+json", "application/json"], ["application/vnd.widgets.v1+json", "*/*"],
            ["application/json;v=2", "application/json"],
        ],
    )  # fmt: skip
    def test_body_that_may_be_sent_as_ever(self, small: Json, names: list[str]) -> None:
        """One that may be sent as application/json, by name or by a wildcard, is no difference."""
        pulled = plain(small)
        self.send_as(pulled, *names)

        assert found(report_of(small, pulled)) == set()

    def test_client_sends_what_the_document_says(self, small: Json) -> None:
        """The generated client sends an operation of its own the way that the document says."""
        pulled = plain(small)
        pulled["paths"]["/v1/gadgets"] = {"patch": copy.deepcopy(pulled["paths"]["/v1/widgets"]["post"])}
        content = pulled["paths"]["/v1/gadgets"]["patch"]["requestBody"]["content"]
        content["application/merge-patch+json"] = content.pop("application/json")

        aligned = align(small, pulled, NamesLock()).document

        assert list(aligned["paths"]["/v1/gadgets"]["patch"]["requestBody"]["content"]) == [
            "application/merge-patch+json"
        ]

    def send_as(self, pulled: Json, *names: str) -> None:
        body = pulled["paths"]["/v1/widgets"]["post"]["requestBody"]
        [media] = body["content"].values()
        body["content"] = dict.fromkeys(names, media)


class TestParameters:
    def test_headers_and_queries_that_are_not_listed(self, small: Json) -> None:
        """What a document does not list and the client keeps breaks nobody."""
        small["paths"]["/v1/widgets"]["get"]["parameters"].append(
            {"name": "X-Trace", "in": "header", "schema": {"type": "string"}}
        )
        pulled = plain(small)
        del pulled["paths"]["/v1/widgets"]["get"]["parameters"]

        assert found(report_of(small, pulled)) == {
            ("parameter not listed", f"GET /v1/widgets {name}", "additive", "the documented one stays")
            for name in ("query limit", "header X-Trace")
        }

    def test_parameter_that_flows_need(self, small: Json) -> None:
        """A query that is marked as what the flows need stops the run when the document lists others instead."""
        small["paths"]["/v1/widgets"]["get"]["parameters"][0]["x-steering"] = True
        pulled = plain(small)
        pulled["paths"]["/v1/widgets"]["get"]["parameters"][0]["name"] = "take"

        report = report_of(small, pulled, plain(small))

        assert obstacles(report) == ["GET /v1/widgets: query limit is gone, and run need it."]
        assert ("parameter gone", "GET /v1/widgets query limit", "flows", "") in found(report, "last_to_pulled")

    @pytest.mark.slow
    def test_lists_that_are_read_to_their_end(self, contract: Json) -> None:
        """Where the offset of the lists that tell what was started has another name, the run stops."""
        pulled = plain(contract)
        pulled["components"]["parameters"]["Offset"]["name"] = "skip"

        assert obstacles(report_of(contract, pulled)) == [
            f"{op('list_generations')}: query offset is gone, and run, resume, adopt, watch, generation need it.",
            f"{op('list_deleted_generations')}: query offset is gone, and run, resume need it.",
            f"{op('list_intake_artifacts')}: query offset is gone, and run, generation need it.",
        ]

    def test_required_now(self, small: Json) -> None:
        """A known parameter that is a must now breaks users; whether the flows send it, the type check finds."""
        pulled = plain(small)
        pulled["paths"]["/v1/widgets"]["get"]["parameters"][0]["required"] = True

        report = report_of(small, pulled)

        assert found(report) == {("parameter now required", "GET /v1/widgets query limit", "client", "")}
        assert obstacles(report) == []

    def test_other_type(self, small: Json) -> None:
        """A parameter of another type is reported as that: in the query and in the path."""
        pulled = plain(small)
        pulled["paths"]["/v1/widgets"]["get"]["parameters"][0]["schema"] = {"type": "boolean"}
        pulled["paths"]["/v1/widgets/{id}"]["get"]["parameters"][0]["schema"] = {"type": "integer"}

        assert found(report_of(small, pulled)) == {
            ("type changed", "GET /v1/widgets query limit", "client", "integer became boolean"),
            ("type changed", "GET /v1/widgets/{id} path id", "client", "string (uuid) became integer"),
        }


class TestShapes:
    def test_null_in_requests(self, small: Json) -> None:
        """What may be null is part of what is sent; what is read may be null in any case."""
        pulled = plain(small)
        fields(pulled, "MakeWidgetRequest")["label"] = {"type": ["string", "null"]}
        fields(pulled, "Widget")["label"] = {"type": "string"}

        assert found(report_of(small, pulled)) == {("null taken too", "POST /v1/widgets body.label", "additive", "")}
        fields(small, "MakeWidgetRequest")["label"] = {"type": ["string", "null"]}
        fields(pulled, "MakeWidgetRequest")["label"] = {"type": "string"}
        assert found(report_of(small, pulled)) == {("null not taken", "POST /v1/widgets body.label", "client", "")}

    def test_required_and_null(self, small: Json) -> None:
        """ASP.NET calls everything in a record required; what may be null there and is documented as optional or not at
        all, may be left out."""
        fields(small, "MakeWidgetRequest")["size"] = {"type": ["integer", "null"]}
        pulled = plain(small)
        fields(pulled, "MakeWidgetRequest")["colour"] = {"type": ["string", "null"]}
        pulled["components"]["schemas"]["MakeWidgetRequest"]["required"] = ["label", "size", "colour"]

        report = report_of(small, pulled)

        null = "it may be null, so it may be left out"
        assert obstacles(report) == []
        assert found(report) == {
            ("field now required", "POST /v1/widgets body.size", "additive", null),
            ("field new", "POST /v1/widgets body.colour", "additive", f"string, required; {null}"),
        }
        document = align(small, pulled, NamesLock()).document
        assert document["components"]["schemas"]["MakeWidgetRequest"]["required"] == ["label"]

    def test_required_and_left_out_by_the_samples(self, small: Json) -> None:
        """A constructor's parameter without a default is called required; the official samples know better."""
        fields(small, "MakeWidgetRequest")["size"] = {"type": "integer", "x-may-be-left-out": True}
        pulled = plain(small)
        pulled["components"]["schemas"]["MakeWidgetRequest"]["required"] = ["label", "size"]

        report = report_of(small, pulled)

        samples = "the official samples do without it, so it may be left out"
        assert obstacles(report) == []
        assert found(report) == {("field now required", "POST /v1/widgets body.size", "additive", samples)}
        document = align(small, pulled, NamesLock()).document
        assert document["components"]["schemas"]["MakeWidgetRequest"]["required"] == ["label"]

    def test_alternatives(self, small: Json) -> None:
        """A field with other alternatives than before has another type."""
        fields(small, "Widget")["weight"] = {"oneOf": [{"type": "string"}, {"type": "boolean"}]}
        pulled = plain(small)
        fields(pulled, "Widget")["weight"] = {"oneOf": [{"type": "string"}, {"type": "array", "items": {}}]}

        detail = "boolean or string became array of anything or string"
        assert found(report_of(small, pulled)) == {
            ("type changed", f"{place}.weight", "client", detail)
            for place in ("POST /v1/widgets 201", "GET /v1/widgets/{id} 200")
        }

    def test_one_alternative_alone(self, small: Json) -> None:
        """An answer that is one of the documented alternatives alone is known as that, and breaks nobody."""
        answer = small["paths"]["/v1/widgets/{id}"]["get"]["responses"]["200"]["content"]["application/json"]
        fields(small, "WidgetRow")["row"] = {"type": "integer"}
        pulled = plain(small)
        answer["schema"] = {"oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in ("Widget", "WidgetRow")]}

        report = report_of(small, pulled)

        place = "GET /v1/widgets/{id} 200"
        assert found(report) == {("one alternative", place, "additive", "Widget or WidgetRow became Widget")}
        for schema in (fields(pulled, "Widget"), fields(pulled, "WidgetRow")):
            schema.pop("state")
        gone = "GET /v1/widgets/{id}: 200.state is gone, and watch steer by it."
        assert gone in obstacles(report_of(small, pulled))

    def test_one_alternative_of_what_is_sent(self, small: Json) -> None:
        """Who sent another one is broken by it."""
        pulled = plain(small)
        fields(small, "MakeWidgetRequest")["label"] = {"oneOf": [{"type": "string"}, {"type": "integer"}]}

        assert found(report_of(small, pulled)) == {
            ("type changed", "POST /v1/widgets body.label", "client", "integer or string became string")
        }

    def test_values_under_any_name(self, small: Json) -> None:
        """The type of values under names that nobody knows beforehand is compared too."""
        fields(small, "Widget")["sizes"] = {"type": "object", "additionalProperties": {"type": "integer"}}
        pulled = plain(small)
        fields(pulled, "Widget")["sizes"] = {"type": "object", "additionalProperties": {"type": "string"}}

        assert ("type changed", "GET /v1/widgets/{id} 200.sizes{}", "client", "integer became string") in found(
            report_of(small, pulled)
        )

    def test_type_that_was_not_documented(self, small: Json) -> None:
        """Where the documented contract leaves a type open, a stated one is news, and breaks nobody."""
        fields(small, "Widget")["weight"] = {}
        pulled = plain(small)
        fields(pulled, "Widget")["weight"] = {"type": "number"}

        assert ("type stated", "GET /v1/widgets/{id} 200.weight", "additive", "number") in found(
            report_of(small, pulled)
        )


class TestAlternatives:
    """An answer that is one of several objects is read as one with the fields of all."""

    @pytest.fixture
    def pulled(self, contract: Json) -> Json:
        return plain(contract)

    def several(self, pulled: Json, name: str, *without: str) -> None:
        """Make a schema one of two, of which the second lacks some fields and has one more."""
        schemas = pulled["components"]["schemas"]
        first, second = (copy.deepcopy(schemas[name]) for _ in range(2))
        first["properties"]["kind_of_row"] = {"const": "first"}
        second["properties"]["kind_of_row"] = {"const": "second"}
        second["properties"]["more"] = {"type": "string"}
        for field in without:
            del second["properties"][field]
        schemas |= {"First": first, "Second": second}
        references = [{"$ref": f"#/components/schemas/{part}"} for part in ("First", "Second")]
        schemas[name] = {"anyOf": references, "discriminator": {"propertyName": "kind_of_row"}}

    @pytest.mark.parametrize(
        "name", one_in(3, ["Generation", "GenerationRow", "Interview", "TurnJob", "Clarification", "Account"])
    )
    def test_polymorphic_answer(self, contract: Json, pulled: Json, name: str) -> None:
        """With what is documented in each alternative it stops nothing, and has the documented class."""
        self.several(pulled, name)

        report = report_of(contract, pulled)

        assert {change.severity for change in report.documented_to_pulled} <= {"additive"}
        schemas = align(contract, pulled, NamesLock()).document["components"]["schemas"]
        assert schemas[name]["properties"].keys() >= contract["components"]["schemas"][name]["properties"].keys()
        assert {"kind_of_row", "more"} <= schemas[name]["properties"].keys()

    def test_alternative_without_what_flows_need(self, contract: Json, pulled: Json) -> None:
        """A field that must be there, and that only some of the alternatives have, stops a run."""
        self.several(pulled, "GenerationRow", "state", "short_id", "interview_id")

        assert obstacles(report_of(contract, pulled)) == [
            f"GET /v1/generations{path}: 200.generations[].state: field no longer required; "
            f"only some of its alternatives have it; used by {users}."
            for path, users in (("", "run, resume, adopt, watch, generation"), ("/deleted", "run, resume"))
        ]

    @pytest.mark.slow
    @pytest.mark.parametrize("status", ["2XX", "default"])
    def test_one_status_for_all_successes(self, contract: Json, pulled: Json, status: str) -> None:
        """A turn that answers with a job or with the interview under one status for both is what is documented."""
        turns = pulled["paths"]["/v1/interviews/{id}/turns"]["post"]["responses"]
        either = turns.pop("200")
        del turns["202"]
        turns[status] = either

        report = report_of(contract, pulled)

        assert {change.severity for change in report.documented_to_pulled} <= {"additive"}
        schemas = align(contract, pulled, NamesLock()).document["components"]["schemas"]
        assert {"job_id", "turns"} <= schemas["SubmitTurnResponse200"]["properties"].keys()

    def test_problems_under_the_same_status(self, contract: Json, pulled: Json) -> None:
        """Several problems are one, and none of them is taken for a success."""
        self.several(pulled, "Problem")

        assert obstacles(report_of(contract, pulled)) == []


class TestProblems:
    @pytest.fixture
    def pulled(self, small: Json) -> Json:
        """Documented errors have members of their own; ASP.NET's class for them has those of the RFC alone."""
        members = {name: {"type": "string"} for name in ("type", "title", "status", "detail")}
        schemas = small["components"]["schemas"]
        schemas["Problem"] = {"type": "object", "properties": {**members, "code": {"type": "string"}}}
        for item in small["paths"].values():
            for operation in item.values():
                content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
                operation["responses"]["400"] = {"description": "", "content": content}
        pulled = plain(small)
        pulled["components"]["schemas"]["Problem"]["properties"] = members
        return pulled

    def test_members_that_are_not_listed(self, small: Json, pulled: Json) -> None:
        """A problem may have more members than a document lists, so the documented ones stay."""
        aligned = align(small, pulled, NamesLock())

        assert aligned.document == align(small, None, NamesLock()).document
        assert {change[0::2] for change in found(report_of(small, pulled))} == {("field not listed", "additive")}
        assert {change[0::2] for change in found(report_of(small, pulled, plain(small)), "last_to_pulled")} == {
            ("field not listed", "additive")
        }

    @pytest.mark.parametrize("status", ["default", "4XX", "422"])
    def test_under_another_status(self, small: Json, pulled: Json, status: str) -> None:
        """It is the documented problem under whatever status a document lists it."""
        for item in pulled["paths"].values():
            for operation in item.values():
                operation["responses"][status] = operation["responses"].pop("400")

        document = align(small, pulled, NamesLock()).document

        assert document["components"] == align(small, None, NamesLock()).document["components"]

    def test_default_that_is_a_success(self, small: Json) -> None:
        """Where no success is listed, ``default`` is one, and the flows' fields are looked for in it."""
        pulled = plain(small)
        responses = pulled["paths"]["/v1/widgets/{id}"]["get"]["responses"]
        responses["default"] = responses.pop("200")
        components = align(small, pulled, NamesLock()).document["components"]

        assert components == align(small, None, NamesLock()).document["components"]
        del fields(pulled, "Widget")["state"]
        assert "GET /v1/widgets/{id}: 200.state is gone, and watch steer by it." in obstacles(report_of(small, pulled))


class TestSinceTheLastPull:
    @pytest.fixture
    def before(self, small: Json) -> Json:
        """A pulled document with more than the documented contract."""
        before = plain(small)
        fields(before, "Widget")["colour"] = {"type": "string", "enum": ["red", "blue"]}
        before["paths"]["/v1/widgets"]["get"]["parameters"].append(
            {"name": "X-Trace", "in": "header", "schema": {"type": "string"}}
        )
        before["paths"]["/v1/gadgets"] = {
            "get": {
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Widget"}}}}
                }
            }
        }
        return before

    def test_what_the_documented_contract_fills_in(self, small: Json, before: Json) -> None:
        """What is not said any more and documented changes nothing in the client."""
        pulled = copy.deepcopy(before)
        fields(pulled, "Widget")["state"] = {"type": "string"}
        pulled["paths"]["/v1/widgets"]["get"]["responses"] = {}

        changes = found(report_of(small, pulled, before), "last_to_pulled")

        filled = "the documented one fills in: one of 3 strings"
        assert ("type lost", "GET /v1/widgets/{id} 200.state", "additive", filled) in changes
        assert ("answer not listed", "GET /v1/widgets 200", "additive", "") in changes

    def test_what_nothing_fills_in(self, small: Json, before: Json) -> None:
        """What is not said any more and was never documented is lost, which breaks users."""
        pulled = copy.deepcopy(before)
        fields(pulled, "Widget")["colour"] = {"type": "string"}
        pulled["paths"]["/v1/widgets"]["get"]["parameters"].pop()
        pulled["paths"]["/v1/gadgets"]["get"]["responses"] = {"200": {"description": ""}}

        changes = found(report_of(small, pulled, before), "last_to_pulled")

        became = "one of 2 strings became string"
        assert ("type changed", "GET /v1/widgets/{id} 200.colour", "client", became) in changes
        assert ("parameter not listed", "GET /v1/widgets header X-Trace", "client", "") in changes
        assert ("answer not described", "GET /v1/gadgets 200", "client", "") in changes

    def test_operations_go_by_their_documented_names(self, small: Json, before: Json) -> None:
        """An operation is called as in the documented contract in every comparison, whatever its parameters are."""
        pulled = copy.deepcopy(before)
        fields(pulled, "Widget")["colour"] = {"type": "integer"}
        renamed = json.loads(json.dumps(before).replace("/v1/widgets/{id}", "/v1/widgets/{widgetId}"))

        changes = report_of(small, pulled, renamed).last_to_pulled

        assert "GET /v1/widgets/{id}" in {change.operation for change in changes}
        assert not any("widgetId" in change.operation for change in changes)


def test_page_names_every_operation(contract: Json) -> None:
    """The page names each operation that a change is in, however many there are; the terminal counts the rest."""
    pulled = plain(contract)
    del fields(pulled, "Problem")["title"]

    report = report_of(contract, pulled)

    operations = {change.operation for change in report.documented_to_pulled if change.place.endswith(".title")}
    assert len(operations) > 50
    page = report.page()
    assert all(f"`{operation}`" in page for operation in operations)
    assert any("and " in line and "more: field gone error.title" in line for line in report.terminal())


def test_stop_leaves_a_report(small_checkout: Checkout, small: Json, tmp_path: Any) -> None:
    """When the run stops, the report tells the operation, the place, the severity and who is touched."""
    document = copy.deepcopy(small)
    fields(document, "Widget")["status"] = fields(document, "Widget").pop("state")

    assert small_checkout.pull(disguised(document, ASPNET), "--report", str(tmp_path / "report")) == 1

    data = json.loads((tmp_path / "report" / "drift.json").read_text("utf-8"))
    assert {
        "what": "field gone",
        "operation": "GET /v1/widgets/{id}",
        "place": "200.state",
        "severity": "flows",
        "detail": "perhaps it is called status now",
        "touches": ["watch"],
    } in data["documented_to_pulled"]
