"""Passages that many documents share are found over a corpus and taken out of each of its texts."""

from pathlib import Path

import polars as pl
import pytest

from ceyuan.data.operators.models import Model
from ceyuan.data.operators.passages import Unit, find_common_passages, strip_common_passages
from ceyuan.data.problems import DataProblem

FOOTER = "关注本站公众号，获取更多精彩内容！"
OWN = [f"第{n}篇讲的是一件与别篇不同的事情。它有自己的第{n}个细节；结尾也不同{n}。" for n in range(30)]


def stripped(texts: list[str], model: Path, sha256: str) -> tuple[list[str], list[bool]]:
    batch = pl.DataFrame({"text": texts, "changed": [False] * len(texts)})
    made = strip_common_passages(batch, Model(model=str(model), sha256=sha256))
    return made["text"].to_list(), made["changed"].to_list()


@pytest.mark.parametrize("unit", ["sentence", "paragraph"])
def test_what_stands_in_many_documents_goes_and_all_else_stays_byte_for_byte(unit: Unit, tmp_path: Path) -> None:
    texts = [f"{own}\n  {FOOTER} \n" if n % 2 else f"{own}　\n\n好。\n" for n, own in enumerate(OWN)]
    sha256, count = find_common_passages(texts, tmp_path / "m.npz", unit=unit, documents=10)
    clean, changed = stripped(texts, tmp_path / "m.npz", sha256)
    assert count == 1
    assert changed == [n % 2 == 1 for n in range(30)]
    for number, (before, after) in enumerate(zip(texts, clean, strict=True)):
        assert FOOTER not in after
        assert OWN[number] in after
        assert changed[number] or after == before


def test_a_document_counts_once_however_often_it_says_a_thing(tmp_path: Path) -> None:
    texts = [*OWN, FOOTER * 50, f"另一篇的开头说的是别的。{FOOTER}"]
    with pytest.raises(DataProblem):
        find_common_passages(texts, tmp_path / "m.npz", documents=3)
    sha256, count = find_common_passages(texts, tmp_path / "m.npz", documents=2)
    assert count == 1
    assert stripped([FOOTER * 3, "", "短。"], tmp_path / "m.npz", sha256) == (["", "", "短。"], [True, False, False])


def test_batches_of_documents_are_counted_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ceyuan.data.operators.passages._BATCH", 3)
    texts = [f"{own}{FOOTER}" if n < 11 else own for n, own in enumerate(OWN)]
    assert find_common_passages(texts, tmp_path / "m.npz", documents=11)[1] == 1
    with pytest.raises(DataProblem):
        find_common_passages(texts, tmp_path / "m.npz", documents=12)


def test_another_file_than_the_recipes_is_refused(tmp_path: Path) -> None:
    sha256, _ = find_common_passages([FOOTER] * 10, tmp_path / "m.npz")
    find_common_passages([f"另外的话，{FOOTER}"] * 10, tmp_path / "m.npz")
    with pytest.raises(DataProblem, match="model"):
        stripped([FOOTER], tmp_path / "m.npz", sha256)
