from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.billing_state import BillingState
from ..models.failure_category import FailureCategory
from ..models.generation_state import GenerationState
from ..models.recoverable_error_category import RecoverableErrorCategory
from ..models.review_profile import ReviewProfile
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.blocker_resolution_summary import BlockerResolutionSummary
    from ..models.reconciliation_summary import ReconciliationSummary
    from ..models.refinement_audit import RefinementAudit
    from ..models.refinement_summary import RefinementSummary


T = TypeVar("T", bound="Generation")


@_attrs_define
class Generation:
    """A generation as it stands, with its cost, its forecast and what becomes of its package.

    Attributes:
        id (None | Unset | UUID): The generation.
        intake_id (None | Unset | UUID): The intake artifact that it is generated from.
        state (GenerationState | None | Unset): Where it stands.
        review_profile (None | ReviewProfile | Unset): How thoroughly it is reviewed.
        current_round (int | None | Unset): The number of the current review round.
        started_at (datetime.datetime | None | Unset): When it was started (UTC).
        completed_at (datetime.datetime | None | Unset): When it was finished (UTC).
        failed_at (datetime.datetime | None | Unset): When it failed (UTC).
        failure_reason (None | str | Unset): Why it failed, in a few words for people; null unless it failed. Not a
            contract: programs branch on failure_category.
        failure_category (FailureCategory | None | Unset): Why it failed, for programs; null unless it failed.
        schema_version (None | str | Unset): The version of the package schema, pinned at the start.
        rubric_version (None | str | Unset): The version of the rubric, pinned at the start.
        manifest (Any | Unset): What the run was made with, pinned at the start.
        running_cost_usd (float | None | Unset): What the run has cost so far, in US dollars. It settles at the total
            cost of the package when it is complete.
        billing_state (BillingState | None | Unset): Whether it works and costs at this moment; null on generations from
            before 2026-05-18.
        started_work_at (datetime.datetime | None | Unset): When it first went to work, that is to Drafting (UTC); null
            while it is queued, and on generations from before 2026-05-18.
        phase_detail (None | str | Unset): The phase in words for people, made from the state and the round; null on
            generations from before 2026-05-18.
        progress_explanation (None | str | Unset): What happens at the current percentage, in a sentence for people;
            null on generations from before 2026-05-18.
        estimated_duration_seconds (float | None | Unset): How long the whole run is expected to take, in seconds: the
            median of past runs of the profile. null when fewer than 5 runs of the last 30 days are there to learn from, and
            on generations from before 2026-05-18.
        estimated_time_remaining_seconds (float | None | Unset): How long it is expected to go on, in seconds, never
            below 0. null while it is queued, after it ended, without a forecast, and once the run has outlasted its
            forecast. Told since 2026-05-18.
        estimated_completion_at (datetime.datetime | None | Unset): When it is expected to end (UTC). null whenever the
            remaining time is. Told since 2026-05-18.
        active_specialist (None | str | Unset): The specialist who was last to finish in the current round; null outside
            SpecialistReview and until the first has finished, and on generations from before 2026-05-18.
        retry_count (int | None | Unset): How often a call to a provider was retried in this run. It only grows, but a
            rewind after a restart of the host sets it to 0. Added 2026-05-19.
        last_retry_at (datetime.datetime | None | Unset): When the latest retry was (UTC); null until the first. Added
            2026-05-19.
        next_retry_at (datetime.datetime | None | Unset): When the retry is due that is being waited for (UTC); null
            when none is. Added 2026-05-19.
        recoverable_error_category (None | RecoverableErrorCategory | Unset): What the latest retry was for; null until
            the first. Not to be confused with failure_category, which is final. Added 2026-05-19.
        host_restart_resume_count (int | None | Unset): How often the run was resumed by itself after a restart of the
            host, at most 5. It only grows, and each resume repeats work, so cost and forecast rise with it. Added
            2026-05-27.
        refinement_summary (None | RefinementSummary | Unset): What the pass for missing documents did; null when it
            changed nothing and left nothing. Added 2026-05-29.
        reconciliation_summary (None | ReconciliationSummary | Unset): What the pass for contradictions did; null when
            there were none. Added 2026-05-29.
        blocker_resolution_summary (BlockerResolutionSummary | None | Unset): What the pass for blockers did; null when
            there were none. Added 2026-05-29.
        refinement_audit (None | RefinementAudit | Unset): All three passes in one flat view; null when none of them did
            anything. Added 2026-05-31.
        progress_percent (int | None | Unset): How far it is, from 0 to 100, made from the state and the round. A coarse
            signal.
        estimated_total_usd (float | None | Unset): What the whole run is expected to cost, in US dollars: the median of
            past runs, widened (from 2026-05-27) by restarts of the host. null without a confident forecast.
        estimated_total_p25_usd (float | None | Unset): The 25th percentile of the same forecast, in US dollars; null
            whenever the forecast is.
        estimated_total_p75_usd (float | None | Unset): The 75th percentile of the same forecast, in US dollars; null
            whenever the forecast is.
        estimated_total_sample_size (int | None | Unset): How many past runs the forecast is made from; null without
            one.
        project_name (None | str | Unset): The name to show: the one that the user gave, else the one in the intake
            (projectName, name or title). null when there is none. Added 2026-05-05.
        description (None | str | Unset): What the project is, from the intake (description, summary, vision, elevator
            pitch or tagline), cut at 280 characters; null when the intake has none. Added 2026-05-05.
        kind (None | str | Unset): What is made: always `specification`, to tell it from application code. Added
            2026-05-05.
        kind_label (None | str | Unset): The same as a sentence for people, to be shown as it is. Added 2026-05-05.
        package_id (None | Unset | UUID): The package, once the generation is complete.
        consistency_findings (list[Any] | None | Unset): Contradictions that were found and not reconciled.
    """

    id: None | Unset | UUID = UNSET
    intake_id: None | Unset | UUID = UNSET
    state: GenerationState | None | Unset = UNSET
    review_profile: None | ReviewProfile | Unset = UNSET
    current_round: int | None | Unset = UNSET
    started_at: datetime.datetime | None | Unset = UNSET
    completed_at: datetime.datetime | None | Unset = UNSET
    failed_at: datetime.datetime | None | Unset = UNSET
    failure_reason: None | str | Unset = UNSET
    failure_category: FailureCategory | None | Unset = UNSET
    schema_version: None | str | Unset = UNSET
    rubric_version: None | str | Unset = UNSET
    manifest: Any | Unset = UNSET
    running_cost_usd: float | None | Unset = UNSET
    billing_state: BillingState | None | Unset = UNSET
    started_work_at: datetime.datetime | None | Unset = UNSET
    phase_detail: None | str | Unset = UNSET
    progress_explanation: None | str | Unset = UNSET
    estimated_duration_seconds: float | None | Unset = UNSET
    estimated_time_remaining_seconds: float | None | Unset = UNSET
    estimated_completion_at: datetime.datetime | None | Unset = UNSET
    active_specialist: None | str | Unset = UNSET
    retry_count: int | None | Unset = UNSET
    last_retry_at: datetime.datetime | None | Unset = UNSET
    next_retry_at: datetime.datetime | None | Unset = UNSET
    recoverable_error_category: None | RecoverableErrorCategory | Unset = UNSET
    host_restart_resume_count: int | None | Unset = UNSET
    refinement_summary: None | RefinementSummary | Unset = UNSET
    reconciliation_summary: None | ReconciliationSummary | Unset = UNSET
    blocker_resolution_summary: BlockerResolutionSummary | None | Unset = UNSET
    refinement_audit: None | RefinementAudit | Unset = UNSET
    progress_percent: int | None | Unset = UNSET
    estimated_total_usd: float | None | Unset = UNSET
    estimated_total_p25_usd: float | None | Unset = UNSET
    estimated_total_p75_usd: float | None | Unset = UNSET
    estimated_total_sample_size: int | None | Unset = UNSET
    project_name: None | str | Unset = UNSET
    description: None | str | Unset = UNSET
    kind: None | str | Unset = UNSET
    kind_label: None | str | Unset = UNSET
    package_id: None | Unset | UUID = UNSET
    consistency_findings: list[Any] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.blocker_resolution_summary import BlockerResolutionSummary  # noqa: PLC0415
        from ..models.reconciliation_summary import ReconciliationSummary  # noqa: PLC0415
        from ..models.refinement_audit import RefinementAudit  # noqa: PLC0415
        from ..models.refinement_summary import RefinementSummary  # noqa: PLC0415

        id: None | str | Unset
        if isinstance(self.id, Unset):
            id = UNSET
        elif isinstance(self.id, UUID):
            id = str(self.id)
        else:
            id = self.id

        intake_id: None | str | Unset
        if isinstance(self.intake_id, Unset):
            intake_id = UNSET
        elif isinstance(self.intake_id, UUID):
            intake_id = str(self.intake_id)
        else:
            intake_id = self.intake_id

        state: None | str | Unset
        if isinstance(self.state, Unset):
            state = UNSET
        elif isinstance(self.state, GenerationState):
            state = self.state.value
        else:
            state = self.state

        review_profile: None | str | Unset
        if isinstance(self.review_profile, Unset):
            review_profile = UNSET
        elif isinstance(self.review_profile, ReviewProfile):
            review_profile = self.review_profile.value
        else:
            review_profile = self.review_profile

        current_round: int | None | Unset
        if isinstance(self.current_round, Unset):
            current_round = UNSET
        else:
            current_round = self.current_round

        started_at: None | str | Unset
        if isinstance(self.started_at, Unset):
            started_at = UNSET
        elif isinstance(self.started_at, datetime.datetime):
            started_at = self.started_at.isoformat()
        else:
            started_at = self.started_at

        completed_at: None | str | Unset
        if isinstance(self.completed_at, Unset):
            completed_at = UNSET
        elif isinstance(self.completed_at, datetime.datetime):
            completed_at = self.completed_at.isoformat()
        else:
            completed_at = self.completed_at

        failed_at: None | str | Unset
        if isinstance(self.failed_at, Unset):
            failed_at = UNSET
        elif isinstance(self.failed_at, datetime.datetime):
            failed_at = self.failed_at.isoformat()
        else:
            failed_at = self.failed_at

        failure_reason: None | str | Unset
        if isinstance(self.failure_reason, Unset):
            failure_reason = UNSET
        else:
            failure_reason = self.failure_reason

        failure_category: None | str | Unset
        if isinstance(self.failure_category, Unset):
            failure_category = UNSET
        elif isinstance(self.failure_category, FailureCategory):
            failure_category = self.failure_category.value
        else:
            failure_category = self.failure_category

        schema_version: None | str | Unset
        if isinstance(self.schema_version, Unset):
            schema_version = UNSET
        else:
            schema_version = self.schema_version

        rubric_version: None | str | Unset
        if isinstance(self.rubric_version, Unset):
            rubric_version = UNSET
        else:
            rubric_version = self.rubric_version

        manifest = self.manifest

        running_cost_usd: float | None | Unset
        if isinstance(self.running_cost_usd, Unset):
            running_cost_usd = UNSET
        else:
            running_cost_usd = self.running_cost_usd

        billing_state: None | str | Unset
        if isinstance(self.billing_state, Unset):
            billing_state = UNSET
        elif isinstance(self.billing_state, BillingState):
            billing_state = self.billing_state.value
        else:
            billing_state = self.billing_state

        started_work_at: None | str | Unset
        if isinstance(self.started_work_at, Unset):
            started_work_at = UNSET
        elif isinstance(self.started_work_at, datetime.datetime):
            started_work_at = self.started_work_at.isoformat()
        else:
            started_work_at = self.started_work_at

        phase_detail: None | str | Unset
        if isinstance(self.phase_detail, Unset):
            phase_detail = UNSET
        else:
            phase_detail = self.phase_detail

        progress_explanation: None | str | Unset
        if isinstance(self.progress_explanation, Unset):
            progress_explanation = UNSET
        else:
            progress_explanation = self.progress_explanation

        estimated_duration_seconds: float | None | Unset
        if isinstance(self.estimated_duration_seconds, Unset):
            estimated_duration_seconds = UNSET
        else:
            estimated_duration_seconds = self.estimated_duration_seconds

        estimated_time_remaining_seconds: float | None | Unset
        if isinstance(self.estimated_time_remaining_seconds, Unset):
            estimated_time_remaining_seconds = UNSET
        else:
            estimated_time_remaining_seconds = self.estimated_time_remaining_seconds

        estimated_completion_at: None | str | Unset
        if isinstance(self.estimated_completion_at, Unset):
            estimated_completion_at = UNSET
        elif isinstance(self.estimated_completion_at, datetime.datetime):
            estimated_completion_at = self.estimated_completion_at.isoformat()
        else:
            estimated_completion_at = self.estimated_completion_at

        active_specialist: None | str | Unset
        if isinstance(self.active_specialist, Unset):
            active_specialist = UNSET
        else:
            active_specialist = self.active_specialist

        retry_count: int | None | Unset
        if isinstance(self.retry_count, Unset):
            retry_count = UNSET
        else:
            retry_count = self.retry_count

        last_retry_at: None | str | Unset
        if isinstance(self.last_retry_at, Unset):
            last_retry_at = UNSET
        elif isinstance(self.last_retry_at, datetime.datetime):
            last_retry_at = self.last_retry_at.isoformat()
        else:
            last_retry_at = self.last_retry_at

        next_retry_at: None | str | Unset
        if isinstance(self.next_retry_at, Unset):
            next_retry_at = UNSET
        elif isinstance(self.next_retry_at, datetime.datetime):
            next_retry_at = self.next_retry_at.isoformat()
        else:
            next_retry_at = self.next_retry_at

        recoverable_error_category: None | str | Unset
        if isinstance(self.recoverable_error_category, Unset):
            recoverable_error_category = UNSET
        elif isinstance(self.recoverable_error_category, RecoverableErrorCategory):
            recoverable_error_category = self.recoverable_error_category.value
        else:
            recoverable_error_category = self.recoverable_error_category

        host_restart_resume_count: int | None | Unset
        if isinstance(self.host_restart_resume_count, Unset):
            host_restart_resume_count = UNSET
        else:
            host_restart_resume_count = self.host_restart_resume_count

        refinement_summary: dict[str, Any] | None | Unset
        if isinstance(self.refinement_summary, Unset):
            refinement_summary = UNSET
        elif isinstance(self.refinement_summary, RefinementSummary):
            refinement_summary = self.refinement_summary.to_dict()
        else:
            refinement_summary = self.refinement_summary

        reconciliation_summary: dict[str, Any] | None | Unset
        if isinstance(self.reconciliation_summary, Unset):
            reconciliation_summary = UNSET
        elif isinstance(self.reconciliation_summary, ReconciliationSummary):
            reconciliation_summary = self.reconciliation_summary.to_dict()
        else:
            reconciliation_summary = self.reconciliation_summary

        blocker_resolution_summary: dict[str, Any] | None | Unset
        if isinstance(self.blocker_resolution_summary, Unset):
            blocker_resolution_summary = UNSET
        elif isinstance(self.blocker_resolution_summary, BlockerResolutionSummary):
            blocker_resolution_summary = self.blocker_resolution_summary.to_dict()
        else:
            blocker_resolution_summary = self.blocker_resolution_summary

        refinement_audit: dict[str, Any] | None | Unset
        if isinstance(self.refinement_audit, Unset):
            refinement_audit = UNSET
        elif isinstance(self.refinement_audit, RefinementAudit):
            refinement_audit = self.refinement_audit.to_dict()
        else:
            refinement_audit = self.refinement_audit

        progress_percent: int | None | Unset
        if isinstance(self.progress_percent, Unset):
            progress_percent = UNSET
        else:
            progress_percent = self.progress_percent

        estimated_total_usd: float | None | Unset
        if isinstance(self.estimated_total_usd, Unset):
            estimated_total_usd = UNSET
        else:
            estimated_total_usd = self.estimated_total_usd

        estimated_total_p25_usd: float | None | Unset
        if isinstance(self.estimated_total_p25_usd, Unset):
            estimated_total_p25_usd = UNSET
        else:
            estimated_total_p25_usd = self.estimated_total_p25_usd

        estimated_total_p75_usd: float | None | Unset
        if isinstance(self.estimated_total_p75_usd, Unset):
            estimated_total_p75_usd = UNSET
        else:
            estimated_total_p75_usd = self.estimated_total_p75_usd

        estimated_total_sample_size: int | None | Unset
        if isinstance(self.estimated_total_sample_size, Unset):
            estimated_total_sample_size = UNSET
        else:
            estimated_total_sample_size = self.estimated_total_sample_size

        project_name: None | str | Unset
        if isinstance(self.project_name, Unset):
            project_name = UNSET
        else:
            project_name = self.project_name

        description: None | str | Unset
        if isinstance(self.description, Unset):
            description = UNSET
        else:
            description = self.description

        kind: None | str | Unset
        if isinstance(self.kind, Unset):
            kind = UNSET
        else:
            kind = self.kind

        kind_label: None | str | Unset
        if isinstance(self.kind_label, Unset):
            kind_label = UNSET
        else:
            kind_label = self.kind_label

        package_id: None | str | Unset
        if isinstance(self.package_id, Unset):
            package_id = UNSET
        elif isinstance(self.package_id, UUID):
            package_id = str(self.package_id)
        else:
            package_id = self.package_id

        consistency_findings: list[Any] | None | Unset
        if isinstance(self.consistency_findings, Unset):
            consistency_findings = UNSET
        elif isinstance(self.consistency_findings, list):
            consistency_findings = self.consistency_findings

        else:
            consistency_findings = self.consistency_findings

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if id is not UNSET:
            field_dict["id"] = id
        if intake_id is not UNSET:
            field_dict["intake_id"] = intake_id
        if state is not UNSET:
            field_dict["state"] = state
        if review_profile is not UNSET:
            field_dict["review_profile"] = review_profile
        if current_round is not UNSET:
            field_dict["current_round"] = current_round
        if started_at is not UNSET:
            field_dict["started_at"] = started_at
        if completed_at is not UNSET:
            field_dict["completed_at"] = completed_at
        if failed_at is not UNSET:
            field_dict["failed_at"] = failed_at
        if failure_reason is not UNSET:
            field_dict["failure_reason"] = failure_reason
        if failure_category is not UNSET:
            field_dict["failure_category"] = failure_category
        if schema_version is not UNSET:
            field_dict["schema_version"] = schema_version
        if rubric_version is not UNSET:
            field_dict["rubric_version"] = rubric_version
        if manifest is not UNSET:
            field_dict["manifest"] = manifest
        if running_cost_usd is not UNSET:
            field_dict["running_cost_usd"] = running_cost_usd
        if billing_state is not UNSET:
            field_dict["billing_state"] = billing_state
        if started_work_at is not UNSET:
            field_dict["started_work_at"] = started_work_at
        if phase_detail is not UNSET:
            field_dict["phase_detail"] = phase_detail
        if progress_explanation is not UNSET:
            field_dict["progress_explanation"] = progress_explanation
        if estimated_duration_seconds is not UNSET:
            field_dict["estimated_duration_seconds"] = estimated_duration_seconds
        if estimated_time_remaining_seconds is not UNSET:
            field_dict["estimated_time_remaining_seconds"] = (
                estimated_time_remaining_seconds
            )
        if estimated_completion_at is not UNSET:
            field_dict["estimated_completion_at"] = estimated_completion_at
        if active_specialist is not UNSET:
            field_dict["active_specialist"] = active_specialist
        if retry_count is not UNSET:
            field_dict["retry_count"] = retry_count
        if last_retry_at is not UNSET:
            field_dict["last_retry_at"] = last_retry_at
        if next_retry_at is not UNSET:
            field_dict["next_retry_at"] = next_retry_at
        if recoverable_error_category is not UNSET:
            field_dict["recoverable_error_category"] = recoverable_error_category
        if host_restart_resume_count is not UNSET:
            field_dict["host_restart_resume_count"] = host_restart_resume_count
        if refinement_summary is not UNSET:
            field_dict["refinement_summary"] = refinement_summary
        if reconciliation_summary is not UNSET:
            field_dict["reconciliation_summary"] = reconciliation_summary
        if blocker_resolution_summary is not UNSET:
            field_dict["blocker_resolution_summary"] = blocker_resolution_summary
        if refinement_audit is not UNSET:
            field_dict["refinement_audit"] = refinement_audit
        if progress_percent is not UNSET:
            field_dict["progress_percent"] = progress_percent
        if estimated_total_usd is not UNSET:
            field_dict["estimated_total_usd"] = estimated_total_usd
        if estimated_total_p25_usd is not UNSET:
            field_dict["estimated_total_p25_usd"] = estimated_total_p25_usd
        if estimated_total_p75_usd is not UNSET:
            field_dict["estimated_total_p75_usd"] = estimated_total_p75_usd
        if estimated_total_sample_size is not UNSET:
            field_dict["estimated_total_sample_size"] = estimated_total_sample_size
        if project_name is not UNSET:
            field_dict["project_name"] = project_name
        if description is not UNSET:
            field_dict["description"] = description
        if kind is not UNSET:
            field_dict["kind"] = kind
        if kind_label is not UNSET:
            field_dict["kind_label"] = kind_label
        if package_id is not UNSET:
            field_dict["package_id"] = package_id
        if consistency_findings is not UNSET:
            field_dict["consistency_findings"] = consistency_findings

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.blocker_resolution_summary import BlockerResolutionSummary  # noqa: PLC0415
        from ..models.reconciliation_summary import ReconciliationSummary  # noqa: PLC0415
        from ..models.refinement_audit import RefinementAudit  # noqa: PLC0415
        from ..models.refinement_summary import RefinementSummary  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_id(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                id_type_0 = UUID(data)

                return id_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        id = _parse_id(d.pop("id", UNSET))

        def _parse_intake_id(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                intake_id_type_0 = UUID(data)

                return intake_id_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        intake_id = _parse_intake_id(d.pop("intake_id", UNSET))

        def _parse_state(data: object) -> GenerationState | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                state_type_0 = GenerationState(data)

                return state_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(GenerationState | None | Unset, data)

        state = _parse_state(d.pop("state", UNSET))

        def _parse_review_profile(data: object) -> None | ReviewProfile | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                review_profile_type_0 = ReviewProfile(data)

                return review_profile_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ReviewProfile | Unset, data)

        review_profile = _parse_review_profile(d.pop("review_profile", UNSET))

        def _parse_current_round(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        current_round = _parse_current_round(d.pop("current_round", UNSET))

        def _parse_started_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                started_at_type_0 = datetime.datetime.fromisoformat(data)

                return started_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        started_at = _parse_started_at(d.pop("started_at", UNSET))

        def _parse_completed_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                completed_at_type_0 = datetime.datetime.fromisoformat(data)

                return completed_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        completed_at = _parse_completed_at(d.pop("completed_at", UNSET))

        def _parse_failed_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                failed_at_type_0 = datetime.datetime.fromisoformat(data)

                return failed_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        failed_at = _parse_failed_at(d.pop("failed_at", UNSET))

        def _parse_failure_reason(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        failure_reason = _parse_failure_reason(d.pop("failure_reason", UNSET))

        def _parse_failure_category(data: object) -> FailureCategory | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                failure_category_type_0 = FailureCategory(data)

                return failure_category_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(FailureCategory | None | Unset, data)

        failure_category = _parse_failure_category(d.pop("failure_category", UNSET))

        def _parse_schema_version(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        schema_version = _parse_schema_version(d.pop("schema_version", UNSET))

        def _parse_rubric_version(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        rubric_version = _parse_rubric_version(d.pop("rubric_version", UNSET))

        manifest = d.pop("manifest", UNSET)

        def _parse_running_cost_usd(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        running_cost_usd = _parse_running_cost_usd(d.pop("running_cost_usd", UNSET))

        def _parse_billing_state(data: object) -> BillingState | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                billing_state_type_0 = BillingState(data)

                return billing_state_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(BillingState | None | Unset, data)

        billing_state = _parse_billing_state(d.pop("billing_state", UNSET))

        def _parse_started_work_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                started_work_at_type_0 = datetime.datetime.fromisoformat(data)

                return started_work_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        started_work_at = _parse_started_work_at(d.pop("started_work_at", UNSET))

        def _parse_phase_detail(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        phase_detail = _parse_phase_detail(d.pop("phase_detail", UNSET))

        def _parse_progress_explanation(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        progress_explanation = _parse_progress_explanation(
            d.pop("progress_explanation", UNSET)
        )

        def _parse_estimated_duration_seconds(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        estimated_duration_seconds = _parse_estimated_duration_seconds(
            d.pop("estimated_duration_seconds", UNSET)
        )

        def _parse_estimated_time_remaining_seconds(
            data: object,
        ) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        estimated_time_remaining_seconds = _parse_estimated_time_remaining_seconds(
            d.pop("estimated_time_remaining_seconds", UNSET)
        )

        def _parse_estimated_completion_at(
            data: object,
        ) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                estimated_completion_at_type_0 = datetime.datetime.fromisoformat(data)

                return estimated_completion_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        estimated_completion_at = _parse_estimated_completion_at(
            d.pop("estimated_completion_at", UNSET)
        )

        def _parse_active_specialist(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        active_specialist = _parse_active_specialist(d.pop("active_specialist", UNSET))

        def _parse_retry_count(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        retry_count = _parse_retry_count(d.pop("retry_count", UNSET))

        def _parse_last_retry_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_retry_at_type_0 = datetime.datetime.fromisoformat(data)

                return last_retry_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        last_retry_at = _parse_last_retry_at(d.pop("last_retry_at", UNSET))

        def _parse_next_retry_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                next_retry_at_type_0 = datetime.datetime.fromisoformat(data)

                return next_retry_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        next_retry_at = _parse_next_retry_at(d.pop("next_retry_at", UNSET))

        def _parse_recoverable_error_category(
            data: object,
        ) -> None | RecoverableErrorCategory | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                recoverable_error_category_type_0 = RecoverableErrorCategory(data)

                return recoverable_error_category_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | RecoverableErrorCategory | Unset, data)

        recoverable_error_category = _parse_recoverable_error_category(
            d.pop("recoverable_error_category", UNSET)
        )

        def _parse_host_restart_resume_count(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        host_restart_resume_count = _parse_host_restart_resume_count(
            d.pop("host_restart_resume_count", UNSET)
        )

        def _parse_refinement_summary(data: object) -> None | RefinementSummary | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                refinement_summary_type_0 = RefinementSummary.from_dict(data)

                return refinement_summary_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | RefinementSummary | Unset, data)

        refinement_summary = _parse_refinement_summary(
            d.pop("refinement_summary", UNSET)
        )

        def _parse_reconciliation_summary(
            data: object,
        ) -> None | ReconciliationSummary | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                reconciliation_summary_type_0 = ReconciliationSummary.from_dict(data)

                return reconciliation_summary_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ReconciliationSummary | Unset, data)

        reconciliation_summary = _parse_reconciliation_summary(
            d.pop("reconciliation_summary", UNSET)
        )

        def _parse_blocker_resolution_summary(
            data: object,
        ) -> BlockerResolutionSummary | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                blocker_resolution_summary_type_0 = BlockerResolutionSummary.from_dict(
                    data
                )

                return blocker_resolution_summary_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(BlockerResolutionSummary | None | Unset, data)

        blocker_resolution_summary = _parse_blocker_resolution_summary(
            d.pop("blocker_resolution_summary", UNSET)
        )

        def _parse_refinement_audit(data: object) -> None | RefinementAudit | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                refinement_audit_type_0 = RefinementAudit.from_dict(data)

                return refinement_audit_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | RefinementAudit | Unset, data)

        refinement_audit = _parse_refinement_audit(d.pop("refinement_audit", UNSET))

        def _parse_progress_percent(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        progress_percent = _parse_progress_percent(d.pop("progress_percent", UNSET))

        def _parse_estimated_total_usd(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        estimated_total_usd = _parse_estimated_total_usd(
            d.pop("estimated_total_usd", UNSET)
        )

        def _parse_estimated_total_p25_usd(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        estimated_total_p25_usd = _parse_estimated_total_p25_usd(
            d.pop("estimated_total_p25_usd", UNSET)
        )

        def _parse_estimated_total_p75_usd(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        estimated_total_p75_usd = _parse_estimated_total_p75_usd(
            d.pop("estimated_total_p75_usd", UNSET)
        )

        def _parse_estimated_total_sample_size(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        estimated_total_sample_size = _parse_estimated_total_sample_size(
            d.pop("estimated_total_sample_size", UNSET)
        )

        def _parse_project_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        project_name = _parse_project_name(d.pop("project_name", UNSET))

        def _parse_description(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        description = _parse_description(d.pop("description", UNSET))

        def _parse_kind(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        kind = _parse_kind(d.pop("kind", UNSET))

        def _parse_kind_label(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        kind_label = _parse_kind_label(d.pop("kind_label", UNSET))

        def _parse_package_id(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                package_id_type_0 = UUID(data)

                return package_id_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        package_id = _parse_package_id(d.pop("package_id", UNSET))

        def _parse_consistency_findings(data: object) -> list[Any] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                consistency_findings_type_0 = cast(list[Any], data)

                return consistency_findings_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[Any] | None | Unset, data)

        consistency_findings = _parse_consistency_findings(
            d.pop("consistency_findings", UNSET)
        )

        generation = cls(
            id=id,
            intake_id=intake_id,
            state=state,
            review_profile=review_profile,
            current_round=current_round,
            started_at=started_at,
            completed_at=completed_at,
            failed_at=failed_at,
            failure_reason=failure_reason,
            failure_category=failure_category,
            schema_version=schema_version,
            rubric_version=rubric_version,
            manifest=manifest,
            running_cost_usd=running_cost_usd,
            billing_state=billing_state,
            started_work_at=started_work_at,
            phase_detail=phase_detail,
            progress_explanation=progress_explanation,
            estimated_duration_seconds=estimated_duration_seconds,
            estimated_time_remaining_seconds=estimated_time_remaining_seconds,
            estimated_completion_at=estimated_completion_at,
            active_specialist=active_specialist,
            retry_count=retry_count,
            last_retry_at=last_retry_at,
            next_retry_at=next_retry_at,
            recoverable_error_category=recoverable_error_category,
            host_restart_resume_count=host_restart_resume_count,
            refinement_summary=refinement_summary,
            reconciliation_summary=reconciliation_summary,
            blocker_resolution_summary=blocker_resolution_summary,
            refinement_audit=refinement_audit,
            progress_percent=progress_percent,
            estimated_total_usd=estimated_total_usd,
            estimated_total_p25_usd=estimated_total_p25_usd,
            estimated_total_p75_usd=estimated_total_p75_usd,
            estimated_total_sample_size=estimated_total_sample_size,
            project_name=project_name,
            description=description,
            kind=kind,
            kind_label=kind_label,
            package_id=package_id,
            consistency_findings=consistency_findings,
        )

        generation.additional_properties = d
        return generation

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
