"""All operations of the document, one line each: method and path | operationId | query | body | answers.

The tag stands before its operations. An answer is a status with a type in the short notation, or with nothing where
the service's code says nothing; `problem` stands for problem+json. Path parameters that end in Id are UUIDs.
"""

OPERATIONS: dict[str, str] = {
    "Generations": """
        POST /v1/generations | KickOffGeneration | | @CreateGenerationRequest | 202:=CreateGenerationResponse 400:problem 402:problem 409:problem
        GET /v1/generations | | status:text limit:int offset:int order:text | | 200:@GenerationPage 400:problem
        GET /v1/generations/deleted | | status:text limit:int offset:int order:text | | 200:@GenerationPage
        GET /v1/generations/{generationId} | GetGenerationStatus | | | 200:@GenerationStatusResponse 404:problem
        DELETE /v1/generations/{generationId} | | | | 204 404:problem 409:problem
        DELETE /v1/generations/{generationId}/permanent | | | | 204 404:problem 409:problem
        POST /v1/generations/{generationId}/restore | | | | 204 404:problem
        PATCH /v1/generations/{generationId}/name | | | @SetGenerationNameRequest | 204 400:problem 404:problem
        GET /v1/generations/{generationId}/events | | | | 200 404:problem
        GET /v1/generations/{generationId}/conversation | | take:int | | 200:@ConversationFeedResponse 404:problem
        GET /v1/generations/{generationId}/package | | | | 200:@PackageResponse 404:problem
        POST /v1/generations/{generationId}/pause | | | | 204 404:problem 409:problem
        POST /v1/generations/{generationId}/resume | | | | 204 404:problem 409:problem
        POST /v1/generations/{generationId}/cancel | | | @CancelGenerationRequest? | 204 404:problem 409:problem
        POST /v1/generations/{generationId}/retry | | | | 202:=CreateGenerationResponse 404:problem 409:problem
        POST /v1/generations/{generationId}/update | | | @UpdateGenerationFromInterviewRequest | 202:=CreateGenerationResponse 404:problem 409:problem
        GET /v1/generations/{generationId}/clarifications | | | | 200:@PendingClarificationsResponse 404:problem
        POST /v1/generations/{generationId}/clarifications/answers | | | @SubmitClarificationAnswersRequest | 202:@SubmitClarificationAnswersResponse 400:problem 404:problem
    """,
    "InterviewConversations": """
        GET /v1/interviews | | status:text limit:int | | 200:@InterviewListResponse
        POST /v1/interviews | | | | 201:@InterviewResponse
        GET /v1/interviews/{conversationId} | | | | 200:@InterviewResponse 404:problem
        DELETE /v1/interviews/{conversationId} | | | | 204 404:problem
        DELETE /v1/interviews/{conversationId}/permanent | | | | 204 404:problem 409:problem
        POST /v1/interviews/{conversationId}/restore | | | | 204 404:problem
        GET /v1/interviews/deleted | | limit:int offset:int | | 200:=InterviewListResponse
        POST /v1/interviews/{conversationId}/turns | | mode:text | @SubmitInterviewTurnRequest | 200 202:@InterviewTurnJobResponse 400:problem 404:problem 409:problem
        POST /v1/interviews/{conversationId}/complete | | | | 200 404:problem 409:problem
        GET /v1/interviews/turns/{turnJobId} | PollTurn | | | 200:@InterviewTurnJobResponse 404:problem
        POST /v1/interviews/turns/{turnJobId}/cancel | | | | 200:@InterviewTurnJobResponse 404:problem 409:problem
        POST /v1/interviews/{conversationId}/reference-documents | | | form:@ArchiveForm | 201:@ReferenceDocumentDto 400:problem 404:problem
        GET /v1/interviews/{conversationId}/reference-documents | | | | 200 404:problem
        DELETE /v1/interviews/{conversationId}/reference-documents/{referenceDocumentId} | | | | 204 404:problem
        GET /v1/intake-artifacts | | status:text limit:int offset:int | | 200:@IntakeArtifactsResponse
    """,
    "Packages": """
        GET /v1/packages | | limit:int offset:int order:text | | 200:@PackagePage
        GET /v1/packages/deleted | | limit:int offset:int order:text | | 200:=PackagePage
        GET /v1/packages/search | | q:text limit:int | | 200:@CrossPackageSearchResponse
        GET /v1/packages/{packageId} | | | | 200:@PackageResponse 404:problem
        DELETE /v1/packages/{packageId} | | | | 204 404:problem
        DELETE /v1/packages/{packageId}/permanent | | | | 204 404:problem 409:problem
        POST /v1/packages/{packageId}/restore | | | | 204 404:problem
        GET /v1/packages/{packageId}/files | | | | 200:@PackageEntriesResponse 404:problem
        GET /v1/packages/{packageId}/files/{entryPath} | | | | 200 400:problem 404:problem
        GET /v1/packages/{packageId}/search | | q:text limit:int | | 200:@PackageSearchResponse 404:problem
        GET /v1/packages/{packageId}/zip | DownloadPackage | | | 302 404:problem
        POST /v1/packages/{packageId}/deliver | | | | 202:@DeliveryResponse 404:problem 409:problem
        GET /v1/packages/{packageId}/addenda | | | | 200:@AddendaResponse 404:problem
        POST /v1/packages/{packageId}/addenda | | | @FileAddendumRequest | 200:@FileAddendumResponse 400:problem 404:problem
        GET /v1/packages/{packageId}/addenda/{changeId}/zip | | | | 302 404:problem
        POST /v1/packages/{packageId}/explain | | | @ExplainPackageRequest | 200:@ExplainPackageResponse 400:problem 404:problem
        GET /v1/packages/{packageId}/explanations | | | | 200:@ExplanationsResponse 404:problem
        GET /v1/packages/{packageId}/explain/download | | audience:text format:text | | 200 400:problem 404:problem
        GET /v1/explain/audiences | | anonymous | | 200:@AudiencesResponse
        POST /v1/doc-migrations/preview | | | form:@ArchiveForm | 200:@MigrationPreviewResponse 400:problem
        POST /v1/doc-migrations/commit | | | form:@MigrationCommitForm | 200:@MigrationCommitResponse 400:problem 409:problem
    """,
    "SpecStep.Api": """
        GET /v1/capabilities | | anonymous | | 200:=CapabilitiesResponse
        GET /v1/me | WhoAmI | | | 200:@MeResponse
        GET /v1/usage | | | | 200
        GET /v1/me/analytics | | | | 200:@AnalyticsResponse
        GET /v1/schema/intake/{schemaVersion} | | | | 200 404:problem
        GET /v1/schema/package/{schemaVersion} | | | | 200 404:problem
        GET /v1/status/summary | | anonymous | | 200:@StatusSummaryResponse
        GET /v1/status/uptime | | anonymous days:int | | 200
        GET /v1/status/history | | anonymous limit:int | | 200:@IncidentHistoryResponse
        POST /v1/status/subscribe | | anonymous | @SubscribeRequest | 200 400:problem 429:problem
        POST /v1/support/ticket | | | @OpenTicketRequest | 201:@TicketResponse 400:problem
    """,
    "Settings": """
        GET /v1/api-keys | | | | 200:@ApiKeysResponse
        POST /v1/api-keys | | | @IssueApiKeyRequest | 201:@IssuedApiKeyResponse 400:problem 403:problem
        PATCH /v1/api-keys/{keyId}/scopes | | | @SetScopesRequest | 204 400:problem 403:problem 404:problem
        POST /v1/api-keys/{keyId}/rotate | | | | 200:@IssuedApiKeyResponse 403:problem 404:problem
        GET /v1/permissions | | | | 200:@PermissionCatalog
        GET /v1/api-keys/{keyId}/webhooks | | | | 200:@WebhookSubscriptionsResponse 404:problem
        POST /v1/api-keys/{keyId}/webhooks | | | @RegisterWebhookRequest | 201:@WebhookSubscriptionDto 400:problem 404:problem
        DELETE /v1/api-keys/{keyId}/webhooks/{subscriptionId} | | | | 204 404:problem
        POST /v1/api-keys/{keyId}/webhooks/{subscriptionId}/rotate-secret | | | | 200:@WebhookSubscriptionDto 404:problem
        POST /v1/api-keys/{keyId}/webhooks/{subscriptionId}/test | | | | 200:@WebhookTestOutcome 404:problem
        GET /v1/me/organization | | | | 200:@OrganizationDto 204
        POST /v1/me/organization | | | @FoundOrganizationRequest | 201:@OrganizationDto 400:problem 403:problem 409:problem
        GET /v1/me/provider-keys | | | | 200:@ProviderKeysResponse
        PATCH /v1/me/provider-keys/{providerName} | | | @UpsertProviderKeyRequest | 204 400:problem 404:problem
        DELETE /v1/me/provider-keys/{providerName} | | | | 204 404:problem
        GET /v1/notifications | | | | 200
        GET /v1/notification-preferences | | | | 200:@NotificationPreferencesDto
        PUT /v1/notification-preferences | | | @NotificationPreferencesDto | 200:@NotificationPreferencesDto 400:problem
        GET /v1/users/me/retention-preference | | | | 200:@RetentionDto
        PUT /v1/users/me/retention-preference | | | @RetentionDto | 200:@RetentionDto 400:problem
        GET /v1/source-control/preferences/installation | | | | 200:@DeliveryTargetDto
        PUT /v1/source-control/preferences/installation | | | @DeliveryTargetDto | 200:@DeliveryTargetDto 400:problem
        POST /v1/users/me/data-export-request | | cookie | | 202:@PrivacyJobAccepted 403:problem
        GET /v1/users/me/data-export-request | | | | 200:@DataExportStatusResponse 404:problem
        POST /v1/users/me/deletion-request | | cookie | | 202:@PrivacyJobAccepted 403:problem
        GET /v1/users/me/deletion-request | | | | 200:@DeletionStatusResponse 404:problem
        GET /v1/me/extra-usage | | cookie | | 200:@PrepaidBalanceResponse 403:problem
        POST /v1/me/extra-usage/enable | | cookie | | 200:@PrepaidBalanceResponse 403:problem
        POST /v1/me/extra-usage/disable | | cookie | | 200:@PrepaidBalanceResponse 403:problem
        POST /v1/me/extra-usage/checkout | | cookie | @TopUpRequest | 200:@TopUpResponse 400:problem 403:problem
        GET /v1/me/extra-usage/transactions | | cookie limit:int offset:int | | 200:@BalanceTransactionsResponse 403:problem
    """,
    "Reports": """
        POST /v1/bug-reports | | | @SubmitBugReportRequest | 201:@BugReportDto 400:problem
        GET /v1/bug-reports/me | | limit:int | | 200:@BugReportsResponse
        GET /v1/bug-reports/{reportId} | | | | 200:@BugReportDto 404:problem
        POST /v1/feedback | | | @SubmitFeedbackRequest | 201:@FeedbackDto 400:problem
        GET /v1/feedback/me | | limit:int | | 200:@FeedbackListResponse
        GET /v1/feedback/templates | | anonymous | | 200:@TemplatesResponse
        GET /v1/feedback/templates/{templateSlug}/{templateVersion} | | anonymous | | 200:@TemplateResponse 404:problem
        GET /v1/feedback/{feedbackId} | | | | 200:@FeedbackDto 404:problem
        PATCH /v1/feedback/{feedbackId}/amend | | | @AmendFeedbackBody | 200:@FeedbackDto 400:problem 404:problem
    """,
    "ExternalConnectors": """
        GET /v1/external-connectors | | cookie | | 200:@ConnectorsResponse 403:problem 501:problem
        POST /v1/external-connectors/{providerName}/authorize | | cookie | @ConnectFolderRequest | 200:@ConnectFolderResponse 403:problem 501:problem
        GET /v1/external-connectors/{providerName}/oauth-callback | | cookie code:text state:text | | 302 403:problem 501:problem
        GET /v1/external-connectors/pending/{pendingConnectorId}/folders | | cookie parent:text | | 200:@FoldersResponse 403:problem 501:problem
        POST /v1/external-connectors/pending/{pendingConnectorId}/commit | | cookie | @CommitConnectorBody | 200:@CommitConnectorResponse 403:problem 501:problem
        POST /v1/external-connectors/{externalConnectorId}/sync | | cookie | @SyncConnectorBody | 200:@SyncConnectorResponse 403:problem 501:problem
        DELETE /v1/external-connectors/{externalConnectorId} | | cookie | | 204 403:problem 501:problem
    """,
}
