"""Clones and fetches by git: which objects a client lacks, in the order and form that git reads."""
