"""zlib, or what stands in for it with the extra ``fast``: zlib-ng, which accepts and refuses the same bytes, faster.

(Not every fast one does: igzip accepts streams that zlib refuses, and so would people's own programs.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import zlib
else:
    try:
        from zlib_ng import zlib_ng as zlib
    except ImportError:
        import zlib

__all__ = ["zlib"]
