from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.turn_status import TurnStatus
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.interview import Interview


T = TypeVar("T", bound="TurnJob")


@_attrs_define
class TurnJob:
    """The job that answers one turn. The submission, the poll and the cancellation all answer with it.

    Attributes:
        status (None | TurnStatus | Unset): Where the answer stands.
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
    """

    status: None | TurnStatus | Unset = UNSET
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
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.interview import Interview  # noqa: PLC0415

        status: None | str | Unset
        if isinstance(self.status, Unset):
            status = UNSET
        elif isinstance(self.status, TurnStatus):
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

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.interview import Interview  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_status(data: object) -> None | TurnStatus | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                status_type_0 = TurnStatus(data)

                return status_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TurnStatus | Unset, data)

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

        turn_job = cls(
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
        )

        turn_job.additional_properties = d
        return turn_job

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
