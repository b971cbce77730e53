"""What may go wrong with pipelines."""

from __future__ import annotations

from ceyuan.kernel.errors import Invalid, NotFound


class NotACorpus(NotFound):
    code = "not_a_corpus"
    title = ("该数据集不是由数据流水线生成的", "This dataset was not made by a pipeline")


class ThresholdsInvalid(Invalid):
    code = "thresholds_invalid"
    title = ("阈值无效", "The thresholds are not valid")


class RecipeInvalid(Invalid):
    code = "recipe_invalid"
    title = ("配方无效", "The recipe is not valid")


class QueryInvalid(Invalid):
    code = "query_invalid"
    title = ("查询无效", "The query is not valid")


class NotARun(NotFound):
    code = "not_a_run"
    title = ("该任务不是语料流水线", "This job is not a corpus pipeline")
