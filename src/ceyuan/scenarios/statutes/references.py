"""Finding references to articles in running text: 《民法典》第一千零四十二条、劳动法第38条第二款."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ceyuan.scenarios.statutes.numerals import number_of, numeral_of

_NUMERAL = r"[零〇一二三四五六七八九十百千两\d]+"
_ARTICLE = rf"第\s*({_NUMERAL})\s*条(?:之({_NUMERAL}))?"
_WITH_LAW = re.compile(rf"《([^《》]{{2,60}})》\s*(?:（[^）]*）)?\s*{_ARTICLE}")
_BARE_LAW = re.compile(rf"([一-鿿]{{2,24}}?(?:法典|法|条例|决定))\s*{_ARTICLE}")
_FURTHER = re.compile(rf"^(?:第{_NUMERAL}款)?(?:第（?{_NUMERAL}）?项)?\s*[、和及与]\s*{_ARTICLE}")
_PREFIX = "中华人民共和国"
_LEAD = re.compile(r"^(?:请问|根据|依据|依照|按照|关于|我国|对于|在|违反|看看|查询|和|与|及|以及|的)+")


@dataclass(frozen=True, slots=True)
class Reference:
    """A named article: the law as written, the article's number and its 之 number (0 = none), and where it stands."""

    law: str
    article: int
    branch: int
    start: int
    end: int

    @property
    def article_no(self) -> str:
        """第…条, as statutes write it."""
        return f"第{numeral_of(self.article)}条" + (f"之{numeral_of(self.branch)}" if self.branch else "")


def short_name(law: str) -> str:
    """A law's name without 中华人民共和国 and without a bracketed year."""
    return re.sub(r"[（(][^）)]*[）)]$", "", law).removeprefix(_PREFIX)


def find_references(text: str) -> list[Reference]:
    """All references in the order of the text; 第五条、第六条 after one law's name name two articles."""
    found: list[Reference] = []
    for pattern in (_WITH_LAW, _BARE_LAW):
        for match in pattern.finditer(text):
            law = match[1] if pattern is _WITH_LAW else _LEAD.sub("", match[1])
            if any(r.start < match.end() and match.start() < r.end for r in found) or not law:
                continue
            _collect(found, text, law, match)
    return sorted(found, key=lambda r: r.start)


def _collect(found: list[Reference], text: str, law: str, match: re.Match[str]) -> None:
    groups, start, end = match.groups()[1:], match.start(), match.end()
    while True:
        article, branch = number_of(groups[0]), number_of(groups[1]) if groups[1] else 0
        if article and 0 < article < 10_000 and branch is not None and branch < 100:
            found.append(Reference(law, article, branch, start, end))
        more = _FURTHER.match(text[end:])
        if more is None:
            return
        groups, start, end = more.groups(), end, end + more.end()
