from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceyuan.models.training import CorpusFault
from ceyuan.models.training.packing import WindowOrder, pack, windows
from ceyuan.models.training.tokeniser import END_ID, train_tokeniser
from tests.models.training.conftest import sentences

COUNTS = st.integers(1, 40)
SEEDS = st.integers(0, 1_000)


@settings(deadline=None)
@given(COUNTS, SEEDS, st.integers(0, 4))
def test_every_pass_reads_every_window_once(count: int, seed: int, epoch: int) -> None:
    taken = WindowOrder(count, seed).take(epoch * count, count)
    assert sorted(taken) == list(range(count))


@settings(deadline=None)
@given(COUNTS, SEEDS, st.lists(st.integers(1, 30), min_size=1, max_size=6))
def test_the_order_does_not_depend_on_where_reading_stops(count: int, seed: int, cuts: list[int]) -> None:
    order = WindowOrder(count, seed)
    position, parts = 0, []
    for length in cuts:
        parts.append(order.take(position, length))
        position += length
    assert np.array_equal(np.concatenate(parts), order.take(0, position))


def test_packed_tokens_hold_every_document_and_its_end(tmp_path: Path) -> None:
    tokeniser = train_tokeniser(sentences(1, 50), 400)
    count = pack(tokeniser, sentences(2, 20), tmp_path / "tokens.npy", shortest=10)
    tokens = np.load(tmp_path / "tokens.npy")
    assert tokens.dtype == np.uint16
    assert len(tokens) == count
    assert (tokens == END_ID).sum() == 20


def test_too_little_text_is_refused(tmp_path: Path) -> None:
    tokeniser = train_tokeniser(sentences(1, 50), 400)
    with pytest.raises(CorpusFault, match="Too little text"):
        pack(tokeniser, ["短"], tmp_path / "tokens.npy", shortest=33)
    assert not (tmp_path / "tokens.npy").exists()


def test_windows_leave_room_for_the_next_token() -> None:
    assert windows(np.zeros(65, dtype=np.uint16), 32) == 2
    assert windows(np.zeros(64, dtype=np.uint16), 32) == 1
