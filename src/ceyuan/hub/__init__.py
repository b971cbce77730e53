"""The hub: repositories of datasets, models and reports, their revisions, files, cards and access, and the
lineage that connects them. Everything that the platform produces is a revision here. Other rooms use the
names below; what a dataset or a model is good for is theirs to say."""

from typing import TYPE_CHECKING

from ceyuan.lazy import lazy_names

if TYPE_CHECKING:
    from ceyuan.hub.browsing.differences import Difference, difference
    from ceyuan.hub.browsing.schemas import resolve_url
    from ceyuan.hub.browsing.service import list_commits, list_files, open_revision, read_file, resolve
    from ceyuan.hub.browsing.snapshots import local_snapshot
    from ceyuan.hub.commits.folders import commit_folder, commit_staged, stage_folder
    from ceyuan.hub.commits.refs import create_branch, create_tag
    from ceyuan.hub.lineage import By, Graph, Input, Node
    from ceyuan.hub.lineage import graph as lineage_graph
    from ceyuan.hub.lineage import record as record_lineage
    from ceyuan.hub.lineage import rename_nodes as rename_lineage_nodes
    from ceyuan.hub.naming import KINDS, Kind, Reference
    from ceyuan.hub.owners import Owner, OwnerDirectory
    from ceyuan.hub.repositories.access import Visibility, can_read, require_change
    from ceyuan.hub.repositories.grading import require_grade_allows, stricter
    from ceyuan.hub.repositories.mentions import tellable
    from ceyuan.hub.repositories.schemas import Grade
    from ceyuan.hub.repositories.service import (
        create_repository,
        find_by_reference,
        inherit_grade,
        strictest_grade,
    )
    from ceyuan.hub.repositories.tables import HubRepository
    from ceyuan.hub.revision import Revision
    from ceyuan.hub.stored import Content

__all__ = [
    "KINDS",
    "By",
    "Content",
    "Difference",
    "Grade",
    "Graph",
    "HubRepository",
    "Input",
    "Kind",
    "Node",
    "Owner",
    "OwnerDirectory",
    "Reference",
    "Revision",
    "Visibility",
    "can_read",
    "commit_folder",
    "commit_staged",
    "create_branch",
    "create_repository",
    "create_tag",
    "difference",
    "find_by_reference",
    "grade_descendants",
    "inherit_grade",
    "lineage_graph",
    "list_commits",
    "list_files",
    "local_snapshot",
    "open_revision",
    "read_file",
    "record_lineage",
    "rename_lineage_nodes",
    "require_change",
    "require_grade_allows",
    "resolve",
    "resolve_url",
    "stage_folder",
    "stricter",
    "strictest_grade",
    "tellable",
]
_SOURCES = {
    "Difference": "browsing.differences",
    "difference": "browsing.differences",
    "resolve_url": "browsing.schemas",
    "list_commits": "browsing.service",
    "list_files": "browsing.service",
    "open_revision": "browsing.service",
    "read_file": "browsing.service",
    "resolve": "browsing.service",
    "local_snapshot": "browsing.snapshots",
    "commit_folder": "commits.folders",
    "commit_staged": "commits.folders",
    "stage_folder": "commits.folders",
    "create_branch": "commits.refs",
    "create_tag": "commits.refs",
    "By": "lineage",
    "Graph": "lineage",
    "Input": "lineage",
    "Node": "lineage",
    "grade_descendants": "lineage.grading",
    "lineage_graph": "lineage:graph",
    "record_lineage": "lineage:record",
    "rename_lineage_nodes": "lineage:rename_nodes",
    "KINDS": "naming",
    "Kind": "naming",
    "Reference": "naming",
    "Owner": "owners",
    "OwnerDirectory": "owners",
    "Visibility": "repositories.access",
    "can_read": "repositories.access",
    "require_change": "repositories.access",
    "tellable": "repositories.mentions",
    "create_repository": "repositories.service",
    "find_by_reference": "repositories.service",
    "inherit_grade": "repositories.service",
    "strictest_grade": "repositories.service",
    "require_grade_allows": "repositories.grading",
    "stricter": "repositories.grading",
    "Grade": "repositories.schemas",
    "HubRepository": "repositories.tables",
    "Revision": "revision",
    "Content": "stored",
}
__getattr__ = lazy_names(__name__, _SOURCES)
