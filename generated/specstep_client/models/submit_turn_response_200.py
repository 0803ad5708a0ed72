from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.submit_turn_response_200_status import SubmitTurnResponse200Status
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.auto_start_failure import AutoStartFailure
    from ..models.interview import Interview
    from ..models.interview_turn import InterviewTurn
    from ..models.transcript_size import TranscriptSize


T = TypeVar("T", bound="SubmitTurnResponse200")


@_attrs_define
class SubmitTurnResponse200:
    """
    Attributes:
        status (None | SubmitTurnResponse200Status | Unset): Where the answer stands.
        job_id (None | Unset | UUID): The job to poll; null on a cached replay.
        interview_id (None | Unset | UUID): The interview that the turn belongs to.
        submission_id (None | Unset | UUID): The submission that the turn was recorded under. Only the submission itself
            carries it, and not always.
        user_turn_committed (bool | None | Unset): Whether the message is part of the interview. Only the submission
            itself carries it.
        snapshot (Interview | None | Unset): The whole interview after the reply; null until the job is completed.
        error_code (None | str | Unset): Why a failed job failed, as a machine-readable word.
        error_message (None | str | Unset): Why a failed job failed, in a sentence for people.
        is_retryable (bool | None | Unset): Whether submitting the message of a failed job again makes sense.
        created_at (datetime.datetime | None | Unset): When the job was made (UTC).
        completed_at (datetime.datetime | None | Unset): When the job ended (UTC); null while it is under way.
        id (None | Unset | UUID): The interview.
        turns (list[InterviewTurn] | None | Unset): The transcript, oldest entry first; the first is the agent's opening
            turn.
        intake_artifact_id (None | Unset | UUID): The intake artifact that the completed interview produced; a kickoff
            takes it as `intake_id`. It may appear a moment after completion.
        started_generation_id (None | Unset | UUID): The generation that completion started by itself; null unless a
            turn completed the interview of a user. Added 2026-05-17.
        auto_start_failure (AutoStartFailure | None | Unset): Why completion started no generation by itself; null
            unless it was tried. Added 2026-05-17.
        transcript_size (None | TranscriptSize | Unset): How full the transcript is. Every read of an interview carries
            it. Added 2026-05-22.
        detected_type (None | str | Unset): The project type that the first turn suggests, as a kickoff would take it.
        display_title (None | str | Unset): A title for people.
        turn_count (int | None | Unset): How many turns the transcript has.
        started_at (datetime.datetime | None | Unset): When the interview began (UTC).
        last_activity_at (datetime.datetime | None | Unset): When something last happened in it (UTC).
    """

    status: None | SubmitTurnResponse200Status | Unset = UNSET
    job_id: None | Unset | UUID = UNSET
    interview_id: None | Unset | UUID = UNSET
    submission_id: None | Unset | UUID = UNSET
    user_turn_committed: bool | None | Unset = UNSET
    snapshot: Interview | None | Unset = UNSET
    error_code: None | str | Unset = UNSET
    error_message: None | str | Unset = UNSET
    is_retryable: bool | None | Unset = UNSET
    created_at: datetime.datetime | None | Unset = UNSET
    completed_at: datetime.datetime | None | Unset = UNSET
    id: None | Unset | UUID = UNSET
    turns: list[InterviewTurn] | None | Unset = UNSET
    intake_artifact_id: None | Unset | UUID = UNSET
    started_generation_id: None | Unset | UUID = UNSET
    auto_start_failure: AutoStartFailure | None | Unset = UNSET
    transcript_size: None | TranscriptSize | Unset = UNSET
    detected_type: None | str | Unset = UNSET
    display_title: None | str | Unset = UNSET
    turn_count: int | None | Unset = UNSET
    started_at: datetime.datetime | None | Unset = UNSET
    last_activity_at: datetime.datetime | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.auto_start_failure import AutoStartFailure  # noqa: PLC0415
        from ..models.interview import Interview  # noqa: PLC0415
        from ..models.transcript_size import TranscriptSize  # noqa: PLC0415

        status: None | str | Unset
        if isinstance(self.status, Unset):
            status = UNSET
        elif isinstance(self.status, SubmitTurnResponse200Status):
            status = self.status.value
        else:
            status = self.status

        job_id: None | str | Unset
        if isinstance(self.job_id, Unset):
            job_id = UNSET
        elif isinstance(self.job_id, UUID):
            job_id = str(self.job_id)
        else:
            job_id = self.job_id

        interview_id: None | str | Unset
        if isinstance(self.interview_id, Unset):
            interview_id = UNSET
        elif isinstance(self.interview_id, UUID):
            interview_id = str(self.interview_id)
        else:
            interview_id = self.interview_id

        submission_id: None | str | Unset
        if isinstance(self.submission_id, Unset):
            submission_id = UNSET
        elif isinstance(self.submission_id, UUID):
            submission_id = str(self.submission_id)
        else:
            submission_id = self.submission_id

        user_turn_committed: bool | None | Unset
        if isinstance(self.user_turn_committed, Unset):
            user_turn_committed = UNSET
        else:
            user_turn_committed = self.user_turn_committed

        snapshot: dict[str, Any] | None | Unset
        if isinstance(self.snapshot, Unset):
            snapshot = UNSET
        elif isinstance(self.snapshot, Interview):
            snapshot = self.snapshot.to_dict()
        else:
            snapshot = self.snapshot

        error_code: None | str | Unset
        if isinstance(self.error_code, Unset):
            error_code = UNSET
        else:
            error_code = self.error_code

        error_message: None | str | Unset
        if isinstance(self.error_message, Unset):
            error_message = UNSET
        else:
            error_message = self.error_message

        is_retryable: bool | None | Unset
        if isinstance(self.is_retryable, Unset):
            is_retryable = UNSET
        else:
            is_retryable = self.is_retryable

        created_at: None | str | Unset
        if isinstance(self.created_at, Unset):
            created_at = UNSET
        elif isinstance(self.created_at, datetime.datetime):
            created_at = self.created_at.isoformat()
        else:
            created_at = self.created_at

        completed_at: None | str | Unset
        if isinstance(self.completed_at, Unset):
            completed_at = UNSET
        elif isinstance(self.completed_at, datetime.datetime):
            completed_at = self.completed_at.isoformat()
        else:
            completed_at = self.completed_at

        id: None | str | Unset
        if isinstance(self.id, Unset):
            id = UNSET
        elif isinstance(self.id, UUID):
            id = str(self.id)
        else:
            id = self.id

        turns: list[dict[str, Any]] | None | Unset
        if isinstance(self.turns, Unset):
            turns = UNSET
        elif isinstance(self.turns, list):
            turns = []
            for turns_type_0_item_data in self.turns:
                turns_type_0_item = turns_type_0_item_data.to_dict()
                turns.append(turns_type_0_item)

        else:
            turns = self.turns

        intake_artifact_id: None | str | Unset
        if isinstance(self.intake_artifact_id, Unset):
            intake_artifact_id = UNSET
        elif isinstance(self.intake_artifact_id, UUID):
            intake_artifact_id = str(self.intake_artifact_id)
        else:
            intake_artifact_id = self.intake_artifact_id

        started_generation_id: None | str | Unset
        if isinstance(self.started_generation_id, Unset):
            started_generation_id = UNSET
        elif isinstance(self.started_generation_id, UUID):
            started_generation_id = str(self.started_generation_id)
        else:
            started_generation_id = self.started_generation_id

        auto_start_failure: dict[str, Any] | None | Unset
        if isinstance(self.auto_start_failure, Unset):
            auto_start_failure = UNSET
        elif isinstance(self.auto_start_failure, AutoStartFailure):
            auto_start_failure = self.auto_start_failure.to_dict()
        else:
            auto_start_failure = self.auto_start_failure

        transcript_size: dict[str, Any] | None | Unset
        if isinstance(self.transcript_size, Unset):
            transcript_size = UNSET
        elif isinstance(self.transcript_size, TranscriptSize):
            transcript_size = self.transcript_size.to_dict()
        else:
            transcript_size = self.transcript_size

        detected_type: None | str | Unset
        if isinstance(self.detected_type, Unset):
            detected_type = UNSET
        else:
            detected_type = self.detected_type

        display_title: None | str | Unset
        if isinstance(self.display_title, Unset):
            display_title = UNSET
        else:
            display_title = self.display_title

        turn_count: int | None | Unset
        if isinstance(self.turn_count, Unset):
            turn_count = UNSET
        else:
            turn_count = self.turn_count

        started_at: None | str | Unset
        if isinstance(self.started_at, Unset):
            started_at = UNSET
        elif isinstance(self.started_at, datetime.datetime):
            started_at = self.started_at.isoformat()
        else:
            started_at = self.started_at

        last_activity_at: None | str | Unset
        if isinstance(self.last_activity_at, Unset):
            last_activity_at = UNSET
        elif isinstance(self.last_activity_at, datetime.datetime):
            last_activity_at = self.last_activity_at.isoformat()
        else:
            last_activity_at = self.last_activity_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if status is not UNSET:
            field_dict["status"] = status
        if job_id is not UNSET:
            field_dict["job_id"] = job_id
        if interview_id is not UNSET:
            field_dict["interview_id"] = interview_id
        if submission_id is not UNSET:
            field_dict["submission_id"] = submission_id
        if user_turn_committed is not UNSET:
            field_dict["user_turn_committed"] = user_turn_committed
        if snapshot is not UNSET:
            field_dict["snapshot"] = snapshot
        if error_code is not UNSET:
            field_dict["error_code"] = error_code
        if error_message is not UNSET:
            field_dict["error_message"] = error_message
        if is_retryable is not UNSET:
            field_dict["is_retryable"] = is_retryable
        if created_at is not UNSET:
            field_dict["created_at"] = created_at
        if completed_at is not UNSET:
            field_dict["completed_at"] = completed_at
        if id is not UNSET:
            field_dict["id"] = id
        if turns is not UNSET:
            field_dict["turns"] = turns
        if intake_artifact_id is not UNSET:
            field_dict["intake_artifact_id"] = intake_artifact_id
        if started_generation_id is not UNSET:
            field_dict["started_generation_id"] = started_generation_id
        if auto_start_failure is not UNSET:
            field_dict["auto_start_failure"] = auto_start_failure
        if transcript_size is not UNSET:
            field_dict["transcript_size"] = transcript_size
        if detected_type is not UNSET:
            field_dict["detected_type"] = detected_type
        if display_title is not UNSET:
            field_dict["display_title"] = display_title
        if turn_count is not UNSET:
            field_dict["turn_count"] = turn_count
        if started_at is not UNSET:
            field_dict["started_at"] = started_at
        if last_activity_at is not UNSET:
            field_dict["last_activity_at"] = last_activity_at

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.auto_start_failure import AutoStartFailure  # noqa: PLC0415
        from ..models.interview import Interview  # noqa: PLC0415
        from ..models.interview_turn import InterviewTurn  # noqa: PLC0415
        from ..models.transcript_size import TranscriptSize  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_status(data: object) -> None | SubmitTurnResponse200Status | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                status_type_0 = SubmitTurnResponse200Status(data)

                return status_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | SubmitTurnResponse200Status | Unset, data)

        status = _parse_status(d.pop("status", UNSET))

        def _parse_job_id(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                job_id_type_0 = UUID(data)

                return job_id_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        job_id = _parse_job_id(d.pop("job_id", UNSET))

        def _parse_interview_id(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                interview_id_type_0 = UUID(data)

                return interview_id_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        interview_id = _parse_interview_id(d.pop("interview_id", UNSET))

        def _parse_submission_id(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                submission_id_type_0 = UUID(data)

                return submission_id_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        submission_id = _parse_submission_id(d.pop("submission_id", UNSET))

        def _parse_user_turn_committed(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        user_turn_committed = _parse_user_turn_committed(
            d.pop("user_turn_committed", UNSET)
        )

        def _parse_snapshot(data: object) -> Interview | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                snapshot_type_0 = Interview.from_dict(data)

                return snapshot_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Interview | None | Unset, data)

        snapshot = _parse_snapshot(d.pop("snapshot", UNSET))

        def _parse_error_code(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        error_code = _parse_error_code(d.pop("error_code", UNSET))

        def _parse_error_message(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        error_message = _parse_error_message(d.pop("error_message", UNSET))

        def _parse_is_retryable(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        is_retryable = _parse_is_retryable(d.pop("is_retryable", UNSET))

        def _parse_created_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                created_at_type_0 = datetime.datetime.fromisoformat(data)

                return created_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        created_at = _parse_created_at(d.pop("created_at", UNSET))

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

        def _parse_turns(data: object) -> list[InterviewTurn] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                turns_type_0 = []
                _turns_type_0 = data
                for turns_type_0_item_data in _turns_type_0:
                    turns_type_0_item = InterviewTurn.from_dict(turns_type_0_item_data)

                    turns_type_0.append(turns_type_0_item)

                return turns_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[InterviewTurn] | None | Unset, data)

        turns = _parse_turns(d.pop("turns", UNSET))

        def _parse_intake_artifact_id(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                intake_artifact_id_type_0 = UUID(data)

                return intake_artifact_id_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        intake_artifact_id = _parse_intake_artifact_id(
            d.pop("intake_artifact_id", UNSET)
        )

        def _parse_started_generation_id(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                started_generation_id_type_0 = UUID(data)

                return started_generation_id_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        started_generation_id = _parse_started_generation_id(
            d.pop("started_generation_id", UNSET)
        )

        def _parse_auto_start_failure(data: object) -> AutoStartFailure | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                auto_start_failure_type_0 = AutoStartFailure.from_dict(data)

                return auto_start_failure_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(AutoStartFailure | None | Unset, data)

        auto_start_failure = _parse_auto_start_failure(
            d.pop("auto_start_failure", UNSET)
        )

        def _parse_transcript_size(data: object) -> None | TranscriptSize | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                transcript_size_type_0 = TranscriptSize.from_dict(data)

                return transcript_size_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TranscriptSize | Unset, data)

        transcript_size = _parse_transcript_size(d.pop("transcript_size", UNSET))

        def _parse_detected_type(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        detected_type = _parse_detected_type(d.pop("detected_type", UNSET))

        def _parse_display_title(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        display_title = _parse_display_title(d.pop("display_title", UNSET))

        def _parse_turn_count(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        turn_count = _parse_turn_count(d.pop("turn_count", UNSET))

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

        def _parse_last_activity_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_activity_at_type_0 = datetime.datetime.fromisoformat(data)

                return last_activity_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        last_activity_at = _parse_last_activity_at(d.pop("last_activity_at", UNSET))

        submit_turn_response_200 = cls(
            status=status,
            job_id=job_id,
            interview_id=interview_id,
            submission_id=submission_id,
            user_turn_committed=user_turn_committed,
            snapshot=snapshot,
            error_code=error_code,
            error_message=error_message,
            is_retryable=is_retryable,
            created_at=created_at,
            completed_at=completed_at,
            id=id,
            turns=turns,
            intake_artifact_id=intake_artifact_id,
            started_generation_id=started_generation_id,
            auto_start_failure=auto_start_failure,
            transcript_size=transcript_size,
            detected_type=detected_type,
            display_title=display_title,
            turn_count=turn_count,
            started_at=started_at,
            last_activity_at=last_activity_at,
        )

        submit_turn_response_200.additional_properties = d
        return submit_turn_response_200

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
