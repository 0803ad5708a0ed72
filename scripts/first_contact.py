#!/usr/bin/env python3
"""Ask the service what it really does, read only, and write down which assumptions of the contract hold.

It pulls the service's API document, asks every readable operation that SPECSTEP_API_KEY may ask (at most 40 requests,
within the rate limits, nothing that costs), and keeps of the answers only names, types, formats and counts. The outcome
goes to openapi/assumptions.yaml and openapi/assumptions.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

if __name__ == "__main__":
    sys.dont_write_bytecode = True

from regeneration.align import align
from regeneration.assumptions import Assumption, assumptions_of
from regeneration.contact_facts import facts_of
from regeneration.document import JsonObject, load_documented, parse_document
from regeneration.errors import RegenerationError
from regeneration.ledger import Known, counts, in_words, ledger, ledger_page, read_ledger, with_counts
from regeneration.names import NamesLock
from regeneration.paths import METHODS
from regeneration.project import Project
from regeneration.pull import pull
from regeneration.stated import stated
from regeneration.takeover import Contract as ContractText
from regeneration.takeover import advice, line_of, readers, write

from specstep_flows import RunStore, Settings, SpecStep, SpecStepError
from specstep_flows.contact.asking import ask
from specstep_flows.contact.compare import Comparison, Difference, compare, grouped
from specstep_flows.contact.contract import Contract


def main(arguments: list[str] | None = None, root: Path | None = None, now: datetime | None = None) -> int:
    """Run; 0 when the ledger is up to date, 1 when the service could not be asked."""
    given = _parser().parse_args(arguments)
    if given.with_run and not given.yes:
        _say("A whole run costs what a Fast generation costs: add --yes to agree. Nothing was sent.")
        return 2
    project = Project((root or Path(__file__).parents[1]).resolve())
    today = (now or datetime.now(UTC)).date().isoformat()
    try:
        documented = load_documented(project.documented)
        before = read_ledger(project.ledger)
        settings = Settings.load()
        seen = _Seen(documented, settings)
        seen.read_document(given.source)
        seen.ask()
        if given.with_run:
            seen.carry_out_a_run(given.cassette or project.root / "tests" / "cassettes" / "whole_run_live.yaml")
    except (RegenerationError, SpecStepError) as error:
        _say(f"stopped: {error}")
        return 1
    assumed = assumptions_of(documented)
    known = settle(assumed, before, seen, today)
    differences = list(dict.fromkeys([*seen.answered.differences, *seen.described.differences]))
    _tell(differences, project, documented)
    if given.write:
        taken = write(differences, project.documented, today)
        _say(f"took over {len(taken)} of {len(differences)} differences into openapi/documented.yaml")
        assumed = assumptions_of(load_documented(project.documented))
    project.ledger.write_text(ledger(assumed, known), encoding="utf-8")
    project.ledger_page.write_text(ledger_page(assumed, known), encoding="utf-8")
    if project.readme.is_file():
        readme = project.readme.read_text(encoding="utf-8")
        project.readme.write_text(with_counts(readme, assumed, known), encoding="utf-8")
    _say(f"{in_words(counts(assumed, known))}; see openapi/assumptions.md")
    return 0


class _Seen:
    """What was seen of the service."""

    def __init__(self, documented: JsonObject, settings: Settings) -> None:
        self._documented = documented
        self._settings = settings
        self._whole = Contract.of(facts_of(documented, is_whole=True))
        #: What its answers show, and what its document says.
        self.answered = Comparison()
        self.described = Comparison()

    def read_document(self, source: str | None) -> None:
        """Pull the document and compare it; a service without one is asked all the same."""
        try:
            pulled = pull(source, self._settings.api_url, self._settings.api_key)
            document = parse_document(pulled.content, pulled.source)
        except RegenerationError as error:
            _say(f"no document: {error}")
            return
        aligned = align(self._documented, document, NamesLock())
        assert aligned.pulled is not None
        self.described = compare(stated(aligned.documented, aligned.pulled, self._whole), self._whole, is_whole=True)
        _say(f"read the document: {len(self.described.confirmed)} assumptions are in it")

    def ask(self) -> None:
        """Ask what can be read."""
        with SpecStep(settings=self._settings, store=RunStore.in_memory()) as specstep:
            contact = specstep._drive(ask(self._whole))
        self.answered = compare(contact, self._whole)
        _say(f"sent {contact.requests} requests, which cost nothing; {len(contact.skipped)} operations were not asked")
        if contact.stopped:
            _say(f"nothing more was asked after that: {contact.stopped}")

    def carry_out_a_run(self, cassette: Path) -> None:
        """Pay for a Fast run, record it, and look at what only paying shows."""
        from recording.cassettes import record
        from recording.contact import contact_of

        with tempfile.TemporaryDirectory() as folder:
            record(cassette, self._settings, Path(folder))
        shown = compare(contact_of(cassette, self._whole), self._whole)
        self.answered.differences += shown.differences
        for name, operations in shown.confirmed.items():
            self.answered.confirmed.setdefault(name, []).extend(operations)
        _say(f"recorded a run in {cassette}: {len(shown.confirmed)} assumptions hold in it")


def settle(assumed: list[Assumption], before: dict[str, Known], seen: _Seen, today: str) -> dict[str, Known]:
    """What is known of each assumption now: an answer counts more than the document, and the document than nothing."""
    found: dict[str, Known] = {}
    for one in assumed:
        known = _shown(one.id, seen.answered, "confirmed", today) or _shown(one.id, seen.described, "supported", today)
        old = before.get(one.id, Known())
        if known is None or (known.state == "supported" and old.state in ("confirmed", "refuted")):
            known = old
        # The day is the one on which it was found out, not the one on which it was seen again.
        found[one.id] = old if (known.state, known.seen) == (old.state, old.seen) else known
    return found


def _shown(name: str, comparison: Comparison, holds: str, today: str) -> Known | None:
    against = comparison.refuted.get(name)
    if against:
        return Known("refuted", today, "; ".join(dict.fromkeys(one.sentence for one in against[:3])))
    operations = comparison.confirmed.get(name)
    if not operations:
        return None
    where = ", ".join(operations[:3])
    return Known("confirmed", today, where) if holds == "confirmed" else Known("supported", today, where)


def _tell(differences: list[Difference], project: Project, documented: JsonObject) -> None:
    text = ContractText(project.documented)
    paths = {item[method]["operationId"]: (path, method) for path, item in documented["paths"].items()
             for method in METHODS if method in item}  # fmt: skip
    for line, several in grouped(differences):
        _say(line)
        one = several[0]
        _say(f"    {advice(one, line_of(one, text, paths), readers(one, project))}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", metavar="URL|FILE", help="take the API document from there")
    parser.add_argument("--write", action="store_true", help="change documented.yaml where that is mechanical")
    parser.add_argument("--with-run", action="store_true", help="also pay for one Fast run and record it")
    parser.add_argument("--yes", action="store_true", help="agree to pay for that run")
    parser.add_argument("--cassette", type=Path, help="where the run is recorded (default: in tests/cassettes)")
    return parser


def _say(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
