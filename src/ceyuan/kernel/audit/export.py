"""Export of the log as JSON lines, and its verification away from the platform.

The first line describes the log (`format`, `origin`, `size`, `keys`), then come the signed heads as `{"note"}`
and the entries in order as `{"seq", "body"}`, where `body` is the exact text that is hashed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import orjson

from ceyuan.kernel.audit import repository
from ceyuan.kernel.audit.checkpoint import SignedHead, parse_note, parse_verifier_key
from ceyuan.kernel.audit.verification import BATCH, FaultFound, Verification, Verifier
from ceyuan.kernel.database import Database
from ceyuan.kernel.errors import Invalid

FORMAT = "ceyuan-audit-1"


async def export_lines(database: Database, origin: str, keys: Sequence[str]) -> AsyncIterator[bytes]:
    """The lines of an export, a batch of them at a time."""
    async with database.session(write=False) as session:
        heads = await repository.heads(session)
        size, _ = await repository.size_and_frontier(session)
    yield orjson.dumps({"format": FORMAT, "origin": origin, "size": size, "keys": list(keys)}) + b"\n"
    yield b"".join(orjson.dumps({"note": head.note}) + b"\n" for head in heads)
    seq = 0
    while seq < size:
        async with database.session(write=False) as session:
            rows = await repository.rows_from(session, seq, min(BATCH, size - seq))
        if not rows:
            break
        yield b"".join(orjson.dumps({"seq": row.seq, "body": row.body}) + b"\n" for row in rows)
        seq = rows[-1].seq + 1


def verify_export(
    lines: Iterable[bytes], *, keys: Sequence[str] | None = None, witnesses: Sequence[SignedHead] = ()
) -> Verification:
    """Check an export; `keys` are verifier keys obtained another way (without them the export's own are believed).

    Raises `Invalid` when `lines` are no export.
    """
    source = (_parse(line) for line in lines if line.strip())
    header = next(source, {})
    if header.get("format") != FORMAT or not isinstance(header.get("keys"), list) or "size" not in header:
        raise Invalid(("不是审计日志的导出文件", "this is not an export of an audit log"))
    heads = list(witnesses)
    verifier: Verifier | None = None
    public_keys = [parse_verifier_key(key) for key in (keys or header["keys"])]
    try:
        for line in source:
            if "note" in line:
                heads.append(parse_note(line["note"]))
                continue
            if verifier is None:
                verifier = Verifier(public_keys, heads)
                verifier.start()
            verifier.entry(line["seq"], line["body"])
        verifier = verifier or Verifier(public_keys, heads)
        verifier.finish(header["size"])
    except FaultFound as found:
        assert verifier is not None
        return verifier.result(found.fault)
    except (KeyError, TypeError, AttributeError) as error:
        raise Invalid(("导出文件的某一行不完整", "a line of the export is incomplete")) from error
    return verifier.result()


def _parse(line: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise Invalid(("导出文件的某一行不是 JSON", "a line of the export is not JSON"))
    return value
