"""Reference documents of an interview (walkthrough, step 2)."""

from typing import Any

from ..clock import timestamp
from ..world.errors import invalid, not_found
from ..world.interviews import Document, Interview
from .call import Answer, Call, Upload, listed
from .routing import Routes

routes = Routes()

_PATH = "/v1/interviews/{interviewId}/reference-documents"


def _interview(call: Call) -> Interview:
    return call.world.find_interview(call.owner, call.id("interviewId"))


def _body(interview: Interview, document: Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "interview_id": interview.id,
        "file_name": document.file_name,
        "content_type": document.content_type,
        "size_bytes": len(document.content),
        "uploaded_at": timestamp(document.uploaded_at),
    }


@routes.add(f"GET {_PATH}")
def list_reference_documents(call: Call) -> Answer:
    """What is attached, oldest first."""
    interview = _interview(call)
    rows = [_body(interview, document) for document in interview.documents.values()]
    return Answer(body=listed(call.options, "documents", rows))


@routes.add(f"POST {_PATH}")
def upload_reference_document(call: Call) -> Answer:
    """Attach a file, sent as multipart form data in the field `file`."""
    interview = _interview(call)
    file = uploaded(call)
    document = Document(call.world.ids.uuid(call.now), file.name, file.content_type, file.content, call.now)
    interview.documents[document.id] = document
    return Answer(201, _body(interview, document), {"Location": f"{_PATH}/{document.id}".format_map(call.params)})


def uploaded(call: Call) -> Upload:
    """The file of a multipart form, in its field `file`."""
    file = call.form.get("file")
    if not isinstance(file, Upload) or not file.name:
        raise invalid("A multipart form with a file in the field `file` is required.")
    if not file.content:
        raise invalid("The file is empty.")
    return file


@routes.add(f"DELETE {_PATH}/{{documentId}}")
def delete_reference_document(call: Call) -> Answer:
    """Take a file off the interview."""
    if _interview(call).documents.pop(call.id("documentId"), None) is None:
        raise not_found("reference document")
    return Answer(204)
