"""Changing a repository: uploads, commits of operations or of a whole folder, branches and tags."""
