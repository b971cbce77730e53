"""Governance: content safety, safety assessment, release, monitoring."""
