from pathlib import Path

import pytest

from ceyuan.models.training import Corpus, CorpusFault
from tests.models.training.conftest import sentences, write_shard


def test_shards_named_by_split_are_read_in_order_of_their_names(corpus_folder: Path) -> None:
    corpus = Corpus(corpus_folder)
    assert list(corpus.texts("train")) == sentences(1, 200) + sentences(2, 200)
    assert list(corpus.texts("heldout")) == sentences(3, 40)


def test_other_tables_of_a_dataset_are_not_taken_for_text(tmp_path: Path) -> None:
    write_shard(tmp_path / "data" / "train-00000-of-00001.parquet", text=["甲"])
    write_shard(tmp_path / "dropped.parquet", reason=["太短"])
    assert list(Corpus(tmp_path).texts("train")) == ["甲"]


def test_a_split_column_tells_the_splits_apart(tmp_path: Path) -> None:
    write_shard(tmp_path / "all.parquet", text=["甲", "乙", "丙"], split=["train", "test", "train"])
    corpus = Corpus(tmp_path, heldout="test")
    assert list(corpus.texts("train")) == ["甲", "丙"]
    assert list(corpus.texts("heldout")) == ["乙"]


def test_without_any_split_about_one_document_in_fifty_is_held_out(tmp_path: Path) -> None:
    texts = [f"第{number}篇" for number in range(2_000)]
    write_shard(tmp_path / "part.parquet", text=texts)
    corpus = Corpus(tmp_path)
    train, heldout = list(corpus.texts("train")), list(corpus.texts("heldout"))
    assert sorted(train + heldout) == sorted(texts)
    assert 20 <= len(heldout) <= 60


def test_blank_texts_are_passed_over(tmp_path: Path) -> None:
    write_shard(tmp_path / "train-0.parquet", text=["", " \n", "甲"])
    assert list(Corpus(tmp_path).texts("train")) == ["甲"]


def test_a_sample_is_seeded_and_about_as_large_as_asked(corpus_folder: Path) -> None:
    corpus = Corpus(corpus_folder)
    once, again, other = (list(corpus.sample("train", 0.02, seed)) for seed in (1, 1, 2))
    assert once == again != other
    assert 0.01e6 < sum(len(text.encode()) for text in once) < 0.03e6
    assert list(corpus.sample("train", 10.0, 1)) == list(corpus.texts("train"))


def test_the_fingerprint_follows_content_and_what_is_read(corpus_folder: Path, tmp_path: Path) -> None:
    corpus = Corpus(corpus_folder)
    assert corpus.fingerprint() == Corpus(corpus_folder).fingerprint()
    assert corpus.fingerprint() != Corpus(corpus_folder, heldout="validation").fingerprint()
    write_shard(tmp_path / "train-0.parquet", text=["甲"])
    before = Corpus(tmp_path).fingerprint()
    write_shard(tmp_path / "train-0.parquet", text=["乙"])
    assert Corpus(tmp_path).fingerprint() != before


def test_an_empty_folder_is_said_to_have_no_parquet(tmp_path: Path) -> None:
    with pytest.raises(CorpusFault, match="no Parquet file"):
        list(Corpus(tmp_path).texts("train"))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    write_shard(tmp_path / "train-0.parquet", body=["甲"])
    with pytest.raises(CorpusFault, match="no text column text"):
        list(Corpus(tmp_path).texts("train"))


def test_binary_junk_is_said_to_be_no_parquet(tmp_path: Path) -> None:
    (tmp_path / "train-0.parquet").write_bytes(b"\x00\xff" * 500)
    with pytest.raises(CorpusFault, match="not Parquet"):
        list(Corpus(tmp_path).texts("train"))


def test_a_cut_off_shard_is_said_to_be_damaged(corpus_folder: Path, tmp_path: Path) -> None:
    whole = (corpus_folder / "data" / "heldout-00000-of-00001.parquet").read_bytes()
    (tmp_path / "train-0.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CorpusFault, match="damaged"):
        list(Corpus(tmp_path).texts("train"))
