"""An operation by its generated module: its request, its kind, and its answer as the generated client parses it."""

from __future__ import annotations

from uuid import UUID

import pytest
from specstep_client.api.account import get_usage
from specstep_client.api.generations import start_generation
from specstep_client.api.packages import get_package_file
from specstep_client.models.review_profile import ReviewProfile
from specstep_client.models.start_generation_request import StartGenerationRequest
from specstep_client.models.usage import Usage

from specstep_flows import errors
from specstep_flows.flows.calling import call, call_as_sent
from tests.kit.replies import play, reply

ID = UUID("01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04")


def test_the_answer_is_what_the_generated_client_makes_of_it() -> None:
    """Whatever encoding it came in: httpx has decoded it already."""
    usage, (request,) = play(call(get_usage), reply({"generations_used": 3}, content_encoding="gzip"))

    assert isinstance(usage, Usage)
    assert (request.operation, request.kind, request.method) == ("get_usage", "read", "GET")


def test_a_path_inside_a_package_keeps_its_slashes() -> None:
    """The generated client would quote them; a path that climbs is refused before anything is sent."""
    _, (request,) = play(
        call(get_package_file, ID, "docs/01-vision.md"), reply(b"# Vision", content_type="text/markdown")
    )

    assert request.path.endswith("/docs/01-vision.md")
    with pytest.raises(errors.UsageError, match="Nothing was sent"):
        play(call(get_package_file, ID, "docs/../../me"))


def test_what_may_have_cost_something_is_said() -> None:
    """Whoever calls an operation by hand settles it by hand."""
    body = StartGenerationRequest(intake_id=ID, review_profile=ReviewProfile("Fast"))
    with pytest.raises(errors.ConnectionLost, match="Check before you repeat it"):
        play(call(start_generation, body=body), errors.ConnectionLost("Cut."))


def test_a_page_is_no_answer_to_a_change() -> None:
    """A sign-in page with status 200."""
    body = StartGenerationRequest(intake_id=ID, review_profile=ReviewProfile("Fast"))
    with pytest.raises(errors.UnexpectedResponse, match="page"):
        play(call(start_generation, body=body), reply(b"<html>", content_type="text/html"))


def test_an_answer_that_does_not_fit_names_the_operation() -> None:
    """Not the generated client's own error; and an array of pairs is not taken for an object."""
    for answer in ([1, 2], [{"code": "a.read", "description": "Read."}], []):
        with pytest.raises(errors.UnexpectedResponse, match="get_usage does not match"):
            play(call(get_usage), reply(answer))


def test_a_redirect_is_no_answer_to_a_change() -> None:
    """It leads to a sign-in, perhaps: nothing was changed."""
    with pytest.raises(errors.UnexpectedResponse, match="redirects delete_package"):
        play(call("delete_package", ID), reply(status=302, location="/signin"))
    link, _ = play(call("get_package_zip", ID), reply(status=302, location="/blob"))

    assert link is None


def test_an_answer_as_it_was_sent() -> None:
    """Whatever its fields are, in whatever envelope; a file as its bytes, and a word for a success without a body."""
    odd = {"id": 7, "created_at": "yesterday", "new": [None]}
    for sent in (odd, [odd], "ok", 7):
        assert play(call_as_sent("get_package", id=ID), reply(sent))[0] == sent
    file = play(call_as_sent("get_package_file", id=ID, path="a.json"), reply(b'{"a": 1}'))[0]
    assert file == b'{"a": 1}'
    assert play(call_as_sent("get_package", id=ID), reply(b" "))[0] is None
    assert play(call_as_sent("delete_package", id=ID), reply(b"Gone.", content_type="text/plain"))[0] == b"Gone."
    for page in (reply(b"<html>", content_type="text/html"), reply(b"{"), reply(status=302, location="/signin")):
        with pytest.raises(errors.UnexpectedResponse, match="get_package"):
            play(call_as_sent("get_package", id=ID), page)
