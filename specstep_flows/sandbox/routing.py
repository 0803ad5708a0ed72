"""One request and its answer as the handlers see them, and the table that says which handler answers what."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Literal

import attrs

from specstep_flows.sandbox.options import SandboxOptions
from specstep_flows.sandbox.records import Key
from specstep_flows.sandbox.refusals import Refusal, invalid
from specstep_flows.sandbox.world import World

Json = dict[str, Any] | list[Any]


@attrs.define
class Upload:
    """A file of a multipart form."""

    name: str
    content_type: str
    content: bytes


@attrs.define
class Call:
    """A request that has passed authentication and the limits."""

    world: World
    now: float
    #: Scheme and authority of the API, as the caller names it.
    origin: str
    #: Scheme and authority of the blob server, for signed URLs.
    blob_origin: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    form: Mapping[str, str | Upload] = attrs.field(factory=dict)
    caller: Key | None = None

    @property
    def options(self) -> SandboxOptions:
        """The sandbox's options."""
        return self.world.options

    @property
    def key(self) -> Key:
        """Whose key it is; only for operations that need one."""
        assert self.caller is not None
        return self.caller

    @property
    def owner(self) -> str:
        """The id of the calling user."""
        return self.key.user.id

    def id(self, name: str = "id") -> str:
        """A path parameter that must be a UUID; anything else is simply not found."""
        try:
            return str(uuid.UUID(self.params[name]))
        except ValueError:
            raise Refusal(404, "NOT_FOUND", "There is nothing at this address.") from None

    def json(self) -> dict[str, Any]:
        """The body, which must be a JSON object."""
        if not self.body:
            raise invalid("A request body is required.")
        try:
            document = json.loads(self.body)
        except ValueError:
            raise invalid("The request body is not JSON.") from None
        if not isinstance(document, dict):
            raise invalid("The request body must be an object.")
        return document

    def json_or_empty(self) -> dict[str, Any]:
        """The body where none need be sent."""
        return self.json() if self.body.strip() else {}

    def number(self, name: str, default: int, most: int, least: int = 1) -> int:
        """A whole number from the query; above `most` it is taken for `most`."""
        raw = self.query.get(name)
        if raw is None:
            return default
        try:
            value = int(raw)
        except ValueError:
            raise invalid(f"{name} must be a whole number.") from None
        if value < least:
            raise invalid(f"{name} must be at least {least}.")
        return min(value, most)

    def upload(self) -> Upload:
        """The file of a multipart form, in its field `file`."""
        file = self.form.get("file")
        if not isinstance(file, Upload) or not file.name:
            raise invalid("A multipart form with a file in the field `file` is required.")
        if not file.content:
            raise invalid("The file is empty.")
        return file

    def page(self, rows: list[Any], default: int = 50, most: int = 200) -> list[Any]:
        """The slice of `rows` that limit and offset ask for."""
        limit = self.number("limit", default, most)
        offset = self.number("offset", 0, 1 << 31, least=0)
        return rows[offset : offset + limit]

    def ordered(self, rows: list[Any]) -> list[Any]:
        """Rows that come oldest first, in the order that the query asks for: newest first unless it says asc."""
        order = self.query.get("order", "desc").lower()
        if order not in ("asc", "desc"):
            raise invalid("order must be asc or desc.")
        return rows if order == "asc" else rows[::-1]


@attrs.define
class Answer:
    """What goes back: JSON, bytes, a stream, or nothing."""

    status: int = 200
    body: Json | bytes | Iterator[bytes] | None = None
    headers: dict[str, str] = attrs.field(factory=dict)
    content_type: str = "application/json; charset=utf-8"

    def encoded(self) -> bytes:
        """The body as it goes over the wire."""
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def listed(options: SandboxOptions, name: str, rows: list[Any]) -> Json:
    """A list in the envelope that the options ask for; the pages do not say which one the service uses."""
    return rows if options.list_envelope == "array" else {name: rows}


def text(body: Mapping[str, Any], name: str, *, most: int | None = None, required: bool = True) -> str | None:
    """A string member of a request body, not blank if it is required."""
    value = body.get(name)
    if value is None and not required:
        return None
    if not isinstance(value, str) or (required and not value.strip()):
        raise invalid(f"{name} is required and must be a string.")
    if most is not None and len(value) > most:
        raise invalid(f"{name} must have at most {most} characters.")
    return value


def required_text(body: Mapping[str, Any], name: str, most: int | None = None) -> str:
    """A string member that must be there and must not be blank."""
    value = text(body, name, most=most)
    assert value is not None
    return value


def choice(body: Mapping[str, Any], name: str, values: tuple[str, ...]) -> str | None:
    """A member of an enumeration: its exact name, or its ordinal for old clients."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(values):
        return values[value]
    if not isinstance(value, str) or value not in values:
        raise invalid(f"{name} must be one of {', '.join(values)} (case-sensitive).")
    return value


def identifier(body: Mapping[str, Any], name: str) -> str:
    """A member that must be a UUID."""
    value = body.get(name)
    try:
        if not isinstance(value, str):
            raise ValueError
        return str(uuid.UUID(value))
    except ValueError:
        raise invalid(f"{name} is required and must be a UUID.") from None


Handler = Callable[[Call], Answer | Awaitable[Answer]]
#: bearer: anybody known. person: not an `sf_…` key. cookie: a browser session, so every bearer is refused.
Auth = Literal["bearer", "anonymous", "person", "cookie"]
Limit = Literal["standard", "kickoff"]


@attrs.frozen
class Operation:
    """One row of the table."""

    method: str
    path: str
    handler: Handler
    auth: Auth = "bearer"
    limit: Limit | None = "standard"
    #: The entry in the document: answers as `200:@Name 404`, query and body in its notation, and the operationId.
    answers: str = ""
    query: str = ""
    body: str = ""
    operation_id: str = ""

    @property
    def name(self) -> str:
        """The operation as the pages write it, such as `GET /v1/me`."""
        return f"{self.method} {self.path}"


class Routes:
    """Collects the operations of one resource, and what the document says of them.

    `tag` is the document's, `records` and `enums` are the schemas that its operations bring, in the notation of
    `document.py`, and `names` what the document calls the parameters of the paths.
    """

    def __init__(
        self,
        tag: str,
        names: Mapping[str, str] | None = None,
        records: Mapping[str, str] | None = None,
        enums: Mapping[str, str] | None = None,
    ) -> None:
        self.tag = tag
        self.names = names or {}
        self.records = records or {}
        self.enums = enums or {}
        self.operations: list[Operation] = []

    def add(
        self,
        name: str,
        answers: str = "",
        *,
        query: str = "",
        body: str = "",
        named: str = "",
        auth: Auth = "bearer",
        limit: Limit | None = "standard",
    ) -> Callable[[Handler], Handler]:
        """Register a handler for `METHOD /path`. What is open to all, or for browsers only, is not limited.

        Without `answers` the operation is not in the document.
        """

        def register(handler: Handler) -> Handler:
            method, path = name.split(" ")
            counted = None if auth in ("anonymous", "cookie") else limit
            self.operations.append(Operation(method, path, handler, auth, counted, answers, query, body, named))
            return handler

        return register

    def path_to(self, handler: Handler, *ids: str) -> str:
        """Where an operation is, for answers that lead there: its path with these ids."""
        path = next(operation.path for operation in self.operations if operation.handler is handler)
        given = iter(ids)
        return re.sub(r"{[^}]+}", lambda _: next(given), path)

    def path_in_document(self, operation: Operation) -> str:
        """The path with its parameters named as in the document."""
        return re.sub(r"(?<={)[^}]+", lambda name: self.names.get(name[0], name[0]), operation.path)
