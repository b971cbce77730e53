"""Passwords: what is accepted, how they are hashed, how one is changed or reset."""
