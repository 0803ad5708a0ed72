"""Which proxy and certificates the environment names, in every form in which people write them."""

from __future__ import annotations

import contextlib
import os
import shutil
import ssl
from pathlib import Path

import certifi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specstep_flows import errors
from specstep_flows._network import Proxy, check_downloads, proxy_for, tls_context

API = "https://api.specstep.example"


@pytest.fixture(autouse=True)
def _no_certificates_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"):
        monkeypatch.delenv(name, raising=False)


def named(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("value", "proxy"),
    [
        ("http://proxy:3128", "http://proxy:3128"),
        ("http://proxy", "http://proxy:80"),
        ("HTTP://Proxy:3128/", "http://proxy:3128"),
        ("proxy:3128", "http://proxy:3128"),
        (" proxy.example ", "http://proxy.example:80"),
        ("https://proxy", "https://proxy:443"),
        ("http://[fd00::1]:3128", "http://[fd00::1]:3128"),
        ("http://pröxy:1", "http://xn--prxy-6qa:1"),
    ],
)
def test_a_proxy_is_read_in_every_spelling(value: str, proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a scheme it is http, without a port the scheme's own."""
    named(monkeypatch, HTTPS_PROXY=value)
    assert str(proxy_for(API)) == f"{proxy} (HTTPS_PROXY)"


def test_a_proxys_password_is_used_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may contain what a URL escapes."""
    named(monkeypatch, https_proxy="http://me:pass%40word@proxy:3128")
    proxy = proxy_for(API)
    assert proxy == Proxy("http", "proxy", 3128, "https_proxy", ("me", "pass@word"))
    assert "word" not in f"{proxy} {proxy!r}"


@pytest.mark.parametrize(
    ("variables", "used"),
    [
        ({"ALL_PROXY": "socks5h://s:9", "HTTPS_PROXY": "http://p:1"}, "HTTPS_PROXY"),
        ({"all_proxy": "socks://s:9/", "https_proxy": "http://p:1"}, "https_proxy"),
        ({"HTTP_PROXY": "socks5://s:9"}, None),
        ({"HTTP_PROXY": "gopher://s:9", "ALL_PROXY": "http://p:1"}, "ALL_PROXY"),
        ({"FTP_PROXY": "x", "NO_PROXY": "x"}, None),
        ({"HTTPS_PROXY": ""}, None),
        ({"HTTPS_PROXY": "http://upper:1", "https_proxy": "http://p:1"}, "https_proxy"),
        ({"HTTPS_PROXY": "socks5://s:9", "NO_PROXY": "*"}, None),
        ({"HTTPS_PROXY": "socks5://s:9", "NO_PROXY": "specstep.example"}, None),
    ],
)
def test_a_variable_that_does_not_apply_stops_nothing(
    variables: dict[str, str], used: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the proxy for https counts, and only where no exception is made."""
    named(monkeypatch, **variables)
    proxy = proxy_for(API)
    assert (proxy.variable if proxy else None) == used


UNUSABLE = f"""
socks5://s:9 socks5h://s socks://s:9/ gopher://s:9 http:// http://s:99999 http://s:0 http://a..b:1
http://{"a" * 70}:1 http://[::1 :// http:///x http://s:port
"""


@pytest.mark.parametrize("value", UNUSABLE.split())
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_that_cannot_be_used_is_named(value: str, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable is named, and its value, in which a password may stand, is not shown."""
    named(monkeypatch, **{variable: value.replace("://", "://me:secret@", 1)})
    with pytest.raises(errors.SettingsError, match=rf"^{variable} ") as caught:
        proxy_for(API)
    assert "secret" not in caught.value.message
    # Only the API's own host is excepted; where the package lies nobody knows yet.
    monkeypatch.setenv("NO_PROXY", "api.specstep.example")
    assert proxy_for(API) is None
    with pytest.raises(errors.SettingsError, match=variable):
        check_downloads(API)
    check_downloads("https://localhost:8443")


@pytest.mark.parametrize(
    "url", ["https://localhost:8443", "https://127.0.0.1", "https://127.8.0.1:1", "https://[::1]:1", "http://localhost"]
)
def test_nothing_comes_between_us_and_this_machine(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the proxy, usable or not."""
    named(monkeypatch, HTTPS_PROXY="socks5://s:9", HTTP_PROXY="http://p:1", ALL_PROXY="http://p:1")
    assert proxy_for(url) is None


@pytest.mark.parametrize(
    ("url", "exceptions", "is_direct"),
    [
        (API, "*", True),
        (API, "specstep.example", True),
        (API, ".specstep.example", True),
        (API, "*.specstep.example", True),
        (API, "SpecStep.Example", True),
        (API, "api.specstep.example.", True),
        (f"{API}.", "api.specstep.example", True),
        (API, "localhost, 127.0.0.1,specstep.example", True),
        (API, "localhost 127.0.0.1\tspecstep.example", True),
        (API, "api.specstep.example:443", True),
        (API, "api.specstep.example:8443", False),
        (f"{API}:8443", "api.specstep.example:8443", True),
        (API, "https://api.specstep.example", True),
        (API, "all://api.specstep.example:443/", True),
        (API, "http://api.specstep.example", False),
        (API, "step.example", False),
        (API, "other.example,,.,:,:443,[],*.example.com", False),
        (API, "fd07:b51a:cc66:f0::/64", False),
        (API, "localhost,[::1]", False),
        (API, "10.0.0.0/8,999.1.1.1/99,::g", False),
        ("https://10.1.2.3", "10.0.0.0/8", True),
        ("https://10.1.2.3", "10.1.2.9/24", True),
        ("https://10.1.2.3:444", "10.1.2.3", True),
        ("https://10.1.2.3:444", "10.1.2.3:443", False),
        ("https://10.1.2.3", "10.1.*", True),
        ("https://11.1.2.3", "10.0.0.0/8", False),
        ("https://[fd07:b51a:cc66:f0::9]", "fd07:b51a:cc66:f0::/64", True),
        ("https://[fd07:b51a:cc66:f0::9]", "[fd07:b51a:cc66:f0::]/64", True),
        ("https://[fd00::1]", "fd00::1", True),
        ("https://[fd00::1]", "[fd00::1]", True),
        ("https://[fd00::1]:444", "[fd00::1]:444", True),
        ("https://[fd00::1]:444", "[fd00::1]:443", False),
        ("https://[fd00::1]", "FD00:0:0::1", True),
    ],
)
def test_exceptions_are_read_in_every_form(
    url: str, exceptions: str, is_direct: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names and the names below them, patterns, addresses, networks, ports; nonsense is no exception."""
    named(monkeypatch, HTTPS_PROXY="http://p:1", NO_PROXY=exceptions)
    assert (proxy_for(url) is None) == is_direct


@given(exceptions=st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_no_exception_stops_the_work(exceptions: str) -> None:
    """Whatever stands in NO_PROXY, by itself or beside others."""
    with pytest.MonkeyPatch.context() as patch:
        named(patch, HTTPS_PROXY="http://p:1", NO_PROXY=f"{exceptions},specstep.example")
        assert proxy_for("https://specstep.example") is None
        patch.setenv("NO_PROXY", exceptions)
        proxy_for("https://10.1.2.3")


@given(value=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_no_proxy_is_more_than_a_setting_that_does_not_fit(value: str) -> None:
    """Whatever stands in HTTPS_PROXY is used, or refused in a sentence."""
    with pytest.MonkeyPatch.context() as patch:
        named(patch, HTTPS_PROXY=value)
        with contextlib.suppress(errors.SettingsError):
            assert proxy_for(API) is not None


@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "text", "key"])
def test_certificates_that_cannot_be_read_are_named(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable, and not another one that is not set."""
    file = tmp_path / "certificates.pem"
    if kind == "folder":
        file.mkdir()
    elif kind != "missing":
        key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
        file.write_text({"empty": "", "text": "no certificates\n", "key": key}[kind])
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with pytest.raises(errors.SettingsError, match=r"^SSL_CERT_FILE ") as caught:
        tls_context()
    assert str(file) in caught.value.message
    assert "SSL_CERT_DIR" not in caught.value.message
    assert "SSLKEYLOGFILE" not in caught.value.message


@pytest.mark.parametrize("kind", ["missing", "file", "empty", "not hashed", "two missing"])
def test_folders_without_certificates_are_named(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenSSL takes any name without a word, and trusts nothing afterwards."""
    folder = tmp_path / "certificates"
    if kind == "file":
        folder.write_text("")
    elif kind in ("empty", "not hashed"):
        folder.mkdir()
        if kind == "not hashed":
            shutil.copy(certifi.where(), folder / "all.pem")
    value = str(folder) if kind != "two missing" else os.pathsep.join((str(folder), f"{folder}-2"))
    monkeypatch.setenv("SSL_CERT_DIR", value)
    with pytest.raises(errors.SettingsError, match=r"^SSL_CERT_DIR ") as caught:
        tls_context()
    assert "SSL_CERT_FILE" not in caught.value.message


def test_a_folder_of_certificates_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of several is enough, and SSL_CERT_FILE comes before it."""
    (tmp_path / "0a1b2c3d.0").write_text("")
    monkeypatch.setenv("SSL_CERT_DIR", os.pathsep.join(("/nowhere", str(tmp_path))))
    assert tls_context().verify_mode is ssl.CERT_REQUIRED
    monkeypatch.setenv("SSL_CERT_DIR", "/nowhere")
    monkeypatch.setenv("SSL_CERT_FILE", certifi.where())
    assert tls_context().get_ca_certs()


@pytest.mark.parametrize("value", ["/nonexistent/keys.log", "/"])
@pytest.mark.parametrize("file", [None, "SSL_CERT_FILE"])
def test_a_key_log_that_cannot_be_written_is_named(
    value: str, file: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A debugging tool leaves it behind; the certificates are not to blame."""
    monkeypatch.setenv("SSLKEYLOGFILE", value)
    if file is not None:
        monkeypatch.setenv(file, certifi.where())
    with pytest.raises(errors.SettingsError, match=r"^SSLKEYLOGFILE ") as caught:
        tls_context()
    assert "SSL_CERT" not in caught.value.message


def test_the_usual_certificates_are_not_blamed_on_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """With no descriptor left, not even they can be read."""

    def fail(**_: object) -> ssl.SSLContext:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(ssl, "create_default_context", fail)
    with pytest.raises(errors.SettingsError, match="Too many open files") as caught:
        tls_context()
    assert "SSL_CERT" not in caught.value.message
