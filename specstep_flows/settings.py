"""The key, the service's address and the other settings: where they come from, and whether they are valid.

A flag comes first, then the environment, the user's file and the default (an empty variable counts as not set). The
file is ``config.toml`` in the platform's configuration folder, or the one that ``SPECSTEP_CONFIG`` names::

    api_key = "sf_..."                     # SPECSTEP_API_KEY; make the file private: chmod 600
    api_url = "https://specstep.com"       # SPECSTEP_API_URL
    profile = "Fast"                       # SPECSTEP_PROFILE: what a new run is generated with (default: Normal)
    state = "~/specstep-state"             # SPECSTEP_STATE; relative to this file's folder
    settle_seconds = 90                    # SPECSTEP_SETTLE_SECONDS; a time may have a unit: "90s", "1m30s"
    request_timeout = 75                   # SPECSTEP_REQUEST_TIMEOUT
    clock_speed = 1                        # SPECSTEP_CLOCK_SPEED, only against a service on loopback
"""

from __future__ import annotations

import ipaddress
import math
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

import attrs

from specstep_flows._text import did_you_mean, nearest, parse_duration
from specstep_flows.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "DEFAULT_API_URL",
    "Settings",
    "check_api_key",
    "check_api_url",
    "check_clock_speed",
    "default_file",
    "is_loopback",
]

#: The official samples' default (language-samples).
DEFAULT_API_URL: Final = "https://specstep.com"
#: The front door times out after about 60 s; the service commits a late request within that time and a margin.
DEFAULT_SETTLE_SECONDS: Final = 90.0
#: A little longer than the front door's own timeout, so that its response is seen.
DEFAULT_REQUEST_TIMEOUT: Final = 75.0
FRONT_DOOR_SECONDS: Final = 60.0

#: A settings file is a few lines.
_LARGEST_BYTES: Final = 1 << 20

#: Authentication page: an API key, or an access token of the browser sign-in.
_KEY_PREFIXES: Final = ("sf_", "oat_")
#: How keys of other services begin: sent here, they would be given away.
_FOREIGN_KEYS: Final[Mapping[str, str]] = {
    "sk-ant-": "Anthropic",
    "sk-": "OpenAI",
    "sk_live_": "Stripe",
    "sk_test_": "Stripe",
    "rk_live_": "Stripe",
    "rk_test_": "Stripe",
    "ghp_": "GitHub",
    "gho_": "GitHub",
    "ghs_": "GitHub",
    "ghu_": "GitHub",
    "ghr_": "GitHub",
    "github_pat_": "GitHub",
    "glpat-": "GitLab",
    "xox": "Slack",
    "AKIA": "AWS",
    "ASIA": "AWS",
    "AIza": "Google",
    "ya29.": "Google",
    "hf_": "Hugging Face",
    "gsk_": "Groq",
    "xai-": "xAI",
    "npm_": "npm",
    "pypi-": "PyPI",
}
#: A shorter word is no key of anybody.
_SHORTEST_KEY: Final = 8

#: How variables of ours begin, and those that are no settings.
_PREFIX: Final = "SPECSTEP_"
_OTHER_VARIABLES: Final = (
    "SPECSTEP_CONFIG",
    "SPECSTEP_DEBUG",
    "SPECSTEP_LARGE_ATTACHMENT_MB",
    "SPECSTEP_WEBHOOK_SECRET",
)
#: What a fleet reads (``fleet.Fleet.from_env``), and how the names of its keys begin.
_FLEET_VARIABLES: Final = tuple(
    f"SPECSTEP_FLEET_{name}" for name in ("URL", "SCHEMA", "FILES", "KEYS", "SECRETS", "CAPACITY")
)
_KEY_PREFIX: Final = "SPECSTEP_KEY_"
#: Quotes, straight and curly, and marks that nobody sees.
_AROUND: Final = "\"'`\u201c\u201d\u2018\u2019\ufeff\u200b\u2060"
_HOST: Final = re.compile(r"[a-z0-9_.-]+|[0-9a-f:.]+")
_PLAIN_PATH: Final = re.compile(r"(?:/[a-z]{1,12}\d{0,2}){1,3}/?")
_FOUR_NUMBERS: Final = re.compile(r"[0-9]+(\.[0-9]+){3}")
_NUMBER: Final = re.compile(r"[0-9][0-9a-fx.]*")

#: A longer wait for one request, or for a paid one to appear, is as good as endless; no socket's time-out is longer.
LONGEST_SECONDS: Final = 7 * 86400.0
#: Clock speeds between which no wait overflows.
SLOWEST_CLOCK: Final = 0.001
FASTEST_CLOCK: Final = 1e6

Found: TypeAlias = tuple[Any, str]


def _not_endless(value: Any) -> Any:
    """People write 1e300 for "no time-out": it is taken for the longest that there is."""
    is_longer = isinstance(value, int | float) and LONGEST_SECONDS < value <= sys.float_info.max
    return LONGEST_SECONDS if is_longer else value


def _usable_key(key: str | None) -> str | None:
    return None if key is None else check_api_key(key, "argument")


def _usable_url(url: str) -> str:
    """Also what code gives must not send the key unencrypted."""
    return check_api_url(url, "argument")


def _is_usable(_: object, field: attrs.Attribute[float], value: object) -> None:
    """A number given to the class itself, where no text is converted."""
    if isinstance(value, str):
        raise SettingsError(f"{field.name} must be a number, not {value!r}.")
    _CHECKS[field.name][1](value, "argument")


@attrs.frozen
class Settings:
    """Checked settings. ``sources`` says where each came from; ``warnings`` are for ``doctor`` to show.

    ``profile``: what a new run that names none is generated with. ``settle_seconds``: how long after a paid request
    without a response an empty list means "not sent". ``request_timeout``: seconds for one read of a response, a
    week at most. ``clock_speed``: how much faster than real time the clock is.
    """

    api_key: str | None = attrs.field(default=None, repr=False, converter=_usable_key)
    api_url: str = attrs.field(default=DEFAULT_API_URL, converter=_usable_url)
    profile: str | None = None
    state: Path | None = None
    settle_seconds: float = attrs.field(default=DEFAULT_SETTLE_SECONDS, converter=_not_endless, validator=_is_usable)
    request_timeout: float = attrs.field(default=DEFAULT_REQUEST_TIMEOUT, converter=_not_endless, validator=_is_usable)
    clock_speed: float = attrs.field(default=1.0, validator=_is_usable)
    sources: Mapping[str, str] = attrs.field(factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def uses_proxy(self) -> bool:
        """Whether requests use the environment's proxy. Plain http, key included, stays on this machine."""
        return self.api_url.startswith("https:")

    @classmethod
    def load(
        cls,
        flags: Mapping[str, Any] | None = None,
        environ: Mapping[str, str] | None = None,
        file: Path | None = None,
        *,
        source: str = "flag",
    ) -> Settings:
        """Find and check every setting.

        Args:
            flags: flags or arguments by field name; None counts as not given.
            environ: the environment (default: this process's).
            file: the settings file, which must exist. The default file may be missing.
            source: what ``flags`` are called in messages.

        Raises:
            SettingsError: a setting is invalid or unknown, or the file cannot be read. The message contains no key.
        """
        for name in flags or {}:
            if name not in _CHECKS:
                raise SettingsError(f"There is no setting {name!r} ({source}).{_meant(name)} Nothing was sent.")
        environ = os.environ if environ is None else environ
        given = environ.get("SPECSTEP_CONFIG")
        named = file or (_home_path(given, "SPECSTEP_CONFIG") if given else None)
        path = named or default_file()
        in_file, warnings = _read_file(path, must_exist=named is not None) if path is not None else ({}, [])
        values: dict[str, Any] = {}
        sources: dict[str, str] = {}
        for name, (variable, check) in _CHECKS.items():
            found = _find(name, variable, (flags or {}, source), environ, in_file, path)
            sources[name] = found[1] if found else "default"
            if found:
                values[name] = check(*found)
        if path is not None and sources["state"] == str(path):
            values["state"] = path.parent / values["state"]
        warnings += [*_key_warnings(values.get("api_key"), sources["api_key"]), *_misspelt(environ)]
        settings = cls(**values, sources=sources, warnings=tuple(warnings))
        return settings._checked_together()

    @property
    def key_source(self) -> str:
        """The variable or the file to look at for the key."""
        source = self.sources.get("api_key", "default")
        return "SPECSTEP_API_KEY" if source in ("argument", "default") else source

    def require_key(self) -> str:
        """The key. Without one, ``SettingsError`` says how to set it."""
        if self.api_key is None:
            misspelt = "".join(f" {warning}" for warning in self.warnings if "SPECSTEP_API_KEY" in warning)
            raise SettingsError(
                f"There is no API key.{misspelt} Set SPECSTEP_API_KEY, or api_key in the settings file, to a key "
                "(sf_…) from the service's web page under Settings, API keys. To try without one, start `specstep "
                "sandbox`."
            )
        return self.api_key

    def with_arguments(self, **given: str | None) -> Settings:
        """The same settings but for those that are given as arguments; None counts as not given.

        Raises:
            SettingsError: one of them does not fit, or not to the others.
        """
        named: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        sources = {**self.sources, **dict.fromkeys(named, "argument")}
        return attrs.evolve(self, sources=sources, **named)._checked_together() if named else self

    def without_key(self) -> Settings:
        """The same settings for a client that sends no key."""
        return attrs.evolve(self, api_key=None)

    def __attrs_post_init__(self) -> None:
        # Made in code, they came past no other check. A key that fits no header would be quoted by whoever refuses it.
        if self.api_key is not None:
            check_api_key(self.api_key, "api_key")
        object.__setattr__(self, "api_url", check_api_url(self.api_url, "api_url"))
        # The settle time and the limits would be over before the service has counted a second of them.
        if self.clock_speed != 1.0 and not is_loopback(self.api_url):
            source = self.sources.get("clock_speed", "argument")
            raise SettingsError(
                f"A clock speed of {self.clock_speed:g} ({source}) only works with a service on loopback: "
                f"{self.api_url} runs in real time. Remove it, or set SPECSTEP_API_URL to the sandbox's "
                "address. Nothing was sent."
            )

    def __reduce__(self) -> tuple[Any, ...]:
        # A pickle lands in queues, caches and files: it holds no key, and whoever reads it has a key of their own.
        return type(self), (None, *attrs.astuple(self, recurse=False)[1:])

    def __copy__(self) -> Settings:
        return self

    def __deepcopy__(self, memo: object) -> Settings:
        return self

    def state_folder(self) -> Path:
        """The folder of the run store and the shared rate limits: ``state``, or else the platform's state folder.

        Raises:
            SettingsError: there is neither, because this user has no home folder.
        """
        found = self.state or _platform_folder("user_state_path")
        if found is None:
            raise SettingsError(
                "This user has no home folder in which runs could be kept. Set SPECSTEP_STATE to a folder, or HOME. "
                "Nothing was sent."
            )
        return found

    def _checked_together(self) -> Settings:
        if self.settle_seconds < FRONT_DOOR_SECONDS and not is_loopback(self.api_url):
            warning = (
                f"A settle time of {self.settle_seconds:g} s ({self.sources['settle_seconds']}) is shorter than the "
                f"{FRONT_DOOR_SECONDS:g} s in which a request without a response may still be carried out: you could "
                "pay for a run twice."
            )
            return attrs.evolve(self, warnings=(*self.warnings, warning))
        return self


def default_file() -> Path | None:
    """The path of the user's settings file, which may not exist; None for a user without a home folder."""
    folder = _platform_folder("user_config_path")
    return None if folder is None else folder / "config.toml"


def _platform_folder(kind: str) -> Path | None:
    import platformdirs

    try:
        folder: Path = getattr(platformdirs, kind)("specstep", appauthor=False)
    except RuntimeError:
        return None
    # Where nobody knows the home folder, ~ may also be left as it is.
    return folder if folder.is_absolute() else None


def _home_path(value: str | Path, source: str) -> Path:
    """The path with the home folder in place of ``~``."""
    try:
        return Path(value).expanduser()
    except RuntimeError:
        raise SettingsError(f"There is no home folder for {value} ({source}): give the whole path.") from None


def _bare(value: str) -> str:
    """A value without the spaces, line ends and quotes that files, secret stores and copying put around it."""
    while (bare := value.strip(_AROUND).strip()) != value:
        value = bare
    return value


def begins_as_key(text: str) -> bool:
    """Whether a text begins as keys do, this service's or another's: where none is expected, it is one by mistake."""
    return text.startswith((*_KEY_PREFIXES, *_FOREIGN_KEYS))


def check_api_key(value: object, source: str) -> str:
    """The key, if it has the form of one. No message shows any part of it."""
    if not isinstance(value, str):
        raise SettingsError(f"The key ({source}) must be a string.")
    value = _bare(value)
    if any(character.isspace() for character in value):
        raise SettingsError(f"The key ({source}) contains a space or a line break. Copy only the key.")
    if not value.isascii() or not value.isprintable():
        raise SettingsError(f"The key ({source}) contains characters that no key has. Copy only the key.")
    foreign = next((whose for prefix, whose in _FOREIGN_KEYS.items() if value.startswith(prefix)), None)
    if foreign is not None:
        raise SettingsError(
            f"The key ({source}) looks like one of {foreign}, so it is not sent. A key of SpecStep begins with sf_ (an "
            "API key) or oat_ (an access token)."
        )
    prefix = next((prefix for prefix in _KEY_PREFIXES if value.startswith(prefix)), None)
    if prefix is not None and len(value) == len(prefix):
        raise SettingsError(f"The key ({source}) ends after {prefix}; the rest is missing.")
    if prefix is None and len(value) < _SHORTEST_KEY:
        raise SettingsError(f"The key ({source}) must begin with sf_ (an API key) or oat_ (an access token).")
    return value


def _profile(value: object, source: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise SettingsError(f"The review profile ({source}) must be a name such as Fast, not {_shown(value)}.")
    return value.strip()


def _key_warnings(api_key: str | None, source: str) -> tuple[str, ...]:
    """What is odd about a key and is tried all the same: the service may have more prefixes than its pages show."""
    if api_key is None or api_key.startswith(_KEY_PREFIXES):
        return ()
    return (f"The key ({source}) begins neither with sf_ (an API key) nor with oat_ (an access token).",)


def check_api_url(value: object, source: str) -> str:
    """The service's origin (``https://host[:port]``, lower case, no slash at the end).

    Plain http is accepted on loopback only. A path, a query or a user name is refused, not dropped. Messages show the
    address only if it cannot contain a secret.
    """
    value = _bare(value) if isinstance(value, str) else value
    if not isinstance(value, str) or not value:
        raise SettingsError(f"The service's address ({source}) must be a string that is not empty.")
    if not value.isascii() or not value.isprintable() or " " in value or "\\" in value:
        raise SettingsError(f"The service's address ({source}) contains characters that no URL has.")
    try:
        parts = urlsplit(value)
        # Its final dot is not known to every resolver.
        host = "localhost" if parts.hostname == "localhost." else parts.hostname or ""
        port = parts.port
    except ValueError:
        raise SettingsError(
            f"The service's address ({source}) is not a URL; it should look like {DEFAULT_API_URL}."
        ) from None
    # A key in place of a host would be looked up, unencrypted.
    is_key = host.startswith(_KEY_PREFIXES)
    if parts.scheme not in ("https", "http") or not _can_be_resolved(host) or port == 0 or is_key:
        raise SettingsError(f"The service's address ({source}) must look like {DEFAULT_API_URL}.")
    if "@" in parts.netloc:
        raise SettingsError(
            f"The service's address ({source}) must not contain a user name or password; the key is enough."
        )
    if "?" in value or "#" in value:
        raise SettingsError(f"The service's address ({source}) must end after the host, but contains a ? or #.")
    origin = _origin(parts, host, port)
    if parts.path not in ("", "/"):
        # A path that is no plain word may be a key that was put there.
        path = parts.path if _PLAIN_PATH.fullmatch(parts.path) else "a path"
        raise SettingsError(f"The service's address ({source}) must be {origin}, without {path}.")
    if parts.scheme == "http" and not is_loopback(origin):
        raise SettingsError(
            f"{origin} ({source}) would send your key unencrypted. Use https; plain http is accepted on loopback only."
        )
    return origin


def _can_be_resolved(host: str) -> bool:
    """Whether a host can be looked up; if not, httpx or the socket module would raise an error of their own."""
    # The standard library's codec does not encode others.
    has_labels = all(0 < len(label) < 64 for label in host.removesuffix(".").split("."))
    try:
        if "xn--" in host:
            import httpx

            for label in filter(re.compile("xn--").match, host.split(".")):
                # It reads the name that stands behind it.
                _ = httpx.URL(f"https://{label}").host
        if ":" in host or _FOUR_NUMBERS.fullmatch(host):
            ipaddress.ip_address(host)
    except ValueError:
        return False
    return has_labels and _HOST.fullmatch(host) is not None


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine's loopback: ``localhost``, 127.0.0.0/8 or ::1, in any spelling."""
    try:
        host = (urlsplit(url).hostname or "").removesuffix(".")
    except ValueError:
        return False
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return _NUMBER.fullmatch(host) is not None and _is_loopback_number(host)
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _is_loopback_number(host: str) -> bool:
    """127.1, 0x7f000001 and the like, as the resolver reads them."""
    import socket

    try:
        return ipaddress.IPv4Address(socket.inet_aton(host)).is_loopback
    except OSError:
        return False


def _origin(parts: SplitResult, host: str, port: int | None) -> str:
    name = f"[{host}]" if ":" in host else host
    usual = 443 if parts.scheme == "https" else 80
    return f"{parts.scheme}://{name}" if port in (None, usual) else f"{parts.scheme}://{name}:{port}"


def _shown(value: object) -> str:
    # Python writes no integer of more than 4,300 digits.
    return "an integer that large" if isinstance(value, int) and abs(value) >= 10**20 else f"{value!r}"


def _number(value: object, source: str, what: str, lowest: str, fits: Callable[[float], bool]) -> float:
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError
        number = float(value)
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or not fits(number):
        raise SettingsError(f"The {what} ({source}) must be a number {lowest}, not {_shown(value)}.")
    return number


def _seconds(value: object) -> object:
    """A time as seconds, where it is text with a unit."""
    seconds = parse_duration(value) if isinstance(value, str) else None
    return value if seconds is None else seconds


def _settle_seconds(value: object, source: str) -> float:
    return _number(_seconds(value), source, "settle time in seconds", "of 0 or more", lambda number: number >= 0)


def _request_timeout(value: object, source: str) -> float:
    return _number(_seconds(value), source, "request timeout in seconds", "above 0", lambda number: number > 0)


def check_clock_speed(value: object, source: str) -> float:
    """How many times faster than real time a clock is, if anything can wait by it."""
    fits = f"above 0 ({SLOWEST_CLOCK:g} to {FASTEST_CLOCK:,.0f})"
    return _number(value, source, "clock speed", fits, lambda number: SLOWEST_CLOCK <= number <= FASTEST_CLOCK)


def _state(value: object, source: str) -> Path:
    if not isinstance(value, str | Path) or not str(value).strip() or "\0" in str(value):
        raise SettingsError(f"The state folder ({source}) must be a path.")
    return _home_path(value, source)


#: Field name: its environment variable, and what checks and converts it.
_CHECKS: Final[Mapping[str, tuple[str, Callable[[object, str], Any]]]] = {
    "api_key": ("SPECSTEP_API_KEY", check_api_key),
    "api_url": ("SPECSTEP_API_URL", check_api_url),
    "profile": ("SPECSTEP_PROFILE", _profile),
    "state": ("SPECSTEP_STATE", _state),
    "settle_seconds": ("SPECSTEP_SETTLE_SECONDS", _settle_seconds),
    "request_timeout": ("SPECSTEP_REQUEST_TIMEOUT", _request_timeout),
    "clock_speed": ("SPECSTEP_CLOCK_SPEED", check_clock_speed),
}


def _find(
    name: str,
    variable: str,
    given: tuple[Mapping[str, Any], str],
    environ: Mapping[str, str],
    in_file: Mapping[str, Any],
    path: Path | None,
) -> Found | None:
    flags, source = given
    if flags.get(name) is not None:
        return flags[name], source
    if environ.get(variable):
        return environ[variable], variable
    return (in_file[name], str(path)) if name in in_file else None


#: What the vendor's plugin reads the service's address from; the pages name another variable.
_PLUGINS_ADDRESS: Final = "SPECSTEP_API_BASE"


def _misspelt(environ: Mapping[str, str]) -> list[str]:
    """What is said of variables that are probably meant to be settings."""
    settings = (variable for variable, _ in _CHECKS.values())
    known = {variable.removeprefix(_PREFIX): variable for variable in (*settings, *_FLEET_VARIABLES)}
    said = []
    for name in environ:
        if name == _PLUGINS_ADDRESS and environ[name]:
            if not environ.get(known["API_URL"]):
                said.append(f"{name} is not read here: set {known['API_URL']} to the service's address.")
        elif name.startswith(_KEY_PREFIX):
            continue
        elif name.startswith(_PREFIX) and environ[name] and name not in (*known.values(), *_OTHER_VARIABLES):
            near = nearest(name.removeprefix(_PREFIX), known)
            if near is not None:
                said.append(f"{name} is not a setting. Did you mean {known[near]}?")
    return said


def _read_file(path: Path, *, must_exist: bool) -> tuple[Mapping[str, Any], list[str]]:
    """The content of the file, and warnings about it."""
    try:
        with path.open("rb") as stream:
            content, mode = stream.read(_LARGEST_BYTES + 1), os.fstat(stream.fileno()).st_mode
    except (FileNotFoundError, NotADirectoryError):
        if must_exist:
            raise SettingsError(f"The settings file {path} does not exist.") from None
        return {}, []
    except OSError as error:
        said = f"The settings file {path} cannot be read ({error.strerror})."
        if must_exist:
            raise SettingsError(said) from None
        return {}, [said]
    if len(content) > _LARGEST_BYTES:
        raise SettingsError(f"The settings file {path} is too large (more than {_LARGEST_BYTES:,} bytes).")
    document = _parse(content, path)
    for name in document:
        if name not in _CHECKS:
            raise SettingsError(
                f"The settings file {path} has an unknown setting: {name!r}.{_meant(name)} Nothing was sent."
            )
    warnings = []
    if "api_key" in document and os.name == "posix" and mode & 0o077:
        warnings.append(f"{path} contains a key, and other users of this machine can read it. Run: chmod 600 {path}")
    return document, warnings


def _parse(content: bytes, path: Path) -> Mapping[str, Any]:
    import tomllib

    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise SettingsError(f"The settings file {path} is not UTF-8 text (byte {error.start}).") from None
    except tomllib.TOMLDecodeError as error:
        # Not chained: newer Pythons keep the whole document, key included, on the original.
        raise SettingsError(f"The settings file {path} is not valid TOML: {error}.") from None
    except (ValueError, RecursionError) as error:
        # A number of thousands of digits, or brackets without end.
        raise SettingsError(f"The settings file {path} cannot be read ({type(error).__name__}).") from None


def _meant(name: str) -> str:
    """What an unknown name probably is, behind a space."""
    from specstep_flows.models import RunOptions

    hint = did_you_mean(name, _CHECKS)
    if not hint and name in attrs.fields_dict(RunOptions):
        hint = " It is an option of a run: give it to `run`, where it holds for that run."
    return hint
