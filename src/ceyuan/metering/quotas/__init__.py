"""Quotas: how much of a resource, of requests, tokens or money may be used per minute, day or month, by an
organisation, a token, a person or a project. Soft ones tell, hard ones refuse."""

from ceyuan.metering.quotas.rules import Counted, Metric, SubjectKind
from ceyuan.metering.quotas.service import (
    NewQuota,
    QuotaGrant,
    QuotaState,
    add_quota,
    change_quota,
    check_quotas,
    count_usage,
    forget_old_counters,
    grant_quota,
    quota_states,
    remove_quota,
    return_quota,
)

__all__ = [
    "Counted",
    "Metric",
    "NewQuota",
    "QuotaGrant",
    "QuotaState",
    "SubjectKind",
    "add_quota",
    "change_quota",
    "check_quotas",
    "count_usage",
    "forget_old_counters",
    "grant_quota",
    "quota_states",
    "remove_quota",
    "return_quota",
]
