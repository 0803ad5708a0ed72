"""Lists that are read page by page, as far as somebody wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import attrs

if TYPE_CHECKING:
    pass

T = TypeVar("T")


@attrs.define
class Listing(Generic[T]):
    """How far a list has been read."""

    operation: str

    async def next_page(self) -> list[T] | None:
        """The next rows; None after the last of them."""
        return None
