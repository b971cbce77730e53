"""The search for near-duplicates over measured shards, cut by hash: no task sees all documents or all buckets."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ceyuan.data.corpus.gathering import gathered_keys, gathered_texts, keys_of
from ceyuan.data.distributed.components import Edges, connected, parted
from ceyuan.data.distributed.pools import Pool
from ceyuan.data.duplicates import Found, Known, Search, resolve, shared_buckets

__all__ = ["distributed_search"]

Places = npt.NDArray[np.int64]
Keyed = tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint64], Places]


def distributed_search(pool: Pool, kept: pl.DataFrame, shards: Sequence[Path], settings: Search) -> Found:
    """Near-duplicates among the rows ``kept`` (with ``shard``, ``row``, ``distinct``, ``bytes``) of the measured
    ``shards``, in order of preference, best first: what ``search`` finds.

    1. each shard sends its band keys to the part of the key; 2. each part ties the documents that share a key; 3. ties
    become components; 4. each component is resolved from its texts, in the part of its least document.
    """
    survivor = np.full(kept.height, -1, np.int64)
    similarity = np.zeros(kept.height, np.float32)
    numbers = kept["shard"].to_numpy()
    sent = []
    for number in np.unique(numbers).tolist():
        places = np.flatnonzero(numbers == number).astype(np.int64)
        rows = kept["row"].to_numpy()[places]
        sent.append(pool.submit(_keyed, str(shards[number]), rows, places, pool.width, parts=pool.width))
    ties = [pool.submit(_ties, pool.width, *column, parts=pool.width) for column in zip(*sent, strict=True)]
    stars = connected(pool, [piece for row in ties for piece in row])
    about = pool.shared(kept.select("shard", "row", "distinct", "bytes"))
    names = pool.shared([str(path) for path in shards])
    found = [pool.submit(_resolved, star, about, names, settings)[0] for star in stars]
    related, curtailed = [np.empty((0, 2), np.int64)], 0
    for here, kept_for, alike, pairs, stopped in pool.results(found):
        survivor[here], similarity[here] = kept_for, alike
        related.append(pairs)
        curtailed += stopped
    return Found(survivor, similarity, np.concatenate(related), curtailed, Known.nothing())


def _keyed(path: str, rows: npt.NDArray[np.uint32], places: Places, width: int) -> list[Keyed]:
    """(band, key, place) of some rows of a measured shard, by part of the key."""
    keys = keys_of(Path(path))[rows]
    bands = np.tile(np.arange(keys.shape[1], dtype=np.uint8), len(rows))
    whole, owner = keys.ravel(), np.repeat(places, keys.shape[1])
    part = np.where(whole == 0, width, (whole >> np.uint64(7)) % np.uint64(width)).astype(np.int64)
    return [(bands[part == one], whole[part == one], owner[part == one]) for one in range(width)]


def _ties(width: int, *pieces: Keyed) -> list[Edges]:
    """Each document that shares a band's key is tied to the first that has it, both ways, by part of the document."""
    bands, keys, owners = (np.concatenate(column) for column in zip(*pieces, strict=True))
    order = np.lexsort((owners, keys, bands))
    bands, keys, owners = bands[order], keys[order], owners[order]
    again = (
        np.append(False, (keys[1:] == keys[:-1]) & (bands[1:] == bands[:-1])) if len(keys) else np.empty(0, np.bool_)
    )
    starts = np.maximum.accumulate(np.where(again, 0, np.arange(len(keys)))) if len(keys) else np.empty(0, np.int64)
    ties = np.unique(np.stack([owners[again], owners[starts[again]]], axis=1), axis=0)
    return parted(np.concatenate([ties, ties[:, ::-1]]), width)


def _resolved(
    stars: Edges, about: pl.DataFrame, names: list[str], settings: Search
) -> tuple[Places, Places, npt.NDArray[np.float32], Edges, int]:
    """(places, their survivors, similarity, related pairs, texts curtailed) of the components of one part."""
    nodes = np.unique(stars)
    centre = dict(stars.tolist())
    labels = np.array([centre.get(node, node) for node in nodes.tolist()], np.int64)
    paths = [Path(name) for name in names]
    survivor, similarity = np.full(len(nodes), -1, np.int64), np.zeros(len(nodes), np.float32)
    related, curtailed = [np.empty((0, 2), np.int64)], 0
    for batch in _batches(labels, about["bytes"].to_numpy()[nodes], settings.batch_bytes):
        here = nodes[batch]
        rows = about[here]
        found = resolve(
            gathered_texts(paths, rows),
            rows["distinct"].to_numpy(),
            shared_buckets(gathered_keys(paths, rows))[0],
            threshold=settings.threshold,
            related_from=settings.related_from,
            comparisons=settings.comparisons,
        )
        survivor[batch] = np.where(found.survivor >= 0, here[found.survivor], -1)
        similarity[batch] = found.similarity
        related.append(here[found.related])
        curtailed += found.curtailed
    return nodes, survivor, similarity, np.concatenate(related), curtailed


def _batches(labels: Places, sizes: Any, most: int) -> list[Places]:
    """Places of whole components, in order of preference, of at most about ``most`` bytes of text together."""
    if not len(labels):
        return []
    _, component = np.unique(labels, return_inverse=True)
    weights = np.bincount(component, weights=sizes)
    batch = ((np.cumsum(weights) - weights) // most)[component]
    order = np.argsort(batch, kind="stable")
    return [np.sort(part) for part in np.split(order, np.flatnonzero(np.diff(batch[order])) + 1)]
