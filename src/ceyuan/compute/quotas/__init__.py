"""Quotas of compute: what organisations and groups of them are guaranteed, and how much they may borrow beyond.

Operators set them; the room of tasks asks for the whole tree (`shares`) at each admission. Money is metering's.
"""

from ceyuan.compute.quotas.service import shares

__all__ = ["shares"]
