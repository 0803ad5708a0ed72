"""The key's account and its quota, in the forms that a service may give them."""

from __future__ import annotations

from datetime import datetime

import pytest

from specstep_flows import errors
from specstep_flows.gateway import get_capabilities, get_me, get_usage
from tests.kit.replies import play, reply


def test_any_json_object_of_the_first_request_accepts_the_key() -> None:
    """Its fields are only shown."""
    account, _ = play(get_me(), reply({"id": 7, "plan": "Pro", "email": None}))

    assert (account.user_id, account.plan, account.email) == ("7", "Pro", None)


@pytest.mark.parametrize(
    "failure",
    [errors.NotConnected("refused."), errors.NotFound("404.", status=404), errors.UnexpectedResponse("a page.")],
)
def test_a_first_request_that_reaches_something_else_says_to_check_the_address(failure: Exception) -> None:
    """Whatever answers there is not the service."""
    with pytest.raises(type(failure), match="SPECSTEP_API_URL"):
        play(get_me(), failure)


@pytest.mark.parametrize(
    "body",
    [
        {"generations_used": 3, "generations_limit": 10, "generations_remaining": 7, "reset_at": "2026-12-01"},
        {"usedThisMonth": "3", "limit": 10, "remaining_generations": 7, "resets_on": "2026-12-01"},
    ],
)
def test_quota_figures_are_found_by_their_meaning(body: dict[str, object]) -> None:
    """The pages name what is given, not how it is called."""
    usage, _ = play(get_usage(), reply(body))

    assert (usage.used, usage.limit, usage.remaining) == (3.0, 10.0, 7.0)
    assert datetime.fromisoformat(str(usage.resets_at)).month == 12


def test_a_figure_that_two_members_could_mean_is_not_guessed() -> None:
    """It is None; the whole body is there for who knows better."""
    usage, _ = play(get_usage(), reply({"used_today": 1, "used_this_month": 3}))

    assert usage.used is None
    assert usage.raw["used_today"] == 1


def test_accepted_values_are_words_or_objects_that_carry_one() -> None:
    """Entries of neither form are left out."""
    body = {"review_profiles": ["Fast", {"value": "Normal"}, {"name": "Extensive"}, 5], "project_types": []}
    capabilities, _ = play(get_capabilities(), reply({**body, "mirror_selections": None}))

    assert capabilities.review_profiles == ("Fast", "Normal", "Extensive")
    assert capabilities.mirror_selections == ()
