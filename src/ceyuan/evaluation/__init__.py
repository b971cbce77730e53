"""Evaluation: open, many-dimensional measurement of models and services."""
