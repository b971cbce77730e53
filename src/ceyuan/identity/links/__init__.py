"""Links that are mailed: single use, short-lived, kept as hashes; for password resets and address checks."""
