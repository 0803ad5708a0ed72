"""Ids and tokens that look random and follow from the seed alone."""

import random
import uuid


class Ids:
    """A source of time-ordered ids (version 7, as in the pages' examples) and opaque tokens."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a fake's ids, nothing secret

    def uuid(self, now: float) -> str:
        """An id whose first bits are the moment, so that ids sort by age."""
        value = (int(now * 1000) & ((1 << 48) - 1)) << 80
        value |= 0x7 << 76 | self._random.getrandbits(12) << 64
        value |= 0b10 << 62 | self._random.getrandbits(62)
        return str(uuid.UUID(int=value))

    def token(self, prefix: str, length: int = 32) -> str:
        """An opaque string such as an API key."""
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        return prefix + "".join(self._random.choices(alphabet, k=length))
