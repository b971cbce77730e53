"""Routes of metering, by subject."""
