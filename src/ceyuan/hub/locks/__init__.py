"""Locks on paths: who works on a file that cannot be merged says so, and git-lfs stops others from pushing it."""
