"""Operations of the generated client, found by name and inspected."""

from __future__ import annotations

import pytest

from specstep_flows import errors
from specstep_flows.cli import any_operation as operations
from specstep_flows.gateway.any_operation import operation_names


def test_every_operation_can_be_described() -> None:
    """What each takes is read from the generated client."""
    for name in operation_names():
        if not operations.marked(name, "cookie_only"):
            found = operations.parameters(operations.find(name))
            assert all(one.name.isidentifier() for one in found), name


def test_the_fields_of_a_body_are_parameters_like_the_others() -> None:
    """Whoever gives them need not know where each one is sent."""
    found = {one.name: one for one in operations.parameters(operations.find("submit-turn"))}

    assert (found["id"].place, found["id"].is_required) == ("path or query", True)
    assert (found["message"].place, found["message"].is_required) == ("body", True)


def test_a_misspelled_operation_is_answered_with_the_nearest() -> None:
    """A typing error costs no look into the reference."""
    with pytest.raises(errors.UsageError, match=r"Did you mean get_generation\b"):
        operations.find("get_generashun")


def test_a_body_that_is_no_object_is_refused_with_its_place() -> None:
    """JSON errors name line and column."""
    with pytest.raises(errors.UsageError, match="line 1 column 2"):
        operations.read_json_body("{x}", None)
    with pytest.raises(errors.UsageError, match="must be a JSON object"):
        operations.read_json_body("[]", None)
