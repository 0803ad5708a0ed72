"""Change addenda of a package (walkthrough, step 6.5): each is paid for once, and its zip comes as a package does."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final, Literal
from uuid import UUID

import attrs

from specstep_flows import errors, gateway, models
from specstep_flows.engine.effects import Changes, Fetch
from specstep_flows.flows import calling
from specstep_flows.flows.delivery import Files, deliver, place_of_step
from specstep_flows.flows.steps import Step, Terms, carry_out
from specstep_flows.models import Addendum, DraftedAddendum, SavedFile

#: What the service takes (walkthrough, step 6.5).
LONGEST_TITLE: Final = 200
LONGEST_DESCRIPTION: Final = 4000
#: What is neither a letter nor a digit.
_SIGNS: Final = re.compile(r"[\W_]+")


@attrs.frozen
class AddendumStep(Step[DraftedAddendum]):
    """An addendum, which its title and description tell from others."""

    thing = "addendum"
    made = "drafted"
    price_usd = 0.50

    package_id: UUID
    title: str
    description: str

    def __attrs_post_init__(self) -> None:
        for name, text, most in (
            ("title", self.title, LONGEST_TITLE),
            ("description", self.description, LONGEST_DESCRIPTION),
        ):
            if not text.strip():
                raise errors.UsageError(f"The {name} of an addendum must not be blank. Nothing was sent.")
            if len(text) > most:
                raise errors.UsageError(
                    f"The {name} of an addendum has at most {most} characters, and this one has {len(text)}. Nothing "
                    "was sent."
                )

    @property
    def listed_by(self) -> str:
        """The command that lists such things."""
        return f"specstep package addenda {self.package_id}"

    def asked(self) -> dict[str, Any]:
        """What is asked for, as the record keeps it."""
        return {"package_id": self.package_id, "title": self.title, "description": self.description}

    async def send(self, about: Changes, outcome: Callable[[DraftedAddendum], Changes]) -> DraftedAddendum:
        """POST /v1/packages/{id}/addenda"""
        return await gateway.create_addendum(
            self.package_id, self.title, self.description, about=about, outcome=outcome
        )

    async def listed(self) -> Sequence[Addendum]:
        """GET /v1/packages/{id}/addenda: none is ever deleted."""
        return await calling.read_list(models.Addendum, "list_addenda", "addenda", self.package_id)

    async def sort(self, rows: Sequence[Addendum]) -> tuple[list[Addendum], list[UUID]]:
        """Those with this title and description; where the list does not say both, it cannot be told.

        Neither can it where one of them is another, or both are much the same: the service may have tidied them.
        """
        ours, undecided = [], []
        for row in rows:
            title, description = _likeness(row.title, self.title), _likeness(row.description, self.description)
            if title == description == "same":
                ours.append(row)
            elif title != "other" or description in ("same", "alike"):
                undecided.append(row.id)
        return ours, undecided

    async def take_up(self, row: Addendum) -> DraftedAddendum:
        """The row says all."""
        return DraftedAddendum(**{**attrs.asdict(row), "package_id": self.package_id})

    def read(self, result: Mapping[str, Any]) -> DraftedAddendum:
        """What was asked for, as the record has it."""
        ids = {name: UUID(result[name]) for name in ("id", "package_id", "submitted_by_user_id") if result.get(name)}
        made = result.get("created_at")
        return DraftedAddendum(**{**result, **ids, "created_at": datetime.fromisoformat(made) if made else None})


def _likeness(text: str | None, wanted: str) -> Literal["same", "alike", "unsaid", "other"]:
    """How much a text is the one that was asked for: alike is what was cut, or written in other signs."""
    if text is None:
        return "unsaid"
    if _plain(text) == _plain(wanted):
        return "same"
    found, asked = _letters(text), _letters(wanted)
    return "alike" if asked.startswith(found) or found.startswith(asked) else "other"


def _plain(text: str) -> str:
    """Text without what may change on its way to the service and back: spaces, accents, what a page escapes."""
    return " ".join(unicodedata.normalize("NFKC", html.unescape(text)).split())


def _letters(text: str) -> str:
    return _SIGNS.sub("", _plain(text).casefold())


async def add_addendum(
    step: AddendumStep, terms: Terms, files: Files | None, *, unpack: bool = False
) -> DraftedAddendum:
    """Draft an addendum, once; with ``files``, download its zip as well. POST /v1/packages/{id}/addenda"""

    async def download(made: DraftedAddendum) -> DraftedAddendum:
        if files is None:
            return made
        return attrs.evolve(made, saved=await download_addendum(step.package_id, made.id, files, unpack=unpack))

    async def check() -> None:
        if files is not None:
            await Fetch(lambda _: files.check())

    return await carry_out(step, terms, download, check=check)


async def download_addendum(package_id: UUID, addendum_id: UUID, files: Files, *, unpack: bool = False) -> SavedFile:
    """Put an addendum's zip on disk. GET /v1/packages/{id}/addenda/{addendumId}/zip, then the storage host"""
    path, known = await place_of_step(f"{addendum_id}.zip", files)
    link = partial(gateway.get_addendum_zip, package_id)
    there = await deliver(addendum_id, path, files, known_sha256=known, unpack=unpack, link=link)
    return SavedFile(there.path, there.sha256, there.size_bytes, there.unpacked_to)
