"""Addresses of ranges, as AWS's own library signs them."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from ceyuan.kernel.blobs.signing import Credentials, signed_range


@pytest.mark.parametrize("token", [None, "a+token/with=signs"])
def test_a_signed_range_is_what_awss_own_library_signs(token: str | None) -> None:
    import boto3
    from botocore.config import Config

    client = boto3.client(
        "s3",
        endpoint_url="http://127.0.0.1:9000",
        region_name="cn-north-1",
        aws_access_key_id="AKID",
        aws_secret_access_key="a/secret+key",
        aws_session_token=token,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    wanted = {"Bucket": "b", "Key": "some/prefix/sha256/ab/abc", "Range": "bytes=7-99"}
    theirs = client.generate_presigned_url("get_object", Params=wanted, ExpiresIn=600)
    url, _, query = theirs.partition("?")
    said = {name: values[0] for name, values in parse_qs(query).items()}
    assert said["X-Amz-SignedHeaders"] == "host;range"
    now = datetime.strptime(said["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    ours = signed_range(url, 7, 100, Credentials("AKID", "a/secret+key", "cn-north-1", token), now, 600)
    assert {name: values[0] for name, values in parse_qs(urlsplit(ours).query).items()} == said
