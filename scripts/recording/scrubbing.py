"""What may not be in a cassette: keys, signed addresses, e-mail addresses, names of people, and the package itself.

Headers are kept by a list of what may stay, bodies are searched for what may not, and bytes that are no text are not
kept at all. What stands in their place is the same each time, so that a replay matches.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import unquote, urlsplit

#: The origins that a cassette shows, whatever was recorded from.
API: Final = "https://specstep.example"
STORAGE: Final = "https://storage.example"
REDACTED: Final = "REDACTED"
SOMEONE: Final = "someone@example.com"

KEPT_REQUEST_HEADERS: Final = frozenset({"accept", "content-type"})
KEPT_RESPONSE_HEADERS: Final = frozenset(
    {"content-type", "location", "retry-after", "www-authenticate", "accept-ranges", "content-disposition"}
)
KEPT_PREFIXES: Final = ("ratelimit-", "x-quota-")

#: Members of a JSON body that are secret or personal, whatever they hold.
SECRET_MEMBERS: Final = frozenset(
    {"raw_key", "secret", "signing_secret", "token", "access_token", "password"}
    | {"display_name", "phone_number", "address_line1", "address_line2", "city", "region", "postal_code"}
)

_KEY: Final = re.compile(r"\b(sf|oat)_[A-Za-z0-9][A-Za-z0-9._~+/=-]*")
_BEARER: Final = re.compile(r"\b[Bb]earer\s+[^\s\"']+")
_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+-]+(?:@|%40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
_URL: Final = re.compile(r"(?i)https?(?:://|%3a%2f%2f)[^\s\"'<>\\]+")
_PAGE: Final = re.compile(r"https?://[\w.-]+(?::\d+)?(?:/[a-z]{1,24}(?:[-_][a-z]{1,24})*(?:\.html?)?){0,6}/?[.,:;!?)]*")
#: A relative address with a signature in its query, or in what is used instead of one (``;``, ``#``).
_SIGNED_TAIL: Final = re.compile(
    r"(?i)(?<![\w.])(/[^\s\"'<>?;#]*?)(?:[?;#]|%3[bf]|%23)(?=[^\s\"'<>]*(?:sig|signature|token|key|credential)(?:=|%3d))[^\s\"'<>]*"
)


class Scrubber:
    """Takes out of requests and answers what must not be kept. ``secrets`` are strings that are known to be secret."""

    def __init__(self, api_url: str, secrets: Iterable[str] = ()) -> None:
        self._origins = {api_url.rstrip("/"), API}
        self._secrets = sorted((secret for secret in secrets if secret), key=len, reverse=True)
        self._numbers: dict[str, int] = {}
        #: Paths on the API's own host that a redirect led to.
        self._signed: set[str] = set()

    def request(self, request: Any) -> Any:
        """A request of vcrpy's, as it may be kept (``before_record_request``)."""
        request.uri = self.address(request.uri)
        kept = {name: value for name, value in request.headers.items() if name.lower() in KEPT_REQUEST_HEADERS}
        request.headers = {name: self.text(_plain(value)) for name, value in kept.items()}
        if request.body:
            request.body = self.body(bytes(request.body), request.headers)
        return request

    def response(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """An answer as vcrpy has it, as it may be kept (``before_record_response``)."""
        is_redirect = 300 <= int(response["status"]["code"]) < 400
        headers = {
            name.lower(): [
                self._header(name, value, is_redirect) for value in ([values] if isinstance(values, str) else values)
            ]
            for name, values in response["headers"].items()
            if name.lower() in KEPT_RESPONSE_HEADERS or name.lower().startswith(KEPT_PREFIXES)
        }
        content = response["body"]["string"] or b""
        body = self.body(content, {name: values[0] for name, values in headers.items()}) if content else b""
        headers["content-length"] = [str(len(body))]
        status = {**response["status"], "message": self.text(str(response["status"].get("message") or ""))}
        return {**response, "status": status, "headers": headers, "body": {"string": body}}

    def body(self, content: bytes, headers: Mapping[str, str]) -> bytes:
        """A body as it may be kept; in place of bytes that are no text stands a package that tells nothing."""
        kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return stand_in_package()
        if "\0" in text or "zip" in kind or "octet-stream" in kind:
            return stand_in_package()
        try:
            document = json.loads(text)
        except ValueError:
            return self.text(text).encode()
        return json.dumps(self._value(document), ensure_ascii=False, separators=(",", ":")).encode()

    def address(self, url: str) -> str:
        """An address as it may be kept: another host's keeps neither its name nor its path nor its query.

        Neither does one on the API's own host that a redirect led to.
        """
        parts = urlsplit(url)
        is_own = not parts.netloc or self._is_api(url)
        if url.startswith(f"{STORAGE}/"):
            return url
        if is_own and parts.path not in self._signed:
            return self.text(f"{API}{_tail(url)}" if parts.netloc else url)
        name = parts.path if is_own else f"{parts.netloc}{parts.path}"
        return f"{STORAGE}/{self._numbers.setdefault(name, len(self._numbers) + 1)}.zip?signature={REDACTED}"

    def text(self, text: str) -> str:
        """Text without keys, signed addresses and e-mail addresses."""
        text = _URL.sub(lambda match: self._address_in_text(match[0]), text)
        text = _SIGNED_TAIL.sub(lambda match: f"{match[1]}?signature={REDACTED}", text)
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        text = _BEARER.sub(f"Bearer {REDACTED}", text)
        text = _KEY.sub(lambda match: f"{match[1]}_{REDACTED}", text)
        return _EMAIL.sub(SOMEONE, text)

    def _address_in_text(self, url: str) -> str:
        url = url if "://" in url else unquote(url)
        if self._is_api(url):
            return f"{API}{_tail(url)}"
        # Prose may name any page of the web, whose path is words. Anything else may be a secret.
        return url if _PAGE.fullmatch(url) else self.address(url)

    def _is_api(self, url: str) -> bool:
        return any(url == origin or url.startswith((f"{origin}/", f"{origin}?")) for origin in self._origins)

    def _header(self, name: str, value: str, is_redirect: bool) -> str:
        if name.lower() == "www-authenticate":
            # Only which kind of credentials is asked for: its parameters may be anything.
            kind = value.partition(" ")[0]
            return kind if kind.isalpha() else REDACTED
        if name.lower() != "location":
            return self.text(value)
        if is_redirect and (not urlsplit(value).netloc or self._is_api(value)):
            self._signed.add(urlsplit(value).path)
        return self.address(value)

    def _value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                self.text(name): REDACTED if name.lower() in SECRET_MEMBERS and item is not None else self._value(item)
                for name, item in value.items()
            }
        if isinstance(value, list):
            return [self._value(item) for item in value]
        return self.text(value) if isinstance(value, str) else value


def _plain(value: Any) -> str:
    value = value[0] if isinstance(value, list | tuple) else value
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _tail(url: str) -> str:
    """Path and query."""
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def stand_in_package() -> bytes:
    """A small, whole zip that stands for a package in cassettes; always the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in (
            (
                "README.md",
                "# A stand-in\n\nCassettes do not keep packages: they hold what their owner told SpecStep.\n",
            ),
            ("docs/01-vision.md", "# Vision\n"),
        ):
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text)
    return buffer.getvalue()
