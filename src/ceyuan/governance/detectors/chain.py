"""The chain: keywords, personal information, classifier, and one verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from ceyuan.governance.detectors.classifier import Classifier
from ceyuan.governance.detectors.keywords import KeywordLibrary
from ceyuan.governance.detectors.lexicon import default_keywords
from ceyuan.governance.detectors.personal import find_personal, mask_personal
from ceyuan.governance.detectors.seeds import default_classifier

Action = Literal["allow", "flag", "mask", "block"]
_ORDER: tuple[Action, ...] = ("allow", "mask", "flag", "block")
PERSONAL_CLAUSE = "A.4.f"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one link found: detector (`keyword`, `personal`, `classifier`), clause, the span in the text (whole
    text for the classifier), how sure (0..1), what it asks for, and a detail such as the kind of identifier."""

    detector: str
    clause: str
    start: int
    end: int
    confidence: float
    action: Action
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The chain's answer: the strictest action that a finding asks for, and all findings."""

    action: Action
    findings: tuple[Finding, ...]

    @property
    def clauses(self) -> list[str]:
        """The clauses that were hit, once each, in order."""
        return sorted({f.clause for f in self.findings})


@dataclass(frozen=True)
class Chain:
    """A chain of detectors. `flag_above` is the classifier's probability from which it flags."""

    keywords: KeywordLibrary = field(default_factory=lambda: KeywordLibrary(default_keywords()))
    classifier: Classifier | None = field(default_factory=default_classifier)
    flag_above: float = 0.8
    longest_text: int = 20_000

    @property
    def version(self) -> str:
        """Names the exact libraries and models, for reports."""
        return f"keywords:{self.keywords.version},classifier:{self.classifier.version if self.classifier else 'none'}"

    def inspect(self, text: str, *, personal: Action = "mask") -> Verdict:
        """Look at `text`; `personal` is what an identifier asks for. Beyond `longest_text` characters the
        classifier sees the beginning only, keywords and identifiers see all."""
        findings = [
            Finding("keyword", m.keyword.risk, m.start, m.end, 1.0, m.keyword.severity, m.keyword.text)
            for m in self.keywords.find(text)
        ]
        findings += [
            Finding("personal", PERSONAL_CLAUSE, p.start, p.end, 1.0, personal, p.kind) for p in find_personal(text)
        ]
        if self.classifier is not None and text.strip():
            label, chance = self.classifier.most_likely(text[: self.longest_text])
            if label != "safe" and chance >= self.flag_above:
                clause = "A.2.i" if label == "A.2" else label
                findings.append(Finding("classifier", clause, 0, len(text), chance, "flag", label))
        return Verdict(_strictest(findings), tuple(findings))

    def mask(self, text: str) -> str:
        """The text with its identifiers masked."""
        return mask_personal(text)


def _strictest(findings: Sequence[Finding]) -> Action:
    return max((f.action for f in findings), key=_ORDER.index, default="allow")
