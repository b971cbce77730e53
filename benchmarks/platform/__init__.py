"""Footprint, reads per second and the kill storm of the platform as a whole."""
