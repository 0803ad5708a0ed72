"""The API keys of a fleet, each by its name. Only names travel: no key is in the database, a job, a log or a message.

::

    SPECSTEP_KEY_TEAM_A=sf_...                  # the key called team-a
    SPECSTEP_FLEET_KEYS=/run/secrets/keys.toml  # a file with any number of lines: team-b = "sf_..."
    SPECSTEP_API_KEY=sf_...                     # the key called default
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from specstep_flows._text import did_you_mean
from specstep_flows.errors import SettingsError
from specstep_flows.settings import begins_as_key, check_api_key

#: What ``SPECSTEP_API_KEY`` is called.
DEFAULT: Final = "default"
_FILE: Final = "SPECSTEP_FLEET_KEYS"
_PREFIX: Final = "SPECSTEP_KEY_"
#: A queue has the name, and PostgreSQL tells of a queue by a name of at most 63 bytes, of which 23 are Procrastinate's.
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
#: A file of keys is some lines.
_LARGEST_BYTES: Final = 1 << 20


def check_key_name(name: object) -> str:
    """A key's name as it is compared and stored: in lower case, and with hyphens. Raises ``SettingsError``."""
    found = name.lower().replace("_", "-") if isinstance(name, str) else ""
    # A key itself would be stored, and shown to everybody who lists runs.
    if not _NAME.fullmatch(found) or begins_as_key(str(name).strip()):
        raise SettingsError(
            "The name of a key has at most 40 letters, digits and hyphens, and begins and ends with a letter or a "
            "digit. (It is a name of yours, such as team-a, and never the key itself.)"
        )
    return found


class Keys(Mapping[str, str]):
    """Keys by their names. It shows names only, and no copy of it can be made or sent anywhere.

    Raises:
        SettingsError: a name or a key that cannot be one.
    """

    def __init__(self, keys: Mapping[str, str], source: str = "argument") -> None:
        self._keys: dict[str, str] = {}
        #: The variable or the file that each is from, if it is from one.
        self.sources: dict[str, str] = {}
        for given, key in keys.items():
            name = check_key_name(given)
            checked = check_api_key(key, f"{name}, {source}")
            if self._keys.setdefault(name, checked) != checked:
                raise SettingsError(f"There are two different keys called {name} ({source}).")

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Keys:
        """The keys of the environment and of the file that it names; a variable comes before the file.

        Raises:
            SettingsError: the file cannot be read, or a name or a key that cannot be one.
        """
        environ = os.environ if environ is None else environ
        file = environ.get(_FILE)
        found = {} if not file else dict(cls(_read_file(Path(file)), file))
        given = {name: key for name, key in environ.items() if name.startswith(_PREFIX) and key}
        sources = dict.fromkeys(found, str(file))
        if own := environ.get("SPECSTEP_API_KEY"):
            found[DEFAULT], sources[DEFAULT] = own, "SPECSTEP_API_KEY"
        keys = cls({**found, **cls({name[len(_PREFIX) :]: key for name, key in given.items()}, "environment")})
        keys.sources = {**sources, **{check_key_name(name[len(_PREFIX) :]): name for name in given}}
        return keys

    def __getitem__(self, name: str) -> str:
        """The key. Raises ``KeyError``."""
        return self._keys[check_key_name(name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def require(self, name: str) -> str:
        """The key of that name. Raises ``SettingsError`` where this host does not have it."""
        name = check_key_name(name)
        if name not in self._keys:
            has = f"It has {', '.join(sorted(self._keys))}." if self._keys else "It has none."
            raise SettingsError(
                f"This host has no key called {name}.{did_you_mean(name, list(self._keys))} {has} Set "
                f"{_PREFIX}{name.upper().replace('-', '_')}, or add it to the file that {_FILE} names."
            )
        return self._keys[name]

    def __repr__(self) -> str:
        return f"Keys({', '.join(sorted(self._keys))})"

    def __reduce__(self) -> str:
        raise TypeError("Keys are not sent anywhere: read them where they are needed (Keys.from_env).")


def _read_file(path: Path) -> Mapping[str, str]:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_BYTES + 1)
        if len(content) > _LARGEST_BYTES:
            raise SettingsError(f"{path} is too large for a file of keys ({_FILE}).")
        return tomllib.loads(content.decode("utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"The file of keys {path} ({_FILE}) cannot be read ({error.strerror}).") from None
    except ValueError:
        # The message of whoever parses it may quote a key.
        raise SettingsError(f'The file of keys {path} ({_FILE}) is not TOML: one line each, name = "key".') from None
