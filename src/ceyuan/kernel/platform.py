"""The platform: the parts that live as long as the process, put together by the server and handed to use cases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from fastapi import Request

from ceyuan.kernel.actor import ANONYMOUS, SYSTEM, Actor
from ceyuan.kernel.clock import Clock, SystemClock
from ceyuan.kernel.database import Database
from ceyuan.kernel.events import Dispatcher, Subscriptions
from ceyuan.kernel.settings import Section, read_section
from ceyuan.kernel.work import UnitOfWork

if TYPE_CHECKING:
    from ceyuan.kernel.audit import AuditLog
    from ceyuan.kernel.blobs import BlobStore
    from ceyuan.kernel.jobs import Jobs
    from ceyuan.kernel.secrets import Vault

T = TypeVar("T")
S = TypeVar("S", bound=Section)
Authenticate = Callable[["Platform", Request], Awaitable[Actor]]


class Service(Protocol):
    """Something of a room that runs beside requests and jobs, from the platform's start to its stop."""

    async def start(self, platform: Platform) -> None: ...

    async def stop(self, platform: Platform) -> None: ...


@dataclass(frozen=True, slots=True)
class Chore:
    """Something small that a room does again and again; it must be repeatable and soon done."""

    name: str
    every_s: float
    run: Callable[[Platform], Awaitable[None]]


async def _nobody(_platform: Platform, _request: Request) -> Actor:
    return ANONYMOUS


@dataclass
class Platform:
    """Database, blobs, jobs, audit log, secrets, events, and the hooks that rooms declare.

    `hooks` holds the objects that an upper room registers for a lower one, by the type that the lower
    room declares (see `provide` and `find`).
    """

    database: Database
    data_dir: Path
    blobs: BlobStore
    audit: AuditLog
    vault: Vault
    sections: dict[type[Section], Section] = field(default_factory=dict)
    clock: Clock = field(default_factory=SystemClock)
    subscriptions: Subscriptions = field(default_factory=Subscriptions)
    authenticate: Authenticate = _nobody
    hooks: dict[type, list[Any]] = field(default_factory=dict)
    services: list[Service] = field(default_factory=list)
    chores: list[Chore] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dispatcher = Dispatcher(self)
        self.chores.append(Chore("forget delivered events", 3600.0, lambda platform: platform.dispatcher.sweep()))
        self._jobs: Jobs | None = None

    @property
    def jobs(self) -> Jobs:
        if self._jobs is None:
            raise RuntimeError("the platform was put together without jobs")
        return self._jobs

    @jobs.setter
    def jobs(self, jobs: Jobs) -> None:
        self._jobs = jobs

    @asynccontextmanager
    async def work(self, actor: Actor = SYSTEM, *, write: bool = True) -> AsyncIterator[UnitOfWork]:
        """A unit of work: committed when the block ends, rolled back when it raises."""
        async with self.database.session(write=write) as session:
            uow = UnitOfWork(self, session, actor, writes=write)
            yield uow
        await uow.committed()

    def provide(self, declared: type[T], implementation: T) -> None:
        """Register what fills a hook that a lower room declares as the class or protocol `declared`."""
        self.hooks.setdefault(declared, []).append(implementation)

    def section(self, kind: type[S]) -> S:
        """The settings of one room, read from the environment at first use; raises `Invalid`."""
        if kind not in self.sections:
            self.sections[kind] = read_section(kind)
        section = self.sections[kind]
        assert isinstance(section, kind)
        return section

    def find(self, declared: type[T]) -> list[T]:
        """All that was registered for the hook `declared`, in the order of registration."""
        return list(self.hooks.get(declared, ()))
