from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.status_incident import StatusIncident


T = TypeVar("T", bound="StatusHistory")


@_attrs_define
class StatusHistory:
    """What went wrong with the service.

    Attributes:
        incidents (list[StatusIncident] | None | Unset): The incidents, newest first.
    """

    incidents: list[StatusIncident] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        incidents: list[dict[str, Any]] | None | Unset
        if isinstance(self.incidents, Unset):
            incidents = UNSET
        elif isinstance(self.incidents, list):
            incidents = []
            for incidents_type_0_item_data in self.incidents:
                incidents_type_0_item = incidents_type_0_item_data.to_dict()
                incidents.append(incidents_type_0_item)

        else:
            incidents = self.incidents

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if incidents is not UNSET:
            field_dict["incidents"] = incidents

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.status_incident import StatusIncident  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_incidents(data: object) -> list[StatusIncident] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                incidents_type_0 = []
                _incidents_type_0 = data
                for incidents_type_0_item_data in _incidents_type_0:
                    incidents_type_0_item = StatusIncident.from_dict(
                        incidents_type_0_item_data
                    )

                    incidents_type_0.append(incidents_type_0_item)

                return incidents_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[StatusIncident] | None | Unset, data)

        incidents = _parse_incidents(d.pop("incidents", UNSET))

        status_history = cls(
            incidents=incidents,
        )

        status_history.additional_properties = d
        return status_history

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
