"""The source distribution of a PyPI package (PEP 625; zip files before it), brought without running anything of it.

pip cannot be asked for one: it runs the set-up script to learn the name. It is asked instead which files its indexes
offer, so that the mirrors, folders and versions are those it would choose; the file itself is then fetched here, by
pip's proxy, certificates and credentials, and compared with the hash that the index names.
"""

import ast
import hashlib
import json
import re
import shutil
import ssl
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit
from urllib.request import url2pathname

from ceyuan.data.collection.clients import called, client, last_words

if TYPE_CHECKING:
    import httpx

__all__ = ["ENDINGS", "NotOffered", "fetch_distribution"]

ENDINGS = (".tar.gz", ".zip")
"""How the names of source distributions end."""

_FOUND = re.compile(r"^\s*Found link (?P<url>\S+)(?: \(from (?P<page>[^()\s]+)\))?.*, version: (?P<version>\S+)$", re.M)
_VERSIONS = re.compile(r"^Available versions: (.+)$", re.M)
_SETTING = re.compile(r"^(?P<level>[^.\s]+)\.(?P<name>[\w-]+)=(?P<value>['\"].*)$", re.M)
_HASH = re.compile(r"sha256=([0-9a-f]{64})")
_SIMPLE = "application/vnd.pypi.simple.v1+json, text/html;q=0.5"  # PEP 691, and PEP 503 for older indexes
_BLOCK = 1 << 20


class NotOffered(Exception):
    """There is no such source distribution, or it could not be had; the words say which."""


@dataclass(frozen=True, slots=True)
class _Offer:
    """A file that an index or a folder offers; ``page`` is the index's page that names it, empty for a folder's."""

    url: str
    page: str
    version: str

    @property
    def name(self) -> str:
        """The file's name."""
        return Path(unquote(urlsplit(self.url).path)).name


def fetch_distribution(name: str, version: str, folder: Path, *, seconds: int, max_bytes: int) -> Path:
    """The source distribution of ``version``, the newest one if it is empty, as a file in ``folder``.

    Raises ``NotOffered``, also where it is larger than ``max_bytes``.
    """
    offer = _offered(name, version, seconds)
    target = folder / offer.name
    if urlsplit(offer.url).scheme == "file":
        return _copy(Path(url2pathname(urlsplit(offer.url).path)), target, max_bytes)
    import httpx  # here: the folder of a registry that lies on this machine has no need of it

    settings = _settings(seconds)
    try:
        with _connection(offer.url, settings) as web:
            wanted = _HASH.search(offer.url) or _HASH.search(_named(web, offer, settings))
            found = _download(web, _signed(offer.url, settings), target, max_bytes)
    except (httpx.HTTPError, ssl.SSLError, OSError) as error:
        raise NotOffered(f"{offer.name}: {last_words(str(error) or type(error).__name__)}") from error
    if wanted and wanted[1] != found:
        raise NotOffered(f"{offer.name} does not have the SHA-256 that the index names")
    return target


def _offered(name: str, version: str, seconds: int) -> _Offer:
    """The file that pip would take, of those that it sees."""
    options = ["--no-binary", ":all:", "--ignore-requires-python", "-vv", *(["--pre"] if version else [])]
    said = _pip(["index", "versions", name, *options], seconds)
    versions = _VERSIONS.search(said)
    if versions is None:
        raise NotOffered(last_words(said))
    wanted = version or versions[1].split(",")[0].strip()
    found = [_Offer(one["url"], one["page"] or "", one["version"]) for one in _FOUND.finditer(said)]
    fitting = [one for one in found if _same(one.version, wanted) and one.name.endswith(ENDINGS)]
    if not fitting:
        raise NotOffered(f"there is no source distribution of version {wanted} ({' or '.join(ENDINGS)})")
    return min(fitting, key=lambda one: ENDINGS.index(next(end for end in ENDINGS if one.name.endswith(end))))


def _same(one: str, other: str) -> bool:
    """Whether two versions are one (PEP 440: ``1.0`` is ``1.0.0``), as far as people write them."""
    first, second = (re.sub(r"(\.0+)+$", "", text.lower().lstrip("v")) for text in (one, other))
    return first == second


def _pip(arguments: list[str], seconds: int) -> str:
    try:
        result = called([*client("pip"), *arguments], seconds, PIP_NO_COLOR="1", PIP_QUIET="0")
    except subprocess.TimeoutExpired as error:
        raise NotOffered(f"no answer within {seconds} s") from error
    return f"{result.stdout}\n{result.stderr}"


def _settings(seconds: int) -> dict[str, str]:
    """What pip is set to, of all that concerns fetching; what stands in its environment goes before its files."""
    found: dict[tuple[int, str], str] = {}
    order = {"global": 0, "download": 1, ":env:": 2}
    for one in _SETTING.finditer(_pip(["config", "list"], seconds)):
        if one["level"] in order:
            found[order[one["level"]], one["name"]] = str(ast.literal_eval(one["value"]))
    return {name: value for (_, name), value in sorted(found.items())}


def _connection(url: str, settings: Mapping[str, str]) -> "httpx.Client":
    import httpx

    trusted = {part.partition(":")[0] for part in settings.get("trusted-host", "").split()}
    verify: ssl.SSLContext | bool = urlsplit(url).hostname not in trusted
    if verify and settings.get("cert"):
        verify = ssl.create_default_context(cafile=settings["cert"])
    return httpx.Client(verify=verify, proxy=settings.get("proxy") or None, follow_redirects=True, timeout=60)


def _signed(url: str, settings: Mapping[str, str]) -> str:
    """The address with the name and password that an index at the same host is set to; pip hides them when it tells."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    places = " ".join(settings.get(name, "") for name in ("index-url", "extra-index-url", "find-links")).split()
    known = (urlsplit(place).netloc.rpartition("@") for place in places)
    user = next((user for user, _, there in known if user and there == host), "")
    return urlunsplit(parts._replace(netloc=f"{user}@{host}" if user else host, fragment=""))


def _named(web: "httpx.Client", offer: _Offer, settings: Mapping[str, str]) -> str:
    """What the index's page says of the file: its hash, as the part of an address behind the ``#``."""
    if not urlsplit(offer.page).scheme.startswith("http"):
        return ""
    answer = web.get(_signed(offer.page, settings), headers={"Accept": _SIMPLE})
    answer.raise_for_status()
    if "json" in answer.headers.get("content-type", ""):
        files = json.loads(answer.content).get("files", [])
        return next((f"sha256={one['hashes'].get('sha256')}" for one in files if one["filename"] == offer.name), "")
    place = urlsplit(urljoin(offer.page, offer.url)).path
    return next((link for link in re.findall(r'href="([^"]+)"', answer.text) if urlsplit(link).path == place), "")


def _copy(file: Path, target: Path, max_bytes: int) -> Path:
    """Bring a file of a folder; where it is now."""
    try:
        if file.stat().st_size > max_bytes:
            raise _too_large(target, max_bytes)
        shutil.copyfile(file, target)
    except OSError as error:
        raise NotOffered(f"{target.name}: {error.strerror}") from error
    return target


def _too_large(target: Path, max_bytes: int) -> NotOffered:
    return NotOffered(f"{target.name} is larger than {max_bytes} bytes")


def _download(web: "httpx.Client", url: str, target: Path, max_bytes: int) -> str:
    """Bring the file; its SHA-256."""
    digest = hashlib.sha256()
    left = max_bytes
    # Some servers call the archive's own compression the answer's: undone, it would be another file.
    with web.stream("GET", url, headers={"Accept-Encoding": "identity"}) as answer, target.open("wb") as file:
        answer.raise_for_status()
        for block in answer.iter_raw(_BLOCK):
            left -= len(block)
            if left < 0:
                raise _too_large(target, max_bytes)
            digest.update(block)
            file.write(block)
    return digest.hexdigest()
