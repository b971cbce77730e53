"""Which README is the card, in the reader's language."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ceyuan.hub.browsing.service import View, find_file
from ceyuan.hub.errors import EntryNotFound, FileTooLarge
from ceyuan.hub.repositories.cards import MAX_CARD, Card, parse_card
from ceyuan.hub.trees import File, listing
from ceyuan.kernel.work import UnitOfWork

_README = re.compile(r"^readme(?:[._-]([a-z]{2,3})(?:[-_][a-z0-9]{2,8})?)?\.md$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A card with the path that it was read from and the languages that there are (empty: not said)."""

    path: str
    language: str
    languages: list[str]
    card: Card


async def read_card(uow: UnitOfWork, view: View, language: str | None) -> ShownCard:
    """The README in `language` (such as `zh`) if there is one, else `README.md`; raises `EntryNotFound`."""
    found: dict[str, str] = {}
    for name, entry in (await listing(view.trees, view.root.tree_id)).items():
        match = _README.match(name)
        if match and isinstance(entry, File):
            found.setdefault((match.group(1) or "").lower(), name)
    if not found:
        raise EntryNotFound(
            ("该版本没有卡片", "this revision has no card"),
            hint=("请提交 README.md", "commit a README.md"),
            commit=view.commit.id,
        )
    wanted = (language or "").lower()
    chosen = next(key for key in (wanted, "", *sorted(found)) if key in found)
    file = await find_file(view, found[chosen])
    if file.size > MAX_CARD:
        raise FileTooLarge((f"卡片超过 {MAX_CARD} 字节", f"the card has more than {MAX_CARD} bytes"))
    text = (await uow.platform.blobs.read(file.sha256)).decode("utf-8", "replace")
    return ShownCard(found[chosen], chosen, sorted(found), parse_card(text))
