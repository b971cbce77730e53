"""A platform in a process of its own for the hub's benchmarks: `python -m benchmarks.hub.house FOLDER`.

It listens on a free port and, once it answers, writes `FOLDER/house.json`: address, process id, tokens by name. Its
database is made beforehand, by another process, as it is at every start but the first.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvloop

import ceyuan.server  # noqa: F401  (first, as by `ceyuan up`)
from ceyuan.identity import ensure_first_admin, found_organisation, issue_personal, verify_token
from ceyuan.identity.people.accounts import add_person
from ceyuan.kernel.platform import Platform
from ceyuan.server.assembly import build_platform
from ceyuan.server.run import prepare, serve
from ceyuan.server.settings import ServerSettings

PEOPLE = {"DummyHubUser": "Dummy User", "DVUser": "Dv User", "EnterpriseAdmin": "Enterprise Admin"}
"""Names and display names; the first owns the organisation, the last administers the platform."""
COMMAND = [sys.executable, "-m", "benchmarks.hub.house"]
ORGANISATION, ORGANISATION_TITLE = "valid-org-hub", "Dummy Hub Org"


async def furnish(platform: Platform) -> dict[str, str]:
    """People with tokens, and one organisation."""
    tokens = {}
    async with platform.work() as uow:
        await ensure_first_admin(uow)
        for name, title in PEOPLE.items():
            person = await add_person(
                uow, name=name, display_name=title, email=None, password_hash=None, email_confirmed=False
            )
            issued = await issue_personal(uow, name="benchmark", scopes=["*"], person_id=person.id)
            tokens[name] = issued.secret
    first = await verify_token(platform, tokens[next(iter(PEOPLE))])
    async with platform.work(first) as uow:
        await found_organisation(uow, name=ORGANISATION, display_name=ORGANISATION_TITLE, kind="lab")
    return tokens


async def main(folder: Path) -> None:
    async def ready(platform: Platform, origin: str) -> None:
        facts = {"origin": origin, "pid": os.getpid(), "tokens": await furnish(platform)}
        part = folder / "house.part"
        part.write_text(json.dumps(facts), encoding="utf-8")
        part.rename(folder / "house.json")

    await serve(ServerSettings(data_dir=folder / "data", port=0), ready=ready)


async def make_tables(folder: Path) -> None:
    settings = ServerSettings(data_dir=folder / "data")
    settings.data_dir.mkdir(mode=0o700)
    platform = build_platform(settings)
    await prepare(platform)
    await platform.database.close()


@contextmanager
def house(folder: Path, *, patience_s: float = 120, **environment: str) -> Iterator[dict[str, Any]]:
    """The facts of a platform that runs while the block does; `environment` holds settings."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "house.log"
    subprocess.run([*COMMAND, str(folder), "tables"], check=True, timeout=patience_s, env={**os.environ, **environment})
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*COMMAND, str(folder)],
            stdout=out,
            stderr=out,
            env={**os.environ, **environment},
        )
    deadline = time.monotonic() + patience_s
    facts = folder / "house.json"
    try:
        while not facts.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the platform did not start:\n{log.read_text()[-4000:]}")
            time.sleep(0.1)
        yield json.loads(facts.read_text())
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


if __name__ == "__main__":
    uvloop.run((make_tables if sys.argv[2:] == ["tables"] else main)(Path(sys.argv[1])))
