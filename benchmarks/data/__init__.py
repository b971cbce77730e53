"""Benchmarks of the data pillar."""
