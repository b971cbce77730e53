"""`ceyuan partner`: supply compute. Register an organisation as a partner, enter sites, pools and offers, take steps.

What is entered is described in YAML with the fields of the API; a price may stand in yuan (`list_yuan`, `yuan`).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel

from ceyuan.cli.connection import Api
from ceyuan.cli.output import show, show_rows
from ceyuan.cli.task import read_description
from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.money import from_yuan

app = typer.Typer(help="Supply compute: partners, their sites, pools and offers, and the steps.", no_args_is_help=True)
_BASE = "/api/v1/compute"
_PARTNERS = ["id", "name_zh", "name_en", "state", "contact"]
_SITES = ["id", "name", "region", "city", "pue", "carbon_g_kwh", "uplink_gbps"]
_POOLS = ["id", "site_id", "name", "accelerator", "nodes", "per_node", "memory_gib", "network_gbps"]
_OFFERS = ["id", "identifier", "title", "region", "accelerator", "accelerators", "price_yuan", "state"]
File = Annotated[Path, typer.Argument(help="YAML file; - reads standard input")]
Partner = Annotated[str, typer.Argument(help="a partner's id")]
Limit = Annotated[int, typer.Option(help="how many at most")]
Form = Annotated[list[str] | None, typer.Option("--form", help="name=value of the step's form, such as reason=…")]


def _micro(value: Any, name: str) -> Any:
    """A price in yuan as micro-yuan; raises `Invalid`."""
    if value is None:
        return None
    try:
        return from_yuan(str(value))
    except (Invalid, ValueError, ArithmeticError) as fault:
        raise Invalid((f"{name} 不是金额:{value}", f"{name} is no amount of money: {value}")) from fault


def _named(name: Any) -> str:
    """What the API calls a field."""
    return "micro" if name == "yuan" else re.sub(r"_yuan$", "_micro", str(name))


def _in_micro(fields: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in fields.items():
        if _named(name) != name:
            found[_named(name)] = _micro(value, name)
        elif isinstance(value, list):
            found[name] = [_in_micro(one) if isinstance(one, dict) else one for one in value]
        else:
            found[name] = value
    return found


def read_fields(path: Path, form: type[BaseModel], **given: str | None) -> dict[str, Any]:
    """The fields in a file and those `given` on the command line; raises `Invalid` for a field that `form` has not."""
    fields = read_description(path) | {name: value for name, value in given.items() if value is not None}
    if unknown := [str(name) for name in fields if _named(name) not in form.model_fields]:
        known = ", ".join(form.model_fields)
        raise Invalid(
            (f"没有字段“{unknown[0]}”", f"there is no field “{unknown[0]}”"),
            hint=(f"可用:{known}", f"use: {known}"),
        )
    return _in_micro(fields)


@app.command("list")
@app.command("ls", hidden=True)
def list_partners(limit: Limit = 50) -> None:
    """List the partners: those that are admitted, and one's own."""
    show_rows(Api().pages(f"{_BASE}/partners", limit=limit), _PARTNERS)


@app.command("show")
def show_partner(partner: Partner) -> None:
    """Show one partner."""
    show(Api().get(f"{_BASE}/partners/{partner}"))


@app.command()
def register(
    description: File,
    org: Annotated[str | None, typer.Option(help="the organisation, where the file does not name it")] = None,
) -> None:
    """Apply as a compute partner: name_zh, name_en, contact, about, website."""
    from ceyuan.compute.catalogue.schemas import PartnerIn

    show(Api().post(f"{_BASE}/partners", read_fields(description, PartnerIn, org_id=org)))


@app.command()
def change(partner: Partner, description: File) -> None:
    """Change what a partner says of itself; only the fields in the file."""
    from ceyuan.compute.catalogue.schemas import PartnerChange

    body = read_fields(description, PartnerChange)
    show(Api().call("PATCH", f"{_BASE}/partners/{partner}", json=body))


@app.command()
def decide(
    partner: Partner,
    step: Annotated[str, typer.Argument(help="admit, refuse, suspend, reinstate or retire")],
    form: Form = None,
) -> None:
    """Take a step of a partner's admission."""
    show(Api().post(f"{_BASE}/partners/{partner}/decision", {"decision": step, "form": _form(form)}))


@app.command()
def sites(partner: Annotated[str | None, typer.Option(help="only this partner's")] = None, limit: Limit = 50) -> None:
    """List the sites of one's own organisations; officers see all."""
    show_rows(Api().pages(f"{_BASE}/sites", limit=limit, partner_id=partner), _SITES)


@app.command("add-site")
def add_site(
    description: File,
    partner: Annotated[str | None, typer.Option(help="the partner's id, where the file does not name it")] = None,
) -> None:
    """Enter a site: name, region, city, pue, carbon_g_kwh, uplink_gbps, evidence."""
    from ceyuan.compute.catalogue.schemas import SiteIn

    show(Api().post(f"{_BASE}/sites", read_fields(description, SiteIn, partner_id=partner)))


@app.command("change-site")
def change_site(site: Annotated[str, typer.Argument(help="a site's id")], description: File) -> None:
    """Replace what is said of a site."""
    from ceyuan.compute.catalogue.schemas import SiteIn

    api = Api()
    body = {"partner_id": _of(api, "sites", site, "partner_id"), **read_fields(description, SiteIn)}
    show(api.call("PUT", f"{_BASE}/sites/{site}", json=body))


@app.command()
def pools(site: Annotated[str | None, typer.Option(help="only this site's")] = None, limit: Limit = 50) -> None:
    """List the catalogue's pools of one's own organisations; officers see all."""
    show_rows(Api().pages(f"{_BASE}/pools", limit=limit, site_id=site), _POOLS)


@app.command("add-pool")
def add_pool(
    description: File,
    site: Annotated[str | None, typer.Option(help="the site's id, where the file does not name it")] = None,
) -> None:
    """Enter a pool of equal nodes: name, accelerator, nodes, per_node, network, throughput, evidence, ..."""
    from ceyuan.compute.catalogue.schemas import PoolIn

    show(Api().post(f"{_BASE}/pools", read_fields(description, PoolIn, site_id=site)))


@app.command("change-pool")
def change_pool(pool: Annotated[str, typer.Argument(help="a pool's id")], description: File) -> None:
    """Replace what is said of a pool."""
    from ceyuan.compute.catalogue.schemas import PoolIn

    api = Api()
    body = {"site_id": _of(api, "pools", pool, "site_id"), **read_fields(description, PoolIn)}
    show(api.call("PUT", f"{_BASE}/pools/{pool}", json=body))


@app.command()
def measure(pool: Annotated[str, typer.Argument(help="a pool's id")], description: File) -> None:
    """Enter a speed that was measured: family, precision, value, unit, provenance, source, expires_on."""
    from ceyuan.compute.catalogue.schemas import ThroughputIn

    show(Api().post(f"{_BASE}/pools/{pool}/measurements", read_fields(description, ThroughputIn)))


@app.command()
def offers(
    org: Annotated[str | None, typer.Option(help="only this supplier's, by its organisation's id")] = None,
    state: Annotated[str | None, typer.Option(help="only those in this state, such as applied")] = None,
    limit: Limit = 50,
) -> None:
    """List offers, one's own in every state."""
    rows = Api().pages(f"{_BASE}/offers", limit=limit, org_id=org, state=state)
    show_rows(({**row, "price_yuan": row["price_micro"] / 1_000_000} for row in rows), _OFFERS)


@app.command("add-offer")
def add_offer(
    description: File,
    pool: Annotated[str | None, typer.Option(help="the pool's id, where the file does not name it")] = None,
) -> None:
    """Offer a pool: title, list_yuan, partner_yuan, spot_yuan, bands, expires_at, support, evidence, ..."""
    from ceyuan.compute.catalogue.schemas import OfferIn

    show(Api().post(f"{_BASE}/offers", read_fields(description, OfferIn, pool_id=pool)))


@app.command("change-offer")
def change_offer(offer: Annotated[str, typer.Argument(help="an offer's id")], description: File) -> None:
    """Replace the terms of an offer before it is verified, or after the step `amend`."""
    from ceyuan.compute.catalogue.schemas import OfferTerms

    show(Api().call("PUT", f"{_BASE}/offers/{offer}", json=read_fields(description, OfferTerms)))


@app.command("decide-offer")
def decide_offer(
    offer: Annotated[str, typer.Argument(help="an offer's id")],
    step: Annotated[str, typer.Argument(help="verify, issue_identifier, publish, go_live, suspend, amend, ...")],
    form: Form = None,
) -> None:
    """Take a step of an offer: officers verify, issue and publish, the supplier goes live."""
    show(Api().post(f"{_BASE}/offers/{offer}/decision", {"decision": step, "form": _form(form)}))


def _of(api: Api, kind: str, wanted: str, name: str) -> str:
    """A field of one of the caller's sites or pools."""
    for row in api.pages(f"{_BASE}/{kind}", limit=10_000):
        if row["id"] == wanted:
            return str(row[name])
    raise Invalid((f"没有找到 {wanted}", f"there is no {wanted} among yours"))


def _form(pairs: list[str] | None) -> dict[str, str]:
    if wrong := [pair for pair in pairs or [] if "=" not in pair]:
        raise Invalid((f"请写作 名称=值:{wrong[0]}", f"write it as name=value: {wrong[0]}"))
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs or [])}
