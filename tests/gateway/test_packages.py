"""Where a package is, and what is in it."""

from __future__ import annotations

from uuid import UUID

import pytest

from specstep_flows import errors
from specstep_flows.gateway import get_package, get_package_zip, list_package_files
from tests.kit.api import path_of
from tests.kit.replies import play, reply

ID = UUID("01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04")
SIGNED = "https://blobs.example.com/x.zip?sig=secret"


def test_the_address_of_the_bytes_is_that_of_the_redirect() -> None:
    """It is not followed here, may be relative, and is in no repr."""
    link, (request,) = play(get_package_zip(ID), reply(b"", 302, location=SIGNED))
    assert (link.url, link.is_direct) == (SIGNED, False)
    assert "secret" not in repr(link)
    assert request.leaves_body

    link, _ = play(get_package_zip(ID), reply(b"", 307, location="/blobs/x.zip?sig=1"))
    assert (link.url, link.is_direct) == ("/blobs/x.zip?sig=1", False)


def test_a_service_that_sends_the_bytes_itself_is_taken_at_its_word() -> None:
    """The pages do not speak of it."""
    link, _ = play(get_package_zip(ID), reply(b"", content_type="application/zip"))

    assert (link.url, link.is_direct) == (path_of("get_package_zip", ID), True)


@pytest.mark.parametrize(
    "answer",
    [
        reply(b"", 302),
        reply(b"", 302, location="https://[::1/x?sig=secret"),
        reply({"url": SIGNED}),
        reply(b"<html>", content_type="text/html"),
    ],
)
def test_what_leads_to_no_package_is_unexpected(answer: object) -> None:
    """No error shows the address."""
    with pytest.raises(errors.UnexpectedResponse) as caught:
        play(get_package_zip(ID), answer)  # type: ignore[arg-type]
    assert "secret" not in str(caught.value)


def test_a_package_needs_no_field_but_its_id() -> None:
    """Everything else is only shown."""
    package, _ = play(get_package(ID), reply({"id": str(ID), "project_name": "Portal", "total_cost_usd": "1.50"}))
    assert (package.id, package.project_name, package.total_cost_usd) == (ID, "Portal", 1.5)

    files, _ = play(list_package_files(ID), reply({"files": [{"path": "README.md", "size_bytes": 7}, {"path": None}]}))
    assert [(file.path, file.size_bytes) for file in files] == [("README.md", 7), ("", None)]
