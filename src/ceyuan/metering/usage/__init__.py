"""Usage: measured events with idempotency keys, posted in batches to the ledger, their reversal and statistics."""

from ceyuan.metering.usage.events import UsageEvent
from ceyuan.metering.usage.posting import Posted, post_usage
from ceyuan.metering.usage.reversal import reverse_usage, usage_ids
from ceyuan.metering.usage.statistics import StatPoint, statistics

__all__ = ["Posted", "StatPoint", "UsageEvent", "post_usage", "reverse_usage", "statistics", "usage_ids"]
