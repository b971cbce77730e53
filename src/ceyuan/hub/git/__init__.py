"""Git's own objects and lines, as its clients read and write them: packs, deltas, pkt-lines, the bodies of trees,
commits and tags. Pure functions over bytes; which objects a client lacks, or may bring, is for the hub to say."""

from ceyuan.hub.git.bodies import CommitBody, TagBody, commit_of, tag_of, tree_entries
from ceyuan.hub.git.lines import FLUSH, LineProblem, line, lines_of
from ceyuan.hub.git.packs import PackWriter
from ceyuan.hub.git.problems import GitProblem, ObjectProblem, PackProblem
from ceyuan.hub.git.unpacking import Limits, Pack, PackedBlob

__all__ = [
    "FLUSH",
    "CommitBody",
    "GitProblem",
    "Limits",
    "LineProblem",
    "ObjectProblem",
    "Pack",
    "PackProblem",
    "PackWriter",
    "PackedBlob",
    "TagBody",
    "commit_of",
    "line",
    "lines_of",
    "tag_of",
    "tree_entries",
]
