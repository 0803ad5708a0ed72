from __future__ import annotations

from enum import StrEnum


class TypedEvidenceKind(StrEnum):
    """A value that is not listed here is kept as it came, as a member without a name in this class."""

    CONSOLE_ERROR = "console_error"
    FREE = "free"
    HTTP_RESPONSE = "http_response"
    JSON_PAYLOAD = "json_payload"
    MCP_TOOL_CALL = "mcp_tool_call"
    ROUTE = "route"
    SCREENSHOT = "screenshot"
    TRANSCRIPT_TURN = "transcript_turn"

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def _missing_(cls, value: object) -> TypedEvidenceKind | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member
