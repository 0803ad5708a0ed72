"""What sending each operation twice would mean, and which need no key: what openapi/documented.yaml says, at run time.

A test holds the two together. An operation that only a pulled document has is safe to repeat only if it is a GET.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from specstep_flows.engine.effects import Kind

__all__ = ["ANONYMOUS", "HARMLESS", "IDEMPOTENT", "KEYED", "READS_BY_POST", "UNSAFE", "kind_of"]

#: Needs no key (``x-anonymous``; walkthrough, steps 3.5, 6.6, 8 and "Quality feedback").
ANONYMOUS: Final = frozenset(
    {
        "get_capabilities",
        "get_feedback_template",
        "get_status_history",
        "get_status_summary",
        "get_status_uptime",
        "list_explain_audiences",
        "list_feedback_templates",
        "subscribe_to_status",
    }
)

#: A turn, with its Idempotency-Key.
KEYED: Final = frozenset({"submit_turn"})
#: Reads although they are POSTs.
READS_BY_POST: Final = frozenset({"preview_doc_migration"})
#: Costs nothing and leaves nothing behind when it is carried out twice.
HARMLESS: Final = frozenset(
    {
        "authorize_external_connector",
        "start_interview",
        "subscribe_to_status",
    }
)
#: Idempotent by nature or by the service's pages.
IDEMPOTENT: Final = frozenset(
    {
        "amend_feedback",
        "answer_clarifications",
        "cancel_generation",
        "cancel_turn_job",
        "complete_interview",
        "delete_external_connector",
        "delete_generation",
        "delete_interview",
        "delete_package",
        "delete_provider_key",
        "delete_reference_document",
        "delete_webhook",
        "disable_extra_usage",
        "enable_extra_usage",
        "pause_generation",
        "purge_generation",
        "purge_interview",
        "purge_package",
        "rename_generation",
        "restore_generation",
        "restore_interview",
        "restore_package",
        "resume_generation",
        "set_provider_key",
        "sync_external_connector",
        "update_api_key_scopes",
        "update_notification_preferences",
        "update_retention_preference",
        "update_source_control_preferences",
    }
)
#: Costs, or makes something anew each time.
UNSAFE: Final = frozenset(
    {
        "commit_doc_migration",
        "commit_external_connector",
        "create_addendum",
        "create_api_key",
        "create_bug_report",
        "create_extra_usage_checkout",
        "create_feedback",
        "create_organization",
        "create_support_ticket",
        "create_webhook",
        "deliver_package",
        "explain_package",
        "finish_external_connector_oauth",
        "request_account_deletion",
        "request_data_export",
        "retry_generation",
        "rotate_api_key",
        "rotate_webhook_secret",
        "start_generation",
        "test_webhook",
        "update_generation",
        "upload_reference_document",
    }
)


def kind_of(operation: str, method: str) -> Kind:
    """The kind of an operation, by its operationId."""
    if operation in UNSAFE:
        return "unsafe"
    if operation in KEYED:
        return "keyed"
    if operation in IDEMPOTENT:
        return "idempotent"
    if operation in HARMLESS:
        return "harmless"
    return "read" if method.upper() in ("GET", "HEAD") or operation in READS_BY_POST else "unsafe"
