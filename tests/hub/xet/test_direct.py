"""Xet downloads from the object store itself: a real S3 server (moto) on loopback."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from ceyuan.hub.chunks import text_of
from ceyuan.kernel.blobs import BlobSettings, BlobStore
from ceyuan.kernel.platform import Platform
from tests.hub.conftest import As
from tests.hub.lfs.conftest import bucket, s3_endpoint, s3_settings
from tests.hub.protocol.world import HubClient
from tests.hub.xet.test_store import DATA, OID, Uploader

__all__ = ["bucket", "s3_endpoint", "s3_settings"]
pytestmark = pytest.mark.engine_bound


async def test_chunks_are_fetched_from_the_object_store_by_addresses_that_open_their_range_alone(
    platform: Platform, signed_in: As, bucket: str, s3_settings: BlobSettings, tmp_path: Path
) -> None:
    public = s3_settings.model_copy(update={"s3_public_endpoint": s3_settings.s3_endpoint})
    platform.blobs = BlobStore(bucket, public)
    member = HubClient(signed_in("member"))
    await member.create(private=False)
    uploader = Uploader(member.http, tmp_path)
    await uploader.sign_in()
    packed = await uploader.upload(DATA)
    await member.commit(lfs={"w.safetensors": OID})
    url = f"/xet/v2/reconstructions/{text_of(packed.hash)}"
    answer = (await member.http.get(url, headers=uploader.headers)).json()
    (fetch,) = next(iter(answer["xorbs"].values()))
    assert s3_settings.s3_endpoint
    assert fetch["url"].startswith(s3_settings.s3_endpoint)
    assert parse_qs(urlsplit(fetch["url"]).query)["X-Amz-SignedHeaders"] == ["host;range"]
    span = fetch["ranges"][0]["bytes"]
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        got = await client.get(fetch["url"], headers={"range": f"bytes={span['start']}-{span['end']}"})
    assert (got.status_code, len(got.content)) == (206, span["end"] + 1 - span["start"])
