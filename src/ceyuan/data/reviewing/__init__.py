"""Review engine: which documents of a dataset people look at, what machines find in all of them, what follows.

The sample is stratified and follows from the dataset's own hash, so that nobody can choose it and anybody can draw
it again; the result follows from the judgements alone. Who judges and where that is kept is `data.reviews`' business.
"""

from ceyuan.data.reviewing.drawing import Drawn, draw, quotas
from ceyuan.data.reviewing.inspecting import inspect_all
from ceyuan.data.reviewing.judging import Judgement, outcome

__all__ = ["Drawn", "Judgement", "draw", "inspect_all", "outcome", "quotas"]
