"""Alembic's environment and the scripts that carry a database from one version's tables to the next's."""
