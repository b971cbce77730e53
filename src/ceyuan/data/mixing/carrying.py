"""The cards of a dataset carried along when it is put into another form: licences and words stay, files are its own."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ceyuan.data.files import write_atomically

__all__ = ["carry_cards", "front_matter"]

_FORMS = {
    "parquet": ("Parquet", "Parquet"),
    "jsonl": ("JSON Lines（gzip）", "JSON Lines (gzip)"),
    "webdataset": ("WebDataset（tar）", "WebDataset (tar)"),
    "packed": ("定长词元序列", "sequences of tokens of one length"),
}
_NOTE = (
    "> 由 {source} 导出为 {form}；下文所说的统计、剔除原因与样例文件在原数据集中。",
    "> Exported from {source} as {form}; statistics, reasons and samples that are spoken of below lie in that dataset.",
)


def carry_cards(folder: Path, out: Path, form: str, files: Iterable[Mapping[str, Any]], source: str) -> None:
    """Write ``README.md`` and its translations of the dataset in ``folder`` to ``out``, with where they come from and
    the ``files`` (``path``, ``split``) in place of those of before. A dataset without a card gets a small one."""
    patterns: dict[str, str] = {}
    for one in files:
        path = Path(str(one["path"]))
        ending = "".join(path.suffixes)
        patterns.setdefault(str(one["split"]), f"{path.parent.as_posix()}/{one['split']}-*{ending}")
    found = {path.name: path.read_text("utf-8", "replace") for path in sorted(folder.glob("README*.md"))}
    for name, text in ({"README.md": f"# {source}\n"} | found).items():
        head, body = _parted(text)
        side = 1 if ".en" in name else 0
        note = _NOTE[side].format(source=f"`{source}`" if source else "", form=_FORMS[form][side])
        new = front_matter(_without_files(head), patterns) if head or name == "README.md" else ""
        data = f"{new}{note}\n\n{body.lstrip()}".encode()
        write_atomically(out / name, lambda file, data=data: _put(file, data))  # type: ignore[misc]


def front_matter(lines: Iterable[str], patterns: Mapping[str, str]) -> str:
    """What a card begins with: some ``lines``, and the files of each split by their pattern, training first."""
    sides = sorted(patterns, key=lambda side: (side != "train", side))
    configs = [line for side in sides for line in (f"  - split: {side}", f"    path: {patterns[side]}")]
    return "\n".join(["---", *lines, "configs:", "- config_name: default", "  data_files:", *configs, "---", "", ""])


def _parted(text: str) -> tuple[list[str], str]:
    """(the lines between the marks at the beginning, what follows)."""
    lines = text.split("\n")
    if lines[0].strip() != "---" or "---" not in [line.strip() for line in lines[1:]]:
        return [], text
    end = [line.strip() for line in lines].index("---", 1)
    return lines[1:end], "\n".join(lines[end + 1 :])


def _without_files(head: Iterable[str]) -> list[str]:
    """The lines without those that name files or their columns: they are others now."""
    kept, inside = [], False
    for line in head:
        if line[:1] not in (" ", "-"):
            inside = line.startswith(("configs:", "dataset_info:"))
        if not inside:
            kept.append(line)
    return kept


def _put(file: Any, data: bytes) -> None:
    file.write(data)
