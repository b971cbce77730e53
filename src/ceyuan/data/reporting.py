"""How a stage tells its progress: fractions and one sentence in each language."""

from collections.abc import Callable

__all__ = ["Report", "part_of", "told"]

Report = Callable[[dict[str, object]], None]


def told(fraction: float, zh: str, en: str) -> dict[str, object]:
    """A progress message as the callback gets it."""
    return {"progress": round(fraction, 4), "message": [zh, en]}


def part_of(report: Report, start: float, end: float) -> Report:
    """``report`` for a stage that covers ``start`` to ``end`` of the whole."""

    def scaled(message: dict[str, object]) -> None:
        fraction = message.get("progress")
        if isinstance(fraction, int | float):
            message = message | {"progress": round(start + (end - start) * fraction, 4)}
        report(message)

    return scaled
