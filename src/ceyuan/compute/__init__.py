"""Compute: partners' capacity and one scheduler over many clouds, regions and chips."""
