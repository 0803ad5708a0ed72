from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.service_status import ServiceStatus
    from ..models.status_incident import StatusIncident


T = TypeVar("T", bound="StatusSummary")


@_attrs_define
class StatusSummary:
    """How the service is.

    Attributes:
        overall (None | str | Unset): How it is as a whole.
        services (list[ServiceStatus] | None | Unset): How its parts are.
        active_incidents (list[StatusIncident] | None | Unset): What is wrong now.
        generated_at (datetime.datetime | None | Unset): When this was put together (UTC).
    """

    overall: None | str | Unset = UNSET
    services: list[ServiceStatus] | None | Unset = UNSET
    active_incidents: list[StatusIncident] | None | Unset = UNSET
    generated_at: datetime.datetime | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        overall: None | str | Unset
        if isinstance(self.overall, Unset):
            overall = UNSET
        else:
            overall = self.overall

        services: list[dict[str, Any]] | None | Unset
        if isinstance(self.services, Unset):
            services = UNSET
        elif isinstance(self.services, list):
            services = []
            for services_type_0_item_data in self.services:
                services_type_0_item = services_type_0_item_data.to_dict()
                services.append(services_type_0_item)

        else:
            services = self.services

        active_incidents: list[dict[str, Any]] | None | Unset
        if isinstance(self.active_incidents, Unset):
            active_incidents = UNSET
        elif isinstance(self.active_incidents, list):
            active_incidents = []
            for active_incidents_type_0_item_data in self.active_incidents:
                active_incidents_type_0_item = (
                    active_incidents_type_0_item_data.to_dict()
                )
                active_incidents.append(active_incidents_type_0_item)

        else:
            active_incidents = self.active_incidents

        generated_at: None | str | Unset
        if isinstance(self.generated_at, Unset):
            generated_at = UNSET
        elif isinstance(self.generated_at, datetime.datetime):
            generated_at = self.generated_at.isoformat()
        else:
            generated_at = self.generated_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if overall is not UNSET:
            field_dict["overall"] = overall
        if services is not UNSET:
            field_dict["services"] = services
        if active_incidents is not UNSET:
            field_dict["active_incidents"] = active_incidents
        if generated_at is not UNSET:
            field_dict["generated_at"] = generated_at

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.service_status import ServiceStatus  # noqa: PLC0415
        from ..models.status_incident import StatusIncident  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_overall(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        overall = _parse_overall(d.pop("overall", UNSET))

        def _parse_services(data: object) -> list[ServiceStatus] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                services_type_0 = []
                _services_type_0 = data
                for services_type_0_item_data in _services_type_0:
                    services_type_0_item = ServiceStatus.from_dict(
                        services_type_0_item_data
                    )

                    services_type_0.append(services_type_0_item)

                return services_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[ServiceStatus] | None | Unset, data)

        services = _parse_services(d.pop("services", UNSET))

        def _parse_active_incidents(
            data: object,
        ) -> list[StatusIncident] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                active_incidents_type_0 = []
                _active_incidents_type_0 = data
                for active_incidents_type_0_item_data in _active_incidents_type_0:
                    active_incidents_type_0_item = StatusIncident.from_dict(
                        active_incidents_type_0_item_data
                    )

                    active_incidents_type_0.append(active_incidents_type_0_item)

                return active_incidents_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[StatusIncident] | None | Unset, data)

        active_incidents = _parse_active_incidents(d.pop("active_incidents", UNSET))

        def _parse_generated_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                generated_at_type_0 = datetime.datetime.fromisoformat(data)

                return generated_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        generated_at = _parse_generated_at(d.pop("generated_at", UNSET))

        status_summary = cls(
            overall=overall,
            services=services,
            active_incidents=active_incidents,
            generated_at=generated_at,
        )

        status_summary.additional_properties = d
        return status_summary

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
