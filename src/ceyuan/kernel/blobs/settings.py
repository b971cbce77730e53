"""How an object store is reached; a folder needs none of these."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from ceyuan.kernel.settings import Section


class BlobSettings(Section):
    """Access to an S3-compatible store. What is not set here is taken from the usual `AWS_…` variables."""

    s3_endpoint: str | None = Field(default=None, description="address of the S3-compatible service, if not AWS")
    s3_public_endpoint: str | None = Field(
        default=None,
        description="address of the S3-compatible service as clients of the platform reach it; where it is set they "
        "download large files from there and upload them there by LFS, by signed addresses",
    )
    s3_region: str | None = Field(default=None, description="region of the bucket")
    s3_access_key: str | None = Field(default=None, description="access key id")
    s3_secret_key: SecretStr | None = Field(default=None, description="secret access key")
    blob_spool: Path | None = Field(
        default=None,
        description="folder where uploads to S3 wait until their hash is known; by default the system's temporary one",
    )
    blob_grace_hours: float = Field(
        default=24.0, ge=1.0, description="hours for which content that nothing refers to is kept"
    )
