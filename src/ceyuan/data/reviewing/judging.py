"""What follows from people's judgements: two who agree settle a document, a third decides where they do not."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ceyuan.evaluation.statistics import wilson

__all__ = ["Judgement", "Verdict", "needs", "outcome", "settled"]

Verdict = Literal["pass", "fail"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one reviewer said of one document of the sample; a failing one names the clause."""

    number: int
    reviewer: str
    verdict: Verdict
    clause: str = ""


def settled(verdicts: Sequence[Verdict]) -> Verdict | None:
    """The verdict of a document, once two reviewers agree; None before."""
    counts = Counter(verdicts)
    return next((word for word, count in counts.items() if count >= 2), None)


def needs(verdicts: Sequence[Verdict]) -> int:
    """How many more judgements a document needs."""
    return 0 if settled(verdicts) else 2 - len(verdicts) if len(verdicts) < 2 else 1


def outcome(
    strata: Mapping[int, tuple[str, str]], judgements: Iterable[Judgement], needed: float = 0.96
) -> dict[str, Any]:
    """The result over the sample ``strata`` (number -> source and domain).

    ``rate`` of passing documents among the settled ones with Wilson's score interval (95 %), ``met`` where all are
    settled and the rate reaches ``needed``; ``certain`` where the interval's lower end does. ``agreement`` is the
    share of documents on which the first two agreed, ``kappa`` Cohen's kappa of those (Cohen 1960).
    """
    votes: dict[int, list[Judgement]] = defaultdict(list)
    for one in judgements:
        votes[one.number].append(one)
    verdicts = {number: settled([one.verdict for one in votes[number]]) for number in strata}
    done = {number: word for number, word in verdicts.items() if word}
    passed = sum(word == "pass" for word in done.values())
    rate = wilson(passed, len(done))
    pairs = [(given[0].verdict, given[1].verdict) for given in votes.values() if len(given) >= 2]
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    for number, (source, domain) in strata.items():
        groups[f"{source} · {domain}"].update(documents=1, settled=number in done, failed=done.get(number) == "fail")
    clauses = Counter(
        clause
        for number, word in done.items()
        if word == "fail"
        for clause in {one.clause for one in votes[number] if one.clause}
    )
    complete = len(done) == len(strata) and bool(strata)
    return {
        "documents": len(strata),
        "settled": len(done),
        "passed": passed,
        "failed": len(done) - passed,
        "disputed": sum(
            len(given) == 2 and settled([one.verdict for one in given]) is None for given in votes.values()
        ),
        "judgements": sum(map(len, votes.values())),
        "reviewers": len({one.reviewer for given in votes.values() for one in given}),
        "rate": rate.as_dict() if done else None,
        "needed": needed,
        "complete": complete,
        "met": complete and rate.value >= needed,
        "certain": complete and rate.low >= needed,
        "agreement": _share(pairs),
        "kappa": _kappa(pairs),
        "strata": {name: dict(counts) for name, counts in sorted(groups.items())},
        "clauses": dict(sorted(clauses.items())),
    }


def _share(pairs: Sequence[tuple[str, str]]) -> float | None:
    return sum(one == other for one, other in pairs) / len(pairs) if pairs else None


def _kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Agreement beyond chance; none where chance alone would always agree."""
    if not pairs:
        return None
    observed = sum(one == other for one, other in pairs) / len(pairs)
    first = sum(one == "pass" for one, _ in pairs) / len(pairs)
    second = sum(other == "pass" for _, other in pairs) / len(pairs)
    chance = first * second + (1 - first) * (1 - second)
    return None if chance >= 1 else (observed - chance) / (1 - chance)
