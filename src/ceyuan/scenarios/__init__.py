"""Scenarios: applications on the platform, each with a measured result."""
