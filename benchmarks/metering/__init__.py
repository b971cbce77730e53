"""Benchmarks of metering."""
