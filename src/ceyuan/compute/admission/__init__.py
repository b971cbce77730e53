"""Engine of admission: who of those that wait starts now, on which seats, and why the others wait.

Quotas in a tree with borrowing, the least dominant share first, priorities within an owner, whole gangs or nothing,
one reservation with backfill behind it, room taken back from those who borrowed. Plain Python over plain values: it
holds no state, so that the same function decides, forecasts and answers "what if".
"""

from ceyuan.compute.admission.choosing import Chooser
from ceyuan.compute.admission.forecast import Forecast, Variant, forecast, what_if
from ceyuan.compute.admission.quotas import Share, Shares
from ceyuan.compute.admission.seats import Seat, best_fit, free_of
from ceyuan.compute.admission.turns import Decision, Reason, Start, decide
from ceyuan.compute.admission.values import Claim, Held, Need, Node, Situation

__all__ = [
    "Chooser",
    "Claim",
    "Decision",
    "Forecast",
    "Held",
    "Need",
    "Node",
    "Reason",
    "Seat",
    "Share",
    "Shares",
    "Situation",
    "Start",
    "Variant",
    "best_fit",
    "decide",
    "forecast",
    "free_of",
    "what_if",
]
