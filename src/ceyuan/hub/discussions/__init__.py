"""Discussions and pull requests of a repository: who said what, what is proposed, and how it was decided."""
