"""Links between regions: how fast and at what price data comes from one to the other, as operators enter it.

The choice of a pool for a task, the overview's map and studies of the twin read it. Where no link at all is entered,
data counts as being everywhere; where some are, a region that no way leads to cannot take a task's data.
"""

from ceyuan.compute.links.errors import LinkHole
from ceyuan.compute.links.service import Links, read_links
from ceyuan.compute.links.tables import RegionLink

__all__ = ["LinkHole", "Links", "RegionLink", "read_links"]
