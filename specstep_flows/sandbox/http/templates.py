"""The seven rubrics for feedback that the pages name, with as many sections as they say."""

from dataclasses import dataclass
from typing import Any

TYPES = (
    "interview_quality",
    "package_quality",
    "end_to_end_run",
    "tooling_experience",
    "api_doc_quality",
    "website_quality",
    "launch_readiness",
    "other",
)


@dataclass(frozen=True)
class Template:
    """A rubric: what it is for, and the titles of its sections."""

    title: str
    type: str
    sections: tuple[str, ...]


TEMPLATES = {
    "end-to-end-specstep-quality": Template(
        "One full run",
        "end_to_end_run",
        (
            "Interview quality",
            "Interview coverage",
            "Package coherence",
            "Package completeness",
            "Architecture",
            "Requirements",
            "Test plan",
            "Cost and time",
            "Build confidence",
            "Letter grade",
            "Top blockers",
            "Recommended fixes",
            "Anything else",
        ),
    ),
    "interview-quality": Template(
        "One interview",
        "interview_quality",
        ("Pacing", "Follow-up quality", "Coverage breadth", "Rapport", "Gaps", "Closing", "Anything else"),
    ),
    "package-buildability": Template(
        "Can it be built",
        "package_quality",
        (
            "Coherence",
            "Completeness",
            "Clarity for AI coders",
            "Edge cases",
            "Effort estimates",
            "Dependencies",
            "Top risks",
            "Anything else",
        ),
    ),
    "api-doc-quality": Template(
        "The API's pages",
        "api_doc_quality",
        (
            "Endpoint coverage",
            "Completeness",
            "Clarity of examples",
            "Error handling",
            "Clarity of schemas",
            "Missing sections",
            "Recommended improvements",
            "Anything else",
        ),
    ),
    "tooling-experience": Template(
        "Tools",
        "tooling_experience",
        (
            "Ergonomics",
            "Integration",
            "Clarity of errors",
            "Performance",
            "Friction points",
            "Installation",
            "Documentation",
            "Reliability",
            "Anything else",
        ),
    ),
    "website-quality": Template(
        "The web site",
        "website_quality",
        (
            "Visual polish",
            "Copy",
            "Search engines",
            "Sitemap",
            "Routes",
            "Mobile",
            "Console",
            "Sanitization",
            "Accessibility",
            "Speed",
            "Anything else",
        ),
    ),
    "launch-readiness": Template(
        "Before launch",
        "launch_readiness",
        (
            "Priority-0 blockers",
            "Public content",
            "Trust",
            "API stability",
            "MCP stability",
            "Mobile readiness",
            "Accessibility",
            "Performance",
            "Observability",
            "Support",
            "Legal",
            "Go or no-go",
        ),
    ),
}


def template_body(id_: str) -> dict[str, Any]:
    """A rubric as the API shows it. The first half of the sections is scored, the rest is prose."""
    template = TEMPLATES[id_]
    half = len(template.sections) // 2
    return {
        "id": id_,
        "version": "v1.0.0",
        "type": template.type,
        "title": template.title,
        "sections": [
            {
                "id": title.lower().replace(" ", "-"),
                "title": title,
                "prompt": f"What do you say about: {title}?",
                "score_scale": {"min": 1, "max": 10} if number < half else None,
            }
            for number, title in enumerate(template.sections)
        ],
    }
