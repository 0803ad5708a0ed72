"""The bytes of the package: whatever the storage host sends, only the right ones ever stand under the final name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from specstep_flows import errors, events
from specstep_flows.sandbox import Fault, ManualClock, Sandbox
from tests.kit.api import op
from tests.kit.bench import Bench
from tests.kit.proxy import Proxy, Trouble
from tests.kit.secrets import Secrets
from tests.kit.tiers import one_in

BLOB = "GET /blob/{name}"
DAMAGES = ("zip_truncated", "zip_flipped", "zip_not")
HOSTILE = ("zip_absolute", "zip_dotdot", "zip_symlink", "zip_duplicate", "zip_case", "zip_bomb")
#: Large enough for several reads.
SIZE = 300_000


def finals(bench: Bench) -> list[str]:
    """What is in the output folder under a final name."""
    return [path.name for path in bench.output.iterdir() if ".part" not in path.name]


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_package_that_arrives_damaged_is_fetched_again_once(bench: Bench, kind: Any) -> None:
    """Damage in passing costs a second download and nothing else."""
    bench.sandbox.faults.add(Fault(BLOB, kind))

    bench.judge(bench.attempt(unpack=True))


@pytest.mark.parametrize("kind", one_in(3, DAMAGES + HOSTILE))
def test_a_package_that_stays_bad_never_gets_its_name(bench: Bench, kind: Any) -> None:
    """Neither damaged nor hostile bytes reach the final name or any place outside; once all is well, the run goes
    on."""
    escaped = [Path("/tmp/specstep-escaped.txt"), bench.folder / "specstep-escaped.txt", Path("specstep-escaped.txt")]
    bench.sandbox.faults.add(Fault(BLOB, kind, times=None))
    with pytest.raises((errors.DamagedPackage, errors.HostilePackage)) as caught:
        bench.attempt(unpack=True)
    assert isinstance(caught.value, errors.HostilePackage) == (kind in HOSTILE)
    assert finals(bench) == []
    assert [path for path in escaped if path.exists()] == []
    bench.sandbox.faults.clear()

    bench.judge(bench.attempt(unpack=True))


@pytest.mark.parametrize("times", [1, 3])
def test_an_expired_address_is_asked_for_again(bench: Bench, times: int) -> None:
    """A signed address holds for a short while: another one is asked for, at the price of one request."""
    bench.sandbox.faults.add(Fault(op("get_package_zip"), "expired_url", times=times))

    bench.judge(bench.attempt())

    assert bench.sandbox.requests.count(op("get_package_zip")) == times + 1


def test_a_download_that_breaks_goes_on_where_it_broke(bench: Bench) -> None:
    """Each attempt asks for what is missing only, and of the same version only."""
    bench.sandbox.options.package_bytes = SIZE
    for _ in range(4):
        bench.sandbox.faults.add(Fault(BLOB, "truncated", keep=0.4, hard=True))

    bench.judge(bench.attempt())

    asked = [request.range for request in bench.sandbox.requests.matching(BLOB)]
    assert asked[0] is None
    starts = [int((span or "").removeprefix("bytes=").rstrip("-")) for span in asked[1:]]
    assert starts == sorted(starts)
    assert starts[-1] > SIZE * 0.8


def test_a_download_goes_on_in_another_process(bench: Bench) -> None:
    """What arrived before the process was told to stop is not fetched again."""
    bench.sandbox.options.package_bytes = SIZE
    bench.sandbox.faults.add(Fault(BLOB, "truncated", keep=0.5, times=None))
    bench.sandbox.faults.add(Fault(op("get_package_zip"), "status", status=403, nth=2))
    with pytest.raises(errors.PermissionDenied):
        bench.attempt()
    bench.sandbox.faults.clear()

    bench.judge(bench.attempt())

    assert bench.sandbox.requests.matching(BLOB)[-1].range not in (None, "bytes=0-")


# Through a real proxy


class ProxiedSandbox(Sandbox):
    """A sandbox whose signed addresses lead through a proxy."""

    proxy: Proxy | None = None

    @property
    def blob_url(self) -> str:
        return super().blob_url if self.proxy is None else self.proxy.url


@pytest.fixture(params=["sync", "async"])
def proxied(request: pytest.FixtureRequest, tmp_path: Path, secrets: Secrets) -> Iterator[Any]:
    """A bench whose every byte, of the API and of packages, goes through proxies that can be told to misbehave."""
    from tests.kit.bench import make_bench, options

    told = options(package_bytes=SIZE, requests_per_minute=None)
    with ProxiedSandbox(options=told, clock=ManualClock()) as sandbox:
        api_port, blob_port = (int(url.rpartition(":")[2]) for url in (sandbox.url, sandbox.blob_url))
        with Proxy(api_port) as api, Proxy(blob_port) as blob:
            sandbox.proxy = blob
            bench = make_bench(sandbox, tmp_path, is_async=request.param == "async", request_timeout=0.2)
            bench.api_url = api.url
            secrets.keys.add(bench.key)
            yield bench, api, blob


@pytest.mark.parametrize("kind", one_in(3, ["reset", "close", "stall"]))
@pytest.mark.parametrize("direction", ["up", "down"])
def test_an_api_connection_that_fails_at_any_byte_costs_nothing_twice(proxied: Any, direction: Any, kind: Any) -> None:
    """Cut in the middle of requests and answers, wherever that happens to be: one kickoff, each turn once."""
    bench, api, _ = proxied
    measure = 1200 if direction == "up" else 2500
    api.troubles += [Trouble(direction, at, kind) for at in range(97, 12 * measure, measure)]

    bench.judge(bench.persist())

    assert sum(trouble.happened for trouble in api.troubles) >= 3


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["reset", "close"])
@pytest.mark.parametrize("direction", ["up", "down"])
def test_the_connection_that_carries_the_kickoff_may_fail_at_any_byte(
    tmp_path: Path, secrets: Secrets, direction: Any, kind: Any
) -> None:
    """Every seventh byte of the one exchange that costs: it is sent again only when it was not carried out."""
    from tests.kit.bench import make_bench, options

    broken = 0
    for number in range(60):
        told = options(requests_per_minute=None, clarifications=())
        with Sandbox(options=told, clock=ManualClock()) as sandbox, Proxy(int(sandbox.url.rpartition(":")[2])) as api:
            bench = make_bench(sandbox, tmp_path / f"{number}", request_timeout=0.5)
            bench.api_url = api.url
            secrets.keys.add(bench.key)
            at_kickoff = Trouble(direction, 0, kind, times=0)
            api.troubles.append(at_kickoff)

            def arm(answer: Any, api: Any = api, trouble: Any = at_kickoff, number: Any = number) -> None:
                # Two looks at the lists come before the kickoff; the third answer is its own.
                if answer == {"up": 2, "down": 3}[trouble.direction]:
                    trouble.at, trouble.times = api.passed[trouble.direction] + 7 * number, 1

            def hear(event: Any, api: Any = api, arm: Any = arm) -> None:
                if isinstance(event, events.InterviewCompleted):
                    api.start_counting()
                    api.at_answer = arm

            bench.judge(bench.persist(on_event=hear), questions=())
            sent = sandbox.requests.matching(op("start_generation"))
            broken += at_kickoff.happened
            assert 1 <= len(sent) <= 2
    assert broken > 40


@pytest.mark.parametrize("kind", ["reset", "close", "stall", "throttle"])
def test_a_download_survives_what_a_network_does(proxied: Any, kind: Any) -> None:
    """Cut, stalled and throttled at chosen bytes: the bytes on disk are the package's, and none is fetched in vain."""
    bench, _, blob = proxied
    blob.troubles += [Trouble("down", at, kind, rate=400_000) for at in (200, 70_000, 150_000, 310_000)]

    bench.judge(bench.persist())

    assert blob.passed["down"] < 2 * SIZE
