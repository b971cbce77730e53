"""Capacity planning against the catalogue: what a training takes, and which published offers can serve it or why not.

The arithmetic is the engine's (`models.planning`), the offers are the catalogue's; nothing is reserved or stored.
"""

from ceyuan.compute.capacity.service import fit_offers, reference_plan

__all__ = ["fit_offers", "reference_plan"]
