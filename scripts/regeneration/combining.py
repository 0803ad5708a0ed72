"""The documented and the pulled contract → the one contract that the client is generated from, still unnamed."""

from __future__ import annotations

from dataclasses import replace

from regeneration.graph import Body, Contract, Medium, Operation, Parameter, Slot, path_order
from regeneration.merging import Merger
from regeneration.pairing import (
    lists_queries,
    paired_parameters,
    paired_requests,
    paired_responses,
    side_of,
    with_manners_of,
)


def combine(documented: Contract, pulled: Contract | None) -> Contract:
    """Merge two contracts.

    The result has the operations of the pulled document, or the documented ones when nothing was pulled; an operation
    that only the pulled document has comes without operation id and tag.
    """
    if pulled is not None:
        documented = with_manners_of(pulled, documented)
    combiner = _Combiner(Merger(documented, pulled))
    merged = Contract({}, documented.title, documented.version)
    for operation in sorted((pulled or documented).operations.values(), key=path_order):
        known = documented.operations.get(operation.key)
        merged.operations[operation.key] = combiner.operation(operation if pulled else None, known)
    return merged


class _Combiner:
    def __init__(self, merger: Merger) -> None:
        self._merger = merger

    def operation(self, there: Operation | None, here: Operation | None) -> Operation:
        """One operation of both, or of whichever has it."""
        stated = here or there
        assert stated is not None
        return replace(
            stated,
            path_parameters=self._path_parameters(there, here),
            parameters=self._parameters(there, here),
            requests=self._requests(there, here),
            responses={
                status: self._response(body, known) for status, (body, known) in paired_responses(there, here).items()
            },
            deprecated=stated.deprecated or (there is not None and there.deprecated),
        )

    def _path_parameters(self, there: Operation | None, here: Operation | None) -> list[Parameter]:
        stated = here or there
        assert stated is not None
        theirs = there.path_parameters if there else [None] * len(stated.path_parameters)
        mine = here.path_parameters if here else [None] * len(stated.path_parameters)
        return [self._parameter(pulled, documented) for pulled, documented in zip(theirs, mine, strict=True)]

    def _parameters(self, there: Operation | None, here: Operation | None) -> list[Parameter]:
        """What the pulled document lists; and headers, which services read without listing them.

        A document that lists no query parameter at all has most likely left them out, so the documented ones stay.
        """
        return [
            self._parameter(other, known)
            for other, known in paired_parameters(there, here)
            if other is not None
            or (known is not None and (there is None or known.where != "query" or not lists_queries(there)))
        ]

    def _parameter(self, there: Parameter | None, here: Parameter | None) -> Parameter:
        stated = here or there
        assert stated is not None
        wire = there if there is not None and stated.where == "query" else stated
        required = (there or stated).required
        slot = self._merger.slot(there.slot if there else None, here.slot if here else None, "request")
        return Parameter(wire.name, stated.where, replace(slot, nullable=False), required)

    def _requests(self, there: Operation | None, here: Operation | None) -> dict[Medium, Body]:
        body, known = paired_requests(there, here)
        stated = body or known
        if stated is None:
            return {}
        medium = stated.medium
        agrees = known is not None and known.medium == medium
        slot = self._slot(body, known if agrees else None, stated)
        required = stated.required or (known is not None and known.required)
        return {medium: Body(medium, slot, required, (known or stated).description)}

    def _slot(self, body: Body | None, known: Body | None, stated: Body) -> Slot:
        direction = side_of(stated.medium)
        slot = self._merger.slot(body.slot if body else None, known.slot if known else None, direction)
        return replace(slot, nullable=False)

    def _response(self, body: Body | None, known: Body | None) -> Body:
        stated = body if body is not None and body.is_typed else known or body
        assert stated is not None
        described = (known.description if known else "") or stated.description
        if stated.medium != "json":
            return Body(stated.medium, None, description=described)
        theirs = body.slot if body is not None and body.medium == "json" else None
        mine = known.slot if known is not None and known.medium == "json" else None
        return Body("json", self._merger.slot(theirs, mine, "response"), description=described)
