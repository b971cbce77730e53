"""What the real SkyPilot optimizer chooses: run by the interpreter of SkyPilot's own environment, never by ours.

Reads {"problems": [{"offers", "tasks", "told"}]} as JSON from standard input and writes {"version", "choices"}, a list
for each problem. Its catalogue of virtual machines is written beforehand, offline, in the layout that it reads; each
region is a cloud of its own in it, since between regions of one cloud it knows neither cost nor time of copying and
looks at the cheapest only. Where a task's data lies is a task before it, pinned to that cloud, whose output is as large
as the data. What copying costs no catalogue can say; where it is `told` (yuan per GB out of each region), the function
of the cloud that answers for it is replaced. Accelerators of different problems have different names in the catalogue.
"""

from __future__ import annotations

import copy
import csv
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

CLOUDS = {"beijing": "lambda", "tianjin": "fluidstack", "hebei": "runpod", "shanxi": "paperspace"}
CLOUDS |= {"inner-mongolia": "hyperbolic"}
COLUMNS = ("InstanceType", "AcceleratorName", "AcceleratorCount", "vCPUs", "MemoryGiB", "Price", "Region", "GpuInfo")
COLUMNS += ("SpotPrice",)
STORAGE = "cpu_4"


def write_catalogue(home: Path, problems: list[dict[str, Any]]) -> None:
    """One machine for each offer and width that some task asks for, and a small one where data lies."""
    catalogues = home / ".sky" / "catalogs" / "v8"
    for region, cloud in CLOUDS.items():
        rows: list[tuple[Any, ...]] = [(STORAGE, "", "", 4, 16, 0.0, region, "", "")]
        for at, problem in enumerate(problems):
            rows += _machines(at, problem, region)
        _write(catalogues / cloud / "vms.csv", COLUMNS, rows)
    models = {_name(o["accelerator"], at) for at, problem in enumerate(problems) for o in problem["offers"]}
    known = [(model, str(sorted(CLOUDS.values()))) for model in sorted(models)]
    _write(catalogues / "common" / "accelerators.csv", ("AcceleratorName", "Clouds"), known)


def _name(model: str, problem: int) -> str:
    return f"{model}-P{problem}"


def _machines(at: int, problem: dict[str, Any], region: str) -> list[tuple[Any, ...]]:
    widths = sorted({need["count"] for task in problem["tasks"] for need in task["needs"]})
    rows: list[tuple[Any, ...]] = []
    for offer in problem["offers"]:
        model = _name(offer["accelerator"], at)
        for width in widths:
            if offer["region"] == region and width <= offer["count"]:
                info = str({"Gpus": [{"Name": model, "Count": width, "MemoryInfo": {"SizeInMiB": 81_920}}]})
                price = offer["price"] * width
                rows.append((f"{model}_{width}", model, width, 8 * width, 64 * width, price, region, info, ""))
    return rows


def _write(path: Path, header: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def choose(problems: list[dict[str, Any]]) -> dict[str, Any]:
    """Its cheapest plan of each task by itself; of several homes of the data the one that it finds cheapest."""
    import sky.catalog
    import sky.optimizer
    from sky import check
    from sky.utils import registry

    by_region = {region: registry.CLOUD_REGISTRY.from_str(name) for region, name in CLOUDS.items()}
    enabled = list(by_region.values())
    _remember_lookups(sky.catalog)
    check.get_cached_enabled_clouds_or_refresh = lambda *_, **__: enabled
    choices = []
    for at, problem in enumerate(problems):
        for region, cloud in by_region.items():
            price = (problem["told"] or {}).get(region, 0.0)
            type(cloud).get_egress_cost = lambda _self, num_gigabytes, price=price: price * num_gigabytes
        found = []
        for task in problem["tasks"]:
            # Where copying costs nothing, one home is as good as another.
            homes = task["homes"] if problem["told"] else task["homes"][:1]
            plans = [_one(sky, by_region, task, home, at) for home in homes]
            found.append(min((plan for plan in plans if plan), key=lambda plan: plan["cost"], default=None))
        choices.append(found)
        print(f"problem {at + 1} of {len(problems)}", file=sys.stderr, flush=True)
    return {"version": sky.__version__, "choices": choices}


def _remember_lookups(catalog: Any) -> None:
    """Ask the catalogue each question once: the file does not change meanwhile, and the answers are what they were."""
    ask, known = catalog._map_clouds_catalog, dict[str, Any]()

    def remembered(*arguments: Any, **named: Any) -> Any:
        key = repr((arguments, sorted(named.items())))
        if key not in known:
            known[key] = ask(*arguments, **named)
        return copy.copy(known[key])

    catalog._map_clouds_catalog = remembered


def _one(sky: Any, by_region: dict[str, Any], task: dict[str, Any], home: str, at: int) -> dict[str, Any] | None:
    hours = {_name(need["accelerator"], at): need["hours"] for need in task["needs"]}
    with sky.Dag() as dag:
        run = sky.Task(task["name"], run="true")
        wishes = {sky.Resources(accelerators={_name(n["accelerator"], at): n["count"]}) for n in task["needs"]}
        run.set_resources(wishes)
        run.set_time_estimator(lambda resources: 3600.0 * hours[next(iter(resources.accelerators))])
        source = sky.Task("data", run="true")
        source.set_resources(sky.Resources(cloud=by_region[home], instance_type=STORAGE))
        source.set_time_estimator(lambda _: 0)
        source.set_outputs("s3://data", estimated_size_gigabytes=task["gigabytes"])
        dag.add_edge(source, run)
    sky.optimizer.Optimizer.optimize(dag, quiet=True)
    best = run.best_resources
    if best is None:
        return None
    regions = {str(cloud): region for region, cloud in by_region.items()}
    region, (model, width) = regions[str(best.cloud)], next(iter(best.accelerators.items()))
    cost = best.get_cost(3600.0 * hours[model])
    if region != home:
        cost += by_region[home].get_egress_cost(task["gigabytes"])
    plain = model.rpartition("-P")[0]
    return {"region": region, "accelerator": plain, "count": int(width), "home": home, "cost": cost}


def main() -> None:
    problems = json.load(sys.stdin)["problems"]
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"HOME": folder, "SKYPILOT_DISABLE_USAGE_COLLECTION": "1"}
        write_catalogue(Path(folder), problems)
        out, sys.stdout = sys.stdout, sys.stderr
        answer = choose(problems)
    json.dump(answer, out)


if __name__ == "__main__":
    main()
