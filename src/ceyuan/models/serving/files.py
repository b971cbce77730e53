"""Which file an engine runs: from the catalogue, from a hub revision, or from this machine's disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ceyuan.hub import local_snapshot
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.platform import Platform
from ceyuan.models.serving.cache import ModelCache
from ceyuan.models.serving.catalogue import find_file
from ceyuan.models.serving.errors import InvalidServedModel
from ceyuan.models.serving.settings import ServingSettings

_MAGIC = b"GGUF"


@dataclass(frozen=True, slots=True)
class FileReference:
    """`known:<name>`, `hub:<owner>/<name>@<revision>:<path>`, or `file:<absolute path>`; for a hub file `place` is
    the reference to the revision and `path` the file in it."""

    kind: Literal["known", "hub", "file"]
    place: str
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> FileReference:
        """Read a reference; raises `InvalidServedModel`."""
        kind, _, rest = text.partition(":")
        if kind == "known" and rest:
            return cls("known", find_file(rest).name)
        if kind == "file" and rest.startswith("/"):
            return cls("file", rest)
        place, _, path = rest.partition(":")
        if kind == "hub" and "@" in place and path:
            return cls("hub", place, path)
        raise InvalidServedModel(
            (f"“{text[:120]}”不是模型文件引用", f"“{text[:120]}” is not a reference to a model file"),
            hint=(
                "形如 known:名称、hub:owner/name@版本:文件 或 file:/绝对路径",
                "write known:<name>, hub:<owner>/<name>@<revision>:<path> or file:</absolute path>",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind}:{self.place}" + (f":{self.path}" if self.path else "")


def model_cache(platform: Platform) -> ModelCache:
    """The model cache that this platform's settings name."""
    return ModelCache(platform.section(ServingSettings).model_cache)


def _hub_folder(platform: Platform, reference: FileReference) -> Path:
    return platform.data_dir / "models" / reference.place.replace("/", "--")


def local_path(platform: Platform, reference: FileReference) -> Path | None:
    """Where the file lies on this machine, `None` if it must be brought first."""
    if reference.kind == "known":
        known = find_file(reference.place)
        path = model_cache(platform).path(known.sha256)
        return path if path.is_file() and path.stat().st_size == known.size else None
    path = Path(reference.place) if reference.kind == "file" else _hub_folder(platform, reference) / reference.path
    return path if path.is_file() else None


async def bring_from_hub(platform: Platform, reference: FileReference, actor: Actor) -> Path:
    """Copy a file out of a hub revision onto this machine, verified; raises what the hub raises."""
    folder = _hub_folder(platform, reference)
    await local_snapshot(platform, reference.place, folder, actor=actor, only=[reference.path], links=True)
    path = folder / reference.path
    require_gguf(path)
    return path


def require_gguf(path: Path) -> None:
    """Raise `InvalidServedModel` unless the file begins like a GGUF."""
    try:
        with path.open("rb") as file:
            magic = file.read(len(_MAGIC))
    except OSError as error:
        raise InvalidServedModel((f"无法读取 {path.name}", f"{path.name} cannot be read: {error.strerror}")) from error
    if magic != _MAGIC:
        raise InvalidServedModel(
            (f"{path.name} 不是 GGUF 文件", f"{path.name} is not a GGUF file"),
            hint=("嵌入式引擎只运行 GGUF 格式的模型", "the embedded engine runs models in the GGUF format"),
        )
