"""Text for people: what came from the service made safe to show, and names, money, time and sizes in words.

Safe means: no control characters, no escape sequences, no reordering of what stands there. Whatever draws on a terminal
or writes a page goes through it; whatever writes markup escapes it as well.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

#: Whole terminal sequences: CSI, OSC (to BEL or ST), DCS and the like, and two-character escapes.
_SEQUENCES: Final = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]"
)
_LINE_ENDS: Final = re.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
#: Joiners are invisible, but words of some scripts and many emoji need them.
_KEPT: Final = frozenset("\n\t\u200c\u200d")
#: Controls, invisible formatting (bidi overrides, tags, zero-width spaces) and halves of surrogate pairs.
_DROPPED: Final = frozenset({"Cc", "Cf", "Cs", "Co"})

#: What has the form of a key: one of its parts is long and has a digit. (``sf_bay_area_2026`` is a name.)
_KEY: Final = re.compile(
    r"\b(sf|oat)_(?:[A-Za-z0-9]{1,40}[_-]){0,5}?(?=[A-Za-z]{0,80}\d)[A-Za-z0-9]{12,}[\w.~+/=-]*", re.ASCII
)
_ADDRESS: Final = re.compile(r"(?i)\b(https?)(?::|%3a)(?:\\?/|%2f){2}([^\s\"'<>]*)")
#: A user's name and password, the host, and the rest. (Our own advice shows how to write the former.)
_AUTHORITY: Final = re.compile(
    r"(?i)(?:(?!name:password@)[^/?#;\\%]*@)?((?:name:password@)?[^/?#;\\%@]*?)([.,:!)\]}`]{0,8}|[/?#;\\%@].*)",
    re.DOTALL,
)
#: Paths of words, as pages have them. Anything else in an address may be a secret: a name, a number, a query.
_PAGE: Final = re.compile(
    r"(?:/(?:[a-z]{1,24}\d{0,5}(?:[-_][a-z]{1,24}){0,5}(?:\.html?)?)?){0,6}(?:#[a-z]{1,24}(?:[-.][a-z\d]{1,12}){0,5})?"
    r"[.,:!)\]}`]*"
)
#: Nothing here goes back over what it has read: a hostile text may be long.
_QUERY: Final = re.compile(
    r"(?i)(?<![^\s\"'`(=])(/[^\s\"'<>?;#%]*+(?:%(?!3[bf]|23)[^\s\"'<>?;#%]*+)*+)(?:[?;#]|%3[bf]|%23)"
    r"[^\s\"'<>=%]*+(?:%(?!3d)[^\s\"'<>=%]*+)*+(?:=|%3d)[^\s\"'<>]*"
)
_SIGNATURE: Final = re.compile(r"(?i)\b((?:[a-z-]{0,40}signature|sig)(?:=|%3d))[^\s\"'<>&]+")

_NUMBER: Final = re.compile(r"(\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})", re.ASCII)
#: Parts of a duration, the largest first.
_DURATION: Final = re.compile(
    " ?".join(
        rf"(?:{_NUMBER.pattern} ?{unit})?"
        for unit in ("d(?:ays?)?", "h(?:(?:ou)?rs?)?", "m(?:in(?:ute)?s?)?", "s(?:ec(?:ond)?s?)?")
    ),
    re.ASCII,
)
_UNIT_SECONDS: Final = (86400.0, 3600.0, 60.0, 1.0)


def without_secrets(text: str, *, is_foreign: bool = False) -> str:
    """``text`` without what may be a key or a signed address: of an address that is not a page's, the host stays.

    With ``is_foreign`` it is not ours, and relative addresses are cut, too; a path of this machine may look like one.
    """
    text = without_keys(text)
    if "/" in text or "%" in text:
        text = _ADDRESS.sub(_shown_address, text)
    if is_foreign and ("=" in text or "%" in text):
        text = _SIGNATURE.sub(r"\1…", _QUERY.sub(r"\1?…", text))
    return text


def without_keys(text: str) -> str:
    """``text`` without what may be a key."""
    return _KEY.sub(r"\1_…", text) if "_" in text else text


def _shown_address(match: re.Match[str]) -> str:
    found = _AUTHORITY.fullmatch(match[2])
    assert found is not None, "every part may be empty"
    is_page = found[0] == found[1] + found[2] and _PAGE.fullmatch(found[2]) is not None
    return match[0] if is_page else f"{match[1]}://{found[1]}/…"


def plain_text(text: object, encoding: str = "utf-8") -> str:
    """``text`` in several lines; what ``encoding`` (the terminal's) does not have becomes ``?``."""
    whole = _LINE_ENDS.sub("\n", _SEQUENCES.sub("", "" if text is None else str(text)))
    kept = "".join(
        character for character in whole if character in _KEPT or unicodedata.category(character) not in _DROPPED
    )
    return kept.encode(encoding, "replace").decode(encoding)


def plain_line(text: object, encoding: str = "utf-8") -> str:
    """``text`` in one line, runs of white space being one space."""
    return " ".join(plain_text(text, encoding).split())


def heading(text: object) -> str:
    """``text`` in one line, without the signs that make it a heading in Markdown."""
    return plain_line(text).lstrip("#").lstrip()


def spaced(name: str) -> str:
    """``SpecialistReview`` as ``Specialist review``; words that are spaced already stay."""
    if " " in name or not name:
        return name
    words: list[str] = []
    for character in name.replace("_", " ").replace("-", " "):
        if character.isupper() and words and words[-1].islower():
            words.append(" ")
        words.append(character)
    text = "".join(words)
    return text[0].upper() + text[1:].lower()


def money(usd: float | None) -> str:
    """An amount: cents, or tenths of a cent where cents would show nothing."""
    if usd is None:
        return "unknown"
    # Half a cent is rounded alike whichever way a sum was reckoned.
    usd = round(usd, 9)
    return f"${usd:.3f}" if 0 < abs(usd) < 0.01 else f"${usd:,.2f}"


def whole_seconds(seconds: float) -> int:
    """Seconds rounded to whole ones: half a second alike, whichever way a sum was reckoned."""
    return round(round(seconds, 9))


def duration(seconds: float) -> str:
    """Seconds as people write them: ``48s``, ``3m``, ``3m 5s``, ``2h 10m``, ``3d 4h``."""
    whole = max(0, whole_seconds(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m" + (f" {whole % 60}s" if whole % 60 else "")
    if whole < 86400:
        return f"{whole // 3600}h" + (f" {whole % 3600 // 60}m" if whole % 3600 // 60 else "")
    return f"{whole // 86400}d" + (f" {whole % 86400 // 3600}h" if whole % 86400 // 3600 else "")


def nearest(word: str, names: Iterable[str]) -> str | None:
    """The name that was probably meant, whatever its letter case: one that is like the word, or begins with it."""
    import difflib

    known = {name.casefold().lstrip("-"): name for name in names}
    wanted = word.casefold().lstrip("-")
    begun = [name for name in known if wanted and name.startswith(wanted)]
    near = begun if len(begun) == 1 else difflib.get_close_matches(wanted, known, n=1)
    return known[near[0]] if near else None


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """A sentence with the nearest name, behind a space; empty if none is near."""
    near = nearest(word, names)
    return "" if near is None else f" Did you mean {near!r}?"


def parse_duration(text: str) -> float | None:
    """Seconds, of what people write: ``90``, ``90s``, ``30m``, ``2h``, ``1h30m``, ``1h 30m``; None for anything else.

    It reads whatever ``duration`` writes.
    """
    text = text.strip().casefold()
    if _NUMBER.fullmatch(text):
        return float(text)
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        return None
    return sum(float(number) * unit for number, unit in zip(match.groups(), _UNIT_SECONDS, strict=True) if number)


def percent(value: float) -> str:
    """A percentage without decimals: ``71%``."""
    return f"{value:.0f}%"


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun: ``1 file``, ``3 files``, ``2 retries``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def size(count: int | None) -> str:
    """A number of bytes: ``812 bytes``, ``4.1 KB``, ``1.3 MB``."""
    if count is None:
        return "unknown size"
    if count < 1000:
        return counted(count, "byte")
    amount = float(count)
    for unit in ("KB", "MB", "GB", "TB"):
        amount /= 1000
        if amount < 999.95 or unit == "TB":
            return f"{amount:.1f} {unit}"
    raise AssertionError("unreachable")
