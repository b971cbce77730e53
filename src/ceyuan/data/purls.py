"""Package URLs (purl-spec) of the registries that data come from: npm, PyPI, Debian."""

import re
from dataclasses import dataclass

__all__ = ["PURL", "Wanted", "wanted"]

PURL = "pkg:"
_VERSION = r"(?:@(?P<version>[A-Za-z0-9][A-Za-z0-9.+~:_-]{0,99}))?"
_FORMS = {
    "npm": r"(?P<name>(?:(?:@|%40)[a-z0-9][a-z0-9._-]{0,100}/)?[a-z0-9][a-z0-9._-]{0,200})",
    "pypi": r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]{0,200}[A-Za-z0-9])?)",
    "deb": r"(?:debian/|ubuntu/)?(?P<name>[a-z0-9][a-z0-9+.-]{1,200})",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A package of a registry (``npm``, ``pypi`` or ``deb``); an empty ``version`` is the newest one."""

    registry: str
    name: str
    version: str

    @property
    def purl(self) -> str:
        """The package URL."""
        distribution = "debian/" if self.registry == "deb" else ""
        version = f"@{self.version}" if self.version else ""
        return f"{PURL}{self.registry}/{distribution}{self.name.replace('@', '%40')}{version}"


def wanted(text: str) -> Wanted | None:
    """The package that a package URL names, such as ``pkg:npm/chinese-poetry@2.0.1``; None where it names none."""
    registry, _, rest = text.removeprefix(PURL).partition("/")
    form = _FORMS.get(registry)
    found = re.fullmatch(form + _VERSION, rest) if form and text.startswith(PURL) else None
    return Wanted(registry, found["name"].replace("%40", "@"), found["version"] or "") if found else None
