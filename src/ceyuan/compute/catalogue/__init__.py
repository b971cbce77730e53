"""The partner catalogue: who supplies compute, where, of which kind, at what price and on which terms.

Suppliers register, enter sites, pools and offers; officers verify, name and publish them through the workflow
engine; everybody searches and compares. Placing work is the rooms' above; they ask here for usable offers.
"""

from ceyuan.compute.catalogue.offers import require_usable, show_offers
from ceyuan.compute.catalogue.partners import known_accelerator, known_region
from ceyuan.compute.catalogue.regions import REGIONS, Region
from ceyuan.compute.catalogue.schemas import OfferOut
from ceyuan.compute.catalogue.searching import Search, usable_offers

__all__ = [
    "REGIONS",
    "OfferOut",
    "Region",
    "Search",
    "known_accelerator",
    "known_region",
    "require_usable",
    "show_offers",
    "usable_offers",
]
