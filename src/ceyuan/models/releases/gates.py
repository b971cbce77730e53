"""Gates: what must hold before a model reaches people. Declared here, filled by the rooms above."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Protocol, runtime_checkable

from ceyuan.kernel.errors import Text
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.releases.tables import Release


@dataclass(frozen=True, slots=True)
class GateResult:
    """What a gate says of a release: whether it passes, why, and the evidence (a reference or an id)."""

    gate: str
    title: Text
    passed: bool
    reason: Text
    evidence: str | None = None
    link: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@runtime_checkable
class ReleaseGate(Protocol):
    """One gate. It only reads."""

    name: str

    async def judge(self, uow: UnitOfWork, release: Release) -> GateResult:
        """Say whether the release may go on; missing evidence does not pass."""
        ...


async def judge(uow: UnitOfWork, release: Release) -> list[GateResult]:
    """What all gates say now, in the order of their names."""
    gates = sorted(uow.platform.find(ReleaseGate), key=lambda gate: gate.name)  # type: ignore[type-abstract]
    return [await gate.judge(uow, release) for gate in gates]
