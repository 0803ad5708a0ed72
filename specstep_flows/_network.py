"""The way to a host: through which proxy, and with which certificates.

Both HTTP clients (httpx for the API, ``http.client`` for downloads) ask here, so they cannot judge a variable
differently, and what one of them cannot use is refused before anything is paid for.
"""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

import attrs

from specstep_flows.errors import SettingsError
from specstep_flows.settings import is_loopback

_PORTS: Final = {"http": 80, "https": 443}
_WITH_PORT: Final = re.compile(r"(\[.*\]|[^:]*):([0-9]{1,5})")
#: What `openssl rehash` calls a certificate; OpenSSL finds no other in a folder.
_HASHED: Final = re.compile(r"[0-9a-f]{8}\.[0-9]+")


@attrs.frozen
class Proxy:
    """An http or https proxy, and the variable that names it. Its password is never shown."""

    scheme: str
    host: str
    port: int
    variable: str
    credentials: tuple[str, str] | None = attrs.field(default=None, repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port} ({self.variable})"


def proxy_for(url: str) -> Proxy | None:
    """The proxy that the environment (or else the system) names for an https URL, or None to connect directly.

    ``HTTPS_PROXY`` comes before ``ALL_PROXY``. Nothing comes between us and this machine's loopback, and ``NO_PROXY``
    may have any form in use: ``*``, names with or without a leading dot, patterns, addresses, networks, ports.

    Raises:
        SettingsError: the proxy that applies cannot be used.
    """
    from urllib.request import getproxies, getproxies_environment, proxy_bypass

    if is_loopback(url):
        return None
    proxies = getproxies()
    kind = "https" if proxies.get("https") else "all"
    if not proxies.get(kind):
        return None
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if getproxies_environment():
        if _is_excepted(host, parts.port or 443, proxies.get("no", "")):
            return None
    elif proxy_bypass(host):
        return None
    return _parse(proxies[kind].strip(), _variable(kind))


def check_downloads(api_url: str) -> None:
    """Refuse a proxy that no download could use, even if the API itself is reached without it.

    Which host a package comes from is only known once it is paid for. Raises ``SettingsError``.
    """
    if not is_loopback(api_url):
        proxy_for("https://storage-host.invalid")


def tls_context() -> ssl.SSLContext:
    """The certificates to trust: ``SSL_CERT_FILE``, else ``SSL_CERT_DIR``, else those of certifi.

    Raises:
        SettingsError: the variable that applies (or SSLKEYLOGFILE) names what cannot be used.
    """
    file, folders = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if not file and folders and not any(map(_has_certificates, folders.split(os.pathsep))):
        raise SettingsError(
            f"SSL_CERT_DIR ({folders}) is not a folder of certificates under hashed names (`openssl rehash` makes "
            "them), so nothing could be trusted. Correct it, or unset it to use the usual certificates."
        )
    key_log = os.environ.get("SSLKEYLOGFILE")
    try:
        if file:
            return ssl.create_default_context(cafile=file)
        if folders:
            return ssl.create_default_context(capath=folders)
        import httpx

        # Those that httpx brings along.
        return httpx.create_ssl_context(trust_env=False)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        if key_log and getattr(error, "filename", None) == key_log:
            said = f"SSLKEYLOGFILE ({key_log}) cannot be written ({reason}), so no encrypted connection can be made."
        elif file:
            said = f"SSL_CERT_FILE ({file}) is not a file of certificates ({reason})."
        else:
            raise SettingsError(f"The certificates to trust cannot be read ({reason}). Nothing was sent.") from None
    raise SettingsError(f"{said} Correct it or unset it.")


def _has_certificates(folder: str) -> bool:
    try:
        return any(_HASHED.fullmatch(file.name) for file in Path(folder).iterdir())
    except (OSError, ValueError):
        return False


def _variable(kind: str) -> str:
    """The name of the variable as it is spelled; lower case wins, as everywhere."""
    spelled = sorted(name for name, value in os.environ.items() if name.lower() == f"{kind}_proxy" and value)
    return spelled[-1] if spelled else "the system's settings"


def _parse(named: str, variable: str) -> Proxy:
    try:
        parts = urlsplit(named if "://" in named else f"http://{named}")
        proxy = _proxy(parts, variable)
    except ValueError:
        proxy = None
    if proxy is not None:
        return proxy
    # Its own words are not shown: they may contain a password.
    kind = named.partition("://")[0].lower() if "://" in named else ""
    what = f"is a {kind} proxy" if kind.isalnum() and kind not in _PORTS else "is not the address of a proxy"
    raise SettingsError(
        f"{variable} {what}, and cannot be used: only http and https proxies can. Set HTTPS_PROXY to one "
        "(http://host:port), or NO_PROXY=* to connect directly. Nothing was sent."
    )


def _proxy(parts: SplitResult, variable: str) -> Proxy | None:
    # The stdlib's codec refuses what no resolver takes: an empty label, or one that is too long.
    host = (parts.hostname or "").encode("idna").decode()
    if parts.scheme not in _PORTS or not host or not host.isprintable() or " " in host:
        return None
    port = _PORTS[parts.scheme] if parts.port is None else parts.port
    if not port:
        return None
    named = parts.username is not None
    credentials = (unquote(parts.username or ""), unquote(parts.password or "")) if named else None
    return Proxy(parts.scheme, host, port, variable, credentials)


def _is_excepted(host: str, port: int, exceptions: str) -> bool:
    return any(_matches(host, port, entry) for entry in re.split(r"[\s,]+", exceptions.lower()) if entry)


def _matches(host: str, port: int, entry: str) -> bool:
    """Whether an entry of NO_PROXY is about a host. One that makes no sense is about none."""
    scheme, _, entry = entry.rpartition("://")
    if scheme not in ("", "https", "all"):
        return False
    if with_port := _WITH_PORT.fullmatch(entry.rstrip("/")):
        entry = with_port[1]
        if int(with_port[2]) != port:
            return False
    entry = entry.replace("[", "").replace("]", "").rstrip("/")
    if "*" in entry:
        return re.fullmatch(re.escape(entry).replace(r"\*", ".*"), host) is not None
    try:
        network = ipaddress.ip_network(entry, strict=False)
    except ValueError:
        name = entry.strip(".")
        return bool(name) and (host == name or host.endswith(f".{name}"))
    try:
        return ipaddress.ip_address(host) in network
    except ValueError:
        return False
