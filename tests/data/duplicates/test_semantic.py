"""Duplicates by the cosine of embeddings: what exact search finds, whatever it is cut into."""

import random
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ceyuan.data.duplicates import (
    Hyperplanes,
    Pairs,
    Seeking,
    Survivors,
    Vectors,
    alike,
    bands_of,
    pairs_of,
    quantised,
    survivors,
)
from tests.data.duplicates.embedding import embedded, passages, said_otherwise

Matrix = npt.NDArray[np.float32]


def stored(folder: Path, matrix: Matrix) -> Vectors:
    path = folder / "vectors.bin"
    with path.open("wb") as file:
        Vectors.put(file, quantised(matrix))
    return Vectors(path, len(matrix), matrix.shape[1])


def searched(vectors: Vectors, seeking: Seeking, parts: int = 1) -> tuple[Survivors, Pairs]:
    places = np.arange(vectors.rows)
    same = alike(vectors, places)
    pairs = Pairs.joined(
        [pairs_of(vectors, seeking, part, places[same == places]) for part in bands_of(seeking, parts)]
    )
    return survivors(vectors.rows, places, same, pairs), pairs


def exact(matrix: Matrix, threshold: float) -> tuple[npt.NDArray[np.float64], set[int]]:
    """(cosines of all pairs, what exact search deletes when documents are taken in order)."""
    unit = matrix.astype(np.float64) / np.linalg.norm(matrix.astype(np.float64), axis=1, keepdims=True)
    cosines = unit @ unit.T
    deleted: set[int] = set()
    for row in range(len(matrix)):
        if any(cosines[row, other] >= threshold and other not in deleted for other in range(row)):
            deleted.add(row)
    return cosines, deleted


@pytest.fixture(scope="module")
def real() -> Matrix:
    """Real passages, each followed by one that says the same."""
    chance = random.Random(1)
    originals = passages()
    assert len(originals) > 150
    return embedded([*originals, *(said_otherwise(text, chance) for text in originals)])


@pytest.mark.parametrize("threshold", [0.8, 0.9, 0.95])
def test_it_finds_what_exact_search_finds_and_deletes_nothing_else(
    real: Matrix, threshold: float, tmp_path: Path
) -> None:
    cosines, deleted = exact(real, threshold)
    found, _ = searched(stored(tmp_path, real), Seeking(threshold))
    dropped = np.flatnonzero(found.survivor >= 0)
    assert len(deleted) > 50
    assert len(deleted & set(dropped.tolist())) / len(deleted) >= 0.95
    measured = cosines[dropped, found.survivor[dropped]]
    assert (measured >= threshold - 1e-4).all()
    assert np.abs(measured - found.similarity[dropped]).max() < 1e-4
    assert (found.survivor[found.survivor[dropped]] == -1).all()  # who is kept for another one is kept


@pytest.mark.parametrize("threshold", [0.75, 0.85, 0.95, 0.99])
def test_the_expected_recall_is_what_random_pairs_show(threshold: float, tmp_path: Path) -> None:
    """Pairs of exactly the threshold are the hardest of those to find."""
    planes = Hyperplanes.for_threshold(threshold)
    assert planes.recall(threshold) >= 0.95
    assert planes.bands <= 32
    chance = np.random.default_rng(3)
    one = chance.standard_normal((600, 128))
    one /= np.linalg.norm(one, axis=1, keepdims=True)
    across = chance.standard_normal((600, 128))
    across -= (across * one).sum(axis=1, keepdims=True) * one
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    sine = np.sqrt(1 - threshold**2)
    vectors = stored(tmp_path, np.concatenate([one, threshold * one + sine * across]).astype(np.float32))
    keys = planes.keys(vectors, range(planes.bands), np.arange(1200))
    shared = (keys[:, :600] == keys[:, 600:]).any(axis=0).mean()
    deviation = np.sqrt(planes.recall(threshold) * (1 - planes.recall(threshold)) / 600)
    assert abs(shared - planes.recall(threshold)) < 4 * deviation


def test_parts_and_order_of_bands_change_nothing(real: Matrix, tmp_path: Path) -> None:
    vectors, seeking = stored(tmp_path, real), Seeking(0.9)
    (whole, pairs), (cut, others) = searched(vectors, seeking), searched(vectors, seeking, 5)
    assert np.array_equal(whole.survivor, cut.survivor)
    assert np.array_equal(whole.similarity, cut.similarity)
    assert np.array_equal(pairs.later, others.later)
    assert np.array_equal(pairs.earlier, others.earlier)


def test_keys_follow_from_one_vector_alone(real: Matrix, tmp_path: Path) -> None:
    vectors, planes = stored(tmp_path, real), Hyperplanes.for_threshold(0.95)
    every = planes.keys(vectors, [0, 7], np.arange(vectors.rows))
    some = planes.keys(vectors, [7], np.array([5, 60, 200]))
    assert np.array_equal(some[0], every[1, [5, 60, 200]])


def test_equal_vectors_share_the_fate_of_the_first(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    base = chance.standard_normal((4, 64)).astype(np.float32)
    near = base[1] + 0.01 * chance.standard_normal(64).astype(np.float32)
    matrix = np.stack([base[0], base[1], base[0], near, near, 7 * base[0], base[3]])
    found, pairs = searched(stored(tmp_path, matrix), Seeking(0.95))
    assert found.survivor.tolist() == [-1, -1, 0, 1, 1, 0, -1]
    assert found.similarity[[2, 5]].tolist() == [1.0, 1.0]
    assert found.similarity[3] == found.similarity[4] < 1
    assert len(pairs.later) == 1


def test_a_chain_is_not_followed(tmp_path: Path) -> None:
    """Each resembles its neighbours only: who resembles a dropped one alone is kept."""
    angles = np.arange(6) * 0.25  # cos 0.25 = 0.969, cos 0.5 = 0.878
    matrix = np.zeros((6, 8), np.float32)
    matrix[:, 0], matrix[:, 1] = np.cos(angles), np.sin(angles)
    found, _ = searched(stored(tmp_path, matrix), Seeking(0.95))
    assert found.survivor.tolist() == [-1, 0, -1, 2, -1, 4]


def test_a_bucket_that_is_too_large_is_cut_and_counted(tmp_path: Path) -> None:
    chance = np.random.default_rng(5)
    centre = chance.standard_normal(96)
    crowd = centre + 0.25 * chance.standard_normal((400, 96))
    vectors = stored(tmp_path, crowd.astype(np.float32))
    whole, _ = searched(vectors, Seeking(0.9, largest=1000))
    cut, pairs = searched(vectors, Seeking(0.9, largest=20))
    again, _ = searched(vectors, Seeking(0.9, largest=20), 4)
    assert (whole.survivor >= 0).sum() > 300
    assert len(pairs.curtailed) > 300
    assert (cut.survivor >= 0).sum() > 0.8 * (whole.survivor >= 0).sum()
    assert np.array_equal(cut.survivor, again.survivor)


@pytest.mark.parametrize("dimensions", [1, 3, 8192])
def test_any_number_of_dimensions(dimensions: int, tmp_path: Path) -> None:
    chance = np.random.default_rng(2)
    matrix = chance.standard_normal((6, dimensions)).astype(np.float32) * 1e30
    matrix[3] = matrix[1] * 1e-30
    found, _ = searched(stored(tmp_path, matrix), Seeking(0.99))
    assert found.survivor[3] in (0, 1)


def test_products_are_exact_at_the_largest_size(tmp_path: Path) -> None:
    """Single precision holds the products of hyperplanes without rounding, whatever is added up first."""
    chance = np.random.default_rng(4)
    matrix = chance.standard_normal((40, 8192)).astype(np.float32)
    matrix[:, 0] += 60  # one number outweighs the others
    vectors = stored(tmp_path, matrix)
    planes = Hyperplanes(20, 3)
    from ceyuan.data.duplicates.hyperplanes import _coefficients

    rows = vectors.at(np.arange(40)).astype(np.int64)
    expected = (rows @ _coefficients(8192, 2, 0, 20).astype(np.int64) > 0) @ (1 << np.arange(20))
    assert np.array_equal(planes.keys(vectors, [2], np.arange(40))[0], expected)


def test_nothing_to_compare_is_no_fault(tmp_path: Path) -> None:
    vectors = stored(tmp_path, np.ones((1, 4), np.float32))
    none = np.empty(0, np.int64)
    assert len(pairs_of(vectors, Seeking(0.9), range(3), none).later) == 0
    assert len(alike(vectors, none)) == 0
    assert searched(vectors, Seeking(0.9))[0].survivor.tolist() == [-1]
