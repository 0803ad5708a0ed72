"""One whole run, recorded into a cassette and replayed from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import vcr

from specstep_flows import ProposedDefaults, RunStore, SpecStep

from .scrubbing import API, Scrubber

if TYPE_CHECKING:
    from specstep_flows import RunResult, Settings

#: What is said in the recorded interview, and how the run is asked for; a replay must ask for the same.
BRIEF: Final = ("A portal where small shops collect what their customers say.", "It runs on one cheap server.")
RUN: Final[dict[str, Any]] = {"profile": "Fast", "on_question": ProposedDefaults()}

#: What a request of a replay must have in common with the recorded one. Bodies are compared as JSON.
MATCH_ON: Final = ("method", "scheme", "host", "port", "path", "query", "body")


def _vcr(scrubber: Scrubber, mode: str) -> Any:
    return vcr.VCR(
        record_mode=vcr.mode(mode),
        match_on=MATCH_ON,
        before_record_request=scrubber.request,
        before_record_response=scrubber.response,
        decode_compressed_response=True,
    )


def record(target: Path, settings: Settings, output: Path, brief: tuple[str, ...] = BRIEF) -> RunResult:
    """Carry a whole run out and keep what went over the wire, scrubbed, in ``target``. The package goes to ``output``.

    Raises:
        ValueError: the key or the service's host is in what was about to be kept; nothing was written.
    """
    key = settings.require_key()
    scrubber = Scrubber(settings.api_url, secrets=[key, key.partition("_")[2]])
    scratch = output / "recorded.yaml"
    with (
        _vcr(scrubber, "all").use_cassette(str(scratch)),
        SpecStep(settings=settings, store=RunStore.in_memory()) as specstep,
    ):
        result = specstep.run(brief, output=output / "package.zip", **RUN)
    text = scratch.read_text("utf-8")
    for secret in (key, settings.api_url):
        if secret in text:
            raise ValueError("the cassette would hold the key or the service's own address: it was not written")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return result


def player(cassette: Path) -> Any:
    """A context in which ``SpecStep`` with ``api_url=API`` is answered from a cassette, and nothing is sent."""
    return _vcr(Scrubber(API), "none").use_cassette(str(cassette))
