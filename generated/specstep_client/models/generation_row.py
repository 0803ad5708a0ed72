from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.failure_category import FailureCategory
from ..models.generation_state import GenerationState
from ..models.review_profile import ReviewProfile
from ..types import UNSET, Unset

T = TypeVar("T", bound="GenerationRow")


@_attrs_define
class GenerationRow:
    """One generation in a list. It has no forecast, no billing state and no package; those are on the generation itself.

    Attributes:
        id (None | Unset | UUID): The generation.
        short_id (None | str | Unset): A short form of the id for people.
        project_name (None | str | Unset): The name to show.
        state (GenerationState | None | Unset): Where it stands.
        review_profile (None | ReviewProfile | Unset): How thoroughly it is reviewed.
        cost_usd (float | None | Unset): What it has cost, in US dollars.
        started_at (datetime.datetime | None | Unset): When it was started (UTC).
        completed_at (datetime.datetime | None | Unset): When it was finished (UTC).
        failed_at (datetime.datetime | None | Unset): When it failed (UTC).
        current_round (int | None | Unset): The number of the current review round.
        failure_reason (None | str | Unset): Why it failed, in a few words for people.
        failure_category (FailureCategory | None | Unset): Why it failed, for programs.
        source_channel (None | str | Unset): Through which channel it was started.
        interview_id (None | Unset | UUID): The interview that its intake is from.
    """

    id: None | Unset | UUID = UNSET
    short_id: None | str | Unset = UNSET
    project_name: None | str | Unset = UNSET
    state: GenerationState | None | Unset = UNSET
    review_profile: None | ReviewProfile | Unset = UNSET
    cost_usd: float | None | Unset = UNSET
    started_at: datetime.datetime | None | Unset = UNSET
    completed_at: datetime.datetime | None | Unset = UNSET
    failed_at: datetime.datetime | None | Unset = UNSET
    current_round: int | None | Unset = UNSET
    failure_reason: None | str | Unset = UNSET
    failure_category: FailureCategory | None | Unset = UNSET
    source_channel: None | str | Unset = UNSET
    interview_id: None | Unset | UUID = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id: None | str | Unset
        if isinstance(self.id, Unset):
            id = UNSET
        elif isinstance(self.id, UUID):
            id = str(self.id)
        else:
            id = self.id

        short_id: None | str | Unset
        if isinstance(self.short_id, Unset):
            short_id = UNSET
        else:
            short_id = self.short_id

        project_name: None | str | Unset
        if isinstance(self.project_name, Unset):
            project_name = UNSET
        else:
            project_name = self.project_name

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

        cost_usd: float | None | Unset
        if isinstance(self.cost_usd, Unset):
            cost_usd = UNSET
        else:
            cost_usd = self.cost_usd

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

        current_round: int | None | Unset
        if isinstance(self.current_round, Unset):
            current_round = UNSET
        else:
            current_round = self.current_round

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

        source_channel: None | str | Unset
        if isinstance(self.source_channel, Unset):
            source_channel = UNSET
        else:
            source_channel = self.source_channel

        interview_id: None | str | Unset
        if isinstance(self.interview_id, Unset):
            interview_id = UNSET
        elif isinstance(self.interview_id, UUID):
            interview_id = str(self.interview_id)
        else:
            interview_id = self.interview_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if id is not UNSET:
            field_dict["id"] = id
        if short_id is not UNSET:
            field_dict["short_id"] = short_id
        if project_name is not UNSET:
            field_dict["project_name"] = project_name
        if state is not UNSET:
            field_dict["state"] = state
        if review_profile is not UNSET:
            field_dict["review_profile"] = review_profile
        if cost_usd is not UNSET:
            field_dict["cost_usd"] = cost_usd
        if started_at is not UNSET:
            field_dict["started_at"] = started_at
        if completed_at is not UNSET:
            field_dict["completed_at"] = completed_at
        if failed_at is not UNSET:
            field_dict["failed_at"] = failed_at
        if current_round is not UNSET:
            field_dict["current_round"] = current_round
        if failure_reason is not UNSET:
            field_dict["failure_reason"] = failure_reason
        if failure_category is not UNSET:
            field_dict["failure_category"] = failure_category
        if source_channel is not UNSET:
            field_dict["source_channel"] = source_channel
        if interview_id is not UNSET:
            field_dict["interview_id"] = interview_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
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

        def _parse_short_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        short_id = _parse_short_id(d.pop("short_id", UNSET))

        def _parse_project_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        project_name = _parse_project_name(d.pop("project_name", UNSET))

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

        def _parse_cost_usd(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        cost_usd = _parse_cost_usd(d.pop("cost_usd", UNSET))

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

        def _parse_current_round(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        current_round = _parse_current_round(d.pop("current_round", UNSET))

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

        def _parse_source_channel(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        source_channel = _parse_source_channel(d.pop("source_channel", UNSET))

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

        generation_row = cls(
            id=id,
            short_id=short_id,
            project_name=project_name,
            state=state,
            review_profile=review_profile,
            cost_usd=cost_usd,
            started_at=started_at,
            completed_at=completed_at,
            failed_at=failed_at,
            current_round=current_round,
            failure_reason=failure_reason,
            failure_category=failure_category,
            source_channel=source_channel,
            interview_id=interview_id,
        )

        generation_row.additional_properties = d
        return generation_row

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
