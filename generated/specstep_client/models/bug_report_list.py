from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.bug_report import BugReport


T = TypeVar("T", bound="BugReportList")


@_attrs_define
class BugReportList:
    """The caller's own bug reports.

    Attributes:
        reports (list[BugReport] | None | Unset): The reports, newest first.
    """

    reports: list[BugReport] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        reports: list[dict[str, Any]] | None | Unset
        if isinstance(self.reports, Unset):
            reports = UNSET
        elif isinstance(self.reports, list):
            reports = []
            for reports_type_0_item_data in self.reports:
                reports_type_0_item = reports_type_0_item_data.to_dict()
                reports.append(reports_type_0_item)

        else:
            reports = self.reports

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if reports is not UNSET:
            field_dict["reports"] = reports

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.bug_report import BugReport  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_reports(data: object) -> list[BugReport] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                reports_type_0 = []
                _reports_type_0 = data
                for reports_type_0_item_data in _reports_type_0:
                    reports_type_0_item = BugReport.from_dict(reports_type_0_item_data)

                    reports_type_0.append(reports_type_0_item)

                return reports_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[BugReport] | None | Unset, data)

        reports = _parse_reports(d.pop("reports", UNSET))

        bug_report_list = cls(
            reports=reports,
        )

        bug_report_list.additional_properties = d
        return bug_report_list

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
