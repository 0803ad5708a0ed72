from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="TranscriptSize")


@_attrs_define
class TranscriptSize:
    """How full a transcript is. The ceilings are told and not enforced. Added 2026-05-22.

    Attributes:
        chars (int | None | Unset): UTF-16 code units in the content of all user and agent turns. System prompts, tool
            messages and reference documents do not count.
        tokens_estimate (int | None | Unset): A rough upper bound of the tokens: `chars` divided by four, rounded down.
        max_chars (int | None | Unset): The ceiling for `chars`.
        max_tokens (int | None | Unset): The ceiling for tokens.
        percent_used (float | None | Unset): `chars` as a percentage of `max_chars`, rounded to one decimal. It can pass
            100.
    """

    chars: int | None | Unset = UNSET
    tokens_estimate: int | None | Unset = UNSET
    max_chars: int | None | Unset = UNSET
    max_tokens: int | None | Unset = UNSET
    percent_used: float | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        chars: int | None | Unset
        if isinstance(self.chars, Unset):
            chars = UNSET
        else:
            chars = self.chars

        tokens_estimate: int | None | Unset
        if isinstance(self.tokens_estimate, Unset):
            tokens_estimate = UNSET
        else:
            tokens_estimate = self.tokens_estimate

        max_chars: int | None | Unset
        if isinstance(self.max_chars, Unset):
            max_chars = UNSET
        else:
            max_chars = self.max_chars

        max_tokens: int | None | Unset
        if isinstance(self.max_tokens, Unset):
            max_tokens = UNSET
        else:
            max_tokens = self.max_tokens

        percent_used: float | None | Unset
        if isinstance(self.percent_used, Unset):
            percent_used = UNSET
        else:
            percent_used = self.percent_used

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if chars is not UNSET:
            field_dict["chars"] = chars
        if tokens_estimate is not UNSET:
            field_dict["tokens_estimate"] = tokens_estimate
        if max_chars is not UNSET:
            field_dict["max_chars"] = max_chars
        if max_tokens is not UNSET:
            field_dict["max_tokens"] = max_tokens
        if percent_used is not UNSET:
            field_dict["percent_used"] = percent_used

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_chars(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        chars = _parse_chars(d.pop("chars", UNSET))

        def _parse_tokens_estimate(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        tokens_estimate = _parse_tokens_estimate(d.pop("tokens_estimate", UNSET))

        def _parse_max_chars(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        max_chars = _parse_max_chars(d.pop("max_chars", UNSET))

        def _parse_max_tokens(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        max_tokens = _parse_max_tokens(d.pop("max_tokens", UNSET))

        def _parse_percent_used(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        percent_used = _parse_percent_used(d.pop("percent_used", UNSET))

        transcript_size = cls(
            chars=chars,
            tokens_estimate=tokens_estimate,
            max_chars=max_chars,
            max_tokens=max_tokens,
            percent_used=percent_used,
        )

        transcript_size.additional_properties = d
        return transcript_size

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
