"""What the sandbox answers is what the contract and its own document say: every operation, called for real."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import httpx

from specstep_flows.sandbox import Failure, HostRestart, ProviderRetry
from specstep_flows.sandbox.document import OPERATIONS
from tests.kit.api import STATE, op
from tests.kit.conformance import blank, document, operations

NOT_THE_API = {"GET /v1/openapi.json", "GET /sandbox", "GET /sandbox/providers/{provider}/consent", "POST /mcp"}


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
    for request in (
        op("get_me"),
        op("get_usage"),
        op("get_capabilities"),
        op("list_interviews"),
        op("list_deleted_interviews"),
    ):
        assert call(request).status_code == 200, request
    interview = call.interview("A portal.")
    turn = op("submit_turn", interview)
    key = {"Idempotency-Key": "once"}
    job = call(turn, json={"message": "More."}, headers=key).json()["job_id"]
    assert call(turn, json={"message": "More."}, headers=key).status_code == 409
    assert call(op("get_turn_job", job)).json()["status"] == "queued"
    call.pass_time(60)
    assert call(op("get_turn_job", job)).json()["status"] == "completed"
    assert call(turn, json={"message": "More."}, headers=key).json()["status"] == "cached_replay"
    assert call(op("cancel_turn_job", job)).status_code == 409
    other = call(turn, json={"message": "Again."}).json()["job_id"]
    assert call(op("cancel_turn_job", other)).json()["status"] == "cancelled"
    assert call(f"{turn}?mode=sync", json={"message": "Now."}).json()["id"] == interview
    assert call(turn, json={}).status_code == 400
    upload = {"file": ("a.yaml", b"a: 1", "application/yaml")}
    file = call(op("upload_reference_document", interview), files=upload).json()["id"]
    assert len(call(op("list_reference_documents", interview)).json()["documents"]) == 1
    assert call(op("delete_reference_document", interview, file)).status_code == 204
    assert call(op("delete_reference_document", interview, file)).status_code == 404
    assert call(op("complete_interview", interview)).status_code == 200
    assert call(op("complete_interview", interview)).status_code == 409
    assert len(call(op("list_interviews")).json()["interviews"]) == 1
    assert len(call(op("list_intake_artifacts")).json()["artifacts"]) == 1
    for request, status in (
        (op("purge_interview", interview), 409),
        (op("delete_interview", interview), 204),
        (op("get_interview", interview), 404),
        (op("list_deleted_interviews"), 200),
        (op("restore_interview", interview), 204),
        (op("delete_interview", interview), 204),
        (op("purge_interview", interview), 204),
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
    runs = [call(op("start_generation"), json=order).json()["id"] for _ in range(4)]
    answered = 0
    for _ in range(40):
        for run in runs[:3]:
            if call.status(run)[STATE] == "PausedAwaitingClarification":
                pending = call(op("get_clarifications", run)).json()["clarifications"]
                answers = [{"question": row["question"], "answer": "Yes."} for row in pending]
                call(op("answer_clarifications", run), json={"answers": answers})
                answered += 1
        call.pass_time(60)
    assert [call.status(run)[STATE] for run in runs[:3]] == ["Complete", "Complete", "Failed"]
    assert answered >= 3
    first, last = runs[0], runs[3]
    for request, status in (
        (op("list_generations") + "?order=asc&limit=2&offset=1&status=in_progress,failed", 200),
        (op("get_generation_events", first), 200),
        (op("get_generation_conversation", first) + "?take=3", 200),
        (op("get_generation_package", first), 200),
        (op("get_generation_package", last), 404),
        (op("retry_generation", runs[2]), 202),
        (op("retry_generation", first), 409),
        (op("pause_generation", last), 409),
        (op("resume_generation", last), 409),
        (op("cancel_generation", last), 204),
        (op("cancel_generation", last), 409),
        (op("purge_generation", last), 409),
        (op("delete_generation", last), 204),
        (op("list_deleted_generations"), 200),
        (op("restore_generation", last), 204),
        (op("delete_generation", last), 204),
        (op("purge_generation", last), 204),
        (op("get_my_analytics"), 200),
        (op("list_notifications"), 200),
    ):
        assert call(request).status_code == status, request
    assert call(op("rename_generation", first), json={"name": "Mine"}).status_code == 204
    assert call(op("rename_generation", first)).status_code == 400
    assert call(op("update_generation", first), json={"intake_id": order["intake_id"]}).status_code == 202


def test_packages(tour: Any) -> None:
    """Packages: contents, search, addenda, explanations, delivery, recycle bin."""
    call = tour()
    package = call.package()
    change = {"title": "Sign in with Apple", "description": "As another provider."}
    addendum = call(op("create_addendum", package), json=change).json()["addendum_id"]
    assert call(op("explain_package", package), json={"audience": "investor"}).json()["cached"] is False
    assert call(op("explain_package", package), json={"audience": "investor"}).json()["cached"] is True
    target = {"repository": "octo/docs", "base_branch": "main"}
    for request, status in (
        (op("list_packages"), 200),
        (op("get_package", package), 200),
        (op("get_package_zip", package), 302),
        (op("list_package_files", package), 200),
        (op("get_package_file", package, "README.md"), 200),
        (op("get_package_file", package, "nothing.md"), 404),
        (op("search_package", package) + "?q=portal", 200),
        (op("search_packages") + "?q=portal", 200),
        (op("list_addenda", package), 200),
        (op("get_addendum_zip", package, addendum), 302),
        (op("list_explanations", package), 200),
        (op("download_explanation", package) + "?audience=investor&format=md", 200),
        (op("download_explanation", package) + "?audience=investor&format=pdf", 200),
        (op("download_explanation", package) + "?audience=investor&format=docx", 200),
        (op("download_explanation", package) + "?audience=investor&format=odt", 400),
        (op("download_explanation", package) + "?audience=security&format=md", 404),
        (op("list_explain_audiences"), 200),
        (op("deliver_package", package), 409),
        (op("get_source_control_preferences"), 200),
    ):
        assert call(request).status_code == status, request
    assert call(op("update_source_control_preferences"), json=target).json() == target
    assert call(op("deliver_package", package)).status_code == 202
    for request, status in (
        (op("purge_package", package), 409),
        (op("delete_package", package), 204),
        (op("list_deleted_packages"), 200),
        (op("restore_package", package), 204),
        (op("delete_package", package), 204),
        (op("purge_package", package), 204),
        (op("get_package", package), 404),
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

    preview = call(op("preview_doc_migration"), **form).json()
    assert preview["conflicting_target_paths"] == ["docs/01-product/01-vision.md"]
    assert call(op("commit_doc_migration"), **form).status_code == 409
    overrides = {"target_path_overrides": json.dumps({"my-vision.md": "docs/01-product/04-more.md"})}
    made = call(op("commit_doc_migration"), data=overrides, **form).json()
    assert call(op("get_package", made["package_id"])).json()["generation_id"] is None
    assert call(op("preview_doc_migration"), files={"file": ("x.zip", b"no", "x/y")}).status_code == 400


def test_keys_and_webhooks(tour: Any) -> None:
    """Keys are made by people only; webhooks hang on keys."""
    call = tour(keys={"oat_person": "ada"})
    assert call(op("create_api_key"), json={"name": "CI"}).status_code == 403
    person = {"headers": {"Authorization": "Bearer oat_person"}}
    made = call(op("create_api_key"), json={"name": "CI", "scopes": ["projects.read"]}, **person).json()
    key = made["id"]
    # A summary shows the first eight characters, by which a person tells keys apart.
    assert made["prefix"] == made["raw_key"][:8]
    assert made["prefix"] in [one["prefix"] for one in call(op("list_api_keys")).json()["keys"]]
    assert call(op("rotate_api_key", key), **person).status_code == 200
    assert call(op("update_api_key_scopes", key), json={"scopes": None}, **person).status_code == 204
    assert call(op("update_api_key_scopes", key), json={"scopes": ["x"]}, **person).status_code == 400
    assert len(call(op("list_api_keys")).json()["keys"]) == 2
    codes = [one["code"] for one in call(op("list_permissions")).json()["permissions"]]
    assert codes == ["projects.read", "projects.write", "session_state.read", "session_state.write"]
    subscribe = op("create_webhook", key)
    subscription = {"url": "http://127.0.0.1:9/hook", "events": ["generation.completed"]}
    hook = call(subscribe, json=subscription).json()["id"]
    assert call(subscribe, json={**subscription, "url": "http://example.com"}).status_code == 400
    assert call(subscribe, json={**subscription, "events": ["x"]}).status_code == 400
    assert call(op("list_webhooks", key)).json()["webhooks"][0]["signing_secret"] is None
    assert call(op("rotate_webhook_secret", key, hook)).json()["signing_secret"]
    assert call(op("test_webhook", key, hook)).json()["success"] is False
    assert call(op("delete_webhook", key, hook)).status_code == 204


def test_settings_and_reports(tour: Any) -> None:
    """Everything around the account, reports and feedback, and what is there for everybody."""
    call = tour(plan="Teams")
    assert call(op("get_my_organization")).status_code == 204
    assert call(op("create_organization"), json={"name": "Acme"}).status_code == 201
    assert call(op("create_organization"), json={"name": "Acme"}).status_code == 409
    assert call(op("get_my_organization")).status_code == 200
    assert call(op("set_provider_key", "openai"), json={"secret": "x"}).status_code == 204
    assert call(op("list_provider_keys")).status_code == 200
    assert call(op("delete_provider_key", "openai")).status_code == 204
    assert call(op("update_notification_preferences"), json={"sms": True}).json() == {"email": True, "sms": True}
    assert call(op("update_retention_preference"), json={"default_retention_days": 30}).status_code == 200
    assert call(op("update_retention_preference"), json={"default_retention_days": 0}).status_code == 400
    report = call(op("create_bug_report"), json={"title": "It broke", "description": "Here."}).json()["id"]
    finding = {
        "severity": "low",
        "topic": "pace",
        "title": "Slow",
        "typed_evidence": [{"kind": "route", "payload_json": '{"url": "/x"}'}],
    }
    words = {"type": "other", "title": "Good", "full_report": "All of it.", "structured_findings": [finding]}
    feedback = call(op("create_feedback"), json=words).json()["id"]
    assert call(op("amend_feedback", feedback), json={"title": "Better"}).json()["title"] == "Better"
    call.pass_time(601)
    late = call(op("amend_feedback", feedback), json={"title": "x"})
    assert (late.status_code, late.json()["type"]) == (400, "FEEDBACK_AMEND_WINDOW_EXPIRED")
    assert call(op("create_support_ticket"), json={"subject": "Help", "message": "Please."}).status_code == 201
    assert call(op("subscribe_to_status"), json={"email": "a@example.com"}).status_code == 200
    for request in (
        op("get_notification_preferences"),
        op("get_retention_preference"),
        op("list_my_bug_reports"),
        op("get_bug_report", report),
        op("list_my_feedback"),
        op("get_feedback", feedback),
        op("list_feedback_templates"),
        op("get_feedback_template", "launch-readiness", "v1.0.0"),
        op("get_intake_schema", "1.0.0"),
        op("get_package_schema", "1.0.0"),
        op("get_status_summary"),
        op("get_status_uptime") + "?days=7",
        op("get_status_history"),
    ):
        assert call(request).status_code == 200, request
    assert call(op("get_intake_schema", "9.9.9")).status_code == 404


def test_browser_sessions(tour: Any) -> None:
    """What is for browser sessions refuses every bearer and takes the cookie."""
    call = tour()
    cookie = {"headers": {"Authorization": "", "Cookie": f"specstep_session={call.sandbox.state.session}"}}
    for request, status in (
        (op("get_extra_usage"), 200),
        (op("enable_extra_usage"), 200),
        (op("disable_extra_usage"), 200),
        (op("list_extra_usage_transactions"), 200),
        (op("request_data_export"), 202),
        (op("request_account_deletion"), 202),
    ):
        assert call(request).status_code == 403
        assert call(request, **cookie).status_code == status, request
    assert call(op("create_extra_usage_checkout"), json={"amount_usd": 20}, **cookie).status_code == 200
    call.pass_time(60)
    export = call(op("get_data_export_request")).json()
    assert zipfile.ZipFile(io.BytesIO(httpx.get(export["download_url"]).content)).testzip() is None
    assert call(op("get_deletion_request")).json()["status"] == "completed"
