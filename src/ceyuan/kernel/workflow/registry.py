"""The platform's workflows: every version that an instance may still be in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ceyuan.kernel.workflow.definition import Definition
from ceyuan.kernel.workflow.errors import DefinitionNotFound
from ceyuan.kernel.workflow.validation import BrokenDefinition, check_definition

if TYPE_CHECKING:
    from ceyuan.kernel.platform import Platform


class Workflows:
    """Definitions by name and version."""

    def __init__(self) -> None:
        self._versions: dict[str, dict[int, Definition]] = {}

    def register(self, definition: Definition) -> None:
        """Add a definition, checked; raises `BrokenDefinition`. Old versions are registered beside the new ones."""
        # Their forms a test checks: what does it would take two megabytes of every server from its start.
        check_definition(definition, forms=False)
        versions = self._versions.setdefault(definition.name, {})
        if versions.get(definition.version, definition) is not definition:
            raise BrokenDefinition(f"workflow {definition.name} v{definition.version} is registered twice")
        versions[definition.version] = definition

    def get(self, name: str, version: int | None = None) -> Definition:
        """A definition, the newest unless `version` is given; raises `DefinitionNotFound`."""
        versions = self._versions.get(name, {})
        found = versions.get(version or max(versions, default=0))
        if found is None:
            raise DefinitionNotFound(
                (f"没有流程定义 {name} v{version or '?'}", f"there is no workflow definition {name} v{version or '?'}"),
                hint=("可能是平台版本过旧或功能未启用", "this platform may be too old, or a feature is switched off"),
            )
        return found

    def all(self) -> list[Definition]:
        """Every version of every workflow, by name and version."""
        return [self._versions[name][v] for name in sorted(self._versions) for v in sorted(self._versions[name])]

    def newest(self) -> list[Definition]:
        """The newest version of every workflow, by name."""
        return [self.get(name) for name in sorted(self._versions)]


def workflows(platform: Platform) -> Workflows:
    """The platform's registry; rooms register in their wiring: `workflows(platform).register(RELEASE)`."""
    found = platform.find(Workflows)
    if not found:
        found = [Workflows()]
        platform.provide(Workflows, found[0])
    return found[0]
