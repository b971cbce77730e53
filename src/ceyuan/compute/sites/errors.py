"""What can be wrong with a question to the engine, in both languages, before anything is planned."""

from __future__ import annotations


class SiteError(ValueError):
    """The base: ``code`` for programs, ``zh`` and ``en`` for people."""

    code = "sites.bad_input"

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


class BadFigure(SiteError):
    """A price, size, time or speed that is negative, infinite or absurd."""

    code = "sites.bad_figure"


class UnknownSite(SiteError):
    """A site or region that no offer or link knows."""

    code = "sites.unknown_site"


class UnknownAccelerator(SiteError):
    """A task asks for an accelerator that nobody offers."""

    code = "sites.unknown_accelerator"


class LinkHole(SiteError):
    """The link matrix lacks a connection that a task needs; ``missing`` names the pairs."""

    code = "sites.link_hole"

    def __init__(self, missing: list[tuple[str, str]]) -> None:
        pairs = ", ".join(f"{a} → {b}" for a, b in missing)
        super().__init__(f"链路矩阵缺少：{pairs}", f"The link matrix lacks {pairs}")
        self.missing = missing


class ExpiredOffer(SiteError):
    """Only offers that have expired could serve a task."""

    code = "sites.expired_offer"


class ImpossibleRequest(SiteError):
    """No offer is large enough; ``nearest`` is the largest that comes near."""

    code = "sites.impossible_request"

    def __init__(self, zh: str, en: str, nearest: tuple[str, int] | None) -> None:
        super().__init__(zh, en)
        self.nearest = nearest


class MissedDeadline(SiteError):
    """Even the fastest way ends after the deadline; ``earliest`` (hours) is when it could end."""

    code = "sites.missed_deadline"

    def __init__(self, zh: str, en: str, earliest: float) -> None:
        super().__init__(zh, en)
        self.earliest = earliest


class BudgetTooSmall(SiteError):
    """Even the cheapest way costs more than the budget; ``least`` is what it costs."""

    code = "sites.budget_too_small"

    def __init__(self, zh: str, en: str, least: float) -> None:
        super().__init__(zh, en)
        self.least = least
