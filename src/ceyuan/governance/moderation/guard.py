"""The chain as the gateway's guard.

Answers are judged with what was released before them, so that a phrase does not slip through in two halves;
keywords and identifiers are looked for in every step of a stream, the classifier judges the final text.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cached_property

from ceyuan.governance.detectors import RISKS, Chain, Finding
from ceyuan.governance.moderation.settings import ModerationSettings
from ceyuan.kernel.errors import Text
from ceyuan.models.gateway import ALLOW, Call, Mask, Verdict

_IDENTIFIER = 24
"""Characters that the longest identifier may have: a stream is held back by at least so many."""


class ChainGuard:
    """Judges prompts and answers by the detectors; libraries and models are loaded at the first call."""

    name = "detectors"

    def __init__(self, settings: ModerationSettings) -> None:
        self._settings = settings

    @cached_property
    def chain(self) -> Chain:
        return Chain()

    @cached_property
    def _fast(self) -> Chain:
        return Chain(keywords=self.chain.keywords, classifier=None)

    @property
    def hold_back(self) -> int:
        """Enough that neither a listed word nor an identifier is cut; 0 would load the library at start."""
        return _IDENTIFIER

    async def check_input(self, call: Call, texts: Sequence[str]) -> Verdict:
        """Judge a prompt: the last text is the question, the others were judged before or are the operator's own."""
        if not texts:
            return ALLOW
        return await asyncio.to_thread(self._judge_input, "\n".join(texts))

    def _judge_input(self, text: str) -> Verdict:
        verdict = self.chain.inspect(text, personal=self._settings.moderation_personal_input)
        return _verdict(verdict.action, verdict.findings, 0, ())

    async def check_output(self, call: Call, context: str, text: str, final: bool) -> Verdict:
        """Judge an answer's next part."""
        return await asyncio.to_thread(self._judge_output, context, text, final)

    def _judge_output(self, context: str, text: str, final: bool) -> Verdict:
        chain = self.chain if final else self._fast
        verdict = chain.inspect(context + text, personal=self._settings.moderation_personal_output)
        start = len(context)
        fresh = [f for f in verdict.findings if f.end > start]
        masks = tuple(
            Mask(max(f.start - start, 0), f.end - start)
            for f in fresh
            if f.detector == "personal" and f.action == "mask"
        )
        if not fresh:
            return ALLOW
        order = ("allow", "mask", "flag", "block")
        action = max((f.action for f in fresh), key=order.index)
        # A flag must not stop the masks of the same step.
        return _verdict("mask" if masks and action == "flag" else action, fresh, start, masks)


def _reason(finding: Finding) -> Text:
    risk = RISKS[finding.clause]
    return (f"内容涉及“{risk.zh}”", f"the content touches “{risk.en}”")


def _verdict(action: str, findings: Sequence[Finding], start: int, masks: tuple[Mask, ...]) -> Verdict:
    if action == "allow" or not findings:
        return ALLOW
    gravest = max(findings, key=lambda f: ("allow", "mask", "flag", "block").index(f.action))
    evidence = [
        {"detector": f.detector, "clause": f.clause, "confidence": round(f.confidence, 3)} for f in findings[:8]
    ]
    return Verdict(
        action=action,  # type: ignore[arg-type]
        clause=gravest.clause,
        reason=_reason(gravest),
        masks=masks,
        source=gravest.detector,
        evidence={"findings": evidence},
    )
