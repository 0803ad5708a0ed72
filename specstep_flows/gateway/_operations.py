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
    #: What is lost by it, in a sentence; empty where nothing is.
    destroys: str = ""
    #: What it does, in words: ``cancel a generation``.
    about: str = ""


#: Every documented operation by its name.
OPERATIONS: Final[dict[str, Operation]] = {
    "amend_feedback": Operation("PATCH", "/v1/feedback/{id}/amend", "idempotent", about="amend feedback"),
    "answer_clarifications": Operation(
        "POST", "/v1/generations/{id}/clarifications/answers", "idempotent", about="answer the clarifications"
    ),
    "authorize_external_connector": Operation(
        "POST",
        "/v1/external-connectors/{provider}/authorize",
        "harmless",
        cookie_only=True,
        about="authorize a connector",
    ),
    "cancel_generation": Operation(
        "POST",
        "/v1/generations/{id}/cancel",
        "idempotent",
        destroys="What is already spent stays spent; no package will be made.",
        about="cancel a generation",
    ),
    "cancel_turn_job": Operation(
        "POST",
        "/v1/interviews/turns/{jobId}/cancel",
        "idempotent",
        destroys="The reply that is being written is given up; the message stays in the interview.",
        about="cancel a turn job",
    ),
    "commit_doc_migration": Operation("POST", "/v1/doc-migrations/commit", "unsafe", about="commit a migration"),
    "commit_external_connector": Operation(
        "POST",
        "/v1/external-connectors/pending/{pendingId}/commit",
        "unsafe",
        cookie_only=True,
        about="commit a connector",
    ),
    "complete_interview": Operation(
        "POST", "/v1/interviews/{id}/complete", "idempotent", about="complete an interview"
    ),
    "create_addendum": Operation("POST", "/v1/packages/{id}/addenda", "unsafe", costs=True, about="create an addendum"),
    "create_api_key": Operation("POST", "/v1/api-keys", "unsafe", about="create an API key"),
    "create_bug_report": Operation("POST", "/v1/bug-reports", "unsafe", about="create a bug report"),
    "create_extra_usage_checkout": Operation(
        "POST", "/v1/me/extra-usage/checkout", "unsafe", cookie_only=True, about="create a checkout"
    ),
    "create_feedback": Operation("POST", "/v1/feedback", "unsafe", about="create feedback"),
    "create_organization": Operation("POST", "/v1/me/organization", "unsafe", about="create an organization"),
    "create_support_ticket": Operation("POST", "/v1/support/ticket", "unsafe", about="create a support ticket"),
    "create_webhook": Operation("POST", "/v1/api-keys/{apiKeyId}/webhooks", "unsafe", about="create a webhook"),
    "delete_external_connector": Operation(
        "DELETE",
        "/v1/external-connectors/{connectorId}",
        "idempotent",
        cookie_only=True,
        destroys="The connection to the folder is gone.",
        about="delete a connector",
    ),
    "delete_generation": Operation(
        "DELETE",
        "/v1/generations/{id}",
        "idempotent",
        destroys="It goes into the recycle bin, which keeps it for 30 days unless the account is set otherwise.",
        about="delete a generation",
    ),
    "delete_interview": Operation(
        "DELETE",
        "/v1/interviews/{id}",
        "idempotent",
        destroys="It goes into the recycle bin, which keeps it for 30 days unless the account is set otherwise.",
        about="delete an interview",
    ),
    "delete_package": Operation(
        "DELETE",
        "/v1/packages/{id}",
        "idempotent",
        destroys="It goes into the recycle bin, which keeps it for 30 days unless the account is set otherwise.",
        about="delete a package",
    ),
    "delete_provider_key": Operation(
        "DELETE",
        "/v1/me/provider-keys/{provider}",
        "idempotent",
        destroys="The provider's key is gone, and nobody can read it back.",
        about="delete a provider key",
    ),
    "delete_reference_document": Operation(
        "DELETE",
        "/v1/interviews/{interviewId}/reference-documents/{documentId}",
        "idempotent",
        destroys="The document is gone from the interview.",
        about="delete a reference document",
    ),
    "delete_webhook": Operation(
        "DELETE",
        "/v1/api-keys/{apiKeyId}/webhooks/{webhookId}",
        "idempotent",
        destroys="No more events are delivered to it, and its signing secret is gone.",
        about="delete a webhook",
    ),
    "deliver_package": Operation("POST", "/v1/packages/{id}/deliver", "unsafe", about="deliver a package"),
    "disable_extra_usage": Operation(
        "POST", "/v1/me/extra-usage/disable", "idempotent", cookie_only=True, about="disable the prepaid balance"
    ),
    "download_explanation": Operation(
        "GET", "/v1/packages/{id}/explain/download", "read", about="download an explanation"
    ),
    "enable_extra_usage": Operation(
        "POST", "/v1/me/extra-usage/enable", "idempotent", cookie_only=True, about="enable the prepaid balance"
    ),
    "explain_package": Operation("POST", "/v1/packages/{id}/explain", "unsafe", costs=True, about="explain a package"),
    "finish_external_connector_oauth": Operation(
        "GET",
        "/v1/external-connectors/{provider}/oauth-callback",
        "unsafe",
        cookie_only=True,
        redirects=True,
        about="finish the sign-in of a connector",
    ),
    "get_addendum_zip": Operation(
        "GET", "/v1/packages/{id}/addenda/{addendumId}/zip", "read", redirects=True, about="get the zip of an addendum"
    ),
    "get_bug_report": Operation("GET", "/v1/bug-reports/{id}", "read", about="get a bug report"),
    "get_capabilities": Operation("GET", "/v1/capabilities", "read", anonymous=True, about="get the capabilities"),
    "get_clarifications": Operation(
        "GET", "/v1/generations/{id}/clarifications", "read", about="get the clarifications"
    ),
    "get_data_export_request": Operation(
        "GET", "/v1/users/me/data-export-request", "read", about="get the data export"
    ),
    "get_deletion_request": Operation(
        "GET", "/v1/users/me/deletion-request", "read", about="get the deletion of the account"
    ),
    "get_extra_usage": Operation(
        "GET", "/v1/me/extra-usage", "read", cookie_only=True, about="get the prepaid balance"
    ),
    "get_feedback": Operation("GET", "/v1/feedback/{id}", "read", about="get feedback"),
    "get_feedback_template": Operation(
        "GET", "/v1/feedback/templates/{id}/{version}", "read", anonymous=True, about="get a feedback template"
    ),
    "get_generation": Operation("GET", "/v1/generations/{id}", "read", about="get a generation"),
    "get_generation_conversation": Operation(
        "GET", "/v1/generations/{id}/conversation", "read", about="get the conversation of the agents"
    ),
    "get_generation_events": Operation(
        "GET", "/v1/generations/{id}/events", "read", about="get the events of a generation"
    ),
    "get_generation_package": Operation(
        "GET", "/v1/generations/{id}/package", "read", about="get the package of a generation"
    ),
    "get_intake_schema": Operation("GET", "/v1/schema/intake/{version}", "read", about="get the intake schema"),
    "get_interview": Operation("GET", "/v1/interviews/{id}", "read", about="get an interview"),
    "get_me": Operation("GET", "/v1/me", "read", about="get the account"),
    "get_my_analytics": Operation("GET", "/v1/me/analytics", "read", about="get personal analytics"),
    "get_my_organization": Operation("GET", "/v1/me/organization", "read", about="get the organization"),
    "get_notification_preferences": Operation(
        "GET", "/v1/notification-preferences", "read", about="get the notification preferences"
    ),
    "get_package": Operation("GET", "/v1/packages/{id}", "read", about="get a package"),
    "get_package_file": Operation(
        "GET", "/v1/packages/{id}/files/{path}", "read", catch_all=True, about="get a file of a package"
    ),
    "get_package_schema": Operation("GET", "/v1/schema/package/{version}", "read", about="get the package schema"),
    "get_package_zip": Operation(
        "GET", "/v1/packages/{id}/zip", "read", redirects=True, about="get the zip of a package"
    ),
    "get_retention_preference": Operation(
        "GET", "/v1/users/me/retention-preference", "read", about="get the retention preference"
    ),
    "get_source_control_preferences": Operation(
        "GET", "/v1/source-control/preferences/installation", "read", about="get the source control preferences"
    ),
    "get_status_history": Operation("GET", "/v1/status/history", "read", anonymous=True, about="get the incidents"),
    "get_status_summary": Operation("GET", "/v1/status/summary", "read", anonymous=True, about="get the status"),
    "get_status_uptime": Operation("GET", "/v1/status/uptime", "read", anonymous=True, about="get the uptime"),
    "get_turn_job": Operation("GET", "/v1/interviews/turns/{jobId}", "read", about="get a turn job"),
    "get_usage": Operation("GET", "/v1/usage", "read", about="get the usage"),
    "list_addenda": Operation("GET", "/v1/packages/{id}/addenda", "read", about="list the addenda"),
    "list_api_keys": Operation("GET", "/v1/api-keys", "read", about="list the API keys"),
    "list_deleted_generations": Operation(
        "GET", "/v1/generations/deleted", "read", about="list the deleted generations"
    ),
    "list_deleted_interviews": Operation("GET", "/v1/interviews/deleted", "read", about="list the deleted interviews"),
    "list_deleted_packages": Operation("GET", "/v1/packages/deleted", "read", about="list the deleted packages"),
    "list_explain_audiences": Operation(
        "GET", "/v1/explain/audiences", "read", anonymous=True, about="list the audiences"
    ),
    "list_explanations": Operation("GET", "/v1/packages/{id}/explanations", "read", about="list the explanations"),
    "list_external_connectors": Operation(
        "GET", "/v1/external-connectors", "read", cookie_only=True, about="list the connected folders"
    ),
    "list_external_folders": Operation(
        "GET",
        "/v1/external-connectors/pending/{pendingId}/folders",
        "read",
        cookie_only=True,
        about="list the folders at a provider",
    ),
    "list_extra_usage_transactions": Operation(
        "GET", "/v1/me/extra-usage/transactions", "read", cookie_only=True, about="list the transactions"
    ),
    "list_feedback_templates": Operation(
        "GET", "/v1/feedback/templates", "read", anonymous=True, about="list the feedback templates"
    ),
    "list_generations": Operation("GET", "/v1/generations", "read", about="list the generations"),
    "list_intake_artifacts": Operation("GET", "/v1/intake-artifacts", "read", about="list the intake artifacts"),
    "list_interviews": Operation("GET", "/v1/interviews", "read", about="list the interviews"),
    "list_my_bug_reports": Operation("GET", "/v1/bug-reports/me", "read", about="list one's own bug reports"),
    "list_my_feedback": Operation("GET", "/v1/feedback/me", "read", about="list one's own feedback"),
    "list_notifications": Operation("GET", "/v1/notifications", "read", about="list the notifications"),
    "list_package_files": Operation("GET", "/v1/packages/{id}/files", "read", about="list the files of a package"),
    "list_packages": Operation("GET", "/v1/packages", "read", about="list the packages"),
    "list_permissions": Operation("GET", "/v1/permissions", "read", about="list the permissions"),
    "list_provider_keys": Operation("GET", "/v1/me/provider-keys", "read", about="list the provider keys"),
    "list_reference_documents": Operation(
        "GET", "/v1/interviews/{interviewId}/reference-documents", "read", about="list the reference documents"
    ),
    "list_webhooks": Operation("GET", "/v1/api-keys/{apiKeyId}/webhooks", "read", about="list the webhooks"),
    "pause_generation": Operation("POST", "/v1/generations/{id}/pause", "idempotent", about="pause a generation"),
    "preview_doc_migration": Operation("POST", "/v1/doc-migrations/preview", "read", about="preview a migration"),
    "purge_generation": Operation(
        "DELETE",
        "/v1/generations/{id}/permanent",
        "idempotent",
        destroys="The generation and everything that belongs to it are gone for good.",
        about="delete a generation for good",
    ),
    "purge_interview": Operation(
        "DELETE",
        "/v1/interviews/{id}/permanent",
        "idempotent",
        destroys="The interview and everything that belongs to it are gone for good.",
        about="delete an interview for good",
    ),
    "purge_package": Operation(
        "DELETE",
        "/v1/packages/{id}/permanent",
        "idempotent",
        destroys="The package and everything that belongs to it are gone for good.",
        about="delete a package for good",
    ),
    "rename_generation": Operation("PATCH", "/v1/generations/{id}/name", "idempotent", about="rename a generation"),
    "request_account_deletion": Operation(
        "POST",
        "/v1/users/me/deletion-request",
        "unsafe",
        cookie_only=True,
        destroys="The account and everything in it are gone for good about 30 seconds later.",
        about="request the deletion of the account",
    ),
    "request_data_export": Operation(
        "POST", "/v1/users/me/data-export-request", "unsafe", cookie_only=True, about="request a data export"
    ),
    "restore_generation": Operation("POST", "/v1/generations/{id}/restore", "idempotent", about="restore a generation"),
    "restore_interview": Operation("POST", "/v1/interviews/{id}/restore", "idempotent", about="restore an interview"),
    "restore_package": Operation("POST", "/v1/packages/{id}/restore", "idempotent", about="restore a package"),
    "resume_generation": Operation("POST", "/v1/generations/{id}/resume", "idempotent", about="resume a generation"),
    "retry_generation": Operation(
        "POST", "/v1/generations/{id}/retry", "unsafe", bucket="kickoff", costs=True, about="retry a failed generation"
    ),
    "rotate_api_key": Operation(
        "POST",
        "/v1/api-keys/{id}/rotate",
        "unsafe",
        destroys="The old secret stops working at once, wherever it is in use.",
        about="rotate an API key",
    ),
    "rotate_webhook_secret": Operation(
        "POST",
        "/v1/api-keys/{apiKeyId}/webhooks/{webhookId}/rotate-secret",
        "unsafe",
        destroys="The old secret stops working at once, wherever it is in use.",
        about="rotate the secret of a webhook",
    ),
    "search_package": Operation("GET", "/v1/packages/{id}/search", "read", about="search a package"),
    "search_packages": Operation("GET", "/v1/packages/search", "read", about="search all packages"),
    "set_provider_key": Operation(
        "PATCH",
        "/v1/me/provider-keys/{provider}",
        "idempotent",
        destroys="A key that is already set for the provider is replaced, and nobody can read it back.",
        about="set a provider key",
    ),
    "start_generation": Operation(
        "POST", "/v1/generations", "unsafe", bucket="kickoff", costs=True, about="start a generation"
    ),
    "start_interview": Operation("POST", "/v1/interviews", "harmless", about="start an interview"),
    "submit_turn": Operation("POST", "/v1/interviews/{id}/turns", "keyed", about="submit a turn"),
    "subscribe_to_status": Operation(
        "POST", "/v1/status/subscribe", "harmless", anonymous=True, about="subscribe to the status"
    ),
    "sync_external_connector": Operation(
        "POST",
        "/v1/external-connectors/{connectorId}/sync",
        "idempotent",
        cookie_only=True,
        about="synchronise a connected folder",
    ),
    "test_webhook": Operation(
        "POST", "/v1/api-keys/{apiKeyId}/webhooks/{webhookId}/test", "unsafe", about="test a webhook"
    ),
    "update_api_key_scopes": Operation(
        "PATCH", "/v1/api-keys/{id}/scopes", "idempotent", about="update the scopes of an API key"
    ),
    "update_generation": Operation(
        "POST", "/v1/generations/{id}/update", "unsafe", bucket="kickoff", costs=True, about="update a generation"
    ),
    "update_notification_preferences": Operation(
        "PUT", "/v1/notification-preferences", "idempotent", about="update the notification preferences"
    ),
    "update_retention_preference": Operation(
        "PUT", "/v1/users/me/retention-preference", "idempotent", about="update the retention preference"
    ),
    "update_source_control_preferences": Operation(
        "PUT",
        "/v1/source-control/preferences/installation",
        "idempotent",
        about="update the source control preferences",
    ),
    "upload_reference_document": Operation(
        "POST", "/v1/interviews/{interviewId}/reference-documents", "unsafe", about="upload a reference document"
    ),
}
