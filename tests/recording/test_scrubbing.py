"""No key, no signed address, no e-mail address and no package is ever in a cassette, wherever it was planted."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from recording import cassettes
from recording.scrubbing import API, STORAGE, Scrubber, stand_in_package

from specstep_flows import Settings
from specstep_flows.sandbox import Sandbox
from specstep_flows.sandbox.blobs import signature

KEY = "sf_Live0Key0That0Nobody0May0See"
OTHER_KEY = "oat_someone.elses-token~1234"
EMAIL = "jane.doe+billing@customers.example.org"
SIGNED = "https://account7.blob.storage.example.net/tenant-42/p.zip?sv=2024&sig=c2VjcmV0c2VjcmV0%3D&se=2026"
PLANTED = (KEY, KEY[3:], OTHER_KEY, EMAIL, "account7", "tenant-42", "c2VjcmV0c2VjcmV0")


def everything_in(path: Path) -> str:
    """A cassette's text, and the text of whatever is in it as base64."""
    text = path.read_text(encoding="utf-8")
    blobs = re.findall(r"!!binary \|\n((?:\s+[A-Za-z0-9+/=]+\n)+)", text)
    return text + "".join(base64.b64decode("".join(blob.split())).decode("latin-1") for blob in blobs)


def scrubbed(body: bytes, **headers: Any) -> dict[str, Any]:
    answer: dict[str, Any] = {"status": {"code": 200, "message": "OK"}, "headers": headers, "body": {"string": body}}
    return Scrubber("https://specstep.test", [KEY, KEY[3:]]).response(answer)


def test_a_recording_holds_none_of_the_secrets_that_went_over_the_wire(tmp_path: Path) -> None:
    """Secrets said in the interview, sent as headers, signed into addresses and packed into the zip: none is kept."""
    target = tmp_path / "cassette.yaml"
    brief = (f"A portal. Ask {EMAIL}; the key is {OTHER_KEY}.", f"An example is at {SIGNED}, use {KEY} there.")
    with Sandbox(speed=600) as sandbox:
        settings = Settings(api_key=sandbox.api_key, api_url=sandbox.url, clock_speed=600)
        cassettes.record(target, settings, tmp_path, brief=brief)
        downloads = [request for request in sandbox.requests if request.server == "blob"]
        own = (sandbox.api_key, sandbox.api_key.partition("_")[2], sandbox.url, sandbox.blob_url)

    assert len(downloads) == 1
    (expires,) = parse_qs(downloads[0].query)["se"]
    signed = signature(downloads[0].path.removeprefix("/blob/"), int(expires))
    found = everything_in(target)
    assert len(yaml.safe_load(target.read_text("utf-8"))["interactions"]) > 15
    assert [secret for secret in (*PLANTED, *own, signed) if secret in found] == []


def test_a_recording_that_would_leak_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should the scrubbing ever miss the key or the host, the recording stops instead of writing it."""
    monkeypatch.setattr(Scrubber, "text", lambda self, text: text)
    monkeypatch.setattr(Scrubber, "address", lambda self, url: url)
    target = tmp_path / "cassette.yaml"
    with Sandbox(speed=600) as sandbox:
        settings = Settings(api_key=sandbox.api_key, api_url=sandbox.url, clock_speed=600)
        with pytest.raises(ValueError, match="was not written"):
            cassettes.record(target, settings, tmp_path)

    assert not target.exists()


def test_the_committed_cassettes_are_clean(cassette: Any) -> None:
    """What lies in the repository shows two hosts that do not exist, one e-mail address of nobody, and no key."""
    for path in cassette.parent.glob("*.yaml"):
        found = everything_in(path)
        assert set(re.findall(r"https?://[^/\s\"']+", found)) <= {API, STORAGE}
        assert set(re.findall(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", found)) <= {"someone@example.com"}
        assert set(re.findall(r"\b(?:sf|oat)_\w+", found)) <= {"sf_REDACTED", "oat_REDACTED"}
        assert set(re.findall(r"(?i)(?:sig|signature)=([^&\s\"']+)", found)) <= {"REDACTED"}
        assert not re.search(r"(?i)authorization|cookie", found)


@given(before=st.text(), after=st.text(), place=st.integers(0, 3))
def test_no_body_keeps_a_planted_secret(before: Any, after: Any, place: Any) -> None:
    """Whatever stands around them, in whatever place of a JSON document, the secrets are gone and it is still JSON."""
    text = f"{before} {KEY} {EMAIL} {SIGNED} Bearer {OTHER_KEY} {after}"
    document = [{"a": text}, {text: 1}, [[text]], {"b": [{"c": {"d": text}}]}][place]
    answer = scrubbed(json.dumps(document).encode(), **{"Content-Type": ["application/json"]})
    kept = answer["body"]["string"].decode()

    assert [secret for secret in PLANTED if secret in kept] == []
    assert isinstance(json.loads(kept), type(document))
    assert answer["headers"]["content-length"] == [str(len(answer["body"]["string"]))]


def test_secret_members_are_gone_whatever_they_hold() -> None:
    """Names of people, and secrets without a form of their own, are known by the name of their member."""
    body = {"raw_key": "0123", "signing_secret": "4567", "user": {"display_name": "Jane Doe", "phone_number": None}}
    kept = json.loads(scrubbed(json.dumps(body).encode(), **{"Content-Type": ["application/json"]})["body"]["string"])

    assert kept == {
        "raw_key": "REDACTED",
        "signing_secret": "REDACTED",
        "user": {"display_name": "REDACTED", "phone_number": None},
    }


SECRET = "c2VjcmV0c2VjcmV0"


@pytest.mark.parametrize(
    "address",
    [
        f"https://blobs.example.net/{SECRET}/p.zip",
        f"https://blobs.example.net/p.zip;sig={SECRET}",
        f"https://blobs.example.net/p.zip#sig={SECRET}",
        f"https://blobs.example.net/p.zip%3Fsig%3D{SECRET}",
        f"https%3A%2F%2Fblobs.example.net%2Fp.zip%3Fsig%3D{SECRET}",
        f"https://{SECRET}@blobs.example.net/",
        f"https://{SECRET}.blobs.example.net/p.zip",
        f"/blob/p.zip?se=2026&sig={SECRET}",
        f"/blob/p.zip;token={SECRET}",
        f"https://specstep.test/blob/p.zip?X-Amz-Signature={SECRET}",
    ],
)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_signed_address_is_known_whatever_it_looks_like(address: str, mark: str) -> None:
    """In a path, behind other signs, escaped, relative, in text and in JSON, behind a byte order mark."""
    for text in (
        f"at {address} now",
        json.dumps({"url": address, "raw_key": SECRET}),
        json.dumps({"a": f"({address})"}),
    ):
        kept = scrubbed(f"{mark}{text}".encode(), **{"Content-Type": ["text/plain"]})["body"]["string"].decode()
        assert SECRET not in kept
        assert text[0] != "{" or json.loads(kept)


def test_pages_stay() -> None:
    """Prose may name them."""
    text = "See https://specstep.example/docs/api-errors.html, https://example.com and (http://example.org/v)."
    assert scrubbed(text.encode(), **{"Content-Type": ["text/plain"]})["body"]["string"].decode() == text


@pytest.mark.parametrize("origin", ["", "https://specstep.test"])
@pytest.mark.parametrize("tail", [f"/blob/p.zip?s={SECRET}", f"/{SECRET}/p.zip"])
def test_a_redirect_on_the_apis_own_host_is_signed_as_well(origin: str, tail: str) -> None:
    """Its answer and the request that follows are scrubbed alike; where a new object is stays."""
    scrubber = Scrubber("https://specstep.test")
    answer: dict[str, Any] = {"status": {"code": 302, "message": ""}, "headers": {}, "body": {"string": b""}}
    link = scrubber.response({**answer, "headers": {"Location": [f"{origin}{tail}"]}})["headers"]["location"]

    assert SECRET not in str(link)
    assert [scrubber.address(f"https://specstep.test{tail}")] == link
    made = {**answer, "status": {"code": 201, "message": ""}, "headers": {"Location": ["/v1/interviews/1"]}}
    assert scrubber.response(made)["headers"]["location"] == ["/v1/interviews/1"]


@pytest.mark.parametrize("challenge", [f'Bearer realm="{SECRET}"', f"Digest nonce={SECRET}", "Bearer", SECRET])
def test_of_a_challenge_its_kind_is_kept(challenge: str) -> None:
    """Its parameters may repeat the key."""
    kept = scrubbed(b"", **{"WWW-Authenticate": [challenge]})["headers"]["www-authenticate"]
    assert kept in (["Bearer"], ["Digest"], ["REDACTED"])


def test_only_known_headers_are_kept() -> None:
    """A header that nobody thought of is not kept: cookies, trace ids, the key, the host's own."""
    answer = scrubbed(
        b"{}",
        **{
            "Content-Type": ["application/json"],
            "Set-Cookie": ["session=secret"],
            "X-Azure-Ref": ["trace"],
            "Location": [SIGNED],
            "RateLimit-Limit": ["60"],
            "X-Quota-Used": ["3"],
        },
    )

    assert set(answer["headers"]) == {"content-type", "location", "ratelimit-limit", "x-quota-used", "content-length"}
    assert answer["headers"]["location"] == [f"{STORAGE}/1.zip?signature=REDACTED"]


@pytest.mark.parametrize("kind", ["application/zip", "application/octet-stream", "text/plain"])
def test_bytes_that_are_no_text_are_not_kept(kind: str) -> None:
    """A package holds what its owner told the service: a stand-in is kept, always the same."""
    answer = scrubbed(b"PK\x03\x04\xff\xfe" + EMAIL.encode(), **{"Content-Type": [kind]})

    assert answer["body"]["string"] == stand_in_package()


def test_one_address_stays_one_address() -> None:
    """The link in an answer and the request that follows it are scrubbed alike, or a replay would not find it."""
    scrubber = Scrubber("https://specstep.test")
    link = scrubber.address(SIGNED)

    assert scrubber.address(SIGNED.replace("c2VjcmV0", "another")) == link
    assert scrubber.address(link) == link
    assert scrubber.address(SIGNED.replace("p.zip", "q.zip")) != link
    assert scrubber.address("https://specstep.test/v1/me?limit=1") == f"{API}/v1/me?limit=1"


def test_a_live_recording_must_be_agreed_to(tmp_path: Path) -> None:
    """It costs what a run costs: without ``--yes`` nothing is sent."""
    script = cassettes.__file__.replace("recording/cassettes.py", "record_cassettes.py")
    done = subprocess.run([sys.executable, script, "--live"], capture_output=True, text=True, cwd=tmp_path)

    assert done.returncode == 2
    assert "--yes" in done.stderr
