"""Evaluation runs: served models answer items, a trained model is measured on held-out text, and a report is kept.

A run is a job; its report is a revision in the hub with the items, every answer and every figure's interval.
Which figure a release must reach is the release gate's business, which this room fills.
"""

from ceyuan.evaluation.runs.service import create_run, find_run
from ceyuan.evaluation.runs.tables import EvaluationRun

__all__ = ["EvaluationRun", "create_run", "find_run"]
