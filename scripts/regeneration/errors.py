"""How a step says that it cannot go on: one exception, whose text is for a person to read."""

from __future__ import annotations

from collections.abc import Iterable

#: What makes an operation the same in two documents: its method, and its path with the parameters blanked.
OperationKey = tuple[str, tuple[str, ...]]


class RegenerationError(Exception):
    """Regeneration cannot go on. The working tree is as it was; each of ``sentences`` says why."""

    def __init__(self, sentences: str | Iterable[str]) -> None:
        self.sentences = [sentences] if isinstance(sentences, str) else list(sentences)
        #: How much the drift report has; empty when the run stopped before there was one.
        self.counts = ""
        super().__init__("\n".join(self.sentences))


class Notes:
    """What was read in another way than it was written, or left out, each with the place and the reason."""

    def __init__(self) -> None:
        self._lines: dict[str, None] = {}
        self._not_generated: dict[str, str] = {}
        self._lost: dict[OperationKey, str] = {}

    def add(self, sentence: str) -> None:
        """Note something that costs no operation."""
        self._lines.setdefault(sentence)

    def not_generated(self, operation: str, reason: str, key: OperationKey | None = None) -> None:
        """Note an operation that the generated client will not have; ``--strict`` makes this a stop.

        Args:
            operation: ``METHOD /path``.
            reason: why not, as part of a sentence.
            key: what another document knows it by, when nothing else has this key.
        """
        self._not_generated.setdefault(operation, reason)
        if key is not None:
            self._lost.setdefault(key, reason)

    @property
    def lines(self) -> list[str]:
        """The notes in a settled order."""
        return sorted(self._lines)

    @property
    def lost_operations(self) -> dict[str, str]:
        """Operation → the reason why it is not generated."""
        return dict(sorted(self._not_generated.items()))

    @property
    def lost_keys(self) -> dict[OperationKey, str]:
        """The same by the keys of the operations, as far as they have one."""
        return self._lost
