"""The embedded engine: real llama.cpp processes over a model of a few thousand random weights."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from ceyuan.models.serving.engine import Engines, EngineSpec
from ceyuan.models.serving.engine.pool import own_folder
from ceyuan.models.serving.engine.worker import thread_counts
from ceyuan.models.serving.errors import EngineUnavailable
from tests.models.tiny_gguf import write_tiny_model

pytest.importorskip("xllamacpp", reason="the extra “standard” is not installed")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny.gguf")


def _spec(model: Path, **changes: Any) -> EngineSpec:
    settings: dict[str, Any] = {"alias": "tiny", "context": 512, "parallel": 2, "max_tokens": 64, "threads": 1}
    return EngineSpec(str(model), **{**settings, **changes})


@pytest.fixture
async def engines() -> AsyncIterator[Engines]:
    engines = Engines(idle_s=60, start_timeout_s=60)
    await engines.start()
    yield engines
    await engines.close()


async def _ask(engines: Engines, name: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
    async with engines.lease(name) as lease:
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(lease.socket))) as session:
            async with session.post(f"http://engine{path}", json=body) as answer:
                return answer.status, await answer.json()


async def _until(condition: Any) -> None:
    for _ in range(2400):
        if condition():
            return
        await asyncio.sleep(0.025)
    raise AssertionError("it never came true")


async def test_an_engine_starts_at_the_first_request_and_answers(engines: Engines, model: Path) -> None:
    engines.declare("tiny", _spec(model))
    assert engines.states()[0].state == "stopped"
    body = {"model": "tiny", "messages": [{"role": "user", "content": "th"}], "max_tokens": 5}
    status, answer = await _ask(engines, "tiny", "/v1/chat/completions", body)
    assert status == 200
    assert answer["usage"]["completion_tokens"] == 5
    state = engines.states()[0]
    assert (state.state, state.threads, state.restarts) == ("ready", 1, 0)


async def test_the_same_prompt_greedily_gives_the_same_answer(engines: Engines, model: Path) -> None:
    engines.declare("tiny", _spec(model))
    body = {"prompt": "the", "max_tokens": 12, "temperature": 0}
    first = await _ask(engines, "tiny", "/v1/completions", body)
    again = await _ask(engines, "tiny", "/v1/completions", body)
    assert first[1]["choices"] == again[1]["choices"]


async def test_embeddings_come_from_a_model_that_was_declared_to_give_them(engines: Engines, model: Path) -> None:
    engines.declare("tiny", _spec(model, embeddings=True))
    status, answer = await _ask(engines, "tiny", "/v1/embeddings", {"input": ["th", "ab"]})
    assert status == 200
    assert [len(row["embedding"]) for row in answer["data"]] == [32, 32]
    status, _ = await _ask(engines, "tiny", "/v1/completions", {"prompt": "th", "max_tokens": 2})
    assert status == 200


async def test_the_self_test_measures_each_thread_count_and_picks_one(engines: Engines, model: Path) -> None:
    engines.declare("tiny", _spec(model, threads=None))
    async with engines.lease("tiny"):
        state = engines.states()[0]
    assert [row["threads"] for row in state.selftest] == thread_counts(len(os.sched_getaffinity(0)))
    assert state.threads in [row["threads"] for row in state.selftest]


async def test_a_killed_engine_is_started_again_for_the_next_request(engines: Engines, model: Path) -> None:
    engines.declare("tiny", _spec(model))
    async with engines.lease("tiny"):
        pid = engines.states()[0].pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await _until(lambda: engines.states()[0].last_error is not None)
    async with engines.lease("tiny"):
        state = engines.states()[0]
        assert state.state == "ready"
        assert state.restarts == 1
        assert state.pid != pid


async def test_pauses_grow_with_each_failure_and_are_told_to_the_caller(engines: Engines, tmp_path: Path) -> None:
    junk = tmp_path / "junk.gguf"
    junk.write_bytes(b"not a model" * 100)
    engines.declare("junk", _spec(junk))
    with pytest.raises(EngineUnavailable) as caught:
        async with engines.lease("junk"):
            pass
    assert "failed to load model" in caught.value.reason
    assert str(junk) not in caught.value.line()
    with pytest.raises(EngineUnavailable) as caught:
        async with engines.lease("junk", wait_s=0.05):
            pass
    assert caught.value.fields["retry_after_s"] >= 1


async def test_a_model_whose_file_is_gone_is_told_and_not_a_fault_inside(engines: Engines, tmp_path: Path) -> None:
    engines.declare("gone", _spec(tmp_path / "gone.gguf"))
    with pytest.raises(EngineUnavailable, match="not on this machine"):
        async with engines.lease("gone"):
            pass
    assert "not on this machine" in (engines.states()[0].last_error or "")


async def test_an_engine_that_is_kept_warm_starts_by_itself_and_comes_back(engines: Engines, model: Path) -> None:
    engines.declare("tiny", _spec(model), keep_warm=True)
    await _until(lambda: engines.states()[0].state == "ready")
    os.kill(engines.states()[0].pid or 0, signal.SIGKILL)
    await _until(lambda: engines.states()[0].restarts == 1 and engines.states()[0].state == "ready")


async def test_an_idle_engine_gives_its_memory_back(model: Path) -> None:
    engines = Engines(idle_s=0.1)
    await engines.start()
    try:
        engines.declare("tiny", _spec(model))
        async with engines.lease("tiny"):
            assert engines.states()[0].rss_mb is not None
        await _until(lambda: engines.states()[0].state == "stopped")
    finally:
        await engines.close()


async def test_only_so_many_models_are_in_memory_and_the_longest_unused_goes(model: Path) -> None:
    engines = Engines(max_loaded=1)
    await engines.start()
    try:
        for name in ("a", "b"):
            engines.declare(name, _spec(model, alias=name))
        async with engines.lease("a"):
            with pytest.raises(EngineUnavailable, match="no room"):
                async with engines.lease("b"):
                    pass
        engines.declare("c", _spec(model, alias="c"))
        async with engines.lease("c"):
            assert {state.name: state.state for state in engines.states()}["a"] == "stopped"
    finally:
        await engines.close()


async def test_a_running_request_finishes_before_its_engine_is_withdrawn(engines: Engines, model: Path) -> None:
    engines.declare("tiny", _spec(model))
    async with engines.lease("tiny") as lease:
        pid = engines.states()[0].pid
        assert pid is not None
        engines.withdraw("tiny")
        await asyncio.sleep(0.05)
        assert psutil.pid_exists(pid)
        assert lease.socket.exists()
    await _until(lambda: not psutil.pid_exists(pid))
    assert engines.names == []
    with pytest.raises(EngineUnavailable):
        async with engines.lease("tiny"):
            pass


async def test_a_changed_declaration_replaces_the_process(engines: Engines, model: Path) -> None:
    engines.declare("tiny", _spec(model))
    async with engines.lease("tiny"):
        first = engines.states()[0].pid
    engines.declare("tiny", _spec(model, embeddings=True))
    async with engines.lease("tiny"):
        assert engines.states()[0].pid != first


async def test_only_the_owner_may_open_the_socket(engines: Engines, model: Path) -> None:
    engines.declare("tiny", _spec(model))
    async with engines.lease("tiny") as lease:
        assert lease.socket.stat().st_mode & 0o077 == 0
        assert lease.socket.parent.stat().st_mode & 0o077 == 0


PARENT = """
import asyncio, sys
from ceyuan.models.serving.engine import Engines, EngineSpec

async def main():
    engines = Engines()
    engines.declare("tiny", EngineSpec(sys.argv[1], "tiny", context=256, parallel=1, threads=1))
    async with engines.lease("tiny"):
        print(engines.states()[0].pid, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


def test_an_engine_dies_with_a_platform_that_is_killed(model: Path, tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", PARENT, str(model)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as parent:
        assert parent.stdout is not None
        engine = int(json.loads(parent.stdout.readline()))
        assert psutil.pid_exists(engine)
        parent.kill()
        parent.wait()
    try:
        psutil.Process(engine).wait(10)
    except psutil.NoSuchProcess:
        pass
    assert not psutil.pid_exists(engine) or psutil.Process(engine).status() == psutil.STATUS_ZOMBIE


def test_the_folder_of_a_process_that_is_gone_is_removed_and_one_in_use_is_kept(tmp_path: Path) -> None:
    gone, lock = own_folder(tmp_path)
    (gone / "1.sock").touch()
    lock.close()
    used, held = own_folder(tmp_path)
    assert not gone.exists()
    own_folder(tmp_path)[1].close()
    assert used.exists()
    held.close()


async def test_an_engine_keeps_a_log_of_its_life_and_of_its_calls(engines: Engines, model: Path) -> None:
    engines.declare("tiny", _spec(model, threads=None))
    async with engines.lease("tiny", call_id="req_1"):
        pass
    with pytest.raises(ZeroDivisionError):
        async with engines.lease("tiny", call_id="req_2"):
            raise ZeroDivisionError
    os.kill(engines.states()[0].pid or 0, signal.SIGKILL)
    await _until(lambda: "ended by itself" in engines.states()[0].log[-1])
    lines = engines.states()[0].log
    assert lines == sorted(lines, key=lambda line: line[:24])
    told = "\n".join(line.partition("Z ")[2] for line in lines)
    for words in (
        *("starting with tiny.gguf, 512 tokens of context, 2 calls at once", "self-test: ", "ready after "),
        *("call req_1 ended after ", "call req_2 ended early after ", "ended by itself"),
    ):
        assert words in told
