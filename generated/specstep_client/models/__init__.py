"""The classes of request and response bodies; a module is loaded when its class is first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .account import Account
    from .addendum_created import AddendumCreated
    from .addendum_list import AddendumList
    from .addendum_row import AddendumRow
    from .amend_feedback_request import AmendFeedbackRequest
    from .analytics import Analytics
    from .analytics_review_profile_distribution import (
        AnalyticsReviewProfileDistribution,
    )
    from .answers_accepted import AnswersAccepted
    from .api_key import ApiKey
    from .api_key_list import ApiKeyList
    from .api_key_with_secret import ApiKeyWithSecret
    from .authorize_connector_request import AuthorizeConnectorRequest
    from .auto_start_failure import AutoStartFailure
    from .billing_state import BillingState
    from .blocker_resolution_summary import BlockerResolutionSummary
    from .bug_report import BugReport
    from .bug_report_list import BugReportList
    from .bug_severity import BugSeverity
    from .cancel_request import CancelRequest
    from .capabilities import Capabilities
    from .clarification import Clarification
    from .clarification_answer import ClarificationAnswer
    from .clarification_answers import ClarificationAnswers
    from .clarification_list import ClarificationList
    from .clarified_blocker import ClarifiedBlocker
    from .client_type import ClientType
    from .commit_connector_request import CommitConnectorRequest
    from .connector_authorization import ConnectorAuthorization
    from .connector_committed import ConnectorCommitted
    from .connector_provider import ConnectorProvider
    from .connector_status import ConnectorStatus
    from .connector_synced import ConnectorSynced
    from .conversation_item import ConversationItem
    from .create_addendum_request import CreateAddendumRequest
    from .create_api_key_request import CreateApiKeyRequest
    from .create_bug_report_request import CreateBugReportRequest
    from .create_feedback_request import CreateFeedbackRequest
    from .create_feedback_request_rubric_scores import CreateFeedbackRequestRubricScores
    from .create_feedback_request_rubric_section_responses import (
        CreateFeedbackRequestRubricSectionResponses,
    )
    from .create_organization_request import CreateOrganizationRequest
    from .create_support_ticket_request import CreateSupportTicketRequest
    from .create_webhook_request import CreateWebhookRequest
    from .data_export_request import DataExportRequest
    from .deletion_request import DeletionRequest
    from .doc_migration import DocMigration
    from .doc_migration_commit_upload import DocMigrationCommitUpload
    from .doc_migration_preview import DocMigrationPreview
    from .doc_migration_upload import DocMigrationUpload
    from .explain_audience import ExplainAudience
    from .explain_audience_list import ExplainAudienceList
    from .explain_request import ExplainRequest
    from .explanation import Explanation
    from .explanation_format import ExplanationFormat
    from .explanation_list import ExplanationList
    from .explanation_row import ExplanationRow
    from .external_connector import ExternalConnector
    from .external_connector_list import ExternalConnectorList
    from .external_folder import ExternalFolder
    from .external_folder_list import ExternalFolderList
    from .extra_usage import ExtraUsage
    from .extra_usage_checkout import ExtraUsageCheckout
    from .extra_usage_checkout_request import ExtraUsageCheckoutRequest
    from .extra_usage_transaction import ExtraUsageTransaction
    from .extra_usage_transaction_list import ExtraUsageTransactionList
    from .failure_category import FailureCategory
    from .feedback import Feedback
    from .feedback_finding import FeedbackFinding
    from .feedback_finding_input import FeedbackFindingInput
    from .feedback_list import FeedbackList
    from .feedback_row import FeedbackRow
    from .feedback_rubric_scores import FeedbackRubricScores
    from .feedback_rubric_section_responses import FeedbackRubricSectionResponses
    from .feedback_section import FeedbackSection
    from .feedback_severity import FeedbackSeverity
    from .feedback_template import FeedbackTemplate
    from .feedback_template_list import FeedbackTemplateList
    from .feedback_template_row import FeedbackTemplateRow
    from .feedback_type import FeedbackType
    from .generation import Generation
    from .generation_conversation import GenerationConversation
    from .generation_event import GenerationEvent
    from .generation_event_list import GenerationEventList
    from .generation_list import GenerationList
    from .generation_row import GenerationRow
    from .generation_started import GenerationStarted
    from .generation_state import GenerationState
    from .intake_artifact_list import IntakeArtifactList
    from .intake_artifact_row import IntakeArtifactRow
    from .interview import Interview
    from .interview_list import InterviewList
    from .interview_row import InterviewRow
    from .interview_status import InterviewStatus
    from .interview_turn import InterviewTurn
    from .migration_layer import MigrationLayer
    from .migration_mapping import MigrationMapping
    from .mirror_selection import MirrorSelection
    from .notification import Notification
    from .notification_list import NotificationList
    from .notification_preferences import NotificationPreferences
    from .organization import Organization
    from .package import Package
    from .package_delivery import PackageDelivery
    from .package_file import PackageFile
    from .package_file_list import PackageFileList
    from .package_hit import PackageHit
    from .package_list import PackageList
    from .package_row import PackageRow
    from .package_search_results import PackageSearchResults
    from .packages_search_results import PackagesSearchResults
    from .permission import Permission
    from .permission_list import PermissionList
    from .privacy_request_accepted import PrivacyRequestAccepted
    from .privacy_request_status import PrivacyRequestStatus
    from .problem import Problem
    from .project_type import ProjectType
    from .provider_key import ProviderKey
    from .provider_key_list import ProviderKeyList
    from .reconciled_contradiction import ReconciledContradiction
    from .reconciliation_summary import ReconciliationSummary
    from .recoverable_error_category import RecoverableErrorCategory
    from .reference_document import ReferenceDocument
    from .reference_document_list import ReferenceDocumentList
    from .reference_document_upload import ReferenceDocumentUpload
    from .refined_document import RefinedDocument
    from .refinement_action import RefinementAction
    from .refinement_audit import RefinementAudit
    from .refinement_audit_entry import RefinementAuditEntry
    from .refinement_pass import RefinementPass
    from .refinement_summary import RefinementSummary
    from .rename_generation_request import RenameGenerationRequest
    from .residual_blocker import ResidualBlocker
    from .residual_reference import ResidualReference
    from .resolved_blocker import ResolvedBlocker
    from .retention_preference import RetentionPreference
    from .review_profile import ReviewProfile
    from .search_hit import SearchHit
    from .service_status import ServiceStatus
    from .service_uptime import ServiceUptime
    from .set_provider_key_request import SetProviderKeyRequest
    from .sort_order import SortOrder
    from .source_control_preferences import SourceControlPreferences
    from .start_generation_request import StartGenerationRequest
    from .status_history import StatusHistory
    from .status_incident import StatusIncident
    from .status_subscribe_request import StatusSubscribeRequest
    from .status_subscription import StatusSubscription
    from .status_summary import StatusSummary
    from .status_uptime import StatusUptime
    from .submit_turn_response_200 import SubmitTurnResponse200
    from .submit_turn_response_200_status import SubmitTurnResponse200Status
    from .support_ticket import SupportTicket
    from .sync_connector_request import SyncConnectorRequest
    from .transcript_size import TranscriptSize
    from .turn_job import TurnJob
    from .turn_mode import TurnMode
    from .turn_request import TurnRequest
    from .turn_status import TurnStatus
    from .typed_evidence import TypedEvidence
    from .typed_evidence_input import TypedEvidenceInput
    from .typed_evidence_kind import TypedEvidenceKind
    from .unresolved_contradiction import UnresolvedContradiction
    from .update_api_key_scopes_request import UpdateApiKeyScopesRequest
    from .update_generation_request import UpdateGenerationRequest
    from .update_notification_preferences_request import (
        UpdateNotificationPreferencesRequest,
    )
    from .update_retention_preference_request import UpdateRetentionPreferenceRequest
    from .update_source_control_preferences_request import (
        UpdateSourceControlPreferencesRequest,
    )
    from .usage import Usage
    from .webhook import Webhook
    from .webhook_event import WebhookEvent
    from .webhook_list import WebhookList
    from .webhook_test import WebhookTest

__all__ = (
    "Account",
    "AddendumCreated",
    "AddendumList",
    "AddendumRow",
    "AmendFeedbackRequest",
    "Analytics",
    "AnalyticsReviewProfileDistribution",
    "AnswersAccepted",
    "ApiKey",
    "ApiKeyList",
    "ApiKeyWithSecret",
    "AuthorizeConnectorRequest",
    "AutoStartFailure",
    "BillingState",
    "BlockerResolutionSummary",
    "BugReport",
    "BugReportList",
    "BugSeverity",
    "CancelRequest",
    "Capabilities",
    "Clarification",
    "ClarificationAnswer",
    "ClarificationAnswers",
    "ClarificationList",
    "ClarifiedBlocker",
    "ClientType",
    "CommitConnectorRequest",
    "ConnectorAuthorization",
    "ConnectorCommitted",
    "ConnectorProvider",
    "ConnectorStatus",
    "ConnectorSynced",
    "ConversationItem",
    "CreateAddendumRequest",
    "CreateApiKeyRequest",
    "CreateBugReportRequest",
    "CreateFeedbackRequest",
    "CreateFeedbackRequestRubricScores",
    "CreateFeedbackRequestRubricSectionResponses",
    "CreateOrganizationRequest",
    "CreateSupportTicketRequest",
    "CreateWebhookRequest",
    "DataExportRequest",
    "DeletionRequest",
    "DocMigration",
    "DocMigrationCommitUpload",
    "DocMigrationPreview",
    "DocMigrationUpload",
    "ExplainAudience",
    "ExplainAudienceList",
    "ExplainRequest",
    "Explanation",
    "ExplanationFormat",
    "ExplanationList",
    "ExplanationRow",
    "ExternalConnector",
    "ExternalConnectorList",
    "ExternalFolder",
    "ExternalFolderList",
    "ExtraUsage",
    "ExtraUsageCheckout",
    "ExtraUsageCheckoutRequest",
    "ExtraUsageTransaction",
    "ExtraUsageTransactionList",
    "FailureCategory",
    "Feedback",
    "FeedbackFinding",
    "FeedbackFindingInput",
    "FeedbackList",
    "FeedbackRow",
    "FeedbackRubricScores",
    "FeedbackRubricSectionResponses",
    "FeedbackSection",
    "FeedbackSeverity",
    "FeedbackTemplate",
    "FeedbackTemplateList",
    "FeedbackTemplateRow",
    "FeedbackType",
    "Generation",
    "GenerationConversation",
    "GenerationEvent",
    "GenerationEventList",
    "GenerationList",
    "GenerationRow",
    "GenerationStarted",
    "GenerationState",
    "IntakeArtifactList",
    "IntakeArtifactRow",
    "Interview",
    "InterviewList",
    "InterviewRow",
    "InterviewStatus",
    "InterviewTurn",
    "MigrationLayer",
    "MigrationMapping",
    "MirrorSelection",
    "Notification",
    "NotificationList",
    "NotificationPreferences",
    "Organization",
    "Package",
    "PackageDelivery",
    "PackageFile",
    "PackageFileList",
    "PackageHit",
    "PackageList",
    "PackageRow",
    "PackageSearchResults",
    "PackagesSearchResults",
    "Permission",
    "PermissionList",
    "PrivacyRequestAccepted",
    "PrivacyRequestStatus",
    "Problem",
    "ProjectType",
    "ProviderKey",
    "ProviderKeyList",
    "ReconciledContradiction",
    "ReconciliationSummary",
    "RecoverableErrorCategory",
    "ReferenceDocument",
    "ReferenceDocumentList",
    "ReferenceDocumentUpload",
    "RefinedDocument",
    "RefinementAction",
    "RefinementAudit",
    "RefinementAuditEntry",
    "RefinementPass",
    "RefinementSummary",
    "RenameGenerationRequest",
    "ResidualBlocker",
    "ResidualReference",
    "ResolvedBlocker",
    "RetentionPreference",
    "ReviewProfile",
    "SearchHit",
    "ServiceStatus",
    "ServiceUptime",
    "SetProviderKeyRequest",
    "SortOrder",
    "SourceControlPreferences",
    "StartGenerationRequest",
    "StatusHistory",
    "StatusIncident",
    "StatusSubscribeRequest",
    "StatusSubscription",
    "StatusSummary",
    "StatusUptime",
    "SubmitTurnResponse200",
    "SubmitTurnResponse200Status",
    "SupportTicket",
    "SyncConnectorRequest",
    "TranscriptSize",
    "TurnJob",
    "TurnMode",
    "TurnRequest",
    "TurnStatus",
    "TypedEvidence",
    "TypedEvidenceInput",
    "TypedEvidenceKind",
    "UnresolvedContradiction",
    "UpdateApiKeyScopesRequest",
    "UpdateGenerationRequest",
    "UpdateNotificationPreferencesRequest",
    "UpdateRetentionPreferenceRequest",
    "UpdateSourceControlPreferencesRequest",
    "Usage",
    "Webhook",
    "WebhookEvent",
    "WebhookList",
    "WebhookTest",
)

_MODULES = {
    "Account": ".account",
    "AddendumCreated": ".addendum_created",
    "AddendumList": ".addendum_list",
    "AddendumRow": ".addendum_row",
    "AmendFeedbackRequest": ".amend_feedback_request",
    "Analytics": ".analytics",
    "AnalyticsReviewProfileDistribution": ".analytics_review_profile_distribution",
    "AnswersAccepted": ".answers_accepted",
    "ApiKey": ".api_key",
    "ApiKeyList": ".api_key_list",
    "ApiKeyWithSecret": ".api_key_with_secret",
    "AuthorizeConnectorRequest": ".authorize_connector_request",
    "AutoStartFailure": ".auto_start_failure",
    "BillingState": ".billing_state",
    "BlockerResolutionSummary": ".blocker_resolution_summary",
    "BugReport": ".bug_report",
    "BugReportList": ".bug_report_list",
    "BugSeverity": ".bug_severity",
    "CancelRequest": ".cancel_request",
    "Capabilities": ".capabilities",
    "Clarification": ".clarification",
    "ClarificationAnswer": ".clarification_answer",
    "ClarificationAnswers": ".clarification_answers",
    "ClarificationList": ".clarification_list",
    "ClarifiedBlocker": ".clarified_blocker",
    "ClientType": ".client_type",
    "CommitConnectorRequest": ".commit_connector_request",
    "ConnectorAuthorization": ".connector_authorization",
    "ConnectorCommitted": ".connector_committed",
    "ConnectorProvider": ".connector_provider",
    "ConnectorStatus": ".connector_status",
    "ConnectorSynced": ".connector_synced",
    "ConversationItem": ".conversation_item",
    "CreateAddendumRequest": ".create_addendum_request",
    "CreateApiKeyRequest": ".create_api_key_request",
    "CreateBugReportRequest": ".create_bug_report_request",
    "CreateFeedbackRequest": ".create_feedback_request",
    "CreateFeedbackRequestRubricScores": ".create_feedback_request_rubric_scores",
    "CreateFeedbackRequestRubricSectionResponses": ".create_feedback_request_rubric_section_responses",
    "CreateOrganizationRequest": ".create_organization_request",
    "CreateSupportTicketRequest": ".create_support_ticket_request",
    "CreateWebhookRequest": ".create_webhook_request",
    "DataExportRequest": ".data_export_request",
    "DeletionRequest": ".deletion_request",
    "DocMigration": ".doc_migration",
    "DocMigrationCommitUpload": ".doc_migration_commit_upload",
    "DocMigrationPreview": ".doc_migration_preview",
    "DocMigrationUpload": ".doc_migration_upload",
    "ExplainAudience": ".explain_audience",
    "ExplainAudienceList": ".explain_audience_list",
    "ExplainRequest": ".explain_request",
    "Explanation": ".explanation",
    "ExplanationFormat": ".explanation_format",
    "ExplanationList": ".explanation_list",
    "ExplanationRow": ".explanation_row",
    "ExternalConnector": ".external_connector",
    "ExternalConnectorList": ".external_connector_list",
    "ExternalFolder": ".external_folder",
    "ExternalFolderList": ".external_folder_list",
    "ExtraUsage": ".extra_usage",
    "ExtraUsageCheckout": ".extra_usage_checkout",
    "ExtraUsageCheckoutRequest": ".extra_usage_checkout_request",
    "ExtraUsageTransaction": ".extra_usage_transaction",
    "ExtraUsageTransactionList": ".extra_usage_transaction_list",
    "FailureCategory": ".failure_category",
    "Feedback": ".feedback",
    "FeedbackFinding": ".feedback_finding",
    "FeedbackFindingInput": ".feedback_finding_input",
    "FeedbackList": ".feedback_list",
    "FeedbackRow": ".feedback_row",
    "FeedbackRubricScores": ".feedback_rubric_scores",
    "FeedbackRubricSectionResponses": ".feedback_rubric_section_responses",
    "FeedbackSection": ".feedback_section",
    "FeedbackSeverity": ".feedback_severity",
    "FeedbackTemplate": ".feedback_template",
    "FeedbackTemplateList": ".feedback_template_list",
    "FeedbackTemplateRow": ".feedback_template_row",
    "FeedbackType": ".feedback_type",
    "Generation": ".generation",
    "GenerationConversation": ".generation_conversation",
    "GenerationEvent": ".generation_event",
    "GenerationEventList": ".generation_event_list",
    "GenerationList": ".generation_list",
    "GenerationRow": ".generation_row",
    "GenerationStarted": ".generation_started",
    "GenerationState": ".generation_state",
    "IntakeArtifactList": ".intake_artifact_list",
    "IntakeArtifactRow": ".intake_artifact_row",
    "Interview": ".interview",
    "InterviewList": ".interview_list",
    "InterviewRow": ".interview_row",
    "InterviewStatus": ".interview_status",
    "InterviewTurn": ".interview_turn",
    "MigrationLayer": ".migration_layer",
    "MigrationMapping": ".migration_mapping",
    "MirrorSelection": ".mirror_selection",
    "Notification": ".notification",
    "NotificationList": ".notification_list",
    "NotificationPreferences": ".notification_preferences",
    "Organization": ".organization",
    "Package": ".package",
    "PackageDelivery": ".package_delivery",
    "PackageFile": ".package_file",
    "PackageFileList": ".package_file_list",
    "PackageHit": ".package_hit",
    "PackageList": ".package_list",
    "PackageRow": ".package_row",
    "PackageSearchResults": ".package_search_results",
    "PackagesSearchResults": ".packages_search_results",
    "Permission": ".permission",
    "PermissionList": ".permission_list",
    "PrivacyRequestAccepted": ".privacy_request_accepted",
    "PrivacyRequestStatus": ".privacy_request_status",
    "Problem": ".problem",
    "ProjectType": ".project_type",
    "ProviderKey": ".provider_key",
    "ProviderKeyList": ".provider_key_list",
    "ReconciledContradiction": ".reconciled_contradiction",
    "ReconciliationSummary": ".reconciliation_summary",
    "RecoverableErrorCategory": ".recoverable_error_category",
    "ReferenceDocument": ".reference_document",
    "ReferenceDocumentList": ".reference_document_list",
    "ReferenceDocumentUpload": ".reference_document_upload",
    "RefinedDocument": ".refined_document",
    "RefinementAction": ".refinement_action",
    "RefinementAudit": ".refinement_audit",
    "RefinementAuditEntry": ".refinement_audit_entry",
    "RefinementPass": ".refinement_pass",
    "RefinementSummary": ".refinement_summary",
    "RenameGenerationRequest": ".rename_generation_request",
    "ResidualBlocker": ".residual_blocker",
    "ResidualReference": ".residual_reference",
    "ResolvedBlocker": ".resolved_blocker",
    "RetentionPreference": ".retention_preference",
    "ReviewProfile": ".review_profile",
    "SearchHit": ".search_hit",
    "ServiceStatus": ".service_status",
    "ServiceUptime": ".service_uptime",
    "SetProviderKeyRequest": ".set_provider_key_request",
    "SortOrder": ".sort_order",
    "SourceControlPreferences": ".source_control_preferences",
    "StartGenerationRequest": ".start_generation_request",
    "StatusHistory": ".status_history",
    "StatusIncident": ".status_incident",
    "StatusSubscribeRequest": ".status_subscribe_request",
    "StatusSubscription": ".status_subscription",
    "StatusSummary": ".status_summary",
    "StatusUptime": ".status_uptime",
    "SubmitTurnResponse200": ".submit_turn_response_200",
    "SubmitTurnResponse200Status": ".submit_turn_response_200_status",
    "SupportTicket": ".support_ticket",
    "SyncConnectorRequest": ".sync_connector_request",
    "TranscriptSize": ".transcript_size",
    "TurnJob": ".turn_job",
    "TurnMode": ".turn_mode",
    "TurnRequest": ".turn_request",
    "TurnStatus": ".turn_status",
    "TypedEvidence": ".typed_evidence",
    "TypedEvidenceInput": ".typed_evidence_input",
    "TypedEvidenceKind": ".typed_evidence_kind",
    "UnresolvedContradiction": ".unresolved_contradiction",
    "UpdateApiKeyScopesRequest": ".update_api_key_scopes_request",
    "UpdateGenerationRequest": ".update_generation_request",
    "UpdateNotificationPreferencesRequest": ".update_notification_preferences_request",
    "UpdateRetentionPreferenceRequest": ".update_retention_preference_request",
    "UpdateSourceControlPreferencesRequest": ".update_source_control_preferences_request",
    "Usage": ".usage",
    "Webhook": ".webhook",
    "WebhookEvent": ".webhook_event",
    "WebhookList": ".webhook_list",
    "WebhookTest": ".webhook_test",
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        module = _MODULES.get(name)
        if module is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(module, __name__), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
