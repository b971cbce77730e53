"""The platform that `truth` drives and kills: `python -m benchmarks.compute.truth_platform FOLDER`.

`FOLDER/pool.json` says which pool is registered (nothing for this machine). It says `{"port", "token", "org"}` on
standard output once it answers; started again on the same folder it goes on.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import uvloop

from ceyuan import metering
from ceyuan.compute.pools import KINDS, NewPool, add_host, all_pools, register_pool
from ceyuan.compute.pools.hosts import NewHost
from ceyuan.identity import ensure_first_admin, first_admin_actor, found_organisation, issue_personal
from ceyuan.kernel.platform import Platform
from ceyuan.server.run import serve
from ceyuan.server.settings import ServerSettings

YUAN = 1_000_000


async def ready(platform: Platform, origin: str, folder: Path) -> None:
    """Make what is missing, and say how to reach it."""
    async with platform.work() as uow:
        await ensure_first_admin(uow)
        admin = await first_admin_actor(uow)
        known = {pool.name for pool in await all_pools(uow.session)}
    made = folder / "organisation"
    if not made.exists():
        async with platform.work(admin) as uow:
            row = await found_organisation(uow, name="lab", display_name="Lab", kind="lab")
        async with platform.work() as uow:
            await metering.top_up(uow, row.id, 1_000_000 * YUAN, reference="truth")
            await metering.set_price(uow, metering.NewPrice("compute.core_second", 1000, 1))
        made.write_text(row.id)
    async with platform.work() as uow:
        admin = await first_admin_actor(uow)
    async with platform.work(admin) as uow:
        token = await issue_personal(uow, name="truth", scopes=["*"], person_id=admin.id)
    wanted: dict[str, Any] = json.loads((folder / "pool.json").read_text() or "{}")
    if wanted and "truth" not in known:
        pool = NewPool("truth", wanted["kind"], settings=wanted["settings"], secret=wanted.get("secret", ""))
        row = await register_pool(platform, admin, pool)
        if KINDS[wanted["kind"]].has_hosts:
            await add_host(platform, admin, row.id, NewHost(**wanted["host"]))
    port = int(origin.rpartition(":")[2])
    sys.stdout.write(json.dumps({"port": port, "token": token.secret, "org": made.read_text()}) + "\n")
    sys.stdout.flush()


async def main(folder: Path) -> None:
    """Serve until a signal comes."""
    await serve(
        ServerSettings(data_dir=folder / "data", port=0), ready=lambda running, origin: ready(running, origin, folder)
    )


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1])))
