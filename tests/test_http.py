"""What a client's HTTP connection is opened with."""

from __future__ import annotations

import ssl

import httpx
import pytest

from specstep_flows import Settings, errors
from specstep_flows._http import as_httpx_arguments, refuse_cookies


def test_certificates_are_checked_wherever_there_are_any() -> None:
    """Over https as httpx does it. On loopback there are none to check, and should one come, it is not trusted."""
    https = as_httpx_arguments(Settings("sf_key"), is_anonymous=False)
    assert "verify" not in https
    assert https["trust_env"]

    http = as_httpx_arguments(Settings("sf_key", "http://127.0.0.1:1"), is_anonymous=False)
    assert http["verify"].verify_mode is ssl.CERT_REQUIRED
    assert http["verify"].get_ca_certs() == []
    assert not http["trust_env"]


def test_the_key_goes_nowhere_by_itself() -> None:
    """No redirect is followed, and an anonymous client has no key; any other needs one."""
    arguments = as_httpx_arguments(Settings("sf_key"), is_anonymous=False)
    assert arguments["headers"]["Authorization"] == "Bearer sf_key"
    assert arguments["follow_redirects"] is False
    assert "Authorization" not in as_httpx_arguments(Settings(), is_anonymous=True)["headers"]
    with pytest.raises(errors.SettingsError):
        as_httpx_arguments(Settings(), is_anonymous=False)


def test_no_cookie_is_kept() -> None:
    """A session that a cookie names would be another actor than the key's."""
    with httpx.Client(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, headers={"Set-Cookie": "session=theirs"}))
    ) as client:
        refuse_cookies(client.cookies)
        client.get("https://specstep.example/")

        assert not client.cookies
