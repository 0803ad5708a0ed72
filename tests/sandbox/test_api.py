"""Authentication, the two rolling limits, the quota and the concurrency cap."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.kit.api import op, path_of


def test_bare_401(start: Any) -> None:
    """A missing or wrong key is challenged, with an empty body."""
    call = start()

    for headers in ({}, {"Authorization": "Bearer sf_wrong"}, {"Authorization": "Basic abc"}):
        answer = httpx.get(call.sandbox.url + path_of("get_me"), headers=headers)
        assert (answer.status_code, answer.content) == (401, b"")
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "content-type" not in answer.headers


def test_five_failed_authentications_shut_the_address_out(start: Any) -> None:
    """After five failures in five minutes even the right key is refused, until the oldest is five minutes old."""
    call = start()
    for _ in range(5):
        assert httpx.get(call.sandbox.url + path_of("get_me")).status_code == 401

    # The same bare challenge as for a wrong key, and it does not count as another failure.
    for wait in (0, 299):
        call.pass_time(wait)
        answer = call(op("get_me"))
        assert (answer.status_code, answer.content, "retry-after" in answer.headers) == (401, b"", False)
    call.pass_time(1)
    assert call(op("get_me")).status_code == 200


def test_standard_limit_rolls(start: Any) -> None:
    """60 in any 60 seconds; each answer says what is left, a refusal says how long to wait."""
    call = start(requests_per_minute=60)
    call(op("get_me"))
    call.pass_time(10)
    for left in range(58, -1, -1):
        answer = call(op("get_me"))
        assert answer.headers["ratelimit-limit"] == "60"
        assert answer.headers["ratelimit-remaining"] == str(left)

    refused = call(op("get_me"))

    assert (refused.status_code, refused.json()["type"]) == (429, "RATE_LIMITED")
    assert (refused.headers["retry-after"], refused.headers["ratelimit-reset"]) == ("50", "50")
    call.pass_time(50)
    assert call(op("get_me")).status_code == 200
    assert call(op("get_me")).status_code == 429


def test_kickoffs_have_a_limit_of_their_own(start: Any) -> None:
    """5 kickoffs a minute, retries and updates among them, which take nothing from the 60."""
    call = start(kickoffs_per_minute=5, requests_per_minute=60)
    order = {"intake_id": call.artifact()}
    call.pass_time(60)

    codes = [call(op("start_generation"), json=order) for _ in range(4)]
    run = codes[0].json()["id"]
    codes += [call(op("retry_generation", run)), call(op("update_generation", run), json=order)]

    assert [answer.status_code for answer in codes] == [202, 202, 202, 202, 409, 429]
    assert codes[0].headers["ratelimit-limit"] == "5"
    assert call(op("get_me")).headers["ratelimit-remaining"] == "59"


def test_limits_count_by_key_and_by_person(start: Any) -> None:
    """Keys of one user are counted apart; tokens of one user together; other users are not touched."""
    call = start(requests_per_minute=2, keys={"sf_second": "ada", "oat_one": "ada", "oat_two": "ada", "oat_bob": "bob"})

    def ask(key: Any) -> Any:
        return httpx.get(call.sandbox.url + path_of("get_me"), headers={"Authorization": f"Bearer {key}"}).status_code

    assert [ask(call.sandbox.api_key), ask("sf_second"), ask("sf_second"), ask("sf_second")] == [200, 200, 200, 429]
    assert [ask("oat_one"), ask("oat_two"), ask("oat_one"), ask("oat_bob")] == [200, 200, 429, 200]


def test_what_needs_no_key_is_not_limited(start: Any) -> None:
    """The status pages and the capabilities answer as often as one likes, without limit headers."""
    call = start(requests_per_minute=1)

    for _ in range(3):
        answer = httpx.get(call.sandbox.url + path_of("get_capabilities"))
        assert (answer.status_code, "ratelimit-limit" in answer.headers) == (200, False)


@pytest.mark.parametrize("status", [402, 403])
def test_quota(start: Any, status: Any) -> None:
    """A used quota refuses kickoffs with four headers, and the account's page says the same numbers."""
    call = start(monthly_quota=1, quota_status=status)
    order = {"intake_id": call.artifact()}
    assert call(op("start_generation"), json=order).status_code == 202

    refused = call(op("start_generation"), json=order)

    assert (refused.status_code, refused.json()["type"]) == (status, "QUOTA_EXCEEDED")
    quota = {name: value for name, value in refused.headers.items() if name.startswith("x-quota-")}
    reset = "2026-07-01T00:00:00.0000000+00:00"
    assert quota == {"x-quota-tier": "Pro", "x-quota-limit": "1", "x-quota-used": "1", "x-quota-reset": reset}
    usage = call(op("get_usage")).json()
    assert (usage["generations_used"], usage["generations_remaining"], usage["reset_at"]) == (1, 0, reset)
    call.pass_time(31 * 86400)
    assert call(op("start_generation"), json=order).status_code == 202


def test_concurrency_cap(start: Any) -> None:
    """So many at once and no more; one that has ended makes room."""
    call = start(concurrency_cap=1)
    order = {"intake_id": call.artifact(), "review_profile": "Fast"}
    assert call(op("start_generation"), json=order).status_code == 202

    refused = call(op("start_generation"), json=order)
    assert (refused.status_code, refused.json()["type"]) == (409, "CONCURRENCY_CAP_REACHED")
    call.pass_time(1000)
    assert call(op("start_generation"), json=order).status_code == 202
