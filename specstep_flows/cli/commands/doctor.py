"""``specstep doctor``: settings, key, quota, clock and run store: what is set, and whether it works."""

from __future__ import annotations

import contextlib
import email.utils
import functools
import time
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias

import attrs
import typer

from specstep_flows import errors
from specstep_flows._http import open_http
from specstep_flows._json import as_json
from specstep_flows._network import check_downloads, proxy_for
from specstep_flows._text import counted, duration
from specstep_flows.cli import exits
from specstep_flows.cli.estimate import estimate, usage_words
from specstep_flows.cli.output import show_table, status_of
from specstep_flows.cli.session import Call, tell_of_waits
from specstep_flows.cli.verbs import verb
from specstep_flows.client import SpecStep
from specstep_flows.engine.effects import Request
from specstep_flows.engine.transport import attempt
from specstep_flows.runs.store import RunStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from specstep_flows.events import Event
    from specstep_flows.settings import Settings

Verdict: TypeAlias = Literal["ok", "warn", "fail"]

#: The Date header has whole seconds, and an answer takes a moment; from here on it is the clock.
CLOCK_OFF_SECONDS: Final = 30.0


@attrs.frozen
class Finding:
    """What one check found. ``code`` is the exit code that a failure stands for."""

    name: str
    verdict: Verdict
    text: str
    code: int = exits.DONE

    @classmethod
    def failed(cls, name: str, error: errors.SpecStepError, *, says_why: bool = True) -> Finding:
        """A check that an error ended; without ``says_why`` the service's own text, which may name anything, is not in
        it."""
        text = error.message
        if isinstance(error, errors.APIError) and error.detail and not says_why:
            text = f"The service refused it ({error.status})."
        return cls(name, "fail", text, exits.exit_code(error))


def setting_rows(settings: Settings) -> list[dict[str, Any]]:
    """Each setting, its value (of the key only its kind), and where it came from."""
    return [
        {"name": name, "value": _value(settings, name), "source": source} for name, source in settings.sources.items()
    ]


def _value(settings: Settings, name: str) -> str:
    if name == "api_key":
        if settings.api_key is None:
            return "not set"
        kinds = {"oat_": "an access token (oat_)", "sf_": "an API key (sf_)"}
        return next((kind for prefix, kind in kinds.items() if settings.api_key.startswith(prefix)), "of unknown form")
    if name == "state":
        return str(settings.state_folder())
    value = getattr(settings, name)
    if value is None:
        return "not set"
    return f"{value:g}" if isinstance(value, float) else str(value)


def settings_findings(settings: Settings) -> Iterator[Finding]:
    """What the settings themselves warn of."""
    for warning in settings.warnings:
        yield Finding("settings", "warn", warning)
    if not settings.warnings:
        yield Finding("settings", "ok", "OK")


def network_findings(settings: Settings) -> Iterator[Finding]:
    """The proxy that the service is reached through, or the one that no download could use."""
    try:
        check_downloads(settings.api_url)
        proxy = proxy_for(settings.api_url)
    except errors.SettingsError as error:
        yield Finding.failed("network", error)
        return
    if proxy is not None:
        yield Finding("network", "ok", f"The service is reached through the proxy {proxy}.")


def service_findings(
    settings: Settings, tell: Callable[[Event], Any] | None = None, *, names_account: bool = True
) -> Iterator[Finding]:
    """The service, asked for real: the key, the quota, what generations cost, the clock.

    Without ``names_account`` no value of the account is in them, so that what is found can be shown to others.

    GET /v1/me, GET /v1/usage, GET /v1/generations; GET /v1/status/summary without the key
    """
    try:
        # Not through the user's store: it has a check of its own, and may be what is broken.
        client = SpecStep(settings=settings, store=RunStore.in_memory(), on_event=tell)
    except errors.SettingsError as error:
        yield Finding.failed("key", error)
        return
    with client:
        try:
            account = client.get_account()
        except errors.RequestError as error:
            yield Finding.failed("key", error, says_why=names_account)
            return
        who = account.display_name or account.user_id or "an account without a name"
        whose = f": {who}, plan {account.plan or 'unknown'}" if names_account else ""
        yield Finding("key", "ok", f"The service accepts it{whose}.")
        try:
            usage = client.get_usage()
        except errors.APIError as error:
            if error.is_not_offered:
                yield Finding("usage", "warn", f"The service does not report the quota ({error.status}).")
            else:
                yield Finding.failed("usage", error, says_why=names_account)
        except errors.RequestError as error:
            yield Finding.failed("usage", error)
        else:
            words = usage_words(usage)
            told = words if names_account or not words else "The quota can be read."
            yield Finding("usage", "ok" if words else "warn", told or "The quota could not be read from the answer.")
        if names_account:
            yield from _estimate_findings(client)
    yield clock_finding(settings)


def _estimate_findings(client: SpecStep) -> Iterator[Finding]:
    """What generations cost, by profile, out of the user's own newest ones (GET /v1/generations, one page)."""
    try:
        rows = client.list_generations(first_page=True)
    except errors.RequestError as error:
        yield Finding("estimate", "warn", f"Your past generations could not be read: {error.message}")
        return
    profiles = dict.fromkeys(row.review_profile for row in rows if row.review_profile)
    past = [estimate(rows, profile, client.store.find_generation) for profile in profiles]
    found = [expected for expected in past if expected is not None]
    for expected in found:
        yield Finding("estimate", "ok", expected.words())
    if not found:
        yield Finding("estimate", "ok", "No estimate yet: you have no completed generations.")


def clock_finding(settings: Settings) -> Finding:
    """This machine's clock against the Date of an answer; asked of a public page, so without the key."""
    if settings.clock_speed != 1.0:
        source = settings.sources.get("clock_speed")
        text = f"The clock runs {settings.clock_speed:g}x ({source})."
        return Finding("clock", "ok", text)
    began = time.time()
    request = Request("get_status_summary", "read", "GET", "/v1/status/summary", about="get the status")
    try:
        with open_http(settings, is_anonymous=True) as http:
            answer = attempt(http, request, settings.request_timeout)
    except errors.SpecStepError as error:
        return Finding("clock", "warn", f"Not compared: {error.message}")
    now = (began + time.time()) / 2
    try:
        there = email.utils.parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (ValueError, TypeError):
        return Finding("clock", "warn", "Not compared: the service's answer has no date.")
    # The header's second has passed by half on average.
    off = now - (there + 0.5)
    if abs(off) > CLOCK_OFF_SECONDS:
        return Finding(
            "clock",
            "warn",
            f"This machine is {duration(abs(off))} {'ahead of' if off > 0 else 'behind'} the service, so the service's "
            "times will be misread. Set the clock.",
        )
    return Finding("clock", "ok", "This machine and the service agree on the time.")


def store_finding(settings: Settings) -> Finding:
    """The run store: whether it can be read and written, and what is in it."""
    folder = settings.state_folder()
    try:
        with contextlib.closing(RunStore(folder)) as store:
            runs = store.all()
            try:
                store.check_writable()
            except errors.StoreError as error:
                error.add(
                    f"{folder} can be read, and nothing can be started or resumed there: repair it, or choose another "
                    "one with SPECSTEP_STATE."
                )
                raise
    except errors.StoreError as error:
        return Finding.failed("store", error)
    going = sum(1 for record in runs if status_of(record) not in ("done", "failed", "cancelled"))
    return Finding("store", "ok", f"{folder} holds {counted(len(runs), 'run')}, {going} of them open.")


#: What the checks before it have sent: the account, the quota, and the status.
REQUESTS_BEFORE: Final = 3


def contract_finding(settings: Settings) -> tuple[Finding, dict[str, Any]]:
    """What the service does otherwise than the API's contract says: every readable operation, asked once."""
    from specstep_flows.contact.asking import MOST_REQUESTS, ask
    from specstep_flows.contact.compare import compare, grouped
    from specstep_flows.contact.contract import contract

    facts = contract()
    try:
        with SpecStep(settings=settings, store=RunStore.in_memory()) as client:
            contact = client._drive(ask(facts, MOST_REQUESTS - REQUESTS_BEFORE))
    except errors.SpecStepError as error:
        return Finding.failed("contract", error), {}
    found = compare(contact, facts)
    verdicts = found.verdicts()
    held = sum(verdict == "confirmed" for verdict in verdicts.values())
    testable = sum(one.test == "read" for one in facts.assumptions.values())
    words = (
        f"{counted(contact.requests, 'request')} that cost nothing: of {testable} assumptions that reading can test, "
        f"{held} hold, {len(verdicts) - held} do not, and {max(testable - len(verdicts), 0)} could not be seen."
        + (f" Nothing more was asked after that: {contact.stopped}." if contact.stopped else "")
    )
    data = {
        "requests": contact.requests,
        "not_asked": contact.skipped,
        "assumptions": verdicts,
        "differences": [as_json(one) for one in found.differences],
        "lines": [line for line, _ in grouped(found.differences)],
    }
    return Finding("contract", "warn" if found.refuted else "ok", words), data


@verb
def doctor(
    call: Call,
    service: Annotated[
        bool,
        typer.Option("--service", help="Also compare what the service answers with the API's contract; reads only."),
    ] = False,
) -> int:
    """Check settings, store, key, quota and clock.

    It shows where each setting came from and what your past generations cost. Nothing that costs is sent. The exit
    code is that of the first check that fails.

    With `--service` no value of your account is shown, so that the result can be shared.
    """
    try:
        settings = call.settings()
    except errors.SettingsError as error:
        return _report(call, [], [Finding.failed("settings", error)])
    findings = [
        *settings_findings(settings),
        store_finding(settings),
        *network_findings(settings),
    ]
    if not any(finding.name == "network" and finding.verdict == "fail" for finding in findings):
        findings += service_findings(settings, functools.partial(tell_of_waits, call), names_account=not service)
    contact: dict[str, Any] = {}
    if service and not any(finding.verdict == "fail" for finding in findings):
        finding, contact = contract_finding(settings)
        findings.append(finding)
    return _report(call, setting_rows(settings), findings, contact)


def _report(
    call: Call, rows: list[dict[str, Any]], findings: list[Finding], contact: dict[str, Any] | None = None
) -> int:
    code = next((finding.code for finding in findings if finding.verdict == "fail"), exits.DONE)
    call.verdict = code
    if call.json:
        call.terminal.document(
            {
                "code": "ok" if code == exits.DONE else "failed",
                "exit_code": code,
                "settings": rows,
                "checks": [as_json(finding) for finding in findings],
                **({"service": contact} if contact else {}),
            }
        )
        return code
    if rows:
        show_table(call, ("SETTING", "VALUE", "FROM"), [(row["name"], row["value"], row["source"]) for row in rows])
        call.terminal.result("")
    show_table(call, ("CHECK", "RESULT", ""), [(finding.name, finding.verdict, finding.text) for finding in findings])
    for line in (contact or {}).get("lines", ()):
        call.terminal.result(f"  {line}")
    return code
