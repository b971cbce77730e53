"""A hint of personal information in text: which kinds of identifiers occur, and how often; never the identifiers."""

from __future__ import annotations

import re
from collections import Counter

from ceyuan.governance.detectors import KINDS, find_personal
from ceyuan.hub.scanning.findings import Finding

_OF_PERSONS = frozenset(KINDS) - {"credit_code", "ip_address"}
_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://\S{1,2000}")
_FEW = 3
"""A number or two is a contact; more of them is a list of people."""


def scan_persons(text: str) -> list[Finding]:
    """A finding for each kind of identifier of persons that occurs; sensitive ones, and many of a kind, ask for
    caution, the others are a note."""
    counted: Counter[str] = Counter()
    sensitive: set[str] = set()
    first: dict[str, int] = {}
    # What stands in an address of the network is no list of people, and its password is another scanner's matter.
    plain = _ADDRESS.sub(lambda match: " " * len(match.group(0)), text)
    for found in find_personal(plain):
        if found.kind in _OF_PERSONS:
            counted[found.kind] += 1
            first.setdefault(found.kind, found.start)
            if found.sensitive:
                sensitive.add(found.kind)
    findings: list[Finding] = []
    for kind, count in sorted(counted.items()):
        zh, en = KINDS[kind]
        line = text.count("\n", 0, first[kind]) + 1
        findings.append(
            Finding(
                "caution" if kind in sensitive or count > _FEW else "note",
                f"personal_{kind}",
                str(count),
                f"疑似含有 {count} 处{zh},首见于第 {line} 行",
                f"seems to hold {count} {en}, the first in line {line}",
                str(line),
            )
        )
    return findings
