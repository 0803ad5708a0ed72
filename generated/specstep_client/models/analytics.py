from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.analytics_review_profile_distribution import (
        AnalyticsReviewProfileDistribution,
    )


T = TypeVar("T", bound="Analytics")


@_attrs_define
class Analytics:
    """Figures about the caller's own generations.

    Attributes:
        generation_count (int | None | Unset): How many generations the caller started.
        average_duration_seconds (float | None | Unset): How long a generation took on average, in seconds.
        review_profile_distribution (AnalyticsReviewProfileDistribution | None | Unset): How many generations ran under
            each review profile, by name of the profile.
    """

    generation_count: int | None | Unset = UNSET
    average_duration_seconds: float | None | Unset = UNSET
    review_profile_distribution: AnalyticsReviewProfileDistribution | None | Unset = (
        UNSET
    )
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.analytics_review_profile_distribution import (
            AnalyticsReviewProfileDistribution,  # noqa: PLC0415
        )

        generation_count: int | None | Unset
        if isinstance(self.generation_count, Unset):
            generation_count = UNSET
        else:
            generation_count = self.generation_count

        average_duration_seconds: float | None | Unset
        if isinstance(self.average_duration_seconds, Unset):
            average_duration_seconds = UNSET
        else:
            average_duration_seconds = self.average_duration_seconds

        review_profile_distribution: dict[str, Any] | None | Unset
        if isinstance(self.review_profile_distribution, Unset):
            review_profile_distribution = UNSET
        elif isinstance(
            self.review_profile_distribution, AnalyticsReviewProfileDistribution
        ):
            review_profile_distribution = self.review_profile_distribution.to_dict()
        else:
            review_profile_distribution = self.review_profile_distribution

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if generation_count is not UNSET:
            field_dict["generation_count"] = generation_count
        if average_duration_seconds is not UNSET:
            field_dict["average_duration_seconds"] = average_duration_seconds
        if review_profile_distribution is not UNSET:
            field_dict["review_profile_distribution"] = review_profile_distribution

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.analytics_review_profile_distribution import (
            AnalyticsReviewProfileDistribution,  # noqa: PLC0415
        )

        d = dict(src_dict)

        def _parse_generation_count(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        generation_count = _parse_generation_count(d.pop("generation_count", UNSET))

        def _parse_average_duration_seconds(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        average_duration_seconds = _parse_average_duration_seconds(
            d.pop("average_duration_seconds", UNSET)
        )

        def _parse_review_profile_distribution(
            data: object,
        ) -> AnalyticsReviewProfileDistribution | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                review_profile_distribution_type_0 = (
                    AnalyticsReviewProfileDistribution.from_dict(data)
                )

                return review_profile_distribution_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(AnalyticsReviewProfileDistribution | None | Unset, data)

        review_profile_distribution = _parse_review_profile_distribution(
            d.pop("review_profile_distribution", UNSET)
        )

        analytics = cls(
            generation_count=generation_count,
            average_duration_seconds=average_duration_seconds,
            review_profile_distribution=review_profile_distribution,
        )

        analytics.additional_properties = d
        return analytics

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
