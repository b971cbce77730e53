"""Models: training, serving, the gateway."""
