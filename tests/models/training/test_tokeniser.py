import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from ceyuan.models.training import CorpusFault
from ceyuan.models.training.packing import encode_documents
from ceyuan.models.training.tokeniser import (
    BEGIN_ID,
    END,
    END_ID,
    load_tokeniser,
    save_tokeniser,
    train_tokeniser,
)
from tests.models.training.conftest import sentences

SCRIPT = """
import hashlib
from ceyuan.models.training.tokeniser import train_tokeniser
from tests.models.training.conftest import sentences
print(hashlib.sha256(train_tokeniser(sentences(1, 300), 500).to_str().encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def tokeniser(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    path = tmp_path_factory.mktemp("tokeniser") / "tokenizer.json"
    save_tokeniser(train_tokeniser(sentences(1, 300), 500), path)
    return load_tokeniser(path)


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_as_it_was(tokeniser: Tokenizer, text: str) -> None:
    ids = tokeniser.encode(text, add_special_tokens=False).ids
    assert tokeniser.decode(ids, skip_special_tokens=False) == text


def test_common_chinese_phrases_become_single_tokens(tokeniser: Tokenizer) -> None:
    assert len(tokeniser.encode("人民政府", add_special_tokens=False).ids) <= 2


def test_training_gives_the_same_file_whatever_the_threads() -> None:
    def run(threads: str) -> str:
        environment = {**os.environ, "RAYON_NUM_THREADS": threads, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, check=True)
        return done.stdout.decode().strip()

    here = hashlib.sha256(train_tokeniser(sentences(1, 300), 500).to_str().encode()).hexdigest()
    assert run("1") == run("4") == here


def test_a_document_that_spells_the_end_token_does_not_end(tokeniser: Tokenizer) -> None:
    (row,) = encode_documents(tokeniser, [f"甲{END}乙"])
    assert row[0] == BEGIN_ID
    assert list(row).count(END_ID) == 1
    assert row[-1] == END_ID


def test_a_very_long_line_is_encoded_in_pieces_that_join_to_the_whole(tokeniser: Tokenizer) -> None:
    text = "国" * 50_001
    (row,) = encode_documents(tokeniser, [text])
    assert tokeniser.decode(list(row)) == text


def test_no_text_is_refused() -> None:
    with pytest.raises(CorpusFault, match="no text"):
        train_tokeniser([], 500)


def test_each_document_is_its_own_row(tokeniser: Tokenizer, tmp_path: Path) -> None:
    rows = list(encode_documents(tokeniser, sentences(5, 30)))
    assert [tokeniser.decode(list(row)) for row in rows] == sentences(5, 30)
