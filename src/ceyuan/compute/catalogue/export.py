"""The catalogue as a file for spreadsheets (RFC 4180, with a byte-order mark so that Chinese opens well)."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from ceyuan.compute.catalogue.schemas import OfferOut

COLUMNS = (
    "identifier",
    "title",
    "state",
    "partner_zh",
    "partner_en",
    "region",
    "city",
    "vendor",
    "accelerator",
    "accelerators",
    "nodes",
    "per_node",
    "cpu_cores",
    "host_memory_gib",
    "memory_gib",
    "link",
    "link_gb_s",
    "network",
    "network_gbps",
    "storage_tb",
    "list_yuan",
    "partner_yuan",
    "spot_yuan",
    "card_hour_yuan",
    "standard_cards",
    "availability_bp",
    "service_standard",
    "pue",
    "carbon_g_kwh",
    "carbon_g_hour",
    "usable_until",
    "id",
)
_RISKY = ("=", "+", "-", "@", "\t", "\r")


def offers_csv(offers: Sequence[OfferOut]) -> str:
    """Offers as CSV text with a header; prices in yuan with all six decimals that are not zero."""
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for offer in offers:
        row = offer.model_dump(mode="json")
        for name in ("list", "partner", "spot", "card_hour"):
            row[f"{name}_yuan"] = _yuan(row[f"{name}_micro"])
        writer.writerow([_cell(row[name]) for name in COLUMNS])
    return out.getvalue()


def _yuan(micro: int | None) -> str:
    if micro is None:
        return ""
    whole, rest = divmod(micro, 1_000_000)
    return f"{whole}.{rest:06d}".rstrip("0").rstrip(".")


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    # A spreadsheet would run it: https://owasp.org/www-community/attacks/CSV_Injection
    return f"'{text}" if isinstance(value, str) and text.startswith(_RISKY) else text
