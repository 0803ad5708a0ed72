"""One typed function for each API operation that the flows use; only this package imports the generated client.

The generated client builds requests and parses 2xx bodies; everything else is ours. Fields that a flow depends on are
read as typed attributes, so that renaming or retyping one fails the type check when a new API document comes in. Fields
that are only displayed are read by name (``reading.optional``), so that they cannot fail it.
"""

from __future__ import annotations

from specstep_flows.gateway.account import get_capabilities, get_me, get_usage
from specstep_flows.gateway.addenda import create_addendum, get_addendum_zip
from specstep_flows.gateway.any_operation import SentFile, is_paged, prepare, prepare_as_sent, prepare_to_read
from specstep_flows.gateway.control import (
    answer_clarifications,
    cancel_generation,
    get_clarifications,
    get_conversation,
    get_events,
    pause_generation,
    rename_generation,
    resume_generation,
)
from specstep_flows.gateway.documents import (
    delete_reference_document,
    find_intake_artifact,
    list_reference_documents,
    upload_reference_document,
)
from specstep_flows.gateway.explanations import download_explanation, explain_package
from specstep_flows.gateway.fields import as_file, as_model, as_object, as_rows
from specstep_flows.gateway.generations import (
    get_generation,
    list_generations,
    retry_generation,
    start_generation,
    told_generation,
    update_generation,
)
from specstep_flows.gateway.interviews import (
    cancel_turn_job,
    complete_interview,
    get_interview,
    get_turn_job,
    list_interviews,
    start_interview,
    submit_turn,
)
from specstep_flows.gateway.migrations import commit_doc_migration
from specstep_flows.gateway.packages import (
    ZipLink,
    get_generation_package,
    get_package,
    get_package_zip,
    list_package_files,
)
from specstep_flows.gateway.reading import list_in
from specstep_flows.gateway.requests import PAGE_ROWS, Pages, success_only

__all__ = [
    "PAGE_ROWS",
    "Pages",
    "SentFile",
    "ZipLink",
    "answer_clarifications",
    "as_file",
    "as_model",
    "as_object",
    "as_rows",
    "cancel_generation",
    "cancel_turn_job",
    "commit_doc_migration",
    "complete_interview",
    "create_addendum",
    "delete_reference_document",
    "download_explanation",
    "explain_package",
    "find_intake_artifact",
    "get_addendum_zip",
    "get_capabilities",
    "get_clarifications",
    "get_conversation",
    "get_events",
    "get_generation",
    "get_generation_package",
    "get_interview",
    "get_me",
    "get_package",
    "get_package_zip",
    "get_turn_job",
    "get_usage",
    "is_paged",
    "list_generations",
    "list_in",
    "list_interviews",
    "list_package_files",
    "list_reference_documents",
    "pause_generation",
    "prepare",
    "prepare_as_sent",
    "prepare_to_read",
    "rename_generation",
    "resume_generation",
    "retry_generation",
    "start_generation",
    "start_interview",
    "submit_turn",
    "success_only",
    "told_generation",
    "update_generation",
    "upload_reference_document",
]
