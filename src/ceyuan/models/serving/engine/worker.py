"""The process that runs one model: llama.cpp through xllamacpp, behind a Unix socket that only its owner may open.

It is started as a script, not as a module of the package, so that it loads nothing but the engine. It
speaks JSON lines on standard output (`selftest`, `ready`, `failed`) and ends when its standard input
closes, on SIGTERM, or when the process that started it dies.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any, TextIO

_PR_SET_PDEATHSIG = 1
_TEST_TOKENS = 8
_TEST_PROMPT = "从前有座山,山里有座庙,庙里有个老和尚在讲故事。他说:"


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when its parent dies (prctl(2), Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def thread_counts(cores: int) -> list[int]:
    """The counts that the self-test tries: one, half of the cores, all of them."""
    return sorted({cores, max(cores // 2, 1), 1})


def build(spec: dict[str, Any], threads: int) -> Any:
    """A llama.cpp server over the model of `spec`, listening on its Unix socket."""
    import xllamacpp

    Path(spec["socket"]).unlink(missing_ok=True)
    params = xllamacpp.CommonParams()
    params.model.path = spec["model_path"]
    params.model_alias = {spec["alias"]}
    params.n_ctx = spec["context"]
    params.n_parallel = spec["parallel"]
    params.kv_unified = True
    params.n_predict = spec["max_tokens"]
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.n_threads = threads
    params.n_threads_http = max(4, spec["parallel"] * 2)
    params.hostnames = [spec["socket"]]
    params.warmup = False
    params.fit_params = False
    params.ui = False
    params.endpoint_slots = False
    params.endpoint_metrics = True
    params.cache_ram_mib = 0
    params.verbosity = 1
    if spec["embeddings"]:
        params.embedding = True
        params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    if spec.get("chat_template"):
        params.chat_template = spec["chat_template"]
    return xllamacpp.Server(params)


def measure(server: Any) -> float:
    """Tokens per second that a server generates just now."""
    request = {
        "prompt": _TEST_PROMPT,
        "max_tokens": _TEST_TOKENS,
        "temperature": 0,
        "ignore_eos": True,
        "cache_prompt": False,
    }
    answer = server.handle_completions(request)
    return float(answer.get("timings", {}).get("predicted_per_second", 0.0))


def build_fastest(spec: dict[str, Any], tell: Any) -> tuple[Any, int]:
    """The server with the fastest of `thread_counts`, measured on the model itself, and that count.

    More threads are not always faster: on a machine whose cores are shared, each step of the model waits
    for its slowest thread. A count must win by a tenth to be preferred to a smaller one.
    """
    best, best_speed, built, server = 1, 0.0, 0, None
    for threads in thread_counts(spec["cores"]):
        server = None  # the model is in memory once only
        server, built = build(spec, threads), threads
        speed = measure(server)
        tell({"event": "selftest", "threads": threads, "tokens_per_s": round(speed, 1)})
        if speed > best_speed * 1.1:
            best, best_speed = threads, speed
    if built != best:
        server = None
        server = build(spec, best)
    return server, best


def _channel() -> TextIO:
    """Standard output as the channel to the parent; whatever the engine prints goes to standard error."""
    channel = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)
    return channel


def _await_end_of_input(ended: threading.Event) -> None:
    while os.read(0, 4096):
        pass
    ended.set()


def run(spec: dict[str, Any]) -> int:
    """Serve until told to end; returns the exit status."""
    die_with_parent(spec["parent"])
    channel = _channel()

    def tell(message: dict[str, Any]) -> None:
        channel.write(json.dumps(message) + "\n")

    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_await_end_of_input, args=(ended,), daemon=True).start()
    started = time.monotonic()
    try:
        if spec["threads"]:
            server, threads = build(spec, spec["threads"]), spec["threads"]
        else:
            server, threads = build_fastest(spec, tell)
    except Exception as error:
        tell({"event": "failed", "message": f"{type(error).__name__}: {error}"})
        return 1
    os.chmod(spec["socket"], 0o600)
    tell({"event": "ready", "threads": threads, "load_s": round(time.monotonic() - started, 3)})
    ended.wait()
    del server
    return 0


if __name__ == "__main__":
    sys.exit(run(json.loads(sys.argv[1])))
