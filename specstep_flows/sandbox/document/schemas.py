"""The components of interviews, generations and packages, in the short notation."""

from ..options import RUNNING_STATES

ENUMS: dict[str, tuple[str, ...]] = {
    "GenerationStateDto": (
        *RUNNING_STATES,
        "Paused",
        "PausedAwaitingClarification",
        "Complete",
        "Failed",
        "Cancelled",
        "AddendumRunning",
    ),
    "GenerationProfile": ("Fast", "Normal", "Extensive", "Researcher"),
    "TargetKind": ("WebApp", "MobileApp", "MobileGame", "DesktopApp", "BrowserExtension", "AiAgent", "AiTool"),
    "MirrorFileSelection": ("None", "ClaudeMd"),
    "BillingPosture": ("NotStarted", "Active", "PausedRetrying", "Complete", "PausedAwaitingInput"),
    "GenerationFailureKind": (
        "Unknown",
        "StuckInQueue",
        "HostRestart",
        "OrchestratorCrash",
        "LlmAuthFailure",
        "LlmQuotaExceeded",
        "NetworkTimeout",
        "ReviewBudgetExhausted",
        "RedraftNoProgress",
        "ReviewLoopStalled",
        "CostBudgetExceeded",
        "LeaseExpired",
        "LlmContract",
    ),
    "ConversationStatus": (
        "Active",
        "Paused",
        "Complete",
        "Abandoned",
        "AwaitingClarification",
        "ClarificationResolved",
    ),
}

RECORDS: dict[str, str] = {
    "ProblemDetails": "type?:text? title?:text? status?:int? detail?:text? instance?:text?",
    # Interviews
    "TranscriptSizeDto": "chars:int tokens_estimate:int max_chars:int max_tokens:int percent_used:num",
    "AutoStartProblem": "code:text message:text",
    "TranscriptEntry": "role:text content:text created_at:date",
    "InterviewResponse": (
        "id:uuid status:@ConversationStatus detected_type:text? display_title:text? turn_count:int "
        "turns:[@TranscriptEntry] intake_artifact_id:uuid? started_generation_id:uuid? "
        "auto_start_failure:@AutoStartProblem? transcript_size:@TranscriptSizeDto started_at:date last_activity_at:date"
    ),
    "InterviewListItem": (
        "id:uuid status:@ConversationStatus detected_type:text? display_title:text? turn_count:int started_at:date "
        "last_activity_at:date"
    ),
    "InterviewListResponse": "interviews:[@InterviewListItem]",
    "SubmitInterviewTurnRequest": "message:text",
    "InterviewTurnJobResponse": (
        "status:text job_id?:uuid? interview_id:uuid submission_id?:uuid? user_turn_committed?:flag? "
        "snapshot?:@InterviewResponse? error_code?:text? error_message?:text? is_retryable?:flag? created_at?:date? "
        "completed_at?:date?"
    ),
    "ReferenceDocumentDto": (
        "id:uuid interview_id:uuid file_name:text content_type:text size_bytes:long uploaded_at:date"
    ),
    "IntakeArtifactDto": "id:uuid interview_id:uuid project_name:text? schema_version:text completed_at:date",
    "IntakeArtifactsResponse": "artifacts:[=IntakeArtifactDto]",
    # Generations
    "CreateGenerationRequest": (
        "intake_id:uuid review_profile?:@GenerationProfile? project_type?:@TargetKind? schema_version?:text? "
        "mirror_selection?:@MirrorFileSelection? has_ui?:flag?"
    ),
    "CreateGenerationResponse": "id:uuid state:@GenerationStateDto download_url:text? package_id:uuid?",
    "RefinedDoc": "path:text referenced_by:[text]",
    "ResidualDoc": "path:text referenced_by:[text] reason:text",
    "RefinementReport": (
        "rounds_used:int generated_count:int dropped_count:int residual_count:int generated:[@RefinedDoc] "
        "dropped:[@RefinedDoc] residual:[@ResidualDoc] summary:text"
    ),
    "ContradictionDto": "category:text summary:text affected_locations:[text]",
    "OpenContradictionDto": "category:text summary:text affected_locations:[text] reason:text",
    "ReconciliationReport": (
        "rounds_used:int reconciled_count:int unresolved_count:int reconciled:[@ContradictionDto] "
        "unresolved:[@OpenContradictionDto] summary:text"
    ),
    "ClearedBlocker": "target_section:text summary:text",
    "EscalatedBlocker": "target_section:text summary:text question:text",
    "OpenBlocker": "target_section:text summary:text reason:text",
    "BlockerReport": (
        "resolved_count:int clarified_count:int residual_count:int resolved:[@ClearedBlocker] "
        "clarified:[@EscalatedBlocker] residual:[@OpenBlocker] summary:text"
    ),
    "AuditEntry": "pass:text action:text target:text detail:text",
    "RefinementAuditReport": (
        "auto_fixed_count:int escalated_count:int auto_fixed:[@AuditEntry] escalated:[@AuditEntry] summary:text"
    ),
    "GenerationStatusResponse": (
        "id:uuid intake_id:uuid state:@GenerationStateDto review_profile:@GenerationProfile current_round:int "
        "started_at:date? completed_at:date? failed_at:date? failure_reason:text? "
        "failure_category:@GenerationFailureKind? schema_version:text rubric_version:text manifest:any "
        "running_cost_usd:num billing_state:@BillingPosture? started_work_at:date? phase_detail:text? "
        "progress_explanation:text? estimated_duration_seconds:num? estimated_time_remaining_seconds:num? "
        "estimated_completion_at:date? active_specialist:text? retry_count:int last_retry_at:date? next_retry_at:date? "
        "recoverable_error_category:text? host_restart_resume_count:int refinement_summary:@RefinementReport? "
        "reconciliation_summary:@ReconciliationReport? blocker_resolution_summary:@BlockerReport? "
        "refinement_audit:@RefinementAuditReport? consistency_findings:[any]? progress_percent:int "
        "estimated_total_usd:num? estimated_total_p25_usd:num? estimated_total_p75_usd:num? "
        "estimated_total_sample_size:int? project_name:text? description:text? kind:text kind_label:text "
        "package_id:uuid?"
    ),
    "GenerationSummaryDto": (
        "id:uuid short_id:text project_name:text? state:@GenerationStateDto review_profile:@GenerationProfile "
        "cost_usd:num? started_at:date? completed_at:date? failed_at:date? current_round:int failure_reason:text? "
        "failure_category:@GenerationFailureKind? source_channel:text? interview_id:uuid?"
    ),
    "GenerationPage": "generations:[@GenerationSummaryDto]",
    "AgentInvocationDto": (
        "invocation_id:uuid agent_role:text character_name:text? display_name:text? asset_slug:text? accent_hex:text? "
        "action:text? narration:text? status:text started_at:date ended_at:date? duration_ms:long? cost_usd:num?"
    ),
    "ConversationFeedResponse": "items:[@AgentInvocationDto]",
    "PendingClarificationDto": "agent:text section:text? question:text why:text? proposedDefault:text?",
    "PendingClarificationsResponse": "state:@GenerationStateDto clarifications:[=PendingClarificationDto]",
    "ClarificationAnswerDto": "question:text answer:text",
    "SubmitClarificationAnswersRequest": "answers:[@ClarificationAnswerDto]",
    "SubmitClarificationAnswersResponse": "generation_id:uuid status_url:text",
    "CancelGenerationRequest": "reason?:text?",
    "SetGenerationNameRequest": "name?:text?",
    "UpdateGenerationFromInterviewRequest": "intake_id:uuid",
    # Packages
    "PackageResponse": (
        "id:uuid generation_id:uuid? version:text review_profile:@GenerationProfile? total_cost_usd:num? "
        "project_name:text? description:text? kind:text kind_label:text created_at:date download_url:uri"
    ),
    "PackageListItem": (
        "id:uuid generation_id:uuid? version:text review_profile:@GenerationProfile? total_cost_usd:num? "
        "project_name:text? description:text? kind:text kind_label:text created_at:date download_url:uri "
        "generation_state:@GenerationStateDto? addenda_count:int"
    ),
    "PackagePage": "packages:[@PackageListItem]",
    "PackageEntry": "path:text size_bytes:long",
    "PackageEntriesResponse": "files:[@PackageEntry]",
    "SearchResultDto": "file_path:text snippet:text rank:num",
    "PackageSearchResponse": "query:text results:[@SearchResultDto]",
    "PackageSearchGroup": (
        "package_id:uuid project_name:text? version:text total_hit_count:int files:[@SearchResultDto]"
    ),
    "CrossPackageSearchResponse": "query:text results:[@PackageSearchGroup]",
    "FileAddendumRequest": "title:text description:text",
    "FileAddendumResponse": "addendum_id:uuid download_url:text cost_usd:num",
    "AddendumDto": (
        "id:uuid package_id:uuid title:text description:text cost_usd:num submitted_by_user_id:uuid created_at:date"
    ),
    "AddendaResponse": "addenda:[@AddendumDto]",
    "AudienceDto": "slug:text display_name:text description:text",
    "AudiencesResponse": "audiences:[@AudienceDto]",
    "ExplainPackageRequest": "audience:text",
    "ExplainPackageResponse": "markdown:text audience:text model:text? cost_usd:num cached:flag",
    "ExplanationDto": "id:uuid audience:text model:text? cost_usd:num cached:flag created_at:date",
    "ExplanationsResponse": "explanations:[=ExplanationDto]",
    "MigrationMappingDto": "source_path:text doc_type:text target_path:text layer:text confidence:num",
    "MigrationPreviewResponse": (
        "source_archive_name:text source_byte_count:long total_file_count:int classified_count:int "
        "unclassified_count:int classifier_version:text mapping:[@MigrationMappingDto] conflicting_target_paths:[text]"
    ),
    "MigrationCommitResponse": (
        "migration_id:uuid package_id:uuid project_id:uuid version:text classified_count:int unclassified_count:int"
    ),
    "ArchiveForm": "file:file",
    "MigrationCommitForm": "file:file project_id?:uuid version?:text target_path_overrides?:text",
}
