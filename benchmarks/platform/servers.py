"""What `reads` measures: `python -m benchmarks.platform.servers platform FOLDER` or `… bare`.

Each listens on a free port and says `{"port": …}` on stdout once it answers; the platform says a token too.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from benchmarks.platform.processes import free_port
from ceyuan.hub import create_repository
from ceyuan.identity import ensure_first_admin, first_admin_actor, found_organisation, issue_personal
from ceyuan.kernel.platform import Platform
from ceyuan.server.run import serve
from ceyuan.server.settings import ServerSettings

REPOSITORIES = 20


async def platform(folder: Path) -> None:
    """The whole platform with an administrator's token and some repositories."""

    async def ready(running: Platform, origin: str) -> None:
        async with running.work() as uow:
            await ensure_first_admin(uow)
            admin = await first_admin_actor(uow)
        async with running.work(admin) as uow:
            await found_organisation(uow, name="lab", display_name="Lab", kind="lab")
            token = await issue_personal(uow, name="reads", scopes=["*"], person_id=admin.id)
        async with running.work() as uow:
            admin = await first_admin_actor(uow)
        async with running.work(admin) as uow:
            for number in range(REPOSITORIES):
                await create_repository(uow, "dataset", "lab", f"set-{number}")
        say(port=int(origin.rpartition(":")[2]), token=token.secret)

    await serve(ServerSettings(data_dir=folder / "data", port=0), ready=ready)


async def bare() -> None:
    """The least that Starlette and uvicorn do for a route that answers JSON as long as `/api/v1/me`."""
    body = {"id": "per_" + "0" * 26, "name": "admin", "bio": "x" * 500}

    async def page(_request: Request) -> JSONResponse:
        return JSONResponse(body)

    port = free_port()
    config = uvicorn.Config(Starlette(routes=[Route("/", page)]), port=port, log_level="error", access_log=False)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    say(port=port, token="none")
    await task


def say(**facts: object) -> None:
    """One line of JSON on stdout."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(bare() if sys.argv[1] == "bare" else platform(Path(sys.argv[2])))
