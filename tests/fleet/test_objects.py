"""A fleet's files in an object store, over HTTP."""

from __future__ import annotations

import json
import re
import traceback
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from specstep_flows import errors
from specstep_flows.fleet.objects import ObjectFiles
from tests.kit.object_host import CREDENTIALS, ObjectHost

URL = "s3://bucket/team a"
PACKAGE = b"PK a package"
NOBODY = {"client_email": "", "private_key": "", "private_key_id": ""}


@pytest.fixture
def files(object_host: ObjectHost, tmp_path: Path) -> Any:
    """Below a folder of a bucket."""
    found = ObjectFiles(URL, scratch=tmp_path / "scratch", **object_host.options())
    yield found
    found.close()


@pytest.fixture
def part(tmp_path: Path) -> Path:
    """A file to put."""
    file = tmp_path / "part"
    file.write_bytes(PACKAGE)
    return file


def test_a_put_whose_answer_was_lost_is_known_again(files: ObjectFiles, object_host: ObjectHost, part: Path) -> None:
    """It was carried out; sent once more it is refused, because the name is taken: by the same bytes."""
    object_host.lost_answers = 1
    files.place("x.zip", part)

    assert object_host.objects == {"/bucket/team a/x.zip": PACKAGE}
    assert [seen.split()[0] for seen in object_host.seen] == ["PUT", "PUT", "GET"]


def test_a_package_is_sent_once_where_nothing_goes_wrong(
    files: ObjectFiles, object_host: ObjectHost, part: Path
) -> None:
    """Nobody asks first whether the name is free."""
    files.place("x.zip", part)

    assert len(object_host.seen) == 1


def test_a_store_that_puts_one_file_over_another_is_refused(files: ObjectFiles, object_host: ObjectHost) -> None:
    """It was told not to, and some that say they speak S3 do it all the same. Once it was found right, nobody asks."""
    object_host.ignores_conditions = True
    with pytest.raises(errors.SettingsError, match="If-None-Match is ignored"):
        files.check()
    object_host.ignores_conditions = False
    files.check()
    asked = len(object_host.seen)
    files.check()

    assert len(object_host.seen) == asked


def test_what_may_be_written_and_not_be_read_is_refused(files: ObjectFiles, object_host: ObjectHost) -> None:
    """A package that nobody could fetch again would be of no use."""
    object_host.refusals = [200, 412, 403]
    with pytest.raises(errors.SettingsError, match=r"cannot be read \(permission denied"):
        files.check()
    object_host.refusals = [200, 412, 404]
    with pytest.raises(errors.SettingsError, match="not found there again"):
        files.check()


@pytest.mark.parametrize(("status", "reason"), [(403, "permission denied"), (503, "it cannot be reached, or refuses")])
def test_a_store_that_refuses_is_said_and_keeps_what_there_was(
    files: ObjectFiles, object_host: ObjectHost, part: Path, status: int, reason: str
) -> None:
    """What was downloaded is kept, so another attempt has it; no message has a credential or an address with one."""
    actions = {
        "put": lambda: files.place("x.zip", part),
        "read": lambda: files.digest("x.zip"),
        "size": lambda: files.size("x.zip"),
        "check": files.check,
    }
    kinds = {"put": errors.OutputError, "read": errors.DownloadError, "size": errors.DownloadError}
    for name, action in actions.items():
        object_host.refusals = [status] * 2
        with pytest.raises(kinds.get(name, errors.SettingsError), match=reason) as caught:
            action()
        object_host.refusals.clear()
        said = "".join(traceback.format_exception(caught.value))
        assert not [secret for secret in CREDENTIALS.values() if secret in said and secret != CREDENTIALS["aws_region"]]
        assert object_host.url not in said
    assert part.read_bytes() == PACKAGE
    files.place("x.zip", part)


def test_a_link_gives_a_reader_the_package_and_nothing_else_has_it(
    files: ObjectFiles, object_host: ObjectHost, part: Path
) -> None:
    """It is signed for so many seconds, by no request, and has no secret in it."""
    files.place("x.zip", part)
    link = files.package_url(f"{URL}/x.zip", 300)

    assert "X-Amz-Expires=300" in link
    assert CREDENTIALS["aws_secret_access_key"] not in link
    assert len(object_host.seen) == 1
    with urllib.request.urlopen(link) as answer:
        assert answer.read() == PACKAGE
    assert "X-Amz" not in repr(files) + repr(vars(files))
    for elsewhere in ("s3://bucket/team b/x.zip", "s3://bucket/team a/../x.zip", "/srv/x.zip", URL):
        with pytest.raises(errors.UsageError, match="not among the files"):
            files.package_url(elsewhere)


@pytest.mark.parametrize("scheme", ["az", "gs"])
def test_other_stores_are_told_the_same_in_their_own_words(
    object_host: ObjectHost, part: Path, tmp_path: Path, scheme: str
) -> None:
    """A name is taken once, whichever store it is in."""
    account = tmp_path / "account.json"
    account.write_text(json.dumps({"gcs_base_url": object_host.url, "disable_oauth": True, **NOBODY}))
    config = {
        "az": {"account_name": "ours", "account_key": "a2V5", "endpoint": object_host.url},
        "gs": {"service_account": str(account)},
    }
    own = object_host.options(**config[scheme])
    files = ObjectFiles(f"{scheme}://bucket/team", scratch=tmp_path / "scratch", **own)
    files.check()
    files.place("x", part)
    files.place("x", part)
    part.write_bytes(b"another")
    with pytest.raises(errors.OutputError, match=f"{scheme}://bucket/team/x already exists"):
        files.place("x", part)
    files.close()

    assert object_host.objects["/bucket/team/x"] == PACKAGE


@pytest.mark.parametrize(
    "url",
    [
        "s3://AKIA:secret-of-mine@bucket/x",
        "s3://bucket/x?X-Amz-Signature=secret-of-mine",
        "s3://bucket/x#secret-of-mine",
        "ftp://secret-of-mine/x",
        "s3:///x",
        "memory://host/x",
        "file://host/x",
    ],
)
def test_a_url_that_no_record_may_keep_is_refused(url: str) -> None:
    """Every run's record has it: it names a place and holds no credentials."""
    with pytest.raises(errors.SettingsError) as caught:
        ObjectFiles(url)
    assert not re.search("secret-of-mine", str(caught.value))


def test_where_there_is_no_address_there_is_no_link(tmp_path: Path) -> None:
    """A folder and the memory of a process have none."""
    for url in (f"file://{tmp_path}/objects", "memory:///"):
        files = ObjectFiles(url, scratch=tmp_path / "scratch")
        with pytest.raises(errors.UsageError, match="There is no link"):
            files.package_url(f"{files.root}/x.zip")
