"""Engine of placing on sites: where and when each task runs, and which data is copied where.

``plan`` weighs rent by the hour, copying over the links there are, deadlines, delay, carbon and agreements for all
tasks together; ``rehearse`` says what a choice comes to; ``check`` names what cannot be done and the nearest that can.
Nodes within a site are for the placement engine, submitting for the executors.
"""

from ceyuan.compute.sites.checks import check
from ceyuan.compute.sites.errors import (
    BadFigure,
    BudgetTooSmall,
    ExpiredOffer,
    ImpossibleRequest,
    LinkHole,
    MissedDeadline,
    SiteError,
    UnknownAccelerator,
    UnknownSite,
)
from ceyuan.compute.sites.made_up import REGIONS, mix, regions
from ceyuan.compute.sites.planning import Plan, Step, plan
from ceyuan.compute.sites.rehearsal import Choice, Rehearsed, choices_of, rehearse
from ceyuan.compute.sites.world import Held, Link, Need, Offer, SiteTask, Way, World

__all__ = [
    "REGIONS",
    "BadFigure",
    "BudgetTooSmall",
    "Choice",
    "ExpiredOffer",
    "Held",
    "ImpossibleRequest",
    "Link",
    "LinkHole",
    "MissedDeadline",
    "Need",
    "Offer",
    "Plan",
    "Rehearsed",
    "SiteError",
    "SiteTask",
    "Step",
    "UnknownAccelerator",
    "UnknownSite",
    "Way",
    "World",
    "check",
    "choices_of",
    "mix",
    "plan",
    "regions",
    "rehearse",
]
