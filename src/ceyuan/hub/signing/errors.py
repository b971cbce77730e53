"""What signing refuses."""

from __future__ import annotations

from ceyuan.kernel.errors import Conflict, Invalid, NotFound


class SigningKeyNotFound(NotFound):
    """No such key of this person."""

    code = "signing_key_not_found"
    title = ("签名密钥不存在", "No such signing key")


class SigningKeyTaken(Conflict):
    """The key is registered already."""

    code = "signing_key_exists"
    title = ("签名密钥已登记", "The signing key is registered")


class SignatureWrong(Invalid):
    """The signature is not one of this revision by this key."""

    code = "signature_wrong"
    title = ("签名无效", "The signature is not valid")
