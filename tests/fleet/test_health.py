"""Probes and counters over HTTP: whoever watches a worker learns how it is, and nothing of a run or a key."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request

import attrs
import pytest

from specstep_flows import errors
from specstep_flows.fleet.health import LATE_SECONDS, Health, served

WELL = Health(0, True, 3, 200, {"done": 2, "busy": 1}, 4, 5)


def ask(port: int, path: str) -> tuple[int, str, str]:
    """The status, the type and the text."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read().decode()


def test_probes_say_whether_it_lives_and_whether_it_takes_runs() -> None:
    """One whose loop hangs does not live; one that drains lives and takes none."""
    now = [WELL]
    with served(0, lambda: now[0], "127.0.0.1") as port:
        assert [ask(port, path)[0] for path in ("/live", "/ready", "/ready?from=pod", "/other")] == [200, 200, 200, 404]
        now[0] = attrs.evolve(WELL, is_ready=False)
        assert [ask(port, path)[0] for path in ("/live", "/ready")] == [200, 503]
        now[0] = attrs.evolve(WELL, late_seconds=LATE_SECONDS + 1)
        status, _, text = ask(port, "/live")
        assert (status, f"{LATE_SECONDS + 1} s" in text) == (503, True)


def test_counters_are_as_open_metrics_has_them() -> None:
    """Each family has its type before it, counters end in _total, and the last line says that it is the last."""
    with served(0, lambda: WELL, "127.0.0.1") as port:
        status, kind, text = ask(port, "/metrics")
    assert (status, kind.split(";")[0]) == (200, "application/openmetrics-text")
    *lines, last = text.splitlines()
    assert last == "# EOF"
    families = {line.split()[2]: line.split()[3] for line in lines if line.startswith("# TYPE ")}
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    for name in values:
        family = name.partition("{")[0]
        assert families[family.removesuffix("_total")] == ("counter" if family.endswith("_total") else "gauge")
    assert values["specstep_runs_in_hand"] == "3"
    assert values['specstep_drives_total{outcome="done"}'] == "2"
    assert (values["specstep_taken_over_total"], values["specstep_deferred_total"]) == ("4", "5")


def test_a_port_that_cannot_be_had_is_a_sentence() -> None:
    """It is another's, or no port at all."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for port in (taken.getsockname()[1], 70_000):
            with pytest.raises(errors.SettingsError, match=f"port {port}"), served(port, lambda: WELL, "127.0.0.1"):
                raise AssertionError
