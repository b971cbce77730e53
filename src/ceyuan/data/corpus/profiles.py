"""Profiles: the thresholds of each domain. What is noise on a web page is the form of a poem or a review."""

from collections import Counter
from collections.abc import Mapping, Sequence

from ceyuan.data.operators import Filter

__all__ = ["DOMAINS", "default_profiles", "moved", "named", "with_thresholds"]

DOMAINS: dict[str, tuple[str, str]] = {
    "general": ("通用", "general"),
    "law": ("法律法规", "law and regulation"),
    "government": ("政务公文", "government"),
    "news": ("新闻", "news"),
    "web": ("网页", "web pages"),
    "user": ("用户内容", "user content"),
    "classical": ("古典诗文", "classical texts"),
    "technical": ("技术文档", "technical writing"),
}
"""Domains with a profile of their own; any other is cut by ``general``."""


def default_profiles() -> dict[str, tuple[Filter, ...]]:
    """Filters per domain, in the order they are asked.

    The bounds were set so that of the registered corpora, of 3,504 laws and of 3,000 technical articles
    each profile keeps what a reader would keep; web-tuned ones (FineWeb-2's for Chinese) keep 5 % of the last.
    """
    return {
        "general": _profile(shortest=20, chinese=0.2, special=0.3, punctuation=0.4, digits=0.5, repeated=0.5),
        "law": _profile(shortest=10, chinese=0.6, special=0.2, punctuation=0.4, digits=0.4, repeated=0.6),
        "government": _profile(shortest=10, chinese=0.5, special=0.25, punctuation=0.4, digits=0.5, repeated=0.6),
        "web": _profile(shortest=30, chinese=0.3, special=0.25, punctuation=0.35, digits=0.4, repeated=0.4),
        "news": _profile(shortest=20, chinese=0.5, special=0.2, punctuation=0.4, digits=0.5, repeated=0.4),
        "user": _profile(shortest=4, chinese=0.3, special=0.4, punctuation=0.6, digits=0.5, repeated=0.6),
        "classical": _profile(shortest=8, chinese=0.7, special=0.3, punctuation=0.5, digits=0.2, repeated=0.8),
        "technical": _profile(shortest=50, chinese=0.1, special=0.35, punctuation=0.5, digits=0.5, repeated=0.7),
    }


def with_thresholds(
    profiles: Mapping[str, Sequence[Filter]], changes: Mapping[str, Mapping[str, Mapping[str, float | None]]]
) -> dict[str, tuple[Filter, ...]]:
    """``profiles`` with other bounds: ``{"user": {"too_short": {"at_least": 10}}}``, by domain and name of the filter.

    A filter that is left without any bound is off. Raises ``KeyError`` with what is not there: a domain without profile
    or a name without filter.
    """
    result = {domain: tuple(filters) for domain, filters in profiles.items()}
    for domain, by_name in changes.items():
        known = {name for one, name in named(result[domain])} | {one.reason for one in result[domain]}
        for name in by_name:
            if name not in known:
                raise KeyError(f"{domain}.{name} (there are: {', '.join(sorted(known))})")
        result[domain] = tuple(one for one, _ in moved(result[domain], by_name))
    return result


def moved(
    filters: Sequence[Filter], by_name: Mapping[str, Mapping[str, float | None]]
) -> tuple[tuple[Filter, str], ...]:
    """The filters of one domain that are still on, with other bounds, and the name of each. A reason that several share
    moves those of them that have such a bound."""
    found = []
    for one, name in named(filters):
        bounds: dict[str, float | None] = {}
        if one.reason in by_name:
            alike = [other for other in filters if other.reason == one.reason]
            for side, bound in by_name[one.reason].items():
                if getattr(one, side) is not None or all(getattr(other, side) is None for other in alike):
                    bounds[side] = bound
        bounds |= by_name.get(name, {})
        values = one.model_dump() | bounds
        if any(values[side] is not None for side in ("at_least", "at_most", "one_of")):
            found.append((Filter.model_validate(values), name))
    return tuple(found)


def named(filters: Sequence[Filter]) -> tuple[tuple[Filter, str], ...]:
    """Each filter of one domain with the name that thresholds know it by: its reason; where several have the same,
    ``reason:statistic``, and where that is not enough ``reason:statistic:2`` for the second."""
    reasons = Counter(one.reason for one in filters)
    pairs = Counter((one.reason, one.statistic) for one in filters)
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for one in filters:
        pair = one.reason, one.statistic
        seen[pair] += 1
        number = f":{seen[pair]}" if pairs[pair] > 1 else ""
        found.append((one, one.reason if reasons[one.reason] == 1 else f"{one.reason}:{one.statistic}{number}"))
    return tuple(found)


def _profile(
    *, shortest: int, chinese: float, special: float, punctuation: float, digits: float, repeated: float
) -> tuple[Filter, ...]:
    return (
        Filter(statistic="characters", reason="too_short", at_least=shortest),
        Filter(statistic="characters", reason="too_long", at_most=2_000_000),
        Filter(statistic="odd_share", reason="damaged", at_most=0.02),
        Filter(statistic="chinese_share", reason="not_chinese", at_least=chinese),
        Filter(statistic="special_share", reason="special_characters", at_most=special),
        Filter(statistic="punctuation_share", reason="mostly_punctuation", at_most=punctuation),
        Filter(statistic="digit_share", reason="mostly_digits", at_most=digits),
        Filter(statistic="repeated_share", reason="repetitive", at_most=repeated),
        Filter(statistic="repeated_lines", reason="repeated_lines", at_most=0.5),
    )
