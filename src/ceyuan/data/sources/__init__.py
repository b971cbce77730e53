"""Sources: where data comes from, with licence, origin, rights and owner; the beginning of every lineage.

A source is registered before anything is read from it: the user's own folder on the platform's machine, a
registered corpus of a package registry, a dataset in the hub, a site, list, feed or index of files, a bucket, another
hub's dataset, a database's rows. Reading is the work of the engine
``ceyuan.data.collection``, run as a job by ``ceyuan.data.pipelines``.
"""

from ceyuan.data.sources.service import (
    SourceSpec,
    delete_source,
    ensure_source,
    get_source,
    mark_assessed,
    mark_collected,
    mark_visited,
    register_source,
    secret_of,
    specification,
)
from ceyuan.data.sources.tables import DataSource

__all__ = [
    "DataSource",
    "SourceSpec",
    "delete_source",
    "ensure_source",
    "get_source",
    "mark_assessed",
    "mark_collected",
    "mark_visited",
    "register_source",
    "secret_of",
    "specification",
]
