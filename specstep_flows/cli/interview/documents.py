"""The reference documents of a conversation: uploaded, listed and removed while it lasts."""

from __future__ import annotations

import contextlib
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from specstep_flows import errors, events
from specstep_flows._paths import user_path
from specstep_flows._text import size
from specstep_flows.cli.interview.view import document_lines
from specstep_flows.cli.progress.upload_bar import UploadBar
from specstep_flows.runs.attachments import read_attachment

if TYPE_CHECKING:
    from specstep_flows.cli.driver import Driver
    from specstep_flows.models import Interview, ReferenceDocument


class Documents:
    """What ``/attach``, ``/documents`` and ``/remove`` do. What cannot be done is raised, and nothing was sent then."""

    def __init__(self, driver: Driver, large_megabytes: float) -> None:
        self._driver = driver
        self._terminal = driver.call.terminal
        self._client = driver.client
        self._large = large_megabytes
        self._listed: list[ReferenceDocument] = []
        #: Shows how far an upload is, that of the run's own documents, too.
        self.bar = UploadBar(driver.call.terminal)

    def attach(self, argument: str, interview: Interview) -> None:
        """Upload a document. Raises ``UsageError`` for one that is missing or empty; a large one is warned about."""
        if not argument:
            raise errors.UsageError("Say which file: /attach FILE")
        path = _path(argument)
        amount = len(read_attachment(path))
        if amount > self._large * 1e6:
            self._terminal.tell(f"{path.name} is large ({size(amount)}); the service may refuse it.")
        if not self.bar.is_possible:
            self._terminal.say(f"Uploading {path.name} ({size(amount)})…")
        self._driver.on_other = self._uploaded
        try:
            self._client.attach_document(interview.id, path)
        finally:
            self._driver.on_other = None
            self.bar.close()
        self._listed = []
        self._terminal.say(f"{path.name} is attached ({size(amount)}).")
        self._remember(path)

    def _uploaded(self, event: events.Event) -> None:
        if isinstance(event, events.Uploading):
            self.bar.show(event)

    def _remember(self, path: Path) -> None:
        """Keep in the run's record what was attached, for its report."""
        run_id = self._driver.call.run_id
        if run_id is not None:
            record = self._client.store.get(run_id)
            if str(path) not in record.attachments:
                self._client.store.update(
                    run_id,
                    {"attachments": (*record.attachments, str(path)), "uploads": (*record.uploads, str(path))},
                )

    def show(self, interview: Interview) -> None:
        """List them, numbered."""
        self._listed = self._client.list_documents(interview.id)
        for line in document_lines(self._listed):
            self._terminal.tell(line)

    def remove(self, argument: str, interview: Interview) -> None:
        """Remove the one of that number or name. Raises ``UsageError`` when there is none."""
        if not self._listed:
            self._listed = self._client.list_documents(interview.id)
        numbered = {str(number): document for number, document in enumerate(self._listed, 1)}
        by_name = {document.name: document for document in self._listed if document.name}
        document = numbered.get(argument) or by_name.get(argument)
        if document is None or document.id is None:
            raise errors.UsageError("Say which: /remove NUMBER, as /documents shows it.")
        self._client.detach_document(interview.id, document.id)
        self._listed = []
        self._terminal.say(f"{document.name or document.id} is removed.")


def _path(argument: str) -> Path:
    """The file that is meant: as it stands, in quotes, or with backslashes, as a file dropped on a terminal has."""
    path = user_path(argument.strip("\"'"))
    if not os.path.exists(path):
        with contextlib.suppress(ValueError):
            words = shlex.split(argument)
            if len(words) == 1:
                return user_path(words[0])
    return path
