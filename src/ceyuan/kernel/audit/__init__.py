"""Audit: an append-only Merkle log of deeds, with signed heads, proofs and verification.

Rooms append with `UnitOfWork.audit`; what an entry says to people in a page is the console's part.
"""

from ceyuan.kernel.audit.checkpoint import Head, SignedHead, parse_note, parse_verifier_key, verifier_key
from ceyuan.kernel.audit.errors import NotYetCovered
from ceyuan.kernel.audit.export import verify_export
from ceyuan.kernel.audit.log import AuditLog, ConsistencyProof, InclusionProof
from ceyuan.kernel.audit.merkle import verify_consistency, verify_inclusion
from ceyuan.kernel.audit.repository import entries_of
from ceyuan.kernel.audit.verification import Fault, Verification

__all__ = [
    "AuditLog",
    "ConsistencyProof",
    "Fault",
    "Head",
    "InclusionProof",
    "NotYetCovered",
    "SignedHead",
    "Verification",
    "entries_of",
    "parse_note",
    "parse_verifier_key",
    "verifier_key",
    "verify_consistency",
    "verify_export",
    "verify_inclusion",
]
