"""Reading a repository: revisions, folders, files, cards, history and differences."""
