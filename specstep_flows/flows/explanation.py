"""Packages explained to an audience (walkthrough, step 6.6). The first one for an audience is paid for, once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import attrs

from specstep_flows import errors, gateway
from specstep_flows._text import did_you_mean
from specstep_flows.engine.effects import Changes, Fetch
from specstep_flows.flows import calling
from specstep_flows.flows.delivery import Delivered, Files, place_of_step, save
from specstep_flows.flows.steps import Step, Terms, carry_out
from specstep_flows.models import EXPLANATION_FORMS as FORMS
from specstep_flows.models import Explanation, ExplanationRow, SavedFile

#: How the forms of a download begin that do not begin with text.
BEGINNINGS: Final[Mapping[str, bytes]] = {"pdf": b"%PDF-", "docx": b"PK\x03\x04"}


@attrs.frozen
class ExplanationStep(Step[Explanation]):
    """An explanation. The service keeps one for each audience, and repeats are free."""

    thing = "explanation"
    made = "written"
    price_usd = 0.05
    repeats = False

    package_id: UUID
    audience: str

    def __attrs_post_init__(self) -> None:
        if not self.audience.strip():
            raise errors.UsageError("Name the audience of the explanation. Nothing was sent.")

    @property
    def listed_by(self) -> str:
        """The command that lists such things."""
        return f"specstep package explanations {self.package_id}"

    def asked(self) -> dict[str, Any]:
        """What is asked for, as the record keeps it."""
        return {"package_id": self.package_id, "audience": self.audience}

    async def send(self, about: Changes, outcome: Callable[[Explanation], Changes]) -> Explanation:
        """POST /v1/packages/{id}/explain"""
        return await gateway.explain_package(self.package_id, self.audience, about=about, outcome=outcome)

    async def listed(self) -> Sequence[ExplanationRow]:
        """GET /v1/packages/{id}/explanations: none is ever deleted."""
        return await calling.read_list(ExplanationRow, "list_explanations", "explanations", self.package_id)

    async def sort(self, rows: Sequence[ExplanationRow]) -> tuple[list[ExplanationRow], list[UUID]]:
        """The one for this audience; a row that names none may be it."""
        return (
            [row for row in rows if row.audience == self.audience],
            [row.id for row in rows if row.audience is None],
        )

    async def take_up(self, row: ExplanationRow) -> Explanation:
        """Its text, which the list does not have. GET /v1/packages/{id}/explain/download"""
        content = await gateway.download_explanation(self.package_id, self.audience, "md")
        return Explanation(content.decode("utf-8", "replace"), self.audience, row.model, row.cost_usd, cached=True)

    def read(self, result: Mapping[str, Any]) -> Explanation:
        """What was asked for, as the record has it: an earlier call paid for it."""
        return Explanation(**{**result, "cached": True})


async def explain_package(
    step: ExplanationStep, terms: Terms, files: Files | None = None, form: str = "md"
) -> Explanation:
    """Explain a package, paying at most once; with ``files``, save it in a form. POST /v1/packages/{id}/explain"""

    async def download(made: Explanation) -> Explanation:
        if files is None:
            return made
        return attrs.evolve(made, saved=await download_explanation(step.package_id, step.audience, form, files))

    async def check() -> None:
        if files is not None:
            await Fetch(lambda _: files.refuse_taken(files.path_for(_name(step.audience, form))))

    return await carry_out(step, terms, download, check=check)


async def download_explanation(package_id: UUID, audience: str, form: str, files: Files) -> SavedFile:
    """Save an explanation that has been written. GET /v1/packages/{id}/explain/download"""
    path, known = await place_of_step(_name(audience, form), files)
    if known is None or await Fetch(lambda _: files.digest(path)) != known:
        there = await _fetched(package_id, audience, form, path, files)
    else:
        # An earlier process may have died just after the file got its name.
        await Fetch(lambda _: files.tidy(files.part_for(path)))
        there = Delivered(path, known, await Fetch(lambda _: files.size(path)))
    return SavedFile(there.path, there.sha256, there.size_bytes)


async def _fetched(package_id: UUID, audience: str, form: str, path: Path, files: Files) -> Delivered:
    content = await gateway.download_explanation(package_id, audience, form)
    if not content.startswith(BEGINNINGS.get(form, b"")):
        raise errors.DamagedPackage(f"What the service sent is no {form} file. Nothing was saved; ask for it again.")
    return await save(content, path, files)


def _name(audience: str, form: str) -> str:
    """The service's own name for the file."""
    return f"specstep-explanation-{audience}.{check_form(form)}"


def check_form(form: str) -> str:
    """A form that the service has. Raises ``UsageError``."""
    if form not in FORMS:
        raise errors.UsageError(
            f"Unknown format {form!r}.{did_you_mean(form, FORMS)} The formats are {', '.join(FORMS)}. Nothing was sent."
        )
    return form
