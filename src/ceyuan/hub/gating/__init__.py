"""Gates: files of a gated repository are for its members and for those whose request was granted. That it exists, its
card and the names of its files are open to everybody who may see it."""
