"""The data pillar: sources, corpus pipelines, and the datasets that come out of them.

Its engines (``readers``, ``collection``, ``operators``, ``duplicates``, ``corpus``) are plain libraries
over files and columns; the rooms beside them keep the records and run the engines as jobs.
"""
