"""Names of repositories, branches and tags, and references to revisions.

The rules for repositories are those of the Hugging Face Hub, so that its clients accept every name of ours
(https://huggingface.co/docs/huggingface_hub/package_reference/utilities#huggingface_hub.utils.validate_repo_id);
those for branches and tags are git's (https://git-scm.com/docs/git-check-ref-format).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from ceyuan.hub.errors import NameRefused
from ceyuan.kernel.errors import Text

Kind = Literal["dataset", "model", "report"]
KINDS: tuple[Kind, ...] = get_args(Kind)
PREFIXES: dict[Kind, str] = {"dataset": "datasets", "model": "models", "report": "reports"}
"""How addresses and references name the kinds; in a download's address models have none."""
_KIND_OF = {prefix: kind for kind, prefix in PREFIXES.items()}

HEADS, TAGS = "refs/heads/", "refs/tags/"
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?")
_BAD_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)|\.$|/$|^[/.-]|^@$")
_HEX = re.compile(r"[0-9a-f]{7,40}")
_COMMIT = re.compile(r"[0-9a-f]{40}")


def check_repository_name(name: str) -> str:
    """Return `name` if a repository may bear it, else raise `NameRefused`: 1 to 96 letters, digits, `-`, `_`
    and `.`, not `--` or `..`, no `-` or `.` at the ends, not ending in `.git`."""
    if not _NAME.fullmatch(name) or "--" in name or ".." in name or name.lower().endswith((".git", ".ipynb")):
        raise NameRefused(
            (f"“{name}”不能作为仓库名", f"“{name}” cannot be the name of a repository"),
            hint=(
                "使用 1-96 个字母、数字、- _ .,不以 - 或 . 开头结尾,不含 -- 与 ..",
                "use 1 to 96 letters, digits, - _ . without -- or .., and neither - nor . at the ends",
            ),
        )
    return name


def check_ref_name(name: str) -> str:
    """Return `name` if a branch or tag may bear it, else raise `NameRefused`: git's rules, at most 200 bytes, and
    nothing that could be taken for a commit or for a full reference."""
    if (
        not name
        or len(name.encode(errors="replace")) > 200
        or _BAD_REF.search(name)
        or _HEX.fullmatch(name)
        or name.startswith("refs/")
        or not name.isprintable()
    ):
        raise NameRefused(
            (f"“{name[:80]}”不能作为分支或标签名", f"“{name[:80]}” cannot be the name of a branch or tag"),
            hint=("例如 main、v1.0、feature/x", "such as main, v1.0 or feature/x"),
        )
    return name


def is_commit_id(text: str) -> bool:
    """Whether `text` has the form of a full commit id."""
    return bool(_COMMIT.fullmatch(text))


def is_short_commit(text: str) -> bool:
    """Whether `text` may be the beginning (7 characters or more) of a commit id."""
    return bool(_HEX.fullmatch(text))


def path_key(kind: Kind, owner: str, name: str) -> str:
    """The form under which an address is unique: case makes no difference."""
    return f"{kind}/{owner.casefold()}/{name.casefold()}"


@dataclass(frozen=True, slots=True)
class Reference:
    """`[datasets/|models/|reports/]owner/name[@revision]`; kind and revision are null where it does not say."""

    kind: Kind | None
    owner: str
    name: str
    revision: str | None = None

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read a reference; raises `NameRefused` if it is none."""
        address, at, revision = text.partition("@")
        parts = address.split("/")
        kind: Kind | None = None
        if len(parts) == 3 and parts[0] in _KIND_OF:
            kind = _KIND_OF[parts.pop(0)]
        if len(parts) != 2 or not all(parts) or parts[0] in _KIND_OF or (at and not revision):
            raise NameRefused(
                (f"“{text[:120]}”不是版本引用", f"“{text[:120]}” is not a reference to a revision"),
                hint=("形如 datasets/owner/name@main", "write it as datasets/owner/name@main"),
            )
        return cls(kind, parts[0], parts[1], revision or None)

    def __str__(self) -> str:
        prefix = f"{PREFIXES[self.kind]}/" if self.kind else ""
        return f"{prefix}{self.owner}/{self.name}" + (f"@{self.revision}" if self.revision else "")


def kind_of_prefix(prefix: str) -> Kind | None:
    """The kind that `datasets`, `models` or `reports` names."""
    return _KIND_OF.get(prefix)


_LABELS: dict[Kind, Text] = {"dataset": ("数据集", "dataset"), "model": ("模型", "model"), "report": ("报告", "report")}


def kind_label(kind: Kind) -> Text:
    """The kind's name for people."""
    return _LABELS[kind]
