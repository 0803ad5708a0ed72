"""Which readable operations are asked, in which order and with which ids, and the shape of each answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import quote

import attrs

from specstep_flows import errors, events
from specstep_flows._json import read_json
from specstep_flows.contact.shapes import Shape, add
from specstep_flows.engine.effects import Reply, Report, Request, Send
from specstep_flows.states import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from specstep_flows.contact.contract import Contract, Node, Operation

#: Requests of one contact, the document's own among them.
MOST_REQUESTS: Final = 40
#: An envelope has no more members than this beside its rows: a total, a cursor and the like.
MOST_MEMBERS: Final = 4
#: What an id is called in the rows of a list, and a file in a package's list.
_IDS: Final = ("id", "path", "version")
_PARAMETER: Final = re.compile(r"\{(\w+)\}")
#: Not asked: it may make a document of it, or streams one that is large.
_LEFT_OUT: Final = frozenset({"download_explanation", "search_packages", "search_package"})


@attrs.define
class Answer:
    """What one operation answered, without a value of the account."""

    operation: str
    status: int
    #: Names of the answer's headers, in lower case, each with what its value looks like.
    headers: dict[str, str] = attrs.field(factory=dict)
    media: str = ""
    #: The shape of the body; None where it is not JSON.
    body: Shape | None = None


@attrs.define
class Contact:
    """Everything that a service answered."""

    answers: dict[str, Answer] = attrs.field(factory=dict)
    #: Operations that were not asked, each with the reason.
    skipped: dict[str, str] = attrs.field(factory=dict)
    requests: int = 0


#: Rows that were listed, by the list's path: kept while asking, to ask for what is in them, and dropped then.
_Rows: TypeAlias = dict[str, Any]


async def ask(contract: Contract, most: int = MOST_REQUESTS - 1) -> Contact:
    """Ask every readable operation that the key may ask, each once, and nothing that costs.

    Raises:
        RequestError: the service cannot be reached, or refuses the key: nothing more is asked.
    """
    contact = Contact()
    rows: _Rows = {}
    for operation in order(contract):
        path = _path(operation, contract, rows)
        if isinstance(path, Missing):
            contact.skipped[operation.name] = path.reason
        elif contact.requests >= most:
            contact.skipped[operation.name] = f"{most} requests were sent"
        else:
            contact.requests += 1
            await Report(events.Notice(f"Asking {operation.name}."))
            await _ask(operation, path, contact, rows)
    return contact


def order(contract: Contract) -> Iterator[Operation]:
    """Lists before what is in them, and what the flows use, with its lists, before the rest."""
    readable = (one for one in contract.operations.values() if one.method == "GET" and not one.is_cookie_only)
    usable = [one for one in readable if one.name not in _LEFT_OUT and not one.needs]
    used = [one.path for one in usable if one.used_by]

    def rank(operation: Operation) -> tuple[bool, bool, int]:
        is_used = any(path == operation.path or path.startswith(f"{operation.path}/{{") for path in used)
        # A bin has the rows of its list.
        return operation.path.endswith("/deleted"), not is_used, len(_PARAMETER.findall(operation.path))

    yield from sorted(usable, key=rank)


@attrs.frozen
class Missing:
    """Why an operation cannot be asked."""

    reason: str


def _path(operation: Operation, contract: Contract, rows: _Rows) -> str | Missing:
    """The path with the ids of listed rows, or why there are none."""
    done, row = "", None
    for part in operation.path.strip("/").split("/"):
        parameter = _PARAMETER.fullmatch(part)
        if parameter is None:
            done += f"/{part}"
            continue
        listed = rows.get(_listing(operation.path, part, contract))
        value = _id(listed) if listed is not None else _member(row, parameter.group(1))
        row = listed if listed is not None else row
        if value is None:
            return Missing(f"nothing is listed that has the {parameter.group(1)} it needs")
        done += "/" + quote(value, safe="/" if operation.is_catch_all else "")
    return done


def _listing(path: str, parameter: str, contract: Contract) -> str:
    """The path of the operation that lists what a parameter chooses from, whatever its own parameters are called."""
    blank = _PARAMETER.sub("{}", path[: path.index(parameter)].rstrip("/"))
    return next((one.path for one in contract.operations.values() if _PARAMETER.sub("{}", one.path) == blank), blank)


def _id(row: Any) -> str | None:
    if isinstance(row, str):
        return row
    return next((value for name in _IDS if (value := _member(row, name)) is not None), None)


def _member(row: Any, name: str) -> str | None:
    if not isinstance(row, dict):
        return None
    folded = {fold(key): value for key, value in row.items()}
    value = folded.get(fold(name))
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "" else None


def _chosen(document: Any) -> Any:
    """The row of a list whose own operations are asked: the first that is complete, since it has most, else the first.

    None where there is none.
    """
    rows = rows_of(document) or []
    complete = (row for row in rows if isinstance(row, dict) and "complete" in map(fold, _texts(row)))
    return next(complete, rows[0] if rows else None)


def _texts(row: Mapping[str, Any]) -> list[str]:
    return [value for value in row.values() if isinstance(value, str)]


async def _ask(operation: Operation, path: str, contact: Contact, rows: _Rows) -> None:
    # Sent once, whatever comes: what fails is an answer, too.
    request = Request(operation.name, "unsafe", "GET", path, is_anonymous=operation.is_anonymous)
    try:
        reply: Reply = await Send(request, lambda reply: reply)
    except errors.AuthenticationError:
        if not operation.is_anonymous:
            raise
        contact.answers[operation.name] = Answer(operation.name, 401)
        return
    except errors.RateLimited:
        raise
    except errors.APIError as error:
        answer = Answer(operation.name, error.status)
        answer.body = _shape(dict(error.members), contract_problem(operation, error.status))
        contact.answers[operation.name] = answer
        return
    answer = Answer(operation.name, reply.status, _headers(reply.headers))
    answer.media = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    contact.answers[operation.name] = answer
    try:
        document = read_json(reply.content) if "json" in answer.media and reply.content else None
    except ValueError:
        document = None
    if document is not None:
        answer.body = _shape(document, operation.bodies.get(str(reply.status)) or _any_success(operation))
        rows[operation.path] = _chosen(document)


def contract_problem(operation: Operation, status: int) -> Node | None:
    """What the contract says of the body of a refusal."""
    return operation.bodies.get(str(status)) or operation.bodies.get("400") or operation.bodies.get("404")


def _any_success(operation: Operation) -> Node | None:
    return next((node for status, node in operation.bodies.items() if status < "3"), None)


def _shape(value: Any, node: Node | None) -> Shape | None:
    if node is None:
        return None
    shape = Shape()
    rows = rows_of(value)
    listed = list_of(node)
    if rows is not None and listed is not None and listed[0] not in value:
        # The envelope differs: its rows are looked at as the rows that they are.
        name = listed[0]
        shape.envelope = "array" if isinstance(value, list) else next(key for key in value if value[key] is rows)
        value = {name: rows}
    add(shape, value, node)
    return shape


def list_of(node: Node) -> tuple[str, Node] | None:
    """The member of an envelope that has its rows, if the contract says that this is one."""
    arrays = [name for name in node.names if "array" in node.field(name).types]
    return (arrays[0], node.field(arrays[0])) if len(arrays) == 1 and len(node.names) <= MOST_MEMBERS else None


def rows_of(value: Any) -> list[Any] | None:
    """The rows of a list, as flows find them: an array, or the only array of an object."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        arrays = [member for member in value.values() if isinstance(member, list)]
        return arrays[0] if len(arrays) == 1 else None
    return None


#: Headers whose names say nothing of the account and whose values say how they are meant.
_KNOWN_HEADERS: Final = re.compile(
    r"(x-)?rate-?limit[a-z-]*|retry-after|date|content-type|location|x-quota-[a-z]+|etag"
)


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name.lower(): looks(value)
        for name, value in headers.items()
        if _KNOWN_HEADERS.fullmatch(name.lower()) and name.lower() not in ("set-cookie", "cookie")
    }


def looks(value: str) -> str:
    """What a header's value looks like: ``seconds``, ``epoch``, ``number``, ``date``, ``path``, ``url`` or ``text``."""
    if re.fullmatch(r"\d{1,20}", value):
        number = int(value)
        return "seconds" if number <= 86_400 else "epoch" if 1_000_000_000 <= number < 20_000_000_000_000 else "number"
    if value.startswith("/"):
        return "path"
    if re.match(r"https?://", value):
        return "url"
    return "date" if re.search(r"\d{4}.*\d\d:\d\d", value) else "text"
