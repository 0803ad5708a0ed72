"""Packages told anew for an audience (walkthrough, step 6.6)."""

import html
import io
import zipfile

from ..clock import timestamp
from ..world.errors import Refusal, not_found
from ..world.packages import Explanation
from .call import Answer, Call
from .packages import own_package
from .routing import Routes

routes = Routes()

AUDIENCES = {
    "executive": ("Executive", "What it is for, what it costs, what it brings."),
    "product-manager": ("Product manager", "Who uses it, and what comes first."),
    "engineering-manager": ("Engineering manager", "What has to be built, by whom, in which order."),
    "new-engineer": ("New engineer", "Where to begin reading, and how the parts fit."),
    "investor": ("Investor", "The opportunity and the risks."),
    "security": ("Security", "What is protected, and how."),
}
COST_USD = 0.05
_TYPES = {
    "md": "text/markdown",
    "txt": "text/plain",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@routes.add("GET /v1/explain/audiences", auth="anonymous")
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


@routes.add("POST /v1/packages/{id}/explain")
def explain_package(call: Call) -> Answer:
    """Explain a package; the first time for an audience is paid for, the next are not."""
    package = own_package(call)
    audience = _audience(call.json().get("audience"))
    cached = package.explanations.get(audience)
    if cached is None:
        name, focus = AUDIENCES[audience]
        markdown = f"# {package.project_name} for: {name}\n\n{focus}\n\n{package.description or ''}\n"
        made = Explanation(call.world.ids.uuid(call.now), audience, markdown, COST_USD, call.now)
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


@routes.add("GET /v1/packages/{id}/explanations")
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


@routes.add("GET /v1/packages/{id}/explain/download")
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
