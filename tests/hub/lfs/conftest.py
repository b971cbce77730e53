"""The object store of the blob store's own tests."""

from __future__ import annotations

from tests.kernel.blobs.conftest import bucket, s3_endpoint, s3_settings

__all__ = ["bucket", "s3_endpoint", "s3_settings"]
