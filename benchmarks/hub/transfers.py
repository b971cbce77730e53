"""How fast the stock client moves files: `python -m benchmarks.hub.transfers [--quick] [--json FILE]`.

One large file of bfloat16 weights up and down by LFS and by Xet, a second client that uploads it with one MiB changed,
and many small files in one commit, each against a fresh platform on a memory file system, with tokens and all
verification on. The client and the server are processes of their own; the CPU seconds of both are printed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from benchmarks.hub.house import house

MIB = 1 << 20
HEAD_BYTES = 4096
"""Of the weights' safetensors header, its length included."""
OWNER = "DummyHubUser"
CLIENT = """
import json, os, resource, sys, time
from huggingface_hub import HfApi, hf_hub_download
api, (what, repo, source, into) = HfApi(), sys.argv[1:5]
api.whoami()
begun, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
if what == "file":
    api.upload_file(path_or_fileobj=source, path_in_repo="weights.safetensors", repo_id=repo)
elif what == "folder":
    api.upload_folder(folder_path=source, repo_id=repo)
else:
    hf_hub_download(repo, "weights.safetensors", local_dir=into)
wall, now = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF)
cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
print(json.dumps({"wall": wall, "cpu": cpu}))
"""


@dataclass(frozen=True, slots=True)
class Turn:
    """One transfer: seconds, CPU seconds of the client and of the server, the server's peak memory in MB."""

    wall: float
    client_cpu: float
    server_cpu: float
    server_mb: float


class Bench:
    """A running platform and clients that come to it."""

    def __init__(self, facts: dict[str, object], folder: Path) -> None:
        self.origin = str(facts["origin"])
        self.token = dict(facts["tokens"])[OWNER]  # type: ignore[call-overload]
        self.server = psutil.Process(int(str(facts["pid"])))
        self.folder = folder

    def client(self, what: str, repo: str, source: Path, *, xet: bool, home: str = "home") -> Turn:
        """Run one client to its end."""
        environment = {
            **os.environ,
            "HF_ENDPOINT": self.origin,
            "HF_TOKEN": self.token,
            "HF_HOME": str(self.folder / home),
            "HF_HUB_DISABLE_XET": "0" if xet else "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        }
        into = self.folder / f"into-{time.time_ns()}"
        before = sum(self.server.cpu_times()[:2])
        with self._peak() as peak:
            done = subprocess.run(
                [sys.executable, "-c", CLIENT, what, repo, str(source), str(into)],
                env=environment,
                capture_output=True,
                text=True,
                timeout=600,
                check=False,
            )
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        if what == "download":
            compare(source, into / "weights.safetensors")
        used = json.loads(done.stdout.strip().splitlines()[-1])
        return Turn(used["wall"], used["cpu"], sum(self.server.cpu_times()[:2]) - before, peak[0])

    @contextmanager
    def _peak(self) -> Iterator[list[float]]:
        peak, over = [0.0], threading.Event()

        def watch() -> None:
            while not over.wait(0.02):
                peak[0] = max(peak[0], self.server.memory_info().rss / 1e6)

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield peak
        finally:
            over.set()
            thread.join()


def compare(first: Path, second: Path) -> None:
    """Raise unless two files are equal."""
    if subprocess.run(["cmp", "-s", str(first), str(second)], check=False).returncode:
        raise RuntimeError("the download differs from what was uploaded")


def weights(path: Path, size: int, seed: int) -> Path:
    """A safetensors file of bfloat16: the upper halves of float32 from N(0, 0.02)."""
    chosen = np.random.default_rng(seed)
    shape = [(size - HEAD_BYTES) // 2]
    head = json.dumps({"w": {"dtype": "BF16", "shape": shape, "data_offsets": [0, 2 * shape[0]]}}).encode()
    with path.open("wb") as file:
        for _ in range(size // (16 * MIB)):
            part = chosen.normal(0, 0.02, 8 * MIB).astype(np.float32)
            file.write((part.view(np.uint32) >> 16).astype(np.uint16).tobytes())
    with path.open("r+b") as file:
        file.write((HEAD_BYTES - 8).to_bytes(8, "little") + head.ljust(HEAD_BYTES - 8))
    return path


def small_files(folder: Path, count: int) -> Path:
    """JSON files of about 11 KB."""
    folder.mkdir()
    for number in range(count):
        body = {"id": number, "text": [f"row {number} {n}" for n in range(700)]}
        (folder / f"{number:05d}.json").write_text(json.dumps(body))
    return folder


def stored(data: Path) -> int:
    """The bytes in the blob store."""
    return sum(path.stat().st_size for path in (data / "blobs").glob("??/*"))


def create(bench: Bench, *names: str) -> None:
    """Make repositories."""
    from huggingface_hub import HfApi

    api = HfApi(endpoint=bench.origin, token=bench.token)
    for name in names:
        api.create_repo(f"{OWNER}/{name}")


def run(folder: Path, size: int, files: int) -> list[tuple[str, Turn, float, float, str]]:
    """All transfers: (name, turn, figure, target, unit)."""
    rows = []
    source = weights(folder / "weights", size, 1)
    other = weights(folder / "other", size, 2)
    many = small_files(folder / "many", files)
    mb = size / 1e6
    with house(folder / "house") as facts:
        bench = Bench(facts, folder)
        create(bench, "lfs", "xet", "changed", "small")
        up = bench.client("file", f"{OWNER}/lfs", source, xet=False)
        rows.append(("LFS upload", up, mb / up.wall, 250, "MB/s"))
        down = bench.client("download", f"{OWNER}/lfs", source, xet=False)
        rows.append(("download, plain", down, mb / down.wall, 200, "MB/s"))
        up = bench.client("file", f"{OWNER}/xet", other, xet=True)
        rows.append(("Xet upload", up, mb / up.wall, 120, "MB/s"))
        down = bench.client("download", f"{OWNER}/xet", other, xet=True, home="fresh")
        rows.append(("download, Xet", down, mb / down.wall, 200, "MB/s"))
        before = stored(folder / "house" / "data")
        with other.open("r+b") as file:
            file.seek(size // 3)
            file.write(np.random.default_rng(3).bytes(MIB))
        up = bench.client("file", f"{OWNER}/changed", other, xet=True, home="second")
        rows.append(("1 MiB changed stores", up, (stored(folder / "house" / "data") - before) / 1e6, 3, "MB"))
        up = bench.client("folder", f"{OWNER}/small", many, xet=True)
        rows.append((f"{files} small files up", up, up.wall, 0.6, "s"))
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="64 MiB and 200 files")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    size, files = (64 * MIB, 200) if chosen.quick else (1024 * MIB, 1000)
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        rows = run(Path(name), size, files)
    print(
        f"{'transfer':24} {'figure':>12} {'target':>8}  {'wall s':>7} {'client CPU':>10} {'server CPU':>10} {'MB':>5}"
    )
    for title, turn, figure, target, unit in rows:
        print(
            f"{title:24} {figure:8.1f} {unit:4} {target:>7}  {turn.wall:7.2f} {turn.client_cpu:10.2f}"
            f" {turn.server_cpu:10.2f} {turn.server_mb:5.0f}"
        )
    peak = max(turn.server_mb for _, turn, _, _, _ in rows)
    print(f"server memory at most {peak:.0f} MB (target 200)")
    if chosen.json:
        out = [
            {
                "bar": title,
                "ours": figure,
                "target": target,
                "unit": unit,
                "better": "higher" if unit == "MB/s" else "lower",
            }
            for title, _, figure, target, unit in rows
        ]
        out.append({"bar": "server memory", "ours": peak, "target": 200, "unit": "MB", "better": "lower"})
        chosen.json.write_text(json.dumps(out, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
