"""What is made of a finished package: change addenda and explanations (walkthrough, steps 6.5 and 6.6)."""

from __future__ import annotations

import html
import io
import zipfile

from specstep_flows.sandbox.blobs import signed_url
from specstep_flows.sandbox.clock import timestamp
from specstep_flows.sandbox.packages import own_package, redirect
from specstep_flows.sandbox.records import Addendum, Explanation
from specstep_flows.sandbox.refusals import Refusal, not_found
from specstep_flows.sandbox.routing import Answer, Call, Routes, required_text
from specstep_flows.sandbox.zips import build_zip

routes = Routes(
    "Packages",
    names={"id": "packageId", "addendumId": "changeId"},
    records={
        "FileAddendumRequest": "title:text description:text",
        "FileAddendumResponse": "addendum_id:uuid download_url:text cost_usd:num",
        "AddendumDto": (
            "id:uuid package_id:uuid title:text description:text cost_usd:num submitted_by_user_id:uuid created_at:date"
        ),
        "AddendaResponse": "addenda:[@AddendumDto]",
        "AudienceDto": "slug:text display_name:text description:text",
        "AudiencesResponse": "audiences:[@AudienceDto]",
        "ExplainPackageRequest": "audience:text",
        "ExplainPackageResponse": "markdown:text audience:text model:text? cost_usd:num cached:flag",
        "ExplanationDto": "id:uuid audience:text model:text? cost_usd:num cached:flag created_at:date",
        "ExplanationsResponse": "explanations:[=ExplanationDto]",
    },
)


#: How long an addendum's signed URL holds (walkthrough, step 6.5).
ADDENDUM_URL_SECONDS = 3600
ADDENDUM_USD = 0.45


@routes.add("POST /v1/packages/{id}/addenda", "200:@FileAddendumResponse 400 404", body="@FileAddendumRequest")
def create_addendum(call: Call) -> Answer:
    """Write the five files of a change request; each call is paid for."""
    package = own_package(call)
    body = call.json()
    title = required_text(body, "title", 200)
    description = required_text(body, "description", 4000)
    text = f"# {title}\n\n{description}\n".encode()
    names = ("background", "change-requirement", "implementation-guide", "test-plan", "decision-log-entry")
    blob = build_zip({f"{name}.md": text for name in names})
    addendum = Addendum(
        call.world.ids.uuid(call.now), package.id, title, description, ADDENDUM_USD, call.owner, call.now, blob
    )
    package.addenda.append(addendum)
    name = _blob_name(addendum)
    call.world.blobs[name] = blob
    url = signed_url(call.blob_origin, name, call.now + ADDENDUM_URL_SECONDS)
    return Answer(body={"addendum_id": addendum.id, "download_url": url, "cost_usd": ADDENDUM_USD})


def _blob_name(addendum: Addendum) -> str:
    return f"addenda/{addendum.id}.zip"


@routes.add("GET /v1/packages/{id}/addenda", "200:@AddendaResponse 404")
def list_addenda(call: Call) -> Answer:
    """The package's addenda, newest first."""
    rows = [
        {
            "id": addendum.id,
            "package_id": addendum.package_id,
            "title": addendum.title,
            "description": addendum.description,
            "cost_usd": addendum.cost_usd,
            "submitted_by_user_id": addendum.submitted_by,
            "created_at": timestamp(addendum.created_at),
        }
        for addendum in reversed(own_package(call).addenda)
    ]
    return Answer(body={"addenda": rows})


@routes.add("GET /v1/packages/{id}/addenda/{addendumId}/zip", "302 404")
def get_addendum_zip(call: Call) -> Answer:
    """302 to a signed URL that holds for an hour."""
    wanted = call.id("addendumId")
    addendum = next((addendum for addendum in own_package(call).addenda if addendum.id == wanted), None)
    if addendum is None:
        raise not_found("addendum")
    return redirect(call, _blob_name(addendum), ADDENDUM_URL_SECONDS)


AUDIENCES = {
    "executive": ("Executive", "What it is for, what it costs, what it brings."),
    "product-manager": ("Product manager", "Who uses it, and what comes first."),
    "engineering-manager": ("Engineering manager", "What has to be built, by whom, in which order."),
    "new-engineer": ("New engineer", "Where to begin reading, and how the parts fit."),
    "investor": ("Investor", "The opportunity and the risks."),
    "security": ("Security", "What is protected, and how."),
}
EXPLANATION_USD = 0.05
_TYPES = {
    "md": "text/markdown",
    "txt": "text/plain",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@routes.add("GET /v1/explain/audiences", "200:@AudiencesResponse", auth="anonymous")
def list_explain_audiences(call: Call) -> Answer:
    """For whom packages can be explained."""
    rows = [
        {"slug": slug, "display_name": name, "description": description}
        for slug, (name, description) in AUDIENCES.items()
    ]
    return Answer(body={"audiences": rows})


def _audience(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Refusal(400, "MISSING_AUDIENCE", "audience is required.")
    if value not in AUDIENCES:
        raise Refusal(400, "EXPLAIN_AUDIENCE_UNKNOWN", f"audience must be one of {', '.join(AUDIENCES)}.")
    return value


@routes.add("POST /v1/packages/{id}/explain", "200:@ExplainPackageResponse 400 404", body="@ExplainPackageRequest")
def explain_package(call: Call) -> Answer:
    """Explain a package; the first time for an audience is paid for, the next are not."""
    package = own_package(call)
    audience = _audience(call.json().get("audience"))
    cached = package.explanations.get(audience)
    if cached is None:
        name, focus = AUDIENCES[audience]
        markdown = f"# {package.project_name} for: {name}\n\n{focus}\n\n{package.description or ''}\n"
        made = Explanation(call.world.ids.uuid(call.now), audience, markdown, EXPLANATION_USD, call.now)
        package.explanations[audience] = made
    explanation = package.explanations[audience]
    return Answer(
        body={
            "markdown": explanation.markdown,
            "audience": audience,
            "model": explanation.model,
            "cost_usd": explanation.cost_usd if cached is None else 0,
            "cached": cached is not None,
        }
    )


@routes.add("GET /v1/packages/{id}/explanations", "200:@ExplanationsResponse 404")
def list_explanations(call: Call) -> Answer:
    """What has been explained already, newest first."""
    rows = [
        {
            "id": explanation.id,
            "audience": explanation.audience,
            "model": explanation.model,
            "cost_usd": explanation.cost_usd,
            "cached": True,
            "created_at": timestamp(explanation.created_at),
        }
        for explanation in reversed(own_package(call).explanations.values())
    ]
    return Answer(body={"explanations": rows})


@routes.add("GET /v1/packages/{id}/explain/download", "200 400 404", query="audience:text format:text")
def download_explanation(call: Call) -> Answer:
    """An explanation as a file; it must have been made before."""
    package = own_package(call)
    form = call.query.get("format", "")
    if form not in _TYPES:
        raise Refusal(400, "UNKNOWN_EXPLANATION_FORMAT", f"format must be one of {', '.join(_TYPES)}.")
    audience = call.query.get("audience", "")
    if audience not in AUDIENCES:
        raise Refusal(400, "EXPLAIN_AUDIENCE_UNKNOWN", f"audience must be one of {', '.join(AUDIENCES)}.")
    explanation = package.explanations.get(audience)
    if explanation is None:
        raise not_found("explanation")
    markdown = explanation.markdown
    content = {"pdf": _pdf, "docx": _docx}.get(form, str.encode)(markdown)
    headers = {"Content-Disposition": f'attachment; filename="specstep-explanation-{audience}.{form}"'}
    return Answer(200, content, headers, _TYPES[form])


def _pdf(text: str) -> bytes:
    """A one-page PDF that holds the text, without a table of references (readers rebuild it)."""
    lines = " ".join(f"({line.translate({40: 91, 41: 93, 92: 47})}) '" for line in text.splitlines())
    stream = f"BT /F1 11 Tf 14 TL 50 780 Td {lines} ET".encode("latin-1", "replace")
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>"
        b"endobj\n5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
        b"4 0 obj<</Length " + str(len(stream)).encode() + b">>stream\n" + stream + b"\nendstream endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF\n"
    )


def _docx(text: str) -> bytes:
    """The smallest document that word processors open."""
    space = "http://schemas.openxmlformats.org"
    kind = f"{space}/officeDocument/2006/relationships/officeDocument"
    media = "application/vnd.openxmlformats"
    paragraphs = "".join(f"<w:p><w:r><w:t>{html.escape(line)}</w:t></w:r></w:p>" for line in text.splitlines())
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{space}/package/2006/content-types">'
        f'<Default Extension="rels" ContentType="{media}-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" '
        f'ContentType="{media}-officedocument.wordprocessingml.document.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{space}/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{kind}" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<w:document xmlns:w="{space}/wordprocessingml/2006/main">'
        f"<w:body>{paragraphs}</w:body></w:document>",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()
