"""`ceyuan audit`: check the audit log, keep its heads, export it.

`verify` trusts the platform as little as possible: an export is checked here, and a head that was kept
earlier is held against the platform by a consistency proof which is also checked here.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ceyuan.cli.connection import Api
from ceyuan.cli.output import language, say, show
from ceyuan.kernel.errors import Invalid, choose

app = typer.Typer(help="The audit log: verify, head, export.", no_args_is_help=True)

DataOption = Annotated[
    Path | None,
    typer.Option("--data", exists=True, file_okay=False, help="read this data folder, not the running platform"),
]


@app.command()
def verify(
    file: Annotated[Path | None, typer.Option(help="check this export instead", exists=True, dir_okay=False)] = None,
    data: DataOption = None,
    head: Annotated[
        list[Path] | None,
        typer.Option(help="a signed head kept earlier; may be repeated", exists=True, dir_okay=False),
    ] = None,
    key: Annotated[str | None, typer.Option(help="the log's verifier key, obtained another way")] = None,
) -> None:
    """Check every entry and signed head; the exit status is 0 only if all is well."""
    notes = [path.read_text() for path in head or []]
    if file is not None:
        result = _verify_file(file, notes, key)
    elif data is not None:
        result = asyncio.run(_verify_data(data, notes))
    else:
        result = _verify_remote(notes, key)
    fault = result["fault"]
    show(result, key="ok")
    if fault is not None:
        say((f"审计日志有问题:{fault['message_zh']}", f"the audit log is faulty: {fault['message_en']}"))
        raise typer.Exit(1)
    say((f"审计日志完好,共 {result['size']} 条", f"the audit log is intact: {result['size']} entries"))


@app.command()
def head(
    sign: Annotated[bool, typer.Option("--sign", help="sign one over all entries now (overseers only)")] = False,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="write the signed note here")] = None,
) -> None:
    """Print the newest signed head; keep it elsewhere, and `verify --head FILE` later proves any rewriting."""
    found = Api().post("/api/v1/audit/heads") if sign else Api().get("/api/v1/audit/head")
    if out is None:
        sys.stdout.write(found["note"])
        return
    out.write_text(found["note"])
    say((f"已保存到 {out}", f"written to {out}"))


@app.command()
def keys() -> None:
    """Print the public keys that check heads."""
    for key in Api().get("/api/v1/audit/keys")["keys"]:
        sys.stdout.write(f"{key}\n")


@app.command()
def export(
    out: Annotated[Path, typer.Option("-o", "--out", help="file to write, JSON lines")],
    data: DataOption = None,
) -> None:
    """Write the whole log to a file that `ceyuan audit verify --file` checks anywhere."""
    if data is not None:
        partial = out.with_name(out.name + ".part")
        asyncio.run(_export_data(data, partial))
        partial.replace(out)
    else:
        Api().download("/api/v1/audit/export", out)
    say((f"已导出到 {out}", f"exported to {out}"))


def _verify_file(path: Path, notes: list[str], key: str | None) -> dict[str, Any]:
    from ceyuan.kernel.audit import parse_note, verify_export

    with path.open("rb") as lines:
        result = verify_export(lines, keys=[key] if key else None, witnesses=[parse_note(note) for note in notes])
    return _as_dict(result)


async def _verify_data(data: Path, notes: list[str]) -> dict[str, Any]:
    from ceyuan.cli.platform import settings_of
    from ceyuan.kernel.audit import parse_note
    from ceyuan.server.assembly import build_platform

    platform = build_platform(settings_of(data))
    try:
        return _as_dict(await platform.audit.verify(platform, witnesses=[parse_note(note) for note in notes]))
    finally:
        await platform.database.close()


async def _export_data(data: Path, out: Path) -> None:
    from ceyuan.cli.platform import settings_of
    from ceyuan.server.assembly import build_platform

    platform = build_platform(settings_of(data))
    try:
        with out.open("wb") as file:
            async for chunk in platform.audit.export(platform):
                file.write(chunk)
    finally:
        await platform.database.close()


def _verify_remote(notes: list[str], key: str | None) -> dict[str, Any]:
    api = Api(timeout_s=3600.0)
    for note in notes:
        _check_growth(api, note, key)
    result: dict[str, Any] = api.get("/api/v1/audit/verify")
    return result


def _check_growth(api: Api, note: str, key: str | None) -> None:
    from ceyuan.kernel.audit import parse_note, parse_verifier_key, verify_consistency

    keys = [key] if key else api.get("/api/v1/audit/keys")["keys"]
    public = [parse_verifier_key(text) for text in keys]
    kept, newest = parse_note(note), parse_note(api.get("/api/v1/audit/head")["note"])
    if not all(any(signed.checks(one) for one in public) for signed in (kept, newest)):
        raise Invalid(("树头的签名无效", "the signature of a head is bad"))
    old, new = kept.head, newest.head
    grown = old.size <= new.size
    if grown:
        proof = api.get("/api/v1/audit/consistency", first=old.size, second=new.size)
        path = [bytes.fromhex(step) for step in proof["path"]]
        grown = verify_consistency(old.size, new.size, old.root, new.root, path)
    if not grown:
        text = (
            f"日志与保存的树头({old.size} 条)不一致:它被截断或改写",
            f"the log does not extend the kept head over {old.size} entries: it was cut off or rewritten",
        )
        say(choose(text, language()))
        raise typer.Exit(1)


def _as_dict(result: Any) -> dict[str, Any]:
    fault = result.fault
    described = fault and {
        "kind": fault.kind,
        "first": fault.first,
        "last": fault.last,
        "entry_id": fault.entry_id,
        "message_zh": fault.message[0],
        "message_en": fault.message[1],
    }
    return {"ok": result.ok, "size": result.size, "heads": result.heads, "root": result.root, "fault": described}
