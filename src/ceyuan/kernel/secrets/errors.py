"""What can be wrong with keys and with what they seal."""

from __future__ import annotations

from ceyuan.kernel.errors import CeyuanError


class KeyFault(CeyuanError):
    """The key file or the key in the environment cannot be used; the platform must not start without it."""

    code = "key_fault"
    title = ("主密钥不可用", "The master key cannot be used")


class UnsealFault(CeyuanError):
    """A sealed value cannot be opened: its key is unknown, or it was altered or moved."""

    code = "unseal_fault"
    title = ("密文无法解密", "A sealed value cannot be opened")
