from __future__ import annotations

import pickle

from ceyuan.hub.inspection import tasks
from ceyuan.kernel.platform import Platform
from tests.hub.conftest import As
from tests.hub.protocol.world import HubClient

URL = "/api/v1/repositories/model/demo/m/inspection"


class Shell:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        import os

        return os.system, ("true",)


async def test_a_revision_is_looked_at_as_a_whole(platform: Platform, signed_in: As) -> None:
    member = HubClient(signed_in("member"))
    await member.create("demo/base", private=False)
    await member.commit({"README.md": b"---\nlicense: cc-by-nc-4.0\n---\n"}, repo="models/demo/base")
    made = (await member.create()).json()["id"]
    assert (await member.http.get(URL)).json()["commit"] is None
    await member.commit(
        {
            "README.md": b"---\nlicense: apache-2.0\nbase_model: demo/base\n---\n",
            "LICENSE": b"GNU GENERAL PUBLIC LICENSE\nVersion 3\n",
            "a.pkl": pickle.dumps(Shell()),
            "people.csv": b"13800138000\n" * 5,
            "keys.env": b"AKIA" + b"A" * 16,
        }
    )
    head = (await member.http.get("/api/models/demo/m")).json()["sha"]
    await tasks.inspect(platform, made, head)
    found = (await member.http.get(URL, headers={"accept-language": "en"})).json()
    assert (found["commit"], found["current"]) == (head, True)
    assert (found["verdicts"]["unsafe"], found["verdicts"]["caution"]) == (2, 1)
    by_path = {finding["path"]: finding for finding in found["findings"]}
    assert by_path["people.csv"]["code"] == "personal_mobile"
    assert "13800138000" not in str(found)
    assert [(entry["licence"], entry["how"]) for entry in found["licences"]] == [
        ("apache-2.0", "declared"),
        ("gpl-3.0", "text"),
        ("cc-by-nc-4.0", "input"),
    ]
    assert [conflict["code"] for conflict in found["conflicts"]] == ["share_alike", "non_commercial"]
    tree = (await member.http.get("/api/v1/repositories/model/demo/m/tree")).json()["items"]
    assert {entry["name"]: entry["verdict"] for entry in tree}["a.pkl"] == "unsafe"


async def test_what_nobody_looked_at_is_planned_once(platform: Platform, signed_in: As) -> None:
    member = HubClient(signed_in("member"))
    made = (await member.create()).json()["id"]
    await member.commit({"a.txt": b"a"})
    outsider = signed_in("outsider")
    assert (await outsider.get(URL)).status_code == 404
    await tasks.plan_inspections(platform)
    await tasks.plan_inspections(platform)
    async with platform.work(write=False) as uow:
        from sqlalchemy import select

        from ceyuan.kernel.jobs import Job

        jobs = list(await uow.session.scalars(select(Job).where(Job.kind == "hub.inspect")))
    assert [job.params["revisions"][0][0] for job in jobs] == [made]
