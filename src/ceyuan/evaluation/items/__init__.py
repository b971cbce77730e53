"""Item engine: Chinese test items whose right answers are known by construction, and their grading.

A family generates items from a seed, so that a model cannot have seen them; grading is by rule. Asking
models and reporting is the evaluation room's business.
"""

from ceyuan.evaluation.items.grading import grade
from ceyuan.evaluation.items.item import Family, Item, all_families, family, generate

__all__ = ["Family", "Item", "all_families", "family", "generate", "grade"]
