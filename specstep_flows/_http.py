"""Opening a client's HTTP connection: the key on it, no cookies, no redirects, and what a broken environment means."""

from __future__ import annotations

import ssl
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

from specstep_flows.errors import SettingsError

if TYPE_CHECKING:
    import httpx

    from specstep_flows.settings import Settings


def as_httpx_arguments(settings: Settings, *, is_anonymous: bool) -> dict[str, Any]:
    """The arguments of ``httpx.Client`` and ``httpx.AsyncClient``. Raises ``SettingsError`` when the key is missing."""
    from specstep_flows._version import __version__

    credentials = {} if is_anonymous else {"Authorization": f"Bearer {settings.require_key()}"}
    arguments: dict[str, Any] = {
        "base_url": settings.api_url,
        "headers": {**credentials, "Accept": "application/json", "User-Agent": f"specstep-flows/{__version__}"},
        "follow_redirects": False,
        "timeout": settings.request_timeout,
        "trust_env": settings.uses_proxy,
    }
    if settings.api_url.startswith("http:"):
        # On loopback no certificate is needed. Reading the usual ones is most of what opening a client takes; this
        # context trusts none.
        arguments["verify"] = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return arguments


def refuse_cookies(cookies: httpx.Cookies) -> None:
    """Keep no cookie: the key says who acts, and a session that a cookie names must not take its place."""
    cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))


def unusable_environment(error: Exception) -> SettingsError:
    """What httpx makes of the environment's proxy or certificates; its own words would show a proxy's password."""
    if isinstance(error, OSError):
        return SettingsError(
            "The certificates that SSL_CERT_FILE or SSL_CERT_DIR names cannot be read, so nothing can be sent. "
            "Correct the variable, or unset it to use the usual certificates."
        )
    return SettingsError(
        "The proxy that the environment names cannot be used: HTTPS_PROXY (or ALL_PROXY) must be the address of an "
        "http proxy, without SOCKS; NO_PROXY lists hosts to connect to directly. Nothing was sent."
    )
