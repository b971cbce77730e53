"""Statistics engine of evaluation: every figure comes with its interval.

Proportions by Wilson's score interval, means of anything by the percentile bootstrap over the units that
were sampled, differences between two models by paired methods.
"""

from ceyuan.evaluation.statistics.intervals import Estimate, bootstrap_mean, paired_difference, ratio_interval, wilson
from ceyuan.evaluation.statistics.paired import mcnemar

__all__ = ["Estimate", "bootstrap_mean", "mcnemar", "paired_difference", "ratio_interval", "wilson"]
