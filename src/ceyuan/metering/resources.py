"""Names and units of what is metered, for price lists, bills and charts. Rooms provide theirs:
`platform.provide(Resource, Resource("gateway.tokens.input", unit=(…), title=(…)))`."""

from __future__ import annotations

from dataclasses import dataclass

from ceyuan.kernel.errors import Text
from ceyuan.kernel.platform import Platform


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that is metered: its name in usage events, the unit of its quantity, and a title."""

    name: str
    unit: Text
    title: Text


def resources(platform: Platform) -> list[Resource]:
    """All that the rooms provided, by name."""
    known = {resource.name: resource for resource in platform.find(Resource)}
    return [known[name] for name in sorted(known)]


CPU_SECOND = Resource(
    "compute.cpu_second", unit=("CPU 秒", "CPU-seconds"), title=("任务处理器时间", "CPU time of jobs")
)
STORAGE = Resource("storage.byte_day", unit=("字节·日", "byte-days"), title=("存储", "Storage"))
