"""The mirror as a process: JSON in, JSON out; the secret comes in the environment, never among the arguments."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ceyuan.data.mirroring.mirror import Report
from ceyuan.data.mirroring.objects import mirror_bucket
from ceyuan.data.mirroring.packages import mirror_package
from ceyuan.data.mirroring.repositories import mirror_repository
from ceyuan.data.mirroring.rows import mirror_rows
from ceyuan.data.purls import wanted

__all__ = ["SECRET", "main"]

SECRET = "CEYUAN_SOURCE_SECRET"


def main(args: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """``kind`` (``s3``, ``hub``, ``sql``, ``package``), ``folder``, ``location``, ``options``, ``allowed`` (networks).

    Returns counts: ``fetched``, ``unchanged``, ``gone``; ``quarantined`` by reason and the first of them.
    """
    folder, location, options = Path(args["folder"]), str(args["location"]), dict(args.get("options") or {})
    secret = os.environ.get(SECRET, "")
    if args["kind"] == "s3":
        bucket, _, prefix = location.removeprefix("s3://").partition("/")
        endpoint, region, key = (str(options.get(name, "")) for name in ("endpoint", "region", "access_key"))
        return mirror_bucket(
            folder, bucket, prefix, report, endpoint=endpoint, region=region, access_key=key, secret=secret
        )
    if args["kind"] == "hub":
        endpoint = str(options.get("endpoint") or "https://huggingface.co")
        revision = str(options.get("revision") or "main")
        allowed = tuple(args.get("allowed", ()))
        return mirror_repository(folder, endpoint, location, revision, report, secret=secret, allowed=allowed)
    if args["kind"] == "package":
        package = wanted(location)
        if package is None:
            raise ValueError(f"no package URL: {location}")
        return mirror_package(folder, package, report, distribution=str(options.get("distribution", "")))
    key, watermark = str(options["key"]), str(options.get("watermark", ""))
    return mirror_rows(folder, location, str(options["query"]), report, key=key, watermark=watermark, secret=secret)
