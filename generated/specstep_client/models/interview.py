from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.interview_status import InterviewStatus
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.auto_start_failure import AutoStartFailure
    from ..models.interview_turn import InterviewTurn
    from ..models.transcript_size import TranscriptSize


T = TypeVar("T", bound="Interview")


@_attrs_define
class Interview:
    """An interview as it stands. A completed turn job carries it as its snapshot.

    Attributes:
        id (None | Unset | UUID): The interview.
        status (InterviewStatus | None | Unset): Where the interview stands.
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

    id: None | Unset | UUID = UNSET
    status: InterviewStatus | None | Unset = UNSET
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
        from ..models.transcript_size import TranscriptSize  # noqa: PLC0415

        id: None | str | Unset
        if isinstance(self.id, Unset):
            id = UNSET
        elif isinstance(self.id, UUID):
            id = str(self.id)
        else:
            id = self.id

        status: None | str | Unset
        if isinstance(self.status, Unset):
            status = UNSET
        elif isinstance(self.status, InterviewStatus):
            status = self.status.value
        else:
            status = self.status

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
        if id is not UNSET:
            field_dict["id"] = id
        if status is not UNSET:
            field_dict["status"] = status
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
        from ..models.interview_turn import InterviewTurn  # noqa: PLC0415
        from ..models.transcript_size import TranscriptSize  # noqa: PLC0415

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

        def _parse_status(data: object) -> InterviewStatus | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                status_type_0 = InterviewStatus(data)

                return status_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(InterviewStatus | None | Unset, data)

        status = _parse_status(d.pop("status", UNSET))

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

        interview = cls(
            id=id,
            status=status,
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

        interview.additional_properties = d
        return interview

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
