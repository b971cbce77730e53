"""What a deployment runs: revisions of its model side by side, how many of each, and which share of the calls each
gets. Stored as JSON with the served model (`ServedModel.routing`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

VariantName = Literal["stable", "next", "canary", "shadow"]
EngineName = Literal["vllm", "sglang", "command"]


@dataclass(frozen=True, slots=True)
class Variant:
    """One revision that runs. `stable` answers what no other one does; `next` loads before it takes the place of
    `stable`; `canary` answers `percent` of the calls; `shadow` gets a copy of `percent` of them and answers nobody.
    `number` counts the revisions of a deployment, so that two of them never share an engine."""

    name: VariantName
    number: int
    file: str
    revision: str
    node: str
    owner_org_id: str
    released: bool
    percent: int = 0

    def engine(self, served_id: str, index: int) -> str:
        """The name of the engine of one replica."""
        return self.replica(served_id, str(index))

    def replica(self, served_id: str, member: str) -> str:
        """The name of one replica of this revision."""
        return f"{served_id}/{self.number}/{member}"


@dataclass(frozen=True, slots=True)
class Scale:
    """How many replicas of the stable revision run: at least `least` (0 = none while nobody asks; the first call waits
    for the start), at most `most`; one more when calls wait longer than `delay_ms`."""

    least: int = 1
    most: int = 1
    delay_ms: int = 2000


@dataclass(frozen=True, slots=True)
class PoolRun:
    """How replicas run as compute tasks: in the pool `pool`, with these resources, on the account of `org_id`.

    `engine` is a server whose command line is known, or `command`, the words of which are given (`{model}` stands for
    the folder of the revision, `{name}` for the model's public name, `{host}` and `{port}` for where to listen).
    `arguments` are further ones of the engine, by name without dashes. `environment` is the folder on the nodes whose
    `bin` holds the engine's programs (empty: the system's). `concurrency` is how many calls a replica answers at once.
    `trusted`: it may run where nothing isolates it.
    """

    engine: EngineName
    pool: str
    cpus: int = 4
    memory_gib: float = 16.0
    accelerator: str = "cpu"
    accelerators: int = 0
    environment: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    concurrency: int = 64
    org_id: str = ""
    trusted: bool = False


@dataclass(frozen=True, slots=True)
class DeploymentPlan:
    """The variants of a deployment by name, and its scale. `made` is the number of the last variant; without `pool`
    the embedded engines of this process run it."""

    variants: tuple[Variant, ...]
    scale: Scale
    made: int = 1
    pool: PoolRun | None = None

    def find(self, name: VariantName) -> Variant | None:
        """The variant of this name, if it has one."""
        return next((variant for variant in self.variants if variant.name == name), None)

    @property
    def stable(self) -> Variant:
        """The variant that every deployment has."""
        found = self.find("stable")
        assert found is not None
        return found

    def with_variant(self, variant: Variant) -> DeploymentPlan:
        """The plan with a variant in the place of the one of its name."""
        others = tuple(one for one in self.variants if one.name != variant.name)
        return replace(self, variants=(*others, variant), made=max(self.made, variant.number))

    def without(self, name: VariantName) -> DeploymentPlan:
        """The plan without the variant of this name."""
        return replace(self, variants=tuple(one for one in self.variants if one.name != name))

    def promoted(self, name: VariantName) -> DeploymentPlan:
        """The plan in which the variant of this name has taken the place of the stable one."""
        found = self.find(name)
        assert found is not None
        return self.without(name).with_variant(replace(found, name="stable", percent=0))

    def stored(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "variants": [asdict(variant) for variant in self.variants],
            "scale": asdict(self.scale),
            "made": self.made,
            **({"pool": asdict(self.pool)} if self.pool is not None else {}),
        }


def plan_of(routing: Mapping[str, Any] | None) -> DeploymentPlan | None:
    """The plan that is kept in a served model's routing; `None` for a model that is no deployment."""
    if not routing or not routing.get("variants"):
        return None
    variants = tuple(Variant(**variant) for variant in routing["variants"])
    pool = routing.get("pool")
    run = PoolRun(**{**pool, "command": tuple(pool["command"])}) if pool else None
    return DeploymentPlan(variants, Scale(**routing["scale"]), routing["made"], run)
