"""The entry of a job's own process: run one engine function, report on stdout, die with the platform.

Started as `python -m ceyuan.kernel.worker module:function`; the arguments come as JSON on stdin,
each line on stdout is a JSON object: `{"report": …}`, at the end `{"result": …}` or `{"error": …}`.
It stands beside the jobs, not among them, so that an engine's process loads neither the database nor the job engine.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import os
import resource
import signal
import sys
import traceback
from typing import Any

import orjson

_PR_SET_PDEATHSIG = 1


def _die_with_parent(parent: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the call took effect
        os._exit(1)


def main() -> int:
    entry, parent = sys.argv[1], int(sys.argv[2])
    _die_with_parent(parent)
    arguments = orjson.loads(sys.stdin.buffer.read())
    # Whatever the engine prints must not break the protocol: stdout proper goes to the log.
    channel = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)

    def send(message: dict[str, Any]) -> None:
        channel.write(orjson.dumps(message, option=orjson.OPT_SERIALIZE_NUMPY, default=str) + b"\n")

    def usage() -> dict[str, float]:
        own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
        return {"cpu_seconds": cpu, "peak_bytes": own.ru_maxrss * 1024}

    module_name, _, function_name = entry.partition(":")
    try:
        function = getattr(importlib.import_module(module_name), function_name)
        gc.freeze()  # what was imported stays: looking through it again and again is a tenth of collecting small files
        result = function(arguments, lambda report: send({"report": report}))
        send({"result": result, "usage": usage()})
        return 0
    except Exception as error:
        body: dict[str, Any] = {"type": type(error).__name__, "text": str(error), "trace": traceback.format_exc()}
        from ceyuan.kernel.errors import CeyuanError

        if isinstance(error, CeyuanError):
            body |= {"code": error.code, "message": error.message, "hint": error.hint, "status": error.status}
        else:
            # An engine may raise errors that carry both languages without knowing the kernel.
            message, hint = getattr(error, "message", None), getattr(error, "hint", None)
            if isinstance(message, tuple):
                body |= {"message": message, "hint": hint if isinstance(hint, tuple) else None}
        send({"error": body, "usage": usage()})
        return 1


if __name__ == "__main__":
    sys.exit(main())
