"""Git's own objects and lines, as its clients read them: packs, pkt-lines, the bodies of trees and commits. Pure
functions over bytes; which objects a client lacks is for the hub to say."""

from ceyuan.hub.git.lines import FLUSH, LineProblem, line, lines_of
from ceyuan.hub.git.packs import PackWriter

__all__ = ["FLUSH", "LineProblem", "PackWriter", "line", "lines_of"]
