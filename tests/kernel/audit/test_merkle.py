"""The Merkle tree: published vectors, the RFC's own recursive definitions, and properties over all sizes."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceyuan.kernel.audit import merkle

# The eight leaves and the roots of certificate-transparency-go's reference tests (merkle_tree_test / RFC 6962).
LEAVES = [bytes.fromhex(h) for h in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                                      "606162636465666768696a6b6c6d6e6f")]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def leaves_of(size: int) -> list[bytes]:
    return [merkle.leaf_hash(str(i).encode()) for i in range(size)]


def defined_root(leaves: list[bytes]) -> bytes:
    """MTH as RFC 9162 §2.1.1 defines it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return merkle.node_hash(defined_root(leaves[:k]), defined_root(leaves[k:]))


@pytest.mark.parametrize("size", range(9))
def test_roots_equal_the_published_ones(size: int) -> None:
    assert merkle.root_of(merkle.leaf_hash(leaf) for leaf in LEAVES[:size]).hex() == ROOTS[size]


def test_published_inclusion_proof_of_leaf_5_in_8() -> None:
    hashes = [merkle.leaf_hash(leaf) for leaf in LEAVES]
    proof = merkle.inclusion_proof(5, 8, merkle.hash_leaves(hashes))
    assert [p.hex() for p in proof] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def test_published_consistency_proof_from_6_to_8() -> None:
    hashes = [merkle.leaf_hash(leaf) for leaf in LEAVES]
    proof = merkle.consistency_proof(6, 8, merkle.hash_leaves(hashes))
    assert [p.hex() for p in proof] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@given(st.integers(0, 300))
@settings(deadline=None)
def test_the_frontier_gives_the_defined_root(size: int) -> None:
    assert merkle.root_of(leaves_of(size)) == defined_root(leaves_of(size))


def test_every_inclusion_proof_up_to_65_leaves_verifies_and_only_for_its_leaf() -> None:
    for size in range(1, 66):
        leaves = leaves_of(size)
        root = merkle.root_of(leaves)
        for index, leaf in enumerate(leaves):
            proof = merkle.inclusion_proof(index, size, merkle.hash_leaves(leaves))
            assert merkle.verify_inclusion(leaf, index, size, proof, root)
            assert not merkle.verify_inclusion(merkle.leaf_hash(b"other"), index, size, proof, root)
            assert not merkle.verify_inclusion(leaf, (index + 1) % size, size, proof, root) or size == 1


def test_every_consistency_proof_up_to_65_leaves_verifies() -> None:
    leaves = leaves_of(65)
    roots = [merkle.root_of(leaves[:n]) for n in range(66)]
    for second in range(66):
        for first in range(second + 1):
            proof = merkle.consistency_proof(first, second, merkle.hash_leaves(leaves))
            assert merkle.verify_consistency(first, second, roots[first], roots[second], proof)


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_a_proof_with_anything_changed_is_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 200))
    leaves = leaves_of(size)
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(index, size, merkle.hash_leaves(leaves))
    spoilt = data.draw(st.sampled_from(["cut", "longer", "bit", "swap"]))
    broken = list(proof)
    if spoilt == "cut":
        broken.pop()
    elif spoilt == "longer":
        broken.append(merkle.leaf_hash(b"x"))
    elif spoilt == "bit":
        at = data.draw(st.integers(0, len(broken) - 1))
        broken[at] = bytes([broken[at][0] ^ 1]) + broken[at][1:]
    else:
        broken = broken[::-1] if len(broken) > 1 else []
    assert not merkle.verify_inclusion(leaves[index], index, size, broken, merkle.root_of(leaves))


@given(st.integers(1, 200), st.data())
@settings(deadline=None, max_examples=150)
def test_a_rewritten_log_is_never_consistent(first: int, data: st.DataObject) -> None:
    second = data.draw(st.integers(first + 1, 260))
    leaves = leaves_of(second)
    rewritten = list(leaves)
    rewritten[data.draw(st.integers(0, first - 1))] = merkle.leaf_hash(b"rewritten")
    proof = merkle.consistency_proof(first, second, merkle.hash_leaves(rewritten))
    old, new = merkle.root_of(leaves[:first]), merkle.root_of(rewritten)
    assert not merkle.verify_consistency(first, second, old, new, proof)


@given(st.integers(0, 3000), st.data())
@settings(deadline=None, max_examples=60)
def test_the_ranges_of_proofs_are_made_of_perfect_subtrees(first: int, data: st.DataObject) -> None:
    second = data.draw(st.integers(max(first, 1), 4000))
    spans = merkle.consistency_ranges(first, second)
    spans += merkle.inclusion_ranges(data.draw(st.integers(0, second - 1)), second)
    for low, high in spans:
        at = low
        for level, index in merkle.perfect_subtrees((low, high)):
            assert index << level == at
            at += 1 << level
        assert at == high
