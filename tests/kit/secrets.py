"""A search for the key and for signed addresses: in logs, in exceptions with everything that they hold, in files."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import attrs

#: The sandbox's signatures are a query parameter of 20 or more characters.
SIGNATURE = re.compile(r"sig=[A-Za-z0-9%+/_-]{8,}")


class LogTrap(logging.Handler):
    """Keeps all that is logged by anybody, at every level, with the arguments as they came."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name}: {record.getMessage()} {record.args!r} {record.exc_text or ''}")
        if record.exc_info is not None and record.exc_info[1] is not None:
            self.lines += texts_of(record.exc_info[1])


@attrs.define
class Secrets:
    """The keys in use; ``found_in`` gives the texts in which one of them, or a signed address, stands."""

    keys: set[str] = attrs.field(factory=set)

    def found_in(self, texts: Iterable[str]) -> list[str]:
        return [text[:2000] for text in texts if self._is_in(text)]

    def _is_in(self, text: str) -> bool:
        return any(key in text for key in self.keys) or SIGNATURE.search(text) is not None

    def found_under(self, folder: Path) -> list[str]:
        """The files under a folder that hold one."""
        files = [path for path in folder.rglob("*") if path.is_file()]
        return [str(path) for path in files if self._is_in(path.read_bytes().decode("latin-1"))]


def chain(error: BaseException) -> Iterator[BaseException]:
    """An exception, its causes, its contexts, suppressed ones among them, and their notes' owners."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [other for other in (one.__cause__, one.__context__) if other is not None]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions


def texts_of(error: BaseException) -> list[str]:
    """All that a thorough error reporter could show of an exception: texts, arguments, attributes, local variables."""
    texts: list[str] = []
    for one in chain(error):
        texts += [str(one), repr(one), repr(one.args), repr(vars(one))]
        for frame in _frames(one.__traceback__):
            if _is_ours(frame):
                texts += [
                    f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_qualname}: {name} = {_repr(value)}"
                    for name, value in frame.f_locals.items()
                ]
    return texts


def _frames(trace: TracebackType | None) -> Iterator[FrameType]:
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next


def _is_ours(frame: FrameType) -> bool:
    """Frames of the tests hold the key of course; everybody else's must not."""
    return "/tests/" not in frame.f_code.co_filename.replace("\\", "/")


def _repr(value: Any) -> str:
    try:
        return repr(value)
    except Exception as error:  # a half-made object's repr may fail with anything
        return f"<no repr: {error!r}>"
