"""Names of people and organisations: one namespace, the first segment of a hub address, unique whatever the case."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from ceyuan.identity.errors import NameInvalid, NameReserved
from ceyuan.kernel.ids import is_id
from ceyuan.kernel.platform import Platform

NAME_PATTERN = r"^[A-Za-z0-9]+(?:[-_.][A-Za-z0-9]+)*$"
NAME_MAX = 39
_NAME = re.compile(NAME_PATTERN)
_SUFFIXES = (".git", ".ipynb", ".json")
# Names that would pass for the platform itself or for its staff.
_OFFICIAL = frozenset(
    {
        *("abuse", "admin", "administrator", "anonymous", "ceyuan", "everyone", "help", "me", "nobody", "null"),
        *("official", "operator", "owner", "postmaster", "root", "security", "service", "staff", "support"),
        *("system", "undefined", "webmaster"),
    }
)


@dataclass(frozen=True, slots=True)
class ReservedNames:
    """Hook: names that nobody may take. The server provides the first segments of its routes:
    `platform.provide(ReservedNames, ReservedNames.from_paths(paths))`."""

    names: frozenset[str]

    @classmethod
    def from_paths(cls, paths: Iterable[str]) -> ReservedNames:
        """The fixed first segments of route paths such as `/api/v1/people/{name}`; `/{owner}/{name}` adds none."""
        segments = (path.strip("/").split("/", 1)[0] for path in paths)
        return cls(frozenset(name_key(s) for s in segments if s and "{" not in s))


def name_key(name: str) -> str:
    """The form under which a name is unique: case makes no difference."""
    return name.casefold()


def is_reserved(platform: Platform, name: str) -> bool:
    """Whether a route of the platform begins with this name."""
    return any(name_key(name) in reserved.names for reserved in platform.find(ReservedNames))


def check_name(platform: Platform, name: str, *, official: bool = False) -> str:
    """Return `name` if a person or organisation may bear it, else raise `NameInvalid` or `NameReserved`.

    `official` lets the platform itself use names such as `admin`; route names stay reserved for all.
    """
    if not 2 <= len(name) <= NAME_MAX or not _NAME.fullmatch(name) or name.casefold().endswith(_SUFFIXES):
        raise NameInvalid()
    if is_id(name.casefold()) or is_reserved(platform, name) or (not official and name_key(name) in _OFFICIAL):
        raise NameReserved((f"名称“{name}”为平台保留", f"the name “{name}” is reserved"))
    return name


def clean_text(text: str, *, lines: bool = False) -> str:
    """A text for people in NFC without control and direction-changing characters, trimmed; `lines` keeps line ends."""
    normal = unicodedata.normalize("NFC", text)
    kept = (c for c in normal if (lines and c in "\n\t") or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co"))
    return "".join(kept).strip()
