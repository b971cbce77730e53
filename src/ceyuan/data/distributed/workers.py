"""The heavy parts of a corpus run as tasks of a pool; a finished file is not made again."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from ceyuan.data.corpus.emit import Shard, planned, put_shard
from ceyuan.data.corpus.gathering import put_measured
from ceyuan.data.corpus.inputs import Inputs, RawShard
from ceyuan.data.corpus.measure import measured_batch, measured_paths
from ceyuan.data.corpus.recipe import Duplicates, Recipe
from ceyuan.data.corpus.semantic import Places
from ceyuan.data.distributed.pools import Pool, RayPool
from ceyuan.data.distributed.search import distributed_search
from ceyuan.data.duplicates import Banding, Found, Pairs, Search, Seeking, Vectors, bands_of, pairs_of
from ceyuan.data.files import write_atomically
from ceyuan.data.operators.texts import remembered
from ceyuan.data.reporting import Report, told

__all__ = ["PoolWorkers", "ray_workers"]


@contextmanager
def ray_workers(address: str = "", width: int = 0) -> Iterator["PoolWorkers"]:
    """Workers for ``build`` on the Ray cluster at ``address``, or on ``width`` processes of this machine.

    Folders of inputs and output must lie where all of them see them. Raises ``DataProblem`` ``missing_extra``,
    ``cluster_missing``.
    """
    with RayPool.connected(address, width) as pool:
        yield PoolWorkers(pool)


class PoolWorkers:
    """``ceyuan.data.corpus.workers.Workers`` over a pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def measure(self, inputs: Inputs, recipe: Recipe, folder: Path, report: Report) -> list[Path]:
        """One task per raw shard."""
        paths = measured_paths(inputs, recipe, folder)
        settings = recipe.model_dump(mode="json")
        waiting = [(shard, path) for shard, path in zip(inputs.shards, paths, strict=True) if not path.exists()]
        places = [self._pool.submit(_measured, shard, settings, str(path))[0] for shard, path in waiting]
        for done, place in enumerate(places, 1):
            self._pool.results([place])
            words = (f"已处理 {done}/{len(places)} 个分片", f"measured {done} of {len(places)} shards")
            report(told(done / len(places), *words))
        return paths

    def near(self, kept: pl.DataFrame, shards: Sequence[Path], settings: Duplicates) -> Found:
        """The search cut by hash."""
        how = Search(settings.threshold, min(settings.related_from, settings.threshold), settings.comparisons)
        return distributed_search(self._pool, kept, shards, how)

    def semantic(self, vectors: Vectors, seeking: Seeking, places: Places) -> Pairs:
        """One task for some bands of all vectors, whose file lies where all workers see it."""
        shared = self._pool.shared(places)
        parts = bands_of(seeking, 2 * self._pool.width)
        found: list[Pairs] = self._pool.results(
            [self._pool.submit(pairs_of, vectors, seeking, part, shared)[0] for part in parts]
        )
        return Pairs.joined(found)

    def emit(
        self, decisions: pl.DataFrame, measured: Sequence[Path], folder: Path, shard_bytes: int, report: Report
    ) -> list[dict[str, object]]:
        """One task per file of the dataset."""
        names = self._pool.shared([str(path) for path in measured])
        shards = list(planned(decisions, shard_bytes))
        places = [self._pool.submit(_put, shard, names, str(folder))[0] for shard in shards]
        files: list[dict[str, object]] = self._pool.results(places)
        report(told(1.0, f"已写出 {len(files)} 个文件", f"wrote {len(files)} files"))
        return files


def _measured(shard: RawShard, settings: dict[str, Any], path: str) -> None:
    recipe = Recipe.of(settings)
    Inputs((shard,), ()).verify(shard)
    banding = Banding(recipe.duplicates.bands, recipe.duplicates.rows)
    with remembered():  # also what is written is the text that was read last
        batch = measured_batch(pl.read_parquet(shard.path), recipe.operators(), banding)
        write_atomically(Path(path), lambda file: put_measured(batch, file))


def _put(shard: Shard, names: list[str], folder: str) -> dict[str, object]:
    return put_shard(shard, [Path(name) for name in names], Path(folder))
