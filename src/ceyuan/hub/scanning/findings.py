"""What a scanner finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Weight = Literal["unsafe", "caution", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that people should know: `code` names the kind, `detail` what was found (never a secret itself),
    `zh` and `en` say it in a sentence, `place` is a line or a member of an archive."""

    weight: Weight
    code: str
    detail: str
    zh: str
    en: str
    place: str = ""
