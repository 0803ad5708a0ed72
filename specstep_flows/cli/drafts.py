"""What a person typed in a run and did not send: kept with the run, and there again when the run is continued."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from specstep_flows.runs.records import changed_options

if TYPE_CHECKING:
    from specstep_flows.cli.session import Call
    from specstep_flows.client import SpecStep

#: Under this name a run remembers them.
_DRAFTS: Final = "drafts"
#: What a draft of the interview's next message is about.
MESSAGE: Final = ""


@attrs.frozen
class Drafts:
    """The drafts of a call's run; of a call without a run there are none."""

    call: Call
    client: SpecStep

    def get(self, about: str) -> str:
        """The draft of the answer to a question, or of a ``MESSAGE``; "" without one."""
        return self._all().get(about, "")

    def keep(self, about: str, text: str) -> bool:
        """Keep a draft, or none; whether there is one."""
        before = self._all()
        drafts = {name: draft for name, draft in before.items() if name != about}
        if text.strip():
            drafts[about] = text
        if self.call.run_id is None:
            return False
        if drafts != before:
            options = self.client.store.get(self.call.run_id).options
            changes = {"options": changed_options(options, {"remember": {_DRAFTS: drafts}})}
            self.client.store.update(self.call.run_id, changes)
        return about in drafts

    def _all(self) -> dict[str, str]:
        if self.call.run_id is None:
            return {}
        return dict(self.client.store.get(self.call.run_id).options.remember.get(_DRAFTS) or {})
