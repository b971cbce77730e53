"""Settings of the process as a whole; rooms declare their own sections."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field
from sqlalchemy import make_url

from ceyuan.kernel.settings import Section


def default_data_dir() -> Path:
    """`./ceyuan-data`: everything the platform keeps lies under one folder."""
    return Path("ceyuan-data").absolute()


class ServerSettings(Section):
    """Where the platform keeps things and how it is reached."""

    data_dir: Path = Field(
        default_factory=default_data_dir, description="folder of the embedded database, blobs, journals and keys"
    )
    database_url: str = Field("", description="sqlite:///… or postgresql://…; empty = ceyuan.sqlite in the data folder")
    blob_url: str = Field("", description="folder or s3://bucket/prefix for blobs; empty = blobs/ in the data folder")
    host: str = Field("127.0.0.1", description="address to listen on; another than loopback needs TLS or behind_proxy")
    port: int = Field(8080, ge=0, le=65535, description="port to listen on; 0 = any free one")
    behind_proxy: bool = Field(False, description="a reverse proxy ends TLS and sets X-Forwarded-For and -Proto")
    tls_cert: Path | None = Field(None, description="PEM file of the certificate chain")
    tls_key: Path | None = Field(None, description="PEM file of the certificate's private key")
    public_url: str = Field("", description="address under which people reach the platform; empty = from host and port")
    heavy_jobs: int = Field(
        1, ge=1, le=256, description="how many jobs that fill cores may run at once in this process"
    )
    log_level: str = Field("info", description="debug, info, warning or error")

    @property
    def effective_database_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'ceyuan.sqlite'}"

    @property
    def sqlite_path(self) -> Path | None:
        """Where the SQLite database lies; None on another server."""
        url = make_url(self.effective_database_url)
        return Path(url.database or "").absolute() if url.get_backend_name() == "sqlite" else None

    @property
    def effective_blob_url(self) -> str:
        return self.blob_url or str(self.data_dir / "blobs")

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach the platform over HTTPS."""
        return self.tls_cert is not None or self.behind_proxy or self.public_url.startswith("https://")

    @property
    def origin(self) -> str:
        scheme = "https" if self.tls_cert else "http"
        return self.public_url.rstrip("/") or f"{scheme}://{self.host}:{self.port}"


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0))
