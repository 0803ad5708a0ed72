"""Fault rules: which requests they hit, what happens to those, and the file form of them."""

from __future__ import annotations

import difflib
import fnmatch
import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

import attrs
import yaml

from specstep_flows.sandbox.operations import BLOBS, befallen, blanked

Kind = Literal[
    "reset",
    "status",
    "html",
    "stall",
    "late_commit",
    "restart",
    "empty",
    "malformed",
    "truncated",
    "slow",
    "edit",
    "unknown_fields",
    "unknown_enum",
    "nulls",
    "missing",
    "retype",
    "expired_url",
    "zip_truncated",
    "zip_flipped",
    "zip_not",
    "zip_absolute",
    "zip_dotdot",
    "zip_symlink",
    "zip_duplicate",
    "zip_case",
    "zip_bomb",
]
KINDS: tuple[str, ...] = get_args(Kind)
ZIP_KINDS = tuple(kind for kind in KINDS if kind.startswith("zip_"))
#: The members that belong to each kind; what is given besides would be ignored.
_ANSWER = {"status", "headers"}
_ERROR = _ANSWER | {"retry_after"}
MEMBERS: dict[str, set[str]] = {
    "reset": set(),
    "status": _ERROR | {"problem_type", "set"},
    "html": _ERROR,
    "stall": set(),
    "late_commit": _ERROR | {"problem_type", "set", "seconds"},
    "restart": {"seconds"},
    "empty": _ANSWER,
    "malformed": _ANSWER | {"keep"},
    "truncated": {"keep", "hard"},
    "slow": {"chunk", "pause"},
    "edit": _ANSWER | {"fields", "set"},
    "unknown_fields": _ANSWER,
    "expired_url": _ANSWER,
    **dict.fromkeys(("unknown_enum", "nulls", "missing", "retype"), _ANSWER | {"fields"}),
    **{kind: set() for kind in ZIP_KINDS},
}


@attrs.define
class Fault:
    """A rule: what happens to the `nth` request that `match` fits, and the `times - 1` after it.

    `match` is an operation as the pages write it (`POST /v1/generations/{id}/cancel`, whatever the parameter's name),
    a pattern with `*` (`GET /v1/generations*`, `*`), or `GET /blob/*` for the blob server. A rule that no request of
    the sandbox's could fit is an error, and so is a member that does not belong to its kind.

    Kinds, and the members that belong to them:

    - `reset`: a TCP reset, before the server has done anything, or after with `commit`.
    - `status`: an error of `status` with `problem_type` as its word, before or (`commit`) after the work is done.
      `retry_after` is sent as it is, so that `2`, `"1.5"` and an HTTP-date can be told; `"date+30"` is a date
      30 virtual seconds from now.
    - `html`: a page of the front door with `status` (504 unless given); 200 is a login page. `commit` as above.
    - `stall`: no answer ever; `commit` as above.
    - `late_commit`: an error now (a 504 page, or `status`), and the work done `seconds` later.
    - `restart`: all connections cut, and nobody there for `seconds`; `commit` as above.
    - `empty`, `malformed`, `truncated`, `slow`: the real answer without a body, with half its JSON, cut off after
      `keep` of its bytes (by a reset, with `hard`), or in pieces of `chunk` bytes with `pause` real seconds between.
    - `edit`: the real JSON with `set` (path to value) and without `fields`; `unknown_fields` adds members to every
      object; `unknown_enum`, `nulls`, `missing`, `retype` do that to `fields`. A name means that member at any depth;
      a dotted path starts at the root, with `*` for every element of a list.
    - `expired_url`: a redirect to a signed URL that has expired.
    - `zip_…`, on `GET /blob/*`: another archive in place of the real one: damaged (`zip_truncated`, `zip_flipped`,
      `zip_not`) or hostile (`zip_absolute`, `zip_dotdot`, `zip_symlink`, `zip_duplicate`, `zip_case`, `zip_bomb`).
    """

    match: str
    kind: Kind
    nth: int = 1
    #: None: for ever.
    times: int | None = 1
    commit: bool = False
    status: int | None = None
    problem_type: str = "SANDBOX_FAULT"
    retry_after: int | float | str | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict)
    seconds: float = 0
    keep: float = 0.5
    hard: bool = False
    chunk: int = 64
    pause: float = 0.02
    fields: tuple[str, ...] = ()
    set: Mapping[str, Any] = attrs.field(factory=dict)

    seen: int = attrs.field(default=0, init=False)
    fired: int = attrs.field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        """Refuse a rule that no request could match, or that would do something else than it says."""
        if self.kind not in KINDS:
            raise ValueError(
                f"unknown kind of fault {self.kind!r}{_near(self.kind, KINDS)} (one of {', '.join(KINDS)})"
            )
        for name in ("nth", "times", "status", "seconds", "keep", "chunk", "pause"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
                raise ValueError(f"{name} is a number, not {value!r}")
        if self.nth < 1:
            raise ValueError("nth counts from 1")
        if self.times is not None and self.times < 1:
            raise ValueError("times counts from 1; None is for ever")
        fields: object = self.fields  # a file may have anything there
        if isinstance(fields, str):
            raise ValueError(f"fields is a list of names, not {fields!r}")
        self.fields = tuple(self.fields)
        self._check_match()
        given = {name for name, default in _DEFAULTS.items() if getattr(self, name) != default}
        if useless := sorted(given - MEMBERS[self.kind]):
            known = f"only {', '.join(sorted(MEMBERS[self.kind]))}" if MEMBERS[self.kind] else "nothing of the sort"
            raise ValueError(f"{', '.join(useless)}: a fault of kind {self.kind!r} takes {known}")
        if self.kind in ("unknown_enum", "nulls", "missing", "retype") and not self.fields:
            raise ValueError(f"a fault of kind {self.kind!r} needs the fields that it is about")

    def _check_match(self) -> None:
        match: object = self.match
        if not isinstance(match, str):
            raise ValueError(f"match is text such as 'GET /v1/me', not {match!r}")
        fitted = befallen(self.match)
        if self.kind in ZIP_KINDS and BLOBS not in fitted:
            raise ValueError(
                f"a fault of kind {self.kind!r} hits downloads only: match 'GET /blob/*', not {self.match!r}"
            )

    def fits(self, operation: str | None, request: str) -> bool:
        """Whether the rule is about this request, given as its operation and as its method and path."""
        wanted = blanked(self.match)
        return any(
            wanted == name or ("*" in wanted and fnmatch.fnmatchcase(name, wanted))
            for name in (blanked(name) for name in (operation, request) if name is not None)
        )

    def due(self) -> bool:
        """Count a request that fits, and say whether the fault happens to it."""
        self.seen += 1
        if self.seen < self.nth or (self.times is not None and self.fired >= self.times):
            return False
        self.fired += 1
        return True


#: What does not belong to every kind (what others do is committed in any case), as it is where nothing was given.
_DEFAULTS: dict[str, Any] = {
    member.name: {} if member.name in ("headers", "set") else member.default
    for member in attrs.fields(Fault)
    if member.init and member.name not in ("match", "kind", "nth", "times", "commit")
}


class Faults:
    """The rules in force. The first that is due for a request hits it."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, *rules: Fault) -> Fault:
        """Put rules in force; returns the last, for `remove` and for its counters."""
        with self._lock:
            self._rules += rules
        return rules[-1]

    def remove(self, rule: Fault) -> None:
        """Take a rule out of force."""
        with self._lock:
            self._rules = [other for other in self._rules if other is not rule]

    def clear(self) -> None:
        """Take all of them out."""
        with self._lock:
            self._rules = []

    def __iter__(self) -> Iterator[Fault]:
        with self._lock:
            return iter(list(self._rules))

    def pick(self, operation: str | None, request: str) -> Fault | None:
        """The fault that hits this request. Every rule that fits counts it, one at most is carried out."""
        with self._lock:
            fitting = [rule for rule in self._rules if rule.fits(operation, request)]
            chosen = None
            for rule in fitting:
                if chosen is None:
                    chosen = rule if rule.due() else None
                else:
                    rule.seen += 1
            return chosen


def load_faults(path: str | Path) -> list[Fault]:
    """Read rules from a YAML or JSON file: a list of them, or an object with that list under `faults`.

    Raises ValueError with a sentence when the file is not such a list.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        document = json.loads(text) if str(path).endswith(".json") else yaml.safe_load(text)
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise ValueError(f"{path} cannot be read as YAML or JSON: {error}") from None
    rows = document.get("faults") if isinstance(document, dict) else document
    if not isinstance(rows, list):
        raise ValueError(f"{path} must hold a list of faults, or an object with one under `faults`.")
    known = {member.name for member in attrs.fields(Fault) if member.init}
    rules = []
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict) or not {"match", "kind"} <= row.keys():
            raise ValueError(f"{path}: fault {number} needs at least `match` and `kind`.")
        if unknown := row.keys() - known:
            first = sorted(unknown, key=str)[0]
            said = ", ".join(sorted(map(str, unknown)))
            raise ValueError(f"{path}: fault {number} has unknown members: {said}{_near(first, known)}.")
        try:
            rules.append(Fault(**row))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path}: fault {number}: {error}.") from None
    return rules


def _near(word: Any, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(str(word), known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
