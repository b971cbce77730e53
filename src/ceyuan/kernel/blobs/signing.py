"""Signed addresses that open a range of an object and nothing else of it (AWS Signature Version 4, query parameters:
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html).

The header `Range` is one of those that are signed, so the object store answers the request only with that very header.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who signs; `token` goes with keys that pass (AWS STS)."""

    key_id: str
    secret: str
    region: str
    token: str | None = None


def signed_range(url: str, start: int, end: int, signer: Credentials, now: datetime, seconds: int) -> str:
    """The address at which a GET with `Range: bytes=<start>-<end - 1>` is answered for so long; `url` has no query."""
    day, moment = now.strftime("%Y%m%d"), now.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{day}/{signer.region}/s3/aws4_request"
    query = {
        "X-Amz-Algorithm": _ALGORITHM,
        "X-Amz-Credential": f"{signer.key_id}/{scope}",
        "X-Amz-Date": moment,
        "X-Amz-Expires": str(seconds),
        "X-Amz-SignedHeaders": "host;range",
    }
    if signer.token is not None:
        query["X-Amz-Security-Token"] = signer.token
    words = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(query.items()))
    parts = urlsplit(url)
    headers = f"host:{parts.netloc}\nrange:bytes={start}-{end - 1}\n"
    canonical = f"GET\n{parts.path}\n{words}\n{headers}\nhost;range\nUNSIGNED-PAYLOAD"
    text = f"{_ALGORITHM}\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = b"AWS4" + signer.secret.encode()
    for word in (day, signer.region, "s3", "aws4_request", text):
        key = hmac.digest(key, word.encode(), "sha256")
    return f"{url}?{words}&X-Amz-Signature={key.hex()}"
