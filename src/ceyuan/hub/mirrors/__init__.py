"""Mirrors: repositories of another hub that speaks the same protocol, taken over by commit and kept up by schedule."""
