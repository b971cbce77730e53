"""Files of public package registries, fetched through the registries' own clients.

pip and npm do the download, so the user's mirrors, proxies and certificates are honoured; source distributions, whose
set-up script pip would run, are fetched as ``distributions`` does. The file must have the expected SHA-256.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from ceyuan.data.collection.clients import called, client, last_words
from ceyuan.data.collection.distributions import NotOffered, fetch_distribution
from ceyuan.data.files import sha256_of
from ceyuan.data.problems import DataProblem

__all__ = ["Package", "download"]

_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Package:
    """One file of one package version: ``registry`` is ``pypi`` or ``npm``, ``size`` in bytes, ``distribution`` the
    form of a PyPI package (``wheel``, ``sdist``)."""

    registry: str
    name: str
    version: str
    sha256: str
    size: int
    distribution: str = "wheel"

    @property
    def purl(self) -> str:
        """The package URL (purl-spec), an origin that names no host."""
        return f"pkg:{self.registry}/{self.name}@{self.version}"


def download(package: Package, folder: Path) -> Path:
    """Download the package's file into ``folder`` and verify it.

    Raises ``DataProblem``: ``client_missing`` (no pip or no npm here), ``package_unreachable`` (the client's
    last words), ``package_changed`` (the registry serves another file than the known one).
    """
    if package.registry == "pypi" and package.distribution == "sdist":
        return _verified(package, _source(package, folder))
    command = _pip_command(package, folder) if package.registry == "pypi" else _npm_command(package, folder)
    try:
        result = called(command, _SECONDS, folder)
    except subprocess.TimeoutExpired as error:
        raise _unreachable(package, f"no answer within {_SECONDS} s") from error
    if "DO NOT MATCH THE HASHES" in result.stderr:
        raise _changed(package)
    if result.returncode:
        raise _unreachable(package, last_words(result.stderr or result.stdout))
    files = [file for file in folder.iterdir() if file.suffix in {".whl", ".gz", ".tgz", ".zip"}]
    if len(files) != 1:
        raise _unreachable(package, "the client reported success but left no file")
    return _verified(package, files[0])


def _source(package: Package, folder: Path) -> Path:
    most = 2 * package.size  # another file than the known one is refused, and need not be fetched to its end
    try:
        return fetch_distribution(package.name, package.version, folder, seconds=_SECONDS, max_bytes=most)
    except NotOffered as error:
        raise _unreachable(package, str(error)) from error


def _verified(package: Package, file: Path) -> Path:
    if sha256_of(file) != package.sha256:
        raise _changed(package)
    return file


def _pip_command(package: Package, folder: Path) -> list[str]:
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n", "utf-8")
    quiet = ["--no-input", "--progress-bar", "off", "--quiet"]
    return [
        *client("pip"),
        "download",
        *quiet,
        "--no-deps",
        *("--only-binary", ":all:"),
        "--require-hashes",
        "--dest",
        str(folder),
        "-r",
        str(wanted),
    ]


def _npm_command(package: Package, folder: Path) -> list[str]:
    wanted = f"{package.name}@{package.version}"
    return [*client("npm"), "pack", wanted, "--ignore-scripts", "--loglevel=error", "--pack-destination", str(folder)]


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
