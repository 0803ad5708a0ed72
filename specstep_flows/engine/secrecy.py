"""What nobody is shown: the key where the service repeats it, and what httpcore would log of a signed address."""

from __future__ import annotations

import base64
import functools
import logging
import re
from typing import TYPE_CHECKING, Final

import httpx

from specstep_flows._text import without_secrets
from specstep_flows.engine.effects import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

REDACTED: Final = b"REDACTED"
#: A key without its prefix is looked for as well if it is this long; a shorter one could be a word.
_SHORTEST_REST: Final = 16
#: Undoing escapes takes seconds for more than this, which only a hostile service sends.
_LONGEST_UNESCAPED: Final = 8 << 20
#: What may stand between the characters of a repeated key and would be dropped when it is shown: anything that is not
#: printable ASCII, as it is (the zeros of UTF-16 among it) or as JSON escapes it.
_GAP: Final = rb"(?:[^ -~]|\\+u(?!00[2-7])[0-9A-Fa-f]{4})*+"
_UNPRINTABLE: Final = bytes(code for code in range(256) if not 0x20 <= code < 0x7F)
_BACKSLASH: Final = rb"\\\\*(?:u([0-9A-Fa-f]{4}))?"
_ESCAPE: Final = re.compile(_BACKSLASH + rb"|%(?:25)*([2-7][0-9A-Fa-f])|&#[xX]0*([2-7][0-9A-Fa-f]);|&#0*([0-9]{2,3});")
#: The same where nothing else can begin an escape, which is found much faster. (Its other groups never match.)
_ESCAPE_OF_JSON: Final = re.compile(_BACKSLASH + rb"(?:(?!)()()())?")

#: Every logger of httpcore 1. A filter works only on the logger that it is added to: children do not inherit it.
_LOGGERS: Final = ("httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy", "httpcore.socks")
#: Headers whose values are logged. A redirect's Location is a secret, and a front door may repeat anything.
_LOGGED: Final = frozenset(
    {"content-type", "content-length", "content-encoding", "transfer-encoding", "connection", "date", "server"}
    | {"retry-after", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"}
)
_HEADER: Final = re.compile(r"\(b'([^']*)', b(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")\)")
_EXCEPTION: Final = re.compile(r"(exception=\w+)\(.*", re.DOTALL)
_STATUS_LINE: Final = re.compile(r"(\"HTTP/[\d.]+ \d+) .*\"", re.DOTALL)


def reply_of(response: httpx.Response, content: bytes, sent: Mapping[str, str]) -> Reply:
    """A response as everything else here sees it: without the key that the request was ``sent`` with."""
    headers, key = response.headers, sent.get("Authorization", "").removeprefix("Bearer ")
    if key:
        content = _without_key(content, key)
        raw = headers.raw
        # All values at once: few answers repeat a key. No escape reaches over a space.
        values = b" ".join([value for _, value in raw])
        if values.isascii():
            # httpx would find that out header by header, when it is first asked for one.
            headers.encoding = "ascii"
        if _holds(values, key):
            headers = httpx.Headers([(name, _without_key(value, key)) for name, value in raw])
    return Reply(response.status_code, headers, content)


def _without_key(content: bytes, key: str) -> bytes:
    if not _holds(content, key):
        return content
    content = _key_pattern(key).sub(REDACTED, content)
    # However it was written that the pattern does not find it: none of that is needed.
    return REDACTED if _holds(content, key) else content


def _holds(content: bytes, key: str) -> bool:
    """Whether a key is repeated; much faster than to search for all of its spellings."""
    sought = _all_sought(key)
    plain = content.translate(None, _UNPRINTABLE)
    for each in sought:
        if each in plain:
            return True
    escape = _ESCAPE if b"%" in plain or b"&#" in plain else _ESCAPE_OF_JSON if b"\\" in plain else None
    if escape is None or len(plain) > _LONGEST_UNESCAPED:
        return False
    plain = escape.sub(_unescaped, plain)
    return any(each in plain for each in sought)


def _unescaped(match: re.Match[bytes]) -> bytes:
    code = int(match[1] or match[2] or match[3] or b"0", 16) or int(match[4] or b"0")
    return bytes([code]) if 0x20 <= code < 0x7F else b""


def _sought(key: str) -> tuple[str, str]:
    """A key as what may stand before it, and what is looked for."""
    prefix, sign, rest = key.partition("_")
    return (prefix + sign, rest) if len(rest) >= _SHORTEST_REST else ("", key)


@functools.lru_cache(maxsize=32)
def _all_sought(key: str) -> tuple[bytes, ...]:
    """A key in each form that is looked for."""
    return tuple(dict.fromkeys((_sought(key)[1].encode(), *_packed(key))))


@functools.lru_cache(maxsize=32)
def _key_pattern(key: str) -> re.Pattern[bytes]:
    """A key as a service may repeat it: plain, or escaped as in JSON, URLs and HTML, in part or as a whole; packed."""
    prefix, sought = _sought(key)
    plain = (b"(?:%b)?" % (_spelled(prefix) + _GAP) if prefix else b"") + _spelled(sought)
    return re.compile(b"|".join([plain, *(_spelled(each.decode()) for each in _packed(key))]))


@functools.lru_cache(maxsize=32)
def _packed(key: str) -> tuple[bytes, ...]:
    """A long key in hexadecimal, and as it stands in base64, alone or within more (``Bearer sf_…``)."""
    prefix, sought = _sought(key)
    if not prefix:
        return ()
    found = [sought.encode().hex(), sought.encode().hex().upper()]
    for before in range(3):
        packed = base64.b64encode(bytes(before) + sought.encode()).decode()
        # Only the digits that the key alone decides.
        packed = packed[-(-8 * before // 6) : 8 * (before + len(sought)) // 6]
        found += [packed, packed.replace("+", "-").replace("/", "_")]
    return tuple(each.encode() for each in found)


def _spelled(text: str) -> bytes:
    return _GAP.join(map(_character, text))


def _character(character: str) -> bytes:
    code = ord(character)
    digits = f"{code:02x}"
    number = "".join(f"[{digit}{digit.upper()}]" for digit in digits)
    forms = [rf"\\*{re.escape(character)}", rf"\\+u00{number}", rf"%(?:25)*{number}", f"&#(?:[xX]0*{number}|0*{code});"]
    return f"(?:{'|'.join(forms)})".encode()


class _WireLog(logging.Filter):
    """Takes out of a line what may be secret: values of headers, addresses, and what an error quotes."""

    def filter(self, record: logging.LogRecord) -> bool:
        line = _EXCEPTION.sub(r"\1(…)", record.getMessage())
        record.msg, record.args = without_secrets(_HEADER.sub(_header, line), is_foreign=True), None
        return True


class _RequestLog(logging.Filter):
    """httpx logs the API's own addresses, and whatever the service sends after its status."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = _STATUS_LINE.sub(r'\1"', record.getMessage()), None
        return True


def _header(match: re.Match[str]) -> str:
    return match[0] if match[1].lower() in _LOGGED else f"(b'{match[1]}', b'…')"


_FILTERS: Final = (_WireLog(), _RequestLog())


def hush_logs() -> None:
    """Keep secrets out of httpcore's and httpx's logs, for the whole process. Calling it again does nothing.

    httpcore logs the head of each answer, and the API's redirect to a package carries a signed address. (The download
    itself does not go through httpcore, see ``package.blob_host``.)
    """
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_FILTERS[0])
    logging.getLogger("httpx").addFilter(_FILTERS[1])
