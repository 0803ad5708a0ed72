"""Which readable operations are asked, in which order and with which ids, and the shape of each answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import quote

import attrs

from specstep_flows import errors, events
from specstep_flows._json import read_json
from specstep_flows.contact.shapes import NAME, Shape, add
from specstep_flows.engine.effects import Reply, Report, Request, Send
from specstep_flows.states import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from specstep_flows.contact.contract import Contract, Node, Operation

#: Requests of one contact, the document's own among them.
MOST_REQUESTS: Final = 40
#: An envelope has no more members than this beside its rows: a total, a cursor and the like.
MOST_MEMBERS: Final = 4
#: Seconds from now of a window, of a day at most; and from when on a number is a moment since 1970.
MOST_SECONDS: Final = 86_400
_EPOCHS: Final = (("epoch", 1_000_000_000), ("epoch milliseconds", 1_000_000_000_000))
#: What an id is called in the rows of a list, and a file in a package's list.
_IDS: Final = ("id", "path", "version")
#: What the rows of a list are usually called, where a list is empty.
_USUAL: Final = frozenset({"data", "items", "results", "records", "entries", "rows", "value", "values", "content"})
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
    #: Why it ended before all were asked; empty where it did not.
    stopped: str = ""


#: Rows that were listed, by the list's path: kept while asking, to ask for what is in them, and dropped then.
_Rows: TypeAlias = dict[str, Any]


async def ask(contract: Contract, most: int = MOST_REQUESTS - 1) -> Contact:
    """Ask every readable operation that the key may ask, each once, and nothing that costs.

    Once the key has been accepted, what goes wrong is an answer, too: of one that never comes the rest is asked; after
    a refusal of the key (a few of them lock the address out) or a request to wait, nothing more is.

    Raises:
        RequestError: the service cannot be reached, or refuses the key, before it has answered anything with it.
    """
    contact = Contact()
    rows: _Rows = {}
    for operation in order(contract):
        path = _path(operation, contract, rows)
        if isinstance(path, Missing):
            contact.skipped[operation.name] = path.reason
        elif contact.stopped or contact.requests >= most:
            contact.skipped[operation.name] = contact.stopped or f"{most} requests were sent"
        else:
            contact.requests += 1
            await Report(events.Notice(f"Asking {operation.name}."))
            try:
                await _ask(operation, path, contact, rows)
            except errors.RequestError as error:
                if not any(one.status < 400 and not _is_anonymous(one, contract) for one in contact.answers.values()):
                    raise
                contact.stopped = _stops(error, operation)
                if operation.name not in contact.answers:
                    contact.skipped[operation.name] = contact.stopped or "no answer that can be read came"
    return contact


def _is_anonymous(answer: Answer, contract: Contract) -> bool:
    return contract.operations[answer.operation].is_anonymous


def _stops(error: errors.RequestError, operation: Operation) -> str:
    """Why nothing more may be asked after an error; empty where the rest may be."""
    if isinstance(error, errors.AuthenticationError):
        return f"the service refused the key at {operation.name}"
    if isinstance(error, errors.RateLimited):
        return f"the service asked to wait at {operation.name}"
    return "the service cannot be reached any more" if isinstance(error, errors.NotConnected) else ""


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
        value = _id(listed, operation.path, parameter.group(1)) if listed is not None else None
        value = value if listed is not None else _member(row, parameter.group(1))
        row = listed if listed is not None else row
        if value is None:
            return Missing(f"nothing is listed that has the {parameter.group(1)} it needs")
        done += "/" + quote(value, safe="/" if operation.is_catch_all else "")
    return done


def _listing(path: str, parameter: str, contract: Contract) -> str:
    """The path of the operation that lists what a parameter chooses from, whatever its own parameters are called."""
    blank = _PARAMETER.sub("{}", path[: path.index(parameter)].rstrip("/"))
    return next((one.path for one in contract.operations.values() if _PARAMETER.sub("{}", one.path) == blank), blank)


def _id(row: Any, path: str, parameter: str) -> str | None:
    """The id of a listed row, which may be called after what is listed: ``generationId``."""
    if isinstance(row, str):
        return row
    of_what = path.partition("/{")[0].rpartition("/")[2].removesuffix("s")
    names = (*_IDS, parameter, f"{of_what}_id")
    return next((value for name in names if (value := _member(row, name)) is not None), None)


def _member(row: Any, name: str) -> str | None:
    if not isinstance(row, dict):
        return None
    folded = {fold(key): value for key, value in row.items()}
    value = folded.get(fold(name))
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "" else None


def _chosen(document: Any, expected: Node | None) -> Any:
    """The row of a list whose own operations are asked: the first that is complete, since it has most, else the first.

    None where there is none.
    """
    found = located(document, expected) if expected is not None and list_of(expected) is not None else None
    rows = found[1] if found is not None else []
    complete = (row for row in rows if isinstance(row, dict) and "complete" in map(fold, _texts(row)))
    return next(complete, rows[0] if rows else None)


def _texts(row: Mapping[str, Any]) -> list[str]:
    return [value for value in row.values() if isinstance(value, str)]


async def _ask(operation: Operation, path: str, contact: Contact, rows: _Rows) -> None:
    # Sent once, whatever comes: what fails is an answer, too.
    request = Request(
        operation.name,
        "unsafe",
        "GET",
        path,
        is_anonymous=operation.is_anonymous,
        # A zip that comes directly is not fetched for its headers.
        leaves_body=operation.success is None,
    )
    try:
        reply: Reply = await Send(request, lambda reply: reply)
    except errors.AuthenticationError:
        contact.answers[operation.name] = Answer(operation.name, 401)
        if not operation.is_anonymous:
            raise
        return
    except errors.RateLimited as error:
        # Without the service's own text, which may name what is the account's.
        raise errors.RateLimited(
            "Too many requests: the service asks to wait. Try again in a minute.",
            operation=operation.name,
            status=error.status,
            retry_after=error.retry_after,
        ) from None
    except errors.APIError as error:
        answer = Answer(operation.name, error.status)
        contact.answers[operation.name] = answer
        return
    answer = Answer(operation.name, reply.status, headers_of(reply.headers))
    answer.media = media_of(reply.headers) if reply.content else ""
    contact.answers[operation.name] = answer
    try:
        document = read_json(reply.content) if "json" in answer.media and reply.content else None
    except ValueError:
        document = None
    if document is not None:
        expected = operation.bodies.get(str(reply.status)) or operation.success
        answer.body = shape_of(document, expected) if expected is not None else None
        rows[operation.path] = _chosen(document, expected)


def shape_of(value: Any, node: Node) -> Shape:
    """The shape of an answer; one in another envelope is looked at as what is in it."""
    shape, wrapper = Shape(), ""
    listed = list_of(node)
    if isinstance(value, dict) and node.names and not _described(value, node):
        inner = {name: one for name, one in value.items() if isinstance(one, dict) and _described(one, node)}
        if len(inner) == 1:
            ((wrapper, value),) = inner.items()
            wrapper = shape.envelope = _shown(wrapper)
    if listed is not None:
        found = located(value, node)
        if found is not None:
            shape.envelope, rows = found
            others = value if isinstance(value, dict) else {}
            taken = (shape.envelope or listed[0]).partition(".")[0]
            value = {listed[0]: rows, **{name: one for name, one in others.items() if name != taken}}
            if shape.envelope is not None and node.called(shape.envelope) is not None:
                # Spelled otherwise, and no other envelope.
                value[shape.envelope] = value.pop(listed[0])
                shape.envelope = None
        if wrapper:
            shape.envelope = f"{wrapper}.{shape.envelope or listed[0]}"
    add(shape, value, node)
    return shape


def _described(value: Mapping[str, Any], node: Node) -> bool:
    node = node.alternative(value)
    return any(node.called(name) is not None for name in value)


def list_of(node: Node) -> tuple[str, Node] | None:
    """The member of an envelope that has its rows, if the contract says that this is one."""
    arrays = [name for name in node.names if "array" in node.field(name).types]
    return (arrays[0], node.field(arrays[0])) if len(arrays) == 1 and len(node.names) <= MOST_MEMBERS else None


def located(value: Any, node: Node) -> tuple[str | None, list[Any]] | None:
    """The rows of a list, and where they are unless that is where the contract says: ``array``, ``data.items``.

    The only array of an object has them, or of several the one whose rows the contract describes; otherwise they are a
    level deeper.
    """
    listed = list_of(node)
    assert listed is not None
    name, rows = listed
    if isinstance(value, list):
        return "array", value
    if not isinstance(value, dict):
        return None
    if isinstance(value.get(name), list):
        return None, value[name]
    spelled = next((one for one in value if node.called(one) == name and isinstance(value[one], list)), None)
    if spelled is not None:
        return _shown(spelled), value[spelled]
    inner = [(one, member) for one, member in value.items() if isinstance(member, dict)]
    for where, members in (("", value), *((f"{_shown(one)}.", member) for one, member in inner)):
        arrays = [(one, member) for one, member in members.items() if isinstance(member, list)]
        if len(arrays) > 1:
            arrays = [
                (one, member)
                for one, member in arrays
                if _are_rows(member, rows.item()) or (not member and fold(one) in _USUAL)
            ]
        if len(arrays) == 1:
            return where + _shown(arrays[0][0]), arrays[0][1]
    return None


def _are_rows(value: list[Any], item: Node) -> bool:
    return bool(value) and isinstance(value[0], dict) and _described(value[0], item)


def _shown(name: str) -> str:
    return name if NAME.fullmatch(name) else "…"


#: Headers that say nothing of the account, and whose values say how they are meant.
_KNOWN_HEADERS: Final = re.compile(
    r"(x-)?rate-?limit(-(limit|remaining|reset|reset-after|policy|used))?"
    r"|x-quota-(tier|limit|used|reset|remaining)|retry-after|date|content-type|location|etag"
)
_KNOWN_MEDIA: Final = re.compile(
    r"application/((problem|hal|vnd\.api|ld)\+)?json|text/(html|plain|xml|csv|event-stream|markdown)"
    r"|application/(zip|xml|octet-stream|pdf|x-ndjson)"
)


def headers_of(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that say how the service means its answers, each with what its value looks like."""
    return {name.lower(): looks(value) for name, value in headers.items() if _KNOWN_HEADERS.fullmatch(name.lower())}


def media_of(headers: Mapping[str, str]) -> str:
    """The content type, if it is one that anybody may have; JSON of another kind as JSON."""
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    if not media or _KNOWN_MEDIA.fullmatch(media):
        return media
    return "application/json" if media.endswith("json") else "another content type"


def looks(value: str) -> str:
    """What a header's value looks like.

    ``seconds``, ``epoch`` or ``epoch milliseconds``, ``number``, ``date``, ``path``, ``url`` or ``text``.
    """
    if re.fullmatch(r"[0-9]{1,20}(\.[0-9]{1,9})?", value):
        number = float(value)
        if number <= MOST_SECONDS:
            return "seconds"
        return next((name for name, least in _EPOCHS if least <= number < 20 * least), "number")
    if value.startswith("/"):
        return "path"
    if re.match(r"https?://", value):
        return "url"
    return "date" if re.search(r"[0-9]{4}.*[0-9]{2}:[0-9]{2}", value) else "text"
