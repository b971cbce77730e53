"""Stores of both kinds: a folder, and a real S3 server (moto) on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from moto.server import ThreadedMotoServer
from pydantic import SecretStr

from ceyuan.kernel.blobs import BlobSettings, BlobStore


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The address of an S3-compatible server, alive for the run."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_settings(s3_endpoint: str, tmp_path: Path) -> BlobSettings:
    return BlobSettings(
        s3_endpoint=s3_endpoint,
        s3_region="us-east-1",
        s3_access_key="test",
        s3_secret_key=SecretStr("test"),
        blob_spool=tmp_path / "spool",
    )


@pytest.fixture
def bucket(s3_endpoint: str) -> str:
    """A fresh bucket's URL."""
    import boto3

    name = f"b{uuid4().hex[:12]}"
    boto3.client(
        "s3", endpoint_url=s3_endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    ).create_bucket(Bucket=name)
    return f"s3://{name}/some/prefix"


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    """An empty store of each kind in turn."""
    if request.param == "folder":
        return BlobStore(tmp_path / "blobs")
    return BlobStore(request.getfixturevalue("bucket"), request.getfixturevalue("s3_settings"))
