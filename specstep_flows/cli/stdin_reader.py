"""Reads standard input in a thread: Windows can wait neither for a pipe nor for the next line of a console."""

from __future__ import annotations

import queue
import threading
from typing import ClassVar, Final, TextIO

import attrs

#: So much is read at a time, at most.
_CHUNK_BYTES: Final = 65536
#: How often a wait without an end looks whether it was interrupted.
_SLICE_SECONDS: Final = 0.2


@attrs.define(eq=False)
class StdinReader:
    """What arrives on a stream."""

    stream: TextIO
    _chunks: queue.SimpleQueue[bytes] = attrs.field(factory=queue.SimpleQueue, init=False)
    _is_over: bool = attrs.field(default=False, init=False)
    _only: ClassVar[StdinReader | None] = None

    def __attrs_post_init__(self) -> None:
        threading.Thread(target=self._take_in, name="stdin", daemon=True).start()

    @classmethod
    def of(cls, stream: TextIO) -> StdinReader:
        """The reader of this stream: there is never a second one, which would take half of what comes."""
        if cls._only is None or cls._only.stream is not stream:
            cls._only = cls(stream)
        return cls._only

    def read(self, seconds: float | None) -> bytes | None:
        """See ``keys.read_bytes``."""
        while not self._is_over:
            try:
                # Not in one piece: nothing interrupts a wait for a thread there.
                data = self._chunks.get(timeout=_SLICE_SECONDS if seconds is None else seconds)
            except queue.Empty:
                if seconds is not None:
                    return None
                continue
            self._is_over = not data
            return data
        return b""

    def _take_in(self) -> None:
        data = b"-"
        while data:
            try:
                # Not by its number: the bytes of a console would be those of its code page.
                data = self.stream.buffer.raw.read(_CHUNK_BYTES) or b""  # type: ignore[attr-defined]
            except (OSError, ValueError, AttributeError):
                data = b""
            self._chunks.put(data)
