from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.bug_severity import BugSeverity
from ..models.client_type import ClientType
from ..types import UNSET, Unset

T = TypeVar("T", bound="BugReport")


@_attrs_define
class BugReport:
    """A bug report as the service keeps it.

    Attributes:
        id (None | Unset | UUID): The report.
        title (None | str | Unset): The bug in a few words.
        description (None | str | Unset): The bug.
        severity (BugSeverity | None | Unset): How bad it is.
        status (None | str | Unset): Where the report stands.
        related_generation_id (None | Unset | UUID): The generation that showed it.
        current_route (None | str | Unset): Where in the web application it was seen.
        user_agent (None | str | Unset): The client that showed it.
        client_type (ClientType | None | Unset): What kind of client it is from.
        account_name (None | str | Unset): The name of the submitter's account.
        account_email (None | str | Unset): The e-mail address of the submitter's account.
        account_plan (None | str | Unset): The plan of the submitter's account.
        build_version (None | str | Unset): The version of the service.
        ai_tool (None | str | Unset): The AI tool that the User-Agent suggests.
        created_at (datetime.datetime | None | Unset): When it was submitted (UTC).
    """

    id: None | Unset | UUID = UNSET
    title: None | str | Unset = UNSET
    description: None | str | Unset = UNSET
    severity: BugSeverity | None | Unset = UNSET
    status: None | str | Unset = UNSET
    related_generation_id: None | Unset | UUID = UNSET
    current_route: None | str | Unset = UNSET
    user_agent: None | str | Unset = UNSET
    client_type: ClientType | None | Unset = UNSET
    account_name: None | str | Unset = UNSET
    account_email: None | str | Unset = UNSET
    account_plan: None | str | Unset = UNSET
    build_version: None | str | Unset = UNSET
    ai_tool: None | str | Unset = UNSET
    created_at: datetime.datetime | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id: None | str | Unset
        if isinstance(self.id, Unset):
            id = UNSET
        elif isinstance(self.id, UUID):
            id = str(self.id)
        else:
            id = self.id

        title: None | str | Unset
        if isinstance(self.title, Unset):
            title = UNSET
        else:
            title = self.title

        description: None | str | Unset
        if isinstance(self.description, Unset):
            description = UNSET
        else:
            description = self.description

        severity: None | str | Unset
        if isinstance(self.severity, Unset):
            severity = UNSET
        elif isinstance(self.severity, BugSeverity):
            severity = self.severity.value
        else:
            severity = self.severity

        status: None | str | Unset
        if isinstance(self.status, Unset):
            status = UNSET
        else:
            status = self.status

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

        client_type: None | str | Unset
        if isinstance(self.client_type, Unset):
            client_type = UNSET
        elif isinstance(self.client_type, ClientType):
            client_type = self.client_type.value
        else:
            client_type = self.client_type

        account_name: None | str | Unset
        if isinstance(self.account_name, Unset):
            account_name = UNSET
        else:
            account_name = self.account_name

        account_email: None | str | Unset
        if isinstance(self.account_email, Unset):
            account_email = UNSET
        else:
            account_email = self.account_email

        account_plan: None | str | Unset
        if isinstance(self.account_plan, Unset):
            account_plan = UNSET
        else:
            account_plan = self.account_plan

        build_version: None | str | Unset
        if isinstance(self.build_version, Unset):
            build_version = UNSET
        else:
            build_version = self.build_version

        ai_tool: None | str | Unset
        if isinstance(self.ai_tool, Unset):
            ai_tool = UNSET
        else:
            ai_tool = self.ai_tool

        created_at: None | str | Unset
        if isinstance(self.created_at, Unset):
            created_at = UNSET
        elif isinstance(self.created_at, datetime.datetime):
            created_at = self.created_at.isoformat()
        else:
            created_at = self.created_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if id is not UNSET:
            field_dict["id"] = id
        if title is not UNSET:
            field_dict["title"] = title
        if description is not UNSET:
            field_dict["description"] = description
        if severity is not UNSET:
            field_dict["severity"] = severity
        if status is not UNSET:
            field_dict["status"] = status
        if related_generation_id is not UNSET:
            field_dict["related_generation_id"] = related_generation_id
        if current_route is not UNSET:
            field_dict["current_route"] = current_route
        if user_agent is not UNSET:
            field_dict["user_agent"] = user_agent
        if client_type is not UNSET:
            field_dict["client_type"] = client_type
        if account_name is not UNSET:
            field_dict["account_name"] = account_name
        if account_email is not UNSET:
            field_dict["account_email"] = account_email
        if account_plan is not UNSET:
            field_dict["account_plan"] = account_plan
        if build_version is not UNSET:
            field_dict["build_version"] = build_version
        if ai_tool is not UNSET:
            field_dict["ai_tool"] = ai_tool
        if created_at is not UNSET:
            field_dict["created_at"] = created_at

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

        def _parse_title(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        title = _parse_title(d.pop("title", UNSET))

        def _parse_description(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        description = _parse_description(d.pop("description", UNSET))

        def _parse_severity(data: object) -> BugSeverity | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                severity_type_0 = BugSeverity(data)

                return severity_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(BugSeverity | None | Unset, data)

        severity = _parse_severity(d.pop("severity", UNSET))

        def _parse_status(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        status = _parse_status(d.pop("status", UNSET))

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

        def _parse_client_type(data: object) -> ClientType | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                client_type_type_0 = ClientType(data)

                return client_type_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ClientType | None | Unset, data)

        client_type = _parse_client_type(d.pop("client_type", UNSET))

        def _parse_account_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        account_name = _parse_account_name(d.pop("account_name", UNSET))

        def _parse_account_email(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        account_email = _parse_account_email(d.pop("account_email", UNSET))

        def _parse_account_plan(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        account_plan = _parse_account_plan(d.pop("account_plan", UNSET))

        def _parse_build_version(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        build_version = _parse_build_version(d.pop("build_version", UNSET))

        def _parse_ai_tool(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        ai_tool = _parse_ai_tool(d.pop("ai_tool", UNSET))

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

        bug_report = cls(
            id=id,
            title=title,
            description=description,
            severity=severity,
            status=status,
            related_generation_id=related_generation_id,
            current_route=current_route,
            user_agent=user_agent,
            client_type=client_type,
            account_name=account_name,
            account_email=account_email,
            account_plan=account_plan,
            build_version=build_version,
            ai_tool=ai_tool,
            created_at=created_at,
        )

        bug_report.additional_properties = d
        return bug_report

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
