"""What came of a study as a file for spreadsheets (RFC 4180, with a byte-order mark so that Chinese opens well)."""

from __future__ import annotations

import csv
import io
from typing import Any

from ceyuan.compute.twin.tables import TwinStudy

_TOTALS = (
    "tasks",
    "done",
    "late",
    "over_limit",
    "waiting",
    "moves",
    "span_s",
    "completion_s",
    "cost_yuan",
    "copy_yuan",
    "copied_gb",
    "energy_kwh",
    "carbon_kg",
)
_WAITS = ("mean", "p50", "p90", "p95", "p99", "max")
_RISKY = ("=", "+", "-", "@", "\t", "\r")


def totals_csv(study: TwinStudy) -> str:
    """One line for each scenario: sums, waits in seconds, utilisation of each resource (0 to 1)."""
    resources = sorted({name for row in study.results for name in row["resources"]})
    header = ["scenario", *_TOTALS, *(f"wait_{name}_s" for name in _WAITS), *(f"used_{name}" for name in resources)]
    rows = []
    for row in study.results:
        totals, found = row["totals"], row["resources"]
        line = [row["name"], *(totals[name] for name in _TOTALS), *(totals["wait_s"][name] for name in _WAITS)]
        rows.append([*line, *(found[name]["utilisation"] if name in found else None for name in resources)])
    return _csv(header, rows)


def series_csv(study: TwinStudy) -> str:
    """One line for each scenario and step of time: queue, yuan, kg of CO2, and the part of each resource in use."""
    resources = sorted({name for row in study.results for name in row["resources"]})
    header = ["scenario", "hour", "queue", "cost_yuan", "carbon_kg", *(f"used_{name}" for name in resources)]
    rows = []
    for row in study.results:
        series = row["series"]
        for at, queue in enumerate(series["queue"]):
            line = [row["name"], round(at * series["step_s"] / 3600, 4), queue]
            line += [series["cost_yuan"][at], series["carbon_kg"][at]]
            rows.append([*line, *(series["used"][name][at] if name in series["used"] else None for name in resources)])
    return _csv(header, rows)


def _csv(header: list[str], rows: list[list[Any]]) -> str:
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out)
    writer.writerow([_cell(cell) for cell in header])
    writer.writerows([[_cell(cell) for cell in row] for row in rows])
    return out.getvalue()


def _cell(value: Any) -> Any:
    # A spreadsheet would run it: https://owasp.org/www-community/attacks/CSV_Injection
    if isinstance(value, str) and value.startswith(_RISKY):
        return f"'{value}"
    return "" if value is None else value
