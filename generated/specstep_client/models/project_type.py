from __future__ import annotations

from enum import StrEnum


class ProjectType(StrEnum):
    """A value that is not listed here is kept as it came, as a member without a name in this class."""

    AI_AGENT = "AiAgent"
    AI_TOOL = "AiTool"
    BROWSER_EXTENSION = "BrowserExtension"
    DESKTOP_APP = "DesktopApp"
    MOBILE_APP = "MobileApp"
    MOBILE_GAME = "MobileGame"
    WEB_APP = "WebApp"

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def _missing_(cls, value: object) -> ProjectType | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member
