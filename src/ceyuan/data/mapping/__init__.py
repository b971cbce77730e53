"""Mapping the columns of sources onto the one schema of a dataset: looked at, proposed, tried on rows.

What is decided is kept with the source (``ceyuan.data.sources``); reading by it is the work of
``ceyuan.data.readers``.
"""
