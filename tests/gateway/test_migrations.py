"""The gateway's form for a migration of documents."""

from __future__ import annotations

from uuid import UUID

from specstep_flows.engine.effects import Send
from specstep_flows.gateway import migrations


def test_a_project_goes_with_the_archive() -> None:
    """Ids are text in a form: the generated client leaves them as such, and sends the rest as bytes."""
    project = UUID(int=7)
    flow = migrations.commit_doc_migration("docs.zip", b"PK", version="1.2.0", project_id=project)

    sent = flow.send(None)

    assert isinstance(sent, Send)
    fields = {name: content for name, (_, content, _) in sent.request.files or ()}
    assert fields == {"file": b"PK", "version": b"1.2.0", "project_id": str(project).encode()}
