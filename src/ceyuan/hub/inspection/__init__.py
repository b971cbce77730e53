"""The newest revision of a repository looked at as a whole: verdicts on its files, and its licences."""
