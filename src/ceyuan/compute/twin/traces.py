"""A trace as a workload: a CSV file of a dataset, with a line for each task."""

from __future__ import annotations

import asyncio
import csv
import io
import math
from datetime import datetime
from typing import Any

from ceyuan.compute.catalogue import known_accelerator
from ceyuan.compute.twin.errors import TraceInvalid
from ceyuan.compute.twin.schemas import Trace
from ceyuan.hub import read_file
from ceyuan.kernel.errors import Text
from ceyuan.kernel.work import UnitOfWork

MOST = 20_000
_LARGEST = 16 * 1024 * 1024
_LONGEST_S = 400 * 86_400.0
_NAMES = {
    "submit": ("submit", "submit_s", "timestamp", "submit_time", "submitted_at"),
    "seconds": ("seconds", "duration", "duration_s", "run_time", "runtime"),
    "owner": ("owner", "user", "vc", "cluster", "organisation"),
    "accelerators": ("accelerators", "num_gpus", "gpu_num", "gpus"),
    "accelerator": ("accelerator", "gpu_type", "gpu_model"),
    "cpus": ("cpus", "num_cpus", "cpu_num"),
    "memory_gib": ("memory_gib", "mem_gib"),
    "nodes": ("nodes", "num_nodes", "node_num"),
    "limit_s": ("limit_s", "time_limit_s"),
    "priority": ("priority",),
}
"""Columns, under the names that published traces give them."""


async def traced_tasks(uow: UnitOfWork, wanted: Trace) -> list[dict[str, Any]]:
    """The tasks of a trace as the engine of simulation reads them, by time, times in seconds since the first.

    Raises `TraceInvalid` with line and column, `AcceleratorUnknown`, and what the hub says of a file that the actor may
    not read or that there is not.
    """
    content = await read_file(uow, wanted.dataset, wanted.file, limit=_LARGEST)
    return await asyncio.to_thread(read_trace, content, wanted)


def read_trace(content: bytes, wanted: Trace) -> list[dict[str, Any]]:
    """The tasks in a CSV file; see `traced_tasks`."""
    try:
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        header = [name.strip().lower() for name in next(reader, [])]
        lines = [(reader.line_num, line) for line in reader if line]
    except (UnicodeDecodeError, csv.Error) as fault:
        raise TraceInvalid((f"不是 UTF-8 的 CSV:{fault}", f"it is no CSV in UTF-8: {fault}")) from fault
    places = {name: header.index(one) for name, known in _NAMES.items() for one in known if one in header}
    if missing := [name for name in ("submit", "seconds") if name not in places]:
        given = "、".join(_NAMES[missing[0]]), ", ".join(_NAMES[missing[0]])
        raise TraceInvalid((f"缺少列 {missing[0]}({given[0]})", f"there is no column {missing[0]} (or {given[1]})"))
    if not 1 <= len(lines) <= MOST:
        raise TraceInvalid(
            (
                f"轨迹应有 1 至 {MOST} 个任务,实有 {len(lines)} 个",
                f"a trace has 1 to {MOST} tasks, this has {len(lines)}",
            ),
            hint=("请截取一段时间", "cut a part of it out"),
        )
    rows = [_Line(number, line, places).task(wanted) for number, line in lines]
    for name in {row["need"]["accelerator"] for row in rows} - {""}:
        known_accelerator(name)
    first = min(row["submit"] for row in rows)
    for row in rows:
        row["submit"] -= first
    return sorted(rows, key=lambda row: (row["submit"], row["key"]))


class _Line:
    """A line of a trace."""

    def __init__(self, number: int, cells: list[str], places: dict[str, int]) -> None:
        self._number = number
        self._cells = {name: cells[at].strip() for name, at in places.items() if at < len(cells)}

    def task(self, wanted: Trace) -> dict[str, Any]:
        """The task as the engine reads it."""
        whole = int(self._figure("accelerators", 0, 0, 100_000))
        nodes = int(self._figure("nodes", max(1, math.ceil(whole / wanted.per_node)), 1, 10_000))
        kind, each = (self._cells.get("accelerator") or wanted.accelerator).lower() if whole else "", whole // nodes
        if whole and (not kind or each * nodes != whole):
            raise self._fault(
                ("accelerators", self._cells.get("accelerators", "")),
                ("须指明加速卡型号,且能平分到各节点", "its accelerator must be named, and divide by its nodes"),
            )
        cpus = int(self._figure("cpus", nodes * max(1, each * wanted.cpus_each), 1, 10**7)) // nodes
        memory = self._figure("memory_gib", 2.0 * max(1, cpus) * nodes, 0.001, 1e8) / nodes
        seconds = self._figure("seconds", None, 0.001, _LONGEST_S)
        return {
            "key": f"line-{self._number:06d}",
            "owner": self._cells.get("owner") or "-",
            "need": {
                "cpus": max(1, cpus),
                "memory_mib": max(1, round(memory * 1024)),
                "accelerator": kind,
                "accelerators": each,
                "nodes": nodes,
            },
            "submit": self._moment(),
            "seconds": seconds,
            "limit": max(seconds, self._figure("limit_s", 2 * seconds + 600, 0.001, 2 * _LONGEST_S)),
            "priority": int(self._figure("priority", 0, -100, 100)),
        }

    def _moment(self) -> float:
        text = self._cells.get("submit", "")
        try:
            found = float(text)
        except ValueError:
            try:
                found = datetime.fromisoformat(text).timestamp()
            except (ValueError, OverflowError) as fault:
                raise self._fault(("submit", text), ("不是时刻", "is no moment")) from fault
        if not 0 <= found < 1e11:
            raise self._fault(("submit", text), ("不是时刻", "is no moment"))
        return found

    def _figure(self, name: str, default: float | None, least: float, most: float) -> float:
        text = self._cells.get(name, "")
        if not text and default is not None:
            return default
        try:
            found = float(text)
        except ValueError as fault:
            raise self._fault((name, text), ("不是数", "is no number")) from fault
        if not least <= found <= most:
            raise self._fault((name, text), (f"应在 {least:g} 与 {most:g} 之间", f"must be {least:g} to {most:g}"))
        return found

    def _fault(self, cell: tuple[str, str], words: Text) -> TraceInvalid:
        name, text = cell[0], cell[1][:60]
        return TraceInvalid(
            (f"第 {self._number} 行 {name}“{text}”{words[0]}", f"line {self._number}, {name}: “{text}” {words[1]}"),
            line=self._number,
            column=name,
        )
