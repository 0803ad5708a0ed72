"""Signed URLs of the blob server: whoever has one may read, until it expires."""

import hashlib
import hmac
from urllib.parse import urlencode

_SECRET = b"a secret of the sandbox's own, worth nothing"


def signature(blob: str, expires: int) -> str:
    """What a URL must carry for this blob and this last second."""
    return hmac.new(_SECRET, f"{blob}\n{expires}".encode(), hashlib.sha256).hexdigest()


def signed_url(origin: str, blob: str, expires: float) -> str:
    """A URL in the manner of a blob store's shared access signature."""
    second = int(expires)
    query = urlencode({"sv": "2024-11-04", "sr": "b", "sp": "r", "se": second, "sig": signature(blob, second)})
    return f"{origin}/blob/{blob}?{query}"
