"""Bug reports and quality feedback: what callers tell the people behind the service."""

from __future__ import annotations

import json
from typing import Any

import attrs

from specstep_flows.sandbox.clock import timestamp
from specstep_flows.sandbox.refusals import Refusal, invalid, not_found
from specstep_flows.sandbox.routing import Answer, Call, Routes, choice, identifier, listed, required_text, text

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
BUG_SEVERITIES = ("low", "medium", "high", "critical")
SEVERITIES = ("info", *BUG_SEVERITIES)
CLIENTS = ("browser", "api", "mcp")
_REPORTER = (
    "account_name:text? account_email:text? account_plan:text? build_version:text? ai_tool:text? created_at:date"
)
_FEEDBACK_TARGETS = "interview_id?:uuid? intake_artifact_id?:uuid? generation_id?:uuid? package_id?:uuid?"
_FEEDBACK_SCORES = (
    "interview_quality_score?:num? package_quality_score?:num? build_confidence_percent?:num? letter_grade?:text? "
    "template_id?:text? rubric_version?:text? estimated_output_quality?:text? project_type?:text? review_profile?:text?"
)
_FEEDBACK_LISTS = "tags?:[text]? transcript_evidence?:[text]? package_evidence?:[text]?"

bug_reports = Routes(
    "Reports",
    names={"id": "reportId"},
    records={
        "SubmitBugReportRequest": (
            "title:text description:text severity?:@BugSeverityLevel? related_generation_id?:uuid? "
            "current_route?:text? user_agent?:text? client_type?:@SubmitterClient?"
        ),
        "BugReportDto": (
            "id:uuid title:text description:text severity:@BugSeverityLevel status:text related_generation_id:uuid? "
            f"current_route:text? user_agent:text? client_type:@SubmitterClient {_REPORTER}"
        ),
        "BugReportsResponse": "reports:[@BugReportDto]",
    },
)
feedback = Routes(
    "Reports",
    names={"id": "feedbackId"},
    records={
        "EvidenceItem": "kind:text payload_json:text",
        "FindingDto": (
            "severity:@FeedbackSeverityLevel topic:text title:text evidence?:text? expected_behavior?:text? "
            "suggested_fix?:text? typed_evidence?:[@EvidenceItem]?"
        ),
        "SubmitFeedbackRequest": (
            "type:@FeedbackKind title:text full_report:text summary?:text? severity?:@FeedbackSeverityLevel? "
            f"client_type?:@SubmitterClient? {_FEEDBACK_TARGETS} {_FEEDBACK_SCORES} "
            f"structured_findings?:[@FindingDto]? "
            f"rubric_section_responses?:{{any}} rubric_scores?:{{any}} {_FEEDBACK_LISTS}"
        ),
        "FeedbackDto": (
            "id:uuid type:@FeedbackKind title:text full_report:text summary?:text? severity:@FeedbackSeverityLevel "
            f"client_type:@SubmitterClient status:text {_FEEDBACK_TARGETS} {_FEEDBACK_SCORES} "
            f"structured_findings?:[@FindingDto]? rubric_section_responses?:{{any}} rubric_scores?:{{any}} "
            f"{_FEEDBACK_LISTS} {_REPORTER}"
        ),
        "FeedbackListItem": (
            "id:uuid type:@FeedbackKind title:text severity:@FeedbackSeverityLevel client_type:@SubmitterClient "
            "status:text "
            f"{_FEEDBACK_TARGETS} {_FEEDBACK_SCORES} summary_excerpt:text? tag_count:int finding_count:int "
            "transcript_evidence_count:int package_evidence_count:int created_at:date"
        ),
        "FeedbackListResponse": "feedback:[@FeedbackListItem]",
        "AmendFeedbackBody": f"title?:text summary?:text? full_report?:text {_FEEDBACK_LISTS}",
        "TemplateSection": "id:text title:text prompt:text score_scale:any",
        "TemplateResponse": "id:text version:text type:@FeedbackKind title:text sections:[@TemplateSection]",
        "TemplateListItem": "id:text version:text type:@FeedbackKind title:text",
        "TemplatesResponse": "templates:[@TemplateListItem]",
    },
    enums={
        "BugSeverityLevel": " ".join(BUG_SEVERITIES),
        "FeedbackSeverityLevel": " ".join(SEVERITIES),
        "FeedbackKind": " ".join(TYPES),
        "SubmitterClient": " ".join(CLIENTS),
    },
)
templates = Routes("Reports", names={"id": "templateSlug", "version": "templateVersion"})


@attrs.frozen
class Template:
    """A rubric: what it is for, and the titles of its sections."""

    title: str
    type: str
    sections: str


TEMPLATES = {
    "end-to-end-specstep-quality": Template(
        "One full run",
        "end_to_end_run",
        (
            "Interview quality | Interview coverage | Package coherence | Package completeness | Architecture | "
            "Requirements | Test plan | Cost and time | Build confidence | Letter grade | Top blockers | Recommended "
            "fixes | Anything else"
        ),
    ),
    "interview-quality": Template(
        "One interview",
        "interview_quality",
        "Pacing | Follow-up quality | Coverage breadth | Rapport | Gaps | Closing | Anything else",
    ),
    "package-buildability": Template(
        "Can it be built",
        "package_quality",
        (
            "Coherence | Completeness | Clarity for AI coders | Edge cases | Effort estimates | Dependencies | Top "
            "risks | Anything else"
        ),
    ),
    "api-doc-quality": Template(
        "The API's pages",
        "api_doc_quality",
        (
            "Endpoint coverage | Completeness | Clarity of examples | Error handling | Clarity of schemas | Missing "
            "sections | Recommended improvements | Anything else"
        ),
    ),
    "tooling-experience": Template(
        "Tools",
        "tooling_experience",
        (
            "Ergonomics | Integration | Clarity of errors | Performance | Friction points | Installation | "
            "Documentation | Reliability | Anything else"
        ),
    ),
    "website-quality": Template(
        "The web site",
        "website_quality",
        (
            "Visual polish | Copy | Search engines | Sitemap | Routes | Mobile | Console | Sanitization | "
            "Accessibility | Speed | Anything else"
        ),
    ),
    "launch-readiness": Template(
        "Before launch",
        "launch_readiness",
        (
            "Priority-0 blockers | Public content | Trust | API stability | MCP stability | Mobile readiness | "
            "Accessibility | Performance | Observability | Support | Legal | Go or no-go"
        ),
    ),
}


def template_body(id_: str) -> dict[str, Any]:
    """A rubric as the API shows it. The first half of the sections is scored, the rest is prose."""
    template = TEMPLATES[id_]
    sections = template.sections.split(" | ")
    half = len(sections) // 2
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
            for number, title in enumerate(sections)
        ],
    }


AMEND_SECONDS = 600
_TARGETS = ("interview_id", "intake_artifact_id", "generation_id", "package_id")
_RUN_BOUND = ("interview_quality", "package_quality", "end_to_end_run")
_SHORT = ("estimated_output_quality", "project_type", "review_profile")
_TEXTS = ("summary", "letter_grade", "template_id", "rubric_version", *_SHORT)
_SCORES = ("interview_quality_score", "package_quality_score", "build_confidence_percent")
_LISTS = ("tags", "transcript_evidence", "package_evidence")
_REQUIRED_KEY = {
    "http_response": ("status", int | float),
    "route": ("url", str),
    "console_error": ("message", str),
    "mcp_tool_call": ("tool", str),
    "transcript_turn": ("turnIndex", int | float),
    "screenshot": ("path", str),
    "free": None,
    "json_payload": None,
}


def _enrichment(call: Call) -> dict[str, Any]:
    user = call.key.user
    agent = call.headers.get("user-agent", "")
    tool = next((name for name in ("Claude Code", "Codex", "Copilot") if name.lower() in agent.lower()), None)
    return {
        "account_name": user.name.capitalize(),
        "account_email": user.email,
        "account_plan": call.options.plan,
        "build_version": "sandbox",
        "ai_tool": tool,
        "created_at": timestamp(call.now),
    }


def _client(body: dict[str, Any]) -> str:
    """Whatever a REST caller says, it is no browser and no MCP client."""
    choice(body, "client_type", CLIENTS)
    return "api"


def _visible(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if not name.startswith("_")}


@bug_reports.add("POST /v1/bug-reports", "201:@BugReportDto 400", body="@SubmitBugReportRequest")
def create_bug_report(call: Call) -> Answer:
    """Report something broken."""
    body = call.json()
    id_ = call.world.ids.uuid(call.now)
    related = body.get("related_generation_id")
    record = {
        "_owner": call.owner,
        "id": id_,
        "title": required_text(body, "title"),
        "description": required_text(body, "description"),
        "severity": choice(body, "severity", BUG_SEVERITIES) or "medium",
        "status": "Open",
        "related_generation_id": None if related is None else identifier(body, "related_generation_id"),
        "current_route": text(body, "current_route", required=False),
        "user_agent": text(body, "user_agent", required=False) or call.headers.get("user-agent"),
        "client_type": _client(body),
        **_enrichment(call),
    }
    return Answer(201, _visible(call.world.keep("bug report", id_, record)))


@bug_reports.add("GET /v1/bug-reports/me", "200:@BugReportsResponse", query="limit:int")
def list_my_bug_reports(call: Call) -> Answer:
    """The caller's reports, newest first."""
    rows = [_visible(record) for record in call.page(call.world.kept("bug report", call.owner), 20, 100)]
    return Answer(body=listed(call.options, "reports", rows))


@bug_reports.add("GET /v1/bug-reports/{id}", "200:@BugReportDto 404")
def get_bug_report(call: Call) -> Answer:
    """One of the caller's reports."""
    return Answer(body=_visible(call.world.find_kept("bug report", call.owner, call.id())))


def _strings(body: dict[str, Any], name: str) -> list[str] | None:
    value = body.get(name)
    if value is not None and not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
        raise invalid(f"{name} must be a list of strings.")
    if value is not None and name != "tags" and any(len(item) > 2000 for item in value):
        raise invalid(f"Each of {name} must have at most 2000 characters.")
    return value


def _finding(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise invalid("Each of structured_findings must be an object.")
    if choice(value, "severity", SEVERITIES) is None:
        raise invalid("severity of a finding is required.")
    finding: dict[str, Any] = {
        "severity": value["severity"],
        "topic": required_text(value, "topic"),
        "title": required_text(value, "title"),
        **{
            name: text(value, name, most=2000, required=False)
            for name in ("evidence", "expected_behavior", "suggested_fix")
        },
    }
    evidence = value.get("typed_evidence")
    if evidence is not None and not (isinstance(evidence, list) and len(evidence) <= 20):
        raise invalid("typed_evidence must be a list of at most 20 items.")
    return finding | {"typed_evidence": None if evidence is None else [_evidence(item) for item in evidence]}


def _evidence(value: object) -> dict[str, Any]:
    if not isinstance(value, dict) or value.get("kind") not in _REQUIRED_KEY:
        raise invalid(f"kind of typed_evidence must be one of {', '.join(_REQUIRED_KEY)}.")
    raw = required_text(value, "payload_json", 4000)
    try:
        payload = json.loads(raw)
    except ValueError:
        raise invalid("payload_json must be JSON.") from None
    needed = _REQUIRED_KEY[value["kind"]]
    if needed is not None and not (isinstance(payload, dict) and isinstance(payload.get(needed[0]), needed[1])):
        raise invalid(f"payload_json of {value['kind']} needs a fitting {needed[0]}.")
    return {"kind": value["kind"], "payload_json": raw}


@feedback.add("POST /v1/feedback", "201:@FeedbackDto 400", body="@SubmitFeedbackRequest")
def create_feedback(call: Call) -> Answer:
    """Say how good the interview or the package was."""
    body = call.json()
    kind = choice(body, "type", TYPES)
    if kind is None:
        raise invalid(f"type must be one of {', '.join(TYPES)}.")
    targets = {name: None if body.get(name) is None else identifier(body, name) for name in _TARGETS}
    if kind in _RUN_BOUND and not any(targets.values()):
        raise invalid(f"{kind} needs at least one of {', '.join(_TARGETS)}.")
    findings = body.get("structured_findings")
    if findings is not None and not isinstance(findings, list):
        raise invalid("structured_findings must be a list.")
    id_ = call.world.ids.uuid(call.now)
    record = {
        "_owner": call.owner,
        "_at": call.now,
        "id": id_,
        "type": kind,
        "title": required_text(body, "title"),
        "full_report": required_text(body, "full_report"),
        "severity": choice(body, "severity", SEVERITIES) or "medium",
        "status": "Open",
        "client_type": _client(body),
        **targets,
        **{name: text(body, name, most=50 if name in _SHORT else None, required=False) for name in _TEXTS},
        **{name: _score(body, name) for name in _SCORES},
        **{name: _strings(body, name) for name in _LISTS},
        "structured_findings": None if findings is None else [_finding(finding) for finding in findings],
        "rubric_section_responses": _mapping(body, "rubric_section_responses", str, "strings"),
        "rubric_scores": _mapping(body, "rubric_scores", int | float, "numbers"),
        **_enrichment(call),
    }
    return Answer(201, _visible(call.world.keep("feedback", id_, record)))


def _score(body: dict[str, Any], name: str) -> float | None:
    value = body.get(name)
    if value is not None and (not isinstance(value, int | float) or isinstance(value, bool)):
        raise invalid(f"{name} must be a number.")
    return value


def _mapping(body: dict[str, Any], name: str, kind: Any, kinds: str) -> dict[str, Any]:
    value = body.get(name, {})
    if not isinstance(value, dict) or any(
        not isinstance(member, kind) or isinstance(member, bool) for member in value.values()
    ):
        raise invalid(f"{name} must be an object whose values are {kinds}.")
    return value


_LEFT_OUT_OF_ROWS = ("summary", "full_report", "structured_findings", "rubric_section_responses", "rubric_scores")


def _row(record: dict[str, Any]) -> dict[str, Any]:
    row = {
        name: value
        for name, value in _visible(record).items()
        if name not in (*_LEFT_OUT_OF_ROWS, *_LISTS) and not name.startswith("account_")
    }
    return row | {
        "summary_excerpt": None if record["summary"] is None else record["summary"][:200],
        "tag_count": len(record["tags"] or ()),
        "finding_count": len(record["structured_findings"] or ()),
        "transcript_evidence_count": len(record["transcript_evidence"] or ()),
        "package_evidence_count": len(record["package_evidence"] or ()),
    }


@feedback.add("GET /v1/feedback/me", "200:@FeedbackListResponse", query="limit:int")
def list_my_feedback(call: Call) -> Answer:
    """The caller's feedback in short, newest first."""
    rows = [_row(record) for record in call.page(call.world.kept("feedback", call.owner), 20, 100)]
    return Answer(body=listed(call.options, "feedback", rows))


@feedback.add("GET /v1/feedback/{id}", "200:@FeedbackDto 404")
def get_feedback(call: Call) -> Answer:
    """One of the caller's rows, whole."""
    return Answer(body=_visible(call.world.find_kept("feedback", call.owner, call.id())))


@feedback.add("PATCH /v1/feedback/{id}/amend", "200:@FeedbackDto 400 404", body="@AmendFeedbackBody")
def amend_feedback(call: Call) -> Answer:
    """Correct one's own words within ten minutes, while nobody has begun to review them."""
    record = call.world.find_kept("feedback", call.owner, call.id())
    if record["status"] != "Open":
        raise Refusal(400, "FEEDBACK_AMEND_NOT_OPEN", "The review has begun.")
    if call.now - record["_at"] > AMEND_SECONDS:
        raise Refusal(400, "FEEDBACK_AMEND_WINDOW_EXPIRED", "The ten minutes are over.")
    body = call.json()
    changes: dict[str, Any] = {name: required_text(body, name) for name in ("title", "full_report") if name in body}
    if "summary" in body:
        changes["summary"] = text(body, "summary", required=False)
    record |= changes | {name: _strings(body, name) for name in _LISTS if name in body}
    return Answer(body=_visible(record))


@templates.add("GET /v1/feedback/templates", "200:@TemplatesResponse", auth="anonymous")
def list_feedback_templates(call: Call) -> Answer:
    """The rubrics that ship with the service."""
    rows = [
        {"id": id_, "version": "v1.0.0", "type": template.type, "title": template.title}
        for id_, template in TEMPLATES.items()
    ]
    return Answer(body=listed(call.options, "templates", rows))


@templates.add("GET /v1/feedback/templates/{id}/{version}", "200:@TemplateResponse 404", auth="anonymous")
def get_feedback_template(call: Call) -> Answer:
    """One rubric with its sections."""
    id_ = call.params["id"]
    if id_ not in TEMPLATES or call.params["version"] != "v1.0.0":
        raise not_found("feedback template")
    return Answer(body=template_body(id_))
