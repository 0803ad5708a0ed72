"""A service's answers against the contract: what differs, and which assumptions hold."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import attrs

from specstep_flows.contact.asking import Answer, Contact, list_of
from specstep_flows.states import fold

if TYPE_CHECKING:
    from specstep_flows.contact.contract import Contract, Node, Operation
    from specstep_flows.contact.shapes import Shape

#: What can differ.
Kind: TypeAlias = Literal[
    "not offered", "refused", "status", "media", "envelope", "renamed", "missing", "type", "null", "format", "word",
    "new", "header", "unit",
]  # fmt: skip
Verdict: TypeAlias = Literal["confirmed", "refuted"]

#: How like two names must be for one to be taken for the other.
_LIKENESS: Final = 0.55
#: Words of fields that are about the request, and so not another name of what is documented.
_OF_REQUESTS: Final = frozenset({"x", "trace", "request", "correlation"})
#: Headers of a limited operation, as the pages name them.
_LIMIT_HEADERS: Final = ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset")
#: Differences of one cause that are told one by one.
MOST_ALIKE: Final = 3
#: Kinds that are about an operation as a whole.
_OF_OPERATIONS: Final = frozenset({"not offered", "refused", "status", "media"})
#: Assumption about what may be null, and the one about the unit of a header.
_GENERAL: Final = "general"
_RESET: Final = "header.RateLimit-Reset"


@attrs.frozen
class Difference:
    """One thing that the service does otherwise than the contract says."""

    kind: Kind
    operation: str
    #: Where in the operation: ``200 generations[].state``.
    place: str
    #: What the contract has, and what the service has.
    documented: str
    observed: str
    #: The named schema and the field, where there is one: ``Generation.package_id``.
    name: str = ""
    #: The assumption that it refutes; None where the pages say it.
    assumption: str | None = None

    @property
    def sentence(self) -> str:
        """The difference in a line."""
        where = f"{self.operation} {self.place}".strip()
        if self.kind == "new":
            return f"{where}: new, {self.observed}"
        return f"{where}: {self.observed} (documented: {self.documented})"


@attrs.define
class Comparison:
    """What a contact shows."""

    differences: list[Difference] = attrs.field(factory=list)
    #: Assumption → the operations whose answers show that it holds.
    confirmed: dict[str, list[str]] = attrs.field(factory=dict)

    @property
    def refuted(self) -> dict[str, list[Difference]]:
        """Assumption → what shows that it does not hold."""
        found: dict[str, list[Difference]] = {}
        for one in self.differences:
            if one.assumption is not None:
                found.setdefault(one.assumption, []).append(one)
        return found

    def verdicts(self) -> dict[str, Verdict]:
        """Each assumption that the answers say something about."""
        found: dict[str, Verdict] = dict.fromkeys(self.confirmed, "confirmed")
        return {**found, **dict.fromkeys(self.refuted, "refuted")}


def compare(contact: Contact, contract: Contract, *, is_whole: bool = False) -> Comparison:
    """Compare every answer.

    Args:
        contact: the answers.
        contract: what the contract says.
        is_whole: the answers are what a document says of them: a field that they lack is nowhere.
    """
    comparison = Comparison()
    for answer in contact.answers.values():
        _Compared(contract.operations[answer.operation], answer, comparison, is_whole=is_whole).all()
    comparison.differences = list(dict.fromkeys(comparison.differences))
    return comparison


class _Compared:
    def __init__(self, operation: Operation, answer: Answer, comparison: Comparison, *, is_whole: bool) -> None:
        self._operation = operation
        self._is_whole = is_whole
        self._answer = answer
        self._comparison = comparison

    def all(self) -> None:
        if not self._status():
            return
        self._head()
        answer, operation = self._answer, self._operation
        node = operation.bodies.get(str(answer.status)) or operation.success
        if node is None or answer.status >= 300:
            return
        if answer.body is None:
            if answer.status != 204:
                came = "what is no JSON, though it says so" if "json" in answer.media else answer.media
                self._differs("media", str(answer.status), "JSON", came or "no content")
            return
        self._envelope(node, answer.body)
        self._walk(node, answer.body, f"{answer.status} ", node.schema or "")

    def _differs(
        self, kind: Kind, place: str, documented: str, observed: str, assumption: str | None = None, name: str = ""
    ) -> None:
        self._comparison.differences.append(
            Difference(kind, self._operation.name, place, documented, observed, name, assumption)
        )

    def _holds(self, assumption: str | None) -> None:
        if assumption is not None:
            operations = self._comparison.confirmed.setdefault(assumption, [])
            if self._operation.name not in operations:
                operations.append(self._operation.name)

    def _status(self) -> bool:
        """Compare the status; whether there is anything else to compare."""
        status, operation = str(self._answer.status), self._operation
        listed = ", ".join(one for one in operation.bodies if one < "4")
        if status < "3" or (status in operation.bodies and status < "4"):
            if status in operation.bodies:
                self._holds(operation.assumptions.get(status))
            else:
                owner = next(iter(operation.assumptions.values()), operation.assumption)
                self._differs("status", status, listed, status, owner)
            self._holds(operation.assumption if operation.is_anonymous else None)
            return True
        if status == "401" and operation.is_anonymous:
            self._differs("refused", status, "no key needed", "a key is needed", operation.assumption)
        elif status == "404" and self._may_be_nothing():
            self._holds(operation.assumption)
        elif status in ("404", "405", "501"):
            self._differs("not offered", "", listed, status, operation.assumption)
        elif status in ("401", "403"):
            self._differs("refused", status, listed, f"{status} for this key")
        elif status < "4" or status >= "5":
            # Something on the way, or a service that is out of order: neither says what it does otherwise.
            self._differs("status", "", listed, status)
        else:
            self._differs("status", status, listed, status, operation.assumption)
        return False

    def _may_be_nothing(self) -> bool:
        """Whether a 404 says that there is none, and not that the operation is not there.

        What is listed is there, and so is a list of what is in it.
        """
        operation = self._operation
        if "404" not in operation.bodies:
            return False
        node = operation.success
        if operation.assumption is not None:
            return True
        is_listed = operation.path.endswith("}") and not operation.is_catch_all
        return "{" in operation.path and not is_listed and (node is None or list_of(node) is None)

    def _head(self) -> None:
        answer = self._answer
        if self._is_whole or not self._operation.is_limited:
            return
        for name in _LIMIT_HEADERS:
            if name not in answer.headers:
                self._differs("header", name, name, _like(name, answer) or "absent")
        looks = answer.headers.get(_like("ratelimit-reset", answer) or "")
        if looks == "seconds":
            self._holds(_RESET)
        elif looks is not None:
            self._differs("unit", "ratelimit-reset", "seconds from now", looks, _RESET)

    def _envelope(self, node: Node, body: Shape) -> None:
        found = list_of(node)
        if found is None:
            if body.envelope is not None:
                self._differs("envelope", str(self._answer.status), "the object itself", f"in {body.envelope}")
            return
        name, rows = found
        if body.envelope is None and name not in body.fields:
            return
        if body.envelope is None:
            self._holds(rows.assumption)
            return
        now = "a bare array" if body.envelope == "array" else f"an object with {body.envelope}"
        self._differs(
            "envelope",
            str(self._answer.status),
            f"an object with {name}",
            now,
            rows.assumption,
            f"{node.schema}.{name}",
        )

    def _walk(self, node: Node, shape: Shape, place: str, name: str) -> None:
        node = node.alternative(shape.fields)
        self._types(node, shape, place, name)
        name = node.schema or name
        if shape.objects and node.names:
            self._fields(node, shape, place, name)
        if shape.items is not None and shape.items.times:
            self._walk(node.item(), shape.items, f"{place}[]", f"{name}[]")

    def _types(self, node: Node, shape: Shape, place: str, name: str) -> None:
        """The types, formats and words at a place, and with them its assumption."""
        assumption = node.assumption
        documented = node.types
        seen = shape.types - {"null"}
        where = place.strip()
        if "null" in shape.types and not node.is_nullable and documented:
            self._differs("null", where, _types_of(documented), "null", _GENERAL, name)
        fits = documented | ({"integer"} if "number" in documented else set())
        odd = sorted(seen - fits) if documented else []
        if odd:
            owner = assumption or node.schema_assumption
            self._differs("type", where, _types_of(documented), _types_of(set(odd)), owner, name)
            return
        wanted = node.facts.get("format")
        if wanted in ("uuid", "date-time") and shape.formats and shape.formats != {wanted}:
            other = ", ".join(sorted(shape.formats - {wanted}))
            self._differs("format", where, str(wanted), other, assumption, name)
            return
        known = {fold(str(word)) for word in node.facts.get("values", ())}
        odd = sorted(word for word in shape.words if known and fold(word) not in known)
        if odd:
            owner = assumption or node.schema_assumption
            self._differs("word", where, "one of the documented words", ", ".join(odd), owner, node.schema or name)
            return
        if seen:
            self._holds(assumption)
            if not node.names:
                self._holds(node.schema_assumption)

    def _fields(self, node: Node, shape: Shape, place: str, name: str) -> None:
        base = place if place.endswith(" ") else f"{place}."
        new = {one: inner for one, inner in shape.fields.items() if one not in node.names}
        gone = [one for one in node.names if one not in shape.fields]
        before = len(self._comparison.differences)
        for one in gone:
            inner = node.field(one)
            other = _spelled(one, node, new) or _likely(one, inner, new)
            if other is not None:
                self._differs("renamed", f"{base}{one}", one, other, inner.assumption, f"{name}.{one}")
                self._walk(attrs.evolve(inner, assumption=None), new.pop(other), f"{base}{one}", f"{name}.{one}")
            elif self._is_whole or (one in node.facts.get("required", ()) and not inner.is_nullable):
                self._differs("missing", f"{base}{one}", one, "absent", inner.assumption, f"{name}.{one}")
        if len(self._comparison.differences) == before and len(gone) < len(node.names):
            self._holds(node.schema_assumption)
        for one, there in shape.fields.items():
            if one in node.names:
                self._walk(node.field(one), there, f"{base}{one}", f"{name}.{one}")
        for one, there in sorted(new.items()):
            self._differs("new", f"{base}{one}", "", _types_of(there.types), None, f"{name}.{one}")


def _spelled(name: str, node: Node, new: dict[str, Shape]) -> str | None:
    return next((one for one in new if node.called(one) == name), None)


def _likely(name: str, node: Node, new: dict[str, Shape]) -> str | None:
    """The new field that one that is gone most likely is: of a fitting type, and with a name that is like its own.

    One whose words are all in the other's, as no other new field's are, is taken for it whatever its type.
    """
    words = _words(name)
    new = {one: shape for one, shape in new.items() if not _words(one) & _OF_REQUESTS}
    close = [one for one in new if _words(one) <= words or words <= _words(one)]
    if len(close) == 1:
        return close[0]
    fitting = [one for one, shape in new.items() if not node.types or shape.types & node.types]
    alike = [one for one in fitting if _has_the_same(node, new[one])]
    if len(alike) == 1:
        return alike[0]
    likeness = {one: difflib.SequenceMatcher(None, fold(name), fold(one)).ratio() for one in fitting}
    best = max(likeness, key=lambda one: (likeness[one], one), default=None)
    return best if best is not None and likeness[best] >= _LIKENESS else None


def _has_the_same(node: Node, shape: Shape) -> bool:
    """Whether most of what is in a field is documented of what is in the other."""
    node, fields = (node.item(), shape.items.fields) if shape.items is not None else (node, shape.fields)
    return len(fields) > 1 and 2 * sum(node.called(one) is not None for one in fields) > len(fields)


def _words(name: str) -> set[str]:
    return set(re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower().strip("_").split("_"))


def _like(header: str, answer: Answer) -> str | None:
    """The header that an answer has for one of the pages: ``x-ratelimit-reset`` for ``ratelimit-reset``."""
    if header in answer.headers:
        return header
    return next((one for one in answer.headers if fold(one).endswith(fold(header))), None)


def _types_of(types: set[str] | frozenset[str]) -> str:
    return " or ".join(sorted(types)) or "anything"


def grouped(differences: list[Difference]) -> Iterator[tuple[str, list[Difference]]]:
    """Differences in lines; those with one cause, however many, in one."""
    causes: dict[str, list[Difference]] = {}
    for one in differences:
        causes.setdefault(_cause(one), []).append(one)
    for cause, several in causes.items():
        if cause and len(several) > MOST_ALIKE and several[0].kind in _OF_OPERATIONS:
            yield f"{cause}, {len(several)} operations: {', '.join(one.operation for one in several)}", several
        elif cause and len(several) > MOST_ALIKE:
            yield f"{cause}, {len(several)} times: {several[0].sentence}, and so on", several
        else:
            yield from ((one.sentence, [one]) for one in several)


def _wrapper(one: Difference) -> str:
    """What an answer that is as documented otherwise came in."""
    where = one.observed.rpartition(" ")[2]
    if one.observed.startswith("in "):
        return where
    outer, _, inner = where.partition(".")
    return outer if inner and inner == one.documented.rpartition(" ")[2] else ""


def _cause(one: Difference) -> str:
    if one.kind == "renamed" and fold(one.documented) == fold(one.observed):
        return "names are spelled otherwise"
    if one.kind == "envelope" and _wrapper(one):
        return f"answers come in {_wrapper(one)}"
    if one.kind == "envelope":
        return f"lists come as {'a bare array' if 'array' in one.observed else one.observed}"
    if one.kind == "header":
        return f"the header {one.documented} is {one.observed}"
    if one.kind == "type":
        return f"{one.documented} comes as {one.observed}"
    if one.kind == "media":
        return f"{one.observed} in place of JSON"
    if one.kind == "status":
        return f"answered with {one.observed}"
    if one.kind == "new":
        return f"new field {one.name.rpartition('.')[2]}"
    if one.kind == "not offered":
        return f"not offered ({one.observed})"
    if one.kind == "refused":
        return f"refused ({one.observed})"
    if one.kind in ("unit", "null", "format"):
        return f"{one.place if one.kind == 'unit' else one.kind}: {one.observed} in place of {one.documented}"
    return ""
