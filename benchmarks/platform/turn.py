"""One small turn of the loop in a process of its own: `python -m benchmarks.platform.turn DATA SOURCE`.

The exit status is 0 once the turn has succeeded; started again on the same folder it goes on where it was.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from ceyuan.cli.loop import plan_of, show_turn
from ceyuan.cli.platform import greet
from ceyuan.kernel.jobs import Job
from ceyuan.kernel.platform import Platform
from ceyuan.server.run import StopServing, serve
from ceyuan.server.settings import ServerSettings

RECIPE = {
    "shape": {
        "vocabulary": 512,
        "width": 32,
        "layers": 2,
        "heads": 2,
        "kv_heads": 1,
        "feed_forward": 64,
        "context": 256,
    },
    "steps": 24,
    "batch": 4,
    "warmup": 4,
    "threads": 1,
    "precision": "float32",
    "checkpoint_every": 6,
    "evaluate_every": 12,
    "evaluate_windows": 4,
    "heldout_documents": 8,
}
PLAN: dict[str, Any] = {
    "recipe": RECIPE,
    "instruction_model": None,
    "per_family": 1,
    "heldout_documents": 4,
    "checked_texts": 60,
    "checked_answers": 2,
    "max_perplexity": 1e9,
    "corpus_recipe": {"split": {"heldout": 0.2}},
    "source_laws": True,
    "questions": ["水井、石桥和路灯由谁管理？", "《镇区公共设施管理办法》第三条是怎么规定的？", "今天天气怎么样？"],
}
_PATIENCE_S = 120
LAW = "镇区公共设施管理办法"
ARTICLES = (
    "为了保护镇区的公共设施，方便居民的生活，制定本办法。",
    "镇区的水井、石桥、码头和路灯由镇公共设施管理所管理。",
    "居民发现公共设施损坏的，应当在三日内向管理所报告；管理所应当在十日内修复。",
    "任何人不得占用码头堆放货物。违反规定的，处五十元以上二百元以下的罚款。",
    "修复公共设施的费用由镇财政承担；人为损坏的，由损坏者承担。",
)
"""Articles of a law that does not exist, for the assistant of the small turn."""

_WHO = ["村里的老人", "新来的教师", "水利站的工程师", "图书馆的读者", "码头的工人", "研究所的学生", "医院的护士"]
_WHEN = ["清晨", "去年秋天", "暴雨过后", "每逢周末", "会议结束以后", "冬至前一天", "太阳落山的时候"]
_DID = [
    "检查了河堤的裂缝",
    "整理了旧报纸",
    "讨论了灌溉的办法",
    "记录了气温和湿度",
    "修好了门前的石桥",
    "教孩子们认识星座",
]
_WHY = [
    "因为大家都担心收成",
    "为的是把经验留给后人",
    "这样才能说清事情的原因",
    "虽然没有人要求他们这样做",
    "好让来年的工作顺利一些",
]
_THEN = ["后来消息传到了县城", "邻居们纷纷过来帮忙", "事情终于有了结果", "人们到现在还常常提起", "这件事写进了地方志"]


def write_source(folder: Path, seed: int, count: int = 60) -> None:
    """A folder of generated Chinese texts: most are good, some repeat each other, some are refuse; and a law."""
    draw = random.Random(seed)
    folder.mkdir(parents=True)
    texts: list[str] = []
    for number in range(count):
        if number % 12 == 11:
            texts.append(texts[-3].replace("后来", "随后", 1))
        elif number % 15 == 14:
            texts.append("####@@@@ 1234 " * 6)
        else:
            texts.append("\n".join(_paragraph(draw) for _ in range(3)))
    for number, text in enumerate(texts):
        (folder / f"text-{number:03d}.txt").write_text(text + "\n", encoding="utf-8")
    with (folder / "laws.jsonl").open("w", encoding="utf-8") as laws:
        for sign, article in zip("一二三四五", ARTICLES, strict=True):
            row = {"text": f"《{LAW}》第{sign}条\n{article}", "law_name": LAW, "article_no": f"第{sign}条"}
            laws.write(json.dumps(row, ensure_ascii=False) + "\n")


def _paragraph(draw: random.Random) -> str:
    parts = (_WHEN, _WHO, _DID, _WHY, _THEN)
    sentences = []
    for _ in range(draw.randint(3, 6)):
        when, who, did, why, then = (draw.choice(words) for words in parts)
        sentences.append(f"{when}，{who}{draw.choice(['一起', '慢慢', '认真地', '又一次'])}{did}，{why}；{then}。")
    return "".join(sentences)


async def _all_ended(platform: Platform) -> None:
    """Wait for what the turn set off besides its own jobs: revisions are inspected in jobs of the platform's."""
    open_jobs = select(func.count()).select_from(Job).where(Job.state.in_(("queued", "running")))
    async with asyncio.timeout(_PATIENCE_S):
        while True:
            await platform.dispatcher.drain()
            async with platform.database.session(write=False) as session:
                if not await session.scalar(open_jobs):
                    return
            await asyncio.sleep(0.2)


async def run_turn(data: Path, source: Path) -> bool:
    """Start the platform on a free port, run or go on with the turn, stop; whether it succeeded."""
    succeeded = False

    async def ready(platform: Platform, origin: str) -> None:
        nonlocal succeeded
        await greet(platform, origin)
        succeeded = await show_turn(platform, origin, plan_of(source, False, **PLAN))
        await _all_ended(platform)
        # What the calls cost is posted when their batch is full or at the stop; what hears of it, now.
        await platform.dispatcher.drain()
        raise StopServing

    await serve(ServerSettings(data_dir=data, port=0), ready=ready)
    return succeeded


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(run_turn(Path(sys.argv[1]), Path(sys.argv[2]))) else 1)
