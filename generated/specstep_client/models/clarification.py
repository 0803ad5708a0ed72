from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Clarification")


@_attrs_define
class Clarification:
    """A question that an agent asks before it can go on.

    Attributes:
        agent (None | str | Unset): The agent that asks.
        section (None | str | Unset): The document that the question is about; null when it is about no single one.
        question (None | str | Unset): The question. An answer has to repeat it letter for letter.
        why (None | str | Unset): Why the agent asks.
        proposed_default (None | str | Unset): What the agent would take, safe but general. This name is spelled with a
            capital, unlike all others.
    """

    agent: None | str | Unset = UNSET
    section: None | str | Unset = UNSET
    question: None | str | Unset = UNSET
    why: None | str | Unset = UNSET
    proposed_default: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        agent: None | str | Unset
        if isinstance(self.agent, Unset):
            agent = UNSET
        else:
            agent = self.agent

        section: None | str | Unset
        if isinstance(self.section, Unset):
            section = UNSET
        else:
            section = self.section

        question: None | str | Unset
        if isinstance(self.question, Unset):
            question = UNSET
        else:
            question = self.question

        why: None | str | Unset
        if isinstance(self.why, Unset):
            why = UNSET
        else:
            why = self.why

        proposed_default: None | str | Unset
        if isinstance(self.proposed_default, Unset):
            proposed_default = UNSET
        else:
            proposed_default = self.proposed_default

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if agent is not UNSET:
            field_dict["agent"] = agent
        if section is not UNSET:
            field_dict["section"] = section
        if question is not UNSET:
            field_dict["question"] = question
        if why is not UNSET:
            field_dict["why"] = why
        if proposed_default is not UNSET:
            field_dict["proposedDefault"] = proposed_default

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_agent(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        agent = _parse_agent(d.pop("agent", UNSET))

        def _parse_section(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        section = _parse_section(d.pop("section", UNSET))

        def _parse_question(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        question = _parse_question(d.pop("question", UNSET))

        def _parse_why(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        why = _parse_why(d.pop("why", UNSET))

        def _parse_proposed_default(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        proposed_default = _parse_proposed_default(d.pop("proposedDefault", UNSET))

        clarification = cls(
            agent=agent,
            section=section,
            question=question,
            why=why,
            proposed_default=proposed_default,
        )

        clarification.additional_properties = d
        return clarification

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
