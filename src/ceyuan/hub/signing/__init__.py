"""Signed revisions: people vouch by an Ed25519 key for the content of a revision, the platform for what it keeps.
Whoever has the public key can check it without asking us."""

from ceyuan.hub.signing.statement import statement_of

__all__ = ["statement_of"]
