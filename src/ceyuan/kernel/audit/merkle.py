"""Merkle trees as RFC 9162 §2.1 defines them (the same tree as RFC 6962): pure functions over SHA-256.

Leaves and nodes are hashed in separate domains. A log keeps only the *frontier*, the roots of the perfect
subtrees that its size decomposes into (largest first, one for each 1-bit of the size), so that an append
costs O(log n) at worst and O(1) on average. Proofs are described by the ranges of leaves whose hashes
they hold, so that any store which can hash a range can make them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of the tree without leaves."""

Range = tuple[int, int]
"""Leaves from the first number (included) to the second (excluded)."""
HashOf = Callable[[Range], bytes]
Frontier = tuple[bytes, ...]


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf: SHA-256(0x00 ‖ entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def frontier_root(frontier: Sequence[bytes]) -> bytes:
    """The root of the tree that has this frontier (MTH of RFC 9162 §2.1.1)."""
    if not frontier:
        return EMPTY_ROOT
    *rest, root = frontier
    for subtree in reversed(rest):
        root = node_hash(subtree, root)
    return root


def extend(frontier: Frontier, size: int, leaf: bytes) -> tuple[Frontier, list[bytes]]:
    """The frontier after one more leaf, and the roots of the perfect subtrees that the leaf completes.

    The k-th completed root has level k and index `size >> k`; level 0 is the leaf itself.
    """
    stack, completed = list(frontier), [leaf]
    while size & 1:
        completed.append(node_hash(stack.pop(), completed[-1]))
        size >>= 1
    return (*stack, completed[-1]), completed


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root of the tree over these leaf hashes."""
    frontier: Frontier = ()
    for size, leaf in enumerate(leaves):
        frontier, _ = extend(frontier, size, leaf)
    return frontier_root(frontier)


def _split(size: int) -> int:
    """The largest power of two below `size` (size ≥ 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The ranges whose hashes prove that leaf `index` is in the tree of `size` leaves, bottom up (PATH, §2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size} leaves")
    ranges: list[Range] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    return ranges[::-1]


def consistency_ranges(first: int, second: int) -> list[Range]:
    """The ranges whose hashes prove that the tree of `first` leaves begins that of `second` (PROOF, §2.1.4.1).

    Empty when either proof is trivial: `first` is 0 or equals `second`.
    """
    if not 0 <= first <= second:
        raise ValueError(f"a tree of {second} leaves cannot extend one of {first}")
    if first in (0, second):
        return []
    ranges: list[Range] = []
    low, high, whole = 0, second, True
    while high != first:
        middle = low + _split(high - low)
        if first <= middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low, whole = middle, False
    if not whole:
        ranges.append((low, high))
    return ranges[::-1]


def perfect_subtrees(span: Range) -> Iterator[tuple[int, int]]:
    """The perfect subtrees (level, index) that make up the subtree over `span`, left to right.

    `span` must be one that a proof names: it begins where a perfect subtree of its size may begin.
    """
    low, high = span
    while low < high:
        level = (high - low).bit_length() - 1
        yield level, low >> level
        low += 1 << level


def hash_leaves(leaves: Sequence[bytes]) -> HashOf:
    """The hash of any range over leaf hashes held in memory."""
    return lambda span: root_of(leaves[span[0] : span[1]])


def inclusion_proof(index: int, size: int, hash_of: HashOf) -> list[bytes]:
    """The inclusion proof of leaf `index` in the tree of `size` leaves."""
    return [hash_of(span) for span in inclusion_ranges(index, size)]


def consistency_proof(first: int, second: int, hash_of: HashOf) -> list[bytes]:
    """The proof that the tree of `second` leaves extends the tree of `first` leaves."""
    return [hash_of(span) for span in consistency_ranges(first, second)]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows that `leaf` is number `index` in the tree of `size` leaves with `root` (§2.1.3.2)."""
    if not 0 <= index < size:
        return False
    position, last, value = index, size - 1, leaf
    for other in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            value = node_hash(other, value)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            value = node_hash(value, other)
        position, last = position >> 1, last >> 1
    return last == 0 and value == root


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the tree of `second` leaves extends that of `first` (§2.1.4.2)."""
    if not 0 <= first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    if first == 0:
        return not proof and first_root == EMPTY_ROOT
    path = list(proof) if first & (first - 1) else [first_root, *proof]
    if not path:
        return False
    position, last = first - 1, second - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = path[0]
    for other in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old, new = node_hash(other, old), node_hash(other, new)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            new = node_hash(new, other)
        position, last = position >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root
