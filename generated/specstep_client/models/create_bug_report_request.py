from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.bug_severity import BugSeverity
from ..models.client_type import ClientType
from ..types import UNSET, Unset

T = TypeVar("T", bound="CreateBugReportRequest")


@_attrs_define
class CreateBugReportRequest:
    """Something that is broken.

    Attributes:
        title (str): The bug in a few words.
        description (str): The bug.
        severity (BugSeverity | Unset): How bad a bug is.
        related_generation_id (None | Unset | UUID): The generation that showed it.
        current_route (None | str | Unset): Where in the web application it was seen.
        user_agent (None | str | Unset): The client that showed it.
        client_type (ClientType | Unset): What kind of client a report is from.
    """

    title: str
    description: str
    severity: BugSeverity | Unset = UNSET
    related_generation_id: None | Unset | UUID = UNSET
    current_route: None | str | Unset = UNSET
    user_agent: None | str | Unset = UNSET
    client_type: ClientType | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        title = self.title

        description = self.description

        severity: str | Unset = UNSET
        if not isinstance(self.severity, Unset):
            severity = self.severity.value

        related_generation_id: None | str | Unset
        if isinstance(self.related_generation_id, Unset):
            related_generation_id = UNSET
        elif isinstance(self.related_generation_id, UUID):
            related_generation_id = str(self.related_generation_id)
        else:
            related_generation_id = self.related_generation_id

        current_route: None | str | Unset
        if isinstance(self.current_route, Unset):
            current_route = UNSET
        else:
            current_route = self.current_route

        user_agent: None | str | Unset
        if isinstance(self.user_agent, Unset):
            user_agent = UNSET
        else:
            user_agent = self.user_agent

        client_type: str | Unset = UNSET
        if not isinstance(self.client_type, Unset):
            client_type = self.client_type.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "title": title,
                "description": description,
            }
        )
        if severity is not UNSET:
            field_dict["severity"] = severity
        if related_generation_id is not UNSET:
            field_dict["related_generation_id"] = related_generation_id
        if current_route is not UNSET:
            field_dict["current_route"] = current_route
        if user_agent is not UNSET:
            field_dict["user_agent"] = user_agent
        if client_type is not UNSET:
            field_dict["client_type"] = client_type

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        title = d.pop("title")

        description = d.pop("description")

        _severity = d.pop("severity", UNSET)
        severity: BugSeverity | Unset
        if isinstance(_severity, Unset):
            severity = UNSET
        else:
            severity = BugSeverity(_severity)

        def _parse_related_generation_id(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                related_generation_id_type_0 = UUID(data)

                return related_generation_id_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        related_generation_id = _parse_related_generation_id(
            d.pop("related_generation_id", UNSET)
        )

        def _parse_current_route(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        current_route = _parse_current_route(d.pop("current_route", UNSET))

        def _parse_user_agent(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        user_agent = _parse_user_agent(d.pop("user_agent", UNSET))

        _client_type = d.pop("client_type", UNSET)
        client_type: ClientType | Unset
        if isinstance(_client_type, Unset):
            client_type = UNSET
        else:
            client_type = ClientType(_client_type)

        create_bug_report_request = cls(
            title=title,
            description=description,
            severity=severity,
            related_generation_id=related_generation_id,
            current_route=current_route,
            user_agent=user_agent,
            client_type=client_type,
        )

        create_bug_report_request.additional_properties = d
        return create_bug_report_request

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
