"""What may go wrong with mappings."""

from __future__ import annotations

from ceyuan.kernel.errors import Conflict


class NothingToMap(Conflict):
    code = "nothing_to_map"
    title = ("没有可映射的字段", "There are no columns to map")
