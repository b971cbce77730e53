"""Pools that run tasks: on the machines of a Ray cluster, or in threads of this process for small inputs."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol

from ceyuan.data.problems import DataProblem

__all__ = ["LocalPool", "Pool", "RayPool"]

Function = Callable[..., Any]


class Pool(Protocol):
    """Tasks take plain values and results of other tasks, which stay where they were made until they are asked for."""

    width: int
    """Into how many parts a stage is cut."""

    def submit(self, function: Function, *args: Any, parts: int = 1) -> list[Any]:
        """Run ``function``; the places of its results, ``parts`` of them (one: the result itself)."""
        ...

    def shared(self, value: Any) -> Any:
        """The place of a value that many tasks take."""
        ...

    def results(self, places: Sequence[Any]) -> list[Any]:
        """The values at some places."""
        ...


class LocalPool:
    """Threads of this process."""

    def __init__(self, width: int = 2) -> None:
        self.width = max(2, width)
        self._threads = ThreadPoolExecutor(max_workers=width)

    def submit(self, function: Function, *args: Any, parts: int = 1) -> list[Any]:
        """See ``Pool``."""
        # A task waits for those before it only, and threads take tasks in order, so nobody waits for ever.
        whole = self._threads.submit(lambda: function(*[_value(one) for one in args]))
        return [whole] if parts == 1 else [_Part(whole, number) for number in range(parts)]

    def shared(self, value: Any) -> Any:
        """See ``Pool``."""
        return value

    def results(self, places: Sequence[Any]) -> list[Any]:
        """See ``Pool``."""
        return [_value(place) for place in places]


class _Part:
    def __init__(self, whole: "Future[Any]", number: int) -> None:
        self.whole = whole
        self.number = number


def _value(place: Any) -> Any:
    if isinstance(place, _Part):
        return place.whole.result()[place.number]
    return place.result() if isinstance(place, Future) else place


class RayPool:
    """Tasks of a Ray cluster, one processor each. A lost machine's tasks are run again elsewhere."""

    def __init__(self, ray: Any, width: int) -> None:
        self._ray = ray
        self.width = max(2, width)

    @classmethod
    @contextmanager
    def connected(cls, address: str = "", width: int = 0) -> Iterator["RayPool"]:
        """Join the cluster at ``address``; without one, start ``width`` workers on this machine.

        Raises ``DataProblem`` ``missing_extra``, ``cluster_missing``.
        """
        try:
            import ray
        except ImportError as error:
            raise DataProblem(
                "missing_extra", "缺少 Ray：pip install 'ceyuan[ray]'。", "Ray is missing: pip install 'ceyuan[ray]'."
            ) from error
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        where: dict[str, Any] = {"address": address} if address else {"num_cpus": width or os.cpu_count()}
        if not address:
            where |= {"address": "local", "include_dashboard": False}
        try:
            ray.init(log_to_driver=False, logging_level="ERROR", **where)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise DataProblem(
                "cluster_missing", f"无法连接 Ray 集群 {address}。", f"No Ray cluster answers at {address}."
            ) from error
        try:
            yield cls(ray, width or max(2, int(ray.cluster_resources().get("CPU", 2))))
        finally:
            ray.shutdown()

    def submit(self, function: Function, *args: Any, parts: int = 1) -> list[Any]:
        """See ``Pool``."""
        task = self._ray.remote(function).options(num_cpus=1, num_returns=parts, max_retries=3)
        made = task.remote(*args)
        return [made] if parts == 1 else list(made)

    def shared(self, value: Any) -> Any:
        """See ``Pool``."""
        return self._ray.put(value)

    def results(self, places: Sequence[Any]) -> list[Any]:
        """See ``Pool``."""
        try:
            found: list[Any] = self._ray.get(list(places))
        except self._ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, DataProblem):
                raise error.cause from error
            raise
        return found
