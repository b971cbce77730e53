"""A whole platform in its own process, furnished for the contract and browser tests: `python -m tests.live FOLDER`.

It listens on a free port and, when everything is there, writes `FOLDER/live.json`: address, tokens, names, ids.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from ceyuan.governance.monitoring import create_rule
from ceyuan.governance.monitoring.schemas import RuleIn
from ceyuan.kernel.platform import Platform
from ceyuan.models.releases import open_release
from ceyuan.models.releases.schemas import ReleaseIn
from ceyuan.programmes.vouchers import apply_for, create_scheme, decide, fund_scheme
from ceyuan.programmes.vouchers.schemas import ApplyIn, SchemeIn, VoucherDecision
from ceyuan.scenarios.law import ask_law, open_assistant
from ceyuan.scenarios.law.schemas import AssistantIn
from ceyuan.server.run import serve
from ceyuan.server.settings import ServerSettings
from tests.identity.actors import PASSWORD
from tests.models.fake_upstream import FakeUpstream
from tests.workshop import Workshop

ARTICLES = [
    (
        "劳动合同法",
        "第十九条",
        "劳动合同期限三个月以上不满一年的，试用期不得超过一个月；三年以上的，试用期不得超过六个月。",
    ),
    (
        "劳动合同法",
        "第二十条",
        "劳动者在试用期的工资不得低于本单位相同岗位最低档工资或者劳动合同约定工资的百分之八十。",
    ),
    ("个人信息保护法", "第十三条", "取得个人的同意的，个人信息处理者方可处理个人信息。"),
    ("个人信息保护法", "第十四条", "基于个人同意处理个人信息的，该同意应当由个人在充分知情的前提下自愿、明确作出。"),
    ("专利法", "第四十二条", "发明专利权的期限为二十年，实用新型专利权的期限为十年，均自申请日起计算。"),
]


def law_rows() -> list[dict[str, str]]:
    """A few articles as rows of a dataset."""
    rows = []
    for law, number, text in ARTICLES:
        name = f"中华人民共和国{law}"
        meta = {"law_id": law, "law_name": name, "article_no": number, "status": "现行有效"}
        rows.append(
            {
                "id": f"law/{law}/{number}",
                "text": f"《{name}》{number}\n{text}",
                "meta": json.dumps(meta, ensure_ascii=False),
            }
        )
    return rows


async def furnish(platform: Platform, folder: Path) -> dict[str, Any]:
    """People, an organisation, a model, a dataset, a law assistant, a voucher, a release, a rule."""
    upstream = FakeUpstream()
    await upstream.start()
    workshop = Workshop(platform, upstream, "")
    await workshop.move_in()
    await workshop.people.add("root", admin=True)
    workshop.answer("试用期最长六个月[1]。")
    li = await workshop.actor("li")
    dataset = await workshop.dataset("laws", law_rows(), folder / "laws")
    model = await workshop.model("mini", folder / "mini")
    async with platform.work(li) as uow:
        wanted = AssistantIn(
            org_id=workshop.org, name="法律助手", dataset=dataset, model="echo", is_public=True, feedback="lab/feedback"
        )
        assistant, indexing = await open_assistant(uow, wanted)
        release = await open_release(uow, ReleaseIn(model=model, served="echo"))
        rule = RuleIn(org_id=workshop.org, name_zh="拦截", name_en="Blocked", metric="blocked", threshold=0)
        await create_rule(uow, rule)
    job = await workshop.ended(indexing.id)
    assert job.state == "succeeded", job.error
    officer = await workshop.actor("officer")
    async with platform.work(officer) as uow:
        scheme = await create_scheme(
            uow, SchemeIn(org_id=workshop.org, name_zh="模型券", name_en="Model vouchers", cap_micro=9_000_000)
        )
        await fund_scheme(uow, scheme.id, 20_000_000, "start")
    async with platform.work(li) as uow:
        ask_for = ApplyIn(scheme_id=scheme.id, org_id=workshop.org, asked_micro=5_000_000, purpose="try")
        voucher = await apply_for(uow, ask_for)
    async with platform.work(officer) as uow:
        await decide(uow, voucher.id, VoucherDecision(decision="grant"))
    await workshop.settle()
    answer = await ask_law(platform, li, assistant.id, "试用期最长多久？")
    names = ("li", "zoe", "root", "officer")
    return {
        "tokens": {name: await workshop.people.token(name) for name in names},
        "password": PASSWORD,
        "org_id": workshop.org,
        "dataset": dataset,
        "model": model,
        "assistant_id": assistant.id,
        "answer_id": answer.id,
        "job_id": indexing.id,
        "release_id": release.id,
        "voucher_id": voucher.id,
        "scheme_id": scheme.id,
    }


async def main(folder: Path) -> None:
    settings = ServerSettings(data_dir=folder / "data", port=0)

    async def ready(platform: Platform, origin: str) -> None:
        facts = {"origin": origin, **await furnish(platform, folder)}
        partial = folder / "live.part"
        partial.write_text(json.dumps(facts), encoding="utf-8")
        partial.rename(folder / "live.json")

    await serve(settings, ready=ready)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
