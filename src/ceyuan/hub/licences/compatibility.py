"""Whether what is built from others may bear its licence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ceyuan.hub.licences.detection import normal
from ceyuan.hub.licences.terms import TERMS


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why `source` (a licence of `origin`) and `result` do not go together: `code` is no_derivatives, non_commercial,
    share_alike or use_limits; the sentences name both."""

    code: str
    origin: str
    source: str
    result: str
    zh: str
    en: str


def conflicts(result: str, sources: Iterable[tuple[str, str]]) -> list[Conflict]:
    """What speaks against the licence `result` for something built from `sources` (origin, licence).

    Licences that are not known are not judged. The rules are the plain reading of each licence's conditions: no
    derivatives where they are forbidden; the ban on commercial use, the limits of use and the duty to share alike are
    passed on.
    """
    wanted = TERMS.get(normal(result))
    found: list[Conflict] = []
    for origin, name in sources:
        source = normal(name)
        terms = TERMS.get(source)
        if terms is None:
            continue
        said = (origin, source, normal(result))
        if not terms.derivatives:
            found.append(
                Conflict(
                    "no_derivatives",
                    *said,
                    f"{origin} 的许可 {source} 不允许演绎",
                    f"{source} of {origin} forbids derived works",
                )
            )
        if wanted is None or source == said[2]:
            continue
        if not terms.commercial and wanted.commercial:
            found.append(
                Conflict(
                    "non_commercial",
                    *said,
                    f"{origin} 的许可 {source} 禁止商用,而 {said[2]} 允许",
                    f"{source} of {origin} forbids commercial use, {said[2]} allows it",
                )
            )
        if terms.share == "strong" and not (terms.family and wanted.family == terms.family):
            found.append(
                Conflict(
                    "share_alike",
                    *said,
                    f"{origin} 的许可 {source} 要求以相同许可发布",
                    f"{source} of {origin} asks that what is built on it keeps that licence",
                )
            )
        if terms.uses and not wanted.uses:
            found.append(
                Conflict(
                    "use_limits",
                    *said,
                    f"{origin} 的许可 {source} 含使用限制,须一并传递",
                    f"{source} of {origin} limits its uses and asks that the limits be passed on",
                )
            )
    return found
