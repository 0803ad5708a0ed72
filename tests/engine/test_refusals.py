"""From an answer of 400 or above to an error that says what it means."""

from __future__ import annotations

import json
import unicodedata

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specstep_flows import errors
from specstep_flows._text import duration
from specstep_flows.engine.effects import Reply, Request
from specstep_flows.engine.refusals import refusal

#: Joiners are invisible, but words of some scripts need them; nothing else that is not seen gets through.
JOINERS = "\u200c\u200d"


def is_safe(message: str) -> bool:
    """No control, no invisible formatting, no half of a pair, no line break."""
    hidden = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    return all(letter in JOINERS or unicodedata.category(letter) not in hidden for letter in message)


REQUEST = Request("start_generation", "unsafe", "POST", "/v1/generations", about="start a generation")


def error_for(status: int, body: object = None, headers: dict[str, str] | None = None) -> errors.APIError:
    """The error for an answer."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
    return refusal(REQUEST, Reply(status, httpx.Headers(headers or {}), content), wall_now=0.0)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.BadRequest),
        (401, errors.AuthenticationError),
        (402, errors.QuotaExceeded),
        (403, errors.PermissionDenied),
        (404, errors.NotFound),
        (408, errors.ServerError),
        (409, errors.Conflict),
        (410, errors.NotFound),
        (422, errors.BadRequest),
        (429, errors.RateLimited),
        (500, errors.ServerError),
        (504, errors.ServerError),
        (520, errors.ServerError),
    ],
)
def test_each_status_has_its_error(status: int, kind: type[errors.APIError]) -> None:
    """Also with no body at all, and only 408 and 5xx leave the outcome open."""
    error = error_for(status)

    assert type(error) is kind
    assert error.ambiguous == (status == 408 or status >= 500)
    assert error.status == status


def test_a_kickoff_that_is_put_off_says_for_how_long_and_claims_nothing_of_the_money() -> None:
    """The wait may be longer than one waits for. What became of it is known to whoever looks (``flows.payment``)."""
    request = Request("start_generation", "unsafe", "POST", "/v1/generations", bucket="kickoff")
    error = refusal(request, Reply(429, httpx.Headers({"Retry-After": "5000"}), b""), wall_now=0.0)

    assert f"in {duration(5000)}" in error.message
    assert "tarted" not in error.message


def test_the_problem_type_is_the_word_to_branch_on() -> None:
    """``type`` is a machine-readable word; the detail is in the message."""
    error = error_for(
        400, {"type": "VALIDATION_ERROR", "title": "Bad", "status": 400, "detail": "intake_id is missing."}
    )

    assert error.problem_type == "VALIDATION_ERROR"
    assert "intake_id is missing" in error.message


@pytest.mark.parametrize(
    "body",
    [
        {"type": "CONCURRENCY_CAP_REACHED"},
        {"type": "about:blank", "code": "CONCURRENCY_CAP_REACHED"},
        {"error": {"code": "CONCURRENCY_CAP_REACHED", "message": "Two are running."}},
        {"error": "CONCURRENCY_CAP_REACHED"},
    ],
)
def test_the_concurrency_cap_is_told_from_other_conflicts(body: object) -> None:
    """By its type, or by its code where the type says nothing."""
    assert isinstance(error_for(409, body), errors.ConcurrencyCapReached)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (402, None),
        (402, {"type": "QUOTA_EXCEEDED"}),
        (403, {"type": "QUOTA_EXCEEDED"}),
        (403, {"detail": "quota exceeded"}),
    ],
)
def test_a_used_up_quota_says_tier_limit_use_and_reset(status: int, body: object) -> None:
    """402, or a 403 that says quota, with the X-Quota-* headers in the sentence."""
    headers = {"X-Quota-Tier": "Free", "X-Quota-Limit": "5", "X-Quota-Used": "5", "X-Quota-Reset": "2026-12-01"}
    error = error_for(status, body, headers)

    assert isinstance(error, errors.QuotaExceeded)
    assert (error.tier, error.limit, error.used, error.reset) == ("Free", "5", "5", "2026-12-01")
    assert all(word in error.message for word in ("Free", "5", "2026-12-01"))


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"type": "FEATURE_NOT_ALLOWED", "detail": "Extensive is a Pro profile."}),
        (403, {"type": "FORBIDDEN", "code": "TEAMS_TIER_REQUIRED"}),
        (409, {"type": "urn:problem:PRO_TIER_REQUIRED"}),
    ],
)
def test_what_the_plan_lacks_is_told_as_that(status: int, body: object) -> None:
    """Neither a wrong request nor a used-up quota: another profile or another plan helps, and trying again does not."""
    error = error_for(status, body)

    assert type(error) is errors.PlanRequired
    assert "Your plan does not let you " in error.message
    assert "another review profile" in error.message
    assert error.code == "plan"
    assert not error.ambiguous


def test_html_from_the_front_door_is_not_shown() -> None:
    """A 504 with a page instead of a problem document."""
    error = error_for(504, b"<html><body>Gateway Timeout</body></html>", {"content-type": "text/html"})

    assert isinstance(error, errors.ServerError)
    assert "<html>" not in error.message


PAGE = b"<!DOCTYPE html><html><head><title>Attention Required!</title></head></html>"


@pytest.mark.parametrize("status", [400, 403, 405, 406, 409, 413, 415, 418, 421, 422, 425, 431, 451, 499])
@pytest.mark.parametrize("headers", [{"content-type": "text/html; charset=UTF-8"}, {}, {"content-type": "text/xml"}])
def test_a_page_of_a_front_door_is_not_the_service_s_word(status: int, headers: dict[str, str]) -> None:
    """Nothing about the key, and not that nothing was started: whether the service has seen it is not known."""
    error = refusal(REQUEST, Reply(status, httpx.Headers(headers), b"\r\n" + PAGE), wall_now=0.0)

    assert type(error) is errors.RefusedOnTheWay
    assert (error.ambiguous, error.is_foreign, error.status) == (True, True, status)
    refused = f"Something before the service refused the request to start a generation ({status}, an HTML page)"
    assert refused in error.message
    assert "Nothing was started" not in error.message
    assert "not allowed" not in error.message


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (403, b"error code: 1020", errors.RefusedOnTheWay),
        (403, b"Forbidden", errors.RefusedOnTheWay),
        (451, b"Not here", errors.RefusedOnTheWay),
        (403, b"FORBIDDEN: The key lacks a scope.", errors.PermissionDenied),
        (403, b"", errors.PermissionDenied),
        (403, b'"Forbidden"', errors.PermissionDenied),
        (403, b"Your quota is used up.", errors.QuotaExceeded),
        (400, b"project_type is missing", errors.BadRequest),
        (421, b"", errors.RefusedOnTheWay),
        (425, b"{}", errors.RefusedOnTheWay),
        (404, PAGE, errors.NotFound),
        (410, PAGE, errors.NotFound),
        (401, PAGE, errors.AuthenticationError),
        (402, PAGE, errors.RefusedOnTheWay),
        (429, PAGE, errors.RateLimited),
        (503, PAGE, errors.ServerError),
    ],
)
def test_what_is_no_page_keeps_its_error(status: int, body: bytes, kind: type[errors.APIError]) -> None:
    """A service may explain itself in plain text, and flows go by what is not there."""
    error = error_for(status, body, {"content-type": "text/html" if body is PAGE else "text/plain"})

    assert type(error) is kind
    assert error.is_foreign == (body not in (b"", b"{}", b'"Forbidden"') and not body.startswith(b"FORBIDDEN"))


def test_what_is_wrong_with_each_field_is_said() -> None:
    """A validation problem as ASP.NET Core writes it: its title tells nothing, its errors tell all."""
    error = error_for(
        400,
        {
            "title": "One or more validation errors occurred.",
            "errors": {"review_profile": ["'Fats' is not a profile.", "Choose one."], "$.mirror": ["Not JSON"], "x": 5},
        },
    )

    assert error.message == (
        "The service did not accept the request to start a generation (400: One or more validation errors occurred: "
        "review_profile: 'Fats' is not a profile. Choose one.; $.mirror: Not JSON)."
    )
    assert error_for(400, {"errors": {"name": "Too long."}}).detail == "name: Too long"
    assert error_for(400, {"errors": {}, "title": "Bad"}).detail == "Bad"
    assert error_for(400, {"errors": ["first", "second"]}).detail == "first; second"


@pytest.mark.parametrize(
    ("body", "word", "detail"),
    [
        ({"error": {"code": "TOO_LONG", "message": "At most 200."}}, "TOO_LONG", "At most 200"),
        ({"error": {"type": "TOO_LONG", "detail": "At most 200."}, "status": 400}, "TOO_LONG", "At most 200"),
        ({"error": "too_long", "error_description": "At most 200."}, "too_long", "At most 200"),
        ({"error": "It is too long."}, None, "It is too long"),
        ({"message": "It is too long.", "statusCode": 400}, None, "It is too long"),
        ("It is too long.", None, "It is too long"),
        ({"type": "VALIDATION_ERROR", "title": "Bad", "error": {"code": "OTHER"}}, "VALIDATION_ERROR", "Bad"),
        ({"error": {"message": 5}, "message": [], "code": None}, None, None),
        ([], None, None),
    ],
)
def test_what_is_no_problem_document_is_quoted_as_well(body: object, word: str | None, detail: str | None) -> None:
    """The forms that gateways and other frameworks write: a bare status would not say what to change."""
    error = error_for(400, body)

    assert (error.problem_type, error.detail) == (word, detail)
    assert detail is None or f"{detail})." in error.message


def test_the_bodys_own_wait_counts_where_there_is_no_header() -> None:
    """retry_after_seconds in the problem document."""
    assert error_for(409, {"retryable": True, "retry_after_seconds": 5}).retry_after == 5.0


@given(
    st.integers(400, 599),
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "type",
                        "title",
                        "detail",
                        "errors",
                        "code",
                        "retryable",
                        "retry_after_seconds",
                        "error",
                        "message",
                    ]
                ),
                inner,
                max_size=6,
            )
        ),
        max_leaves=8,
    ),
)
def test_no_body_makes_it_fail_or_print_control_characters(status: int, body: object) -> None:
    """Whatever is in the body, an error comes of it, and its message is safe to print."""
    error = error_for(status, body)

    assert isinstance(error, errors.APIError)
    assert is_safe(error.message)


@given(st.text())
def test_no_sentence_of_the_services_controls_a_terminal(text: str) -> None:
    """Escape sequences, bidi marks and line breaks in server text do not get into any error's message."""
    assert is_safe(errors.TurnFailed(f"The service says {text}").message)
