"""Secrets: sealing values that must be read again, signing, rotation of keys, and redaction.

Passwords and access tokens are not sealed but hashed; that is the identity room's part.
"""

from ceyuan.kernel.secrets.errors import KeyFault, UnsealFault
from ceyuan.kernel.secrets.redaction import HIDDEN, RedactingFilter, is_sensitive, redact, redact_data
from ceyuan.kernel.secrets.rotation import Rotation, Sealed, rewrap_all, rotate
from ceyuan.kernel.secrets.settings import SecretSettings
from ceyuan.kernel.secrets.vault import Signature, Vault, open_vault, public_key_id, verify_signature

__all__ = [
    "HIDDEN",
    "KeyFault",
    "RedactingFilter",
    "Rotation",
    "Sealed",
    "SecretSettings",
    "Signature",
    "UnsealFault",
    "Vault",
    "is_sensitive",
    "open_vault",
    "public_key_id",
    "redact",
    "redact_data",
    "rewrap_all",
    "rotate",
    "verify_signature",
]
