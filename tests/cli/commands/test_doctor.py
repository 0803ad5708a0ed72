"""``specstep doctor``: what is set and from where, and whether it works; with any part of it broken."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from specstep_flows.cli.commands import doctor as checks
from specstep_flows.sandbox import Fault
from specstep_flows.settings import Settings
from tests.kit.api import op, path_of
from tests.kit.front import Front, Seen, everywhere
from tests.kit.platforms import POSIX_ONLY


def verdicts(document: dict[str, Any]) -> dict[str, str]:
    """Each check's verdict."""
    return {check["name"]: check["verdict"] for check in document["checks"]}


def test_all_is_well(specstep: Any, sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings with their sources, and every check; of the key only its kind is shown; nothing but reads is sent."""
    monkeypatch.setenv("SPECSTEP_CLOCK_SPEED", "60")

    text = specstep("doctor", "--request-timeout", "20")
    document = specstep("doctor", "--json").document

    assert text.code == 0
    rows = {line.split()[0]: line for line in text.out.splitlines() if line}
    assert rows["api_key"].endswith("SPECSTEP_API_KEY")
    assert rows["request_timeout"].split() == ["request_timeout", "20", "flag"]
    assert rows["settle_seconds"].endswith("default")
    assert rows["profile"].split() == ["profile", "not", "set", "default"]
    assert sandbox.api_key not in text.out
    assert verdicts(document) == dict.fromkeys(("settings", "store", "key", "usage", "estimate", "clock"), "ok")
    assert "plan Pro" in text.out
    assert "The clock runs 60x" in text.out
    assert "500 of 500 generations left" in text.out
    assert {request.method for request in sandbox.requests} == {"GET"}


def test_the_service_against_the_contract(specstep: Any, sandbox: Any) -> None:
    """--service asks every readable operation once, with reads alone, and counts what holds; a difference is a line."""
    assert specstep("run", "A shop.", "--yes", "--profile", "Fast", "--on-question", "defaults").code == 0
    sandbox.requests.clear()

    result = specstep("doctor", "--service", "--json")

    assert result.code == 0
    document = result.document
    assert verdicts(document)["contract"] == "ok"
    assert document["service"]["requests"] <= 40
    assert {request.method for request in sandbox.requests} == {"GET"}
    assert document["service"]["assumptions"]["Account.plan"] == "confirmed"
    assert not [one for one in document["service"]["differences"] if one["kind"] != "new"]
    assert sandbox.api_key not in result.out


@pytest.mark.slow
def test_the_service_report_can_be_shared(
    specstep: Any, sandbox: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """At most 40 requests with the other checks; of a service full of marks none is shown, in a refusal either."""
    assert specstep("run", "A shop.", "--yes", "--profile", "Fast", "--on-question", "defaults").code == 0

    def marked(one: dict[str, Any]) -> dict[str, Any]:
        free = ("display_name", "email", "title", "plan", "detail", "name")
        found = {name: f"Zqx{value}" if name in free else value for name, value in one.items()}
        return {**found, "by_customer": {"ZqxAda": {"ZqxShop": 1}}}

    def refused(seen: Seen) -> None:
        seen.headers["X-Owner"] = "Zqx"
        if seen.path == path_of("get_usage"):
            seen.status, seen.document = 403, {"type": "FORBIDDEN", "detail": "Zqx may not."}

    for changes in ((everywhere(marked),), (everywhere(marked), refused)):
        with Front(sandbox.url, *changes) as front:
            monkeypatch.setenv("SPECSTEP_API_URL", front.url)
            for more in ((), ("--json",)):
                front.requests.clear()
                result = specstep("doctor", "--service", *more)
                assert len(front.requests) <= 40
                assert not re.findall(r"\w*zqx\w*", result.out + result.err, re.IGNORECASE)


def test_what_generations_cost(specstep: Any, sandbox: Any) -> None:
    """Out of the user's own past, by profile, labelled so; where there is none, that is said and nothing is made up."""
    assert "no completed generation" in specstep("doctor").out

    assert specstep("run", "A shop.", "--yes", "--profile", "Fast", "--on-question", "defaults").code == 0

    assert "Estimate from your one Fast run: $" in specstep("doctor").out


def test_without_a_key(specstep: Any, home: Path) -> None:
    """No key: that is what it says, with everything else that can be said."""
    result = specstep("doctor", "--json")

    assert result.code == 2
    assert verdicts(result.document) == {"settings": "ok", "store": "ok", "key": "fail"}


@pytest.mark.parametrize(
    ("variable", "value", "failing", "code"),
    [
        ("SPECSTEP_API_KEY", "sf_wrong", "key", 4),
        ("SPECSTEP_API_KEY", "wrong", "settings", 2),
        ("SPECSTEP_API_URL", "http://example.com", "settings", 2),
        ("SPECSTEP_API_URL", "http://127.0.0.1:9", "key", 7),
    ],
)
def test_what_is_broken_is_named(
    specstep: Any, sandbox: Any, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, failing: str, code: int
) -> None:
    """The check that fails decides the exit code."""
    monkeypatch.setenv(variable, value)

    result = specstep("doctor", "--json")

    assert result.code == code
    assert verdicts(result.document)[failing] == "fail"


def test_a_store_that_no_run_can_use(specstep: Any, sandbox: Any) -> None:
    """That it can be read is not all: what cannot be locked or recorded is never paid for, and so never starts."""
    folder = Path(os.environ["SPECSTEP_STATE"])
    assert specstep("runs").code == 0
    (folder / "locks").write_text("A file, where a folder should be.")

    result = specstep("doctor")
    started = specstep("run", "A shop.", "--yes")

    assert (result.code, started.code) == (2, 2)
    assert f"No run can be locked in {folder / 'locks'} (File exists)." in " ".join(result.out.split())
    assert "nothing can be started or resumed there" in " ".join(result.out.split())


def test_a_damaged_store(specstep: Any, sandbox: Any) -> None:
    """A store that cannot be read is said; the key is checked all the same."""
    folder = Path(os.environ["SPECSTEP_STATE"])
    folder.mkdir()
    (folder / "runs.db").write_bytes(b"x" * 5000)

    result = specstep("doctor", "--json")

    assert result.code == 2
    assert verdicts(result.document)["store"] == "fail"
    assert verdicts(result.document)["key"] == "ok"


def test_usage_that_cannot_be_read(specstep: Any, sandbox: Any) -> None:
    """A quota of a form that nobody knows is a warning."""
    sandbox.faults.add(
        Fault(
            op("get_usage"),
            "nulls",
            times=None,
            fields=("generations_used", "generations_remaining", "generations_limit", "reset_at", "reset_date"),
        )
    )

    result = specstep("doctor", "--json")

    assert result.code == 0
    assert verdicts(result.document)["usage"] == "warn"


@POSIX_ONLY
def test_warnings_of_the_settings(specstep: Any, sandbox: Any, home: Path) -> None:
    """What the settings warn of is shown, such as a key that others can read."""
    file = Path(os.environ["SPECSTEP_CONFIG"])
    file.write_text(f"api_key = '{sandbox.api_key}'\napi_url = '{sandbox.url}'\n", encoding="utf-8")
    file.chmod(0o644)

    result = specstep("doctor", "--json")

    assert verdicts(result.document)["settings"] == "warn"
    assert "other users of this machine can read it" in str(result.document["checks"])


def test_an_unknown_name_in_the_settings_is_a_failure(specstep: Any, home: Path) -> None:
    """It says which one was meant."""
    file = Path(os.environ["SPECSTEP_CONFIG"])
    file.write_text("api_ulr = 'https://specstep.com'\n", encoding="utf-8")
    result = specstep("doctor", "--json")

    assert verdicts(result.document)["settings"] == "fail"
    assert "Did you mean 'api_url'?" in str(result.document["checks"])


@pytest.mark.parametrize(
    ("date", "verdict", "says"),
    [
        ("now", "ok", "agree"),
        ("Mon, 01 Jun 2026 12:00:00 GMT", "warn", "Set the clock"),
        ("yesterday", "warn", "no date"),
    ],
)
def test_the_clock(sandbox: Any, date: str, verdict: str, says: str) -> None:
    """In real time, this machine's clock is compared with the service's."""
    import email.utils

    value = email.utils.formatdate(usegmt=True) if date == "now" else date
    sandbox.faults.add(Fault(op("get_status_summary"), "status", status=503, headers={"Date": value}))
    settings = Settings(api_key="sf_x", api_url=sandbox.url)

    finding = checks.clock_finding(settings)

    assert (finding.verdict, says in finding.text) == (verdict, True)


@pytest.mark.parametrize(
    ("variables", "code", "said"),
    [
        ({"HTTPS_PROXY": "socks5://me:secret@127.0.0.1:9"}, 2, "HTTPS_PROXY is a socks5 proxy"),
        ({"ALL_PROXY": "socks://127.0.0.1:9", "NO_PROXY": "api.specstep.invalid"}, 2, "ALL_PROXY is a socks proxy"),
        ({"HTTPS_PROXY": "http://me:secret@127.0.0.1:9"}, 7, "through the proxy http://127.0.0.1:9 (HTTPS_PROXY)"),
        ({"SSL_CERT_FILE": "/nowhere.pem"}, 2, "SSL_CERT_FILE (/nowhere.pem)"),
        ({"SSL_CERT_DIR": "/nowhere"}, 2, "SSL_CERT_DIR (/nowhere)"),
        ({"SSLKEYLOGFILE": "/nowhere/keys"}, 2, "SSLKEYLOGFILE (/nowhere/keys)"),
        ({}, 7, "the name api.specstep.invalid cannot be resolved"),
    ],
)
@pytest.mark.parametrize("verb", ["doctor", "dry run"])
def test_a_way_that_leads_nowhere_is_named_before_anything_is_paid(
    verb: str, variables: dict[str, str], code: int, said: str, specstep: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What only the download would stumble over as well; a dry run says the same."""
    monkeypatch.setenv("SPECSTEP_API_KEY", "sf_x")
    monkeypatch.setenv("SPECSTEP_API_URL", "https://api.specstep.invalid")
    monkeypatch.setattr("specstep_flows.engine.retry.FIRST_PATIENCE_SECONDS", 0.0)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    arguments = ["doctor"] if verb == "doctor" else ["run", "A shop.", "--dry-run"]

    result = specstep(*arguments, "--json")

    assert result.code == code
    assert said in str(result.document)
    assert "secret" not in result.out + result.err
