"""Packages: the files that a generation leaves behind, their zip, addenda and explanations."""

from dataclasses import dataclass, field
from typing import Any

from ..clock import timestamp
from ..zips import Blob

KIND = "specification"
KIND_LABEL = "Specification package — describes how to build the software, not the application code itself."
"""The label that the pages ask clients to render as it is."""


@dataclass
class Addendum:
    """One change request against a finished package, with its five files."""

    id: str
    package_id: str
    title: str
    description: str
    cost_usd: float
    submitted_by: str
    created_at: float
    zip: Blob


@dataclass
class Explanation:
    """A package told anew for an audience."""

    id: str
    audience: str
    markdown: str
    cost_usd: float
    created_at: float
    model: str = "sandbox-writer-1"


@dataclass
class Package:
    """A finished package and what was made of it later."""

    id: str
    owner: str
    generation_id: str | None
    version: str
    profile: str | None
    project_name: str | None
    description: str | None
    total_cost_usd: float
    created_at: float
    files: dict[str, bytes]
    zip: Blob
    deleted_at: float | None = None
    addenda: list[Addendum] = field(default_factory=list)
    explanations: dict[str, Explanation] = field(default_factory=dict)


def document_set(
    name: str,
    messages: list[str],
    answers: dict[str, str],
    *,
    profile: str,
    project_type: str | None,
    mirror: str,
) -> dict[str, bytes]:
    """The files of a package: what was said in the interview and answered later stands in them, word for word."""
    brief = "\n\n".join(messages) or "(nothing was said)"
    decisions = "\n".join(f"- **{question}** {answer}" for question, answer in answers.items()) or "- None."
    texts = {
        "README.md": f"# {name}\n\nA specification package ({profile}). Start with `docs/01-product/01-vision.md`.\n",
        "docs/01-product/01-vision.md": f"# Vision\n\n{brief}\n",
        "docs/01-product/02-requirements.md": f"# Requirements\n\nDerived from the interview about {name}.\n",
        "docs/02-architecture/01-overview.md": f"# Architecture\n\nProject type: {project_type or 'not given'}.\n",
        "docs/02-architecture/03-api-design.md": f"# API design\n\n## Decisions\n\n{decisions}\n",
        "docs/03-plan/01-milestones.md": "# Milestones\n\n1. Walking skeleton\n2. First users\n3. Release\n",
        "handoff.md": f"# Handoff\n\nDecisions taken with the user:\n\n{decisions}\n",
        "specstep.yaml": f"kind: {KIND}\nschema_version: 1.0.0\nreview_profile: {profile}\n",
    }
    if mirror == "ClaudeMd":
        texts["CLAUDE.md"] = f"# {name}\n\nRead `handoff.md` first.\n"
    return {path: text.encode() for path, text in texts.items()}


def package_body(package: Package, origin: str) -> dict[str, Any]:
    """The answer of `GET /v1/packages/{id}`, which is also the heart of a list row; `origin` is where the API is."""
    return {
        "id": package.id,
        "generation_id": package.generation_id,
        "version": package.version,
        "review_profile": package.profile,
        "project_name": package.project_name,
        "description": package.description,
        "kind": KIND,
        "kind_label": KIND_LABEL,
        "total_cost_usd": package.total_cost_usd,
        "download_url": f"{origin}/v1/packages/{package.id}/zip",
        "created_at": timestamp(package.created_at),
    }
