"""The command lines of inference servers: the documented flags, in words, and nothing that reaches beyond them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ceyuan.kernel.errors import Invalid
from ceyuan.models.replicas.engines import SERVERS, check_engine, words
from ceyuan.models.replicas.settings import ReplicaSettings
from ceyuan.models.replicas.starting import spec_of
from ceyuan.models.serving.variants import PoolRun, Variant

GPU = PoolRun("vllm", "gpu", accelerator="nvidia-a100-80g", accelerators=4, environment="/opt/vllm", org_id="org_x")
VARIANT = Variant("stable", 3, "", "models/lab/big@abc", "node", "org_x", True)


def test_vllm_gets_its_documented_flags_and_all_accelerators() -> None:
    run = replace(GPU, arguments={"max-model-len": "8192", "enable-prefix-caching": "true"})
    check_engine(run)
    assert words(run, "lab/big") == [
        *("vllm", "serve", "{model}", "--served-model-name", "lab/big", "--host", "{host}", "--port", "{port}"),
        *("--disable-uvicorn-access-log", "--disable-fastapi-docs", "--enable-prefix-caching"),
        *("--max-model-len", "8192", "--tensor-parallel-size", "4"),
    ]


def test_sglang_gets_its_documented_flags_and_its_key_by_a_file() -> None:
    run = replace(GPU, engine="sglang", arguments={"context-length": "8192", "pipeline-parallel-size": "2"})
    check_engine(run)
    assert words(run, "lab/big") == [
        *("python3", "-m", "sglang.launch_server", "--config", "{key_file}", "--model-path", "{model}"),
        *("--served-model-name", "lab/big", "--host", "{host}", "--port", "{port}"),
        *("--context-length", "8192", "--pipeline-parallel-size", "2", "--tensor-parallel-size", "2"),
    ]


@pytest.mark.parametrize(
    ("engine", "arguments"),
    [
        ("vllm", {"api-key": "mine"}),
        ("vllm", {"host": "0.0.0.0"}),
        ("vllm", {"middleware": "os.system"}),
        ("vllm", {"max-model-len": "8192; rm -rf /"}),
        ("vllm", {"dtype": "--trust-remote-code"}),
        ("vllm", {"enforce-eager": "no"}),
        ("vllm", {"gpu-memory-utilization": "1.5"}),
        ("vllm", {"tensor-parallel-size": "3"}),
        ("vllm", {"pipeline-parallel-size": "3"}),
        ("sglang", {"max-model-len": "8192"}),
        ("sglang", {"tool-server": "demo"}),
        ("command", {"dtype": "auto"}),
    ],
)
def test_arguments_that_are_unknown_wrong_or_the_platforms_are_refused(engine: str, arguments: dict[str, str]) -> None:
    command = ("serve",) if engine == "command" else ()
    with pytest.raises(Invalid):
        check_engine(replace(GPU, engine=engine, arguments=arguments, command=command))  # type: ignore[arg-type]


def test_a_command_is_given_for_the_engine_command_alone() -> None:
    with pytest.raises(Invalid):
        check_engine(replace(GPU, engine="command"))
    with pytest.raises(Invalid):
        check_engine(replace(GPU, command=("serve",)))


def test_no_flag_may_be_given_that_the_platform_sets_itself() -> None:
    for server in SERVERS.values():
        ours = {word.removeprefix("--") for word in server.words if word.startswith("--")}
        assert not ours & set(server.flags)


def test_the_task_of_a_replica_holds_everything_but_its_key() -> None:
    spec = spec_of(ReplicaSettings(), GPU, "lab/big", VARIANT)
    assert (spec.inputs, spec.pools, spec.network) == ({"model": "models/lab/big@abc"}, ["gpu"], True)
    assert (spec.resources.accelerator, spec.resources.accelerators) == ("nvidia-a100-80g", 4)
    assert spec.environment["PATH"].startswith("/opt/vllm/bin:")
    assert spec.argv[:2] == ["python3", "-c"]
    assert '"host": "0.0.0.0"' in spec.argv[3]
    assert '"host": "127.0.0.1"' in spec_of(ReplicaSettings(), replace(GPU, pool="local"), "lab/big", VARIANT).argv[3]
