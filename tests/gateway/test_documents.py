"""Reference documents, and the intake artifacts that interviews yield."""

from __future__ import annotations

from uuid import UUID

import pytest
from specstep_client.models import ReferenceDocumentUpload

from specstep_flows import errors
from specstep_flows.engine.effects import Send
from specstep_flows.gateway import find_intake_artifact, list_reference_documents, upload_reference_document
from tests.kit.replies import play, reply


def test_the_form_of_an_upload_is_the_generated_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """The field of the form is called as the API document calls it."""
    monkeypatch.setattr(ReferenceDocumentUpload, "to_multipart", lambda self: [("Attachment", self.file.to_tuple())])

    sent = next(upload_reference_document(UUID(int=0), "plan.md", b"# Plan").__await__())

    assert isinstance(sent, Send)
    assert sent.request.files == [("Attachment", ("plan.md", b"# Plan", "text/markdown"))]


ID = "01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04"


@pytest.mark.parametrize("name", ["file_name", "name", "filename"])
def test_a_document_is_known_under_whatever_its_name_is_called(name: str) -> None:
    """The pages do not give the field."""
    (document,), _ = play(list_reference_documents(UUID(ID)), reply({"documents": [{"id": ID, name: "plan.md"}]}))

    assert (str(document.id), document.name) == (ID, "plan.md")


def test_an_upload_whose_answer_names_no_document_is_taken_all_the_same() -> None:
    """What the answer holds is undocumented; the list of documents tells."""
    content = b"# Plan"
    known, _ = play(upload_reference_document(UUID(ID), "plan.md", content), reply({"id": ID}))
    unknown, _ = play(upload_reference_document(UUID(ID), "plan.md", content), reply({"stored": True}))

    assert known is not None
    assert (str(known.id), known.size_bytes) == (ID, 6)
    assert unknown is None


def test_the_artifact_of_an_interview_is_found_in_the_list() -> None:
    """A service without such a list does not tell it here, which is no failure."""
    other = {"id": ID, "interview_id": str(UUID(int=1))}
    mine = {"id": ID, "interview_id": ID, "project_name": "Portal"}

    found, _ = play(find_intake_artifact(UUID(ID)), reply({"artifacts": [other, mine]}))
    assert found is not None
    assert found.project_name == "Portal"
    assert play(find_intake_artifact(UUID(ID)), reply({"artifacts": [other]}))[0] is None
    assert play(find_intake_artifact(UUID(ID)), errors.NotFound("404", status=404))[0] is None
    with pytest.raises(errors.ServerError):
        play(find_intake_artifact(UUID(ID)), errors.ServerError("500", status=500))
