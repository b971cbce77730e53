"""Lineage: what came out of what, by whose hand, with which code and settings, at what cost.

Nodes are revisions, sources, jobs, answers, evaluations: anything with an id, a kind and a label. A record
says that inputs became an output; it is written once and never changed. Walking the edges back answers
“where does this come from?”, walking them forward “what did this feed?”.
"""

from ceyuan.hub.lineage.drawing import Graph, graph
from ceyuan.hub.lineage.recording import By, Input, Node, Thing, record, rename_nodes

__all__ = ["By", "Graph", "Input", "Node", "Thing", "graph", "record", "rename_nodes"]
