"""Traces as workloads: what is read, what is refused by line and column, and a replay of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from ceyuan.compute.catalogue.errors import AcceleratorUnknown
from ceyuan.compute.twin.errors import TraceInvalid
from ceyuan.compute.twin.schemas import Trace
from ceyuan.compute.twin.traces import read_trace
from ceyuan.hub import commit_folder, create_repository
from tests.compute.market import Market
from tests.compute.twin.test_studies import STUDIES, body, until_ended

WANTED = Trace(dataset="datasets/lab/traces", file="philly.csv", accelerator="h800")
PHILLY = b"timestamp,duration,num_gpus,vc\n2017-10-01 00:10:00,3600,16,a\n2017-10-01 00:00:00,60,1,b\n"


def test_a_trace_is_read_under_its_own_names_in_the_order_of_time() -> None:
    first, second = read_trace(PHILLY, WANTED)
    assert (first["owner"], first["submit"], first["seconds"], first["need"]["accelerators"]) == ("b", 0.0, 60.0, 1)
    assert (second["owner"], second["submit"]) == ("a", 600.0)
    # Sixteen of eight to a node are two nodes.
    assert second["need"] == {
        "cpus": 64,
        "memory_mib": 131_072,
        "accelerator": "h800",
        "accelerators": 8,
        "nodes": 2,
    }
    (plain,) = read_trace(b"submit,seconds,cpus,memory_gib,limit_s\n5,10,4,1.5,20\n", WANTED)
    assert (plain["need"]["cpus"], plain["need"]["memory_mib"], plain["limit"]) == (4, 1536, 20.0)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"submit\n1\n", "no column seconds"),
        (b"", "no column submit"),
        (b"submit,seconds\n", "1 to 20000 tasks"),
        (b"submit,seconds\n1,2\n1,-5\n", "line 3, seconds: “-5”"),
        (b"submit,seconds\nsoon,2\n", "line 2, submit"),
        (b"submit,seconds\n1,nan\n", "line 2, seconds"),
        (b"submit,seconds,accelerators,nodes\n1,2,9,2\n", "line 2, accelerators"),
        (b"\xff\xfe", "no CSV in UTF-8"),
    ],
)
def test_what_cannot_be_is_named_by_line_and_column(content: bytes, words: str) -> None:
    with pytest.raises(TraceInvalid) as refused:
        read_trace(content, WANTED)
    assert words in refused.value.message[1]


def test_an_accelerator_that_nobody_knows_is_refused_by_name() -> None:
    with pytest.raises(AcceleratorUnknown):
        read_trace(PHILLY, WANTED.model_copy(update={"accelerator": "h8000"}))


@pytest.mark.engine_bound
async def test_a_trace_of_a_dataset_is_replayed_by_those_who_may_read_it(market: Market, tmp_path: Path) -> None:
    rows = "".join(f"{600 * n},{900 + n},1,t{n % 2}\n" for n in range(12))
    (tmp_path / "t.csv").write_text("submit,seconds,num_gpus,user\n" + rows)
    actor = await market.people.actor("li")
    async with market.platform.work(actor) as uow:
        await create_repository(uow, "dataset", "lab", "traces", visibility="private")
    await commit_folder(market.platform, "datasets/lab/traces", tmp_path, message="first", actor=actor)
    workload = {"kind": "trace", "dataset": "datasets/lab/traces@main", "file": "t.csv", "accelerator": "h800"}
    assert (
        await market.send("li", "POST", STUDIES, body(market, workload=workload | {"file": "x"}))
    ).status_code == 404
    foreign = body(market, workload=workload) | {"org_id": market.supplier}
    assert (await market.send("chen", "POST", STUDIES, foreign)).status_code == 404
    study = await market.ok("li", "POST", STUDIES, body(market, workload=workload))
    assert study["plan"]["workload"]["dataset"].startswith("datasets/lab/traces@")
    assert not study["plan"]["workload"]["dataset"].endswith("@main")
    ended = await until_ended(market, study["id"])
    assert (ended["state"], ended["tasks"]) == ("succeeded", 12)
