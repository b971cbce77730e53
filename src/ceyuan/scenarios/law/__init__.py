"""The law assistant: questions on national law, answered from the articles, every citation checked.

Retrieval and checking are the engine `scenarios/statutes`; wording is a served model's, called through the
gateway like any user's call, so it is metered, filtered and paid. Without a model, or when the model's words
cannot be grounded, the answer is the law's own sentences.
"""

from ceyuan.scenarios.law.service import ask_law, open_assistant, rate_answer
from ceyuan.scenarios.law.tables import LawAnswer, LawAssistant

__all__ = ["LawAnswer", "LawAssistant", "ask_law", "open_assistant", "rate_answer"]
