"""What sending each operation means, as the API's contract says it.

Made from openapi/documented.yaml by scripts/regenerate.py; never edited.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import attrs

if TYPE_CHECKING:
    from specstep_flows.engine.effects import Kind


@attrs.frozen
class Operation:
    """What the API's contract says of one operation."""

    method: str
    path: str
    #: What sending it twice would mean.
    kind: Kind
    #: Which of the service's two rolling limits it counts against.
    bucket: Literal["standard", "kickoff"] = "standard"
    #: It costs money.
    costs: bool = False
    #: It needs no key.
    anonymous: bool = False
    #: It wants a browser's session; a key gets 403.
    cookie_only: bool = False
    #: It answers with a redirect.
    redirects: bool = False
    #: The last parameter of its path is a path itself, so its slashes stay slashes.
    catch_all: bool = False


#: Every documented operation by its name.
OPERATIONS: Final[dict[str, Operation]] = {
    "amend_feedback": Operation("PATCH", "/v1/feedback/{id}/amend", "idempotent"),
    "answer_clarifications": Operation("POST", "/v1/generations/{id}/clarifications/answers", "idempotent"),
    "authorize_external_connector": Operation(
        "POST", "/v1/external-connectors/{provider}/authorize", "harmless", cookie_only=True
    ),
    "cancel_generation": Operation("POST", "/v1/generations/{id}/cancel", "idempotent"),
    "cancel_turn_job": Operation("POST", "/v1/interviews/turns/{jobId}/cancel", "idempotent"),
    "commit_doc_migration": Operation("POST", "/v1/doc-migrations/commit", "unsafe"),
    "commit_external_connector": Operation(
        "POST", "/v1/external-connectors/pending/{pendingId}/commit", "unsafe", cookie_only=True
    ),
    "complete_interview": Operation("POST", "/v1/interviews/{id}/complete", "idempotent"),
    "create_addendum": Operation("POST", "/v1/packages/{id}/addenda", "unsafe", costs=True),
    "create_api_key": Operation("POST", "/v1/api-keys", "unsafe"),
    "create_bug_report": Operation("POST", "/v1/bug-reports", "unsafe"),
    "create_extra_usage_checkout": Operation("POST", "/v1/me/extra-usage/checkout", "unsafe", cookie_only=True),
    "create_feedback": Operation("POST", "/v1/feedback", "unsafe"),
    "create_organization": Operation("POST", "/v1/me/organization", "unsafe"),
    "create_support_ticket": Operation("POST", "/v1/support/ticket", "unsafe"),
    "create_webhook": Operation("POST", "/v1/api-keys/{apiKeyId}/webhooks", "unsafe"),
    "delete_external_connector": Operation(
        "DELETE", "/v1/external-connectors/{connectorId}", "idempotent", cookie_only=True
    ),
    "delete_generation": Operation("DELETE", "/v1/generations/{id}", "idempotent"),
    "delete_interview": Operation("DELETE", "/v1/interviews/{id}", "idempotent"),
    "delete_package": Operation("DELETE", "/v1/packages/{id}", "idempotent"),
    "delete_provider_key": Operation("DELETE", "/v1/me/provider-keys/{provider}", "idempotent"),
    "delete_reference_document": Operation(
        "DELETE", "/v1/interviews/{interviewId}/reference-documents/{documentId}", "idempotent"
    ),
    "delete_webhook": Operation("DELETE", "/v1/api-keys/{apiKeyId}/webhooks/{webhookId}", "idempotent"),
    "deliver_package": Operation("POST", "/v1/packages/{id}/deliver", "unsafe"),
    "disable_extra_usage": Operation("POST", "/v1/me/extra-usage/disable", "idempotent", cookie_only=True),
    "download_explanation": Operation("GET", "/v1/packages/{id}/explain/download", "read"),
    "enable_extra_usage": Operation("POST", "/v1/me/extra-usage/enable", "idempotent", cookie_only=True),
    "explain_package": Operation("POST", "/v1/packages/{id}/explain", "unsafe", costs=True),
    "finish_external_connector_oauth": Operation(
        "GET", "/v1/external-connectors/{provider}/oauth-callback", "unsafe", cookie_only=True, redirects=True
    ),
    "get_addendum_zip": Operation("GET", "/v1/packages/{id}/addenda/{addendumId}/zip", "read", redirects=True),
    "get_bug_report": Operation("GET", "/v1/bug-reports/{id}", "read"),
    "get_capabilities": Operation("GET", "/v1/capabilities", "read", anonymous=True),
    "get_clarifications": Operation("GET", "/v1/generations/{id}/clarifications", "read"),
    "get_data_export_request": Operation("GET", "/v1/users/me/data-export-request", "read"),
    "get_deletion_request": Operation("GET", "/v1/users/me/deletion-request", "read"),
    "get_extra_usage": Operation("GET", "/v1/me/extra-usage", "read", cookie_only=True),
    "get_feedback": Operation("GET", "/v1/feedback/{id}", "read"),
    "get_feedback_template": Operation("GET", "/v1/feedback/templates/{id}/{version}", "read", anonymous=True),
    "get_generation": Operation("GET", "/v1/generations/{id}", "read"),
    "get_generation_conversation": Operation("GET", "/v1/generations/{id}/conversation", "read"),
    "get_generation_events": Operation("GET", "/v1/generations/{id}/events", "read"),
    "get_generation_package": Operation("GET", "/v1/generations/{id}/package", "read"),
    "get_intake_schema": Operation("GET", "/v1/schema/intake/{version}", "read"),
    "get_interview": Operation("GET", "/v1/interviews/{id}", "read"),
    "get_me": Operation("GET", "/v1/me", "read"),
    "get_my_analytics": Operation("GET", "/v1/me/analytics", "read"),
    "get_my_organization": Operation("GET", "/v1/me/organization", "read"),
    "get_notification_preferences": Operation("GET", "/v1/notification-preferences", "read"),
    "get_package": Operation("GET", "/v1/packages/{id}", "read"),
    "get_package_file": Operation("GET", "/v1/packages/{id}/files/{path}", "read", catch_all=True),
    "get_package_schema": Operation("GET", "/v1/schema/package/{version}", "read"),
    "get_package_zip": Operation("GET", "/v1/packages/{id}/zip", "read", redirects=True),
    "get_retention_preference": Operation("GET", "/v1/users/me/retention-preference", "read"),
    "get_source_control_preferences": Operation("GET", "/v1/source-control/preferences/installation", "read"),
    "get_status_history": Operation("GET", "/v1/status/history", "read", anonymous=True),
    "get_status_summary": Operation("GET", "/v1/status/summary", "read", anonymous=True),
    "get_status_uptime": Operation("GET", "/v1/status/uptime", "read", anonymous=True),
    "get_turn_job": Operation("GET", "/v1/interviews/turns/{jobId}", "read"),
    "get_usage": Operation("GET", "/v1/usage", "read"),
    "list_addenda": Operation("GET", "/v1/packages/{id}/addenda", "read"),
    "list_api_keys": Operation("GET", "/v1/api-keys", "read"),
    "list_deleted_generations": Operation("GET", "/v1/generations/deleted", "read"),
    "list_deleted_interviews": Operation("GET", "/v1/interviews/deleted", "read"),
    "list_deleted_packages": Operation("GET", "/v1/packages/deleted", "read"),
    "list_explain_audiences": Operation("GET", "/v1/explain/audiences", "read", anonymous=True),
    "list_explanations": Operation("GET", "/v1/packages/{id}/explanations", "read"),
    "list_external_connectors": Operation("GET", "/v1/external-connectors", "read", cookie_only=True),
    "list_external_folders": Operation(
        "GET", "/v1/external-connectors/pending/{pendingId}/folders", "read", cookie_only=True
    ),
    "list_extra_usage_transactions": Operation("GET", "/v1/me/extra-usage/transactions", "read", cookie_only=True),
    "list_feedback_templates": Operation("GET", "/v1/feedback/templates", "read", anonymous=True),
    "list_generations": Operation("GET", "/v1/generations", "read"),
    "list_intake_artifacts": Operation("GET", "/v1/intake-artifacts", "read"),
    "list_interviews": Operation("GET", "/v1/interviews", "read"),
    "list_my_bug_reports": Operation("GET", "/v1/bug-reports/me", "read"),
    "list_my_feedback": Operation("GET", "/v1/feedback/me", "read"),
    "list_notifications": Operation("GET", "/v1/notifications", "read"),
    "list_package_files": Operation("GET", "/v1/packages/{id}/files", "read"),
    "list_packages": Operation("GET", "/v1/packages", "read"),
    "list_permissions": Operation("GET", "/v1/permissions", "read"),
    "list_provider_keys": Operation("GET", "/v1/me/provider-keys", "read"),
    "list_reference_documents": Operation("GET", "/v1/interviews/{interviewId}/reference-documents", "read"),
    "list_webhooks": Operation("GET", "/v1/api-keys/{apiKeyId}/webhooks", "read"),
    "pause_generation": Operation("POST", "/v1/generations/{id}/pause", "idempotent"),
    "preview_doc_migration": Operation("POST", "/v1/doc-migrations/preview", "read"),
    "purge_generation": Operation("DELETE", "/v1/generations/{id}/permanent", "idempotent"),
    "purge_interview": Operation("DELETE", "/v1/interviews/{id}/permanent", "idempotent"),
    "purge_package": Operation("DELETE", "/v1/packages/{id}/permanent", "idempotent"),
    "rename_generation": Operation("PATCH", "/v1/generations/{id}/name", "idempotent"),
    "request_account_deletion": Operation("POST", "/v1/users/me/deletion-request", "unsafe", cookie_only=True),
    "request_data_export": Operation("POST", "/v1/users/me/data-export-request", "unsafe", cookie_only=True),
    "restore_generation": Operation("POST", "/v1/generations/{id}/restore", "idempotent"),
    "restore_interview": Operation("POST", "/v1/interviews/{id}/restore", "idempotent"),
    "restore_package": Operation("POST", "/v1/packages/{id}/restore", "idempotent"),
    "resume_generation": Operation("POST", "/v1/generations/{id}/resume", "idempotent"),
    "retry_generation": Operation("POST", "/v1/generations/{id}/retry", "unsafe", bucket="kickoff", costs=True),
    "rotate_api_key": Operation("POST", "/v1/api-keys/{id}/rotate", "unsafe"),
    "rotate_webhook_secret": Operation("POST", "/v1/api-keys/{apiKeyId}/webhooks/{webhookId}/rotate-secret", "unsafe"),
    "search_package": Operation("GET", "/v1/packages/{id}/search", "read"),
    "search_packages": Operation("GET", "/v1/packages/search", "read"),
    "set_provider_key": Operation("PATCH", "/v1/me/provider-keys/{provider}", "idempotent"),
    "start_generation": Operation("POST", "/v1/generations", "unsafe", bucket="kickoff", costs=True),
    "start_interview": Operation("POST", "/v1/interviews", "harmless"),
    "submit_turn": Operation("POST", "/v1/interviews/{id}/turns", "keyed"),
    "subscribe_to_status": Operation("POST", "/v1/status/subscribe", "harmless", anonymous=True),
    "sync_external_connector": Operation(
        "POST", "/v1/external-connectors/{connectorId}/sync", "idempotent", cookie_only=True
    ),
    "test_webhook": Operation("POST", "/v1/api-keys/{apiKeyId}/webhooks/{webhookId}/test", "unsafe"),
    "update_api_key_scopes": Operation("PATCH", "/v1/api-keys/{id}/scopes", "idempotent"),
    "update_generation": Operation("POST", "/v1/generations/{id}/update", "unsafe", bucket="kickoff", costs=True),
    "update_notification_preferences": Operation("PUT", "/v1/notification-preferences", "idempotent"),
    "update_retention_preference": Operation("PUT", "/v1/users/me/retention-preference", "idempotent"),
    "update_source_control_preferences": Operation("PUT", "/v1/source-control/preferences/installation", "idempotent"),
    "upload_reference_document": Operation("POST", "/v1/interviews/{interviewId}/reference-documents", "unsafe"),
}
