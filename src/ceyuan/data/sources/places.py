"""Where a source lies: each kind's location and options checked and completed before anything is reached."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from ceyuan.data.purls import PURL, wanted
from ceyuan.data.sources.errors import FolderForbidden, SourceInvalid
from ceyuan.data.sources.schemas import SourceIn, SourceKind, SourceOptions
from ceyuan.data.sources.settings import DataSettings
from ceyuan.hub import resolve
from ceyuan.kernel.errors import MissingExtra
from ceyuan.kernel.work import UnitOfWork

if TYPE_CHECKING:
    from ceyuan.data.collection import Corpus

UNSTATED = "LicenseRef-unstated"
"""What stands for a licence that nobody stated."""
CRAWLED: dict[str, str] = {"web": "site", "sitemap": "sitemap", "rss": "feed", "listing": "files"}
"""How the crawler goes about a source, by its kind."""
MIRRORED = ("s3", "hub", "sql")
_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^\x00-\x1f]*)?")
_REPOSITORY = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}")
_DATABASES = ("postgresql", "mysql", "mariadb", "sqlite")
_SELECT = re.compile(r"\s*(select|with)\b", re.IGNORECASE)
_USED = {
    "s3": {"endpoint", "region", "access_key"},
    "hub": {"endpoint", "revision"},
    "sql": {"query", "key", "watermark"},
}


def registered_corpora() -> dict[str, Corpus]:
    """The corpora of package registries; raises `MissingExtra` where the engines are not installed."""
    try:
        from ceyuan.data.collection import CORPORA
    except ImportError as error:
        raise MissingExtra("standard", ("数据采集", "collecting data")) from error
    return CORPORA


async def described(uow: UnitOfWork, body: SourceIn) -> dict[str, Any]:
    """Location, title, domain, licence and origin, checked and completed."""
    location = body.location
    check_options(uow, body.kind, location, body.options)
    if body.secret is not None and body.kind not in MIRRORED:
        raise SourceInvalid(("该类来源不需要密钥", "a source of this kind takes no secret"))
    if is_registered(body.kind, location):
        return _of_corpus(body)
    if body.kind == "folder":
        location = str(allowed_folder(uow, body.location))
        origin = body.origin or "folder"
    elif body.kind in CRAWLED:
        location = _web_address(body.location)
        origin = body.origin or location
    elif body.kind == "package":
        location = _package(body.location)
        origin = body.origin or location
    elif body.kind in MIRRORED:
        origin = body.origin or location
    else:
        revision = await resolve(uow, body.location)
        if revision.kind != "dataset":
            raise SourceInvalid((f"“{body.location}”不是数据集", f"“{body.location}” is not a dataset"))
        origin = body.origin or revision.label
    if body.reading.required:  # nobody is told of places that they may not read
        _check_there(body.kind, location)
    known = {"title": body.title or body.key, "domain": body.domain or "general"}
    return known | {"location": location, "licence": body.licence or UNSTATED, "origin": origin[:500]}


def check_options(uow: UnitOfWork, kind: SourceKind, location: str, options: SourceOptions) -> None:
    """Raise `SourceInvalid` where the options do not belong to the kind or lead where members may not read."""
    given = {name for name, value in options.model_dump().items() if value}
    package = wanted(location) if kind == "package" else None
    used = {"distribution"} if package and package.registry == "pypi" else _USED.get(kind, set())
    if strange := sorted(given - used):
        raise SourceInvalid((f"该类来源没有选项“{strange[0]}”", f"a source of this kind has no option “{strange[0]}”"))
    if kind == "s3":
        _check_bucket(uow, location, options)
    elif kind == "hub":
        if not _REPOSITORY.fullmatch(location):
            raise SourceInvalid(("请写成 所有者/名称", "write it as owner/name"))
        if options.endpoint:
            _web_address(options.endpoint)
    elif kind == "sql":
        _check_database(uow, location, options)


def _check_there(kind: SourceKind, location: str) -> None:
    """Raise `SourceInvalid` where a folder or file of this machine is absent, unreadable or of the wrong kind."""
    if kind == "folder":
        path = Path(location)
    elif kind == "sql" and make_url(location).get_backend_name() == "sqlite":
        path = Path(str(make_url(location).database))
    else:
        return
    if not path.exists():
        raise SourceInvalid(
            (f"平台所在的机器上没有 {path}", f"there is no {path} on the platform's machine"),
            hint=(
                "请先建立或挂载它；若以后才会有，请登记为可缺的来源（取不到时跳过）",
                "make or mount it first; one that will be there later is registered as optional (skipped until then)",
            ),
        )
    if not os.access(path, os.R_OK | (os.X_OK if path.is_dir() else 0)):
        raise SourceInvalid(
            (f"平台没有权限读取 {path}", f"the platform has no permission to read {path}"),
            hint=("请让运行平台的账户可读", "let the account that the platform runs as read it"),
        )
    if kind == "sql" and not path.is_file():
        raise SourceInvalid((f"{path} 不是数据库文件", f"{path} is no database file"))


def _check_bucket(uow: UnitOfWork, location: str, options: SourceOptions) -> None:
    if not _BUCKET.fullmatch(location):
        raise SourceInvalid(
            ("请写成 s3://桶/前缀", "write it as s3://bucket/prefix"),
        )
    known = [one.rstrip("/") for one in uow.platform.section(DataSettings).s3_endpoints]
    if options.endpoint and options.endpoint.rstrip("/") not in known:
        raise SourceInvalid(
            ("运维没有放行该对象存储地址", "the operator has not allowed this address of a store"),
            hint=("请运维写入 CEYUAN_DATA_S3_ENDPOINTS", "ask for it in CEYUAN_DATA_S3_ENDPOINTS"),
        )


def _check_database(uow: UnitOfWork, location: str, options: SourceOptions) -> None:
    try:
        address = make_url(location)
    except ArgumentError as error:
        raise SourceInvalid(
            ("数据库地址无效", "the database's address is not valid"),
            hint=(
                "例如 postgresql+psycopg://reader@db.example.org/news",
                "such as postgresql+psycopg://reader@host/db",
            ),
        ) from error
    kind = address.get_backend_name()
    if kind not in _DATABASES:
        raise SourceInvalid(
            (f"不支持数据库 {kind}", f"databases of the kind {kind} are not read"),
            hint=(f"可用：{'、'.join(_DATABASES)}", f"choose one of: {', '.join(_DATABASES)}"),
        )
    if address.password or address.query:
        raise SourceInvalid(
            (
                "地址中不能有密码或参数；密码请填在“密钥”中",
                "no password or parameters in the address; give it as secret",
            )
        )
    if not options.key or not _SELECT.match(options.query) or ";" in options.query:
        raise SourceInvalid(
            ("请给出一条 SELECT 查询和标识列", "give one SELECT and the column that identifies a row"),
            hint=("查询中不能有分号", "without a semicolon"),
        )
    if kind == "sqlite":
        allowed_folder(uow, str(address.database))
        return
    host = address.host or ""
    known = uow.platform.section(DataSettings).sql_hosts
    if not host or not ({host, f"{host}:{address.port}"} & set(known)):
        raise SourceInvalid(
            (f"运维没有放行数据库 {host}", f"the operator has not allowed the database {host}"),
            hint=("请运维写入 CEYUAN_DATA_SQL_HOSTS", "ask for it in CEYUAN_DATA_SQL_HOSTS"),
        )


def _package(location: str) -> str:
    package = wanted(location)
    if package is None:
        raise SourceInvalid(
            (f"“{location}”不是软件包地址", f"“{location}” is no package URL"),
            hint=(
                "例如 pkg:npm/chinese-poetry@2.0.1、pkg:pypi/名称@版本、pkg:deb/debian/manpages-zh；不写版本为最新版",
                "such as pkg:npm/chinese-poetry@2.0.1, pkg:pypi/name@version, pkg:deb/debian/manpages-zh; "
                "without a version the newest",
            ),
        )
    return package.purl


def is_fetched(kind: str, location: str) -> bool:
    """Whether the source is brought to this machine by a mirror before it is read."""
    return kind in MIRRORED or (kind == "package" and location.startswith(PURL))


def is_registered(kind: str, location: str) -> bool:
    """Whether the source is a registered corpus, whose licence, origin and columns are known."""
    return kind == "package" and not location.startswith(PURL)


def _of_corpus(body: SourceIn) -> dict[str, Any]:
    corpora = registered_corpora()
    corpus = corpora.get(body.location)
    if corpus is None:
        raise SourceInvalid(
            (f"没有登记的语料“{body.location}”", f"no corpus “{body.location}” is registered"),
            hint=(
                f"可用：{'、'.join(corpora)}；其他软件包写成 pkg:npm/名称@版本",
                f"choose one of: {', '.join(corpora)}; any other package is written as pkg:npm/name@version",
            ),
        )
    return {
        "location": corpus.key,
        "title": body.title or corpus.title_zh,
        "domain": corpus.domain,
        "licence": corpus.licence,
        "origin": corpus.package.purl,
    }


def _web_address(location: str) -> str:
    parts = urlsplit(location)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.fragment:
        raise SourceInvalid(
            ("网址须以 http(s):// 开头,不含用户名与片段", "write an http(s) address without user or fragment"),
            hint=("例如 https://www.example.org/zh/", "for example https://www.example.org/zh/"),
        )
    return location


def allowed_folder(uow: UnitOfWork, location: str) -> Path:
    path = Path(location)
    if not path.is_absolute():
        raise SourceInvalid(
            ("文件夹须写绝对路径", "write the folder's absolute path"),
            hint=("路径指平台所在的机器", "the path is on the platform's machine"),
        )
    path = path.resolve()
    roots = [root.resolve() for root in uow.platform.section(DataSettings).source_roots]
    if not (uow.actor.has_duty("operator") or any(path.is_relative_to(root) for root in roots)):
        raise FolderForbidden(
            (f"您不能登记文件夹 {path}", f"you may not register the folder {path}"),
            hint=(
                "请把文件上传为数据集,或请运维在 CEYUAN_DATA_SOURCE_ROOTS 中放行",
                "upload the files as a dataset, or ask the operator to allow it in CEYUAN_DATA_SOURCE_ROOTS",
            ),
        )
    return path
