"""What the sandbox answers is what the contract and its own document say: every operation, called for real."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from specstep_flows.sandbox import Failure, HostRestart, ProviderRetry
from specstep_flows.sandbox.document import OPERATIONS, openapi_document, operation_of
from tests.kit.api import STATE

CONTRACT = Path(__file__).parents[2] / "openapi" / "documented.yaml"
NOT_THE_API = {"GET /v1/openapi.json", "GET /sandbox"}


def blank(name: str) -> str:
    """An operation's name without the names of its parameters."""
    return re.sub(r"\{[^}]*\}", "{}", name)


@lru_cache
def document(name: str) -> dict[str, Any]:
    """The contract, or the document that the sandbox serves."""
    if name == "own":
        return openapi_document("http://127.0.0.1")
    loaded: dict[str, Any] = yaml.load(CONTRACT.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return loaded


@lru_cache
def operations(name: str) -> dict[str, dict[str, Any]]:
    """The document's operations by blanked name."""
    return {
        blank(f"{method.upper()} {path}"): operation
        for path, item in document(name)["paths"].items()
        for method, operation in item.items()
        if method in ("get", "post", "put", "patch", "delete")
    }


@cache
def validator(name: str, schema: str) -> Draft202012Validator:
    """A validator of one schema of a document."""
    components = document(name)["components"]
    return Draft202012Validator({**json.loads(schema), "components": components}, format_checker=FormatChecker())


def complaints(name: str, answer: httpx.Response) -> list[str]:
    """In which ways an answer differs from the document."""
    known = operation_of(answer.request.method, answer.request.url.path)
    assert known is not None
    responses = operations(name)[blank(known)]["responses"]
    stated = responses.get(str(answer.status_code))
    if stated is None:
        return [f"{known}: {answer.status_code} is not in the document {name}: {answer.text[:200]}"]
    root = document(name)
    if "$ref" in stated:
        stated = root["components"]["responses"][stated["$ref"].rpartition("/")[2]]
    media = answer.headers.get("content-type", "").partition(";")[0]
    if "content" not in stated:
        return [f"{known}: a body that is not in the document"] if answer.content and name == "documented" else []
    if media not in stated["content"]:
        return [f"{known}: {media} is not in the document {name}"]
    if "json" not in media:
        return []
    found = validator(name, json.dumps(stated["content"][media].get("schema", {}))).iter_errors(answer.json())
    return [f"{known} {answer.status_code} ({name}): {error.json_path}: {error.message[:300]}" for error in found]


@pytest.fixture
def tour(start: Any) -> Iterator[Any]:
    """A caller whose every answer is checked against both documents."""
    found: list[str] = []
    seen: set[tuple[str | None, ...]] = set()

    def checked(answer: httpx.Response) -> None:
        """Check an answer, unless one to the same operation, of the same status and state, was checked before."""
        answer.read()
        state = re.search(rf'"{STATE}":"\w+"'.encode(), answer.content)
        kind = (
            operation_of(answer.request.method, answer.request.url.path),
            str(answer.status_code),
            str(state and state[0]),
        )
        if kind not in seen:
            seen.add(kind)
            for name in ("own", "documented"):
                found.extend(complaints(name, answer))

    def starting(**options: Any) -> Any:
        call = start(**options)
        call.http.event_hooks = {"response": [checked]}
        return call

    yield starting
    assert not found, "\n".join(found)


def test_both_documents_hold_what_is_served() -> None:
    """The sandbox's operations, its document's and the contract's are the same 112."""
    served = {blank(operation.name) for operation in OPERATIONS if operation.name not in NOT_THE_API}

    assert len(served) == 112
    assert served == set(operations("own"))
    assert served == set(operations("documented"))


def test_own_document_shares_no_names_with_the_contract() -> None:
    """No schema, no operationId and no tag of the sandbox's document is one of the contract's."""
    own, contract = document("own"), document("documented")

    assert not set(own["components"]["schemas"]) & set(contract["components"]["schemas"])
    for word in ("operationId", "tags"):
        ours = {str(operation.get(word)) for operation in operations("documented").values()}
        theirs = {str(operation.get(word)) for operation in operations("own").values()} - {"None"}
        assert not ours & theirs


def test_document_is_served(start: Any) -> None:
    """Anybody can fetch the document, and it names the server that it came from."""
    call = start()

    served = httpx.get(f"{call.sandbox.url}/v1/openapi.json")

    assert served.json()["servers"] == [{"url": call.sandbox.url}]
    assert served.json()["openapi"] == "3.1.1"


def test_account_and_interviews(tour: Any) -> None:
    """The account's pages, interviews, turns, reference documents and artifacts."""
    call = tour()
    for path in ("/v1/me", "/v1/usage", "/v1/capabilities", "/v1/interviews", "/v1/interviews/deleted"):
        assert call(f"GET {path}").status_code == 200
    interview = call.interview("A portal.")
    turns = f"/v1/interviews/{interview}/turns"
    key = {"Idempotency-Key": "once"}
    job = call(f"POST {turns}", json={"message": "More."}, headers=key).json()["job_id"]
    assert call(f"POST {turns}", json={"message": "More."}, headers=key).status_code == 409
    assert call(f"GET /v1/interviews/turns/{job}").json()["status"] == "queued"
    call.pass_time(60)
    assert call(f"GET /v1/interviews/turns/{job}").json()["status"] == "completed"
    assert call(f"POST {turns}", json={"message": "More."}, headers=key).json()["status"] == "cached_replay"
    assert call(f"POST /v1/interviews/turns/{job}/cancel").status_code == 409
    other = call(f"POST {turns}", json={"message": "Again."}).json()["job_id"]
    assert call(f"POST /v1/interviews/turns/{other}/cancel").json()["status"] == "cancelled"
    assert call(f"POST {turns}?mode=sync", json={"message": "Now."}).json()["id"] == interview
    assert call(f"POST {turns}", json={}).status_code == 400
    documents = f"/v1/interviews/{interview}/reference-documents"
    file = call(f"POST {documents}", files={"file": ("a.yaml", b"a: 1", "application/yaml")}).json()["id"]
    assert len(call(f"GET {documents}").json()["documents"]) == 1
    assert call(f"DELETE {documents}/{file}").status_code == 204
    assert call(f"DELETE {documents}/{file}").status_code == 404
    assert call(f"POST /v1/interviews/{interview}/complete").status_code == 200
    assert call(f"POST /v1/interviews/{interview}/complete").status_code == 409
    assert len(call("GET /v1/interviews").json()["interviews"]) == 1
    assert len(call("GET /v1/intake-artifacts").json()["artifacts"]) == 1
    for request, status in (
        (f"DELETE /v1/interviews/{interview}/permanent", 409),
        (f"DELETE /v1/interviews/{interview}", 204),
        (f"GET /v1/interviews/{interview}", 404),
        ("GET /v1/interviews/deleted", 200),
        (f"POST /v1/interviews/{interview}/restore", 204),
        (f"DELETE /v1/interviews/{interview}", 204),
        (f"DELETE /v1/interviews/{interview}/permanent", 204),
    ):
        assert call(request).status_code == status


def test_generations(tour: Any) -> None:
    """Generations through every state, with questions, retries, restarts, failure, and all that can be done to them."""
    from specstep_flows.sandbox import SandboxOptions

    call = tour(
        clarifications=SandboxOptions().clarifications,
        provider_retries=(ProviderRetry(),),
        host_restarts=(HostRestart(on=(2,)),),
        failures=(Failure(on=(3,)),),
    )
    order = {"intake_id": call.artifact(), "review_profile": "Normal", "project_type": "WebApp"}
    runs = [call("POST /v1/generations", json=order).json()["id"] for _ in range(4)]
    answered = 0
    for _ in range(40):
        for run in runs[:3]:
            if call.status(run)[STATE] == "PausedAwaitingClarification":
                pending = call(f"GET /v1/generations/{run}/clarifications").json()["clarifications"]
                answers = [{"question": row["question"], "answer": "Yes."} for row in pending]
                call(f"POST /v1/generations/{run}/clarifications/answers", json={"answers": answers})
                answered += 1
        call.pass_time(60)
    assert [call.status(run)[STATE] for run in runs[:3]] == ["Complete", "Complete", "Failed"]
    assert answered >= 3
    first, last = runs[0], runs[3]
    for request, status in (
        ("GET /v1/generations?order=asc&limit=2&offset=1&status=in_progress,failed", 200),
        (f"GET /v1/generations/{first}/events", 200),
        (f"GET /v1/generations/{first}/conversation?take=3", 200),
        (f"GET /v1/generations/{first}/package", 200),
        (f"GET /v1/generations/{last}/package", 404),
        (f"POST /v1/generations/{runs[2]}/retry", 202),
        (f"POST /v1/generations/{first}/retry", 409),
        (f"POST /v1/generations/{last}/pause", 409),
        (f"POST /v1/generations/{last}/resume", 409),
        (f"POST /v1/generations/{last}/cancel", 204),
        (f"POST /v1/generations/{last}/cancel", 409),
        (f"DELETE /v1/generations/{last}/permanent", 409),
        (f"DELETE /v1/generations/{last}", 204),
        ("GET /v1/generations/deleted", 200),
        (f"POST /v1/generations/{last}/restore", 204),
        (f"DELETE /v1/generations/{last}", 204),
        (f"DELETE /v1/generations/{last}/permanent", 204),
        ("GET /v1/me/analytics", 200),
        ("GET /v1/notifications", 200),
    ):
        assert call(request).status_code == status, request
    assert call(f"PATCH /v1/generations/{first}/name", json={"name": "Mine"}).status_code == 204
    assert call(f"PATCH /v1/generations/{first}/name").status_code == 400
    assert call(f"POST /v1/generations/{first}/update", json={"intake_id": order["intake_id"]}).status_code == 202


def test_packages(tour: Any) -> None:
    """Packages: contents, search, addenda, explanations, delivery, recycle bin."""
    call = tour()
    package = call.package()
    path = f"/v1/packages/{package}"
    change = {"title": "Sign in with Apple", "description": "As another provider."}
    addendum = call(f"POST {path}/addenda", json=change).json()["addendum_id"]
    assert call(f"POST {path}/explain", json={"audience": "investor"}).json()["cached"] is False
    assert call(f"POST {path}/explain", json={"audience": "investor"}).json()["cached"] is True
    target = {"repository": "octo/docs", "base_branch": "main"}
    for request, status in (
        ("GET /v1/packages", 200),
        (f"GET {path}", 200),
        (f"GET {path}/zip", 302),
        (f"GET {path}/files", 200),
        (f"GET {path}/files/README.md", 200),
        (f"GET {path}/files/nothing.md", 404),
        (f"GET {path}/search?q=portal", 200),
        ("GET /v1/packages/search?q=portal", 200),
        (f"GET {path}/addenda", 200),
        (f"GET {path}/addenda/{addendum}/zip", 302),
        (f"GET {path}/explanations", 200),
        (f"GET {path}/explain/download?audience=investor&format=md", 200),
        (f"GET {path}/explain/download?audience=investor&format=pdf", 200),
        (f"GET {path}/explain/download?audience=investor&format=docx", 200),
        (f"GET {path}/explain/download?audience=investor&format=odt", 400),
        (f"GET {path}/explain/download?audience=security&format=md", 404),
        ("GET /v1/explain/audiences", 200),
        (f"POST {path}/deliver", 409),
        ("GET /v1/source-control/preferences/installation", 200),
    ):
        assert call(request).status_code == status, request
    assert call("PUT /v1/source-control/preferences/installation", json=target).json() == target
    assert call(f"POST {path}/deliver").status_code == 202
    for request, status in (
        (f"DELETE {path}/permanent", 409),
        (f"DELETE {path}", 204),
        ("GET /v1/packages/deleted", 200),
        (f"POST {path}/restore", 204),
        (f"DELETE {path}", 204),
        (f"DELETE {path}/permanent", 204),
        (f"GET {path}", 404),
    ):
        assert call(request).status_code == status, request


def test_migration_of_documents(tour: Any) -> None:
    """An archive of existing documents is previewed and made into a package."""
    call = tour()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("vision.md", "my-vision.md", "photo.png"):
            archive.writestr(name, name)
    form = {"files": {"file": ("old.zip", buffer.getvalue(), "application/zip")}}

    preview = call("POST /v1/doc-migrations/preview", **form).json()
    assert preview["conflicting_target_paths"] == ["docs/01-product/01-vision.md"]
    assert call("POST /v1/doc-migrations/commit", **form).status_code == 409
    overrides = {"target_path_overrides": json.dumps({"my-vision.md": "docs/01-product/04-more.md"})}
    made = call("POST /v1/doc-migrations/commit", data=overrides, **form).json()
    assert call(f"GET /v1/packages/{made['package_id']}").json()["generation_id"] is None
    assert call("POST /v1/doc-migrations/preview", files={"file": ("x.zip", b"no", "x/y")}).status_code == 400


def test_keys_and_webhooks(tour: Any) -> None:
    """Keys are made by people only; webhooks hang on keys."""
    call = tour(keys={"oat_person": "ada"})
    assert call("POST /v1/api-keys", json={"name": "CI"}).status_code == 403
    person = {"headers": {"Authorization": "Bearer oat_person"}}
    key = call("POST /v1/api-keys", json={"name": "CI", "scopes": ["packages:read"]}, **person).json()["id"]
    assert call(f"POST /v1/api-keys/{key}/rotate", **person).status_code == 200
    assert call(f"PATCH /v1/api-keys/{key}/scopes", json={"scopes": None}, **person).status_code == 204
    assert call(f"PATCH /v1/api-keys/{key}/scopes", json={"scopes": ["x"]}, **person).status_code == 400
    assert len(call("GET /v1/api-keys").json()["keys"]) == 2
    assert call("GET /v1/permissions").status_code == 200
    hooks = f"/v1/api-keys/{key}/webhooks"
    subscription = {"url": "http://127.0.0.1:9/hook", "events": ["generation.completed"]}
    hook = call(f"POST {hooks}", json=subscription).json()["id"]
    assert call(f"POST {hooks}", json={**subscription, "url": "http://example.com"}).status_code == 400
    assert call(f"POST {hooks}", json={**subscription, "events": ["x"]}).status_code == 400
    assert call(f"GET {hooks}").json()["webhooks"][0]["signing_secret"] is None
    assert call(f"POST {hooks}/{hook}/rotate-secret").json()["signing_secret"]
    assert call(f"POST {hooks}/{hook}/test").json()["success"] is False
    assert call(f"DELETE {hooks}/{hook}").status_code == 204


def test_settings_and_reports(tour: Any) -> None:
    """Everything around the account, reports and feedback, and what is there for everybody."""
    call = tour(plan="Teams")
    assert call("GET /v1/me/organization").status_code == 204
    assert call("POST /v1/me/organization", json={"name": "Acme"}).status_code == 201
    assert call("POST /v1/me/organization", json={"name": "Acme"}).status_code == 409
    assert call("GET /v1/me/organization").status_code == 200
    assert call("PATCH /v1/me/provider-keys/openai", json={"secret": "x"}).status_code == 204
    assert call("GET /v1/me/provider-keys").status_code == 200
    assert call("DELETE /v1/me/provider-keys/openai").status_code == 204
    assert call("PUT /v1/notification-preferences", json={"sms": True}).json() == {"email": True, "sms": True}
    assert call("PUT /v1/users/me/retention-preference", json={"default_retention_days": 30}).status_code == 200
    assert call("PUT /v1/users/me/retention-preference", json={"default_retention_days": 0}).status_code == 400
    report = call("POST /v1/bug-reports", json={"title": "It broke", "description": "Here."}).json()["id"]
    finding = {
        "severity": "low",
        "topic": "pace",
        "title": "Slow",
        "typed_evidence": [{"kind": "route", "payload_json": '{"url": "/x"}'}],
    }
    words = {"type": "other", "title": "Good", "full_report": "All of it.", "structured_findings": [finding]}
    feedback = call("POST /v1/feedback", json=words).json()["id"]
    assert call(f"PATCH /v1/feedback/{feedback}/amend", json={"title": "Better"}).json()["title"] == "Better"
    call.pass_time(601)
    late = call(f"PATCH /v1/feedback/{feedback}/amend", json={"title": "x"})
    assert (late.status_code, late.json()["type"]) == (400, "FEEDBACK_AMEND_WINDOW_EXPIRED")
    assert call("POST /v1/support/ticket", json={"subject": "Help", "message": "Please."}).status_code == 201
    assert call("POST /v1/status/subscribe", json={"email": "a@example.com"}).status_code == 200
    for path in (
        "/v1/notification-preferences",
        "/v1/users/me/retention-preference",
        "/v1/bug-reports/me",
        f"/v1/bug-reports/{report}",
        "/v1/feedback/me",
        f"/v1/feedback/{feedback}",
        "/v1/feedback/templates",
        "/v1/feedback/templates/launch-readiness/v1.0.0",
        "/v1/schema/intake/1.0.0",
        "/v1/schema/package/1.0.0",
        "/v1/status/summary",
        "/v1/status/uptime?days=7",
        "/v1/status/history",
    ):
        assert call(f"GET {path}").status_code == 200, path
    assert call("GET /v1/schema/intake/9.9.9").status_code == 404


def test_browser_sessions(tour: Any) -> None:
    """What is for browser sessions refuses every bearer and takes the cookie."""
    call = tour()
    cookie = {"headers": {"Authorization": "", "Cookie": f"specstep_session={call.sandbox.state.session}"}}
    for request, status in (
        ("GET /v1/me/extra-usage", 200),
        ("POST /v1/me/extra-usage/enable", 200),
        ("POST /v1/me/extra-usage/disable", 200),
        ("GET /v1/me/extra-usage/transactions", 200),
        ("POST /v1/users/me/data-export-request", 202),
        ("POST /v1/users/me/deletion-request", 202),
    ):
        assert call(request).status_code == 403
        assert call(request, **cookie).status_code == status, request
    assert call("POST /v1/me/extra-usage/checkout", json={"amount_usd": 20}, **cookie).status_code == 200
    call.pass_time(60)
    export = call("GET /v1/users/me/data-export-request").json()
    assert zipfile.ZipFile(io.BytesIO(httpx.get(export["download_url"]).content)).testzip() is None
    assert call("GET /v1/users/me/deletion-request").json()["status"] == "completed"


def test_what_is_not_there_says_so(start: Any) -> None:
    """The operations that the sandbox lacks answer 501 to those who may call them, and are listed."""
    call = start()
    cookie = {"headers": {"Authorization": "", "Cookie": f"specstep_session={call.sandbox.state.session}"}}

    answer = call("GET /v1/external-connectors", **cookie)

    assert (answer.status_code, answer.json()["type"]) == (501, "NOT_IMPLEMENTED")
    assert "GET /v1/external-connectors" in call.sandbox.not_implemented
    assert call("GET /sandbox").json()["not_implemented"] == call.sandbox.not_implemented
