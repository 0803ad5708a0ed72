"""The components of accounts, keys, reports and the rest, in the short notation."""

from ..http.templates import TYPES

ENUMS: dict[str, tuple[str, ...]] = {
    "BugSeverityLevel": ("low", "medium", "high", "critical"),
    "FeedbackSeverityLevel": ("info", "low", "medium", "high", "critical"),
    "FeedbackKind": TYPES,
    "SubmitterClient": ("browser", "api", "mcp"),
    "PrivacyJobStatus": ("queued", "processing", "completed", "failed"),
}

_REPORTER = (
    "account_name:text? account_email:text? account_plan:text? build_version:text? ai_tool:text? created_at:date"
)
_FEEDBACK_TARGETS = "interview_id?:uuid? intake_artifact_id?:uuid? generation_id?:uuid? package_id?:uuid?"
_FEEDBACK_SCORES = (
    "interview_quality_score?:num? package_quality_score?:num? build_confidence_percent?:num? letter_grade?:text? "
    "template_id?:text? rubric_version?:text? estimated_output_quality?:text? project_type?:text? review_profile?:text?"
)
_FEEDBACK_LISTS = "tags?:[text]? transcript_evidence?:[text]? package_evidence?:[text]?"
_KEY = "id:uuid name:text? scopes:[text]? project_id:uuid? organization_id:uuid? created_at:date last_rotated_at:date?"

RECORDS: dict[str, str] = {
    "CapabilitiesResponse": (
        "schema_version:text rubric_version:text quality_rubric_version:text review_profiles:[text] "
        "project_types:[text] mirror_selections:[text]"
    ),
    "MeResponse": "id:uuid display_name:text? email:text plan:text",
    "AnalyticsResponse": ("generation_count:int average_duration_seconds:num? review_profile_distribution:{int}"),
    "ApiKeyDto": _KEY,
    "ApiKeysResponse": "keys:[@ApiKeyDto]",
    "IssuedApiKeyResponse": f"{_KEY} raw_key:text",
    "IssueApiKeyRequest": "name?:text? scopes?:[text]? project_id?:uuid?",
    "SetScopesRequest": "scopes:[text]?",
    "PermissionDto": "code:text description:text?",
    "PermissionCatalog": "permissions:[=PermissionDto]",
    "WebhookSubscriptionDto": (
        "id:uuid url:text events:[text] signing_secret:text? created_at:date last_delivery_at:date? last_status:text? "
        "last_http_code:int?"
    ),
    "WebhookSubscriptionsResponse": "webhooks:[@WebhookSubscriptionDto]",
    "RegisterWebhookRequest": "url:text events:[text]",
    "WebhookTestOutcome": ("success:flag http_status:int? failure_reason:text? latency_ms:long? delivery_id:uuid?"),
    "OrganizationDto": (
        "id:uuid name:text primary_contact_user_id:uuid address_line1:text? address_line2:text? city:text? "
        "region:text? postal_code:text? country:text? phone_number:text? member_count:int created_at:date "
        "updated_at:date?"
    ),
    "FoundOrganizationRequest": (
        "name:text address_line1?:text? address_line2?:text? city?:text? region?:text? postal_code?:text? "
        "country?:text? phone_number?:text?"
    ),
    "ProviderKeyDto": "provider:text created_at:date?",
    "ProviderKeysResponse": "keys:[@ProviderKeyDto]",
    "UpsertProviderKeyRequest": "secret:text",
    "PrepaidBalanceResponse": "enabled:flag balance_usd:num last_topup_at:date?",
    "TopUpRequest": "amount_usd:int",
    "TopUpResponse": "checkout_url:text",
    "BalanceTransactionDto": "id:uuid kind:text amount_usd:num created_at:date",
    "BalanceTransactionsResponse": "transactions:[@BalanceTransactionDto]",
    "NotificationPreferencesDto": "email?:flag? sms?:flag?",
    "RetentionDto": "default_retention_days:int?",
    "DeliveryTargetDto": "repository?:text? base_branch?:text?",
    "DeliveryResponse": "status:text repository:text? branch:text?",
    "PrivacyJobAccepted": "request_id:uuid status:@PrivacyJobStatus",
    "DataExportStatusResponse": (
        "request_id:uuid status:@PrivacyJobStatus requested_at:date download_url:text? download_url_expires_at:date?"
    ),
    "DeletionStatusResponse": "request_id:uuid status:@PrivacyJobStatus requested_at:date",
    "SubmitBugReportRequest": (
        "title:text description:text severity?:@BugSeverityLevel? related_generation_id?:uuid? current_route?:text? "
        "user_agent?:text? client_type?:@SubmitterClient?"
    ),
    "BugReportDto": (
        "id:uuid title:text description:text severity:@BugSeverityLevel status:text related_generation_id:uuid? "
        f"current_route:text? user_agent:text? client_type:@SubmitterClient {_REPORTER}"
    ),
    "BugReportsResponse": "reports:[@BugReportDto]",
    "EvidenceItem": "kind:text payload_json:text",
    "FindingDto": (
        "severity:@FeedbackSeverityLevel topic:text title:text evidence?:text? expected_behavior?:text? "
        "suggested_fix?:text? typed_evidence?:[@EvidenceItem]?"
    ),
    "SubmitFeedbackRequest": (
        "type:@FeedbackKind title:text full_report:text summary?:text? severity?:@FeedbackSeverityLevel? "
        f"client_type?:@SubmitterClient? {_FEEDBACK_TARGETS} {_FEEDBACK_SCORES} structured_findings?:[@FindingDto]? "
        f"rubric_section_responses?:{{any}} rubric_scores?:{{any}} {_FEEDBACK_LISTS}"
    ),
    "FeedbackDto": (
        "id:uuid type:@FeedbackKind title:text full_report:text summary?:text? severity:@FeedbackSeverityLevel "
        f"client_type:@SubmitterClient status:text {_FEEDBACK_TARGETS} {_FEEDBACK_SCORES} "
        f"structured_findings?:[@FindingDto]? rubric_section_responses?:{{any}} rubric_scores?:{{any}} "
        f"{_FEEDBACK_LISTS} {_REPORTER}"
    ),
    "FeedbackListItem": (
        "id:uuid type:@FeedbackKind title:text severity:@FeedbackSeverityLevel client_type:@SubmitterClient status:text "
        f"{_FEEDBACK_TARGETS} {_FEEDBACK_SCORES} summary_excerpt:text? tag_count:int finding_count:int "
        "transcript_evidence_count:int package_evidence_count:int created_at:date"
    ),
    "FeedbackListResponse": "feedback:[@FeedbackListItem]",
    "AmendFeedbackBody": f"title?:text summary?:text? full_report?:text {_FEEDBACK_LISTS}",
    "TemplateSection": "id:text title:text prompt:text score_scale:any",
    "TemplateResponse": "id:text version:text type:@FeedbackKind title:text sections:[@TemplateSection]",
    "TemplateListItem": "id:text version:text type:@FeedbackKind title:text",
    "TemplatesResponse": "templates:[@TemplateListItem]",
    "OpenTicketRequest": "subject:text message:text",
    "TicketResponse": "id:uuid status:text",
    "ServiceHealth": "name:text status:text",
    "IncidentDto": "id:text title:text status:text started_at:date resolved_at:date?",
    "StatusSummaryResponse": (
        "overall:text services:[@ServiceHealth] active_incidents:[@IncidentDto] generated_at:date"
    ),
    "IncidentHistoryResponse": "incidents:[@IncidentDto]",
    "SubscribeRequest": "email:text",
    "ConnectFolderRequest": "interviewId:uuid",
    "ConnectFolderResponse": "authorize_url:text state:text",
    "FolderDto": "id:text name:text has_subfolders:flag",
    "FoldersResponse": "folders:[@FolderDto]",
    "CommitConnectorBody": "folderId:text folderName:text",
    "CommitConnectorResponse": "connector_id:uuid files_synced:int files_skipped:int",
    "ConnectorDto": "id:uuid provider:text folder_name:text status:text created_at:date last_synced_at:date?",
    "ConnectorsResponse": "connectors:[@ConnectorDto]",
    "SyncConnectorBody": "interviewId:uuid",
    "SyncConnectorResponse": "files_synced:int files_skipped:int",
}
