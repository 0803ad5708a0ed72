from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.external_connector import ExternalConnector


T = TypeVar("T", bound="ExternalConnectorList")


@_attrs_define
class ExternalConnectorList:
    """The connected folders of the caller.

    Attributes:
        connectors (list[ExternalConnector] | None | Unset): The connectors.
    """

    connectors: list[ExternalConnector] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        connectors: list[dict[str, Any]] | None | Unset
        if isinstance(self.connectors, Unset):
            connectors = UNSET
        elif isinstance(self.connectors, list):
            connectors = []
            for connectors_type_0_item_data in self.connectors:
                connectors_type_0_item = connectors_type_0_item_data.to_dict()
                connectors.append(connectors_type_0_item)

        else:
            connectors = self.connectors

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if connectors is not UNSET:
            field_dict["connectors"] = connectors

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.external_connector import ExternalConnector  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_connectors(data: object) -> list[ExternalConnector] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                connectors_type_0 = []
                _connectors_type_0 = data
                for connectors_type_0_item_data in _connectors_type_0:
                    connectors_type_0_item = ExternalConnector.from_dict(
                        connectors_type_0_item_data
                    )

                    connectors_type_0.append(connectors_type_0_item)

                return connectors_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[ExternalConnector] | None | Unset, data)

        connectors = _parse_connectors(d.pop("connectors", UNSET))

        external_connector_list = cls(
            connectors=connectors,
        )

        external_connector_list.additional_properties = d
        return external_connector_list

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
