"""`ceyuan compute`: search and compare offers, look identifiers up, plan a training."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ceyuan.cli.connection import Api
from ceyuan.cli.output import Format, current_format, language, say, show, show_rows

app = typer.Typer(help="Compute: partners' offers, capacity plans, links between regions.", no_args_is_help=True)
_OFFERS = ["id", "identifier", "title", "region", "accelerator", "accelerators", "price_yuan", "state"]
_COMPARED = (
    "title",
    "partner_zh",
    "region",
    "accelerator_label",
    "accelerators",
    "memory_gib",
    "price_yuan",
    "unit_yuan",
    "card_hour_yuan",
    "link",
    "network_gbps",
    "availability_bp",
    "pue",
    "carbon_g_hour",
    "usable_until",
)


def _yuan(micro: int | None) -> float | None:
    return None if micro is None else micro / 1_000_000


def _priced(row: dict[str, Any]) -> dict[str, Any]:
    prices = {f"{name}_yuan": _yuan(row.get(f"{name}_micro")) for name in ("price", "unit", "card_hour")}
    return {**row, **prices}


@app.command("offers")
def list_offers(
    search: Annotated[str | None, typer.Option("-q", "--search", help="part of title, accelerator or partner")] = None,
    region: Annotated[str | None, typer.Option(help="only this region, such as beijing")] = None,
    vendor: Annotated[str | None, typer.Option(help="only this maker, such as ascend")] = None,
    accelerator: Annotated[str | None, typer.Option(help="only this accelerator, such as h800")] = None,
    sort: Annotated[str, typer.Option(help="price_micro, unit_micro, accelerators, ...; - for descending")] = (
        "price_micro"
    ),
    limit: Annotated[int, typer.Option(help="how many at most")] = 20,
) -> None:
    """Search the published offers, cheapest first."""
    rows = Api().pages(
        "/api/v1/compute/offers",
        limit=limit,
        q=search,
        region=region,
        vendor=vendor,
        accelerator=accelerator,
        sort=sort,
    )
    show_rows((_priced(row) for row in rows), _OFFERS)


@app.command("offer")
def show_offer(reference: Annotated[str, typer.Argument(help="an offer's id or its identifier")]) -> None:
    """Show one offer by its id or its identifier."""
    api = Api()
    kind = "offers" if reference.startswith("cof_") else "identifiers"
    show(_priced(api.get(f"/api/v1/compute/{kind}/{reference}")))


@app.command()
def compare(offer_ids: Annotated[list[str], typer.Argument(help="two to six offers")]) -> None:
    """Set offers side by side in normalised units."""
    rows = [_priced(row) for row in Api().get("/api/v1/compute/offers/compare", id=offer_ids)]
    if current_format() is not Format.table:
        show_rows(rows, _OFFERS)
        return
    table = [{"": name, **{row["id"]: row.get(name) for row in rows}} for name in _COMPARED]
    show_rows(table, ["", *(row["id"] for row in rows)], key="")


@app.command()
def export(
    to: Annotated[Path | None, typer.Option(help="the file to write; left out: standard output")] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON instead of CSV")] = False,
) -> None:
    """Download the published catalogue."""
    path, form = "/api/v1/compute/offers/export", "json" if json else "csv"
    if to is not None:
        Api().download(path, to, format=form)
        return
    with Api().stream(path, format=form) as response:
        for text in response.iter_text():
            sys.stdout.write(text)


@app.command()
def accelerators() -> None:
    """List the accelerators that are known, with their peaks and memory."""
    rows = Api().get("/api/v1/compute/accelerators")
    shown = [{**row, "half_tflops": max(row["peak"].get("bf16", 0), row["peak"].get("fp16", 0))} for row in rows]
    show_rows(shown, ["name", "label", "half_tflops", "memory_gib", "watts", "standard_cards", "kind"], key="name")


@app.command()
def plan(
    parameters: Annotated[float, typer.Option(help="weights of the model, such as 1e11")],
    tokens: Annotated[float, typer.Option(help="training tokens, such as 2e12")],
    days: Annotated[float, typer.Option(help="days until it must be done")],
    accelerator: Annotated[str, typer.Option(help="chip of the plan that is shown first")] = "h800",
    active: Annotated[float | None, typer.Option(help="weights a token passes through (sparse models)")] = None,
    precision: Annotated[str, typer.Option(help="bf16, fp16, fp8, tf32 or fp32")] = "bf16",
    sequence: Annotated[int, typer.Option(help="length of a sequence")] = 4096,
    budget: Annotated[float | None, typer.Option(help="yuan")] = None,
    region: Annotated[str | None, typer.Option(help="only offers in this region")] = None,
) -> None:
    """Plan a training and say which offers can or cannot serve it."""
    body = {
        "parameters": parameters,
        "active_parameters": active,
        "tokens": tokens,
        "deadline_hours": days * 24,
        "accelerator": accelerator,
        "precision": precision,
        "sequence": sequence,
        "region": region,
        "budget_micro": None if budget is None else round(budget * 1_000_000),
    }
    found = Api().post("/api/v1/compute/plans", body)
    if current_format() is not Format.table:
        show(found, key="flops")
        return
    tongue = language()
    if found["plan"] is None:
        say((found["refusal"]["zh"], found["refusal"]["en"]))
    else:
        show(_flat(found))
    rows = [
        {
            "offer": fit["offer_id"],
            "title": fit["title"],
            "can": "✔" if fit["fits"] else "✘",
            "nodes": fit["plan"]["nodes"] if fit["plan"] else None,
            "days": round(fit["plan"]["total_hours"] / 24, 1) if fit["plan"] else None,
            "price_yuan": _yuan(fit["price_micro"]),
            "why": "; ".join(reason[tongue] for reason in fit["reasons"]) or None,
        }
        for fit in found["offers"]
    ]
    show_rows(rows, ["offer", "title", "can", "nodes", "days", "price_yuan", "why"], key="offer")


def _flat(found: dict[str, Any]) -> dict[str, Any]:
    plan, names = found["plan"], ("tensor", "pipeline", "data", "context", "expert")
    split = {name: plan["split"][name] for name in names if plan["split"][name] > 1}
    return {
        "flops": f"{found['flops']:.3e}",
        "accelerators": f"{plan['accelerators']} × {plan['accelerator']} ({plan['nodes']} nodes)",
        "split": " × ".join(f"{name} {size}" for name, size in split.items()) or "none",
        "memory_gib": f"{plan['memory']['total']} of {plan['memory']['limit']}",
        "days": f"{plan['total_hours'] / 24:.1f} ({plan['hours_low'] / 24:.1f} to {plan['hours_high'] / 24:.1f})",
        "accelerator_hours": plan["accelerator_hours"],
        "efficiency": f"{plan['efficiency']:.1%}",
        "network_gbps_per_node": plan["network_gbps_needed"],
        "storage_tb": plan["storage_tb"],
        "checkpoint": f"{plan['checkpoint_gb']} GB every {plan['checkpoint_every_hours']} h",
    }


@app.command()
def overview(
    hours: Annotated[float, typer.Option(help="how far back sums go")] = 24.0,
) -> None:
    """Show capacity and its use, who waits longest and why, spend, carbon and alerts."""
    found = Api().get("/api/v1/compute/overview", hours=hours)
    if current_format() is not Format.auto:
        show(found, key="waiting_count")
        return
    spoken, words = language(), ("cost_yuan", "energy_kwh", "carbon_kg", "running_count", "waiting_count")
    show({**{name: found.get(name) for name in words}, "cost_yuan": _yuan(found["cost_micro"])})
    show_rows(found["resources"], ["name", "capacity", "usable", "held"], key="name")
    if found["waiting"]:
        rows = [{**row, "why": row[spoken]} for row in found["waiting"]]
        show_rows(rows, ["id", "name", "since", "why"])
    for alert in found["alerts"]:
        say((f"注意:{alert['zh']}", f"attention: {alert['en']}"))


@app.command("links")
def list_links() -> None:
    """List the links between regions, and the holes between regions that have pools."""
    found = Api().get("/api/v1/compute/links")
    rows = [{**row, "yuan_per_gb": _yuan(row["price_micro"])} for row in found["links"]]
    show_rows(rows, ["source", "target", "gbps", "yuan_per_gb", "latency_ms", "kind", "evidence"], key="source")
    for hole in found["holes"]:
        pair = f"{hole['source']} → {hole['target']}"
        say((f"注意:没有链路 {pair}", f"attention: no way leads {pair}"))


@app.command("set-link")
def set_link(
    source: Annotated[str, typer.Argument(help="a region, such as beijing")],
    target: Annotated[str, typer.Argument(help="another region")],
    gbps: Annotated[float, typer.Option(help="10^9 bits per second")],
    yuan_per_gb: Annotated[float, typer.Option(help="what a GB costs")] = 0.0,
    latency_ms: Annotated[float | None, typer.Option(help="milliseconds there and back")] = None,
    direct: Annotated[bool, typer.Option(help="an optical line of its own, not the public network")] = False,
    one_way: Annotated[bool, typer.Option(help="only from the first to the second")] = False,
    evidence: Annotated[str, typer.Option(help="where the figures are from")] = "",
) -> None:
    """Enter or change the link between two regions."""
    body = {
        "gbps": gbps,
        "price_micro": round(yuan_per_gb * 1_000_000),
        "latency_ms": latency_ms,
        "kind": "direct" if direct else "public",
        "evidence": evidence,
        "one_way": one_way,
    }
    rows = Api().call("PUT", f"/api/v1/compute/links/{source}/{target}", json=body)
    show_rows(rows, ["source", "target", "gbps", "price_micro", "kind"], key="source")


@app.command("remove-link")
def remove_link(
    source: Annotated[str, typer.Argument(help="a region")], target: Annotated[str, typer.Argument(help="another")]
) -> None:
    """Remove one direction of a link."""
    Api().call("DELETE", f"/api/v1/compute/links/{source}/{target}")
