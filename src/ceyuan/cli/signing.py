"""`ceyuan signing`: who vouches for a revision, checked here and not by the platform's word."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from ceyuan.cli.connection import Api, RemoteProblem, credentials_path
from ceyuan.cli.output import say, show, show_rows
from ceyuan.kernel.errors import Invalid, NotFound
from ceyuan.sdk.hub import Hub

app = typer.Typer(help="Signed revisions: make a key, sign, verify.", no_args_is_help=True)
Reference = Annotated[str, typer.Argument(help="such as models/owner/name@revision")]


def key_path() -> Path:
    """Where one's private signing key is kept (mode 0600)."""
    return credentials_path().with_name("signing.key")


def _private() -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        raw = bytes.fromhex(key_path().read_text().strip())
        return Ed25519PrivateKey.from_private_bytes(raw)
    except FileNotFoundError as error:
        raise NotFound(
            ("还没有签名密钥", "there is no signing key yet"),
            hint=("请先运行 ceyuan signing key", "run ceyuan signing key first"),
        ) from error
    except ValueError as error:
        raise Invalid((f"{key_path()} 不是签名密钥", f"{key_path()} holds no signing key")) from error


def _key_id(public: bytes) -> str:
    from ceyuan.kernel.secrets.vault import public_key_id

    return public_key_id(public)


@app.command()
def key(name: Annotated[str, typer.Option(help="by what name you know it")] = "this machine") -> None:
    """Make a signing key (Ed25519) on this machine if there is none, and register its public half."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    path = key_path()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(Ed25519PrivateKey.generate().private_bytes_raw().hex())
    public = _private().public_key().public_bytes_raw()
    try:
        Hub(Api()).add_signing_key(name, public.hex())
    except RemoteProblem as problem:
        if problem.code != "signing_key_exists":
            raise
    show({"key_id": _key_id(public), "public_key": public.hex(), "file": str(path)}, key="public_key")


@app.command()
def sign(reference: Reference) -> None:
    """Vouch for a revision with your key."""
    hub, private = Hub(Api()), _private()
    found = hub.signatures(reference)
    fixed = f"{reference.partition('@')[0]}@{found['commit']}"
    signature = private.sign(found["statement"].encode())
    hub.sign(fixed, _key_id(private.public_key().public_bytes_raw()), signature.hex())
    say((f"已签名 {fixed}", f"signed {fixed}"))


@app.command()
def verify(
    reference: Reference,
    folder: Annotated[Path | None, typer.Argument(help="also compare the files below this folder")] = None,
    trust: Annotated[
        list[str] | None, typer.Option("--key", help="public key (hex) that must have signed; may be repeated")
    ] = None,
) -> None:
    """Check on this machine who signed a revision and that its content is what was signed; exit 1 if not."""
    hub = Hub(Api())
    found = hub.signatures(reference)
    fixed = f"{reference.partition('@')[0]}@{found['commit']}"
    rows = list(hub.files(fixed))
    tree = hub.tree_id(rows)
    faults: list[tuple[str, str]] = []
    if f"\ntree {tree}\n" not in found["statement"] or f"\ncommit {found['commit']}\n" not in found["statement"]:
        faults.append(("文件清单与所签内容不符", "the list of files is not what was signed"))
    checked = [_checked(each, found["statement"].encode()) for each in found["signatures"]]
    for public in trust or ():
        if not any(each["public_key"] == public.lower() and each["valid"] for each in checked):
            faults.append((f"没有密钥 {public[:16]}… 的有效签名", f"no valid signature by the key {public[:16]}…"))
    if not all(each["valid"] for each in checked):
        faults.append(("有签名无效", "a signature is not valid"))
    if folder is not None:
        for path in hub.differing(rows, folder):
            faults.append((f"本地文件不同:{path}", f"the local file differs: {path}"))
    show_rows(checked, ["by", "kind", "key_id", "revoked", "valid"], key="key_id")
    for fault in faults:
        say(fault)
    if faults:
        raise typer.Exit(1)
    if trust:
        say(("全部通过", "all is well"))
    else:
        say(
            (
                "签名有效;密钥以平台所示为准,可用 --key 指定所信任的密钥",
                "valid by the keys that the platform names; say with --key which you trust",
            )
        )


def _checked(row: dict[str, Any], statement: bytes) -> dict[str, Any]:
    from ceyuan.kernel.secrets.vault import verify_signature

    valid = verify_signature(bytes.fromhex(row["public_key"]), statement, bytes.fromhex(row["signature"]))
    return {**row, "valid": valid}
