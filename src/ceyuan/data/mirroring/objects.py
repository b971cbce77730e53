"""Objects below a prefix of an S3-compatible store, as files of the same names; an object's ETag tells its change."""

from pathlib import Path
from typing import Any, BinaryIO

from ceyuan.data.mirroring.mirror import NotHad, Report, follow
from ceyuan.data.problems import DataProblem

__all__ = ["mirror_bucket"]

_BLOCK = 8 << 20


def mirror_bucket(
    folder: Path,
    bucket: str,
    prefix: str,
    report: Report,
    *,
    endpoint: str = "",
    region: str = "",
    access_key: str = "",
    secret: str = "",
    max_bytes: int = 2 << 30,
) -> dict[str, Any]:
    """Bring the objects below ``prefix`` into ``folder``; counts as ``follow`` gives them.

    Without ``access_key`` requests are not signed. Raises ``DataProblem`` ``bucket_unreachable``.
    """
    import obstore
    from obstore.exceptions import BaseError
    from obstore.store import S3Store

    config: dict[str, Any] = {"bucket": bucket, "region": region or "us-east-1"}
    if endpoint:
        config |= {"endpoint": endpoint, "virtual_hosted_style_request": False}
    if access_key:
        config |= {"access_key_id": access_key, "secret_access_key": secret}
    else:
        config["skip_signature"] = True
    options: Any = {"allow_http": endpoint.startswith("http://"), "timeout": "60s"}
    store = S3Store(**config, client_options=options, retry_config={"max_retries": 4})
    base = prefix.strip("/")
    try:
        found = {
            meta["path"].removeprefix(base).lstrip("/"): (str(meta.get("e_tag") or meta["last_modified"]), meta["size"])
            for batch in obstore.list(store, base or None)
            for meta in batch
        }
    except BaseError as error:
        raise DataProblem(
            "bucket_unreachable",
            f"无法列出 s3://{bucket}/{base}：{_short(error)}",
            f"s3://{bucket}/{base} cannot be listed: {_short(error)}",
        ) from error

    def fetch(name: str, file: BinaryIO) -> None:
        if found[name][1] > max_bytes:
            raise NotHad("too_large", f"{found[name][1]} bytes")
        try:
            for block in obstore.get(store, f"{base}/{name}".lstrip("/")).stream(min_chunk_size=_BLOCK):
                file.write(bytes(block))
        except BaseError as error:
            raise NotHad("unreachable", _short(error)) from error

    wanted = {name: f"{mark} {size}" for name, (mark, size) in found.items() if name and not name.endswith("/")}
    return follow(folder, wanted, fetch, report)


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
