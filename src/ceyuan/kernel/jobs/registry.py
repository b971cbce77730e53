"""The kinds of jobs: a room declares one with `@job`, and the runner finds it by name."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ceyuan.kernel.errors import Text

if TYPE_CHECKING:
    from ceyuan.kernel.jobs.context import JobContext

Queue = Literal["light", "heavy", "flow", "placed"]
"""light: mostly waits (16 at once); heavy: fills cores (as many as settings say); flow: waits for other jobs;
placed: watches work that runs elsewhere, on room that was allotted before it started (256)."""
JobFunction = Callable[["JobContext", dict[str, Any]], Coroutine[Any, Any, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class JobKind:
    """A kind of job. `retries` is how often a failure that is not the user's is tried again with back-off."""

    name: str
    title: Text
    function: JobFunction
    queue: Queue
    retries: int


_kinds: dict[str, JobKind] = {}


def job(name: str, *, title: Text, queue: Queue = "light", retries: int = 0) -> Callable[[JobFunction], JobFunction]:
    """Declare a kind of job; the function takes the context and JSON-able parameters, returns a JSON-able result."""

    def declare(function: JobFunction) -> JobFunction:
        if name in _kinds and _kinds[name].function.__module__ != function.__module__:
            raise ValueError(f"the job kind {name} is declared twice")
        _kinds[name] = JobKind(name, title, function, queue, retries)
        return function

    return declare


def kind_of(name: str) -> JobKind | None:
    """The declared kind of this name."""
    return _kinds.get(name)


def all_kinds() -> list[JobKind]:
    """Every declared kind, by name."""
    return [_kinds[name] for name in sorted(_kinds)]
