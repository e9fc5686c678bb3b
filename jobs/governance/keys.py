"""Keys derived from the lake's master key, one a purpose. A key never enters SQL, a plan, a log or the lake."""

from __future__ import annotations

import hashlib
import hmac


def derived(master: bytes, purpose: str, length: int = 32) -> bytes:
    """HKDF with SHA-256 (RFC 5869, no salt): ``length`` bytes that tell nothing of ``master`` or other purposes."""
    extracted = hmac.digest(bytes(32), master, hashlib.sha256)
    block, out = b"", b""
    for counter in range(1, -(-length // 32) + 1):
        block = hmac.digest(extracted, block + purpose.encode() + bytes([counter]), hashlib.sha256)
        out += block
    return out[:length]
