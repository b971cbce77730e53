"""The partner catalogue: who supplies compute, where, of which kind, at what price and on which terms.

Suppliers register, enter sites, pools and offers; officers verify, name and publish them through the workflow
engine; everybody searches and compares. Placing work is the rooms' above; they ask here for usable offers.
"""

from ceyuan.compute.catalogue.offers import find_usable, region_of, require_usable, show_offers
from ceyuan.compute.catalogue.partners import known_accelerator, known_region
from ceyuan.compute.catalogue.regions import REGIONS, Region
from ceyuan.compute.catalogue.schemas import OfferOut
from ceyuan.compute.catalogue.searching import Search, usable_offers
from ceyuan.compute.catalogue.tariffs import Asked, Stretch, Tariff, read_tariffs, write_down

__all__ = [
    "REGIONS",
    "Asked",
    "OfferOut",
    "Region",
    "Search",
    "Stretch",
    "Tariff",
    "find_usable",
    "known_accelerator",
    "known_region",
    "read_tariffs",
    "region_of",
    "require_usable",
    "show_offers",
    "usable_offers",
    "write_down",
]
