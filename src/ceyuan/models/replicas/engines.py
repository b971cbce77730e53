"""Command lines of inference servers: a plan's engine and its checked arguments become words, never a shell line.

Flags: vLLM, `vllm serve --help` (vllm/entrypoints/openai/cli_args.py and vllm/engine/arg_utils.py); SGLang, "Server
Arguments" of its documentation. Only flags that tune the server can be given: those that say where it listens, who may
call it, or which other files and addresses it reads are the platform's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ceyuan.kernel.errors import Invalid
from ceyuan.models.serving.variants import EngineName, PoolRun

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.,:+-]{0,99}")


def _whole(value: str) -> bool:
    return value.isascii() and value.isdigit() and 0 < int(value) < 10**9


def _seed(value: str) -> bool:
    return value.isascii() and value.isdigit() and int(value) < 2**32


def _share(value: str) -> bool:
    return bool(re.fullmatch(r"0\.\d{1,4}|1\.0", value)) and float(value) > 0


def _word(value: str) -> bool:
    return _WORD.fullmatch(value) is not None


def _flag(value: str) -> bool:
    return value == "true"


Check = Callable[[str], bool]
_TAKES: dict[Check, str] = {
    _whole: "a whole number",
    _seed: "a whole number",
    _share: "a share between 0 and 1",
    _word: "a word",
    _flag: "true",
}

VLLM: dict[str, Check] = {
    "block-size": _whole,
    "convert": _word,
    "cpu-offload-gb": _whole,
    "data-parallel-size": _whole,
    "dtype": _word,
    "enable-auto-tool-choice": _flag,
    "enable-chunked-prefill": _flag,
    "enable-expert-parallel": _flag,
    "enable-prefix-caching": _flag,
    "enforce-eager": _flag,
    "generation-config": _word,
    "gpu-memory-utilization": _share,
    "kv-cache-dtype": _word,
    "load-format": _word,
    "max-model-len": _whole,
    "max-num-batched-tokens": _whole,
    "max-num-seqs": _whole,
    "no-enable-prefix-caching": _flag,
    "pipeline-parallel-size": _whole,
    "quantization": _word,
    "reasoning-parser": _word,
    "runner": _word,
    "seed": _seed,
    "tensor-parallel-size": _whole,
    "tokenizer-mode": _word,
    "tool-call-parser": _word,
    "trust-remote-code": _flag,
}
SGLANG: dict[str, Check] = {
    "attention-backend": _word,
    "chunked-prefill-size": _whole,
    "context-length": _whole,
    "data-parallel-size": _whole,
    "device": _word,
    "disable-cuda-graph": _flag,
    "disable-radix-cache": _flag,
    "dtype": _word,
    "enable-cache-report": _flag,
    "is-embedding": _flag,
    "kv-cache-dtype": _word,
    "load-format": _word,
    "max-prefill-tokens": _whole,
    "max-running-requests": _whole,
    "max-total-tokens": _whole,
    "mem-fraction-static": _share,
    "pipeline-parallel-size": _whole,
    "quantization": _word,
    "random-seed": _seed,
    "reasoning-parser": _word,
    "sampling-defaults": _word,
    "schedule-policy": _word,
    "tensor-parallel-size": _whole,
    "tokenizer-mode": _word,
    "tool-call-parser": _word,
    "trust-remote-code": _flag,
}


@dataclass(frozen=True, slots=True)
class Server:
    """A server program: the words that start it, with `{…}` for what the node fills in; its further flags; and the
    variable from which it takes its key (empty: a settings file among its words)."""

    words: tuple[str, ...]
    flags: Mapping[str, Check]
    key_name: str


SERVERS: dict[EngineName, Server] = {
    "vllm": Server(
        (
            *("vllm", "serve", "{model}", "--served-model-name", "{name}", "--host", "{host}", "--port", "{port}"),
            *("--disable-uvicorn-access-log", "--disable-fastapi-docs"),
        ),
        VLLM,
        "VLLM_API_KEY",
    ),
    "sglang": Server(
        (
            *("python3", "-m", "sglang.launch_server", "--config", "{key_file}", "--model-path", "{model}"),
            *("--served-model-name", "{name}", "--host", "{host}", "--port", "{port}"),
        ),
        SGLANG,
        "",
    ),
    "command": Server((), {}, "CEYUAN_REPLICA_KEY"),
}
_PARALLEL = ("tensor-parallel-size", "pipeline-parallel-size", "data-parallel-size")


def check_engine(run: PoolRun) -> None:
    """Raise `Invalid` for words and arguments that the engine does not take, or that do not fit the accelerators."""
    if (run.engine == "command") != bool(run.command):
        raise Invalid(
            ("command 引擎须给出命令,其他引擎不得给出", "a command is given for the engine “command”, and only for it")
        )
    flags = SERVERS[run.engine].flags
    for name, value in run.arguments.items():
        if name not in flags:
            known = ", ".join(flags) or "-"
            raise Invalid(
                (f"引擎 {run.engine} 不接受参数 {name}", f"the engine {run.engine} takes no argument {name}"),
                hint=(f"可用参数:{known}", f"it takes {known}"),
            )
        if not flags[name](value):
            takes = _TAKES[flags[name]]
            raise Invalid((f"参数 {name} 的值无效", f"the argument {name} takes {takes}"))
    split = 1
    for name in _PARALLEL:
        split *= int(run.arguments.get(name, "1"))
    if run.accelerators and "tensor-parallel-size" in run.arguments and split != run.accelerators:
        raise Invalid(
            (
                f"并行度 {split} 与加速卡数 {run.accelerators} 不符",
                f"a parallelism of {split} does not fit {run.accelerators} accelerators",
            )
        )
    if run.accelerators % split:
        raise Invalid((f"并行度 {split} 无法整除加速卡数", f"{split} does not divide the number of accelerators"))


def words(run: PoolRun, name: str) -> list[str]:
    """The words that start the engine for the model `name`; all accelerators go to tensor parallelism where the
    arguments say nothing else."""
    server = SERVERS[run.engine]
    made = [word.replace("{name}", name) for word in (*server.words, *run.command)]
    arguments = dict(run.arguments)
    if run.engine != "command" and run.accelerators > 1:
        others = int(arguments.get("pipeline-parallel-size", "1")) * int(arguments.get("data-parallel-size", "1"))
        arguments.setdefault("tensor-parallel-size", str(run.accelerators // others))
    for flag, value in sorted(arguments.items()):
        made += [f"--{flag}"] if server.flags[flag] is _flag else [f"--{flag}", value]
    return made
